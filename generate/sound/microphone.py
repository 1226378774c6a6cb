"""A toy's own loudspeaker and microphone: echo, capsule, cloth, band, gain, clipping, converter.

Filters have no phase (their taps are symmetric), so that words keep their times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ
from generate.sound.convolution import Taps, convolve

BANDS: dict[str, tuple[float, float]] = {
    "wide": (20.0, 8000.0),
    "8 kHz": (50.0, 3900.0),
    "telephone": (300.0, 3400.0),
}
"""Lowest and highest frequency that passes; "8 kHz" is a converter at that sample rate."""
TAPS = 2048
_WINDOW = np.hanning(TAPS + 1)[:-1]
EDGE = 0.06
"""A band ends within this share of its edge frequency."""
FREQUENCY_HZ = np.linspace(0, SAMPLE_RATE_HZ / 2, TAPS // 2 + 1)
"""(F,) where the gain of a filter is given."""
LOUDSPEAKER_HZ = (450.0, 6500.0)
BLOCK_S = 0.01
AGC_TARGET = 0.12
"""RMS that a full automatic gain would hold speech at."""
AGC_MOST = 20.0


def filtered(audio: NDArray[np.float32], gain: NDArray[np.float64]) -> NDArray[np.float32]:
    """Sound (N,) with its amplitude at FREQUENCY_HZ times `gain` (F,)."""
    if not len(audio):
        return audio
    taps = np.roll(np.fft.irfft(gain, TAPS), TAPS // 2) * _WINDOW
    whole = convolve(np.asarray(audio, np.float32), Taps(taps.astype(np.float32)))
    return whole[TAPS // 2 : TAPS // 2 + len(audio)]


def band_gain(frequency_hz: NDArray[np.float64], band: str) -> NDArray[np.float64]:
    """Gain (F,) 1 inside one of BANDS, 0 from EDGE beyond its limits, a cosine between."""
    return _pass(frequency_hz, *BANDS[band])


def _pass(frequency_hz: NDArray[np.float64], low_hz: float, high_hz: float) -> NDArray[np.float64]:
    below = np.clip((low_hz - frequency_hz) / (EDGE * low_hz), 0, 1)
    above = np.clip((frequency_hz - high_hz) / (EDGE * high_hz), 0, 1)
    return 0.25 * (1 + np.cos(np.pi * below)) * (1 + np.cos(np.pi * above))


def capsule_gain(
    frequency_hz: NDArray[np.float64], low_hz: float, peak_hz: float, peak_db: float
) -> NDArray[np.float64]:
    """Gain (F,) of a small capsule behind a hole: 12 dB an octave below `low_hz`, a broad peak."""
    ratio = low_hz / np.maximum(frequency_hz, 1.0)
    octaves = np.log2(np.maximum(frequency_hz, 1.0) / peak_hz)
    return 10 ** (peak_db / 20 * np.exp(-2 * octaves**2)) / (1 + ratio**2)


def cloth_gain(frequency_hz: NDArray[np.float64], cloth_db: float) -> NDArray[np.float64]:
    """Gain (F,) of cloth over the hole: `cloth_db` lost at 4 kHz, as much again every octave up,
    next to none below 500 Hz."""
    octaves = np.log2(np.maximum(frequency_hz, 1.0) / 500.0)
    return 10 ** (-cloth_db / 20 * np.clip(octaves / 3, 0, 1.5))


def loudspeaker(audio: NDArray[np.float32], drive: float) -> NDArray[np.float32]:
    """What a toy's 3 cm loudspeaker makes of a sound (N,): RMS 1, no bass, bent peaks.

    drive 0.1 (clean) to 3 (shouting) is how far its RMS goes into the bend.
    """
    passed = filtered(audio, _pass(FREQUENCY_HZ, *LOUDSPEAKER_HZ))
    bent = np.tanh(passed * np.float32(drive / max(float(passed.std()), 1e-9)))
    return np.asarray(bent / max(float(bent.std()), 1e-9), np.float32)


def agc(audio: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """Automatic gain (N,) -> (N,): 1 brings every level to AGC_TARGET, 0 does nothing.

    It falls within tens of milliseconds and rises over half a second.
    """
    block = round(BLOCK_S * SAMPLE_RATE_HZ)
    if strength <= 0 or len(audio) < block:
        return audio
    count = len(audio) // block
    rms = np.sqrt(np.mean(audio[: count * block].reshape(count, block) ** 2, axis=1)) + 1e-5
    held, level = np.zeros(count), float(np.max(rms[:30]))
    for index, now in enumerate(rms):
        level += (float(now) - level) * (0.3 if now > level else 0.02)
        held[index] = level
    gain = np.minimum((AGC_TARGET / np.maximum(held, 1e-5)) ** strength, AGC_MOST)
    middles = (np.arange(count) + 0.5) * block
    return (audio * np.interp(np.arange(len(audio)), middles, gain)).astype(np.float32)


def clipped(audio: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Sound whose loudest `share` of samples (0 to 0.5) lies at the limit."""
    if share <= 0 or not len(audio):
        return audio
    limit = float(np.quantile(np.abs(audio), 1 - share))
    return np.clip(audio, -limit, limit)


def converted(
    audio: NDArray[np.float32], peak_db: float, floor_db: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Scale the peak to `peak_db`, add the converter's white noise, round to 16 bits.

    Both in dB of full scale (-90 to 0); silence stays at the noise.
    """
    peak = float(np.abs(audio).max(initial=0.0))
    scaled = audio * np.float32(10 ** (peak_db / 20) / peak) if peak > 0 else audio
    hiss = rng.standard_normal(len(audio), dtype=np.float32) * np.float32(10 ** (floor_db / 20))
    whole = np.round(np.clip(scaled + hiss, -1, 1) * 32767)
    return (whole / 32767).astype(np.float32)
