"""Skin: scattering softened light, two lobes of oil, blush and brows from the atlas, wet lips."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
import numpy as np

from generate.people.ids import (
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
from generate.people.skin_atlas import (
    ATLAS_BROW,
    ATLAS_CHANNELS,
    ATLAS_FLUSH,
    ATLAS_OIL,
    ATLAS_SLOPE_ACROSS,
    ATLAS_SLOPE_UP,
)
from generate.people.skin_canvas import (
    ATLAS_BOTTOM_MM,
    ATLAS_CENTER_MM,
    ATLAS_TOP_MM,
    ATLAS_WIDTH,
    FRONT_COLUMN,
    FRONT_ROW,
)
from generate.people.skin_folds import (
    FOLD_ACROSS,
    FOLD_CREASE,
    FOLD_UP,
)
from generate.render.noise import value_noise
from generate.render.shade_fragments import keep_albedo
from generate.render.shade_math import (
    PI,
    azimuth,
    bled,
    dot_row,
    fifth,
    irradiance,
    lit_share,
    mix,
    smoothstep,
    unit,
)

F0 = 0.028
"""Reflectance of skin at normal incidence (index 1.4)."""
BLEED = (0.42, 0.20, 0.11)
"""How far light bleeds over the terminator by channel (cosine): red scatters farthest."""
CAVITY = (0.46, 0.13, 0.11)
CREASE = (0.05, 0.11, 0.12)
"""Absorption at the bottom of a fold by channel: what light is left there has met skin twice."""
FLUSH = (0.06, 1.0, 0.85)
WET = 0.36
BROW_COVER = 0.22
"""Cover of brow hair above which a pixel is brow in the part mask."""
FILM = 0.11
"""Facets of the film over those of dry skin, as roughness**4."""
MIRROR = 0.035
"""Share of the ambient light that skin mirrors, squarely seen."""
GRAZING = 0.07
"""Rise of the reflection at grazing angles, less than Schlick's for rough surfaces."""


@numba.njit(fastmath=True, inline="always")
def sample_atlas(atlas, x, y, z, texel):
    """Bilinear look-up by template place (mm): azimuth about the vertical axis, and height.

    Returns column and row in texels of this atlas.
    """
    height, width = atlas.shape[0], atlas.shape[1]
    u = (0.5 + azimuth(x, z - ATLAS_CENTER_MM) / (2.0 * PI)) * width - 0.5
    v = (ATLAS_TOP_MM - y) / (ATLAS_TOP_MM - ATLAS_BOTTOM_MM) * height - 0.5
    u, v = min(max(u, 0.0), width - 1.001), min(max(v, 0.0), height - 1.001)
    i, j = np.uint32(u), np.uint32(v)
    s, t = np.float32(u - i), np.float32(v - j)
    one = np.float32(1.0)
    a, b, c, d = (one - s) * (one - t), s * (one - t), (one - s) * t, s * t
    for k in range(ATLAS_CHANNELS):
        texel[k] = _blend(atlas, i, j, k, a, b, c, d)
    return u, v


@numba.njit(fastmath=True)
def _blend(atlas, i, j, k, a, b, c, d):
    """Channel k of four neighbours with weights a to d."""
    return (
        a * atlas[j, i, k]
        + b * atlas[j, i + 1, k]
        + c * atlas[j + 1, i, k]
        + d * atlas[j + 1, i + 1, k]
    )


@numba.njit(fastmath=True, inline="always")
def _fold(folds, weights, u, v, width, x):
    """Slope across, slope up and crease of the fold at atlas column u, row v; x: template mm."""
    scale = width / ATLAS_WIDTH
    u, v = u - FRONT_COLUMN * scale, v - FRONT_ROW * scale
    height, width = folds.owner.shape
    if u < 0.0 or v < 0.0 or u >= width - 1 or v >= height - 1:
        return 0.0, 0.0, 0.0
    owner = folds.owner[np.uint32(v + 0.5), np.uint32(u + 0.5)]
    if owner == 0:
        return 0.0, 0.0, 0.0
    left = min(max(0.5 + x / 12.0, 0.0), 1.0)
    weight = weights[owner - 1, 0] * (1.0 - left) + weights[owner - 1, 1] * left
    if weight < 0.01:
        return 0.0, 0.0, 0.0
    i, j = np.uint32(u), np.uint32(v)
    s, t = u - i, v - j
    a, b = weight * (1.0 - s) * (1.0 - t), weight * s * (1.0 - t)
    c, d = weight * (1.0 - s) * t, weight * s * t
    return (
        _blend(folds.relief, i, j, FOLD_ACROSS, a, b, c, d),
        _blend(folds.relief, i, j, FOLD_UP, a, b, c, d),
        _blend(folds.relief, i, j, FOLD_CREASE, a, b, c, d),
    )


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
def _gloss(nl, nv, lv, a2, oil):
    """Specular light of one lamp: Trowbridge-Reitz facets of dry skin (roughness**4 = a2) and of a
    smoother film of oil or water, Schlick's Fresnel term. nl, nv, lv: cosines between the normal,
    the lamp and the viewer; without the viewer's 1 / nv.
    """
    span = 2.0 + 2.0 * lv + 1e-6
    nh2 = (nl + nv) * (nl + nv) / span
    film = FILM * a2
    dry, wet = nh2 * (a2 - 1.0) + 1.0, nh2 * (film - 1.0) + 1.0
    dry, wet = dry * dry, wet * wet
    lobes = a2 * ((1.0 - oil) * wet + oil * FILM * dry) / (dry * wet)
    return nl * (F0 + (1.0 - F0) * fifth(1.0 - 0.5 * math.sqrt(span))) * lobes


@numba.njit(fastmath=True)
def _ear_glow(x, y):
    """How thin the flesh is: 1 on the rim of an ear."""
    return (
        smoothstep(70.0, 80.0, abs(x))
        * smoothstep(655.0, 680.0, y)
        * (1.0 - smoothstep(750.0, 770.0, y))
    )


@numba.njit(cache=True, fastmath=True)
def shade_skin(fragments, lamps, shadow, camera_at, to_head, mouth_m, skin, mood):
    """Write colour and part of all skin fragments.

    camera_at (3,) m world; to_head (3, 4) world -> head; mouth_m: head-frame z of the lips (m);
    skin: `people.skin.SkinLook`; mood: `people.skin_folds.Mood`.
    """
    texel = np.zeros(ATLAS_CHANNELS, np.float32)
    albedo = np.zeros(3, np.float32)
    light = np.zeros(3, np.float32)
    gloss = np.zeros(3, np.float32)
    width = skin.atlas.shape[1]
    even = 1.0 / max(lamps.ambient[0, 1], 1e-6)
    for k in range(fragments.first[SKIN], fragments.first[SKIN + 1]):
        p0, p1, p2 = fragments.position[k, 0], fragments.position[k, 1], fragments.position[k, 2]
        s0, s1, s2 = fragments.normal[k, 0], fragments.normal[k, 1], fragments.normal[k, 2]
        c0, c1, c2 = fragments.canon[k, 0], fragments.canon[k, 1], fragments.canon[k, 2]
        v0, v1, v2 = unit(camera_at[0] - p0, camera_at[1] - p1, camera_at[2] - p2)
        cavity = min(max(fragments.aux[k, AUX_CAVITY], 0.0), 1.0)
        lips = smoothstep(0.12, 0.88, fragments.aux[k, AUX_LIPS]) * (1.0 - cavity)
        u, v = sample_atlas(skin.atlas, c0, c1, c2, texel)
        across, up, crease = _fold(skin.folds, mood.folds, u, v, width, c0)
        scalp = 0.0
        if fragments.aux[k, AUX_SCALP] > 0.01:
            grain = value_noise(c0 * 0.35, c1 * 0.35, c2 * 0.35)
            scalp = min(fragments.aux[k, AUX_SCALP] * (0.65 + 0.7 * grain), 1.0)
        n0, n1, n2 = _bumped(
            s0,
            s1,
            s2,
            c0,
            c2,
            texel[ATLAS_SLOPE_ACROSS] + across,
            texel[ATLAS_SLOPE_UP] + up,
            to_head,
        )
        flush = mood.flush * texel[ATLAS_FLUSH]
        lower = 1.0 - smoothstep(658.0, 663.0, c1)
        for c in range(3):
            value = texel[c] * (1.0 - flush * FLUSH[c] - crease * CREASE[c])
            if lips > 0.0:
                red = mix(skin.lips[0, c], skin.lips[1, c], lower)
                value = mix(value, mix(red, texel[c], 0.55 * mood.blanch), lips * 0.75)
            if cavity > 0.0:
                value = mix(value, CAVITY[c], cavity)
            albedo[c] = mix(value, skin.hair[c] * 0.8, scalp)
        ao = min(max(fragments.aux[k, AUX_AO], 0.0), 1.0) * (1.0 - 0.3 * min(crease, 1.0))
        lit = lit_share(shadow, 0.0, p0 + s0 * 0.0015, p1 + s1 * 0.0015, p2 + s2 * 0.0015)
        inside = 1.0
        if cavity > 0.0:
            ao, lit = mix(ao, 0.8, cavity), mix(lit, max(lit, 0.5), cavity)
            depth = mouth_m - (dot_row(to_head, 2, p0, p1, p2) + to_head[2, 3])
            inside += cavity * (0.10 + 0.75 * math.exp(-max(depth, 0.0) * 38.0) - 1.0)
        root = math.sqrt(ao)
        light[0] = irradiance(lamps.ambient, 0, s0, s1, s2) * (0.45 * ao + 0.55 * root)
        light[1] = irradiance(lamps.ambient, 1, n0, n1, n2) * (0.65 * ao + 0.35 * root)
        light[2] = irradiance(lamps.ambient, 2, n0, n1, n2) * (0.72 * ao + 0.28 * root)
        nv = max(n0 * v0 + n1 * v1 + n2 * v2, 0.0)
        oil = min(texel[ATLAS_OIL] + 0.22 * lips, 1.0)
        roughness = mix(skin.roughness, WET, max(lips * 0.6, cavity) * 0.8)
        a2 = roughness * roughness * roughness * roughness
        thin = _ear_glow(c0, c1) if abs(c0) > 70.0 and c1 > 650.0 else 0.0
        gloss[0], gloss[1], gloss[2] = 0.0, 0.0, 0.0
        for i in range(3):
            smooth = dot_row(lamps.direction, i, s0, s1, s2)
            if thin > 0.0 and smooth < 0.0:
                light[0] -= lamps.color[i, 0] * thin * smooth * 0.5
                light[1] -= lamps.color[i, 1] * thin * smooth * 0.1
            share = lit if i == 0 else 0.35 + 0.65 * ao
            if smooth < -0.6 or share <= 0.0:
                continue
            rough = dot_row(lamps.direction, i, n0, n1, n2)
            red_share = share if share == 1.0 else math.sqrt(share) * 0.5 + share * 0.5
            light[0] += lamps.color[i, 0] * bled(mix(rough, smooth, 0.7), BLEED[0]) * red_share
            light[1] += lamps.color[i, 1] * bled(mix(rough, smooth, 0.3), BLEED[1]) * share
            light[2] += lamps.color[i, 2] * bled(rough, BLEED[2]) * share
            if rough > 0.0:
                lv = dot_row(lamps.direction, i, v0, v1, v2)
                g = share * _gloss(rough, nv, lv, a2, oil)
                for c in range(3):
                    gloss[c] += lamps.color[i, c] * g
        matte = (
            inside
            * 0.25
            / (PI * max(nv, 0.25))
            * (1.0 - 0.7 * scalp)
            * (0.35 + 0.65 * ao)
            * (1.0 - 0.5 * cavity)
        )
        for c in range(3):
            fragments.color[k, c] = albedo[c] * light[c] * inside + gloss[c] * matte
        # The tone already holds what skin reflects of even light: only the rest is added.
        r0, r1, r2 = 2.0 * nv * n0 - v0, 2.0 * nv * n1 - v1, 2.0 * nv * n2 - v2
        above = irradiance(lamps.ambient, 1, r0, r1, r2) * even
        sheen = (MIRROR * (above - 1.0) + GRAZING * fifth(1.0 - nv) * above) * ao * ao
        sheen *= (1.0 - scalp) * inside
        for c in range(3):
            color = fragments.color[k, c] + sheen * lamps.ambient[0, c]
            fragments.color[k, c] = max(color, 0.0)
        keep_albedo(fragments, k, albedo[0], albedo[1], albedo[2])
        fragments.part[k] = _part_of(lips, cavity, scalp, texel[ATLAS_BROW], c1, c2)
