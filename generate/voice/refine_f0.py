"""StoneMask: F0 of each voiced frame by the phase of its lowest harmonics.

The instantaneous frequency of a harmonic follows from its spectrum in a window and in the window's
slope (Flanagan and Golden, "Phase vocoder", Bell System Technical Journal 45, 1966; in WORLD:
Morise, Yokomori and Ozawa, IEICE Trans. Inf. & Syst. E99-D, 2016). Only those spectra are worked
out: a fifth of the time of whole transforms.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
import numpy as np

HARMONICS = 4
FARTHEST = 0.2
"""What moves F0 by more than this share is taken for a mistake."""


@numba.njit(cache=True)
def refined(audio, f0_hz, rate_hz, hop):
    """F0 (T,) in Hz nearer to speech (N,) float64 than f0_hz (T,) is; 0 stays where unvoiced.

    Frames are `hop` samples apart; the window is Blackman's over three periods.
    """
    found, last = f0_hz.copy(), len(audio) - 1
    bank = np.empty((HARMONICS, 8))
    for t in range(len(f0_hz)):
        if f0_hz[t] <= 0:
            continue
        step = 2 * math.pi * f0_hz[t] / rate_hz
        half = int(1.5 * rate_hz / f0_hz[t] + 0.5)
        _start(bank, step, half)
        wide = math.pi / (half + 1)
        turn_re, turn_im = math.cos(wide), math.sin(wide)
        cosine, sine = math.cos(-wide * half), math.sin(-wide * half)
        for n in range(-half, half + 1):
            sample = audio[min(max(t * hop + n, 0), last)]
            window = 0.42 + 0.5 * cosine + 0.08 * (2 * cosine * cosine - 1)
            slope = -wide * sine * (0.5 + 0.32 * cosine)
            cosine, sine = cosine * turn_re - sine * turn_im, cosine * turn_im + sine * turn_re
            _add(bank, sample * window, sample * slope)
        moved = _mean_frequency(bank, step) * rate_hz / (2 * math.pi)
        if abs(moved / f0_hz[t] - 1) < FARTHEST:
            found[t] = moved
    return found


@numba.njit(cache=True)
def _start(bank, step, half):
    """A row a harmonic: what it turns by in a sample, where it stands, and two sums."""
    for k in range(HARMONICS):
        bank[k] = 0.0
        bank[k, 0], bank[k, 1] = math.cos(step * (k + 1)), -math.sin(step * (k + 1))
        bank[k, 2], bank[k, 3] = math.cos(step * (k + 1) * half), math.sin(step * (k + 1) * half)


@numba.njit(cache=True)
def _add(bank, windowed, sloped):
    """One more sample, in the window and in its slope, into the sums of each harmonic."""
    for k in range(HARMONICS):
        re, im = bank[k, 2], bank[k, 3]
        bank[k, 4] += windowed * re
        bank[k, 5] += windowed * im
        bank[k, 6] += sloped * re
        bank[k, 7] += sloped * im
        bank[k, 2] = re * bank[k, 0] - im * bank[k, 1]
        bank[k, 3] = re * bank[k, 1] + im * bank[k, 0]


@numba.njit(cache=True)
def _mean_frequency(bank, step):
    """F0 in radians a sample: of each harmonic, weighted by its amplitude."""
    above, below = 0.0, 0.0
    for k in range(HARMONICS):
        re, im, slope_re, slope_im = bank[k, 4], bank[k, 5], bank[k, 6], bank[k, 7]
        power = re * re + im * im + 1e-30
        own = step * (k + 1) + (slope_re * im - slope_im * re) / power
        above += math.sqrt(power) * own
        below += math.sqrt(power) * (k + 1)
    return above / below
