"""The inner loops of `sensor.develop`: light gains grain, is toned and becomes bytes."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math
from functools import cache

import numba
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

GRAIN_SIZE = 1 << 17
"""Normal numbers that all frames share: each row of a frame starts elsewhere among them."""
TABLE_SIZE, TABLE_ROOT = 8192, 2.5
"""Tone table: entries, and the root of the brightest light in it."""
_ZERO, _HALF = np.float32(0), np.float32(0.5)
_TOP = np.float32(TABLE_ROOT**2)
_STEPS = np.float32((TABLE_SIZE - 1) / TABLE_ROOT)
_RED, _GREEN, _BLUE = np.float32(0.299), np.float32(0.587), np.float32(0.114)


@numba.njit(fastmath=True)
def _expose(light, gain, fall, fall_y, read, shot, grain, index):
    """Places in the tone table (3 W,) int32 of one row of light (3 W,), with its noise."""
    for i in range(light.shape[0]):
        value = max(light[i], _ZERO) * gain[i] * (fall[i] - fall_y)
        value += grain[i] * math.sqrt(read + shot * value)
        value = min(max(value, _ZERO), _TOP)
        index[i] = np.int32(math.sqrt(value) * _STEPS + _HALF)


@numba.njit(fastmath=True)
def _byte(value):
    return np.uint8(min(max(value, _ZERO), np.float32(255)) + _HALF)


@numba.njit(cache=True, fastmath=True)
def print_rows(light, gain, fall, noise, grain, start, table, saturation, out):
    """Linear RGB (H, 3 W) -> sRGB bytes `out` (H, 3 W).

    gain (3 W,) and fall (3 W,) by column; row y loses 1 - fall[3 y] more; noise (2,) variance in
    the dark and per light; grain (N,) of which row y begins at start[y]; table (TABLE_SIZE,) 0 to
    255 over the root of the light.
    """
    index = np.empty(light.shape[1], np.int32)
    for y in range(light.shape[0]):
        row = grain[start[y] : start[y] + light.shape[1]]
        lost = np.float32(1) - fall[3 * y]
        _expose(light[y], gain, fall, lost, noise[0], noise[1], row, index)
        for x in range(0, light.shape[1], 3):
            r, g, b = table[index[x]], table[index[x + 1]], table[index[x + 2]]
            grey = _RED * r + _GREEN * g + _BLUE * b
            out[y, x] = _byte(grey + saturation * (r - grey))
            out[y, x + 1] = _byte(grey + saturation * (g - grey))
            out[y, x + 2] = _byte(grey + saturation * (b - grey))


def print_film(
    light: F32, gain: F32, fall: F32, noise: F32, table: F32, saturation: float,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:  # fmt: skip
    """Linear RGB (S, S, 3) -> sRGB bytes (S, S, 3).

    gain (3,) exposure of each channel; fall (S,) light left by column, and by row, at the middle
    of the other side; noise (2,) variance in the dark and per light; table as `print_rows`.
    """
    size = light.shape[0]
    grain = _grain()
    start = rng.integers(0, GRAIN_SIZE - 3 * size, size)
    out = np.empty((size, 3 * size), np.uint8)
    print_rows(
        np.ascontiguousarray(light).reshape(size, 3 * size), np.tile(gain, size),
        np.repeat(fall, 3), noise, grain, start, table, np.float32(saturation), out,
    )  # fmt: skip
    return out.reshape(size, size, 3)


@cache
def _grain() -> F32:
    return np.random.default_rng(0x6A).standard_normal(GRAIN_SIZE, dtype=np.float32)
