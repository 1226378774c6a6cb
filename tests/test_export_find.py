"""What the export of a detector is held to: its cells, its card, its tensors."""

from __future__ import annotations

import numpy as np
import pytest

from device.bundle import Bundle
from device.find import CELL, Finder
from device.front_end import SCENE
from device.stamp import make_stamp
from export.card import as_tuned, card
from export.parity import EQUAL_DB, distance
from export.tensors import float_tensors


def answers(seed: int) -> np.ndarray:
    """Four pictures with a face in the first two, 380 cells each."""
    values = np.random.default_rng(seed).normal(0, 0.2, (4, 380, 4)).astype(np.float32)
    values[..., 0] = -0.8
    values[:2, 10:14, 0] = (0.2, 0.3, 0.4, 0.5)
    return values


def test_only_cells_with_a_face_count_for_parity() -> None:
    one, other = answers(0), answers(0)
    mean = one.mean(0)
    assert distance("find", one, other, mean).sqnr_db == EQUAL_DB
    other[:, 100:, 1:] += 1  # boxes of cells without a face
    assert distance("find", one, other, mean).sqnr_db == EQUAL_DB
    other[:2, 10:14, 1:] += 0.1
    assert distance("find", one, other, mean).sqnr_db < 10
    assert set(distance("find", one, other, mean).parts_db) == {"cells", "score", "box"}


def test_a_face_more_or_less_is_a_changed_decision() -> None:
    one, other = answers(0), answers(0)
    other[0, 10:14, 0] = -0.5
    assert distance("find", one, other, one.mean(0)).flips == pytest.approx(0.25)
    none = np.full((4, 380, 4), -0.5, np.float32)
    assert distance("find", none, none, none[0]).flips == 0


def test_an_answer_has_a_row_a_cell() -> None:
    assert float_tensors("find", (1, 120, 160, 1), (380, 4))[1].shape == (1, 380, 4)
    assert float_tensors("kws", (1, 50, 40, 1), (12,))[1].shape == (1, 12)


def test_a_card_says_when_it_is_a_face() -> None:
    finder = Finder(1.25, false_per_100=0.5, negatives=2000)
    bare = Bundle("f", "find", "Apache-2.0", make_stamp(), SCENE, CELL, ())
    text = card_of(bare)
    assert "Not tuned" in text
    tuned = Bundle("f", "find", "Apache-2.0", make_stamp(), SCENE, CELL, (), finder=finder)
    again = as_tuned(text, tuned)
    assert "from a logit of 1.25 on" in again and again.count("## When it is a face") == 1
    assert "Not tuned" not in again and "## Limits" in again


def card_of(bundle: Bundle) -> str:
    """The card of a bundle without files but for one that the examples name."""
    from device.bundle import ModelFile, Tensor

    tensor = Tensor("input", (1, 120, 160, 1), "float32", "grey", "B H W C")
    entry = ModelFile("model.onnx", "0" * 64, 1, "onnx", "", (tensor,), (tensor,))
    whole = Bundle(bundle.name, bundle.task, bundle.licence, bundle.created, bundle.front_end,
                   bundle.labels, (entry,), finder=bundle.finder)  # fmt: skip
    return card(whole, {})
