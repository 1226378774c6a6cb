"""Ribbons: flat strips along strands, what the renderers draw hair with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generate.people.piece import Piece
from generate.render.ids import HAIR

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

PROFILE = ((0.0, 0.12, 0.6, 1.0), (0.55, 1.0, 0.9, 0.3))
"""Width of a ribbon over its length."""
FINE_FROM = 0.97
"""Numbers of ribbons that are fine lie from here to 1, of all others below."""


@dataclass(frozen=True)
class Strands:
    """N strands of S points."""

    points: F64
    """(N, S, 3)"""
    normal: F64
    """(N, 3) of the root."""
    width: F64
    """(N,) metres."""
    light: F64
    """(N, S) ambient light that reaches each point, 0..1."""
    fine: NDArray[np.bool_] | None = None
    """(N,) down that lets the skin through; None where nothing is."""


def ribbons(rng: np.random.Generator, strands: Strands, centre: F64) -> Piece:
    """Turn strands into strips; normals lean outwards from the head's `centre`."""
    points = strands.points
    count, steps, _ = points.shape
    tangent = _unit(np.gradient(points, axis=1))
    outward = _unit(points - centre)
    side = _unit(np.cross(tangent, strands.normal[:, None] + 0.5 * outward))
    flat = np.cross(side, tangent)
    roll = rng.normal(0, 0.4, (count, 1, 1))
    side = side * np.cos(roll) + flat * np.sin(roll)
    flat = np.cross(side, tangent)
    along = np.arange(steps) / (steps - 1)
    profile = np.asarray(np.interp(along, *PROFILE))
    half = strands.width[:, None, None] * profile[:, None] / 2
    corners = np.stack([points - side * half, points + side * half], 2)
    normal = _unit(0.45 * strands.normal[:, None] + 0.35 * outward + 0.35 * flat)
    aux = np.zeros((count, steps, 2, 4), np.float32)
    aux[..., 0] = strands.light[..., None]
    aux[..., 1] = (-1, 1)
    aux[..., 2] = along[:, None]
    number = np.asarray(rng.uniform(0, FINE_FROM, count))
    if strands.fine is not None:
        number[strands.fine] = rng.uniform(FINE_FROM, 1, int(strands.fine.sum()))
    aux[..., 3] = number[:, None, None]
    pair = (count, steps, 2, 3)
    return Piece(
        points=corners.reshape(-1, 3).astype(np.float32),
        normals=np.broadcast_to(normal[:, :, None], pair).reshape(-1, 3).astype(np.float32),
        canon=np.broadcast_to(tangent[:, :, None], pair).reshape(-1, 3).astype(np.float32),
        aux=aux.reshape(-1, 4),
        tris=_strips(count, steps),
        material=HAIR,
        follow=np.ones(count * steps * 2, np.float32),
    )


def _strips(count: int, steps: int) -> NDArray[np.int32]:
    first = (np.arange(count)[:, None] * steps + np.arange(steps - 1)).ravel() * 2
    lower = np.stack([first, first + 1, first + 2], 1)
    upper = np.stack([first + 1, first + 3, first + 2], 1)
    return np.concatenate([lower, upper]).astype(np.int32)


def joined(pieces: list[Piece]) -> Piece:
    """Return several pieces as one."""
    start = np.cumsum([0] + [len(piece.points) for piece in pieces])
    tris = [piece.tris + first for piece, first in zip(pieces, start, strict=False)]
    return Piece(
        points=np.concatenate([piece.points for piece in pieces]),
        normals=np.concatenate([piece.normals for piece in pieces]),
        canon=np.concatenate([piece.canon for piece in pieces]),
        aux=np.concatenate([piece.aux for piece in pieces]),
        tris=np.concatenate(tris).astype(np.int32),
        material=HAIR,
        follow=np.concatenate([piece.follow for piece in pieces]),
    )


def _unit(vectors: F64) -> F64:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9))
