"""The lens: what it bends, it bends for picture and labels alike."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from generate.people.child import Child
from generate.people.skin import Look, look
from generate.render.camera import Camera, bent, make_camera, straightened, turning_square
from generate.render.ids import LIPS
from generate.render.raster import project
from generate.render.view import Frame, Renderer, scene
from generate.spec import Person, View

SIZE = 128
PERSON = Person(
    6.0, "male", (0.6, 0.2, 0.2), 5, 7, "cropped", "dark", "brown", "tee", (0.3, 0.1, 0.1),
    "stripes", 0.0,
)  # fmt: skip
CLOSE = View(SIZE, 0.2, 0.42, (0.22, 0.18), 5, 6, 7, light="room", backdrop="shelf")


@cache
def built() -> tuple[Child, Look]:
    return Child(PERSON, 0.1), look(PERSON)


def shoot(view: View) -> Frame:
    child, look_ = built()
    return Renderer(SIZE).frame(child, look_, child.neutral, scene(view, child))


@pytest.mark.parametrize("k1", [-0.3, -0.08, 0.0, 0.15, 0.3])
def test_rays_of_a_bent_lens_are_found_back(k1: float) -> None:
    rays = np.random.default_rng(0).uniform(-1.2, 1.2, (500, 2))
    assert np.abs(straightened(bent(rays, k1), k1) - rays).max() < 1e-9
    camera = Camera(SIZE, 90.0, np.eye(3), np.zeros(3), k1)
    points = np.concatenate([rays, np.ones((500, 1))], 1) * np.linspace(0.2, 3, 500)[:, None]
    assert np.abs(camera.rays(camera.project(points)) - rays).max() < 1e-6


def test_bending_is_the_first_term_of_brown_and_conrady_and_never_turns_back() -> None:
    ray = np.array([0.3, 0.4])
    assert np.allclose(bent(ray, -0.2), ray * (1 - 0.2 * 0.25))
    r = np.stack([np.linspace(0, 4, 400), np.zeros(400)], 1)
    for k1 in (-0.3, -0.1, 0.3):
        assert (np.diff(bent(r, k1)[:, 0]) > 0).all()


@pytest.mark.parametrize("k1", [-0.25, 0.0, 0.2])
def test_the_rasteriser_projects_as_the_camera_does(k1: float) -> None:
    rng = np.random.default_rng(1)
    camera = replace(make_camera(CLOSE, np.zeros(3), 0.11), distortion=k1)
    points = rng.uniform(-0.12, 0.12, (300, 3)).astype(np.float32)
    matrix = np.concatenate([camera.rotation, camera.shift[:, None]], 1)
    xy, inverse_z = np.empty((300, 2), np.int32), np.empty(300, np.float32)
    center, turning = SIZE / 2, turning_square(k1)
    project(points, matrix, camera.focal_px, center, 0.02, k1, turning, xy, inverse_z)
    want = camera.project(camera.to_camera(points))
    assert np.abs(xy / 256 - want).max() < 0.01


@pytest.mark.parametrize("k1", [-0.3, 0.3])
def test_drawn_lips_move_with_their_landmarks(k1: float) -> None:
    straight, curved = shoot(CLOSE), shoot(replace(CLOSE, distortion=k1))

    def middle(frame: Frame):
        rows, columns = np.nonzero(frame.parts == LIPS)
        return np.array([columns.mean(), rows.mean()]) + 0.5

    moved = middle(curved) - middle(straight)
    labels = (curved.landmarks_px[48:60] - straight.landmarks_px[48:60]).mean(0)
    assert np.linalg.norm(labels) > 1.5
    assert np.abs(moved - labels).max() < 0.35
    assert np.array_equal(curved.landmarks_mm, straight.landmarks_mm)


def test_the_place_bends_with_the_lens_and_fills_the_picture() -> None:
    child, _ = built()
    view = replace(CLOSE, offset=(0.0, 0.0), backdrop="garden")
    straight, curved = (scene(replace(view, distortion=k), child).backdrop for k in (0.0, -0.3))
    assert np.isfinite(curved).all() and curved.min() >= 0
    assert np.abs(curved - straight).mean() > 0.005
    assert np.ptp(curved[:4].mean(2)) > 0.005
