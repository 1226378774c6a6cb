"""Thresholds: fewer false accepts are never paid for with a lower one; the bundle keeps them."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from device.bundle import read_bundle
from device.detect import Detector
from device.listen_cli import main as listen_main
from export.tune import Heard, score, smoothed, tune
from export.tune_cli import main as tune_main
from export.tune_cli import said_in
from generate.clip import Clip

TINY = runpy.run_path(str(Path(__file__).with_name("make_tiny_bundle.py")))
LABELS = ("yes", "no", "unknown", "silence")


def negatives(seed: int, hours: float = 0.5) -> list[Heard]:
    """Posteriors that wander, with `yes` trusted too easily: ten streams."""
    rng, streams = np.random.default_rng(seed), []
    for _ in range(10):
        count = int(hours * 3600)
        logits = rng.normal(0, 1, (count, 4)) + [1.0, 0, 2, 2]
        logits = np.apply_along_axis(lambda x: np.convolve(x, np.ones(5) / 2, "same"), 0, logits)
        shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        streams.append(Heard(0.1 * np.arange(1, count + 1), shares, 0.1 * count))
    return streams


def test_the_wanted_rate_holds_and_thresholds_fall_as_it_rises() -> None:
    heard = negatives(0)
    before = None
    for rate in (0.0, 2.0, 10.0, 60.0, 300.0):
        made = tune(heard, LABELS, Detector(smooth=3), rate)
        assert score(heard, LABELS, made).per_hour <= rate
        assert made.false_accepts_per_hour is not None
        assert made.negative_hours == pytest.approx(0.5)
        assert set(made.thresholds) == {"yes", "no"}
        if before:
            assert all(made.thresholds[word] <= before[word] for word in before)
        before = made.thresholds
    assert before["yes"] > 0.3  # type: ignore[index]


def test_false_accepts_fall_as_the_threshold_rises() -> None:
    heard = negatives(1)
    counts = [
        score(heard, LABELS, Detector(thresholds={"yes": t, "no": t})).false_accepts
        for t in (0.3, 0.5, 0.7, 0.9, 1.5)
    ]
    assert counts == sorted(counts, reverse=True) and counts[0] > 20 and counts[-1] == 0


def test_what_was_spent_is_nearly_the_budget() -> None:
    """A detector that is stricter than asked misses words for nothing."""
    heard = negatives(2, hours=1.0)
    made = tune(heard, LABELS, Detector(), 100.0)
    assert 50 <= (made.false_accepts_per_hour or 0) <= 100


def test_the_rate_holds_about_on_sound_that_was_not_tuned_on() -> None:
    """Ten words, 4 accepts asked: thresholds above each word's highest peak gave 12."""
    words = (*(f"word {n}" for n in range(10)), "unknown", "silence")
    rates = []
    for seed in range(6):
        first, second = (wander(np.random.default_rng([seed, part]), 12) for part in (0, 1))
        made = tune([first], words, Detector(smooth=3), 4.0)
        rates.append(score([second], words, made).per_hour)
    assert 0 < np.mean(rates) < 9


def wander(rng: np.random.Generator, classes: int, count: int = 18000) -> Heard:
    """Half an hour of posteriors of independent classes."""
    logits = rng.normal(0, 1, (count, classes)) + np.linspace(-1, 1, classes)
    logits = np.apply_along_axis(lambda x: np.convolve(x, np.ones(5) / 2, "same"), 0, logits)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return Heard(0.1 * np.arange(1, count + 1), shares, 0.1 * count)


def test_said_words_are_found_missed_or_false() -> None:
    times = 0.1 * np.arange(1, 101)
    shares = np.tile([0.0, 0.0, 1.0, 0.0], (100, 1))
    shares[30:40], shares[70:80] = [1, 0, 0, 0], [0, 1, 0, 0]
    said = (("yes", 2.6, 3.1), ("yes", 7.0, 7.4))
    found = score([Heard(times, shares, 10.0, said)], LABELS, Detector(smooth=1))
    assert (found.false_accepts, found.words, found.missed) == (1, 2, 1)
    assert found.false_rejects == 0.5 and found.per_hour == pytest.approx(360)


def test_smoothed_is_the_mean_of_the_last() -> None:
    values = np.random.default_rng(0).random(20)
    want = [values[max(0, k - 3) : k + 1].mean() for k in range(20)]
    assert np.allclose(smoothed(values, 4), want)


def test_nothing_to_tune_on_is_refused() -> None:
    with pytest.raises(ValueError, match="no sound"):
        tune([], LABELS, Detector(), 1.0)


def clip(words: list[str], keyword: str) -> Clip:
    times = np.array([[k, k + 0.5] for k in range(len(words))], np.float32).reshape(-1, 2)
    return Clip("k", {"keyword": keyword}, {"word": np.array(words, "U"), "word_s": times})


def test_keywords_of_a_clip_are_found_by_word_by_row_or_by_class() -> None:
    labels = ("yes", "hello bear", "unknown", "silence")
    assert said_in(clip(["oh", "yes"], ""), labels) == (("yes", 1.0, 1.5),)
    assert said_in(clip(["hello", "bear", "yes"], "hello bear"), labels) == (
        ("yes", 2.0, 2.5),
        ("hello bear", 0.0, 1.5),
    )
    assert said_in(clip(["hi", "teddy"], "hello bear"), labels) == (("hello bear", 0.0, 1.5),)
    assert said_in(clip(["hello", "there"], "unknown"), labels) == ()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    TINY["make_tiny_bundle"](tmp_path / "tiny", ("onnx", "tflite-int8"))
    return tmp_path / "tiny"


def test_tune_writes_thresholds_that_listen_reads(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A random network says anything; tuned to no false accepts it says nothing to that sound."""
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 0.1, 64000) * (np.sin(np.arange(64000) / 4000) > 0)
    (tmp_path / "noise").mkdir()
    path = tmp_path / "noise" / "a.wav"
    soundfile.write(path, np.clip(sound, -1, 1), 16000)
    assert listen_main([str(bundle), str(path), "--threshold", "0.01"]) == 0
    assert capsys.readouterr().out.count("\n") >= 2
    assert tune_main([str(bundle), "--data", str(path.parent), "--fa-per-hour", "0"]) == 0
    settings = read_bundle(bundle).detector
    assert settings is not None and settings.false_accepts_per_hour == 0
    capsys.readouterr()
    assert listen_main([str(bundle), str(path), "--json", str(tmp_path / "e.json")]) == 0
    assert capsys.readouterr().out == ""
    assert '"events": []' in (tmp_path / "e.json").read_text()


@pytest.mark.parametrize("target", ["onnx", "tflite-int8"])
def test_both_files_hear_the_same(
    bundle: Path, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, 48000)
    soundfile.write(tmp_path / "a.wav", np.clip(sound, -1, 1), 48000)
    listen_main([str(bundle), str(tmp_path / "a.wav"), "--threshold", "0.02", "--file", target])
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.split()[2] in ("yes", "no", "other") for line in lines)


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--data", "gone"], "gone"),
        (["--data", ".", "--fa-per-hour", "-1"], "fa-per-hour"),
        (["--data", ".", "--hop-frames", "0"], "hop_frames"),
        (["--data", ".", "--test", "--smooth", "3"], "--smooth: --test keeps"),
    ],
)
def test_wrong_use_of_tune_is_refused(bundle: Path, words: list[str], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        tune_main([str(bundle), *words])


@pytest.mark.parametrize("file", ["c", "nothing"])
def test_listen_refuses_a_file_that_takes_no_features(bundle: Path, file: Any) -> None:
    with pytest.raises(ValueError, match=file):
        listen_main([str(bundle), "x.wav", "--file", file])
