"""The triangles of one child in one pose: head, clothes, hair and what it wears or holds."""

from __future__ import annotations

from functools import cache
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from generate.people.asset import load_topology
from generate.people.child import Child, Posed
from generate.people.ids import (
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
from generate.people.poser import Runner
from generate.render.coarse import coarsened
from generate.render.shade_fragments import Mesh

HAIR_CASTING = 0.3
"""Share of the ribbons that cast shadows: they overlap, and are drawn whole in the shadow map."""


class Figure:
    """Static arrays of a child, joined once; `pose` fills in what moves, by an engine."""

    def __init__(self, child: Child, engine: Runner) -> None:
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
        casts = np.isin(self.kinds, (PROP, HAND)) & (self.tris[:, 0] >= self.n_head)
        casts |= (self.kinds == HAIR) & (self.aux[self.tris[:, 0], AUX_STRAND] < HAIR_CASTING)
        self.caster_tris = np.concatenate([coarse, self.tris[casts]])
        self.caster_kinds = material[self.caster_tris[:, 0]].astype(np.uint8)
        self._engine = engine
        self._moving = engine.empty((3, int(first[-1]), 3), np.float32)
        self._canon = engine.upload(topology.canon)
        self._worn = _worn(pieces, engine) if pieces else None

    def pose(self, posed: Posed) -> Mesh:
        """Mesh of this pose, in world m; it shares memory with the figure."""
        up, run = self._engine.upload, self._engine.run
        run(place_head, up(posed.points), up(posed.normals), self._canon, self._moving)
        if self._worn is not None:
            frames = np.stack([posed.head_transform[:3], posed.shoulders[:3]])
            run(place_pieces, *self._worn, frames, self.n_head, self._moving)
        return Mesh(self.tris, self.kinds, self._moving, self.aux)


def _worn(pieces: list[Piece], engine: Runner) -> tuple[Any, Any, Any]:
    """Points, normals and canon (3, N, 3) of all pieces as one, follow (N,), turns (N,)."""
    fields = [[p.points, p.normals, p.canon] for p in pieces]
    still = np.concatenate([np.stack(f) for f in fields], 1).astype(np.float32)
    follow = np.concatenate([p.follow for p in pieces]).astype(np.float32)
    turns = np.concatenate([np.full(len(p.points), p.material == HAIR) for p in pieces])
    return engine.upload(still), engine.upload(follow), engine.upload(turns.astype(np.int32))


@nb.njit(cache=True)
def place_head(points: Any, normals: Any, canon: Any, moving: Any) -> None:
    """Put the head's vertices (N, 3) before all others of `moving` (3, V, 3)."""
    for i in range(points.shape[0]):
        for c in range(3):
            moving[0, i, c] = points[i, c]
            moving[1, i, c] = normals[i, c]
            moving[2, i, c] = canon[i, c]


@nb.njit(cache=True)
def place_pieces(still: Any, follow: Any, turns: Any, frames: Any, first: Any, moving: Any) -> None:
    """Put what is worn, still (3, N, 3), from vertex `first` of `moving` (3, V, 3) on.

    frames (2, 3, 4): transforms of the head, whose share is `follow` (N,), and of the shoulders.
    Where `turns` (N,), canon is a direction that turns with the head.
    """
    for i in range(follow.shape[0]):
        part = follow[i]
        for c in range(3):
            for field in range(2):
                x, y, z = still[field, i, 0], still[field, i, 1], still[field, i, 2]
                one = 1.0 - field
                head = frames[0, c, 0] * x + frames[0, c, 1] * y + frames[0, c, 2] * z
                head += one * frames[0, c, 3]
                if part < 1.0:
                    stay = frames[1, c, 0] * x + frames[1, c, 1] * y + frames[1, c, 2] * z
                    head += (1.0 - part) * (stay + one * frames[1, c, 3] - head)
                moving[field, first + i, c] = head
            turned = still[2, i, c]
            if turns[i] == 1:
                x, y, z = still[2, i, 0], still[2, i, 1], still[2, i, 2]
                turned = frames[0, c, 0] * x + frames[0, c, 1] * y + frames[0, c, 2] * z
            moving[2, first + i, c] = turned


@cache
def _coarse(garment: str, framing: str) -> NDArray[np.int32]:
    """Skin, arms and cloth of a topology, coarse enough to throw its shadow."""
    topology = load_topology(garment, framing)
    kinds = topology.material[topology.tris[:, 0]]
    return coarsened(topology.tris[np.isin(kinds, (SKIN, CLOTH, HAND))])
