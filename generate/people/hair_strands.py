"""Strands of a style on a scalp: combed, curled, tied, and the baby hairs at the hairline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from generate.people.hair_ribbons import Strands
from generate.people.hair_scalp import HAIRLINE_MM, Roots, Scalp

if TYPE_CHECKING:
    from generate.people.hair import Style, Tail

F64 = NDArray[np.float64]

CROWN_MM = (835.0, -15.0)
"""Template y, z of the whorl."""
FINE_DENSITY = 0.45
"""Where less of the scalp than this is covered, single hairs let the skin through."""
DOWN = np.array([0.0, -1.0, 0.0])


def comb_strands(rng: np.random.Generator, scalp: Scalp, style: Style) -> Strands:
    """Grow strands along the comb field, down by gravity, outside skin and garment."""
    roots = scalp.roots(rng, style.count)
    count = len(roots.point)
    length = _lengths(rng, roots, style) * scalp.scale / 1000
    float_height = style.volume_mm * scalp.scale / 1000 * rng.uniform(0.25, 1.0, count)
    heading = _unit(roots.normal * style.lift + _comb(roots, style))
    heading += rng.normal(0, style.frizz, heading.shape)
    target = None
    if style.ties:
        target = _nearest_tie(scalp, roots, style)
        length = 1.1 * np.linalg.norm(target - roots.point, axis=1)
    points, spot = [roots.point - 0.0015 * roots.normal], roots.point.copy()
    for step in range(1, style.steps):
        stride = length / (style.steps - 1)
        share = step / (style.steps - 1)
        if target is not None:
            heading, stride = _pull(heading, target - spot, stride)
        heading = heading + style.gravity * share**0.7 * DOWN
        heading = _unit(heading + rng.normal(0, style.frizz / 2, heading.shape))
        spot = _keep_off(scalp, spot + heading * stride[:, None], float_height * min(1, step / 2))
        if style.curtain_mm:
            spot = _part_curtain(scalp, spot, roots, style)
        heading = _unit(spot - points[-1])
        points.append(spot.copy())
    strands = np.stack(points, 1)
    strands = _clumped(rng, strands, roots, style.clump, 0.012 * scalp.scale)
    strands = _waved(rng, strands, roots, style.wave_mm * scalp.scale / 1000)
    strands[:, 1:] = _outside(scalp, strands[:, 1:], 0.0012)
    light = _light(float_height / float_height.max(), style.steps)
    width = style.width_mm / 1000 * scalp.scale * rng.uniform(0.6, 1.3, count)
    return Strands(
        strands, roots.normal, _thin_edge(width, roots), light, roots.density < FINE_DENSITY
    )


def loop_strands(rng: np.random.Generator, scalp: Scalp, style: Style) -> Strands:
    """Grow curls: each rises off the scalp and coils back, so outlines are arcs, not spikes."""
    roots = scalp.roots(rng, style.count)
    count = len(roots.point)
    unit = scalp.scale / 1000
    layer = rng.uniform(0, 1, count) ** 0.6
    thick = np.interp(roots.density, (0.1, 0.9), (0.3, 1.0))
    rise = (4.0 + style.volume_mm * layer) * unit * thick
    radius = style.loop_mm * unit * rng.uniform(0.55, 1.0, count) * np.clip(thick, 0.5, 1)
    across, along = _frame(rng, roots.normal)
    turn = np.linspace(0, 1, style.steps)
    angle = turn * rng.uniform(3.6, 5.6, count)[:, None]
    lift = rise[:, None] * np.minimum(1, 2.2 * turn)
    drift = radius[:, None] * (0.9 * turn)
    strands = (
        roots.point[:, None]
        + roots.normal[:, None] * (lift + radius[:, None] * 0.8 * np.sin(angle) * turn)[..., None]
        + across[:, None] * (radius[:, None] * (1 - np.cos(angle)) * 0.7)[..., None]
        + along[:, None] * drift[..., None]
        + DOWN * (style.gravity * rise[:, None] * turn**2)[..., None]
    )
    width = style.width_mm * unit * rng.uniform(0.6, 1.2, count)
    light = _light(layer, style.steps)
    return Strands(strands, roots.normal, width, light)


def baby_hairs(rng: np.random.Generator, scalp: Scalp, style: Style) -> Strands:
    """Short fine hairs where the scalp mask fades, so that the hairline has no edge."""
    density = scalp.density[scalp.tris].mean(1)
    soil = np.exp(-(((density - 0.3) / 0.22) ** 2))
    corners = scalp.points[scalp.tris]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    soil *= np.linalg.norm(cross, axis=1)
    count = style.baby
    roots = scalp.on_triangles(rng, rng.choice(len(scalp.tris), count, p=soil / soil.sum()))
    reach = rng.uniform(3, 8, count) * scalp.scale / 1000
    comb = _comb(roots, style)
    if style.ties:
        comb = _tangent(_nearest_tie(scalp, roots, style) - roots.point, roots.normal)
    heading = _unit(0.3 * roots.normal + comb + rng.normal(0, 0.22, (count, 3)))
    steps = np.linspace(0, 1, 4)[None, :, None]
    strands = roots.point[:, None] + heading[:, None] * reach[:, None, None] * steps
    strands -= roots.normal[:, None] * (0.45 * reach[:, None, None] * steps**2)
    height, normal = scalp.height(strands.reshape(-1, 3))
    strands += (np.maximum(0.0006 - height, 0)[:, None] * normal).reshape(strands.shape)
    width = rng.uniform(0.35, 0.7, count) * scalp.scale / 1000
    light, fine = np.full((count, 4), 0.85), np.ones(count, bool)
    return Strands(strands, roots.normal, width, light, fine)


def tail_strands(
    rng: np.random.Generator, scalp: Scalp, style: Style, tie: tuple[float, float, float]
) -> Strands:
    """Grow a tail, a bun or a puff on a tie."""
    tail = style.tail
    if tail is None:
        raise ValueError("a style with ties needs a tail")
    root, axis = scalp.at(tie)
    root = root + 0.008 * scalp.scale * axis
    if tail.bun_mm:
        return _bun(rng, root, axis, tail, style, scalp)
    if tail.puff_mm:
        return _puff(rng, root, axis, tail, style, scalp)
    return _hanging(rng, root, axis, tail, style, scalp)


def _hanging(
    rng: np.random.Generator, root: F64, axis: F64, tail: Tail, style: Style, scalp: Scalp
) -> Strands:
    count, steps, unit = tail.count, style.steps + 2, scalp.scale / 1000
    tuft = rng.normal(0, tail.spread, (count, 3))
    heading = _unit(1.4 * axis + 0.5 * tuft)
    spot = root + rng.normal(0, 0.005, (count, 3)) * scalp.scale
    stride = tail.length_mm * unit * rng.uniform(0.8, 1.05, count) / (steps - 1)
    points = [spot]
    for _ in range(1, steps):
        heading = _unit(heading + tail.gravity * DOWN + 0.08 * tuft)
        spot = _outside(scalp, (spot + heading * stride[:, None])[:, None], 0.004)[:, 0]
        points.append(spot)
    strands = np.stack(points, 1)
    # the tuft swells in the middle and gathers at the tip
    axis_line = strands.mean(0, keepdims=True)
    swell = np.interp(np.linspace(0, 1, steps), (0, 0.12, 0.5, 0.8, 1), (1.0, 1.8, 2.0, 1.5, 0.7))
    strands = _outside(scalp, axis_line + (strands - axis_line) * swell[:, None], 0.003)
    fake = Roots(spot, np.broadcast_to(axis, spot.shape), spot * 1000, np.ones(count))
    strands = _waved(rng, strands, fake, tail.wave_mm * unit)
    outside = _unit(strands[:, steps // 2] - axis_line[:, steps // 2])
    width = style.width_mm * 1.2 * unit * rng.uniform(0.6, 1.3, count)
    return Strands(strands, outside + 0.2 * axis, width, np.full((count, steps), 0.85))


def _bun(
    rng: np.random.Generator, root: F64, axis: F64, tail: Tail, style: Style, scalp: Scalp
) -> Strands:
    count, steps, unit = tail.count, style.steps + 3, scalp.scale / 1000
    radius = tail.bun_mm * unit
    start = _unit(rng.standard_normal((count, 3)) + 0.3 * axis)
    # strands wind round the tie's axis more than over the top
    spin = _unit(np.cross(start, axis) + 0.35 * rng.standard_normal((count, 3)))
    spin = _unit(spin - (spin * start).sum(1, keepdims=True) * start)
    angle = np.linspace(0, 2.4, steps)[None, :, None]
    shell = radius * rng.uniform(0.82, 1.04, (count, 1, 1))
    ball = start[:, None] * np.cos(angle) + spin[:, None] * np.sin(angle)
    flat = ball - 0.25 * (ball @ axis)[..., None] * axis
    width = style.width_mm * 1.3 * unit * rng.uniform(0.7, 1.3, count)
    strands = root + 0.65 * radius * axis + shell * flat
    return Strands(strands, start, width, np.full((count, steps), 0.9))


def _puff(
    rng: np.random.Generator, root: F64, axis: F64, tail: Tail, style: Style, scalp: Scalp
) -> Strands:
    count, steps, unit = tail.count, 8, scalp.scale / 1000
    ball = tail.puff_mm * unit
    way = _unit(rng.standard_normal((count, 3)))
    layer = rng.uniform(0.25, 1, count) ** 0.5
    across, along = _frame(rng, way)
    loop = 0.26 * ball * rng.uniform(0.6, 1.1, count)[:, None, None]
    turn = np.linspace(0, 1, steps)[None, :, None]
    angle = turn * rng.uniform(4, 6, count)[:, None, None]
    base = root + 0.8 * ball * axis + way * (0.72 * ball * layer)[:, None]
    strands = (
        base[:, None]
        + way[:, None] * loop * np.sin(angle)
        + across[:, None] * loop * (1 - np.cos(angle))
        + along[:, None] * loop * 1.5 * turn
    )
    width = style.width_mm * 1.25 * unit * rng.uniform(0.6, 1.2, count)
    return Strands(strands, way, width, _light(layer, steps))


def _lengths(rng: np.random.Generator, roots: Roots, style: Style) -> F64:
    """Length of each strand in mm: fringe at the forehead, sides at the ears."""
    canon, count = roots.canon, len(roots.point)
    length = np.full(count, style.length_mm)
    front = _front(canon) & (canon[:, 2] > 40)
    to_line = np.hypot(canon[:, 1] - HAIRLINE_MM[1], canon[:, 2] - HAIRLINE_MM[2])
    cap = max(style.fringe_mm, style.length_mm)
    length = np.where(front, np.minimum(style.fringe_mm + to_line, cap), length)
    length = np.where(canon[:, 1] < 740, np.minimum(length, style.sides_mm), length)
    ragged = np.interp(roots.density, (0.1, 0.6), (0.4, 1.0))
    return np.asarray(length * ragged * rng.uniform(0.82, 1.06, count))


def _front(canon: F64) -> NDArray[np.bool_]:
    azimuth = np.arctan2(canon[:, 0], canon[:, 2] - 20.0)
    return np.asarray((np.cos(azimuth) > 0.55) & (canon[:, 1] > 760))


def _comb(roots: Roots, style: Style) -> F64:
    """Unit tangent directions: away from the whorl on top, down below, swept at the front."""
    canon, normal = roots.canon, roots.normal
    top = np.clip((canon[:, 1:2] - 770) / 50, 0, 1)
    away = _tangent(canon - np.array([style.part_mm, *CROWN_MM]), normal)
    down = _tangent(np.broadcast_to(DOWN, canon.shape), normal)
    side = np.sign(canon[:, :1] - style.part_mm) * np.array([1.0, 0, 0])
    swept = (1 - style.sweep) * away + style.sweep * _tangent(side, normal)
    comb = np.where(_front(canon)[:, None], swept, away)
    return _unit(comb * top + down * (1 - top))


def _nearest_tie(scalp: Scalp, roots: Roots, style: Style) -> F64:
    places = np.array(style.ties)
    near = np.linalg.norm(roots.canon[:, None] - places, axis=2).argmin(1)
    knots = [point + 0.010 * scalp.scale * normal for point, normal in map(scalp.at, style.ties)]
    return np.asarray(np.array(knots)[near])


def _pull(heading: F64, to: F64, stride: F64) -> tuple[F64, F64]:
    gap = np.linalg.norm(to, axis=1)
    return 0.35 * heading + to / (gap[:, None] + 1e-6), np.minimum(gap, stride * 1.05)


def _keep_off(scalp: Scalp, spot: F64, height: F64) -> F64:
    """Lift points to `height` over the skin and draw those far above it back a little."""
    for _ in range(2):
        found, normal = scalp.height(spot)
        lift = np.clip(height - found, 0, 0.03)
        sink = np.where(found < 0.04, np.clip(found - 1.2 * height, 0, 0.02), 0) * 0.5
        spot = spot + normal * (lift - sink)[:, None]
    return spot


def _outside(scalp: Scalp, strands: F64, height: float) -> F64:
    """Lift what is under the skin or the garment out of it."""
    found, normal = scalp.height(strands.reshape(-1, 3))
    lift = np.clip(height - found, 0, 0.03)[:, None] * normal
    return np.asarray(strands + lift.reshape(strands.shape))


def _part_curtain(scalp: Scalp, spot: F64, roots: Roots, style: Style) -> F64:
    """Move hair that hangs in front of the face to its sides."""
    line, _ = scalp.at(HAIRLINE_MM)
    middle = style.part_mm / 1000 * scalp.scale
    free = style.curtain_mm / 1000 * scalp.scale
    free = free * np.clip((line[1] - 0.002 - spot[:, 1]) / 0.03, 0, 1)
    offset = spot[:, 0] - middle
    inside = (np.abs(offset) < free) & (spot[:, 2] > line[2] - 0.06)
    side = np.sign(roots.canon[:, 0] - style.part_mm)
    out = spot.copy()
    out[:, 0] = np.where(inside, middle + side * (free + 0.15 * np.abs(offset)), spot[:, 0])
    return out


def _clumped(
    rng: np.random.Generator, strands: F64, roots: Roots, amount: float, size: float
) -> F64:
    """Draw strands towards a guide each, more at the tips."""
    if amount == 0:
        return strands
    count = len(strands)
    guides = rng.choice(count, max(20, count // 9), replace=False)
    gap, near = cKDTree(roots.point[guides]).query(roots.point)
    guide = strands[guides[near]]
    along = np.linspace(0, 1, strands.shape[1])[None, :, None] ** 1.3
    # hair on the other side of a parting is near at the root only
    together = (gap < size) & (np.linalg.norm(guide[:, -1] - strands[:, -1], axis=1) < 4 * size)
    pull = amount * rng.uniform(0.5, 1.0, (count, 1, 1)) * together[:, None, None]
    return np.asarray(strands + (guide - strands) * along * pull)


def _waved(rng: np.random.Generator, strands: F64, roots: Roots, size: float) -> F64:
    """Bend strands into waves; neighbours share a phase, so they fall in locks."""
    if size == 0:
        return strands
    count, steps, _ = strands.shape
    seed = rng.uniform(0, 2 * np.pi, 3)
    phase = 2.2 * np.sin(roots.canon @ np.array([0.045, 0.03, 0.04]) + seed[0])
    phase = phase + rng.normal(0, 0.35, count)
    tangent = _unit(np.gradient(strands, axis=1))
    side = np.cross(tangent, roots.normal[:, None])
    along = np.linspace(0, 1, steps)
    wave = np.sin(along * 2 * np.pi * 2.6 + phase[:, None])
    return np.asarray(strands + side * (wave * size * np.sqrt(along))[..., None])


def _thin_edge(width: F64, roots: Roots) -> F64:
    return np.asarray(width * np.interp(roots.density, (0.1, 0.8), (0.3, 1.0)))


def _light(layer: F64, steps: int) -> F64:
    """Inner strands and roots lie in the shadow of the outer ones."""
    along = np.linspace(0, 1, steps)
    return np.asarray(np.clip(0.42 + 0.45 * layer[:, None] + 0.2 * along, 0, 1))


def _frame(rng: np.random.Generator, normal: F64) -> tuple[F64, F64]:
    """Two random unit tangents, at right angles."""
    across = _tangent(rng.standard_normal(normal.shape), normal)
    return across, np.cross(normal, across)


def _tangent(vectors: F64, normal: F64) -> F64:
    return _unit(vectors - (vectors * normal).sum(1, keepdims=True) * normal)


def _unit(vectors: F64) -> F64:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9))
