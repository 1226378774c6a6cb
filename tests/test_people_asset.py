"""The baked head asset: verified bytes, clothed by construction, landmarks on the skin."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from generate.people.asset import load_asset, load_topology
from generate.people.codec import archive, asset_path, pack_shapes, read_archive, unpack_shapes


def test_changed_bytes_are_refused(tmp_path):
    path = tmp_path / "head.npz"
    data = bytearray(asset_path().read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    shutil.copy(asset_path().with_suffix(".json"), path.with_suffix(".json"))
    with pytest.raises(ValueError, match="sha256"):
        load_asset(path)


def test_missing_asset_is_named(tmp_path):
    with pytest.raises(ValueError, match="missing"):
        load_asset(tmp_path / "nothing.npz")


def test_asset_is_small_enough_to_ship():
    body = asset_path().with_name("body.npz")
    assert asset_path().stat().st_size + body.stat().st_size < 5e6


def test_archive_depends_on_arrays_alone():
    arrays = {"b": np.arange(9.0), "a": np.eye(3, dtype=np.float32)}
    assert archive(arrays) == archive(dict(reversed(arrays.items())))


def test_stepped_arrays_come_back():
    rng = np.random.default_rng(0)
    arrays = {
        "tris": rng.integers(0, 65536, (50, 3)).astype(np.uint16),
        "row_start": np.cumsum(rng.integers(0, 90000, 40)).astype(np.int32),
        "other": rng.normal(size=7),
    }
    back = read_archive(archive(arrays))
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert np.array_equal(back[name], array)
        assert back[name].dtype == array.dtype


def test_packed_shapes_come_back_within_their_step():
    rng = np.random.default_rng(0)
    full = rng.normal(0, 0.05, (90, 3)).astype(np.float32) + np.float32(0.8)
    sparse = np.zeros((90, 3), np.float32)
    sparse[[3, 4, 70]] = rng.normal(0, 0.01, (3, 3))
    arrays = pack_shapes([full, sparse], shared=1)
    arrays["shape_bones"] = np.zeros((2, 6, 3), np.float32)
    shapes = unpack_shapes(arrays)
    for index, field in enumerate((full, sparse)):
        got = shapes.add(np.zeros((90, 3), np.float32), np.ones(1), index)
        assert np.abs(got - field).max() < 8e-6


@pytest.mark.parametrize("garment", ["", "none", "bare"])
def test_there_is_no_person_without_a_garment(garment):
    with pytest.raises(ValueError, match="garment"):
        load_topology(garment)


@pytest.mark.parametrize("garment", load_asset().garments)
def test_topology_is_consistent(garment):
    topology = load_topology(garment)
    count = len(topology.canon)
    assert topology.tris.min() == 0
    assert topology.tris.max() == count - 1
    assert len(topology.rows.start) - 1 == count
    sums = np.add.reduceat(topology.rows.weight, topology.rows.start[:-1])
    assert np.abs(sums - 1).max() < 1e-5
    where, faces = topology.parts["cloth"]
    assert (topology.material[topology.tris[faces]] == 7).all()
    assert where.stop == count


def test_landmarks_and_contour_lie_on_the_skin():
    topology = load_topology("tee")
    skin = topology.parts["skin"][0]
    for anchors in (topology.landmarks, topology.contour):
        assert anchors.corner.max() < skin.stop
        assert anchors.weight.min() >= 0
        assert np.abs(anchors.weight.sum(-1) - 1).max() < 1e-5


def test_landmarks_are_mirror_images():
    points = load_topology("tee").landmarks.at(load_topology("tee").canon)
    pairs = [(0, 16), (5, 11), (17, 26), (21, 22), (31, 35), (36, 45), (48, 54), (61, 63)]
    for right, left in pairs:
        assert points[right, 0] < 0
        assert np.abs(points[right] * [-1, 1, 1] - points[left]).max() < 1.0
    assert np.abs(points[[8, 27, 28, 29, 30, 33, 51, 57, 62, 66], 0]).max() < 0.5


def test_landmarks_lie_where_people_annotate_faces():
    """Shares of half the eyes' and the mouth's width, as in the mean shape of 300-W (Sagonas 2013);
    of brows, whose ends data sets place differently, only the order."""
    x = -load_topology("tee").landmarks.at(load_topology("tee").canon)[:, 0]
    assert [round(x[k] / x[48], 1) for k in (49, 50, 61, 59, 67)] == [0.6, 0.2, 0.2, 0.6, 0.2]
    assert 0.3 < x[31] / x[39] < 0.7 and x[32] < 0.6 * x[31]
    assert (np.diff(x[17:22]) < 0).all() and x[21] < x[39] + 1
    y = load_topology("tee").landmarks.at(load_topology("tee").canon)[:, 1]
    nose = np.diff(y[27:31])
    assert nose.max() < 0.8 * nose.min(), "27 to 30 go down in even steps"
    assert y[31] < y[30] and abs(y[31] - y[33]) < 5
