"""Teeth, gums and tongue: a mouth that is seen, not a black hole."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba

from generate.people.ids import (
    AUX_GUM,
    AUX_TOOTH,
    MOUTH,
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
VOID = (0.075, 0.022, 0.02)
"""What is seen where a tooth is missing."""
TONGUE_COLOR = (0.40, 0.135, 0.115)
TEETH_FALLOFF = 36.0
"""Light lost behind the lips, 1/m: at 25 mm, 45 % is left, and molars are dim."""
TONGUE_FALLOFF = 40.0


@numba.njit(fastmath=True)
def _is_upper(y, z, height):
    """Whether a point of the rows belongs to the upper one; y, z: template mm."""
    if z > 120.0:
        return y > 660.5
    return abs(y - 662.6 - 20.7 * height) < abs(y - 669.3 + 27.15 * height)


@numba.njit(fastmath=True)
def _tooth(mouth, upper, place, height):
    """Cover of gum, cover of darkness where there is no tooth, and shade of the enamel.

    Teeth meet at the middle; their corners at the biting edge are round, and their edge thin.
    """
    row = 0 if upper else 1
    number = min(max(math.floor(place - 0.5) + 6, 0), 11)
    across = abs(fract(place - 0.5) - 0.5) * 2.0
    gum_line = mouth.gum[row] - 0.16 * (1.0 - mouth.grown[row, number])
    edge = 0.0 if upper else 0.40
    edge += (1.0 - mouth.grown[row, number]) * (gum_line - edge)
    gum = smoothstep(gum_line - 0.03, gum_line + 0.05, height + 0.08 * across * across)
    round_off = edge + 0.09 * across**4
    void = 1.0 - smoothstep(round_off - 0.02, round_off + 0.04, height)
    gap = smoothstep(1.0 - mouth.gap - 0.10, 1.0 - 0.4 * mouth.gap, across)
    thin = 1.0 - smoothstep(edge, edge + 0.22, height)
    shade = (0.94 + 0.06 * hash_unit(number + 100)) * (1.0 - 0.5 * gap) * (1.0 - 0.14 * thin)
    return gum, void * (1.0 - gum), shade


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
    """Write colour and part of teeth and tongue; mouth: `people.teeth.MouthLook`."""
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
        gum, void, shade = 0.0, 0.0, 1.0
        if is_tooth:
            height = fragments.aux[k, AUX_GUM]
            upper = _is_upper(c1, c2, height)
            gum, void, shade = _tooth(mouth, upper, fragments.aux[k, AUX_TOOTH], height)
            wet *= 1.0 - void
        else:
            shade = 0.72 + 0.35 * value_noise(c0 * 0.9, c1 * 0.9, c2 * 0.9)
            shade += 0.20 * value_noise(c0 * 2.4, c1 * 2.4, c2 * 2.4)
            wet *= 2.2 * (shade - 0.5)
        for c in range(3):
            albedo = TONGUE_COLOR[c] * shade
            if is_tooth:
                albedo = mix(mix(mouth.teeth[c] * shade, VOID[c], void), GUM[c], gum)
            if fragments.albedo.shape[0] > 0:
                fragments.albedo[k, c] = albedo
            light = _mouth_light(lamps, c, n0, n1, n2, lit, 0.45)
            fragments.color[k, c] = (albedo * light + lamps.color[0, c] * wet) * inside
        fragments.part[k] = TONGUE_PART
        if is_tooth:
            fragments.part[k] = MOUTH if max(gum, void) > 0.5 else TOOTH
