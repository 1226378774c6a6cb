"""The triangles of one child in one pose: head, clothes, hair and what it wears or holds."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from generate.people.asset import load_topology
from generate.people.child import Child, Posed
from generate.people.ids import (
    ARM,
    AUX_SCALP,
    AUX_STRAND,
    CLOTH,
    HAIR,
    HAND,
    LENS,
    PROP,
    SKIN,
)
from generate.people.piece import Piece
from generate.render.coarse import coarsened
from generate.render.shade_fragments import Mesh

HAIR_CASTING = 0.3
"""Share of the ribbons that cast shadows: they overlap, and are drawn whole in the shadow map."""


class Figure:
    """Static arrays of a child, joined once; `pose` fills in what moves."""

    def __init__(self, child: Child) -> None:
        topology, pieces = child.topology, child.pieces
        self.n_head = len(topology.material)
        first = np.cumsum([self.n_head] + [len(piece.points) for piece in pieces])
        tris = [topology.tris, *(p.tris + n for p, n in zip(pieces, first, strict=False))]
        every = np.concatenate(tris).astype(np.int32)
        self.aux = np.concatenate([topology.aux, *(p.aux for p in pieces)]).astype(np.float32)
        skin = topology.parts["skin"][0]
        self.aux[skin, AUX_SCALP] = child.hair_cover[skin]
        worn = [np.full(len(piece.points), piece.material) for piece in pieces]
        material = np.concatenate([topology.material, *worn])
        clear = material[every[:, 0]] == LENS
        self.tris, self.lens_tris = every[~clear], every[clear]
        self.kinds = material[self.tris[:, 0]].astype(np.uint8)
        self.lens_kinds = np.full(len(self.lens_tris), LENS, np.uint8)
        coarse = _coarse(child.person.garment, child.framing)
        casts = np.isin(self.kinds, (PROP, HAND))
        casts |= (self.kinds == HAIR) & (self.aux[self.tris[:, 0], AUX_STRAND] < HAIR_CASTING)
        self.caster_tris = np.concatenate([coarse, self.tris[casts]])
        self.caster_kinds = material[self.caster_tris[:, 0]].astype(np.uint8)
        shape = (int(first[-1]), 3)
        self.canon, self.points, self.normals = (np.zeros(shape, np.float32) for _ in range(3))
        self.canon[: self.n_head] = topology.canon
        self.pieces = list(zip(pieces, first.tolist(), strict=False))

    def pose(self, posed: Posed) -> Mesh:
        """Mesh of this pose, in world m; it shares memory with the figure."""
        n = self.n_head
        self.points[:n], self.normals[:n] = posed.points, posed.normals
        for piece, first in self.pieces:
            self._place(piece, slice(first, first + len(piece.points)), posed)
        return Mesh(self.tris, self.kinds, self.points, self.normals, self.canon, self.aux)

    def _place(self, piece: Piece, span: slice, posed: Posed) -> None:
        turn, shift = (
            np.ascontiguousarray(posed.head_transform[:3, :3].T),
            posed.head_transform[:3, 3],
        )
        self.points[span] = piece.points @ turn + shift
        self.normals[span] = piece.normals @ turn
        self.canon[span] = piece.canon @ turn if piece.material == HAIR else piece.canon
        if piece.follow.min() < 1:
            stay = (1 - piece.follow)[:, None]
            turn, shift = posed.shoulders[:3, :3].T, posed.shoulders[:3, 3]
            self.points[span] += stay * (piece.points @ turn + shift - self.points[span])
            self.normals[span] += stay * (piece.normals @ turn - self.normals[span])


@cache
def _coarse(garment: str, framing: str) -> NDArray[np.int32]:
    """Skin, arms and cloth of a topology, coarse enough to throw its shadow."""
    topology = load_topology(garment, framing)
    kinds = topology.material[topology.tris[:, 0]]
    return coarsened(topology.tris[np.isin(kinds, (SKIN, CLOTH, ARM))])
