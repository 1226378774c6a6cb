"""Subdivision surfaces and clipping as sparse matrices over the base vertices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Matrix = Any
"""scipy.sparse.csr_array; scipy has no type stubs."""
Faces = NDArray[np.int64]


@dataclass(frozen=True)
class Surface:
    """Triangles over points that are rows of `rows`: points = rows @ base vertices."""

    rows: Matrix
    tris: Faces

    def keep(self, faces: NDArray[np.bool_]) -> Surface:
        """Drop the other triangles and the points that nothing uses."""
        tris = self.tris[faces]
        used, inverse = np.unique(tris, return_inverse=True)
        return Surface(self.rows[used], inverse.reshape(-1, 3))


def catmull_clark(quads: Faces, count: int) -> tuple[Matrix, Faces]:
    """One step of Catmull and Clark (1978) with creased borders.

    quads (F, 4) over `count` points. Returns (rows, finer quads): points = rows @ old points.
    """
    faces = len(quads)
    pairs = np.sort(np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2), 1)
    edges, inverse, uses = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    inverse = inverse.reshape(faces, 4)
    border = uses == 1
    centre = _incidence(np.arange(faces), quads, (faces, count)) * 0.25
    middle = _incidence(np.arange(len(edges)), edges, (len(edges), count)) * 0.5
    touch = _incidence(np.arange(faces), inverse, (faces, len(edges))).T
    inside = 0.5 * middle + 0.25 * (touch @ centre)
    edge = sp.diags_array((~border) * 1.0) @ inside + sp.diags_array(border * 1.0) @ middle
    vertex = _vertex_rule(quads, edges, border, centre, middle, count)
    rows = sp.vstack([vertex, edge, centre]).tocsr()
    e, c = inverse + count, np.arange(faces) + count + len(edges)
    finer = [np.stack([quads[:, i], e[:, i], c, e[:, (i - 1) % 4]], 1) for i in range(4)]
    return rows, np.stack(finer, 1).reshape(-1, 4)


def _incidence(owner: Faces, members: Faces, shape: tuple[int, int]) -> Matrix:
    row = np.repeat(owner, members.shape[1])
    return sp.csr_array((np.ones(row.size), (row, members.ravel())), shape)


def _vertex_rule(
    quads: Faces,
    edges: Faces,
    border: NDArray[np.bool_],
    centre: Matrix,
    middle: Matrix,
    count: int,
) -> Matrix:
    by_face = _incidence(np.arange(len(quads)), quads, (len(quads), count)).T
    by_edge = _incidence(np.arange(len(edges)), edges, (len(edges), count)).T
    valence = np.maximum(by_face.sum(1), 1)
    degree = np.maximum(by_edge.sum(1), 1)
    on_border = np.zeros(count, bool)
    on_border[edges[border].ravel()] = True
    face_mean = sp.diags_array(1 / valence) @ by_face @ centre
    edge_mean = sp.diags_array(1 / degree) @ by_edge @ middle
    inner = sp.diags_array(1 / valence) @ (face_mean + 2 * edge_mean)
    inner = inner + sp.diags_array((valence - 3) / valence)
    rim = by_edge @ sp.diags_array(border * 1.0)
    rim_mean = sp.diags_array(1 / np.maximum(rim.sum(1), 1)) @ rim @ middle
    outer = 0.5 * sp.eye_array(count) + 0.5 * rim_mean
    unused = by_face.sum(1) == 0
    return (
        sp.diags_array((~on_border & ~unused) * 1.0) @ inner
        + sp.diags_array(on_border * 1.0) @ outer
        + sp.diags_array(unused * 1.0)
    )


def subdivided(quads: Faces, count: int) -> Surface:
    """Return one subdivision step of `quads` as triangles, unused points dropped."""
    rows, finer = catmull_clark(quads, count)
    tris = np.concatenate([finer[:, [0, 1, 2]], finer[:, [0, 2, 3]]])
    return Surface(rows, tris).keep(np.ones(len(tris), bool))


def split(surface: Surface, level: NDArray[np.float64]) -> tuple[Surface, NDArray[np.float64]]:
    """Cut triangles along level = 0, so that none has points on both sides.

    level (V,) one value a point. Returns the finer surface and its levels.
    """
    tris, ends, cuts = [], [], dict[tuple[int, int], int]()
    level = np.where(np.abs(level) < 1e-7, 1e-7, level)

    def cut(a: int, b: int) -> int:
        key = (min(a, b), max(a, b))
        if key not in cuts:
            cuts[key] = len(level) + len(cuts)
            ends.append(key)
        return cuts[key]

    for tri in surface.tris:
        above = level[tri] > 0
        if above.all() or not above.any():
            tris.append(tri)
            continue
        # rotate so that `a` is alone on its side
        a, b, c = np.roll(tri, -int(np.argmax(above == (above.sum() == 1))))
        p, q = cut(int(a), int(b)), cut(int(c), int(a))
        tris += [np.array(t) for t in ((a, p, q), (p, b, c), (p, c, q))]
    pair = np.array(ends, np.int64).reshape(-1, 2)
    share = level[pair[:, 0]] / (level[pair[:, 0]] - level[pair[:, 1]])
    new = sp.diags_array(1 - share) @ surface.rows[pair[:, 0]]
    new = new + sp.diags_array(share) @ surface.rows[pair[:, 1]]
    rows = sp.vstack([surface.rows, new]).tocsr()
    return Surface(rows, np.array(tris)), np.concatenate([level, np.zeros(len(pair))])


def border_loops(tris: Faces) -> list[NDArray[np.int64]]:
    """Return the closed border lines, each as point ids in the direction of their triangles."""
    directed = np.concatenate([tris[:, [0, 1]], tris[:, [1, 2]], tris[:, [2, 0]]])
    known = {(int(a), int(b)) for a, b in directed}
    follow = {a: b for a, b in sorted(known) if (b, a) not in known}
    loops = []
    while follow:
        start = min(follow)
        loop, at = [start], follow.pop(start)
        while at != start:
            loop.append(at)
            at = follow.pop(at)
        loops.append(np.array(loop))
    return loops
