"""The voice task: three heads learn from what is known, and nothing from what is not."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from export.cli import main as export_main
from export.parity import decisions, distance
from generate.clip import Clip
from generate.shards import open_dataset
from generate.spec import EMOTIONS
from train_edge.evaluate_voice import score_voices
from train_edge.loop import train
from train_edge.predictor import load_model
from train_edge.presets import preset
from train_edge.run import load_run
from train_edge.tasks import calibration_batch, make_task
from train_edge.voice_task import LABELS, VoiceTask, scores
from train_edge.voices import NOISES, age_class, load_voices, seconds

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))
TEMPERS = {"low": "sad", "high": "happy", "rise": "surprised"}


def spoken(number: int, acted: bool = True) -> Clip:
    """A chirp whose word tells the emotion; children's are an octave and more higher."""
    word = list(TEMPERS)[number % 3]
    clip = CLIPS["word_clip"](number, word)
    child = number // 3 % 2 == 0
    audio = clip.audio.astype(np.float32)
    if child:
        audio = np.interp(np.arange(0, len(audio), 2.2), np.arange(len(audio)), audio)
        audio = np.tile(audio, 2)[: len(clip.audio)]
    facts = clip.facts | {
        "age_years": 6.0 if child else 40.0,
        "emotion": TEMPERS[word] if acted else "neutral",
        "n_samples": len(audio),
    }
    labels = clip.labels | {"word_s": np.array([[0.0, len(audio) / 16000]], np.float32)}
    return Clip(clip.key, facts, labels, None, np.round(audio).astype(np.int16))


def write(folder: Path, count: int, acted: bool = True) -> Path:
    return CLIPS["write"](folder, [spoken(number, acted) for number in range(count)], {})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("data") / "voices", 40)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short training on chirps."""
    options = replace(preset("voice"), steps=60, batch=32, threads=1)
    return train("voice", options, data, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def task(data: Path) -> VoiceTask:
    made = make_task(preset("voice"), data)
    assert isinstance(made, VoiceTask)
    return made


def test_three_heads_learn(run: Path, data: Path) -> None:
    dataset = open_dataset(data)
    found = score_voices(load_model(run), dataset, list(range(len(dataset))))
    assert found["speech"] > 0.85 and found["child"] > 0.85 and found["emotion"] > 0.6
    assert set(found["false_alarms"]) == set(NOISES)
    assert found["n"] == 40 and set(found["in_noise"]) == {"speech", "child", "emotion"}


def test_a_bundle_holds_the_heads(run: Path, data: Path, tmp_path: Path) -> None:
    words = [str(run), "--out", str(tmp_path / "voice"), "--data", str(data), "--clips", "64"]
    assert export_main([*words, "--targets", "onnx,onnx-raw,tflite-int8", "--draft"]) == 0
    sound = np.random.default_rng(0).normal(0, 0.1, (3, 16000)).astype(np.float32)
    answers = [load_model(tmp_path / "voice", name).hear(sound) for name in ("onnx", "onnx-raw")]
    assert np.allclose(answers[0], answers[1], atol=1e-4)
    assert load_model(tmp_path / "voice").labels == LABELS
    assert "three heads" not in (tmp_path / "voice" / "MODEL_CARD.md").read_text()
    assert "somebody speaks" in (tmp_path / "voice" / "MODEL_CARD.md").read_text()


def test_calibration_inputs_are_always_the_same(run: Path, data: Path) -> None:
    first, second = (calibration_batch(load_run(run), data, 20) for _ in range(2))
    assert first.shape == (20, 50, 40, 1) and np.array_equal(first, second)


def test_batches_hold_speech_and_none_children_and_adults(task: VoiceTask) -> None:
    batch = task.batch(np.random.default_rng(0), 200)
    assert batch["input"].shape == (200, 1, 50, 40)
    assert 0.5 < float(batch["speech"].float().mean()) < 0.8
    speaks = batch["speech"] == 1
    assert bool((batch["child"][~speaks] == -1).all() and (batch["emotion"][~speaks] == -1).all())
    assert 0.35 < float(batch["child"][speaks].float().mean()) < 0.65
    assert set(batch["emotion"][speaks].tolist()) == {EMOTIONS.index(e) for e in TEMPERS.values()}


def test_what_is_not_known_teaches_nothing(task: VoiceTask) -> None:
    outputs = torch.zeros(4, len(LABELS), requires_grad=True)
    none = torch.full((4,), -1)
    task.loss(outputs, {"speech": torch.ones(4).long(), "child": none, "emotion": none}).backward()
    assert outputs.grad is not None
    assert bool((outputs.grad[:, 0] != 0).all()) and bool((outputs.grad[:, 1:] == 0).all())


def test_a_data_set_of_one_emotion_says_nothing_about_it(tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path / "flat", 6, acted=False))
    assert set(load_voices(dataset, range(6)).emotion.tolist()) == {-1}


def test_long_clips_become_seconds_with_speech() -> None:
    """Speech from 1.5 to 2.5 s of 4 s: the seconds without it are left out."""
    clip = spoken(0)
    labels = clip.labels | {"word_s": np.array([[1.5, 2.5]], np.float32)}
    long = Clip("k", clip.facts, labels, None, np.ones(64000, np.int16))
    found = seconds(long, acted=True)
    assert [one.spoken for one in found] == [True, True]
    assert all(one.child == 1 and one.emotion == EMOTIONS.index("sad") for one in found)
    quiet = Clip("k", clip.facts, labels | {"word_s": np.zeros((0, 2))}, None, long.audio)
    assert not any(one.spoken for one in seconds(quiet, acted=True))


@pytest.mark.parametrize(
    ("age", "want"), [(3.0, 1), (12.9, 1), (13.0, -1), (17.9, -1), (18.0, 0), (80.0, 0)]
)
def test_ages(age: float, want: int) -> None:
    assert age_class(age) == want


def test_scores_are_balanced_and_skip_what_has_one_class() -> None:
    """Nine adults and one child: always saying adult is worth a half."""
    outputs = np.full((10, len(LABELS)), -1.0, np.float32)
    child = np.array([1] + [0] * 9)
    found = scores(outputs, np.ones(10, np.int64), child, np.full(10, -1))
    assert found == {"child": 0.5}


def test_parity_counts_changed_speech_and_child() -> None:
    answers: Any = np.array([[1, 1, 0, 0], [-1, 1, 0, 0], [1, -1, 0, 0]], np.float32)
    assert decisions("voice", answers).tolist() == [2, 0, 1]
    changed = answers.copy()
    changed[0, 1] = -0.1
    assert distance("voice", answers, changed, answers.mean(0)).flips == pytest.approx(1 / 3)


def test_clips_without_speech_are_refused(tmp_path: Path) -> None:
    clip = spoken(0)
    quiet = Clip(clip.key, clip.facts, clip.labels | {
        "word": np.zeros(0, "U1"), "word_s": np.zeros((0, 2), np.float32),
    }, None, clip.audio)  # fmt: skip
    dataset = open_dataset(CLIPS["write"](tmp_path / "quiet", [quiet], {}))
    with pytest.raises(ValueError, match="nobody speaks"):
        load_voices(dataset, [0])
