"""What hangs from, or is wound round, a tie: tails, buns, puffs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.people.hair_ribbons import Strands
from generate.people.hair_scalp import Roots, Scalp, frame_of, unit
from generate.people.hair_strands import DOWN, curved
from generate.people.hair_styles import Style, Tail

F64 = NDArray[np.float64]


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


def hanging_paths(
    rng: np.random.Generator, root: F64, axis: F64, tail: Tail, steps: int, scalp: Scalp
) -> F64:
    """Paths (count, steps, 3) that fall from a tie."""
    count = tail.count
    tuft = rng.normal(0, tail.spread, (count, 3))
    heading = unit(1.4 * axis + 0.5 * tuft)
    spot = root + rng.normal(0, 0.005, (count, 3)) * scalp.scale * (count > 1)
    length = tail.length_mm * scalp.scale / 1000 * rng.uniform(0.82, 1.05, count)
    points = [spot]
    for _ in range(1, steps):
        heading = unit(heading + tail.gravity * DOWN + 0.08 * tuft)
        stride = heading * (length / (steps - 1))[:, None]
        spot = scalp.outside(spot + stride, 0.004 + tail.braid_mm / 1000)
        points.append(spot)
    return np.stack(points, 1)


def _hanging(
    rng: np.random.Generator, root: F64, axis: F64, tail: Tail, style: Style, scalp: Scalp
) -> Strands:
    steps, metre = style.steps + 2, scalp.scale / 1000
    strands = hanging_paths(rng, root, axis, tail, steps, scalp)
    # the tuft swells in the middle and gathers at the tip
    axis_line = strands.mean(0, keepdims=True)
    swell = np.interp(np.linspace(0, 1, steps), (0, 0.12, 0.5, 0.8, 1), (1.0, 1.8, 2.0, 1.5, 0.7))
    strands = scalp.outside(axis_line + (strands - axis_line) * swell[:, None], 0.003)
    spot = strands[:, 0]
    fake = Roots(spot, np.broadcast_to(axis, spot.shape), spot * 1000, np.ones(len(spot)))
    strands = scalp.outside(curved(rng, strands, fake, style, metre), 0.0015)
    outside = unit(strands[:, steps // 2] - axis_line[:, steps // 2])
    width = style.width_mm * 1.3 * metre * rng.uniform(0.5, 1.2, len(spot))
    far = np.linalg.norm(strands - axis_line, axis=2)
    light = np.clip(0.5 + 0.5 * far / (np.percentile(far, 90) + 1e-6), 0, 1)
    return Strands(strands, outside + 0.2 * axis, width, light)


def _bun(
    rng: np.random.Generator, root: F64, axis: F64, tail: Tail, style: Style, scalp: Scalp
) -> Strands:
    count, steps, metre = tail.count, style.steps + 3, scalp.scale / 1000
    radius = tail.bun_mm * metre
    start = unit(rng.standard_normal((count, 3)) + 0.3 * axis)
    # strands wind round the tie's axis more than over the top
    spin = unit(np.cross(start, axis) + 0.35 * rng.standard_normal((count, 3)))
    spin = unit(spin - (spin * start).sum(1, keepdims=True) * start)
    angle = np.linspace(0, 2.4, steps)[None, :, None]
    shell = radius * rng.uniform(0.82, 1.02, (count, 1, 1))
    ball = start[:, None] * np.cos(angle) + spin[:, None] * np.sin(angle)
    flat = ball - 0.25 * (ball @ axis)[..., None] * axis
    width = style.width_mm * 1.3 * metre * rng.uniform(0.7, 1.3, count)
    strands = scalp.outside(root + 0.65 * radius * axis + shell * flat, 0.0012)
    light = np.clip(0.45 + 3.0 * (shell[:, :, 0] / radius - 0.82), 0, 1)
    return Strands(strands, start, width, np.broadcast_to(light, (count, steps)))


def _puff(
    rng: np.random.Generator, root: F64, axis: F64, tail: Tail, style: Style, scalp: Scalp
) -> Strands:
    count, steps, metre = tail.count, 7, scalp.scale / 1000
    ball = tail.puff_mm * metre
    way = unit(rng.standard_normal((count, 3)))
    layer = rng.uniform(0.3, 1, count)
    across, along = frame_of(rng, way)
    loop = 0.2 * ball * rng.uniform(0.6, 1.1, count)[:, None, None]
    turn = np.linspace(0, 1, steps)[None, :, None]
    angle = turn * rng.uniform(3.2, 5, count)[:, None, None]
    base = root + 0.8 * ball * axis + way * (0.8 * ball * layer)[:, None]
    strands = (
        base[:, None]
        + way[:, None] * loop * np.sin(angle)
        + across[:, None] * loop * (1 - np.cos(angle))
        + along[:, None] * loop * 1.5 * turn
    )
    strands = scalp.outside(strands, 0.0012)
    width = style.width_mm * 0.9 * metre * rng.uniform(0.6, 1.2, count)
    light = np.clip(0.3 + 0.7 * layer, 0, 1)
    return Strands(strands, way, width, np.broadcast_to(light[:, None], (count, steps)))
