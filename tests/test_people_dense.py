"""Dense points lie on the skin of everyone in every pose, spread out, and come in pairs."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from generate.motion.still import still
from generate.people.asset import load_topology
from generate.people.child import Child
from generate.people.dense import REGIONS, SPACING_MM, Dense, dense_points
from generate.sample import sample_person


@pytest.fixture(scope="module")
def dense() -> Dense:
    return dense_points()


def test_there_are_enough_and_more_where_the_face_is_busy(dense):
    count = np.bincount(dense.region, minlength=len(REGIONS))
    assert 400 <= len(dense.region) <= 1000
    assert count.min() >= 20
    assert count[REGIONS.index("eyes")] > 60
    assert len(set(dense.names)) == len(dense.names)
    assert dense.names[0] == "lips-0"


@pytest.mark.parametrize("garment", ["tee", "collar", "hood"])
def test_they_are_apart_on_the_template(dense, garment):
    places = dense.anchors.at(load_topology(garment).canon)
    gap = cKDTree(places).query(places, 2)[0][:, 1]
    least = np.array(list(SPACING_MM.values()))[dense.region]
    assert gap.min() > 2.0
    assert (gap < 0.6 * least).mean() < 0.02
    inside = least < 5
    assert np.median(gap[inside]) < 0.7 * np.median(gap[~inside])


def test_every_point_knows_its_mirror(dense):
    places = dense.anchors.at(load_topology("tee").canon)
    assert np.array_equal(dense.mirror[dense.mirror], np.arange(len(places)))
    assert np.array_equal(dense.region[dense.mirror], dense.region)
    alone = dense.mirror == np.arange(len(places))
    assert np.abs(places[alone, 0]).max() < 1.01
    assert alone.mean() < 0.1
    assert np.abs(places[dense.mirror] * (-1, 1, 1) - places)[~alone].max() < 1e-3


def test_they_lie_on_the_skin_in_any_pose(dense):
    """Within 0.1 mm of the plane of a skin triangle and inside it."""
    rng = np.random.default_rng(4)
    for number in range(8):
        person = replace(sample_person(3, number, (0.5, 70)), hair_style="cropped")
        child = Child(person, detail=0.05)
        motion = still(rng)[0]
        posed = child.pose(motion.arkit[0], motion.head_deg[0], motion.gaze_deg[0])
        places, normals = child.dense(posed)
        assert places.shape == normals.shape == (len(dense.region), 3)
        assert np.abs(np.linalg.norm(normals, axis=1) - 1).max() < 1e-4
        skin = child.topology.tris[child.topology.parts["skin"][1]]
        corner = np.sort(dense.anchors.corner, axis=1)
        known = {tuple(t) for t in np.sort(skin, axis=1).tolist()}
        assert all(tuple(t) in known for t in corner.tolist())
        a, b, c = (posed.points[dense.anchors.corner[:, i]].astype(float) for i in range(3))
        flat = np.cross(b - a, c - a)
        flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
        assert np.abs(((places - a) * flat).sum(1)).max() < 1e-4
        assert ((normals * flat).sum(1) > 0).mean() > 0.98
    assert dense.anchors.weight.min() >= 0
    assert np.abs(dense.anchors.weight.sum(1) - 1).max() < 1e-5


def test_they_are_the_same_each_time_and_cheap(dense):
    again = dense_points.__wrapped__()
    assert np.array_equal(again.anchors.corner, dense.anchors.corner)
    assert np.array_equal(again.anchors.weight, dense.anchors.weight)
    child = Child(replace(sample_person(3, 0), hair_style="cropped"), detail=0.05)
    child.dense(child.neutral)
    start = time.perf_counter()
    for _ in range(20):
        child.dense(child.neutral)
    assert (time.perf_counter() - start) / 20 < 0.005
