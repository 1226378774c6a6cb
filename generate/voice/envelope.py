"""CheapTrick for all frames at once: the spectral envelope of speech without its harmonics.

Morise, "CheapTrick, a spectral envelope estimator for high-quality speech synthesis", Speech
Communication 67 (2015). Transforms are of all frames together, what lies between is compiled: a
fifth of the time of frame by frame.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
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
    spectra = rfft(_windowed(audio, f0, rate_hz, hop, size), axis=1)
    log_power = np.log(_smoothed(spectra, f0 * (size / rate_hz)))
    cepstrum = irfft(log_power, axis=1)
    _lifter(cepstrum, f0 / rate_hz)
    return np.ascontiguousarray(rfft(cepstrum, axis=1).real)


@numba.njit(cache=True)
def _windowed(audio, f0_hz, rate_hz, hop, size):
    """(T, size) frames in Hann windows of three periods, of energy 1, without DC.

    The first and the last sample go on for ever; cosines of equal steps follow from the one before.
    """
    waves = np.zeros((len(f0_hz), size), np.float32)
    window = np.empty(size)
    last = len(audio) - 1
    for t in range(len(f0_hz)):
        step = f0_hz[t] * math.pi / PERIODS / rate_hz
        half = min(int(math.pi / step), size // 2 - 1)
        count = 2 * half + 1
        cosine, sine = 1.0, 0.0
        turn_re, turn_im = math.cos(step), math.sin(step)
        for n in range(half + 1):
            window[half + n] = window[half - n] = 0.5 + 0.5 * cosine
            cosine, sine = cosine * turn_re - sine * turn_im, cosine * turn_im + sine * turn_re
        total, energy, mean = 0.0, 0.0, 0.0
        for n in range(count):
            total += window[n]
            energy += window[n] * window[n]
            mean += window[n] * audio[min(max(t * hop - half + n, 0), last)]
        mean, scale = mean / total, 1 / math.sqrt(energy)
        for n in range(count):
            sample = audio[min(max(t * hop - half + n, 0), last)]
            waves[t, n] = window[n] * (sample - mean) * scale
    return waves


@numba.njit(cache=True)
def _smoothed(spectra, f0_bins):
    """(T, bins) power, meant over SMOOTHED of F0 around each bin, LEAST_POWER at least."""
    found = np.empty(spectra.shape, np.float32)
    power = np.empty(spectra.shape[1])
    for t in range(len(spectra)):
        for k in range(len(power)):
            power[k] = spectra[t, k].real ** 2 + spectra[t, k].imag ** 2
        fill_below(power, f0_bins[t])
        mean = smooth(power, f0_bins[t] * SMOOTHED)
        for k in range(len(power)):
            found[t, k] = max(mean[k], 0.0) + LEAST_POWER
    return found


@numba.njit(cache=True)
def smooth(values, width):
    """Means of `values` (bins,) over `width` bins; they go on mirrored at both ends."""
    bins, half = len(values), width / 2
    more = int(half) + 2
    total = np.empty(bins + 2 * more + 1)
    total[0] = 0.0
    for k in range(bins + 2 * more):
        place = abs(k - more)
        total[k + 1] = total[k] + values[place if place < bins else 2 * bins - 2 - place]
    above, below = more + 0.5 + half, more + 0.5 - half
    i, j = int(above), int(below)
    p, q = above - i, below - j
    mean = np.empty(bins)
    for k in range(bins):
        upper = total[i + k] * (1 - p) + total[i + k + 1] * p
        mean[k] = (upper - total[j + k] * (1 - q) - total[j + k + 1] * q) / width
    return mean


@numba.njit(cache=True)
def fill_below(power, f0_bins):
    """Add to power (bins,) under F0 what lies mirrored at half of it, in place: no harmonic is
    there."""
    count = int(f0_bins) + 1
    added = np.empty(count)
    for k in range(count):
        low = int(f0_bins - k)
        part = f0_bins - k - low
        added[k] = power[low] * (1 - part) + power[low + 1] * part
    power[:count] += added


@numba.njit(cache=True)
def _lifter(cepstrum, f0):
    """Take the harmonics out of cepstra (T, size), in place; f0 (T,) is in cycles a sample.

    cos 2x = 1 - 2 sin^2 x: one sine makes the smoothing and the recovery.
    """
    size = cepstrum.shape[1]
    for t in range(len(f0)):
        step = math.pi * f0[t]
        turn_re, turn_im = math.cos(step), math.sin(step)
        cosine, sine = turn_re, turn_im
        for n in range(1, size // 2 + 1):
            gain = sine / (step * n) * (1 - 4 * RECOVERY * sine * sine)
            cepstrum[t, n] *= gain
            if n < size // 2:
                cepstrum[t, size - n] *= gain
            cosine, sine = cosine * turn_re - sine * turn_im, cosine * turn_im + sine * turn_re
