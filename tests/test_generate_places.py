"""Pictures without a face: nobody, or a person's back; and people who stand turned away."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from generate.clip import check
from generate.make import make_clip
from generate.make_place import is_behind
from generate.people.child import Child
from generate.preset_checks import check_options
from generate.presets import Places
from generate.render.camera import make_camera, turned
from generate.render.light import make_light, turned_light
from generate.render.view import scene
from generate.spec import Person, View

OPTIONS = Places(clips=20, seed=3, size_px=48, behind_share=0.25, view="numba")
VIEW = View(64, 0.8, 0.42, (0.03, -0.02), 5, 6, 7)
CENTER = np.array([0.01, -0.03, 0.05])


@cache
def child() -> Child:
    return Child(Person(), 0.05)


def test_an_empty_place_has_a_picture_and_nobody_in_it() -> None:
    clip, same = (make_clip(OPTIONS, 0) for _ in "12")
    check(clip)
    assert clip.frames is not None and same.frames is not None
    assert (clip.frames == same.frames).all() and clip.frames.std() > 1
    assert not clip.labels["parts"].any() and "landmarks_px" not in clip.labels
    assert clip.facts["skin_tone"] == 0 and clip.facts["age_years"] == 0


def test_a_back_is_turned_away_and_shows_no_inner_landmark() -> None:
    number = next(n for n in range(20) if is_behind(OPTIONS, n))
    clip = make_clip(OPTIONS, number)
    check(clip)
    assert abs(clip.labels["head_pose_deg"][0, 0]) > 100
    assert clip.labels["landmarks_visible"][0, 17:].mean() < 0.2
    assert clip.labels["parts"].any() and abs(clip.facts["camera"]["turn_deg"]) >= 125


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.25, 5), (1.0, 20)])
def test_backs_come_as_often_as_asked(share: float, count: int) -> None:
    options = replace(OPTIONS, behind_share=share)
    assert sum(is_behind(options, n) for n in range(20)) == count


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (replace(OPTIONS, behind_share=1.1), "--behind-share 1.1"),
        (replace(OPTIONS, age_years=(9, 3)), "--age-years 9 3"),
        (replace(OPTIONS, size_px=33), "--size-px 33"),
    ],
)
def test_options_that_cannot_be_are_refused(options: Places, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_options(options)


def test_a_turned_camera_sees_the_centre_where_it_was() -> None:
    camera = make_camera(VIEW, CENTER, 0.12)
    for turn_deg in (-90.0, 30.0, 180.0):
        gone = turned(camera, turn_deg, CENTER)
        assert np.allclose(gone.to_camera(CENTER), camera.to_camera(CENTER))
        distance = np.linalg.norm(gone.place - CENTER)
        assert distance == pytest.approx(np.linalg.norm(camera.place - CENTER))
    left_ear = CENTER + [0.07, 0, 0]
    quarter = turned(camera, 90.0, CENTER).to_camera(left_ear) - camera.to_camera(CENTER)
    assert quarter[2] > 0.06  # turned to the own left, the left ear is farther away


def test_the_light_turns_with_the_camera() -> None:
    light = make_light(4)
    camera = make_camera(VIEW, CENTER, 0.12)
    gone, lit = turned(camera, 45.0, CENTER), turned_light(light, 45.0)
    before = light.lamps.direction @ camera.rotation.T
    assert np.allclose(lit.lamps.direction @ gone.rotation.T, before, atol=1e-5)
    around = turned_light(turned_light(light, 180.0), 180.0)
    assert np.allclose(around.lamps.environment, light.lamps.environment)
    assert np.allclose(around.lamps.ambient, light.lamps.ambient, atol=1e-4)


def test_a_person_turned_away_is_seen_in_the_same_place_and_exposure() -> None:
    front, back = (scene(replace(VIEW, turn_deg=turn), child()) for turn in (0.0, 180.0))
    assert front.exposure == back.exposure and (front.backdrop == back.backdrop).all()
    assert back.facts()["camera"]["turn_deg"] == 180
    with pytest.raises(ValueError, match="turn_deg 200"):
        replace(VIEW, turn_deg=200.0)
