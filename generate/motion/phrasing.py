"""What the director hears in an utterance: its phrases, its stressed syllables and its words.

How prominent a stressed syllable is decides how far head and brows go with it: prominence is the
mean of how much louder, higher and longer it is than the others (Terken, JASA 89, 1991, for F0;
Kochanski et al., JASA 118, 2005, for loudness and duration). T: one frame every FRAME_S seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generate.voice.speech import RATE_HZ, VOWEL_LETTERS, Utterance
from generate.voice.timed import Timed
from generate.voice.world import FRAME_S, track_f0

F64 = NDArray[np.float64]

PAUSE_S = 0.18
"""A pause of at least this ends a phrase."""
FLOOR_DB = -60.0
_SHORTEST_SOUND_S = 0.1
"""Sounds shorter than this have no F0 that WORLD could track."""


@dataclass(frozen=True)
class Heard:
    """The voice over time."""

    f0_hz: F64
    """(T,) 0 where unvoiced."""
    level_db: F64
    """(T,) dB below full scale, at least FLOOR_DB."""


@dataclass(frozen=True)
class Phrase:
    """Speech between two pauses."""

    start_s: float
    end_s: float
    rises: bool = False
    """Its last voiced 0.25 s end at least two semitones higher than they begin, as questions do."""


@dataclass(frozen=True)
class Beat:
    """A stressed syllable."""

    time_s: float
    """Middle of its vowel."""
    strength: float
    """0 to 1; 0.5 is the utterance's mean."""


def hear(utterance: Utterance) -> Heard:
    """F0 and level of an utterance; both empty for a sound too short to have any."""
    audio = np.asarray(utterance.audio, np.float64)
    if len(audio) < _SHORTEST_SOUND_S * RATE_HZ:
        return Heard(np.zeros(0), np.zeros(0))
    f0, _ = track_f0(audio, RATE_HZ)
    hop = round(FRAME_S * RATE_HZ)
    padded = np.pad(audio, (hop, len(f0) * hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop][: len(f0)]
    power = np.square(frames).mean(1)
    return Heard(f0, np.maximum(10 * np.log10(power + 1e-12), FLOOR_DB))


def phrases(phonemes: Sequence[Timed], heard: Heard | None = None) -> list[Phrase]:
    """Runs of phonemes without a pause of PAUSE_S."""
    runs: list[list[float]] = []
    for phoneme in phonemes:
        if runs and phoneme.start_s - runs[-1][1] < PAUSE_S:
            runs[-1][1] = max(runs[-1][1], phoneme.end_s)
        else:
            runs.append([phoneme.start_s, phoneme.end_s])
    return [Phrase(a, b, heard is not None and _rises(heard, b)) for a, b in runs if b > a]


def _rises(heard: Heard, end_s: float) -> bool:
    last = round(end_s / FRAME_S)
    f0 = heard.f0_hz[max(last - round(0.35 / FRAME_S), 0) : last]
    f0 = f0[f0 > 0][-round(0.25 / FRAME_S) :]
    if len(f0) < 8:
        return False
    third = len(f0) // 3
    return bool(12 * np.log2(np.median(f0[-third:]) / np.median(f0[:third])) >= 2)


def beats(phonemes: Sequence[Timed], heard: Heard | None = None) -> list[Beat]:
    """Stressed vowels, in order, with their prominence; all alike without a sound."""
    stressed = [p for p in phonemes if p.text.startswith("ˈ")]
    if not stressed:
        return []
    columns = [_deviation(np.array([p.end_s - p.start_s for p in stressed]))]
    if heard is not None and len(heard.f0_hz):
        columns.append(_deviation(np.array([_peak(heard.level_db, p) for p in stressed])))
        columns.append(_deviation(np.array([_pitch(heard.f0_hz, p) for p in stressed])))
    strength = 1 / (1 + np.exp(-1.5 * np.mean(columns, axis=0)))
    return [
        Beat((p.start_s + p.end_s) / 2, float(s)) for p, s in zip(stressed, strength, strict=True)
    ]


def vowels(phonemes: Sequence[Timed]) -> list[Timed]:
    """The vowels: one a syllable."""
    return [p for p in phonemes if p.text.lstrip("ˈˌ")[:1] in VOWEL_LETTERS]


def _deviation(values: F64) -> F64:
    return np.asarray((values - values.mean()) / (values.std() + 1e-6), np.float64)


def _span(track: F64, phoneme: Timed) -> F64:
    first = min(int(phoneme.start_s / FRAME_S), max(len(track) - 1, 0))
    return track[first : max(int(np.ceil(phoneme.end_s / FRAME_S)), first + 1)]


def _peak(level_db: F64, phoneme: Timed) -> float:
    return float(_span(level_db, phoneme).max(initial=FLOOR_DB))


def _pitch(f0_hz: F64, phoneme: Timed) -> float:
    """Semitones of the highest voiced frame over the utterance's median; 0 where none is voiced."""
    own = float(_span(f0_hz, phoneme).max(initial=0.0))
    voiced = f0_hz[f0_hz > 0]
    return 12 * float(np.log2(own / np.median(voiced))) if own > 0 else 0.0
