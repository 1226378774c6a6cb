"""Normals, albedo and flow against depth, light and motion of the same scene."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from generate.people.child import Child
from generate.people.ids import BACKGROUND, FACE
from generate.people.skin import Look, look
from generate.render.surface import NORMAL_STEPS
from generate.render.view import Frame, Renderer, scene
from generate.sample import sample_person
from generate.spec import View

SIZE = 128
VIEW = View(SIZE, 0.8, 0.42, (0.03, -0.02), 5, 6, 7)
NAMES = ("normals", "albedo", "flow")
STILL = ((8, 4, 2), (0, 0))


@lru_cache(maxsize=1)
def built() -> tuple[Child, Look]:
    person = replace(sample_person(3, 2), hair_style="short")
    return Child(person, 0.4), look(person)


def shoot(extra=NAMES, view=VIEW, pose=STILL, later=None) -> Frame:
    child, look_ = built()
    then = child.pose(np.zeros(52), *later) if later else None
    posed = child.pose(np.zeros(52), *pose)
    return Renderer(SIZE).frame(child, look_, posed, scene(view, child), extra=extra, later=then)


def face(frame: Frame):
    """Pixels of the face whose four neighbours are of it too."""
    mask = np.zeros((SIZE, SIZE), bool)
    inner = frame.parts == FACE
    mask[1:-1, 1:-1] = (
        inner[1:-1, 1:-1] & inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
    )
    return mask


def test_what_is_not_asked_for_costs_nothing_and_changes_nothing() -> None:
    plain, full = shoot(()), shoot()
    assert plain.extra == {} and sorted(full.extra) == ["albedo", "flow_px", "normals"]
    assert np.array_equal(plain.rgb, full.rgb)
    for label in full.extra.values():
        assert not label[full.parts == BACKGROUND].any()


def test_normals_are_unit_and_stand_on_the_slope_of_the_depth() -> None:
    frame, place = shoot(), scene(VIEW, built()[0])
    normals = frame.extra["normals"].astype(float) / NORMAL_STEPS
    assert np.allclose(np.linalg.norm(normals[frame.parts != BACKGROUND], axis=1), 1, atol=0.01)
    axis = np.arange(SIZE) + 0.5 - SIZE / 2
    rays = np.stack([*np.meshgrid(axis, axis), np.full((SIZE, SIZE), place.camera.focal_px)], -1)
    points = rays / place.camera.focal_px * frame.depth_mm.astype(float)[..., None]
    right, down = np.gradient(points, axis=1), np.gradient(points, axis=0)
    slope = np.cross(down, right)
    slope /= np.maximum(np.linalg.norm(slope, axis=-1, keepdims=True), 1e-9)
    mask = face(frame) & (normals[..., 2] < -0.5)
    assert mask.sum() > 800
    assert np.median((slope * normals).sum(-1)[mask]) > 0.97


def test_albedo_does_not_follow_the_light_but_the_picture_does() -> None:
    day, night = shoot(), shoot(view=replace(VIEW, light_seed=11))
    other = (day.extra["albedo"] != night.extra["albedo"]).any(-1)
    assert other.mean() < 0.01  # pupils narrow in bright light
    assert not other[day.landmarks_px[48:, 1].astype(int).min() :].any()
    assert not np.array_equal(day.rgb, night.rgb)
    albedo = day.extra["albedo"][face(day)].astype(float)
    assert 60 < albedo.mean() < 240 and (albedo[:, 0] > albedo[:, 2]).mean() > 0.95


def test_flow_leads_to_the_same_spot_of_the_next_frame() -> None:
    later = ((12, 3, 0), (0, 0))
    now, then = shoot(later=later), shoot((), pose=later)
    moved = then.landmarks_px - now.landmarks_px
    at = np.floor(now.landmarks_px).astype(int)
    seen = [i for i in range(17, 60) if now.landmarks_visible[i]]
    flow = now.extra["flow_px"][at[:, 1], at[:, 0]].astype(float)
    assert np.abs(moved[seen]).max() > 2
    assert np.median(np.abs(flow - moved)[seen]) < 0.05
    assert np.abs(flow - moved)[seen].max() < 0.6


def test_flow_of_a_pose_to_itself_and_after_the_last_frame_is_nothing() -> None:
    assert np.abs(shoot(later=STILL).extra["flow_px"].astype(float)).max() < 1e-3
    assert not shoot().extra["flow_px"].any()
