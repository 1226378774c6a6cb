"""Streams: features once computed equal those from scratch; words are found once, in time."""

from __future__ import annotations

import io
import wave
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.backends.frontend import EPSILON, levels, normalize
from device.backends.model import Model
from device.backends.stream import Windows, listen, pieces
from device.backends.wav import raw_chunks, read_wav, resample
from device.bundle import Tensor
from device.detect import Detector, Ears, Event, softmax
from device.front_end import LOGMEL

LABELS = ("high", "low", "unknown", "silence")
TONES = {"high": 3000.0, "low": 600.0}


class ToneModel(Model):
    """Says `high` or `low` where 0.3 s of the second are full of that tone."""

    def __init__(self) -> None:
        tensors = (Tensor("input", (1, 50, 40, 1), "float32", "", ""),)
        super().__init__("fake", tensors, (Tensor("output", (1, 4), "float32", "", ""),))
        tones = [0.3 * np.sin(2 * np.pi * hz * np.arange(4800) / 16000) for hz in TONES.values()]
        self._bands = [int(levels(tone, LOGMEL)[5].argmax()) for tone in tones]

    def invoke(self, stored: list[Any]) -> list[Any]:
        """Mean feature of the band over the best 12 frames, as a steep logit."""
        found = []
        for band in self._bands:
            rows = np.convolve(stored[0][0, :, band, 0], np.full(12, 1 / 12), "valid")
            others = np.convolve(stored[0][0].mean((1, 2)), np.full(12, 1 / 12), "valid")
            found.append(10 * ((rows - others).max() - 1.5))
        return [np.array([[*found, 0.0, 0.0]], np.float32)]


def stream(seconds: float, words: dict[float, str], level: float = 0.01) -> Any:
    """Noise with tones of 0.4 s that begin at the given times."""
    sound = np.random.default_rng(3).normal(0, level, int(seconds * 16000))
    for start, word in words.items():
        n = np.arange(6400)
        tone = 0.3 * np.sin(2 * np.pi * TONES[word] * n / 16000) * np.hanning(6400) ** 0.2
        sound[int(start * 16000) :][:6400] += tone
    return sound


def heard(sound: Any, detector: Detector) -> list[Event]:
    return list(listen(ToneModel(), LOGMEL, LABELS, detector, pieces(sound, LOGMEL)))


@given(st.lists(st.integers(0, 9000), max_size=12), st.integers(1, 12))
@settings(max_examples=25, deadline=None)
def test_incremental_features_equal_those_from_scratch(cuts: list[int], hop: int) -> None:
    """However the stream is cut, the window at t is the last 50 frames before t, silence first."""
    sound = np.random.default_rng(1).normal(0, 0.1, sum(cuts))
    windows, found, place = Windows(LOGMEL, hop), [], 0
    for cut in cuts:
        found += windows.feed(sound[place : place + cut])
        place += cut
    frames = (len(sound) - 80) // 320 if len(sound) >= 400 else 0
    assert [round(end_s / 0.02) for end_s, _ in found] == list(range(hop, frames + 1, hop))
    if not found:
        return
    silence = np.full((50, 40), np.log(EPSILON))
    whole = np.concatenate([silence, levels(np.pad(sound, (0, 640)), LOGMEL)])
    for end_s, features in found:
        end = 50 + round(end_s / 0.02)
        assert np.allclose(features, normalize(whole[end - 50 : end], LOGMEL), atol=1e-5)


def test_each_word_in_noise_is_found_once_at_its_time() -> None:
    words = {1.5: "high", 4.0: "low", 7.25: "low", 9.0: "high"}
    events = heard(stream(12, words), Detector())
    assert [event.word for event in events] == list(words.values())
    for event, start in zip(events, words, strict=True):
        assert start + 0.2 < event.time_s < start + 0.8
        assert 0.8 <= event.score <= 1


def test_noise_and_silence_say_nothing() -> None:
    assert heard(stream(6, {}), Detector()) == []
    assert heard(np.zeros(48000), Detector()) == []


def test_a_word_in_the_last_moment_is_heard() -> None:
    assert [event.word for event in heard(stream(3.0, {2.6: "low"}), Detector())] == ["low"]


def rows(text: str) -> list[tuple[float, list[float]]]:
    """A hop of 0.1 s for each letter: h and l are words, a dot is silence."""
    share = {"h": [1.0, 0.0, 0.0, 0.0], "l": [0.0, 1.0, 0.0, 0.0], ".": [0.0, 0.0, 0.0, 1.0]}
    return [(0.1 * (k + 1), share[letter]) for k, letter in enumerate(text)]


def events_of(text: str, **options: Any) -> list[str]:
    ears = Ears(Detector(**{"smooth": 1, **options}), LABELS)
    found = [ears.hear(time_s, answer) for time_s, answer in rows(text)]
    return [f"{event.word}@{event.time_s:.1f}" for event in found if event]


def test_time_of_rest_holds_and_a_word_must_fall_before_it_counts_again() -> None:
    assert events_of("..hhhh..........") == ["high@0.3"]
    assert events_of("..hhhhhhhhhhhhhhhhhhhhhhhh") == ["high@0.3"]  # never fell
    assert events_of("..hh.hh.hhh.....") == ["high@0.3"]  # fell, but within the second of rest
    assert events_of("..h..........h..") == ["high@0.3", "high@1.4"]
    assert events_of("..h...llll......") == ["high@0.3"]  # another word within the rest
    assert events_of("..h...llllllll..") == ["high@0.3", "low@1.3"]  # and one that outlasts it
    assert events_of("h.l", refractory_s=0.0) == ["high@0.1", "low@0.3"]


def test_smoothing_needs_more_than_one_answer() -> None:
    assert events_of("....h.......", smooth=3) == []
    assert events_of("....hhh.....", smooth=3) == ["high@0.7"]
    assert events_of("....hhh.....", smooth=3, thresholds={"high": 0.5}) == ["high@0.6"]


@given(st.text("hl.", max_size=60), st.floats(0.1, 1), st.floats(0.1, 1))
def test_events_keep_their_distance_and_their_threshold(text: str, low: float, high: float) -> None:
    options = Detector(smooth=3, thresholds={"low": low, "high": high})
    ears = Ears(options, LABELS)
    found = [event for time_s, row in rows(text) if (event := ears.hear(time_s, row))]
    times = [event.time_s for event in found]
    assert all(b - a >= 1 - 1e-6 for a, b in pairwise(times))
    assert all(event.score >= {"low": low, "high": high}[event.word] for event in found)


def test_softmax_of_huge_logits() -> None:
    assert np.allclose(softmax([1000.0, 0.0, -1000.0]), [1, 0, 0])
    assert np.isclose(sum(softmax([0.3, -2.0, 7.0])), 1)


def write_wav(path: Path, sound: Any, rate: int, width: int = 2, channels: int = 1) -> Path:
    """PCM of any width; 8 bits are unsigned."""
    whole = np.round(np.repeat(sound, channels) * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        whole += 128
    data = whole.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(data)
    return path


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize(("width", "channels"), [(1, 1), (2, 2), (3, 1), (4, 1)])
def test_any_wav_becomes_the_same_sound(
    tmp_path: Path, rate: int, width: int, channels: int
) -> None:
    """A 1 kHz tone stays one, in size and phase, away from the ends."""
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate // 4) / rate)
    found = read_wav(write_wav(tmp_path / "a.wav", tone, rate, width, channels), 16000)
    want = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(4000) / 16000)
    assert abs(len(found) - 4000) <= 2 and found.dtype == np.float32
    assert np.abs(found[200:3700] - want[200:3700]).max() < 0.01


def test_resampling_keeps_out_what_cannot_be_told() -> None:
    """10 kHz at 48 kHz would alias to 6 kHz at 16 kHz."""
    tone = np.sin(2 * np.pi * 10000 * np.arange(48000) / 48000)
    assert np.abs(resample(tone, 48000, 16000)[300:-300]).max() < 0.02


@pytest.mark.parametrize("data", [b"", b"RIFF", b"not a sound at all, but longer than a header..."])
def test_what_is_no_wav_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.wav: not a PCM wav file"):
        read_wav(tmp_path / "a.wav", 16000)


def test_wav_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 bytes of sound"):
        read_wav(write_wav(tmp_path / "a.wav", np.zeros(0), 16000), 16000)


def test_raw_samples_come_in_pieces() -> None:
    data = np.arange(-1000, 1000, dtype="<i2").tobytes() + b"\1"
    chunks = list(raw_chunks(io.BytesIO(data), 700))
    assert [len(chunk) for chunk in chunks] == [700, 700, 600]
    assert np.array_equal(np.concatenate(chunks) * 32768, np.arange(-1000, 1000))
