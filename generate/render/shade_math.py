"""Small inlined functions shared by the shading kernels. Scalars in, scalars out."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
import numpy as np

from generate.render.noise import hash_unit

PI = math.pi


@numba.njit(fastmath=True)
def smoothstep(low, high, x):
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@numba.njit(fastmath=True)
def mix(a, b, t):
    return a + (b - a) * t


@numba.njit(fastmath=True)
def fifth(x):
    return x * x * x * x * x


@numba.njit(fastmath=True)
def fract(x):
    return x - math.floor(x)


@numba.njit(fastmath=True)
def unit(x, y, z):
    s = 1.0 / math.sqrt(x * x + y * y + z * z + 1e-12)
    return x * s, y * s, z * s


@numba.njit(fastmath=True)
def dot_row(rows, i, x, y, z):
    return rows[i, 0] * x + rows[i, 1] * y + rows[i, 2] * z


@numba.njit(fastmath=True)
def half_way(lights, i, vx, vy, vz):
    """Unit vector half way between light i and the viewer."""
    return unit(lights[i, 0] + vx, lights[i, 1] + vy, lights[i, 2] + vz)


@numba.njit(fastmath=True)
def wrapped(nl, wrap):
    """Diffuse term whose terminator is softened by light that scattered under the surface."""
    return min(max((nl + wrap) / (1.0 + wrap), 0.0), 1.0)


@numba.njit(fastmath=True)
def fresnel(f0, vh):
    """Schlick's approximation."""
    return f0 + (1.0 - f0) * fifth(1.0 - min(max(vh, 0.0), 1.0))


@numba.njit(fastmath=True)
def ggx(nh, roughness):
    """Trowbridge-Reitz distribution of facets."""
    a2 = roughness * roughness * roughness * roughness
    d = nh * nh * (a2 - 1.0) + 1.0
    return a2 / (PI * d * d + 1e-9)


@numba.njit(fastmath=True)
def irradiance(sh, k, x, y, z):
    """Ambient light of channel k on a surface with normal (x, y, z): second-order harmonics.

    sh (9, 3) already holds the cosine lobe (Ramamoorthi and Hanrahan 2001), so this is a sum.
    """
    return max(
        sh[0, k]
        + sh[1, k] * y
        + sh[2, k] * z
        + sh[3, k] * x
        + sh[4, k] * x * y
        + sh[5, k] * y * z
        + sh[6, k] * (3.0 * z * z - 1.0)
        + sh[7, k] * x * z
        + sh[8, k] * (x * x - y * y),
        0.0,
    )


@numba.njit(fastmath=True)
def lit_share(shadow, bias, x, y, z, jitter):
    """Share of the key light that reaches a point: 0 in full shadow, 1 in the open.

    shadow: `light.Shadow`; bias: m added to its own; 5 x 5 taps in a tent, moved by a hash of
    `jitter` so that steps do not show. Where every second tap agrees, the others are not asked.
    """
    matrix, depth, radius = shadow.matrix, shadow.depth, np.float32(shadow.radius)
    size = depth.shape[0]
    u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]
    v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]
    d = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3]
    d = np.float32(d + shadow.bias + bias)
    margin = 3.0 * radius + 1.0
    if u < margin or v < margin or u > size - margin - 1.0 or v > size - margin - 1.0:
        return 1.0
    u = np.float32(u + radius * (hash_unit(jitter) - 0.5))
    v = np.float32(v + radius * (hash_unit(jitter + 7919) - 0.5))
    lit = 0
    for j in range(-2, 3, 2):
        row = np.uint32(v + np.float32(j) * radius)
        for i in range(-2, 3, 2):
            lit += depth[row, np.uint32(u + np.float32(i) * radius)] <= d
    if lit == 0 or lit == 9:
        return lit / 9.0
    lit = 0
    for j in range(-2, 3):
        row = np.uint32(v + np.float32(j) * radius)
        for i in range(-2, 3):
            weight = (3 - abs(i)) * (3 - abs(j))
            lit += weight * (depth[row, np.uint32(u + np.float32(i) * radius)] <= d)
    return lit / 81.0
