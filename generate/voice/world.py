"""The WORLD vocoder: speech as F0, spectral envelope and noise share, and back.

Morise, Yokomori and Ozawa, "WORLD", IEICE Trans. Inf. & Syst. E99-D (2016). Settings are chosen
for speed at 16 kHz (40 to 50 times real time on an idle core, analysis and synthesis together):
512-point spectra, F0 by DIO on a decimated signal refined by StoneMask, the noise share (D4C, the
slowest part) in every third frame. pyworld's noise generator restarts with every call, so that
equal inputs give equal bytes.
"""

from __future__ import annotations

import importlib.metadata
import sys
import types
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.01
BINS = 257
_FFT = 512
_F0_FLOOR, _F0_CEIL = 60.0, 700.0
_ENVELOPE_FLOOR = 95.0
"""A 512-point envelope at 16 kHz needs three periods: F0 under this is taken for this."""
_NOISE_EVERY = 3


def _import_pyworld() -> Any:
    """pyworld 0.3.5 asks pkg_resources for its version; setuptools 82 dropped that module."""
    stand_in = types.ModuleType("pkg_resources")
    stand_in.get_distribution = lambda name: types.SimpleNamespace(  # type: ignore[attr-defined]
        version=importlib.metadata.version(name)
    )
    before = sys.modules.get("pkg_resources")
    sys.modules["pkg_resources"] = stand_in
    try:
        import pyworld
    finally:
        del sys.modules["pkg_resources"]
        if before is not None:
            sys.modules["pkg_resources"] = before
    return pyworld


_pyworld = _import_pyworld()


@dataclass(frozen=True)
class Analysis:
    """One frame every FRAME_S seconds; bins run from 0 Hz to half the sample rate."""

    f0_hz: NDArray[np.float64]
    """(T,) 0 where unvoiced."""
    power: NDArray[np.float64]
    """(T, BINS) spectral envelope, power."""
    noise: NDArray[np.float64]
    """(T, BINS) aperiodicity, 0 (periodic) to 1 (noise)."""


def analyse(audio: NDArray[Any], rate_hz: int) -> Analysis:
    """Split speech (N,) into F0, envelope and noise."""
    x = np.ascontiguousarray(audio, dtype=np.float64)
    f0, times = track_f0(x, rate_hz)
    floored = np.where(f0 > 0, np.maximum(f0, _ENVELOPE_FLOOR + 1), 0.0)
    power = _pyworld.cheaptrick(x, floored, times, rate_hz, fft_size=_FFT, f0_floor=_ENVELOPE_FLOOR)
    few = slice(None, None, _NOISE_EVERY)
    coarse = _pyworld.d4c(
        x, np.ascontiguousarray(f0[few]), np.ascontiguousarray(times[few]), rate_hz, fft_size=_FFT
    )
    noise = np.repeat(coarse, _NOISE_EVERY, axis=0)[: len(f0)]
    noise[f0 <= 0] = 1.0
    return Analysis(f0, power, noise)


def track_f0(audio: NDArray[Any], rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """F0 in Hz (T,), 0 where unvoiced, and the times of the frames in s (T,)."""
    x = np.ascontiguousarray(audio, dtype=np.float64)
    f0, times = _pyworld.dio(
        x,
        rate_hz,
        f0_floor=_F0_FLOOR,
        f0_ceil=_F0_CEIL,
        channels_in_octave=1.0,
        frame_period=FRAME_S * 1000,
        speed=4,
    )
    return _pyworld.stonemask(x, f0, times, rate_hz), times


def synthesize(analysis: Analysis, rate_hz: int) -> NDArray[np.float64]:
    """Speech (N,) of an analysis."""
    arrays = (analysis.f0_hz, analysis.power, analysis.noise)
    f0, power, noise = (np.ascontiguousarray(array, dtype=np.float64) for array in arrays)
    result: NDArray[np.float64] = _pyworld.synthesize(f0, power, noise, rate_hz, FRAME_S * 1000)
    return result
