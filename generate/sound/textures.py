"""Made noises of 16 s: hiss, rumble, fans, hum, motors, clicks, tunes; (N,) each, any level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ as RATE_HZ

SECONDS = 16
COUNT = SECONDS * RATE_HZ


def coloured(rng: np.random.Generator, slope: float) -> NDArray[np.float64]:
    """Noise whose power falls as frequency ** -slope: 0 white, 1 pink, 2 brown."""
    freq_hz = np.fft.rfftfreq(COUNT, 1 / RATE_HZ)
    freq_hz[0] = 1
    spectrum = np.fft.rfft(rng.standard_normal(COUNT)) * freq_hz ** (-slope / 2)
    wave = np.fft.irfft(spectrum, COUNT)
    return wave / wave.std()


def swelling(rng: np.random.Generator) -> NDArray[np.float64]:
    """Coloured noise that comes and goes over tenths of a second: wind, cloth, traffic."""
    knots = np.arange(0, COUNT + 1600, 1600)
    envelope = np.interp(np.arange(COUNT), knots, np.exp(rng.normal(0, 0.8, len(knots))))
    return coloured(rng, rng.uniform(0, 1.6)) * envelope


def motor(rng: np.random.Generator) -> NDArray[np.float64]:
    """Harmonics of a drifting tone, 50 to 250 Hz, with some hiss: fans, hum, toy motors."""
    drift = 1 + 0.02 * np.cumsum(rng.normal(0, 0.01, COUNT)) / 50
    phase = 2 * np.pi * np.cumsum(rng.uniform(50, 250) * drift) / RATE_HZ
    fall = rng.uniform(0.3, 1.2)
    tones = [
        rng.uniform(0, 1) / k**fall * np.sin(k * phase + rng.uniform(0, 6)) for k in range(1, 20)
    ]
    wave: NDArray[np.float64] = np.sum(tones, axis=0)
    return wave + 0.2 * wave.std() * coloured(rng, 1.0)


def clicks(rng: np.random.Generator) -> NDArray[np.float64]:
    """Short decaying bursts at random times: handling, clattering blocks."""
    wave = 1e-3 * coloured(rng, 1.0)
    for start in rng.integers(0, COUNT - 3000, int(rng.integers(40, 120))):
        length = int(rng.integers(80, 2500))
        burst = rng.standard_normal(length) * np.exp(-np.arange(length) / (length / 4))
        wave[start : start + length] += burst * rng.uniform(0.2, 1)
    return wave


def tune(rng: np.random.Generator) -> NDArray[np.float64]:
    """Plucked notes of a pentatonic scale, three harmonics each: a toy's own music."""
    wave = 1e-3 * coloured(rng, 1.0)
    scale_hz = rng.uniform(180, 400) * 2 ** (np.array([0, 2, 4, 7, 9, 12, 14]) / 12)
    time_s = np.arange(RATE_HZ) / RATE_HZ
    for start in range(0, COUNT - RATE_HZ, int(rng.integers(2000, 6000))):
        note_hz = rng.choice(scale_hz)
        note = sum(np.sin(2 * np.pi * k * note_hz * time_s) / k**1.5 for k in (1, 2, 3))
        wave[start : start + RATE_HZ] += note * np.exp(-time_s * rng.uniform(3, 12))
    return wave
