"""Lights and places by name: they agree with each other, and light the child as they should."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from generate.people.child import Child
from generate.render.backdrop import PLACES, Backdrop, make_backdrop
from generate.render.camera import make_camera
from generate.render.environment import (
    COLUMNS,
    ROWS,
    directions,
    environment_map,
    harmonics,
    irradiance_at,
)
from generate.render.light import GREY_SIDES, KINDS, LUMINANCE, light_of_kind, make_light, within
from generate.render.metering import face_light, white_balance
from generate.render.shade_math import map_at, map_place
from generate.render.view import Scene, scene
from generate.spec import Person, View

PERSON = Person(
    6.0, "female", (0.2, 0.2, 0.6), 4, 7, "short", "brown", "blue", "tee", (0.3, 0.1, 0.1),
    "stripes", 0.3,
)  # fmt: skip
VIEW = View(64, 0.8, 0.42, (0.03, -0.02), 5, 6, 7)
CENTER = np.array([0, -0.03, 0.05])


@cache
def child() -> Child:
    return Child(PERSON, 0.05)


def shown(view: View) -> Scene:
    return scene(view, child())


def place(seed: int, kind: str, name: str, view: View = VIEW) -> Backdrop:
    camera = make_camera(view, CENTER, 0.11)
    return make_backdrop(seed, light_of_kind(kind, np.random.default_rng(seed)), camera, name)


def integrated(env, normal):
    """Irradiance over pi by summing a map finely, cell by cell."""
    finer = np.repeat(np.repeat(env, 8, 0), 8, 1)
    vectors, solid = directions(ROWS * 8, COLUMNS * 8)
    cosine = np.maximum(vectors @ normal, 0) * solid / np.pi
    return cosine @ finer.reshape(-1, 3)


def test_equal_light_from_everywhere_gives_equal_ambient_light() -> None:
    ambient = harmonics(np.full((ROWS, COLUMNS, 3), 0.7, np.float32))
    assert np.allclose(irradiance_at(ambient, directions()[0]), 0.7, atol=2e-3)


@pytest.mark.parametrize("name", PLACES)
def test_ambient_light_of_a_place_is_the_integral_of_its_map(name: str) -> None:
    light = light_of_kind("room", np.random.default_rng(1))
    lamps = within(light, place(1, "room", name).sides).lamps
    normals = directions(4, 6)[0]
    want = np.array([integrated(lamps.environment, n) for n in normals])
    got = irradiance_at(lamps.ambient, normals)
    assert np.abs(got - want).max() < 0.03 * want.max()


def test_mirrors_find_the_cell_that_they_look_at() -> None:
    env = np.random.default_rng(0).uniform(0, 1, (ROWS, COLUMNS, 3)).astype(np.float32)
    for i, j in np.ndindex(ROWS, COLUMNS):
        down, about = (i + 0.5) * np.pi / ROWS, (j + 0.5) * 2 * np.pi / COLUMNS
        vector = np.sin(down) * np.sin(about), np.cos(down), -np.sin(down) * np.cos(about)
        got = [map_at(env, c, *map_place(env, *vector)) for c in range(3)]
        assert np.allclose(got, env[i, j], atol=0.01)
        nearest = (directions()[0] @ vector).argmax()
        assert nearest == i * COLUMNS + j


def test_a_red_place_gives_red_ambient_light_and_a_lawn_green_from_below() -> None:
    light = light_of_kind("room", np.random.default_rng(1))
    red = within(light, GREY_SIDES * np.array([1.0, 0.1, 0.1], np.float32))
    grey = light.lamps.ambient[0]
    assert red.lamps.ambient[0, 0] / red.lamps.ambient[0, 1] > 2 * grey[0] / grey[1]
    lawn = GREY_SIDES.copy()
    lawn[3] = (0.1, 0.3, 0.05)
    up, down = irradiance_at(within(light, lawn).lamps.ambient, np.array([[0, 1, 0], [0, -1, 0]]))
    assert down[1] / down[0] > 1.2 * up[1] / up[0]


def test_mean_ambient_light_is_what_the_light_says() -> None:
    for kind in KINDS:
        light = light_of_kind(kind, np.random.default_rng(3))
        assert float(light.lamps.ambient[0] @ LUMINANCE) == pytest.approx(light.ambient, rel=1e-4)


def test_the_glow_of_soft_light_comes_from_the_keys_side() -> None:
    light = replace(light_of_kind("window", np.random.default_rng(4)), glow=0.8)
    key = light.lamps.direction[0].astype(float)
    facing, away = irradiance_at(within(light, GREY_SIDES).lamps.ambient, np.array([key, -key]))
    assert facing @ LUMINANCE > 1.3 * (away @ LUMINANCE)
    sides, dark = np.zeros((6, 3), np.float32), np.ones(3, np.float32)
    spot = environment_map(sides, dark, key, 0.1).reshape(-1, 3)[:, 0]
    assert directions()[0][spot.argmax()] @ key > 0.9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PLACES)
def test_every_place_in_every_light_is_finite_and_of_a_plausible_brightness(kind, name) -> None:
    backdrop = place(2, kind, name)
    image = backdrop.picture
    assert image.shape == (64, 64, 3) and image.dtype == np.float32
    assert np.isfinite(image).all() and image.min() >= 0
    assert 0.002 < image.mean() < 5
    assert backdrop.name == name and np.isfinite(backdrop.sides).all()


def test_places_differ_by_seed_and_are_the_same_again() -> None:
    for name in PLACES:
        first, again, other = (place(seed, "room", name).picture for seed in (3, 3, 4))
        assert first.tobytes() == again.tobytes()
        assert np.abs(first - other).mean() > 0.01, name


def test_pictures_of_places_have_the_spectrum_of_photographs() -> None:
    slopes = []
    for seed in range(24):
        view = replace(VIEW, size_px=128)
        light = make_light(seed)
        picture = make_backdrop(seed, light, make_camera(view, CENTER, 0.11)).picture @ LUMINANCE
        window = np.outer(np.hanning(128), np.hanning(128))
        power = np.abs(np.fft.fft2((picture - picture.mean()) * window)) ** 2
        f = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
        bands = [(f > 0.01 * 1.6**k) & (f <= 0.01 * 1.6 ** (k + 1)) for k in range(4)]
        amplitude = [np.log(np.sqrt(power[band].mean())) for band in bands]
        slopes.append(np.polyfit(np.arange(4) * np.log(1.6), amplitude, 1)[0])
    # 1/f for what is sharp; defocus steepens it
    assert -2.6 < np.median(slopes) < -0.8


def test_any_light_and_any_place_suit_each_other() -> None:
    for seed in range(40):
        both = shown(replace(VIEW, light_seed=seed, backdrop_seed=seed))
        assert both.place in KINDS[both.light.name].places
    for name in PLACES:
        light = make_light(3, place=name)
        assert name in KINDS[light.name].places
    assert shown(replace(VIEW, light="sun")).place in KINDS["sun"].places
    odd = shown(replace(VIEW, light="sun", backdrop="bed"))
    assert (odd.light.name, odd.place) == ("sun", "bed")


def test_the_place_leaves_a_named_light_where_it_is() -> None:
    scenes = [shown(replace(VIEW, light="window", backdrop=name)) for name in ("room", "garden")]
    first, second = (s.light.lamps for s in scenes)
    assert np.array_equal(first.direction, second.direction)
    assert np.array_equal(first.color, second.color)
    assert not np.array_equal(first.ambient, second.ambient)


def test_unknown_names_are_refused_in_one_line() -> None:
    for field in ("light", "backdrop"):
        with pytest.raises(ValueError, match=f"{field} 'moon' is not one of any, ") as error:
            shown(replace(VIEW, **{field: "moon"}))
        assert "\n" not in str(error.value)


def test_white_balance_takes_most_of_the_lights_colour_and_keeps_luminance() -> None:
    assert np.allclose(white_balance(np.ones(3)), 1)
    warm = np.array([1.3, 1.0, 0.6])
    after = warm * white_balance(warm)
    assert np.ptp(after) < 0.5 * np.ptp(warm)
    assert after[0] > after[1] > after[2]
    assert after @ LUMINANCE == pytest.approx(warm @ LUMINANCE, rel=1e-6)


def test_the_metered_face_gets_the_same_light_in_every_place() -> None:
    for kind in KINDS:
        got = shown(replace(VIEW, light=kind))
        level = (face_light(got.light) @ LUMINANCE).mean() * got.exposure
        assert 0.5 < level < 1.5, kind
