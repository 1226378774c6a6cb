"""The log-mel front end in whole numbers: what a microcontroller computes, bit for bit.

`export/to_c_frontend.py` writes the same steps in C99 with the same tables. Samples are int16;
the arithmetic needs 32-bit integers, 64-bit sums, and no floating point.

    window    sample * Hann (Q15) >> SHIFT                      int32, real = value / 2^23
    FFT       radix 2, decimation in time, twiddles Q14          int32, cannot overflow (see tables)
    power     (re^2 + im^2) >> 16                                uint64, real = value / 2^30
    mel       triangles (Q15), + EPSILON                         uint64, real = value / 2^30
    level     log2 by a table of 128 chords                      uint16, 1024 steps an octave
    feature   floor below the loudest cell, model's int8 scale   int8
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from device.backends.frontend import EPSILON, hann, mel_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[Any]

SAMPLE_BITS, WINDOW_BITS, TWIDDLE_BITS, MEL_BITS = 15, 15, 14, 15
POWER_BITS = 30
"""Fraction bits of power and mel power; EPSILON is 10737 steps of them."""
CHORD_BITS = 7
"""The logarithm is straight between 128 points an octave: error below 1.2e-5 octaves."""
LOG_BITS, LEVEL_BITS = 16, 10
"""Fraction bits of the logarithm's table and of a stored level."""
FEATURE_BITS = 32
"""Fraction bits of the step from level to int8."""


@dataclass(frozen=True)
class Tables:
    """Constants of the integer front end, the same in numpy and in C."""

    window: Ints
    """(window,) Hann, Q15, 0 to 32768."""
    shift: int
    """What a windowed sample is shifted down by, so that the largest possible bin fits int32."""
    cosine: Ints
    """(n_fft / 2,) cos(2 pi k / n_fft), Q14."""
    sine: Ints
    """(n_fft / 2,) -sin(2 pi k / n_fft), Q14."""
    order: Ints
    """(n_fft,) bit-reversed numbers."""
    power_shift: int
    """What a squared bin is shifted down by, to POWER_BITS."""
    first: Ints
    """(L,) first frequency bin of each mel band."""
    count: Ints
    """(L,) bins of each mel band."""
    weight: Ints
    """(sum of count,) Q15, band after band."""
    epsilon: int
    """EPSILON in mel power."""
    chord: Ints
    """(129,) log2(1 + i / 128), Q16."""
    depth: int
    """floor_db in level steps."""
    quietest: int
    """Loudest cell that is assumed at least, in level steps: digital silence stays the floor."""


def tables(spec: dict[str, Any]) -> Tables:
    """Return the tables of a `logmel` front end; ValueError where int32 would overflow."""
    names = ("sample_rate", "window", "n_fft", "n_mels", "fmin", "fmax", "floor_db")
    return _tables(*(spec[name] for name in names))


@functools.lru_cache(maxsize=8)
def _tables(
    rate: int, window: int, n_fft: int, n_mels: int, fmin: float, fmax: float, floor_db: float
) -> Tables:
    """A bin is at most sum(window) = window / 2 in size: shifted by its bits, less one, it fits."""
    import numpy as np

    if n_fft & (n_fft - 1) or not 16 <= window <= n_fft <= 512:
        raise ValueError(
            f"front end with window {window} and n_fft {n_fft}: the integer form takes a power of "
            "two up to 512, not below the window"
        )
    shift = (window // 2).bit_length() - 1
    bands = mel_bands(rate, n_fft, n_mels, fmin, fmax)
    places = [np.flatnonzero(row > 0) for row in bands]
    if not all(len(place) for place in places):
        raise ValueError(f"front end with {n_mels} mel bands: one of them holds no frequency bin")
    angle = 2 * np.pi * np.arange(n_fft // 2) / n_fft
    epsilon = round(EPSILON * 2**POWER_BITS)
    depth = round(floor_db / 10 * math.log2(10) * 2**LEVEL_BITS)
    return Tables(
        window=_whole(hann(window), WINDOW_BITS),
        shift=shift,
        cosine=_whole(np.cos(angle), TWIDDLE_BITS),
        sine=_whole(-np.sin(angle), TWIDDLE_BITS),
        order=_bit_reversed(n_fft),
        power_shift=2 * (SAMPLE_BITS + WINDOW_BITS - shift) - POWER_BITS,
        first=np.array([place[0] for place in places]),
        count=np.array([len(place) for place in places]),
        weight=_whole(
            np.concatenate([bands[b, place] for b, place in enumerate(places)]), MEL_BITS
        ),
        epsilon=epsilon,
        chord=_whole(np.log2(1 + np.arange(129) / 128), LOG_BITS),
        depth=depth,
        quietest=round(math.log2(epsilon) * 2**LEVEL_BITS) + depth,
    )


def frame_levels(frames: Ints, spec: dict[str, Any]) -> Ints:
    """Return the levels of frames (..., window) int16 -> (..., L) uint16, log2 of mel power."""
    import numpy as np

    t = tables(spec)
    real = np.zeros((*frames.shape[:-1], spec["n_fft"]), np.int64)
    real[..., : spec["window"]] = (frames.astype(np.int64) * t.window) >> t.shift
    re, im = _fft(real, t)
    half = spec["n_fft"] // 2 + 1
    power = (re[..., :half] ** 2 + im[..., :half] ** 2) >> t.power_shift
    ends = np.cumsum(t.count)
    mels = np.stack(
        [
            power[..., start : start + count] @ t.weight[end - count : end]
            for start, count, end in zip(t.first, t.count, ends, strict=True)
        ],
        axis=-1,
    )
    return _log2((mels >> MEL_BITS) + t.epsilon, t)


def levels(samples: Ints, spec: dict[str, Any]) -> Ints:
    """Return levels of sound (..., N) int16 -> (..., N // hop, L) uint16, framed as the front end.

    ValueError where the sound is not int16 or shorter than a hop.
    """
    import numpy as np

    window, hop = spec["window"], spec["hop"]
    samples = np.asarray(samples)
    count = samples.shape[-1] // hop
    if samples.dtype != np.int16 or count < 1:
        raise ValueError(
            f"sound of shape {samples.shape} and type {samples.dtype}: the integer front end takes "
            f"int16, at least {hop} samples"
        )
    side = (window - hop) // 2
    ends = [(0, 0)] * (samples.ndim - 1) + [(side, window - hop - side)]
    padded = np.pad(samples[..., : count * hop], ends)
    pieces = np.lib.stride_tricks.sliding_window_view(padded, window, axis=-1)[..., ::hop, :]
    return frame_levels(pieces, spec)


def features(level: Ints, spec: dict[str, Any], scale: float, zero_point: int) -> Ints:
    """Return a model's int8 input for levels (..., T, L) of one window.

    scale, zero_point: of the model's input, real = scale * (int8 - zero_point).
    """
    import numpy as np

    t = tables(spec)
    gain, offset = feature_steps(spec, scale, zero_point)
    level = level.astype(np.int64)
    loudest = np.maximum(level.max(axis=(-2, -1), keepdims=True), t.quietest)
    below = np.maximum(level - loudest, -t.depth)
    return np.asarray(np.clip((below * gain + offset) >> FEATURE_BITS, -128, 127).astype(np.int8))


def feature_steps(spec: dict[str, Any], scale: float, zero_point: int) -> tuple[int, int]:
    """Return (gain of a level step, offset with a half for rounding), FEATURE_BITS fraction bits.

    Features are 2 at the loudest cell and -2 at the floor (frontend.normalize).
    """
    one = 2**FEATURE_BITS
    gain = 4 / (tables(spec).depth * scale) * one
    return round(gain), round((2 / scale + zero_point + 0.5) * one)


def to_int16(audio: Ints) -> Ints:
    """Return float sound -1..1 as 16-bit samples, rounded and clipped."""
    import numpy as np

    limit = 2**SAMPLE_BITS
    return np.clip(np.round(np.asarray(audio) * limit), -limit, limit - 1).astype(np.int16)


def _fft(real: Ints, t: Tables) -> tuple[Ints, Ints]:
    """Radix-2 FFT in place of (..., n) int64 that holds int32 values: Cooley & Tukey 1965."""
    import numpy as np

    n, half_step = real.shape[-1], 1 << (TWIDDLE_BITS - 1)
    re, im = real[..., t.order].copy(), np.zeros_like(real)
    size = 2
    while size <= n:
        half = size // 2
        c, s = t.cosine[:: n // size], t.sine[:: n // size]
        a, b = (x.reshape(*x.shape[:-1], n // size, size) for x in (re, im))
        over, under = a[..., half:], b[..., half:]
        turned = (over * c - under * s + half_step) >> TWIDDLE_BITS
        turned_im = (over * s + under * c + half_step) >> TWIDDLE_BITS
        a[..., half:], a[..., :half] = a[..., :half] - turned, a[..., :half] + turned
        b[..., half:], b[..., :half] = b[..., :half] - turned_im, b[..., :half] + turned_im
        size *= 2
    return re, im


def _log2(value: Ints, t: Tables) -> Ints:
    """Base-2 logarithm of integers >= 1 below 2^52, in level steps: (...) int64 -> uint16."""
    import numpy as np

    octave = np.frexp(value.astype(np.float64))[1].astype(np.int64) - 1  # place of the top bit
    fraction = value >> np.maximum(octave - 16, 0) << np.maximum(16 - octave, 0) & 0xFFFF
    place, rest = fraction >> (16 - CHORD_BITS), fraction & ((1 << (16 - CHORD_BITS)) - 1)
    low, high = t.chord[place], t.chord[place + 1]
    log = (octave << LOG_BITS) + low + (((high - low) * rest) >> (16 - CHORD_BITS))
    down = LOG_BITS - LEVEL_BITS
    return np.asarray(((log + (1 << (down - 1))) >> down).astype(np.uint16))


def _bit_reversed(n: int) -> Ints:
    import numpy as np

    bits = n.bit_length() - 1
    return np.array([int(f"{k:0{bits}b}"[::-1], 2) for k in range(n)])


def _whole(values: Ints, bits: int) -> Ints:
    import numpy as np

    made = np.round(values * 2**bits).astype(np.int64)
    made.setflags(write=False)
    return made
