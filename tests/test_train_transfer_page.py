"""Known models have known figures in a transfer report, and its page says them safely."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest

from device.stamp import make_stamp
from generate.provenance import ALGORITHMIC, Provenance
from generate.provenance_files import read
from train_edge.page import Page, write_page
from train_edge.transfer import REAL, SYNTHETIC
from train_edge.transfer_result import Truth, figures


def scored(right: np.ndarray, labels: int) -> np.ndarray:
    """Scores (1, K, C) of a model that is right where asked, and one class off elsewhere."""
    truth = np.arange(len(right)) % (labels - 2)
    answer = np.where(right, truth, (truth + 1) % (labels - 2))
    return (0.7 * np.eye(labels)[answer] + 0.3 / labels).astype(np.float32)[None]


def test_known_models_have_their_known_figures() -> None:
    labels = ("a", "b", "c", "unknown", "silence")
    count = 1200
    classes = tuple(labels[k % 3] for k in range(count))
    people = tuple(f"p{k // 3 % 12}" for k in range(count))
    right = np.random.default_rng(0).random(count) < 0.9
    perfect, good = np.ones(count, bool), scored(right, 5)
    chance = np.random.default_rng(1).random((1, count, 5)).astype(np.float32)
    answers = {SYNTHETIC: good, REAL: scored(perfect, 5), "synthetic+1": chance}
    result = figures(Truth(labels, classes, people), answers)
    assert result["real"]["accuracy"] == 1 and result["real"]["interval"] == [1, 1]
    assert result["real"]["det"]["equal_error"] == 0
    assert result["real"]["arm"] == "real-trained"  # the contract's key is short, the name is not
    assert result["synthetic"]["accuracy"] == result["ratio"] == pytest.approx(right.mean())
    low, high = result["synthetic"]["interval"]
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.09 / count), rel=0.15)
    assert result["synthetic"]["interval_over_speakers"] is not None
    assert result["mixed"]["1"]["accuracy"] == pytest.approx(1 / 3, abs=0.04)
    assert result["mixed"]["1"]["det"]["equal_error"] == pytest.approx(0.5, abs=0.04)
    gap = result["differences"]["synthetic minus real-trained"]
    assert gap["value"] == pytest.approx(right.mean() - 1)
    assert gap["interval"][0] < gap["value"] < gap["interval"][1] < 0
    assert set(result["synthetic"]["by_speaker"]) == set(people)
    wrong = np.array(classes) != "a"
    assert result["synthetic"]["by_word"]["a"] == pytest.approx(right[~wrong].mean())
    table = np.array(result["synthetic"]["confusion"]["counts"])
    assert table.sum() == count and table[0, 2] == table[1, 0] == 0  # always one class further


def test_a_page_escapes_what_a_folder_says(tmp_path: Path) -> None:
    page = Page("<script>x", "y", [("1", "<b>")], [], ["rm <x>"], make_stamp())
    write_page(tmp_path / "page.html", page)
    text = (tmp_path / "page.html").read_text()
    assert "<script>" not in text and "&lt;script&gt;x" in text and "<b></b>" not in text


def test_the_page_of_the_quickstart_adds_children_to_the_common_one(tmp_path: Path) -> None:
    from export.page import write_report

    page = Page("Two models", "y", [], [], [], make_stamp())
    write_report(tmp_path / "page.html", page, np.zeros((4, 4, 3), np.uint8), None)
    text = (tmp_path / "page.html").read_text()
    pictures = re.findall(r"data:image/jpeg;base64,([^\"']+)", text)
    assert [read(base64.b64decode(one)) for one in pictures] == [Provenance(ALGORITHMIC)]
    assert text.index("<h1>Two models") < text.index("<h2>The children") < text.index("How this")
    assert ".clip canvas" in text and "<video" not in text
