"""Kinds of cameras: each does what its name says, and none moves a label."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from generate.people.child import Child
from generate.people.ids import BACKGROUND, FACE
from generate.people.skin import Look, look
from generate.render.sensor import CAMERAS, develop, fringed, make_sensor
from generate.render.view import Frame, Renderer, scene
from generate.spec import Person, View

SIZE = 96
PERSON = Person(
    6.0, "male", (0.6, 0.2, 0.2), 7, 7, "cropped", "dark", "brown", "tee", (0.3, 0.1, 0.1),
    "stripes", 0.0,
)  # fmt: skip
VIEW = View(SIZE, 0.8, 0.42, (0.03, -0.02), 5, 6, 7, light="room", backdrop="wall")


@cache
def built(person: Person) -> tuple[Child, Look]:
    return Child(person, 0.1), look(person)


def shoot(view: View, person: Person = PERSON) -> Frame:
    child, look_ = built(person)
    return Renderer(SIZE).frame(child, look_, child.neutral, scene(view, child))


def flat(kind: str, level: float = 0.3, seed: int = 7, number: int = 0):
    light = np.full((64, 64, 3), level, np.float32)
    view = replace(VIEW, size_px=64, camera=kind, camera_seed=seed)
    return develop(light, view, np.random.default_rng(number)).astype(float)


@pytest.mark.parametrize("kind", CAMERAS)
def test_a_camera_changes_the_picture_and_no_label(kind: str) -> None:
    good, other = shoot(VIEW), shoot(replace(VIEW, camera=kind))
    assert other.rgb.dtype == np.uint8 and other.rgb.shape == (SIZE, SIZE, 3)
    assert 8 < other.rgb.mean() < 225
    for name in Frame.LABELS:
        assert getattr(other, name).tobytes() == getattr(good, name).tobytes()
    assert kind == "good" or other.rgb.tobytes() != good.rgb.tobytes()


def test_an_unknown_camera_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="camera 'moon' is not one of good, toy"):
        make_sensor(replace(VIEW, camera="moon"))


def test_developing_leaves_the_light_as_it_was() -> None:
    for kind in CAMERAS:
        light = np.random.default_rng(0).uniform(0, 1, (64, 64, 3)).astype(np.float32)
        before = light.copy()
        develop(light, replace(VIEW, size_px=64, camera=kind), np.random.default_rng(0))
        assert np.array_equal(light, before)


def test_grey_and_infrared_have_no_colour() -> None:
    for kind in ("grey", "infrared"):
        rgb = shoot(replace(VIEW, camera=kind)).rgb.astype(int)
        assert np.ptp(rgb, axis=2).max() <= (12 if kind == "infrared" else 1)


def test_infrared_brings_all_tones_together() -> None:
    def skin(tone: int, camera: str) -> float:
        person = replace(PERSON, skin_tone=tone)
        frame = shoot(replace(VIEW, camera=camera), person)
        return float(frame.rgb[frame.parts == FACE].mean())

    plain, night = (skin(1, c) - skin(9, c) for c in ("good", "infrared"))
    assert plain > 40 and abs(night) < 0.4 * plain


def test_infrared_lamps_fade_with_distance() -> None:
    frame = shoot(replace(VIEW, camera="infrared"))
    behind, face = (frame.rgb[frame.parts == part].mean() for part in (BACKGROUND, FACE))
    assert behind < 0.6 * face


def test_dark_and_bright_are_off_the_right_exposure() -> None:
    dark, good, bright = (
        np.mean([flat(kind, seed=seed).mean() for seed in range(8)])
        for kind in ("dark", "good", "bright")
    )
    assert dark < 0.8 * good < good < 0.85 * bright


def test_noise_of_bad_cameras_is_stronger() -> None:
    def grain(kind: str) -> float:
        return float(np.mean([np.diff(flat(kind, seed=s), axis=1).std() for s in range(12)]))

    assert grain("cheap") > 1.5 * grain("good")


def test_rolling_noise_lies_along_rows() -> None:
    rows, columns = [], []
    for seed in range(12):
        image = flat("cheap", seed=seed).mean(2)
        rows.append(np.diff(image.mean(1)).std())
        columns.append(np.diff(image.mean(0)).std())
    assert np.mean(rows) > 2 * np.mean(columns)


def test_a_toy_lens_parts_the_colours_at_the_edge_alone() -> None:
    light = np.zeros((64, 64, 3), np.float32)
    light[:, 31:33], light[:, 56:59] = 1.0, 1.0
    profile = fringed(light, 0.8)[16:48].mean(0)

    def apart(span: slice) -> float:
        centres = [profile[span, c] @ np.arange(64)[span] / profile[span, c].sum() for c in (0, 2)]
        return float(centres[0] - centres[1])

    assert apart(slice(50, 64)) == pytest.approx(2 * 0.8 * 25.5 / 32, abs=0.05)
    assert abs(apart(slice(26, 38))) < 0.05


def test_shares_of_cameras_are_a_whole() -> None:
    assert sum(kind.share for kind in CAMERAS.values()) == pytest.approx(1)
