"""The mesh before its last subdivision: a fourth of the triangles, enough to throw a shadow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]


def coarsened(tris: I32) -> I32:
    """Triangles (F', 3) that put one quad for each four of a subdivided mesh, elsewhere `tris`.

    tris (F, 3): as `people/bake_mesh.subdivided` writes them, each quad's quarter as
    (v, e, c) and (v, c, e'), with v a corner of the quad, e the middle of an edge after it, e' of
    the edge before it, c the quad's centre. Quads that were cut or lost a quarter stay as they are.
    """
    count = int(tris.max()) + 1
    corner = np.zeros(count, bool)
    corner[tris[:, 0]] = True
    uses = np.bincount(tris.ravel(), minlength=count)
    centre = (uses == 8) & ~corner
    after, before = tris[centre[tris[:, 2]]], tris[centre[tris[:, 1]]]
    leaves = after[:, 2].astype(np.int64) * count + after[:, 1]
    enters = before[:, 1].astype(np.int64) * count + before[:, 2]
    order = np.argsort(enters)
    place = np.searchsorted(enters, leaves, sorter=order)
    place = order[np.minimum(place, len(order) - 1)]
    joined = enters[place] == leaves
    edges = np.stack([after[:, 2], after[:, 0], before[place, 0]], 1)[joined]
    edges = edges[np.argsort(edges[:, 0], kind="stable")]
    whole = np.bincount(edges[:, 0], minlength=count) == 4
    rings = edges[whole[edges[:, 0]]].reshape(-1, 4, 3)
    first, second = rings[:, 0, 1], rings[:, 0, 2]
    third, fourth = _next(rings, second), _next(rings, _next(rings, second))
    quads = np.concatenate(
        [np.stack([first, second, third], 1), np.stack([first, third, fourth], 1)]
    )
    kept = ~(whole[tris[:, 1]] | whole[tris[:, 2]])
    return np.concatenate([quads, tris[kept]]).astype(np.int32)


def _next(rings: NDArray[np.int32], at: NDArray[np.int32]) -> NDArray[np.int32]:
    """The corner after `at` (N,) in rings (N, 4, 3) of (centre, from, to)."""
    return rings[np.arange(len(rings)), (rings[:, :, 1] == at[:, None]).argmax(1), 2]
