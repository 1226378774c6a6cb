"""Eyes: fibres of the iris, limbal ring, lids' shade, the wet line, and windows in the cornea."""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
import numpy as np

from generate.people.ids import AUX_AO, EYE, IRIS, SCLERA
from generate.render.noise import value_noise
from generate.render.shade_fragments import keep_albedo
from generate.render.shade_math import (
    dot_row,
    fifth,
    irradiance,
    lit_share,
    map_at,
    map_place,
    mix,
    smoothstep,
    unit,
    wrapped,
)

IRIS_ANGLE = 0.53
"""Radius of the iris as seen from the centre of the eyeball (rad)."""
PINK = (0.92, 0.62, 0.57)
"""Colour of the sclera's corners over that of its middle."""
BULGE = 0.55
"""How much faster than the eyeball's the cornea's normal turns (radius 7.8 against 12 mm)."""


@numba.njit(fastmath=True)
def _iris(eye, c, x, angle, pupil, seed):
    """Albedo of channel c at radius x (1 at the limbus) and angle (rad)."""
    broad = value_noise(3.0 + 2.6 * math.cos(angle), 3.0 + 2.6 * math.sin(angle), seed)
    spoke_x, spoke_y = math.cos(angle) * 9.0, math.sin(angle) * 9.0
    spokes = value_noise(20.0 + spoke_x, 20.0 + spoke_y, seed + 5.0 + x * 1.5)
    fine = value_noise(60.0 + 2.4 * spoke_x, 60.0 + 2.4 * spoke_y, seed + 11.0 + x * 2.0)
    value = eye.iris[c] * (0.45 + 0.4 * broad + 0.75 * spokes * (0.6 + 0.8 * fine))
    collar = math.exp(-(((x - pupil - 0.14) / 0.1) ** 2))
    value = mix(value, eye.iris_inner[c], 0.55 * collar)
    value = mix(value, eye.iris[c] * 0.18 + 0.002, smoothstep(0.78, 1.0, x))
    return mix(0.004, value, smoothstep(pupil - 0.05, pupil + 0.05, x))


@numba.njit(fastmath=True)
def _window(lamps, i, r0, r1, r2, blur):
    """Brightness of lamp i seen in reflected direction r: a soft-edged pane with a bar across."""
    l0, l1, l2 = lamps.direction[i, 0], lamps.direction[i, 1], lamps.direction[i, 2]
    if r0 * l0 + r1 * l1 + r2 * l2 < 0.3:
        return 0.0
    x0, x1, x2 = unit(l2, 0.0, -l0 + 1e-5)
    y0, y1, y2 = l1 * x2 - l2 * x1, l2 * x0 - l0 * x2, l0 * x1 - l1 * x0
    a = abs(r0 * x0 + r1 * x1 + r2 * x2)
    b = abs(r0 * y0 + r1 * y1 + r2 * y2)
    wide, high = lamps.window[i, 0], lamps.window[i, 1]
    pane = (1.0 - smoothstep(wide - blur, wide + blur, a)) * (
        1.0 - smoothstep(high - blur, high + blur, b)
    )
    bar = 0.5 * (1.0 - smoothstep(0.01, 0.02 + blur, a)) if wide > 0.1 else 0.0
    return pane * (1.0 - bar)


@numba.njit(fastmath=True)
def _vein(x, y, theta, seed):
    """Thin, winding vessels that run towards the iris and fade before it."""
    bend = value_noise(6.0 * x, 6.0 * y, seed)
    across = value_noise(22.0 * y + 5.0 * bend, 3.0 * x, seed + 3.0)
    thin = 1.0 - min(abs(across - 0.5) * 14.0, 1.0)
    return 0.8 * thin * smoothstep(0.62, 1.1, theta)


@numba.njit(fastmath=True)
def _pupil_share(lamps):
    """Width of the pupil over that in middling light: wider in dim scenes, down to 0.78."""
    level = lamps.color[0, 1] * max(lamps.direction[0, 2], 0.0) + lamps.ambient[0, 1]
    return min(max(1.22 - 0.28 * level, 0.78), 1.2)


@numba.njit(cache=True, fastmath=True)
def shade_eye(fragments, lamps, shadow, camera_at, to_head, sample_m, eye):
    """Write colour and part of all eye fragments.

    sample_m: size of one sample on the face (m), which highlights are never smaller than;
    eye: `people.skin.EyeLook`.
    """
    albedo = np.zeros(3, np.float32)
    pupil = eye.pupil * _pupil_share(lamps)
    light = np.zeros(3, np.float32)
    shine = np.zeros(3, np.float32)
    blur = max(0.025, 2.0 * sample_m / 0.0078)
    for k in range(fragments.first[EYE], fragments.first[EYE + 1]):
        p0, p1, p2 = fragments.position[k, 0], fragments.position[k, 1], fragments.position[k, 2]
        s0, s1, s2 = fragments.normal[k, 0], fragments.normal[k, 1], fragments.normal[k, 2]
        d0, d1, d2 = unit(fragments.canon[k, 0], fragments.canon[k, 1], fragments.canon[k, 2])
        v0, v1, v2 = unit(camera_at[0] - p0, camera_at[1] - p1, camera_at[2] - p2)
        theta = math.acos(min(max(d2, -1.0), 1.0))
        x = theta / IRIS_ANGLE
        white = smoothstep(0.93, 1.06, x)
        pink = 0.55 * smoothstep(0.75, 1.35, theta)
        if eye.veins > 0.0 and white > 0.0:
            pink = min(pink + eye.veins * _vein(d0, d1, theta, eye.seed), 1.2)
        bulge = BULGE * (1.0 - smoothstep(0.9, 1.25, x))
        o0, o1, o2 = d0 * bulge, d1 * bulge, (d2 - 1.0) * bulge
        n0, n1, n2 = unit(
            s0 + to_head[0, 0] * o0 + to_head[1, 0] * o1 + to_head[2, 0] * o2,
            s1 + to_head[0, 1] * o0 + to_head[1, 1] * o1 + to_head[2, 1] * o2,
            s2 + to_head[0, 2] * o0 + to_head[1, 2] * o1 + to_head[2, 2] * o2,
        )
        angle = math.atan2(d1, d0)
        ao = min(max(fragments.aux[k, AUX_AO], 0.0), 1.0)
        lid = 0.25 + 0.75 * smoothstep(0.02, 0.55, ao)
        lid *= 1.0 - 0.6 * smoothstep(0.05, 0.42, d1)
        wet = smoothstep(0.02, 0.10, ao) * (1.0 - smoothstep(0.10, 0.20, ao)) * (d1 < 0.0)
        for c in range(3):
            value = 0.0
            if white < 1.0:
                value = _iris(eye, c, x, angle, pupil, eye.seed)
            albedo[c] = mix(value, eye.white[c] * (1.0 + (PINK[c] - 1.0) * pink), white)
            light[c] = irradiance(lamps.ambient, c, s0, s1, s2) * lid
            shine[c] = 0.0
        lit = lit_share(shadow, 0.0, p0 + s0 * 0.002, p1 + s1 * 0.002, p2 + s2 * 0.002)
        nv = max(n0 * v0 + n1 * v1 + n2 * v2, 0.0)
        r0, r1, r2 = 2.0 * nv * n0 - v0, 2.0 * nv * n1 - v1, 2.0 * nv * n2 - v2
        f = 0.025 + 0.6 * fifth(1.0 - nv)
        wet_film = smoothstep(0.03, 0.2, ao) * (1.0 - 0.85 * white)
        for i in range(3):
            share = (0.25 + 0.75 * lit) if i == 0 else 1.0
            across = dot_row(lamps.direction, i, s0, s1, s2)
            # The cornea gathers light on the far side of the iris.
            caustic = 1.0 + (1.0 - white) * min(
                max(-dot_row(lamps.direction, i, o0, o1, o2) * 4.0, -0.2), 0.6
            )
            pane = (
                _window(lamps, i, r0, r1, r2, blur) * (0.75 if i == 0 else 0.35) * share * eye.glint
            )
            for c in range(3):
                light[c] += lamps.color[i, c] * wrapped(across, 0.25) * share * lid * caustic
                shine[c] += lamps.color[i, c] * pane * wet_film
        row, column = map_place(lamps.environment, r0, r1, r2)
        for c in range(3):
            mirror = map_at(lamps.environment, c, row, column) * (0.7 * f * lid + 0.16 * wet)
            fragments.color[k, c] = albedo[c] * light[c] + shine[c] + mirror
        keep_albedo(fragments, k, albedo[0], albedo[1], albedo[2])
        fragments.part[k] = IRIS if x < 1.0 else SCLERA
