"""The lens: what it bends, it bends for picture and labels alike."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from generate.people.child import Child
from generate.people.ids import LIPS
from generate.people.skin import Look, look
from generate.picture import render_clip
from generate.render.camera import Camera, bent, make_camera, straightened, turning_square
from generate.render.defocus import defocus
from generate.render.motion_blur import moment, passing
from generate.render.raster import project
from generate.render.view import Frame, Renderer, scene
from generate.spec import ARKIT, Motion, Person, View

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
    project(points[None], matrix, camera.focal_px, center, 0.02, k1, turning, xy, inverse_z)
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


def wide_open(aperture_mm: float, focus_m: float = 0.3) -> Camera:
    return Camera(SIZE, 160.0, np.eye(3), np.zeros(3), 0.0, aperture_mm / 1000, focus_m)


def test_a_pinhole_has_all_in_focus() -> None:
    child, look_ = built()
    place = scene(CLOSE, child)
    open_, closed = (
        Renderer(SIZE).draw(child, look_, child.neutral, replace(place, camera=camera))[0]
        for camera in (replace(place.camera, aperture_m=0.015), place.camera)
    )
    assert defocus(closed, np.full((SIZE, SIZE), 0.1, np.float32), place.camera) is closed
    assert np.abs(open_ - closed).mean() > 3e-4


def test_the_circle_of_confusion_is_that_of_a_thin_lens() -> None:
    camera = wide_open(4.0)
    depth = np.array([0.15, 0.3, 0.6, 1e9])
    assert np.allclose(
        camera.blur_px(depth), 0.002 * 160 * np.array([1 / 0.3, 0, 1 / 0.6, 1 / 0.3])
    )


def test_blur_grows_with_the_distance_from_the_focus() -> None:
    stripes = np.zeros((SIZE, SIZE, 3), np.float32)
    stripes[:, ::4] = 1
    left = []
    for depth in (0.30, 0.36, 0.45, 0.9):
        field = np.full((SIZE, SIZE), depth, np.float32)
        left.append(float(defocus(stripes, field, wide_open(20.0)).std()))
    assert left[0] == float(stripes.std())
    assert all(a > 1.2 * b for a, b in pairwise(left))


def test_a_near_hand_blurs_over_a_sharp_face() -> None:
    image, depth = np.zeros((SIZE, SIZE, 3), np.float32), np.full((SIZE, SIZE), 0.3, np.float32)
    image[:, :64], depth[:, :64] = 1.0, 0.18
    image[:, 100] = 1.0
    out = defocus(image, depth, wide_open(18.0))
    assert 0.02 < out[64, 65, 0] < 0.9
    assert out[64, 100, 0] > 0.95 and out[64, 98, 0] < 0.05


def test_labels_do_not_follow_the_aperture() -> None:
    sharp, soft = shoot(CLOSE), shoot(replace(CLOSE, aperture_mm=6.0))
    assert soft.rgb.tobytes() != sharp.rgb.tobytes()
    for name in Frame.LABELS:
        assert getattr(soft, name).tobytes() == getattr(sharp, name).tobytes()


def turning(speed_deg: float, frames: int = 3) -> Motion:
    """A head that turns by speed_deg a frame, forward-facing in the middle."""
    head = np.zeros((frames, 3), np.float32)
    head[:, 0] = (np.arange(frames) - frames // 2) * speed_deg
    still = np.zeros((frames, 2), np.float32)
    return Motion(25.0, np.zeros((frames, len(ARKIT)), np.float32), head, still)


def test_poses_of_an_exposure_span_the_shutter_about_the_frame() -> None:
    child, _ = built()
    camera, motion = scene(CLOSE, child).camera, turning(4.0)
    for shutter in (0.25, 0.5, 1.0):
        poses = passing(child.pose, motion, 1, shutter, camera)
        at = [camera.project(camera.to_camera(p.landmarks[30])) for p in poses]
        count = len(poses) + 1
        ends = [
            camera.project(camera.to_camera(child.pose(*moment(motion, 1 + s)).landmarks[30]))
            for s in (-shutter / 2, shutter / 2)
        ]
        streak = np.linalg.norm(ends[1] - ends[0])
        drawn = np.linalg.norm(at[-1] - at[0]) * count / (count - 1)
        assert drawn == pytest.approx(streak, abs=1)
        middle = camera.project(camera.to_camera(child.pose(*moment(motion, 1)).landmarks[30]))
        assert np.abs((np.mean(at, 0) * (count - 1) + middle) / count - middle).max() < 0.3


def test_still_heads_and_closed_shutters_leave_no_streak() -> None:
    child, _ = built()
    camera = scene(CLOSE, child).camera
    assert passing(child.pose, turning(0.0), 1, 1.0, camera) == []
    assert passing(child.pose, turning(9.0), 1, 0.0, camera) == []
    assert passing(child.pose, turning(9.0, 1), 0, 0.5, camera) == []


def test_movement_blurs_the_picture_and_moves_no_label() -> None:
    child, look_ = built()
    motion, view = turning(5.0), replace(CLOSE, offset=(0.0, 0.0))
    sharp, labels, _ = render_clip(child, look_, view, motion)
    streaked, same, _ = render_clip(child, look_, replace(view, shutter=0.8), motion)

    def detail(frame) -> float:
        return float(np.abs(np.diff(frame.astype(float), axis=1)).mean())

    assert detail(streaked[1]) < 0.97 * detail(sharp[1])
    for name, value in labels.items():
        assert np.array_equal(same[name], value), name


def test_the_first_and_last_frame_move_on() -> None:
    motion = turning(4.0)
    assert moment(motion, -0.25)[1][0] == pytest.approx(-5)
    assert moment(motion, 2.25)[1][0] == pytest.approx(5)
    assert moment(motion, 0.5)[1][0] == pytest.approx(-2)
