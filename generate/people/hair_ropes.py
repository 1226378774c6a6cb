"""Ropes of hair: braids, locs and cornrows as tubes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from generate.people.hair_ribbons import whole_aux
from generate.people.hair_scalp import Scalp, unit
from generate.people.hair_strands import DOWN, grown
from generate.people.hair_styles import Ropes, Style
from generate.people.hair_tied import hanging_paths
from generate.people.ids import HAIR
from generate.people.piece import Piece

F64 = NDArray[np.float64]

RINGS_A_PLAIT = 2.5
CHEVRON = 0.8
"""Sine-like lean of the hairs of a braid towards its middle line."""
TAPER_FROM = 0.88
"""Share of the length from which a rope runs to a tip."""


def ropes(rng: np.random.Generator, scalp: Scalp, style: Style, kind: Ropes) -> Piece:
    """All ropes of a style, on the scalp and hanging from it."""
    radius = kind.radius_mm * scalp.scale / 1000
    if kind.lanes:
        paths = _lanes(scalp, style, kind.count, radius)
    else:
        roots = scalp.roots(rng, kind.count, 2.0)
        layer = rng.uniform(0, 1, kind.count)
        paths = grown(rng, scalp, replace(style, count=kind.count), roots, layer)
        paths[:, 1:] = scalp.outside(paths[:, 1:], 0.9 * radius)
    return tubes(rng, scalp, paths, radius, kind.plait_mm * scalp.scale / 1000)


def braid(
    rng: np.random.Generator, scalp: Scalp, style: Style, tie: tuple[float, float, float]
) -> Piece:
    """One thick braid that hangs from a tie."""
    if style.tail is None:
        raise ValueError("a style with ties needs a tail")
    root, axis = scalp.at(tie)
    radius = style.tail.braid_mm * scalp.scale / 1000
    path = hanging_paths(rng, root, axis, style.tail, 14, scalp)
    return tubes(rng, scalp, path, radius, 2.0 * radius)


def tubes(rng: np.random.Generator, scalp: Scalp, paths: F64, radius: float, plait: float) -> Piece:
    """Tubes round paths (N, S, 3), metres; `plait` is the length of a crossing, 0 for none."""
    length = np.linalg.norm(np.diff(paths, axis=1), axis=2).sum(1)
    rings = paths.shape[1]
    if plait:
        rings = int(np.clip(RINGS_A_PLAIT * np.median(length) / plait, 8, 60))
    sides = 8 if radius > 0.006 else 4
    line = _resampled(paths, rings)
    count = len(line)
    along = np.linspace(0, 1, rings)
    tangent = unit(np.gradient(line, axis=1))
    out = unit(line - scalp.centre)
    side = unit(np.cross(tangent, out))
    flat = np.cross(side, tangent)
    turn = np.arange(sides) * 2 * np.pi / sides
    round_ = side[:, :, None] * np.cos(turn)[:, None] + flat[:, :, None] * np.sin(turn)[:, None]
    run = along * length[:, None]
    lobe = np.full((count, rings, sides), 0.85)
    fibre = np.broadcast_to(tangent[:, :, None], round_.shape)
    if plait:
        stagger = np.where(np.cos(turn) > 0, 0.0, 0.5 * np.pi)
        start = rng.uniform(0, 3, (count, 1, 1))
        lobe = np.abs(np.sin(np.pi * run[..., None] / plait + stagger + start))
        lean = np.sign(np.cos(turn))[:, None] * side[:, :, None]
        fibre = unit(fibre - CHEVRON * lean)
    else:
        lobe = lobe + 0.18 * rng.standard_normal((count, rings, 1))
    thick = radius * (0.74 + 0.34 * lobe)
    thick = thick * np.interp(along, (0, 0.04, TAPER_FROM, 1), (0.7, 1, 0.95, 0.25))[:, None]
    thick = thick * np.where(np.abs(np.sin(turn)) > 0.9, 0.9, 1.0)
    points = line[:, :, None] + round_ * thick[..., None]
    shade = np.clip(0.35 + 0.6 * lobe + 0.25 * np.sin(turn), 0, 1)
    number = np.repeat(rng.uniform(0, 0.9, count), rings * sides)
    return Piece(
        points=points.reshape(-1, 3).astype(np.float32),
        normals=round_.reshape(-1, 3).astype(np.float32),
        canon=fibre.reshape(-1, 3).astype(np.float32),
        aux=whole_aux(shade.ravel(), number),
        tris=_wrapped(count, rings, sides),
        material=HAIR,
        follow=np.ones(points.size // 3, np.float32),
    )


def _wrapped(count: int, rings: int, sides: int) -> NDArray[np.int32]:
    ring = np.arange(sides)
    first = (np.arange(count)[:, None] * rings + np.arange(rings - 1)).ravel()[:, None] * sides
    a, b = first + ring, first + (ring + 1) % sides
    quads = np.stack([a, b, a + sides, b, b + sides, a + sides], 2)
    return quads.reshape(-1, 3).astype(np.int32)


def _resampled(paths: F64, rings: int) -> F64:
    """Paths with points at even steps of their length."""
    out = np.empty((len(paths), rings, 3))
    for path, row in zip(paths, out, strict=True):
        run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        for axis in range(3):
            row[:, axis] = np.interp(np.linspace(0, run[-1], rings), run, path[:, axis])
    return out


LONGEST_TAIL = 30
"""Steps of 12 mm: a tail that comes to rest on a collar ends there."""


def _lanes(scalp: Scalp, style: Style, count: int, radius: float) -> F64:
    """Paths of cornrows: rows from the front hairline over the head to the nape, then down."""
    paths = []
    scale = scalp.scale / 1000
    around = np.deg2rad(np.linspace(0, 235, 60))
    for lean in np.deg2rad(np.linspace(-64, 64, count)):
        up, ahead = np.cos(lean) * np.sin(around), np.cos(lean) * np.cos(around)
        ring = np.stack([0 * around + np.sin(lean), up, ahead], 1)
        place, normal, density = scalp.towards(ring)
        hairy = np.flatnonzero(density > 0.45)
        row = (place + 0.45 * radius * normal)[hairy[0] : hairy[-1] + 1]
        spot, tail, low = row[-1], [row], scalp.centre[1] - (775 - style.level_mm) * scale
        heading = unit((row[-1] - row[-2])[None])[0]
        for _ in range(LONGEST_TAIL):
            if spot[1] <= low:
                break
            heading = unit((heading + 0.5 * DOWN)[None])[0]
            spot = scalp.outside((spot + 0.012 * heading)[None], 1.2 * radius)[0]
            tail.append(spot[None])
        paths.append(_resampled(np.concatenate(tail)[None], 40)[0])
    return np.stack(paths)
