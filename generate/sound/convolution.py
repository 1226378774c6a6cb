"""Convolution of sounds with impulse responses, of few transform lengths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

LENGTHS = tuple(odd << twos for twos in range(9, 14) for odd in (4, 5, 6, 7))
"""2,048 to 57,344 samples: steps of a quarter at most, and the transforms' tables stay kept."""


class Taps:
    """An impulse response (L,), not empty, that many sounds go through: it keeps its spectrum."""

    def __init__(self, taps: NDArray[np.float32]) -> None:
        self.taps = taps
        self._spectrum: tuple[int, NDArray[np.complex64]] = (0, np.zeros(0, np.complex64))

    def spectrum(self, length: int) -> NDArray[np.complex64]:
        """(length / 2 + 1,); the last length asked for is kept."""
        if self._spectrum[0] != length:
            self._spectrum = (length, rfft(self.taps, length))
        return self._spectrum[1]


def convolve(audio: NDArray[np.float32], taps: Taps) -> NDArray[np.float32]:
    """Sound (N,), not empty, through an impulse response (L,): (N + L - 1,).

    A clip is transformed whole (twice as fast as blocks of it), what is longer in blocks.
    """
    count = len(audio) + len(taps.taps) - 1
    if count > LENGTHS[-1]:
        from scipy.signal import oaconvolve  # 0.3 s that a process without sound need not spend

        return np.asarray(oaconvolve(audio, taps.taps), np.float32)
    length = next(size for size in LENGTHS if size >= count)
    whole = irfft(rfft(audio, length) * taps.spectrum(length), length)
    return np.asarray(whole[:count], np.float32)
