"""Hashes and smooth noise for kernels: same bits on every machine, no tables."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba


@numba.njit
def hash_unit(n):
    """Random number 0 to 1 of an integer (Wang's 32-bit integer hash)."""
    n = n & 0xFFFFFFFF
    n = ((n ^ 61) ^ (n >> 16)) * 9 & 0xFFFFFFFF
    n = (n ^ (n >> 4)) * 0x27D4EB2D & 0xFFFFFFFF
    return ((n ^ (n >> 15)) & 0xFFFFFF) * (1.0 / 16777216.0)


@numba.njit
def _corner(i, j, k):
    return hash_unit(i * 73856093 ^ j * 19349663 ^ k * 83492791)


@numba.njit
def _ease(t):
    return t * t * (3.0 - 2.0 * t)


@numba.njit(cache=True, fastmath=True)
def value_noise(x, y, z):
    """Smooth noise 0 to 1 with features of size 1 (trilinear value noise)."""
    i, j, k = math.floor(x), math.floor(y), math.floor(z)
    u, v, w = _ease(x - i), _ease(y - j), _ease(z - k)
    a = _corner(i, j, k) * (1 - u) + _corner(i + 1, j, k) * u
    b = _corner(i, j + 1, k) * (1 - u) + _corner(i + 1, j + 1, k) * u
    c = _corner(i, j, k + 1) * (1 - u) + _corner(i + 1, j, k + 1) * u
    d = _corner(i, j + 1, k + 1) * (1 - u) + _corner(i + 1, j + 1, k + 1) * u
    return (a * (1 - v) + b * v) * (1 - w) + (c * (1 - v) + d * v) * w
