"""`Piece`: what a person wears, grows or holds, as triangles in the frame of the upright head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Piece:
    """One mesh beside the head's own, metres; World as in `child.Posed`."""

    points: F32
    """(V, 3)"""
    normals: F32
    """(V, 3) unit."""
    canon: F32
    """(V, 3) what its shader wants: the unit tangent for hair, else linear RGB 0 to 1."""
    aux: F32
    """(V, 4) columns as in people/ids.py."""
    tris: NDArray[np.int32]
    """(F, 3)"""
    material: int
    """One of people/ids.py."""
    follow: F32
    """(V,) 1 turns with the head, 0 stays with the shoulders."""


def joined(pieces: list[Piece]) -> Piece:
    """Pieces of one material as one."""
    first = np.cumsum([0] + [len(piece.points) for piece in pieces])
    tris = [piece.tris + n for piece, n in zip(pieces, first, strict=False)]
    return Piece(
        points=np.concatenate([piece.points for piece in pieces]),
        normals=np.concatenate([piece.normals for piece in pieces]),
        canon=np.concatenate([piece.canon for piece in pieces]),
        aux=np.concatenate([piece.aux for piece in pieces]),
        tris=np.concatenate(tris).astype(np.int32),
        material=pieces[0].material,
        follow=np.concatenate([piece.follow for piece in pieces]),
    )


def merged(pieces: list[Piece]) -> list[Piece]:
    """One piece for each material."""
    materials = dict.fromkeys(piece.material for piece in pieces)
    return [joined([p for p in pieces if p.material == material]) for material in materials]
