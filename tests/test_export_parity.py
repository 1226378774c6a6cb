"""The figures of the gate, and that each of them can close it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from device.bundle import ModelFile, Tensor
from export import verify
from export.errors import ExportError
from export.parity import EQUAL_DB, decisions, distance, relative_error, sqnr_db
from export.verify import Reference, check, strays
from generate.face_outputs import LABELS

RNG = np.random.default_rng(3)
SCALE = 0.05
FACE = len(LABELS)


def test_sqnr_is_20_db_for_a_tenth_of_the_amplitude() -> None:
    signal = RNG.normal(size=(400, 5)).astype(np.float32)
    noise = RNG.normal(size=signal.shape).astype(np.float32)
    assert sqnr_db(signal, signal + 0.1 * noise) == pytest.approx(20, abs=0.5)
    assert sqnr_db(signal, signal) == EQUAL_DB
    assert sqnr_db(signal, np.full_like(signal, np.nan)) == -EQUAL_DB


def test_landmarks_that_never_move_do_not_hide_behind_their_mean() -> None:
    """Plain power would give 28 dB to a network that answers the mean face whatever it sees."""
    mean = RNG.uniform(0.3, 0.7, FACE).astype(np.float32)
    reference = mean + RNG.normal(size=(50, FACE)).astype(np.float32) * 0.02
    constant = np.tile(mean, (50, 1))
    assert sqnr_db(reference, constant) > 25
    assert distance("face", reference, constant, mean).sqnr_db < 1


def test_a_large_logit_does_not_hide_the_landmarks() -> None:
    mean = np.zeros(FACE, np.float32)
    reference = RNG.normal(size=(50, FACE)).astype(np.float32) * 0.1
    reference[:, -1] *= 100
    noisy = reference + 0.05 * RNG.normal(size=reference.shape).astype(np.float32)
    found = distance("face", reference, noisy, mean)
    assert found.sqnr_db == pytest.approx(6, abs=1)
    assert found.parts_db["present"] > 35


def test_landmarks_count_only_where_the_network_sees_a_face() -> None:
    reference = RNG.normal(size=(40, FACE)).astype(np.float32)
    reference[:, -1] = np.where(np.arange(40) < 30, 1, -1)
    answer, mean = reference.copy(), np.zeros(FACE, np.float32)
    answer[30:, :136] += 9
    assert distance("face", reference, answer, mean).sqnr_db == EQUAL_DB
    answer[0, 0] += 9
    assert distance("face", reference, answer, mean).sqnr_db < 30
    reference[:, -1] = -1  # no face anywhere: everything counts
    assert distance("face", reference, answer, mean).sqnr_db < 5


def test_decisions_are_the_label_or_the_presence_of_a_face() -> None:
    logits = np.array([[0.1, 0.2], [3, -1]], np.float32)
    assert decisions("kws", logits).tolist() == [1, 0]
    answers = np.zeros((2, FACE), np.float32)
    answers[:, -1] = 0.3, -0.3
    assert decisions("face", answers).tolist() == [1, 0]


def test_relative_error_is_infinite_where_an_answer_is_not_finite() -> None:
    one = np.ones((2, 2), np.float32)
    assert relative_error(one, one * np.float32(1.001)) == pytest.approx(1e-3, rel=0.01)
    assert relative_error(one, one * np.inf) == float("inf")


class FakeModel:
    """Answers what it was made with."""

    def __init__(self, runtime: str, answers: np.ndarray) -> None:
        self.runtime, self.answers = runtime, answers

    def run(self, _inputs: list[np.ndarray]) -> list[np.ndarray]:
        return [self.answers]

    def arena_bytes(self) -> int | None:
        return 5000 if self.runtime == "tflm" else None


def gate(
    monkeypatch: pytest.MonkeyPatch, litert: np.ndarray, tflm: np.ndarray, draft: bool = False
) -> ModelFile:
    """Hold two made-up answers of one int8 file to REFERENCE."""
    answers = {"litert": litert, "tflm": tflm}
    monkeypatch.setattr(
        verify, "_open", lambda _folder, _entry, runtime: FakeModel(runtime, answers[runtime])
    )
    tensor = Tensor("t", (1, 4), "int8", "logit", "B C", SCALE, 0)
    entry = ModelFile("m.tflite", "0" * 64, 1, "tflite-int8", "", (tensor,), (tensor,))
    return check(Path(), entry, REFERENCE, draft)


ANSWERS = RNG.normal(size=(200, 4)).astype(np.float32) * 3
ANSWERS[:, 0] = ANSWERS[:, 1:].max(axis=1) + 0.5
MEAN = np.zeros(4, np.float32)
REFERENCE = Reference("kws", np.zeros((200, 1, 1, 1), np.float32), ANSWERS, MEAN)


def test_gate_opens_for_equal_answers_and_keeps_the_worse_runtime(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = gate(monkeypatch, ANSWERS, ANSWERS + np.float32(SCALE / 2))
    assert entry.parity is not None
    assert 25 < entry.parity.sqnr_db < 60
    assert entry.arena_bytes == 5000
    assert entry.runtime == "litert, tflm"


def test_gate_closes_on_changed_decisions_at_good_sqnr(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ANSWERS.copy()
    answers[:5, 0] -= 0.6  # 2.5 % of the clips now answer another class
    with pytest.raises(ExportError, match=r"m\.tflite.*decision changes on 2\.5% of 200 clips"):
        gate(monkeypatch, answers, answers)
    answers[0] = ANSWERS[0]
    gate(monkeypatch, answers, answers)  # 2.0 % is allowed


def test_gate_closes_where_the_two_runtimes_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    other = ANSWERS.copy()
    other[0, 3] -= 10 * SCALE
    with pytest.raises(ExportError, match=r"litert and tflm.*10 at most"):
        gate(monkeypatch, ANSWERS, other)
    everywhere = ANSWERS + np.where(np.arange(4) == 3, 3 * np.float32(SCALE), 0)
    with pytest.raises(ExportError, match=r"litert and tflm.*1\.5 int8 steps rms"):
        gate(monkeypatch, ANSWERS, everywhere)


def test_a_draft_keeps_figures_beyond_the_limits_but_not_two_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zeros = np.zeros_like(ANSWERS)
    entry = gate(monkeypatch, zeros, zeros, draft=True)
    assert strays(entry)
    assert entry.parity is not None
    assert entry.parity.sqnr_db == pytest.approx(0, abs=0.1)
    assert not strays(gate(monkeypatch, ANSWERS, ANSWERS))
    with pytest.raises(ExportError, match="litert and tflm"):
        gate(monkeypatch, ANSWERS, zeros, draft=True)


def test_gate_closes_on_garbage_of_one_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExportError, match=r"on tflm.*SQNR"):
        gate(monkeypatch, ANSWERS, np.zeros_like(ANSWERS))


def test_points_count_between_runtimes_only_where_a_face_is_seen() -> None:
    tensor = Tensor("t", (1, FACE), "int8", "fraction", "B C", SCALE, 0)
    entry = ModelFile("m.tflite", "0" * 64, 1, "tflite-int8", "", (tensor,), (tensor,))
    one = np.zeros((4, FACE), np.float32)
    one[:, -1] = 1, 1, -1, -1
    other = one.copy()
    other[2, 5] += 15 * SCALE  # no face there
    verify._check_agreement(entry, {"litert": one, "tflm": other}, "face")
    for clip, value in ((0, 5), (2, FACE - 1)):
        wrong = one.copy()
        wrong[clip, value] += 15 * SCALE
        with pytest.raises(ExportError, match="15 at most"):
            verify._check_agreement(entry, {"litert": one, "tflm": wrong}, "face")
