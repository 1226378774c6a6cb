"""Things that are worn or held, and lenses: one shader for solids, one for clear glass."""

# mypy: allow-untyped-defs
from __future__ import annotations

import numba
import numpy as np

from generate.people.ids import AUX_AO, AUX_FUZZ, AUX_GLOSS, AUX_PART, LENS, PROP
from generate.render.noise import value_noise
from generate.render.shade_fragments import keep_albedo
from generate.render.shade_math import (
    dot_row,
    fifth,
    fresnel,
    ggx,
    half_way,
    irradiance,
    lit_share,
    map_at,
    map_place,
    mix,
    smoothstep,
    towards_viewer,
    unit,
    wrapped,
)

F0 = 0.04
"""Reflectance of plastic and glass seen squarely."""
TUFT_PER_M = 420.0
"""Tufts of plush and stitches of wool along a metre."""
MIRROR = 4.0
"""How much brighter a lamp is in a mirror than the light that it throws, about."""


@numba.njit(fastmath=True)
def _window(lamps, i, r0, r1, r2):
    """Share of lamp i that lies in the direction r: a bright square with soft edges."""
    d0, d1, d2 = lamps.direction[i, 0], lamps.direction[i, 1], lamps.direction[i, 2]
    ahead = r0 * d0 + r1 * d1 + r2 * d2
    if ahead <= 0.0:
        return 0.0
    s0, s2 = unit(d2, 0.0, -d0)[0], unit(d2, 0.0, -d0)[2]
    across = abs(r0 * s0 + r2 * s2)
    up = abs(r0 * (-s2 * d1) + r1 * (s2 * d0 - s0 * d2) + r2 * (s0 * d1))
    wide, high = lamps.window[i, 0], lamps.window[i, 1]
    return (1.0 - smoothstep(0.85 * wide, 1.1 * wide, across)) * (
        1.0 - smoothstep(0.85 * high, 1.1 * high, up)
    )


@numba.njit(cache=True, fastmath=True)
def shade_prop(fragments, lamps, shadow, camera_at, to_head):
    """Write colour and part of all things; to_head (3, 4): world -> upright head."""
    diffuse = np.zeros(3, np.float32)
    shine = np.zeros(3, np.float32)
    for k in range(fragments.first[PROP], fragments.first[PROP + 1]):
        p0, p1, p2 = fragments.position[k, 0], fragments.position[k, 1], fragments.position[k, 2]
        s0, s1, s2 = fragments.normal[k, 0], fragments.normal[k, 1], fragments.normal[k, 2]
        v0, v1, v2 = unit(camera_at[0] - p0, camera_at[1] - p1, camera_at[2] - p2)
        s0, s1, s2 = towards_viewer(s0, s1, s2, v0, v1, v2)
        n0, n1, n2 = s0, s1, s2
        gloss = min(max(fragments.aux[k, AUX_GLOSS], 0.0), 1.0)
        fuzz = min(max(fragments.aux[k, AUX_FUZZ], 0.0), 1.0)
        tuft = 1.0
        if fuzz > 0.01:
            x = TUFT_PER_M * (to_head[0, 0] * p0 + to_head[0, 1] * p1 + to_head[0, 2] * p2)
            y = TUFT_PER_M * (to_head[1, 0] * p0 + to_head[1, 1] * p1 + to_head[1, 2] * p2)
            z = TUFT_PER_M * (to_head[2, 0] * p0 + to_head[2, 1] * p1 + to_head[2, 2] * p2)
            a, b = value_noise(x, y, z) - 0.5, value_noise(x + 31.7, y, z) - 0.5
            c = value_noise(0.3 * x, 0.3 * y + 17.0, 0.3 * z) - 0.5
            n0, n1, n2 = unit(n0 + fuzz * 0.9 * a, n1 + fuzz * 0.9 * b, n2 + fuzz * 0.5 * c)
            tuft = 1.0 + fuzz * (0.5 * a + 0.3 * c)
        ao = min(max(fragments.aux[k, AUX_AO], 0.0), 1.0)
        nv = max(n0 * v0 + n1 * v1 + n2 * v2, 0.02)
        lit = lit_share(shadow, 0.002, p0 + s0 * 0.003, p1 + s1 * 0.003, p2 + s2 * 0.003)
        r0, r1, r2 = 2.0 * nv * n0 - v0, 2.0 * nv * n1 - v1, 2.0 * nv * n2 - v2
        rough = mix(0.75, 0.09, gloss)
        edge = fresnel(F0, nv) * ao * gloss
        for c in range(3):
            diffuse[c] = irradiance(lamps.ambient, c, n0, n1, n2) * ao
            shine[c] = edge * irradiance(lamps.ambient, c, r0, r1, r2)
        for i in range(3):
            share = lit if i == 0 else ao
            d = dot_row(lamps.direction, i, n0, n1, n2)
            h0, h1, h2 = half_way(lamps.direction, i, v0, v1, v2)
            nh = n0 * h0 + n1 * h1 + n2 * h2
            spot = 0.25 * F0 * ggx(nh, max(rough, 0.25)) * max(d, 0.0) / max(nv, 0.25)
            spot += MIRROR * gloss * gloss * fresnel(F0, nv) * _window(lamps, i, r0, r1, r2)
            for c in range(3):
                diffuse[c] += lamps.color[i, c] * wrapped(d, 0.4 * fuzz) * share
                shine[c] += lamps.color[i, c] * spot * share * (1.0 - 0.8 * fuzz)
        rim = 0.25 * fuzz * fifth(1.0 - nv)
        for c in range(3):
            rgb = fragments.canon[k, c]
            fragments.color[k, c] = (rgb * tuft + rim * (0.2 + rgb)) * diffuse[c] + shine[c]
        rgb0, rgb1, rgb2 = fragments.canon[k, 0], fragments.canon[k, 1], fragments.canon[k, 2]
        keep_albedo(fragments, k, rgb0 * tuft, rgb1 * tuft, rgb2 * tuft)
        fragments.part[k] = int(fragments.aux[k, AUX_PART] + 0.5)


@numba.njit(cache=True, fastmath=True)
def overlay_lens(fragments, lamps, camera_at, image):
    """Tint and mirror of clear glass over the finished `image` (H * W, 3), in place.

    What lies behind keeps its labels. A lens tints twice: light comes in and goes out through it.
    """
    for k in range(fragments.first[LENS], fragments.first[LENS + 1]):
        p0, p1, p2 = fragments.position[k, 0], fragments.position[k, 1], fragments.position[k, 2]
        n0, n1, n2 = fragments.normal[k, 0], fragments.normal[k, 1], fragments.normal[k, 2]
        v0, v1, v2 = unit(camera_at[0] - p0, camera_at[1] - p1, camera_at[2] - p2)
        nv = n0 * v0 + n1 * v1 + n2 * v2
        if nv < 0.0:
            n0, n1, n2, nv = -n0, -n1, -n2, -nv
        r0, r1, r2 = 2.0 * nv * n0 - v0, 2.0 * nv * n1 - v1, 2.0 * nv * n2 - v2
        mirror = fresnel(F0, nv)
        pixel, weight = fragments.pixel[k], fragments.weight[k]
        row, column = map_place(lamps.environment, r0, r1, r2)
        for c in range(3):
            bright = map_at(lamps.environment, c, row, column)
            for i in range(2):
                bright += MIRROR * lamps.color[i, c] * _window(lamps, i, r0, r1, r2)
            through = fragments.canon[k, c] * (1.0 - mirror)
            image[pixel, c] = mix(
                image[pixel, c], image[pixel, c] * through + mirror * bright, weight
            )
