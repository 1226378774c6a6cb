"""Hands and forearms: the face's skin tone without its atlas, rosy palms and knuckles, nails."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
import numpy as np

from generate.people.ids import (
    AUX_AO,
    AUX_KNUCKLE,
    AUX_NAIL,
    AUX_PALM,
    HAND,
    HAND_PART,
)
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
    mix,
    smoothstep,
    unit,
    wrapped,
)

F0 = 0.028
BLEED = (0.34, 0.15, 0.09)
ROSY = (0.97, 0.80, 0.80)
"""What blood takes of the light at the palm and the knuckles."""
NAIL_ROUGHNESS = 0.26


@numba.njit(cache=True, fastmath=True)
def shade_hand(fragments, lamps, shadow, camera_at, hand):
    """Write colour and part of all hand fragments; hand: `people.skin.HandLook`."""
    light = np.zeros(3, np.float32)
    albedo = np.zeros(3, np.float32)
    for k in range(fragments.first[HAND], fragments.first[HAND + 1]):
        p0, p1, p2 = fragments.position[k, 0], fragments.position[k, 1], fragments.position[k, 2]
        n0, n1, n2 = fragments.normal[k, 0], fragments.normal[k, 1], fragments.normal[k, 2]
        c0, c1, c2 = fragments.canon[k, 0], fragments.canon[k, 1], fragments.canon[k, 2]
        v0, v1, v2 = unit(camera_at[0] - p0, camera_at[1] - p1, camera_at[2] - p2)
        palm, knuckle = fragments.aux[k, AUX_PALM], fragments.aux[k, AUX_KNUCKLE]
        nail = smoothstep(0.35, 0.65, fragments.aux[k, AUX_NAIL])
        blotch = value_noise(c0 * 0.06, c1 * 0.06, c2 * 0.06) - 0.5
        fine = value_noise(c0 * 0.8, c1 * 0.8, c2 * 0.8) - 0.5
        rosy = min(0.55 * palm + 0.6 * knuckle + 0.3 * blotch * blotch, 1.0) * hand.rosy
        for c in range(3):
            value = mix(hand.color[c], hand.palm[c], min(max(palm, 0.0), 1.0))
            value *= mix(1.0, ROSY[c], rosy) * (1.0 + 0.10 * blotch + 0.10 * fine)
            albedo[c] = mix(value, hand.nail[c], nail)
        ao = min(max(fragments.aux[k, AUX_AO], 0.0), 1.0)
        ao = 0.35 + 0.65 * ao
        lit = lit_share(shadow, 0.001, p0 + n0 * 0.002, p1 + n1 * 0.002, p2 + n2 * 0.002)
        for c in range(3):
            light[c] = irradiance(lamps.ambient, c, n0, n1, n2) * ao
        nv = max(n0 * v0 + n1 * v1 + n2 * v2, 0.0)
        roughness = mix(hand.roughness, NAIL_ROUGHNESS, nail)
        g0, g1, g2 = 0.0, 0.0, 0.0
        for i in range(3):
            share = lit if i == 0 else ao
            nl = dot_row(lamps.direction, i, n0, n1, n2)
            for c in range(3):
                red = mix(share, math.sqrt(share), 0.4) if c == 0 else share
                light[c] += lamps.color[i, c] * wrapped(nl, BLEED[c]) * red
            if nl > 0.0:
                hx, hy, hz = half_way(lamps.direction, i, v0, v1, v2)
                nh = max(n0 * hx + n1 * hy + n2 * hz, 0.0)
                vh = max(v0 * hx + v1 * hy + v2 * hz, 0.0)
                g = nl * share * fresnel(F0, vh) * ggx(nh, roughness) * 0.25 / max(nv, 0.25)
                g0 += lamps.color[i, 0] * g
                g1 += lamps.color[i, 1] * g
                g2 += lamps.color[i, 2] * g
        sheen = (F0 + 0.3 * fifth(1.0 - nv)) * ao * 0.6
        r0, r1, r2 = 2.0 * nv * n0 - v0, 2.0 * nv * n1 - v1, 2.0 * nv * n2 - v2
        color = fragments.color
        color[k, 0] = albedo[0] * light[0] + g0
        color[k, 1] = albedo[1] * light[1] + g1
        color[k, 2] = albedo[2] * light[2] + g2
        for c in range(3):
            color[k, c] += sheen * irradiance(lamps.ambient, c, r0, r1, r2)
        keep_albedo(fragments, k, albedo[0], albedo[1], albedo[2])
        fragments.part[k] = HAND_PART
