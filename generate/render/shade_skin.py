"""Skin: scattering softened light, two lobes of oil, blush and brows from the atlas, wet lips."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
import numpy as np

from generate.people.skin_atlas import (
    ATLAS_BOTTOM_MM,
    ATLAS_BROW,
    ATLAS_CENTER_MM,
    ATLAS_CHANNELS,
    ATLAS_OIL,
    ATLAS_SLOPE_ACROSS,
    ATLAS_SLOPE_UP,
    ATLAS_TOP_MM,
)
from generate.render.ids import (
    AUX_AO,
    AUX_CAVITY,
    AUX_LIPS,
    AUX_SCALP,
    BROW,
    FACE,
    HAIR_PART,
    LIPS,
    MOUTH,
    NECK,
    SKIN,
)
from generate.render.noise import value_noise
from generate.render.shade_fragments import keep_albedo
from generate.render.shade_math import (
    PI,
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
"""Reflectance of skin at normal incidence (index 1.4)."""
BLEED = (0.36, 0.16, 0.09)
"""How far light wraps round the terminator by channel: red scatters farthest."""
CAVITY = (0.46, 0.13, 0.11)
WET = 0.34
BROW_COVER = 0.22
"""Cover of brow hair above which a pixel is brow in the part mask."""


@numba.njit(fastmath=True)
def sample_atlas(atlas, x, y, z, texel):
    """Bilinear look-up by template place (mm): azimuth about the vertical axis, and height."""
    height, width = atlas.shape[0], atlas.shape[1]
    u = (0.5 + math.atan2(x, z - ATLAS_CENTER_MM) / (2.0 * PI)) * width - 0.5
    v = (ATLAS_TOP_MM - y) / (ATLAS_TOP_MM - ATLAS_BOTTOM_MM) * height - 0.5
    u, v = min(max(u, 0.0), width - 1.001), min(max(v, 0.0), height - 1.001)
    i, j = int(u), int(v)
    s, t = u - i, v - j
    for c in range(ATLAS_CHANNELS):
        top = atlas[j, i, c] * (1.0 - s) + atlas[j, i + 1, c] * s
        bottom = atlas[j + 1, i, c] * (1.0 - s) + atlas[j + 1, i + 1, c] * s
        texel[c] = top * (1.0 - t) + bottom * t


@numba.njit(fastmath=True)
def _bumped(nx, ny, nz, x, z, across, up, to_head):
    """Normal tilted by the atlas slopes along the head's azimuth and height."""
    r = 1.0 / math.sqrt(x * x + (z - ATLAS_CENTER_MM) ** 2 + 1e-6)
    tx, tz = (z - ATLAS_CENTER_MM) * r, -x * r
    for_x = across * (to_head[0, 0] * tx + to_head[2, 0] * tz) + up * to_head[1, 0]
    for_y = across * (to_head[0, 1] * tx + to_head[2, 1] * tz) + up * to_head[1, 1]
    for_z = across * (to_head[0, 2] * tx + to_head[2, 2] * tz) + up * to_head[1, 2]
    return unit(nx - for_x, ny - for_y, nz - for_z)


@numba.njit(fastmath=True)
def _part_of(lips, cavity, scalp, brow, y, z):
    if cavity > 0.5:
        return MOUTH
    if lips > 0.5:
        return LIPS
    if scalp > 0.5:
        return HAIR_PART
    if brow > BROW_COVER:
        return BROW
    if y < 600.0 or (y < 655.0 and z < 60.0):
        return NECK
    return FACE


@numba.njit(fastmath=True)
def _gloss(nx, ny, nz, nv, vx, vy, vz, lamps, i, nl, roughness, oil):
    """Two lobes of specular light from lamp i: dry skin and a thinner film of oil or water."""
    hx, hy, hz = half_way(lamps.direction, i, vx, vy, vz)
    nh = max(nx * hx + ny * hy + nz * hz, 0.0)
    vh = max(vx * hx + vy * hy + vz * hz, 0.0)
    lobes = (1.0 - oil) * ggx(nh, roughness) + oil * ggx(nh, roughness * 0.55)
    return max(nl, 0.0) * fresnel(F0, vh) * lobes * 0.25 / max(nv, 0.25)


@numba.njit(fastmath=True)
def _ear_glow(x, y):
    """How thin the flesh is: 1 on the rim of an ear."""
    return (
        smoothstep(70.0, 80.0, abs(x))
        * smoothstep(655.0, 680.0, y)
        * (1.0 - smoothstep(750.0, 770.0, y))
    )


@numba.njit(cache=True, fastmath=True)
def shade_skin(fragments, lamps, shadow, camera_at, to_head, mouth_m, skin):
    """Write colour and part of all skin fragments.

    camera_at (3,) m world; to_head (3, 4) world -> head; mouth_m: head-frame z of the lips (m);
    skin: `people.skin.SkinLook`.
    """
    texel = np.zeros(ATLAS_CHANNELS, np.float32)
    albedo = np.zeros(3, np.float32)
    light = np.zeros(3, np.float32)
    for k in range(fragments.first[SKIN], fragments.first[SKIN + 1]):
        p0, p1, p2 = fragments.position[k, 0], fragments.position[k, 1], fragments.position[k, 2]
        s0, s1, s2 = fragments.normal[k, 0], fragments.normal[k, 1], fragments.normal[k, 2]
        c0, c1, c2 = fragments.canon[k, 0], fragments.canon[k, 1], fragments.canon[k, 2]
        v0, v1, v2 = unit(camera_at[0] - p0, camera_at[1] - p1, camera_at[2] - p2)
        cavity = min(max(fragments.aux[k, AUX_CAVITY], 0.0), 1.0)
        lips = smoothstep(0.25, 0.75, fragments.aux[k, AUX_LIPS]) * (1.0 - cavity)
        sample_atlas(skin.atlas, c0, c1, c2, texel)
        grain = value_noise(c0 * 0.35, c1 * 0.35, c2 * 0.35)
        cover = fragments.aux[k, AUX_SCALP]
        scalp = min(cover * (0.65 + 0.7 * grain), 1.0)
        across, up = texel[ATLAS_SLOPE_ACROSS], texel[ATLAS_SLOPE_UP]
        n0, n1, n2 = _bumped(s0, s1, s2, c0, c2, across, up, to_head)
        for c in range(3):
            value = mix(texel[c], skin.lips[c] * (0.88 + 0.24 * grain), lips * 0.8)
            value = mix(value, CAVITY[c], cavity)
            albedo[c] = mix(value, skin.hair[c] * 0.8, scalp)
        ao = mix(min(max(fragments.aux[k, AUX_AO], 0.0), 1.0), 0.8, cavity)
        depth = mouth_m - (dot_row(to_head, 2, p0, p1, p2) + to_head[2, 3])
        inside = 1.0 - cavity + cavity * (0.10 + 0.75 * math.exp(-max(depth, 0.0) * 38.0))
        lit = lit_share(
            shadow, 0.0, p0 + s0 * 0.0015, p1 + s1 * 0.0015, p2 + s2 * 0.0015, fragments.pixel[k]
        )
        lit = mix(lit, max(lit, 0.5), cavity)
        root = math.sqrt(ao)
        light[0] = irradiance(lamps.ambient, 0, s0, s1, s2) * (0.45 * ao + 0.55 * root)
        light[1] = irradiance(lamps.ambient, 1, n0, n1, n2) * (0.65 * ao + 0.35 * root)
        light[2] = irradiance(lamps.ambient, 2, n0, n1, n2) * (0.72 * ao + 0.28 * root)
        nv = max(n0 * v0 + n1 * v1 + n2 * v2, 0.0)
        oil = min(texel[ATLAS_OIL] + 0.30 * lips, 1.0)
        roughness = mix(skin.roughness, WET, max(lips, cavity) * 0.8)
        thin = _ear_glow(c0, c1) if c1 > 650.0 else 0.0
        gloss0, gloss1, gloss2 = 0.0, 0.0, 0.0
        for i in range(3):
            share = lit if i == 0 else 0.35 + 0.65 * ao
            smooth = dot_row(lamps.direction, i, s0, s1, s2)
            rough = dot_row(lamps.direction, i, n0, n1, n2)
            red_share = math.sqrt(share) * 0.5 + share * 0.5
            light[0] += lamps.color[i, 0] * wrapped(mix(rough, smooth, 0.7), BLEED[0]) * red_share
            light[1] += lamps.color[i, 1] * wrapped(mix(rough, smooth, 0.3), BLEED[1]) * share
            light[2] += lamps.color[i, 2] * wrapped(rough, BLEED[2]) * share
            if thin > 0.0 and smooth < 0.0:
                light[0] += lamps.color[i, 0] * thin * -smooth * 0.5
                light[1] += lamps.color[i, 1] * thin * -smooth * 0.1
            if rough > 0.0:
                g = share * _gloss(n0, n1, n2, nv, v0, v1, v2, lamps, i, rough, roughness, oil)
                gloss0 += lamps.color[i, 0] * g
                gloss1 += lamps.color[i, 1] * g
                gloss2 += lamps.color[i, 2] * g
        sheen = (F0 + 0.35 * fifth(1.0 - nv)) * ao * ao * (1.0 - scalp) * 0.7
        matte = inside * (1.0 - 0.7 * scalp) * (0.35 + 0.65 * ao) * (1.0 - 0.5 * cavity)
        color = fragments.color
        color[k, 0] = albedo[0] * light[0] * inside + gloss0 * matte
        color[k, 1] = albedo[1] * light[1] * inside + gloss1 * matte
        color[k, 2] = albedo[2] * light[2] * inside + gloss2 * matte
        r0, r1, r2 = 2.0 * nv * n0 - v0, 2.0 * nv * n1 - v1, 2.0 * nv * n2 - v2
        for c in range(3):
            color[k, c] += sheen * inside * irradiance(lamps.ambient, c, r0, r1, r2)
        keep_albedo(fragments, k, albedo[0], albedo[1], albedo[2])
        fragments.part[k] = _part_of(lips, cavity, scalp, texel[ATLAS_BROW], c1, c2)
