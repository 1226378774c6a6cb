"""Hair and lashes: fibres with a white and a tinted highlight (Kajiya-Kay 1989, Marschner 2003)."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba

from generate.people.hair_ribbons import FINE_FROM
from generate.people.ids import (
    AUX_ACROSS,
    AUX_ALONG,
    AUX_AO,
    AUX_STRAND,
    CAP,
    FACE,
    HAIR,
    HAIR_PART,
    LASH,
)
from generate.render.noise import hash_unit
from generate.render.raster import STRANDS
from generate.render.shade_fragments import keep_albedo
from generate.render.shade_math import (
    dot_row,
    half_way,
    irradiance,
    lit_share,
    mix,
    unit,
    wrapped,
)

FIRST_SHIFT, SECOND_SHIFT = 0.10, -0.15
"""Tilt of the two highlights by the scales of the fibre, sine: the white one lies towards the tip,
the tinted one one and a half times as far towards the root (Marschner et al. 2003, table 1)."""
RAGGED = 0.16
"""How far the highlights wander from hair to hair (Scheuermann 2004)."""
FIRST_POWER, SECOND_POWER = 70.0, 16.0
LOCKS = 0.12
"""Spread of brightness between locks."""


@numba.njit(fastmath=True)
def _between(number, x):
    """Smooth noise 0 to 1 along x with features of size 1, another for each number."""
    i = math.floor(x)
    t = x - i
    t = t * t * (3.0 - 2.0 * t)
    return mix(hash_unit(number * 97 + int(i)), hash_unit(number * 97 + int(i) + 1), t)


@numba.njit(fastmath=True)
def _lobe(t0, t1, t2, h0, h1, h2, shift, power):
    along = t0 * h0 + t1 * h1 + t2 * h2 + shift
    return max(1.0 - along * along, 0.0) ** (0.5 * power)


@numba.njit(cache=True, fastmath=True)
def shade_hair(fragments, lamps, shadow, camera_at, pixel_mm, hair):
    """Write colour and part of caps and ribbons.

    pixel_mm: size of a pixel at the face, of which the contrast of single hairs depends; hair:
    `people.skin.HairLook`.
    """
    fine_share = min(max(1.35 - 0.4 * pixel_mm, 0.3), 1.0)
    thin_light = min(1.1 * hair.color[0], 0.5)
    for k in range(fragments.first[CAP], fragments.first[HAIR + 1]):
        p0, p1, p2 = fragments.position[k, 0], fragments.position[k, 1], fragments.position[k, 2]
        n0, n1, n2 = fragments.normal[k, 0], fragments.normal[k, 1], fragments.normal[k, 2]
        t0, t1, t2 = unit(fragments.canon[k, 0], fragments.canon[k, 1], fragments.canon[k, 2])
        v0, v1, v2 = unit(camera_at[0] - p0, camera_at[1] - p1, camera_at[2] - p2)
        ribbon, along = fragments.aux[k, AUX_STRAND], fragments.aux[k, AUX_ALONG]
        across = fragments.aux[k, AUX_ACROSS]
        number = int(ribbon * 65536.0)
        shade = _between(number, (across * 0.5 + 0.5) * STRANDS)
        drift = _between(number + 31, 2.5 * along)
        tone = 1.0 + hair.variety * (fine_share * (2.0 * shade - 1.0) + 0.5 * (2.0 * drift - 1.0))
        tone += LOCKS * (2.0 * hash_unit(number) - 1.0)
        tone *= 0.84 + 0.26 * along
        # Locks shade each other at their edges, and all shade the roots.
        ao = fragments.aux[k, AUX_AO] * (0.65 + 0.35 * min(along * 2.0, 1.0))
        ao *= 1.0 - 0.2 * across * across
        # Light hair hands light on from strand to strand: less shade between them.
        ao += (1.0 - ao) * thin_light
        lit = lit_share(shadow, 0.004, p0 + n0 * 0.003, p1 + n1 * 0.003, p2 + n2 * 0.003)
        lit = mix(lit * (0.35 + 0.65 * ao), 1.0, 0.6 * thin_light)
        c0, c1, c2 = hair.color[0] * tone, hair.color[1] * tone, hair.color[2] * tone
        if ribbon >= FINE_FROM:
            c0, c1, c2 = hair.fine[0], hair.fine[1], hair.fine[2]
        shift = RAGGED * (shade + drift - 1.0)
        diffuse0 = irradiance(lamps.ambient, 0, n0, n1, n2) * ao
        diffuse1 = irradiance(lamps.ambient, 1, n0, n1, n2) * ao
        diffuse2 = irradiance(lamps.ambient, 2, n0, n1, n2) * ao
        white0, white1, white2 = 0.0, 0.0, 0.0
        tint0, tint1, tint2 = 0.0, 0.0, 0.0
        for i in range(3):
            share = lit if i == 0 else 0.3 + 0.7 * ao
            nl = wrapped(dot_row(lamps.direction, i, n0, n1, n2), 0.4)
            tl = dot_row(lamps.direction, i, t0, t1, t2)
            h0, h1, h2 = half_way(lamps.direction, i, v0, v1, v2)
            matte = nl * share * (0.45 + 0.55 * math.sqrt(max(1.0 - tl * tl, 0.0)))
            first = _lobe(t0, t1, t2, h0, h1, h2, FIRST_SHIFT + shift, FIRST_POWER)
            second = _lobe(t0, t1, t2, h0, h1, h2, SECOND_SHIFT + shift, SECOND_POWER)
            behind = -dot_row(lamps.direction, i, v0, v1, v2)
            through = max(behind, 0.0) ** 4 * 0.5 * share
            first, second = first * nl * share, (second * nl * share + through)
            red, green, blue = lamps.color[i, 0], lamps.color[i, 1], lamps.color[i, 2]
            diffuse0, diffuse1, diffuse2 = (
                diffuse0 + red * matte,
                diffuse1 + green * matte,
                diffuse2 + blue * matte,
            )
            white0, white1, white2 = (
                white0 + red * first,
                white1 + green * first,
                white2 + blue * first,
            )
            tint0, tint1, tint2 = (
                tint0 + red * second,
                tint1 + green * second,
                tint2 + blue * second,
            )
        g, s = hair.gloss * ao, 0.45
        fragments.color[k, 0] = c0 * (diffuse0 + s * tint0) + g * (
            white0 + 0.25 * hair.sheen[0] * tint0
        )
        fragments.color[k, 1] = c1 * (diffuse1 + s * tint1) + g * (
            white1 + 0.25 * hair.sheen[1] * tint1
        )
        fragments.color[k, 2] = c2 * (diffuse2 + s * tint2) + g * (
            white2 + 0.25 * hair.sheen[2] * tint2
        )
        keep_albedo(fragments, k, c0, c1, c2)
        fragments.part[k] = HAIR_PART


@numba.njit(cache=True, fastmath=True)
def shade_lash(fragments, lamps, hair):
    """Write colour and part of lashes: dark, soft, part of the skin for the mask."""
    for k in range(fragments.first[LASH], fragments.first[LASH + 1]):
        n0, n1, n2 = fragments.normal[k, 0], fragments.normal[k, 1], fragments.normal[k, 2]
        along = fragments.aux[k, AUX_ALONG]
        for c in range(3):
            light = irradiance(lamps.ambient, c, n0, n1, n2) + 0.3 * lamps.color[0, c]
            fragments.color[k, c] = mix(hair.lash[c], hair.lash[c] * 1.6, along) * light
        keep_albedo(fragments, k, hair.lash[0], hair.lash[1], hair.lash[2])
        fragments.part[k] = FACE
