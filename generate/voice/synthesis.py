"""Speech from F0, envelope and noise share: what WORLD's synthesis does, all frames at once.

Pulses and noise go through minimum-phase filters (Morise, Yokomori and Ozawa, "WORLD", IEICE Trans.
Inf. & Syst. E99-D, 2016; minimum phase by the folded cepstrum: Oppenheim and Schafer, Discrete-Time
Signal Processing, ch. 13). Filters are worked out once a frame and mixed linearly for each pulse,
noise is filtered frame by frame: a fifth of the time of pulse-by-pulse synthesis.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from functools import cache

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

STEPS = 16
"""Places of a pulse between two samples."""


def synthesize(
    f0_hz: NDArray[np.float64],
    log_power: NDArray[np.float32],
    noise: NDArray[np.float32],
    rate_hz: int,
    hop: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Speech (T * hop,) of T frames `hop` samples apart.

    f0_hz (T,) is 0 where unvoiced, log_power (T, bins) the log of the spectral envelope from 0 Hz
    to half of `rate_hz`, noise (T, bins) the amplitude share of noise, 0 to 1; all of an unvoiced
    frame is noise.
    """
    filters = minimum_phase(log_power)
    noise = np.where(f0_hz[:, None] > 0, noise, np.float32(1))
    audio = _filtered_noise(filters * noise, hop, rng)
    if (f0_hz > 0).any():
        periodic = filters * np.sqrt(1 - np.square(noise))
        _add_pulses(audio, periodic, f0_hz, rate_hz, hop)
    return audio[: len(f0_hz) * hop]


def minimum_phase(log_power: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Spectra (T, bins) of the causal filters whose power is e ** log_power (T, bins)."""
    cepstrum = irfft(log_power / 2, axis=1)
    middle = cepstrum.shape[1] // 2
    cepstrum[:, 1:middle] *= 2
    cepstrum[:, middle + 1 :] = 0
    spectrum = rfft(cepstrum, axis=1)
    level, phase = np.exp(spectrum.real), spectrum.imag
    spectrum.real, spectrum.imag = level * np.cos(phase), level * np.sin(phase)
    return np.asarray(spectrum, np.complex64)


def _filtered_noise(
    filters: NDArray[np.complex64], hop: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """White noise in Hann windows of two hops, each through its filter; some samples too long."""
    frames, size = len(filters), 2 * (filters.shape[1] - 1)
    white = rng.standard_normal((frames + 1) * hop, dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(white, 2 * hop)[::hop]
    waves = irfft(rfft(windows * _hann(2 * hop), size, axis=1) * filters, axis=1)
    steps = -(-size // hop)
    parts = np.zeros((frames, steps, hop), np.float32)
    parts.reshape(frames, -1)[:, :size] = waves
    audio = np.zeros((frames + steps, hop), np.float32)
    for step in range(steps):
        audio[step : step + frames] += parts[:, step]
    return audio.ravel()[hop:]


def _add_pulses(
    audio: NDArray[np.float32],
    filters: NDArray[np.complex64],
    f0_hz: NDArray[np.float64],
    rate_hz: int,
    hop: int,
) -> None:
    """Add the filters' responses to one pulse a period, as strong as white noise of RMS 1."""
    last = len(f0_hz) - 1
    voiced = f0_hz > 0
    sample = np.arange(len(f0_hz) * hop)
    track_hz = np.interp(sample / hop, np.flatnonzero(voiced), f0_hz[voiced])
    cycles = np.cumsum(track_hz) / rate_hz
    at = np.interp(np.arange(1, int(cycles[-1]) + 1), cycles, sample)
    at = at[voiced[np.minimum(np.rint(at / hop).astype(int), last)]]
    at = np.round(at * STEPS) / STEPS
    start, frame = at.astype(int), np.minimum(at.astype(int) // hop, max(last - 1, 0))
    part = at / hop - frame
    step = ((at - start) * STEPS).astype(int)
    level = np.sqrt(rate_hz / track_hz[start])
    spectra = _pulse_spectra(filters, frame, part, _delays(filters.shape[1]), step, level)
    _add_at(audio, start, irfft(spectra, axis=1))


@numba.njit(cache=True)
def _pulse_spectra(filters, frame, part, delays, step, level):
    """(P, bins) of filters (T, bins) between `frame` and the next, delayed and scaled; no DC."""
    count, bins, last = len(frame), filters.shape[1], len(filters) - 1
    spectra = np.zeros((count, bins), np.complex64)
    for p in range(count):
        after = np.float32(part[p] * level[p])
        before = np.float32((1 - part[p]) * level[p])
        low, high, delay = filters[frame[p]], filters[min(frame[p] + 1, last)], delays[step[p]]
        for k in range(1, bins):
            spectra[p, k] = (low[k] * before + high[k] * after) * delay[k]
    return spectra


@numba.njit(cache=True)
def _add_at(audio, start, waves):
    """Add wave p of (P, size) to audio (N,) from sample start[p] on, as far as audio goes."""
    for p in range(len(start)):
        for n in range(min(waves.shape[1], len(audio) - start[p])):
            audio[start[p] + n] += waves[p, n]


@cache
def _hann(count: int) -> NDArray[np.float32]:
    return np.hanning(count + 1)[:-1].astype(np.float32)


@cache
def _delays(bins: int) -> NDArray[np.complex64]:
    """(STEPS, bins) spectra of delays by 0, 1 / STEPS, ... of a sample."""
    turns = np.outer(np.arange(STEPS) / STEPS, np.arange(bins)) / (2 * (bins - 1))
    return np.exp(-2j * np.pi * turns).astype(np.complex64)
