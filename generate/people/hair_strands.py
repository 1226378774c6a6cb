"""Locks of a style on a scalp: combed and hanging, curled, and the baby hairs at the hairline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from generate.people.hair_ribbons import Strands
from generate.people.hair_scalp import HAIRLINE_MM, Roots, Scalp, frame_of, tangent_to, unit
from generate.people.hair_styles import Style

F64 = NDArray[np.float64]

CROWN_MM = (835.0, -15.0)
"""Template y, z of the whorl."""
FLYAWAY = 0.03
"""Share of locks that are single hairs standing off the rest."""
RISE_M = 0.03
"""Over this much of its length a lock rises to its height over the scalp."""
FALL_M = 0.05
"""Over this much of its length the weight of a lock comes to bear."""
DOWN = np.array([0.0, -1.0, 0.0])


def comb_strands(rng: np.random.Generator, scalp: Scalp, style: Style) -> Strands:
    """Grow locks along the comb field, down by gravity, outside skin and garment."""
    roots = scalp.roots(rng, style.count)
    layer = rng.uniform(0, 1, style.count)
    strands = grown(rng, scalp, style, roots, layer)
    strands = _clumped(rng, strands, roots, style.clump, 0.016 * scalp.scale)
    strands = curved(rng, strands, roots, style, scalp.scale / 1000)
    strands[:, 1:] = scalp.outside(strands[:, 1:], 0.0012)
    light = _light(layer, style.steps) * _nape_shade(scalp, strands)
    width = style.width_mm / 1000 * scalp.scale * np.interp(layer, (0, 0.9, 1), (1.35, 0.8, 0.5))
    width = np.where(layer > 1 - FLYAWAY, 0.12 * width, width)
    width = width * np.interp(roots.density, (0.15, 0.9), (0.22, 1.0))
    fine = roots.density < style.fine
    return Strands(strands, roots.normal, width, light, style.taper_mm / 1000, fine)


def grown(rng: np.random.Generator, scalp: Scalp, style: Style, roots: Roots, layer: F64) -> F64:
    """Paths (N, steps, 3) of locks; layer (N,) 0 on the scalp to 1 outermost."""
    count = len(roots.point)
    length = _lengths(rng, roots, style) * scalp.scale / 1000
    height = style.volume_mm * scalp.scale / 1000 * (0.25 + 0.75 * layer)
    height = height * np.interp(roots.density, (0.1, 0.8), (0.3, 1.0))
    frizz = style.frizz * np.where(layer > 1 - FLYAWAY, 2.0, 1.0)[:, None]
    heading = unit(roots.normal * style.lift + comb_field(roots.canon, roots.normal, style))
    heading += rng.normal(0, 1, heading.shape) * frizz
    tied = np.zeros((count, 1), bool)
    if style.ties:
        target = nearest_tie(scalp, roots, style)
        tied = roots.canon[:, 1:2] > style.tie_above_mm
        length = np.where(tied[:, 0], 1.1 * np.linalg.norm(target - roots.point, axis=1), length)
        gravity = np.where(tied, 0.0, style.gravity)
    else:
        target, gravity = roots.point, np.full((count, 1), style.gravity)
    points, spot = [roots.point - 0.0015 * roots.normal], roots.point.copy()
    for step in range(1, style.steps):
        stride = length / (style.steps - 1)
        weight = np.minimum(1, step * stride / FALL_M) * stride / 0.02
        if style.ties:
            pulled, short = _pull(heading, target - spot, stride)
            heading, stride = np.where(tied, pulled, heading), np.where(tied[:, 0], short, stride)
        heading = heading + gravity * weight[:, None] * DOWN
        heading = unit(heading + rng.normal(0, 0.4, (count, 3)) * frizz)
        spot = scalp.keep_off(
            spot + heading * stride[:, None], height * np.minimum(1, step * stride / RISE_M)
        )
        heading = unit(spot - points[-1])
        if style.curtain_mm:
            spot = _part_curtain(scalp, spot, roots, style)
        points.append(spot.copy())
    strands = np.stack(points, 1)
    if style.curtain_mm:
        ahead, behind = strands[:, 2:], strands[:, :-2]
        strands[:, 1:-1] = 0.4 * strands[:, 1:-1] + 0.3 * (ahead + behind)
        for step in range(2, style.steps):
            strands[:, step] = _part_curtain(scalp, strands[:, step], roots, style)
    return strands


def loop_strands(rng: np.random.Generator, scalp: Scalp, style: Style) -> Strands:
    """Grow the outside of coily hair: coils that turn back on themselves on a soft mass."""
    roots = scalp.roots(rng, style.count, 0.7)
    count, scale = len(roots.point), scalp.scale / 1000
    layer = rng.uniform(0, 1, count)
    rise = mass_height(style, roots.canon, roots.density) * scale
    rise = rise * (max(style.shell, 0.2) - 0.1 + (1.12 - style.shell) * layer)
    radius = style.loop_mm * scale * rng.uniform(0.6, 1.1, count)
    radius = np.minimum(radius, 0.6 * rise + 0.0004)
    across, along = frame_of(rng, roots.normal)
    turn = np.linspace(0, 1, style.steps)
    angle = turn * rng.uniform(3.2, 5.0, count)[:, None]
    strands = (
        (roots.point + roots.normal * rise[:, None])[:, None]
        + roots.normal[:, None] * (radius[:, None] * np.sin(angle))[..., None]
        + across[:, None] * (radius[:, None] * (1 - np.cos(angle)))[..., None]
        + along[:, None] * (radius[:, None] * 1.2 * turn)[..., None]
        + DOWN * (style.gravity * rise[:, None] * turn**2)[..., None]
    )
    strands = scalp.outside(strands, 0.0006)
    width = style.width_mm * scale * rng.uniform(0.5, 1.1, count)
    width = width * np.interp(roots.density, (0.1, 0.7), (0.3, 1.0))
    light = np.clip(0.5 + 0.5 * layer[:, None] + 0.0 * turn, 0, 1)
    fine = roots.density < 0.5 * style.fine
    return Strands(strands, roots.normal, width, light, fine=fine)


def mass_height(style: Style, canon: F64, density: F64) -> F64:
    """How far off the scalp the mass of hair reaches, mm (N,); thin towards the hairline."""
    soft = np.interp(density, (0.1, 0.45, 1.0), (0.0, 0.5, 1.0))
    low = np.clip((canon[:, 1] - 645) / 170, 0, 1)
    sides = style.sides_mm / style.length_mm if style.loop_mm else 1.0
    return np.asarray(style.volume_mm * soft * (sides + (1 - sides) * low))


def baby_hairs(rng: np.random.Generator, scalp: Scalp, style: Style) -> Strands:
    """Short fine hairs where the scalp mask fades, so that the hairline has no edge."""
    density = scalp.density[scalp.tris].mean(1)
    soil = np.exp(-(((density - 0.35) / 0.22) ** 2))
    corners = scalp.points[scalp.tris]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    soil *= np.linalg.norm(cross, axis=1)
    count = style.baby
    roots = scalp.on_triangles(rng, rng.choice(len(scalp.tris), count, p=soil / soil.sum()))
    reach = rng.uniform(3, 9, count) * scalp.scale / 1000
    reach = np.minimum(reach, max(style.length_mm, style.volume_mm, 3) / 1000)
    comb = comb_field(roots.canon, roots.normal, style)
    if style.ties:
        comb = tangent_to(nearest_tie(scalp, roots, style) - roots.point, roots.normal)
    heading = unit(0.25 * roots.normal + comb + rng.normal(0, 0.25, (count, 3)))
    steps = np.linspace(0, 1, 4)[None, :, None]
    strands = roots.point[:, None] + heading[:, None] * reach[:, None, None] * steps
    strands -= roots.normal[:, None] * (0.35 * reach[:, None, None] * steps**2)
    strands = scalp.outside(strands, 0.0006)
    width = rng.uniform(0.35, 0.8, count) * scalp.scale / 1000
    light, fine = np.full((count, 4), 0.85), rng.uniform(0, 1, count) < 0.8
    return Strands(strands, roots.normal, width, light, fine=fine)


def _lengths(rng: np.random.Generator, roots: Roots, style: Style) -> F64:
    """Length of each lock in mm: fringe at the forehead, sides at the ears, or down to a level."""
    canon, count = roots.canon, len(roots.point)
    y = canon[:, 1]
    length = np.interp(y, (660, 735, 790), (0.75 * style.sides_mm, style.sides_mm, style.length_mm))
    if style.level_mm:
        length = y - style.level_mm + 48 * np.clip((y - 735) / 100, 0, 1)
    length = length * rng.uniform(0.86, 1.04, count)
    if style.fringe_mm:
        to_line = np.hypot(y - HAIRLINE_MM[1], canon[:, 2] - HAIRLINE_MM[2])
        fringe = (
            style.fringe_mm * rng.uniform(1 - 0.006 * style.taper_mm, 1.04, count) + 1.05 * to_line
        )
        front = _front(canon)
        length = np.where(
            front < 0.5, length, np.minimum(fringe, max(style.fringe_mm, style.length_mm))
        )
    if style.fade_mm:
        length = length * np.clip((y - style.fade_mm + 40) / 40, 0.06, 1)
    return np.asarray(length * np.interp(roots.density, (0.1, 0.7), (0.5, 1.0)))


def _front(canon: F64) -> F64:
    """1 on the scalp over the forehead, 0 elsewhere, soft between (N,)."""
    azimuth = np.arctan2(canon[:, 0], canon[:, 2] - 20.0)
    ahead = np.clip((np.cos(azimuth) - 0.45) / 0.2, 0, 1)
    high = np.clip((canon[:, 1] - 755) / 12, 0, 1) * np.clip((canon[:, 2] + 8) / 20, 0, 1)
    return np.asarray(ahead * high)


def comb_field(canon: F64, normal: F64, style: Style) -> F64:
    """Unit tangents (N, 3): away from the whorl on top, down below, swept at the front."""
    top = np.clip((canon[:, 1:2] - 770) / 50, 0, 1)
    front = _front(canon)[:, None]
    ahead = np.clip((canon[:, 2:] + 10) / 60, 0, 1)
    away = tangent_to(canon - np.array([style.part_mm, *CROWN_MM]), normal)
    down = tangent_to(np.broadcast_to(DOWN, canon.shape), normal)
    across = np.sign(canon[:, :1] - style.part_mm) * np.array([1.0, 0, 0])
    side = tangent_to(across, normal)
    comb = away + front * style.sweep * (side - away)
    comb = comb * top + down * (1 - top)
    behind = tangent_to(np.broadcast_to([0.0, -0.25, -1.0], canon.shape), normal)
    return unit(comb + ahead * style.back * (behind - comb))


def nearest_tie(scalp: Scalp, roots: Roots, style: Style) -> F64:
    """The knot (N, 3) that each root's hair is pulled to."""
    places = np.array(style.ties)
    near = np.linalg.norm(roots.canon[:, None] - places, axis=2).argmin(1)
    knots = [point + 0.010 * scalp.scale * normal for point, normal in map(scalp.at, style.ties)]
    return np.asarray(np.array(knots)[near])


def _pull(heading: F64, to: F64, stride: F64) -> tuple[F64, F64]:
    gap = np.linalg.norm(to, axis=1)
    return 0.35 * heading + to / (gap[:, None] + 1e-6), np.minimum(gap, stride * 1.05)


def _part_curtain(scalp: Scalp, spot: F64, roots: Roots, style: Style) -> F64:
    """Move hair that hangs in front of the face to its sides, and back to the cheeks."""
    line, _ = scalp.at(HAIRLINE_MM)
    middle = 0.3 * style.part_mm / 1000 * scalp.scale
    held = (_front(roots.canon) < 0.5) if style.fringe_mm else 1.0
    free = held * style.curtain_mm / 1000 * scalp.scale
    free = free * np.clip((line[1] + 0.008 - spot[:, 1]) / 0.045, 0, 1)
    offset = spot[:, 0] - middle
    inside = (np.abs(offset) < free) & (spot[:, 2] > line[2] - 0.06)
    root_side = np.sign(roots.canon[:, 0] - style.part_mm)
    side = np.where(np.abs(offset) < 0.25 * free, root_side, np.sign(offset))
    out = spot.copy()
    out[:, 0] = np.where(inside, middle + side * (free + 0.15 * np.abs(offset)), spot[:, 0])
    out[:, 2] -= 0.8 * np.abs(out[:, 0] - spot[:, 0])
    return out


def _clumped(
    rng: np.random.Generator, strands: F64, roots: Roots, amount: float, size: float
) -> F64:
    """Draw strands towards a guide each, more at the tips."""
    if amount == 0:
        return strands
    count = len(strands)
    guides = rng.choice(count, max(20, count // 6), replace=False)
    gap, near = cKDTree(roots.point[guides]).query(roots.point)
    guide = strands[guides[near]]
    along = np.linspace(0, 1, strands.shape[1])[None, :, None] ** 1.3
    # hair on the other side of a parting is near at the root only
    together = (gap < size) & (np.linalg.norm(guide[:, -1] - strands[:, -1], axis=1) < 4 * size)
    pull = amount * rng.uniform(0.5, 1.0, (count, 1, 1)) * together[:, None, None]
    return np.asarray(strands + (guide - strands) * along * pull)


def curved(rng: np.random.Generator, strands: F64, roots: Roots, style: Style, metre: float) -> F64:
    """Bend locks into waves, or wind them along a helix; neighbours share a phase."""
    if not (style.wave_mm or style.ringlet_mm):
        return strands
    count = len(strands)
    seed = rng.uniform(0, 2 * np.pi, 3)
    phase = 2.2 * np.sin(roots.canon @ np.array([0.045, 0.03, 0.04]) + seed[0])
    phase = phase + rng.normal(0, 0.3 if style.wave_mm else 1.2, count)
    tangent = unit(np.gradient(strands, axis=1))
    side = unit(np.cross(tangent, roots.normal[:, None] + [0.01, 0.02, 0.03]))
    out = np.cross(side, tangent)
    reach = np.linalg.norm(np.diff(strands, axis=1), axis=2)
    run = np.concatenate([np.zeros((count, 1)), np.cumsum(reach, 1)], 1) / metre
    grow = np.clip(run / 30, 0, 1)[..., None]
    if style.wave_mm:
        angle = run * 2 * np.pi / 52 + phase[:, None]
        return np.asarray(
            strands + side * grow * (style.wave_mm * metre * np.sin(angle))[..., None]
        )
    pitch = 4.4 * style.ringlet_mm * rng.uniform(0.75, 1.25, (count, 1))
    angle = run * 2 * np.pi / pitch + phase[:, None]
    radius = style.ringlet_mm * metre * rng.uniform(0.7, 1.1, (count, 1))
    swing = side * (radius * np.sin(angle))[..., None] + out * (radius * np.cos(angle))[..., None]
    return np.asarray(strands + grow * swing)


def _light(layer: F64, steps: int) -> F64:
    """Inner locks and roots lie in the shadow of the outer ones."""
    along = np.linspace(0, 1, steps)
    return np.asarray(np.clip(0.38 + 0.5 * layer[:, None] + 0.18 * along, 0, 1))


def _nape_shade(scalp: Scalp, strands: F64) -> F64:
    """Hair beside and behind the neck is in the shade of the head and of the hair before it."""
    x, y, z = np.moveaxis(strands - scalp.centre, -1, 0)
    below = np.clip((-0.035 * scalp.scale - y) / 0.05, 0, 1)
    inner = np.clip(1.2 - np.abs(x) / (0.075 * scalp.scale), 0, 1) * np.clip(0.4 - z / 0.1, 0, 1)
    return np.asarray(1 - 0.6 * below * np.minimum(inner, 1))
