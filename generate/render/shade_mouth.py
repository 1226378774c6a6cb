"""Teeth, gums and tongue: a mouth that is seen, not a black hole."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba

from generate.render.ids import (
    AUX_GUM,
    AUX_TOOTH,
    TEETH,
    TONGUE,
    TONGUE_PART,
    TOOTH,
)
from generate.render.noise import hash_unit, value_noise
from generate.render.shade_math import (
    dot_row,
    fract,
    ggx,
    half_way,
    irradiance,
    lit_share,
    mix,
    smoothstep,
    unit,
    wrapped,
)

GUM = (0.50, 0.20, 0.18)
TONGUE_COLOR = (0.40, 0.135, 0.115)
TEETH_FALLOFF = 36.0
"""Light lost behind the lips, 1/m: at 25 mm, 45 % is left, and molars are dim."""
TONGUE_FALLOFF = 40.0


@numba.njit(fastmath=True)
def _tooth(mouth, c, place, height):
    """Albedo of channel c: tooth, darker gap between teeth, gum above a scalloped edge."""
    across = abs(fract(place) - 0.5) * 2.0
    gap = smoothstep(0.82, 1.0, across)
    gum = smoothstep(0.66, 0.78, height + 0.10 * across * across)
    shade = 0.93 + 0.07 * hash_unit(math.floor(place) + 100)
    enamel = mouth.teeth[c] * shade * (1.0 - 0.38 * gap)
    return mix(enamel, GUM[c], gum)


@numba.njit(fastmath=True)
def _mouth_light(lamps, c, n0, n1, n2, lit, soft):
    """Light in the mouth: the lips' shadow is soft, for cheeks and palate scatter light."""
    total = irradiance(lamps.ambient, c, n0, n1 * 0.5, n2)
    for i in range(3):
        share = mix(lit, 1.0, soft) if i == 0 else 0.8
        nl = dot_row(lamps.direction, i, n0, n1, n2)
        total += lamps.color[i, c] * wrapped(nl, 0.5) * share
    return total


@numba.njit(cache=True, fastmath=True)
def shade_mouth(fragments, lamps, shadow, camera_at, to_head, mouth_m, mouth):
    """Write colour and part of teeth and tongue; mouth: `people.skin.MouthLook`."""
    for k in range(fragments.first[TEETH], fragments.first[TONGUE + 1]):
        is_tooth = k < fragments.first[TEETH + 1]
        p0, p1, p2 = fragments.position[k, 0], fragments.position[k, 1], fragments.position[k, 2]
        n0, n1, n2 = fragments.normal[k, 0], fragments.normal[k, 1], fragments.normal[k, 2]
        c0, c1, c2 = fragments.canon[k, 0], fragments.canon[k, 1], fragments.canon[k, 2]
        v0, v1, v2 = unit(camera_at[0] - p0, camera_at[1] - p1, camera_at[2] - p2)
        lit = lit_share(shadow, 0.004, p0 + n0 * 0.001, p1 + n1 * 0.001, p2 + n2 * 0.001)
        depth = max(mouth_m - (dot_row(to_head, 2, p0, p1, p2) + to_head[2, 3]) - 0.006, 0.0)
        rate = TEETH_FALLOFF if is_tooth else TONGUE_FALLOFF
        inside = 0.12 + 0.78 * math.exp(-depth * rate)
        h0, h1, h2 = half_way(lamps.direction, 0, v0, v1, v2)
        wet = 0.045 * ggx(max(n0 * h0 + n1 * h1 + n2 * h2, 0.0), 0.3) * (0.3 + 0.7 * lit)
        bumps = 0.8 + 0.4 * value_noise(c0 * 0.9, c1 * 0.9, c2 * 0.9)
        for c in range(3):
            if is_tooth:
                place, height = fragments.aux[k, AUX_TOOTH], fragments.aux[k, AUX_GUM]
                albedo = _tooth(mouth, c, place, height)
            else:
                albedo = TONGUE_COLOR[c] * bumps
            if fragments.albedo.shape[0] > 0:
                fragments.albedo[k, c] = albedo
            light = _mouth_light(lamps, c, n0, n1, n2, lit, 0.45)
            fragments.color[k, c] = (albedo * light + lamps.color[0, c] * wet) * inside
        fragments.part[k] = TOOTH if is_tooth else TONGUE_PART
