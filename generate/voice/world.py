"""The WORLD vocoder's analysis: speech as F0, spectral envelope and noise share.

Morise, Yokomori and Ozawa, "WORLD", IEICE Trans. Inf. & Syst. E99-D (2016). Settings are chosen
for speed at 16 kHz: 512-point spectra, F0 by DIO on a decimated signal refined by StoneMask, the
noise share (D4C, the slowest part) in every sixth voiced frame. Only DIO is pyworld's: envelope.py,
refine_f0.py and noise_share.py beside this file are the others for all frames at once, and
synthesis.py is the way back.
"""

from __future__ import annotations

import importlib.metadata
import sys
import types
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.voice.envelope import log_envelope
from generate.voice.noise_share import band_noise_db, share_of_noise
from generate.voice.refine_f0 import refined

FRAME_S = 0.01
BINS = 257
_FFT = 512
_F0_FLOOR, _F0_CEIL = 60.0, 700.0
_ENVELOPE_FLOOR = 95.0
"""A 512-point envelope at 16 kHz needs three periods: F0 under this is taken for this."""
_NOISE_EVERY = 6


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
    log_power: NDArray[np.float32]
    """(T, BINS) log of the spectral envelope's power, -37 in silence."""
    noise: NDArray[np.float32]
    """(T, BINS) aperiodicity, 0 (periodic) to 1 (noise)."""


def analyse(audio: NDArray[Any], rate_hz: int) -> Analysis:
    """Split speech (N,) into F0, envelope and noise."""
    x = np.ascontiguousarray(audio, dtype=np.float64)
    f0, _ = track_f0(x, rate_hz)
    floored = np.where(f0 > 0, np.maximum(f0, _ENVELOPE_FLOOR + 1), 0.0)
    hop = round(FRAME_S * rate_hz)
    log_power = log_envelope(x, floored, rate_hz, hop, _FFT)
    noise = np.ones(log_power.shape, np.float32)
    voiced = np.flatnonzero((f0 > 0) & _is_periodic(np.exp(log_power), rate_hz))
    if len(voiced):
        few = voiced[::_NOISE_EVERY]
        coarse_db = band_noise_db(x, f0[few], few * hop, rate_hz)
        noise[voiced] = share_of_noise(np.interp(voiced, few, coarse_db), BINS, rate_hz)
    return Analysis(f0, log_power, noise)


def _is_periodic(power: NDArray[np.float32], rate_hz: int) -> NDArray[np.bool_]:
    """(T,) D4C LoveTrain's test for voiced sound, read off the envelope: 85 % of the power from 100
    to 7900 Hz lies under 4 kHz."""
    first, middle, last = (round(hz / rate_hz * _FFT) for hz in (100, 4000, 7900))
    under = power[:, first:middle].sum(axis=1)
    return np.asarray(under > 0.85 * power[:, first:last].sum(axis=1), np.bool_)


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
    return refined(x, f0, rate_hz, round(FRAME_S * rate_hz)), times
