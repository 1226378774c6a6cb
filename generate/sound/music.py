"""Music that the kit makes itself: chords, a bass, a tune and drums over a few bars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ as RATE_HZ
from generate.sound.textures import COUNT

MODES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 4), (5, 3, 0, 4), (0, 3, 0, 4), (1, 4, 0, 0))
"""Steps of the scale on which the chord of each bar stands."""


def music(rng: np.random.Generator) -> NDArray[np.float64]:
    """(N,) 16 s of a song at 80 to 150 beats a minute, any level."""
    scale = MODES[str(rng.choice(list(MODES)))]
    root_hz = float(rng.uniform(55, 104))
    beat = int(60 / rng.uniform(80, 150) * RATE_HZ)
    bars = PROGRESSIONS[int(rng.integers(len(PROGRESSIONS)))]
    loud = rng.uniform(0.2, 1, 4) * (rng.random(4) < (0.9, 0.8, 0.8, 0.7))
    loud[0] = max(loud[0], 0.3)
    fall = rng.uniform(0.8, 2.2, 3)
    wave = np.zeros(COUNT + 8 * beat)
    for number, start in enumerate(range(0, COUNT, beat)):
        step = bars[number // 4 % len(bars)]
        if number % 4 == 0:
            for third in (0, 2, 4):
                chord_hz = 4 * pitch_hz(root_hz, scale, step + third)
                _add(wave, start, loud[0] * tone(chord_hz, 4 * beat, fall[0], 0.6))
        _add(wave, start, loud[1] * tone(pitch_hz(root_hz, scale, step), beat, fall[1], 2))
        if rng.random() < 0.75:
            note_hz = 8 * pitch_hz(root_hz, scale, step + int(rng.integers(-3, 8)))
            length = int(beat * rng.choice((0.5, 1, 2)))
            _add(wave, start, loud[2] * tone(note_hz, length, fall[2], 2.5))
        _add(wave, start, loud[3] * drum(rng, number % 2 == 1))
        _add(wave, start + beat // 2, 0.4 * loud[3] * drum(rng, True))
    return wave[:COUNT] + 1e-5 * rng.standard_normal(COUNT)


def pitch_hz(root_hz: float, scale: tuple[int, ...], step: int) -> float:
    """Frequency of a step of the scale above (or below) the root; 7 steps are an octave."""
    octave, place = divmod(step, len(scale))
    return float(root_hz * 2 ** (octave + scale[place] / 12))


def tone(pitch_hz_: float, count: int, fall: float, decay: float) -> NDArray[np.float64]:
    """(count,) harmonics falling as k ** -fall, a soft start, e ** -decay over its length."""
    time_s = np.arange(count) / RATE_HZ
    last = max(int(min(12, 7000 / pitch_hz_)), 1)
    wave: NDArray[np.float64] = sum(
        (np.sin(2 * np.pi * k * pitch_hz_ * time_s) / k**fall for k in range(1, last + 1)),
        start=np.zeros(count),
    )
    left = np.linspace(1, 0, count)
    return (
        wave * np.minimum(time_s / 0.01, 1) * np.exp(-decay * (1 - left)) * np.minimum(left * 20, 1)
    )


def drum(rng: np.random.Generator, high: bool) -> NDArray[np.float64]:
    """A stroke of 0.15 s: noise above (snare, hat) or a falling tone below."""
    time_s = np.arange(int(0.15 * RATE_HZ)) / RATE_HZ
    if high:
        return np.diff(rng.standard_normal(len(time_s) + 1)) * np.exp(-time_s * 45) * 0.7
    return np.sin(2 * np.pi * (60 * time_s - 4 * np.exp(-time_s * 30))) * np.exp(-time_s * 22) * 2


def _add(wave: NDArray[np.float64], start: int, part: NDArray[np.float64]) -> None:
    end = min(start + len(part), len(wave))
    wave[start:end] += part[: end - start]
