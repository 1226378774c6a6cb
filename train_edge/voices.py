"""Sounds of a data set for the voice task: seconds with speech, who speaks and how, and noises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ, Clip
from generate.progress import Progress
from generate.shards import Dataset
from generate.sound.noises import KINDS, SPEECH, noise
from generate.spec import EMOTIONS
from train_edge.data import voice_name
from train_edge.spectra import Spectra, gather

CHILD_BELOW, ADULT_FROM = 13.0, 18.0
"""Years; between them a voice counts as neither."""
NONE, SPOKEN = 0, 1
UNKNOWN = -1
LEAST_SPEECH_S = 0.25
STEP_S = 0.8
"""Long clips are cut into seconds this far apart."""
NOISES = tuple(kind for kind in KINDS if kind not in SPEECH)
"""Kinds of noise in which nobody speaks."""


@dataclass(frozen=True)
class Voices:
    """Seconds of sound and what is true of them; K sounds."""

    sounds: Spectra
    """Class 1 where somebody speaks, 0 where nobody does."""
    child: NDArray[np.int64]
    """(K,) 1 child, 0 adult, -1 not known: between the ages, or no speech."""
    emotion: NDArray[np.int64]
    """(K,) number in EMOTIONS, -1 not known: no speech, or a data set of one emotion."""


@dataclass(frozen=True)
class Second:
    """One second of a clip, (N <= 16000,) in -1..1."""

    audio: NDArray[np.float32]
    spoken: bool
    child: int
    emotion: int
    voice: str


def load_voices(dataset: Dataset, numbers: Sequence[int], houses: Sequence[int] = ()) -> Voices:
    """Read clips into seconds, and the noises of some houses; ValueError where nobody speaks."""
    acted = len({row["emotion"] for row in dataset.rows}) > 1
    found: list[Second] = []
    progress = Progress(len(numbers), "read")
    for count, clip in enumerate(dataset.clips(("audio", "labels"), numbers)):
        found += seconds(clip, acted)
        progress.update(count + 1)
    progress.close()
    if not any(second.spoken for second in found):
        raise ValueError(f"data set {dataset.folder}: nobody speaks in it; want `words` or `talk`")
    found += [second for house in houses for second in noises(house)]
    return Voices(
        gather([s.audio for s in found], [int(s.spoken) for s in found], [s.voice for s in found]),
        np.array([s.child for s in found]),
        np.array([s.emotion for s in found]),
    )


def seconds(clip: Clip, acted: bool) -> list[Second]:
    """Seconds of a clip with enough speech in them, or all of a clip without words.

    acted: whether the data set has more than one emotion, so that `neutral` means something.
    """
    if clip.audio is None or not len(clip.audio):
        return []
    audio = clip.audio.astype(np.float32) / np.float32(32768)
    times_s = clip.labels["word_s"]
    length = SAMPLE_RATE_HZ
    starts = range(0, max(1, len(audio) - length // 2), round(STEP_S * length))
    voice = voice_name(clip)
    made = []
    for start in starts:
        piece = audio[start : start + length]
        piece = np.pad(piece, (0, max(0, 4 * length // 50 - len(piece))))
        low, high = start / length, start / length + 1
        speech_s = np.clip(times_s[:, 1], low, high) - np.clip(times_s[:, 0], low, high)
        if not len(times_s):
            made.append(Second(piece, False, UNKNOWN, UNKNOWN, voice))
        elif speech_s.sum() >= min(LEAST_SPEECH_S, 0.9 * (times_s[:, 1] - times_s[:, 0]).sum()):
            child = age_class(float(clip.facts["age_years"]))
            emotion = EMOTIONS.index(clip.facts["emotion"]) if acted else UNKNOWN
            made.append(Second(piece, True, child, emotion, voice))
    return made


def noises(house: int, length: int = SAMPLE_RATE_HZ) -> list[Second]:
    """Sixteen seconds of each kind of noise in which nobody speaks, `length` samples each."""
    waves = [noise(house, kind, 0) / np.float32(10) for kind in NOISES]
    return [
        Second(wave[start : start + length], False, UNKNOWN, UNKNOWN, f"noise {house}")
        for wave in waves
        for start in range(0, len(wave) - length + 1, length)
    ]


def age_class(age_years: float) -> int:
    """1 child, 0 adult, -1 between."""
    if age_years < CHILD_BELOW:
        return 1
    return 0 if age_years >= ADULT_FROM else UNKNOWN
