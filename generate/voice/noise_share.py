"""D4C for all frames at once: how much of a voiced sound is noise, by what its group delay does.

Morise, "D4C, a band-aperiodicity estimator for high-quality speech synthesis", Speech Communication
84 (2016). At 16 kHz it has one band, around 3 kHz; under it noise falls to nothing at 0 Hz, above
it rises to all at 8 kHz.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from generate.voice.envelope import fill_below, smooth

SIZE = 1024
"""Four periods of the lowest F0 at 16 kHz."""
LOWEST_HZ = 64.0
BAND_HZ = 3000.0
"""Middle of the band, and half of its width."""
ALL_PERIODIC_DB = -60.0


def band_noise_db(
    audio: NDArray[np.float64], f0_hz: NDArray[np.float64], at: NDArray[np.intp], rate_hz: int
) -> NDArray[np.float64]:
    """(T,) dB of noise, 0 at most, in the band around BAND_HZ of speech (N,) at samples `at` (T,),
    where it is voiced with f0_hz (T,)."""
    f0 = np.maximum(f0_hz, LOWEST_HZ)
    delays = _group_delays(rfft(_windowed(audio, f0, at, rate_hz), axis=1), f0 * (SIZE / rate_hz))
    half = int(BAND_HZ * SIZE / rate_hz)
    from scipy.signal.windows import nuttall  # 0.3 s that a process without sound need not spend

    window = nuttall(2 * half + 1)
    spectra = rfft(delays[:, : 2 * half + 1] * window, SIZE, axis=1)
    power = np.cumsum(np.sort(np.square(spectra.real) + np.square(spectra.imag), axis=1), axis=1)
    peaks = round(SIZE * 8 / len(window))
    # Silence has no delays at all and counts as noise.
    share_db = 10 * np.log10((power[:, -2 - peaks] + 1e-12) / (power[:, -1] + 1e-12))
    return np.asarray(np.minimum(share_db + (f0 - 100) / 50, 0))


def share_of_noise(band_db: NDArray[np.float64], bins: int, rate_hz: int) -> NDArray[np.float32]:
    """(T, bins) amplitude share of noise, 0 to 1, from 0 Hz to half of `rate_hz`."""
    hz = np.linspace(0, rate_hz / 2, bins)
    under = np.interp(hz, (0, BAND_HZ), (1, 0)).astype(np.float32)
    above = np.interp(hz, (BAND_HZ, rate_hz / 2), (1, 0)).astype(np.float32)
    middle = np.where(hz < BAND_HZ, 1 - under, above)
    level_db = under * np.float32(ALL_PERIODIC_DB) + band_db.astype(np.float32)[:, None] * middle
    return np.exp(level_db * np.float32(math.log(10) / 20))


@numba.njit(cache=True)
def _windowed(audio, f0_hz, at, rate_hz):
    """(5 T, SIZE): for each frame Blackman's window a quarter of a period before it and after it,
    each also times the number of the sample, and Hann's window; four periods long."""
    waves = np.zeros((5 * len(f0_hz), SIZE))
    for t in range(len(f0_hz)):
        half = min(int(2 * rate_hz / f0_hz[t] + 0.5), SIZE // 2 - 1)
        step = math.pi * f0_hz[t] / (2 * rate_hz)
        quarter = rate_hz / f0_hz[t] / 4
        _window(audio, at[t] - quarter, half, step, 0.42, 0.08, waves[5 * t])
        _window(audio, at[t] + quarter, half, step, 0.42, 0.08, waves[5 * t + 1])
        _window(audio, at[t], half, step, 0.5, 0.0, waves[5 * t + 4])
        for side in range(2):
            wave = waves[5 * t + side]
            wave /= math.sqrt(np.sum(wave * wave)) + 1e-12
            for n in range(2 * half + 1):
                waves[5 * t + 2 + side, n] = wave[n] * (n + 1)
    return waves


@numba.njit(cache=True)
def _window(audio, at, half, step, mean, second, wave):
    """Write 2 half + 1 samples around `at` into `wave`, under a window and without DC."""
    middle, last = int(at + 0.5), len(audio) - 1
    weight, total = np.empty(2 * half + 1), 0.0
    for n in range(2 * half + 1):
        cosine = math.cos(step * (n - half + middle - at))
        weight[n] = mean + 0.5 * cosine + second * (2 * cosine * cosine - 1)
        wave[n] = weight[n] * audio[min(max(middle - half + n, 0), last)]
        total += wave[n]
    wave[: 2 * half + 1] -= weight * (total / np.sum(weight))


@numba.njit(cache=True)
def _group_delays(spectra, f0_bins):
    """(T, bins) of `_windowed`'s spectra: energy's place in time, less its mean over F0."""
    count, bins = len(f0_bins), spectra.shape[1]
    delays = np.empty((count, bins))
    for t in range(count):
        rows = spectra[5 * t : 5 * t + 5]
        place = (rows[0] * np.conj(rows[2])).real + (rows[1] * np.conj(rows[3])).real
        power = rows[4].real ** 2 + rows[4].imag ** 2
        fill_below(place, f0_bins[t])
        fill_below(power, f0_bins[t])
        delay = smooth(place / (smooth(power, f0_bins[t]) + 1e-16), f0_bins[t] / 2)
        delays[t] = delay - smooth(delay, f0_bins[t])
    return delays
