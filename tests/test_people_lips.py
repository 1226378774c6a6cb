"""Closed lips are shut along their whole width, in millimetres, whoever's they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from generate.motion.shapes import shape
from generate.motion.visemes import visemes_of
from generate.people.child import Child, Posed
from generate.people.kernels import depth_map
from generate.people.lips import closing_reach, gaps
from generate.sample import sample_person
from generate.spec import ARKIT

CELL_M = 1e-4
SIZE = (400, 700)
INNER = ("upper-teeth", "lower-teeth", "tongue")
PEOPLE = 60


@pytest.fixture(scope="module")
def people() -> list[Child]:
    """Half children of 0.5 to 14 years, half adults of 18 to 85."""
    bands = ((0.5, 14), (18, 85))
    drawn = [sample_person(31, i, bands[i % 2]) for i in range(PEOPLE)]
    return [Child(replace(person, hair_style="cropped"), detail=0.05) for person in drawn]


def worst_gap_mm(child: Child, posed: Posed) -> float:
    """Tallest hole between the lips through which the mouth's inside shows to the front."""
    topology, points = child.topology, posed.points.astype(float)
    points = points - posed.landmarks[[60, 64]].mean(0)
    names = ("skin", *INNER)
    tris = np.concatenate([topology.tris[topology.parts[name][1]] for name in names])
    corners = points[tris]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] > 0
    near = (np.abs(corners[..., :2]).min(1) < (0.035, 0.02)).all(1)
    tris = tris[facing & near]
    skin = (topology.material[tris] == 0).all(1)
    inner = ~skin | (topology.aux[tris][..., 2] > 0.5).all(1)
    seen = _depth(points, tris[inner]) > _depth(points, tris[~inner])
    return float(seen.sum(0).max()) * CELL_M * 1000


def _depth(points: NDArray[np.float64], tris: NDArray[np.int32]) -> NDArray[np.float64]:
    image = np.full(SIZE, -np.inf)
    x, y = points[:, 0] / CELL_M + SIZE[1] / 2, points[:, 1] / CELL_M + SIZE[0] / 2
    depth_map(x, y, points[:, 2], np.ascontiguousarray(tris), image)
    return image


def test_lips_are_shut_at_rest(people):
    worst = [worst_gap_mm(child, child.neutral) for child in people]
    assert max(worst) <= 0.4, f"{max(worst):.2f} mm in person {int(np.argmax(worst))}"
    assert sum(gap > 0.2 for gap in worst) <= 3


@pytest.mark.parametrize("face", ["bilabial", "mouthClose"])
def test_lips_are_shut_when_they_mean_to_be(people, face):
    closed = shape({"jawOpen": 0.4, "mouthClose": 0.4})
    if face == "bilabial":
        closed = visemes_of("b")[0].lips.copy()
        closed[ARKIT.index("jawOpen")] = visemes_of("b")[0].jaw
    worst = [worst_gap_mm(c, c.pose(closed, (0, 0, 0), (0, 0))) for c in people]
    assert max(worst) <= 0.4, f"{max(worst):.2f} mm in person {int(np.argmax(worst))}"


def test_open_mouths_stay_open(people):
    for child in people[:8]:
        mouth = child.pose(shape({"jawOpen": 0.3}), (0, 0, 0), (0, 0))
        assert worst_gap_mm(child, mouth) > 3 * child.head.scale


def test_opening_is_gradual(people):
    """No jump of the lips while the jaw opens, though nearly shut lips cling."""
    for child in people[:4]:
        open_mm = []
        for jaw in np.linspace(0, 0.3, 31):
            posed = child.pose(shape({"jawOpen": jaw}), (0, 0, 0), (0, 0))
            open_mm.append(float(gaps(posed.points).max()) * 1000)
        steps = np.diff(open_mm)
        assert steps.min() > -0.1
        assert steps.max() < 1.0


def test_intent_widens_the_reach():
    assert closing_reach(np.zeros(52), 1.0) < closing_reach(shape({"mouthPress": 0.2}), 1.0)
    one_side = shape({"mouthPressLeft": 0.5})
    assert closing_reach(one_side, 1.0) == closing_reach(np.zeros(52), 1.0)
