"""The rasteriser against a slow reference, its edges, and a sphere of known area."""

from __future__ import annotations

import numpy as np
import pytest

from generate.people.ids import CLOTH, SKIN
from generate.render.camera import Camera
from generate.render.light import Shadow, shadow_frame
from generate.render.raster import BATCH, SUBPIXEL, project, rasterize
from generate.render.shade_math import lit_share

SIZE = 24


def draw(xy, inverse_z, tris, kind=CLOTH, size=SIZE):
    """Depth and ids of triangles whose corners are given in samples."""
    depth, ids = np.zeros((size, size), np.float32), np.full((size, size), -1, np.int32)
    fixed = np.floor(np.asarray(xy) * SUBPIXEL + 0.5).astype(np.int32)
    tris = np.asarray(tris, np.int32)
    kinds, aux = np.full(len(tris), kind, np.uint8), np.zeros((len(fixed), 4), np.float32)
    z = np.asarray(inverse_z, np.float32)
    rasterize(fixed, z, tris, kinds, aux, True, depth, ids)
    return depth, ids


def reference(xy, inverse_z, tris, size=SIZE):
    """Nearest triangle at each sample centre by the definition, ignoring centres on edges."""
    ids, depth = np.full((size, size), -1), np.zeros((size, size))
    fixed = np.floor(np.asarray(xy) * SUBPIXEL + 0.5) / SUBPIXEL
    edge = np.zeros((size, size), bool)
    for t, corners in enumerate(tris):
        (ax, ay), (bx, by), (cx, cy) = fixed[corners]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        for j in range(size):
            for i in range(size):
                x, y = i + 0.5, j + 0.5
                w = np.array(
                    [
                        (cx - bx) * (y - by) - (cy - by) * (x - bx),
                        (ax - cx) * (y - cy) - (ay - cy) * (x - cx),
                        (bx - ax) * (y - ay) - (by - ay) * (x - ax),
                    ]
                )
                w /= area
                edge[j, i] |= bool((np.abs(w) < 1e-12).any())
                z = float(w @ inverse_z[corners])
                if (w > 0).all() and z > depth[j, i]:
                    ids[j, i], depth[j, i] = t, z
    return depth, ids, edge


def test_random_triangles_equal_the_reference() -> None:
    rng = np.random.default_rng(1)
    for _ in range(3):
        xy = rng.uniform(-6, SIZE + 6, (30, 2))
        inverse_z = rng.uniform(0.2, 2, 30)
        tris = rng.integers(0, 30, (12, 3))
        depth, ids = draw(xy, inverse_z, tris)
        want_depth, want_ids, edge = reference(xy, inverse_z, tris)
        assert (ids == want_ids)[~edge].all()
        assert np.allclose(depth[~edge], want_depth[~edge], atol=1e-5)
        assert (ids >= 0).any() and (ids < 0).any()


def test_skipping_what_is_hidden_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    size, count = 40, 3 * BATCH  # tiles of known depth are renewed twice
    center, reach = rng.uniform(0, size, (count, 1, 2)), rng.uniform(1, 9, (count, 1, 1))
    xy = (center + reach * rng.uniform(-1, 1, (count, 3, 2))).reshape(-1, 2)
    inverse_z = rng.uniform(0.2, 2, 3 * count).astype(np.float32)
    tris = np.arange(3 * count).reshape(-1, 3)
    depth, ids = draw(xy, inverse_z, tris, size=size)
    one_by_one, first = np.zeros((size, size), np.float32), 0
    for last in range(1000, count + 1000, 1000):  # too few to renew a tile
        part, _ = draw(xy, inverse_z, tris[first:last], size=size)
        one_by_one, first = np.maximum(one_by_one, part), last
    assert np.array_equal(depth, one_by_one)
    assert len(np.unique(ids)) > 100


def test_a_fan_covers_each_sample_exactly_once() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        center = np.round(rng.uniform(6, 18, 2) * 2) / 2  # often on a sample centre
        angle = (np.arange(9) + rng.uniform(-0.3, 0.3, 9)) * 2 * np.pi / 9
        rim = np.round((center + 40 * np.stack([np.cos(angle), np.sin(angle)], 1)) * 2) / 2
        xy = np.concatenate([[center], rim])
        times = np.zeros((SIZE, SIZE), int)
        for k in range(9):
            tri = [[0, 1 + k, 1 + (k + 1) % 9]]
            times += draw(xy, np.ones(10), tri)[1] >= 0
        assert (times == 1).all()


def test_skin_seen_from_inside_is_not_drawn() -> None:
    xy = [[2, 2], [2, 20], [20, 2]]
    outside, inside = (
        draw(xy, np.ones(3), [[0, 1, 2]], SKIN),
        draw(xy, np.ones(3), [[0, 2, 1]], SKIN),
    )
    assert (outside[1] >= 0).sum() > 100
    assert (inside[1] < 0).all()


def test_what_is_behind_the_camera_is_not_drawn() -> None:
    assert (draw([[2, 2], [2, 20], [20, 2]], [1, 0, 1], [[0, 1, 2]])[1] < 0).all()


def sphere(n: int = 40):
    """Unit sphere: points and triangles that are counter-clockwise from outside."""
    lat = np.linspace(-np.pi / 2, np.pi / 2, n)
    lon = np.linspace(0, 2 * np.pi, 2 * n, endpoint=False)
    a, b = np.meshgrid(lat, lon, indexing="ij")
    points = np.stack([np.cos(a) * np.sin(b), np.sin(a), np.cos(a) * np.cos(b)], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(n - 1), np.arange(2 * n), indexing="ij")
    p, q = (i * 2 * n + j).ravel(), (i * 2 * n + (j + 1) % (2 * n)).ravel()
    tris = np.concatenate([np.stack([p, q, q + 2 * n], 1), np.stack([p, q + 2 * n, p + 2 * n], 1)])
    return points.astype(np.float32), tris.astype(np.int32)


@pytest.mark.parametrize("distance", [0.5, 1.0])
def test_a_sphere_has_the_area_of_its_outline(distance: float) -> None:
    size, focal, radius = 256, 220.0, 0.1
    points, tris = sphere(64)
    camera = Camera(size, focal, np.diag([1.0, -1.0, -1.0]), np.array([0.01, -0.02, distance]))
    matrix = np.concatenate([camera.rotation, camera.shift[:, None]], 1)
    xy, iz = np.empty((len(points), 2), np.int32), np.empty(len(points), np.float32)
    project((points * np.float32(radius))[None], matrix, focal, size / 2, 0.02, 0.0, 0.0, xy, iz)
    depth, ids = np.zeros((size, size), np.float32), np.full((size, size), -1, np.int32)
    kinds, aux = np.full(len(tris), SKIN, np.uint8), np.zeros((len(points), 4), np.float32)
    rasterize(xy, iz, tris, kinds, aux, True, depth, ids)
    # outline of a sphere near the axis: a cone of half angle asin(r / d)
    outline = np.pi * (focal * np.tan(np.arcsin(radius / distance))) ** 2
    assert (ids >= 0).sum() == pytest.approx(outline, rel=0.01)
    assert 1 / depth.max() == pytest.approx(distance - radius, rel=0.002)


def test_a_plate_throws_its_shadow_and_lights_what_is_beside_it() -> None:
    matrix = shadow_frame(np.array([0, 1, 0], np.float32), np.zeros(3), 0.5, 64)
    plate = np.array([[-0.2, 0.1, -0.2], [0.2, 0.1, -0.2], [0.2, 0.1, 0.2], [-0.2, 0.1, 0.2]])
    xy, z = np.empty((4, 2), np.int32), np.empty(4, np.float32)
    project(plate.astype(np.float32)[None], matrix.astype(float), 0.0, 0.0, 0.0, 0.0, 0.0, xy, z)
    depth, ids = np.zeros((64, 64), np.float32), np.zeros((64, 64), np.int32)
    tris, kinds = np.array([[0, 1, 2], [0, 2, 3]], np.int32), np.full(2, CLOTH, np.uint8)
    rasterize(xy, z, tris, kinds, np.zeros((4, 4), np.float32), False, depth, ids)
    shadow = Shadow(depth, matrix, 1.0, 0.004)
    assert lit_share(shadow, 0.0, 0.0, 0.0, 0.0) == 0
    assert lit_share(shadow, 0.0, 0.35, 0.0, 0.0) == 1
    assert lit_share(shadow, 0.0, 0.0, 0.2, 0.0) == 1
    assert 0 < lit_share(shadow, 0.0, 0.2, 0.0, 0.0) < 1
