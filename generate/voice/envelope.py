"""CheapTrick for all frames at once: the spectral envelope of speech without its harmonics.

Morise, "CheapTrick, a spectral envelope estimator for high-quality speech synthesis", Speech
Communication 67 (2015). Frames are rows of arrays, and a row's F0 moves whole rows: three times as
fast as frame by frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

UNVOICED_HZ = 500.0
"""What sets the window and the smoothing where there is no F0."""
PERIODS = 1.5
"""Half of a window."""
SMOOTHED = 2 / 3
"""Width of the smoothing over frequency, of F0."""
RECOVERY = -0.15
"""q1 of the paper: how much of the peaks that smoothing took comes back."""
LEAST_POWER = 1e-16


def log_envelope(
    audio: NDArray[np.float64], f0_hz: NDArray[np.float64], rate_hz: int, hop: int, size: int
) -> NDArray[np.float32]:
    """(T, size / 2 + 1) log power of the envelope of speech (N,) every `hop` samples.

    f0_hz (T,) is 0 where unvoiced; a window of three periods must fit `size`.
    Raises ValueError where it does not.
    """
    f0 = np.where(f0_hz > 0, f0_hz, UNVOICED_HZ)
    if 2 * PERIODS * rate_hz / f0.min() > size:
        raise ValueError(f"F0 of {f0.min():g} Hz is too low for spectra of {size} points")
    power = _power(np.asarray(audio, np.float32), f0, rate_hz, hop, size)
    f0_bins = f0 * (size / rate_hz)
    log_power = np.log(_smooth(_without_dc(power, f0_bins), f0_bins) + LEAST_POWER)
    cepstrum = irfft(log_power.astype(np.float32), axis=1)[:, : size // 2 + 1]
    cycles = np.outer(f0 / rate_hz, np.arange(size // 2 + 1)).astype(np.float32)
    # cos 2x = 1 - 2 sin^2 x: one sine makes both of the lifter's factors.
    sine = np.sin(np.float32(np.pi) * cycles)
    smooth = sine / np.maximum(np.float32(np.pi) * cycles, np.float32(1e-9))
    smooth[:, 0] = 1
    cepstrum *= smooth * (1 - np.float32(4 * RECOVERY) * np.square(sine))
    whole = np.concatenate([cepstrum, cepstrum[:, -2:0:-1]], axis=1)
    return np.asarray(rfft(whole, axis=1).real, np.float32)


def _power(
    audio: NDArray[np.float32], f0_hz: NDArray[np.float64], rate_hz: int, hop: int, size: int
) -> NDArray[np.float32]:
    """(T, size / 2 + 1) power in Hann windows of three periods, of energy 1, without DC."""
    half, count = size // 2, len(f0_hz)
    padded = np.pad(audio, (half, max((count - 1) * hop - len(audio), 0) + half), "edge")
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:count]
    phase = np.outer(f0_hz * (np.pi / PERIODS / rate_hz), np.arange(half + 1)).astype(np.float32)
    side = np.cos(np.minimum(phase, np.float32(np.pi))) + 1
    window = np.concatenate([side[:, :0:-1], side[:, :half]], axis=1)
    window /= np.sqrt(np.einsum("ij,ij->i", window, window))[:, None]
    waves = frames * window
    waves -= window * (waves.sum(axis=1) / window.sum(axis=1))[:, None]
    spectra = rfft(waves, axis=1)
    return np.asarray(np.square(spectra.real) + np.square(spectra.imag), np.float32)


def _without_dc(power: NDArray[np.float32], f0_bins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Under F0 there is no harmonic: what lies above the middle is added mirrored."""
    filled = power.astype(np.float64)
    below = np.arange(int(f0_bins.max()) + 1)
    place = f0_bins[:, None] - below
    low = np.maximum(place, 0).astype(np.intp)
    row = np.arange(len(power))[:, None]
    part = place - low
    mirrored = filled[row, low] * (1 - part) + filled[row, low + 1] * part
    filled[:, : len(below)] += np.where(place > 0, mirrored, 0)
    return filled


def _smooth(power: NDArray[np.float64], f0_bins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over SMOOTHED of F0 around each bin; the spectrum goes on mirrored at both ends."""
    half = f0_bins * (SMOOTHED / 2)
    more = int(half.max()) + 2
    around = np.pad(power, ((0, 0), (more, more)), "reflect")
    total = np.cumsum(np.pad(around, ((0, 0), (1, 0))), axis=1)
    upper = _shifted(total, more + 0.5 + half, power.shape[1])
    lower = _shifted(total, more + 0.5 - half, power.shape[1])
    return np.maximum(upper - lower, 0) / (2 * half)[:, None]


def _shifted(rows: NDArray[np.float64], by: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """(T, count) of rows (T, M) from column `by` (T,) on, between columns linearly."""
    low = by.astype(np.intp)
    part = (by - low)[:, None]
    views = np.lib.stride_tricks.sliding_window_view(rows, count + 1, axis=1)
    near = views[np.arange(len(rows)), low]
    return np.asarray(near[:, :-1] * (1 - part) + near[:, 1:] * part)
