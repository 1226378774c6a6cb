"""Small inlined functions shared by the shading kernels. Scalars in, scalars out."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
import numpy as np

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
def azimuth(x, z):
    """atan2(x, z) within 1e-5: Abramowitz and Stegun 4.4.49 on one octant."""
    a, b = abs(x), abs(z)
    t = min(a, b) / (max(a, b) + 1e-12)
    q = t * t
    angle = t * (0.9998660 + q * (-0.3302995 + q * (0.1801410 + q * (-0.0851330 + q * 0.0208351))))
    angle = 0.5 * PI - angle if a > b else angle
    angle = PI - angle if z < 0.0 else angle
    return -angle if x < 0.0 else angle


@numba.njit(fastmath=True)
def fract(x):
    return x - math.floor(x)


@numba.njit(fastmath=True)
def unit(x, y, z):
    s = 1.0 / math.sqrt(x * x + y * y + z * z + 1e-12)
    return x * s, y * s, z * s


@numba.njit(fastmath=True)
def towards_viewer(n0, n1, n2, v0, v1, v2):
    """The normal on the viewer's side.

    The inside of a sheet shows its back. At an outline the interpolated normal may point a little
    away: turned round it would be lit from the wrong side, so it is mirrored there.
    """
    facing = n0 * v0 + n1 * v1 + n2 * v2
    if facing >= 0.0:
        return n0, n1, n2
    if facing < -0.4:
        return -n0, -n1, -n2
    return n0 - 2.0 * facing * v0, n1 - 2.0 * facing * v1, n2 - 2.0 * facing * v2


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
def bled(nl, width):
    """The cosine of a lamp blurred over `width`: light that scatters under the surface.

    max(nl, 0) convolved with a box of half width `width`; what surfaces well in the light receive
    is kept, as in pre-integrated skin (Penner and Borshukov, GPU Pro 2, 2011).
    """
    if nl >= width:
        return nl
    if nl <= -width:
        return 0.0
    return (nl + width) * (nl + width) / (4.0 * width)


@numba.njit(fastmath=True)
def map_place(environment, x, y, z):
    """Row and column, with fractions, of a direction in a map as `environment.py` has it."""
    rows, columns = environment.shape[0], environment.shape[1]
    row = math.acos(min(max(y, -1.0), 1.0)) / PI * rows - 0.5
    column = (math.atan2(x, -z) / (2.0 * PI) + 1.0) * columns - 0.5
    return min(max(row, 0.0), rows - 1.001), column


@numba.njit(fastmath=True)
def map_at(environment, k, row, column):
    """Radiance of channel k at a place of the map, between its cells."""
    columns = environment.shape[1]
    i, j = int(row), int(column)
    s, t = row - i, column - j
    left, right = j % columns, (j + 1) % columns
    top = mix(environment[i, left, k], environment[i, right, k], t)
    return mix(top, mix(environment[i + 1, left, k], environment[i + 1, right, k], t), s)


@numba.njit(fastmath=True)
def lit_share(shadow, bias, x, y, z):
    """Share of the key light that reaches a point: 0 in full shadow, 1 in the open.

    shadow: `light.Shadow`; bias: m added to its own. A tent of 6 x 6 taps on a lattice that is
    fixed in the map, weighted by their distance, so that the edge is smooth without noise; where
    five taps agree the rest are not read.
    """
    matrix, radius, map_ = shadow.matrix, shadow.radius, shadow.depth
    size = map_.shape[0]
    u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]
    v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]
    d = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3]
    d += shadow.bias + bias
    margin = 4.0 * radius + 1.0
    if u < margin or v < margin or u > size - margin - 1.0 or v > size - margin - 1.0:
        return 1.0
    a, b = math.floor(u / radius), math.floor(v / radius)
    left, right = np.uint32((a - 2.0) * radius), np.uint32((a + 3.0) * radius)
    top, bottom = np.uint32((b - 2.0) * radius), np.uint32((b + 3.0) * radius)
    found = (map_[top, left] <= d) + (map_[top, right] <= d)
    found += (map_[bottom, left] <= d) + (map_[bottom, right] <= d)
    found += map_[np.uint32(v), np.uint32(u)] <= d
    if found == 0 or found == 5:
        return found / 5.0
    s, t = u / radius - a, v / radius - b
    lit = 0.0
    for j in range(-2, 4):
        row = np.uint32((b + j) * radius)
        for i in range(-2, 4):
            if map_[row, np.uint32((a + i) * radius)] <= d:
                lit += (3.0 - abs(i - s)) * (3.0 - abs(j - t))
    return lit / 81.0
