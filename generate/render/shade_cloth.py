"""Clothes: folds, weave, printed patterns, ribbed collar."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
import numpy as np

from generate.people.cloth import FOLD_LOW_MM, FOLD_TEXEL_MM, PRINT_SIZE
from generate.people.ids import AUX_AO, AUX_BAND, AUX_SECOND, CLOTH, CLOTH_PART
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
    towards_viewer,
    unit,
    wrapped,
)

PLAIN, STRIPES, BARS, DOTS, CHECKS = 0, 1, 2, 3, 4
KNIT, DENIM, WOVEN = 1, 2, 3
FOLD_X, FOLD_Y = FOLD_LOW_MM
TILE_MM = 34.0
"""Side of a small figure's field."""
CHEST_Y_MM, CHEST_HALF_MM = 468.0, 62.0
"""Middle and half side of the picture on the chest."""
RIBS = 140.0
"""Ribs round the collar."""
RIB_MM = 2.6


@numba.njit(fastmath=True)
def _stripe(phase, share, soft):
    """Cover of stripes: `share` of each period, edges `soft` wide (periods)."""
    away = abs(fract(phase) - 0.5) * 2.0
    return smoothstep(1.0 - share - soft, 1.0 - share + soft, away)


@numba.njit(fastmath=True)
def _figure(cover, u, v):
    """Bilinear look into a print at u, v 0 to 1 (v down); 0 outside."""
    x, y = u * PRINT_SIZE - 0.5, v * PRINT_SIZE - 0.5
    if x < 0.0 or y < 0.0 or x >= PRINT_SIZE - 1.0 or y >= PRINT_SIZE - 1.0:
        return 0.0
    i, j = int(y), int(x)
    a, b = y - i, x - j
    top = cover[i, j] * (1.0 - b) + cover[i, j + 1] * b
    low = cover[i + 1, j] * (1.0 - b) + cover[i + 1, j + 1] * b
    return top * (1.0 - a) + low * a


@numba.njit(fastmath=True)
def _figures(cloth, x, y, z):
    """Cover of a figure that repeats in rows, or lies once on the chest."""
    if cloth.tiled:
        row = math.floor(y * cloth.scale / TILE_MM)
        u = fract(x * cloth.scale / TILE_MM + 0.5 * (row - 2.0 * math.floor(row * 0.5)))
        return _figure(cloth.print, u, 1.0 - fract(y * cloth.scale / TILE_MM))
    if z < 40.0:
        return 0.0
    u = 0.5 + 0.5 * x / CHEST_HALF_MM
    return _figure(cloth.print, u, 0.5 - 0.5 * (y - CHEST_Y_MM) / CHEST_HALF_MM)


@numba.njit(fastmath=True)
def _ink(cloth, x, y, z, pixel_mm):
    """Cover of the printed pattern, 0 to 1, at template place (mm); edges a pixel wide."""
    pattern, scale = cloth.pattern, cloth.scale
    if pattern == PLAIN:
        return 0.0
    soft = max(0.04, 0.05 * pixel_mm * scale)
    if pattern == STRIPES:
        return _stripe(y * scale * 0.045, 0.53, soft)
    if pattern == BARS:
        return 0.8 * _stripe(x * scale * 0.05, 0.31, soft)
    if pattern == CHECKS:
        across, up = _stripe(x * scale * 0.03, 0.5, soft), _stripe(y * scale * 0.03, 0.5, soft)
        return 0.45 * (across + up)
    if pattern == DOTS:
        row = math.floor(y * scale * 0.06)
        a = fract(x * scale * 0.06 + 0.5 * (row - 2.0 * math.floor(row * 0.5))) - 0.5
        b = fract(y * scale * 0.06) - 0.5
        return 1.0 - smoothstep(0.27 - soft, 0.27 + soft, math.sqrt(a * a + b * b))
    cover, step = 0.0, 0.3 * pixel_mm
    for tap in range(4):
        aside, up = step * (2.0 * (tap % 2) - 1.0), step * (2.0 * (tap // 2) - 1.0)
        cover += 0.25 * _figures(cloth, x + aside, y + up, z)
    return cover


@numba.njit(fastmath=True)
def _fades(period_mm, pixel_mm):
    """1 where a period spans four pixels, 0 under two: finer threads would only flicker."""
    return min(max(0.5 * period_mm / pixel_mm - 1.0, 0.0), 1.0)


@numba.njit(fastmath=True)
def _thread(weave, x, y, pixel_mm):
    """Brightness of the weave about 0, -0.5 to 0.5, where threads can be seen."""
    if weave == KNIT:
        lean = abs(fract(x / 4.2) - 0.5)
        v = math.cos(6.2832 * (y / 3.4 + 1.6 * lean)) * 0.3 + 0.35 * (0.25 - lean)
        return v * _fades(3.4, pixel_mm)
    if weave == DENIM:
        return 0.25 * math.cos(6.2832 * (x + y) / 1.7) * _fades(1.7, pixel_mm)
    if weave == WOVEN:
        twist = math.cos(6.2832 * x / 1.3) * math.cos(6.2832 * y / 1.3)
        return 0.2 * twist * _fades(1.3, pixel_mm)
    return 0.16 * math.cos(6.2832 * (y / 1.5 + abs(fract(x / 1.8) - 0.5))) * _fades(1.5, pixel_mm)


@numba.njit(fastmath=True)
def _fold(folds, x, y):
    """Slopes along x and y and height of the folds at a template place (mm)."""
    u, v = (x - FOLD_X) / FOLD_TEXEL_MM, (y - FOLD_Y) / FOLD_TEXEL_MM
    u = min(max(u, 0.0), folds.shape[1] - 1.01)
    v = min(max(v, 0.0), folds.shape[0] - 1.01)
    i, j = int(v), int(u)
    a, b = v - i, u - j
    w0, w1, w2, w3 = (1.0 - a) * (1.0 - b), (1.0 - a) * b, a * (1.0 - b), a * b
    slope_x = w0 * folds[i, j, 0] + w1 * folds[i, j + 1, 0]
    slope_x += w2 * folds[i + 1, j, 0] + w3 * folds[i + 1, j + 1, 0]
    slope_y = w0 * folds[i, j, 1] + w1 * folds[i, j + 1, 1]
    slope_y += w2 * folds[i + 1, j, 1] + w3 * folds[i + 1, j + 1, 1]
    height = w0 * folds[i, j, 2] + w1 * folds[i, j + 1, 2]
    height += w2 * folds[i + 1, j, 2] + w3 * folds[i + 1, j + 1, 2]
    return slope_x, slope_y, height


@numba.njit(cache=True, fastmath=True)
def shade_cloth(fragments, lamps, shadow, camera_at, pixel_mm, cloth):
    """Write colour and part of all cloth; pixel_mm: a pixel on the child; cloth:
    `people.cloth.ClothLook`."""
    albedo = np.zeros(3, np.float32)
    light = np.zeros(3, np.float32)
    rib_share = _fades(RIB_MM, pixel_mm)
    for k in range(fragments.first[CLOTH], fragments.first[CLOTH + 1]):
        p0, p1, p2 = fragments.position[k, 0], fragments.position[k, 1], fragments.position[k, 2]
        s0, s1, s2 = fragments.normal[k, 0], fragments.normal[k, 1], fragments.normal[k, 2]
        c0, c1, c2 = fragments.canon[k, 0], fragments.canon[k, 1], fragments.canon[k, 2]
        v0, v1, v2 = unit(camera_at[0] - p0, camera_at[1] - p1, camera_at[2] - p2)
        s0, s1, s2 = towards_viewer(s0, s1, s2, v0, v1, v2)
        band = min(max(fragments.aux[k, AUX_BAND], 0.0), 1.0)
        g0, g1, fold = _fold(cloth.folds, c0, c1)
        g0, g1, fold = g0 * (1.0 - band), g1 * (1.0 - band), fold * (1.0 - band)
        along = g0 * s0 + g1 * s1
        n0, n1, n2 = unit(s0 - g0 + along * s0, s1 - g1 + along * s1, s2 + along * s2)
        worn = value_noise(c0 * 0.03, c1 * 0.03, c2 * 0.03 + cloth.seed) - 0.5
        tone = 1.0 + 0.10 * worn + _thread(cloth.weave, c0, c1, pixel_mm) * (1.0 - band)
        rib = 0.82 + 0.18 * rib_share * math.cos(RIBS * math.atan2(c0, c2 - 10.0))
        tone *= mix(1.0, rib, band)
        ink = _ink(cloth, c0, c1, c2, pixel_mm) * (1.0 - band)
        other = fragments.aux[k, AUX_SECOND]
        ao = min(max(fragments.aux[k, AUX_AO], 0.0), 1.0) * (0.92 + 0.14 * fold)
        ao = min(max(ao, 0.22 + 0.12 * band), 1.0)
        lit = lit_share(shadow, 0.002, p0 + s0 * 0.003, p1 + s1 * 0.003, p2 + s2 * 0.003)
        for c in range(3):
            color = mix(cloth.color[c], cloth.ink[c], ink)
            albedo[c] = (color if other < 0.5 else cloth.second[c] if other < 1.5 else 0.6) * tone
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
