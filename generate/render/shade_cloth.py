"""Clothes: knitted ground, printed patterns, ribbed collar, soft folds."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
import numpy as np

from generate.render.ids import AUX_AO, AUX_BAND, AUX_SECOND, CLOTH, CLOTH_PART
from generate.render.noise import value_noise
from generate.render.shade_fragments import keep_albedo
from generate.render.shade_math import (
    dot_row,
    fifth,
    fract,
    irradiance,
    lit_share,
    mix,
    smoothstep,
    unit,
    wrapped,
)

PLAIN, STRIPES, BARS, DOTS = 0, 1, 2, 3
FOLD_PER_MM = 0.022


@numba.njit(fastmath=True)
def _ink(pattern, scale, x, y):
    """Cover of the printed pattern, 0 to 1, at template place (mm)."""
    x, y = x * scale, y * scale
    if pattern == STRIPES:
        return smoothstep(0.44, 0.5, abs(fract(y * 0.045) - 0.5) * 2.0)
    if pattern == BARS:
        return 0.8 * smoothstep(0.66, 0.72, abs(fract(x * 0.05) - 0.5) * 2.0)
    if pattern == DOTS:
        row = math.floor(y * 0.06)
        a = fract(x * 0.06 + 0.5 * (row - 2.0 * math.floor(row * 0.5))) - 0.5
        b = fract(y * 0.06) - 0.5
        return 1.0 - smoothstep(0.24, 0.30, math.sqrt(a * a + b * b))
    return 0.0


@numba.njit(cache=True, fastmath=True)
def shade_cloth(fragments, lamps, shadow, camera_at, cloth):
    """Write colour and part of all cloth; cloth: `people.skin.ClothLook`."""
    albedo = np.zeros(3, np.float32)
    light = np.zeros(3, np.float32)
    for k in range(fragments.first[CLOTH], fragments.first[CLOTH + 1]):
        p0, p1, p2 = fragments.position[k, 0], fragments.position[k, 1], fragments.position[k, 2]
        s0, s1, s2 = fragments.normal[k, 0], fragments.normal[k, 1], fragments.normal[k, 2]
        c0, c1, c2 = fragments.canon[k, 0], fragments.canon[k, 1], fragments.canon[k, 2]
        v0, v1, v2 = unit(camera_at[0] - p0, camera_at[1] - p1, camera_at[2] - p2)
        if s0 * v0 + s1 * v1 + s2 * v2 < 0.0:
            s0, s1, s2 = -s0, -s1, -s2
        x, y, z = c0 * FOLD_PER_MM, c1 * FOLD_PER_MM * 0.6, c2 * FOLD_PER_MM
        fold = value_noise(x, y, z + cloth.seed) - 0.5
        crease = value_noise(x * 2.3 + 7.0, y * 2.3, z * 2.3 + cloth.seed) - 0.5
        n0, n1, n2 = unit(s0 + 0.55 * fold + 0.25 * crease, s1 - 0.25 * fold, s2 + 0.3 * crease)
        knit = 0.9 + 0.2 * value_noise(c0 * 0.8, c1 * 0.8, c2 * 0.8)
        band = min(max(fragments.aux[k, AUX_BAND], 0.0), 1.0)
        rib = 0.82 + 0.18 * math.cos(140.0 * math.atan2(c0, c2 - 10.0))
        ink = _ink(cloth.pattern, cloth.scale, c0, c1) * (1.0 - band)
        other = fragments.aux[k, AUX_SECOND]
        knit *= mix(1.0, rib, band)
        ao = min(max(fragments.aux[k, AUX_AO], 0.0), 1.0) * (0.9 + 0.35 * fold)
        ao = max(ao, 0.22)
        lit = lit_share(shadow, 0.002, p0 + s0 * 0.003, p1 + s1 * 0.003, p2 + s2 * 0.003)
        for c in range(3):
            color = mix(cloth.color[c], cloth.ink[c], ink)
            albedo[c] = (color if other < 0.5 else cloth.second[c] if other < 1.5 else 0.6) * knit
            light[c] = irradiance(lamps.ambient, c, n0, n1, n2) * ao
        for i in range(3):
            share = lit if i == 0 else ao
            nl = wrapped(dot_row(lamps.direction, i, n0, n1, n2), 0.15)
            for c in range(3):
                light[c] += lamps.color[i, c] * nl * share
        fuzz = 0.10 * fifth(1.0 - min(abs(n0 * v0 + n1 * v1 + n2 * v2), 1.0))
        for c in range(3):
            fragments.color[k, c] = (albedo[c] + fuzz * (0.3 + cloth.color[c])) * light[c]
        keep_albedo(fragments, k, albedo[0], albedo[1], albedo[2])
        fragments.part[k] = CLOTH_PART
