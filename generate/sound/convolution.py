"""Convolution of sounds with impulse responses, of few transform lengths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.signal import oaconvolve

LENGTHS = tuple(odd << twos for twos in range(9, 14) for odd in (4, 5, 6, 7))
"""2,048 to 57,344 samples: steps of a quarter at most, and the transforms' tables stay kept."""


def convolve(audio: NDArray[np.float32], taps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sound (N,) through an impulse response (L,): (N + L - 1,); neither may be empty.

    A clip is transformed whole (twice as fast as blocks of it), what is longer in blocks.
    """
    count = len(audio) + len(taps) - 1
    if count > LENGTHS[-1]:
        return np.asarray(oaconvolve(audio, taps), np.float32)
    length = next(size for size in LENGTHS if size >= count)
    whole = irfft(rfft(audio, length) * rfft(taps, length), length)
    return np.asarray(whole[:count], np.float32)
