"""The coarse mesh has the corners of the fine one and closes the same holes."""

import numpy as np
import pytest

from generate.people.asset import load_topology
from generate.people.bake_mesh import subdivided
from generate.render.coarse import coarsened


def grid(n: int) -> tuple[np.ndarray, int]:
    """Quads of a sheet of n x n squares, and how many points it has."""
    first = (np.arange(n)[:, None] * (n + 1) + np.arange(n)).ravel()
    return np.stack([first, first + 1, first + n + 2, first + n + 1], 1), (n + 1) ** 2


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_subdivided_sheet_comes_back_as_its_quads(n: int) -> None:
    quads, count = grid(n)
    fine = subdivided(quads, count).tris.astype(np.int32)
    coarse = coarsened(fine)
    assert len(fine) == 8 * n * n
    inner = 2 * n * n
    assert inner <= len(coarse) < len(fine) or n == 1
    assert len(coarse) == inner
    assert np.isin(coarse, fine).all()


def test_a_sheet_that_lost_a_quarter_keeps_the_others_fine() -> None:
    quads, count = grid(3)
    fine = subdivided(quads, count).tris.astype(np.int32)
    coarse = coarsened(fine[1:])
    assert len(coarse) == 2 * 8 + 7


def test_the_skin_faces_the_same_way_and_covers_as_much() -> None:
    topology = load_topology("tee")
    tris = topology.tris[topology.parts["skin"][1]]
    coarse = coarsened(tris)
    assert len(coarse) < 0.4 * len(tris)
    fine_normal, coarse_normal = (_area(topology.canon, t).sum(0) for t in (tris, coarse))
    assert np.linalg.norm(fine_normal - coarse_normal) < 0.02 * _size(topology.canon, tris)
    assert _size(topology.canon, coarse) == pytest.approx(_size(topology.canon, tris), rel=0.03)


def _area(points: np.ndarray, tris: np.ndarray) -> np.ndarray:
    a, b, c = (points[tris[:, i]].astype(float) for i in range(3))
    return np.cross(b - a, c - a) / 2


def _size(points: np.ndarray, tris: np.ndarray) -> float:
    return float(np.linalg.norm(_area(points, tris), axis=1).sum())
