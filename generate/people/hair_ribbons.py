"""Ribbons: flat strips along locks of hair, what the renderers draw hair with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generate.people.hair_scalp import Scalp, unit
from generate.people.ids import HAIR
from generate.people.piece import Piece

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

PROFILE = ((0.0, 0.1, 0.6, 1.0), (0.5, 1.0, 0.95, 0.5))
"""Width of a ribbon over its length."""
ROOT_M, ROOT_ALONG = 0.015, 0.15
"""The first part of each lock, where its hairs begin one after the other, and its `along`."""
FINE_FROM = 0.97
"""Numbers of ribbons that are fine lie from here to 1, of all others below."""
ROUNDING = 0.3
"""Normals at a ribbon's edges lean this far sideways: a lock is round."""
WHOLE_ALONG = 0.25
"""`along` of what is never cut into hairs: ropes and the inner layer."""


@dataclass(frozen=True)
class Strands:
    """N locks of S points."""

    points: F64
    """(N, S, 3)"""
    normal: F64
    """(N, 3) of the root."""
    width: F64
    """(N,) metres."""
    light: F64
    """(N, S) ambient light that reaches each point, 0..1."""
    taper_m: float = 0.045
    """Length over which the hairs of a lock end one after the other."""
    fine: NDArray[np.bool_] | None = None
    """(N,) down that lets the skin through; None where nothing is."""


def ribbons(rng: np.random.Generator, strands: Strands, scalp: Scalp) -> Piece:
    """Turn locks into strips, those in front first; normals lean outwards from the head."""
    points = strands.points
    count, steps, _ = points.shape
    tangent = unit(np.gradient(points, axis=1))
    outward = unit(points - _axis_near(scalp, points))
    root = strands.normal[:, None] * np.linspace(1, 0.3, steps)[:, None]
    side = unit(np.cross(tangent, root + outward))
    flat = np.cross(side, tangent)
    roll = rng.normal(0, 0.22, (count, 1, 1))
    side = side * np.cos(roll) + flat * np.sin(roll)
    flat = np.cross(side, tangent)
    along = _along(points, strands.taper_m)
    profile = np.asarray(np.interp(along, *PROFILE))
    half = (strands.width[:, None] * profile / 2)[..., None]
    corners = np.stack([points - side * half, points + side * half], 2)
    middle = unit(0.35 * root + 0.55 * outward + 0.3 * flat)
    normal = unit(np.stack([middle - ROUNDING * side, middle + ROUNDING * side], 2))
    aux = np.zeros((count, steps, 2, 4), np.float32)
    aux[..., 0] = strands.light[..., None]
    aux[..., 1] = (-1, 1)
    aux[..., 2] = along[..., None]
    number = np.asarray(rng.uniform(0, FINE_FROM, count))
    if strands.fine is not None:
        number[strands.fine] = rng.uniform(FINE_FROM, 1, int(strands.fine.sum()))
    aux[..., 3] = number[:, None, None]
    pair = (count, steps, 2, 3)
    return Piece(
        points=corners.reshape(-1, 3).astype(np.float32),
        normals=normal.reshape(-1, 3).astype(np.float32),
        canon=np.broadcast_to(tangent[:, :, None], pair).reshape(-1, 3).astype(np.float32),
        aux=aux.reshape(-1, 4),
        tris=_strips(_front_first(strands), steps),
        material=HAIR,
        follow=np.ones(count * steps * 2, np.float32),
    )


def _along(points: F64, taper_m: float) -> F64:
    """(N, S) 0 at the root to 1 at the tip, of which root and tip have fixed shares."""
    stride = np.linalg.norm(np.diff(points, axis=1), axis=2)
    run = np.concatenate([np.zeros((len(points), 1)), np.cumsum(stride, 1)], 1)
    length = np.maximum(run[:, -1:], 1e-6)
    root, taper = np.minimum(0.2 * length, ROOT_M), np.minimum(0.55 * length, taper_m)
    middle = ROOT_ALONG + (0.5 - ROOT_ALONG) * (run - root) / (length - root - taper)
    tip = 1 - 0.5 * (length - run) / taper
    return np.where(run < root, ROOT_ALONG * run / root, np.where(tip > 0.5, tip, middle))


def _axis_near(scalp: Scalp, points: F64) -> F64:
    """Nearest point of the upright axis from the head's centre down."""
    near = np.broadcast_to(scalp.centre, points.shape).copy()
    near[..., 1] = np.minimum(points[..., 1], scalp.centre[1])
    return near


def _front_first(strands: Strands) -> NDArray[np.int64]:
    """Order in which ribbons are drawn: what lies in front and outside hides the rest early."""
    middle = strands.points[:, strands.points.shape[1] // 2 :].mean(1)
    return np.argsort(-(middle[:, 2] + 0.03 * strands.light.mean(1)))


def _strips(order: NDArray[np.int64], steps: int) -> NDArray[np.int32]:
    first = (order[:, None] * steps + np.arange(steps - 1)).ravel() * 2
    lower = np.stack([first, first + 1, first + 2], 1)
    upper = np.stack([first + 1, first + 3, first + 2], 1)
    return np.stack([lower, upper], 1).reshape(-1, 3).astype(np.int32)


def whole_aux(light: F64, number: float | F64) -> F32:
    """Columns (V, 4) of hair that is never cut into single hairs."""
    aux = np.zeros((len(light), 4), np.float32)
    aux[:, 0], aux[:, 2], aux[:, 3] = light, WHOLE_ALONG, number
    return aux
