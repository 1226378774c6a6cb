"""Skin: tones, marks, folds, paint and teeth do what their controls say and nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from generate.people.child import Child
from generate.people.ids import FACE, LIPS
from generate.people.skin import LUMINANCE, Look, look, tone_color
from generate.people.skin_atlas import ATLAS_BROW, CHEEK, regions_of_face
from generate.people.skin_canvas import to_texel
from generate.people.skin_folds import FOLDS, Folding, folding
from generate.people.skin_paint import PAINTS, coat_of
from generate.people.teeth import mouth_look
from generate.render.view import Renderer, scene
from generate.spec import ARKIT, Person, View

PERSON = Person(
    7.0, "female", (0.2, 0.2, 0.6), 4, 7, "short", "brown", "blue", "tee", (0.3, 0.1, 0.1),
    "plain", 0.0,
)  # fmt: skip
SIZE = 160
VIEW = View(SIZE, 0.8, 0.6, (0.0, 0.0), 5, 6, 7)


@lru_cache(maxsize=1)
def child() -> Child:
    return Child(PERSON, 0.1)


@lru_cache(maxsize=8)
def seen(person: Person) -> Look:
    return look(person)


def draw(look_: Look, white: bool = False, **actions: float):
    """Linear picture and parts; `white`: even white light and neither exposure nor lamps."""
    amounts = np.zeros(len(ARKIT))
    for name, value in actions.items():
        for full in (name, name + "Left", name + "Right"):
            if full in ARKIT:
                amounts[ARKIT.index(full)] = value
    place = scene(VIEW, child())
    if white:
        ambient = np.zeros((9, 3), np.float32)
        ambient[0] = 1
        lamps = place.light.lamps._replace(
            color=np.zeros_like(place.light.lamps.color), ambient=ambient
        )
        place = replace(place, exposure=1.0, light=replace(place.light, lamps=lamps))
    posed = child().pose(amounts, (0, 0, 0), (0, 0))
    return Renderer(SIZE).draw(child(), look_, posed, place)[:2]


def cheek(atlas, size: int = 12):
    column, row = np.round(to_texel(np.array(CHEEK))).astype(int)
    return atlas[row - size : row + size, column - size : column + size]


def test_tones_follow_the_monk_scale_and_shade_to_their_reflectance_in_white_light() -> None:
    shown = []
    marks = child().neutral.landmarks
    middle = (marks[2] + marks[31]) / 2, (marks[14] + marks[35]) / 2
    camera = scene(VIEW, child()).camera
    at = np.floor(camera.project(camera.to_camera(np.array(middle)))).astype(int)
    for tone in range(1, 11):
        picture, _ = draw(seen(replace(PERSON, skin_tone=tone)), white=True)
        patches = [picture[y - 3 : y + 4, x - 3 : x + 4] @ LUMINANCE for x, y in at]
        shown.append(float(np.mean(patches)) / float(tone_color(tone) @ LUMINANCE))
    assert np.abs(np.array(shown) - 1).max() < 0.10, shown
    luminance = [float(tone_color(tone) @ LUMINANCE) for tone in (1, 2, 4, 5, 6, 7, 8, 9, 10)]
    assert np.all(np.diff(luminance) < 0)


def test_a_look_is_a_pure_function_of_the_spec() -> None:
    person = replace(PERSON, freckles=0.5, birthmarks=0.7, face_paint="butterfly", age_years=50.0)
    one, two = look(person), look(person)
    assert one.skins[0].atlas.tobytes() == two.skins[0].atlas.tobytes()
    assert one.skins[1].folds.relief.tobytes() == two.skins[1].folds.relief.tobytes()
    other = look(replace(person, face_seed=8)).skins[0]
    assert other.atlas.tobytes() != one.skins[0].atlas.tobytes()


def test_birthmarks_leave_freckles_as_they_are() -> None:
    def rgb(freckles: float, birthmarks: float):
        person = replace(PERSON, freckles=freckles, birthmarks=birthmarks)
        return np.log(look(person).skins[0].atlas[..., :3])

    plain, freckled, marked, both = rgb(0, 0), rgb(0.6, 0), rgb(0, 1), rgb(0.6, 1)
    spots, marks = np.abs(freckled - plain).sum(-1), np.abs(marked - plain).sum(-1)
    # away from the means that both share, each adds the same with and without the other
    alone = (marks < 0.02) & (spots > 0.2)
    assert alone.sum() > 200
    assert np.abs((both - marked) - (freckled - plain))[alone].max() < 0.05
    assert (marks > 0.3).sum() > 20 and (rgb(0, 0.3) != plain).sum() < (marked != plain).sum() + 1


def test_more_freckles_are_more_dark_specks_on_cheeks_and_nose() -> None:
    def dark(amount: float) -> float:
        rgb = look(replace(PERSON, freckles=amount, skin_tone=2)).skins[0].atlas[..., :3]
        patch = cheek(rgb, 20) @ LUMINANCE
        return float((patch < 0.9 * np.median(patch)).mean())

    amounts = [dark(a) for a in (0.0, 0.4, 1.0)]
    assert amounts[0] < 0.02 < amounts[1] < amounts[2] < 0.5


def test_strong_freckles_stand_out_and_leave_the_mean_colour() -> None:
    def patch(amount: float):
        person = replace(PERSON, freckles=amount, skin_tone=2)
        return cheek(look(person).skins[0].atlas[..., :3], 20)

    plain, full = patch(0.0), patch(1.0)
    assert np.abs(full.mean((0, 1)) / plain.mean((0, 1)) - 1).max() < 0.03
    spread = [(rgb @ LUMINANCE).std() / (rgb @ LUMINANCE).mean() for rgb in (plain, full)]
    assert spread[1] > spread[0] + 0.06


def test_folds_follow_their_muscles_and_wrinkling_turns_them_off() -> None:
    amounts = np.zeros(52)
    amounts[ARKIT.index("browDownLeft")] = 1
    weights = folding(1.0, 30.0).mood(amounts).folds
    furrow = list(FOLDS).index("furrow")
    assert weights[furrow, 1] > 0.5 and weights[furrow, 0] == 0
    assert folding(0.0, 30.0).mood(amounts).folds.max() == 0
    assert folding(0.5, 4.0).mood(amounts).folds.max() < 0.6 * weights.max()
    still = Folding(0.0, np.zeros(len(FOLDS), np.float32)).mood(np.ones(52))
    assert (still.flush, still.blanch) == (0, 0)
    rest = [folding(0.0, age).mood(np.zeros(52)).folds.mean() for age in (20.0, 45.0, 80.0)]
    assert rest[0] == 0 < rest[1] < rest[2]


def test_folds_change_the_brow_and_not_the_jaw() -> None:
    person = replace(PERSON, age_years=7.0, wrinkling=1.0)
    folded, parts = draw(seen(person), browDown=1.0)
    smooth, same = draw(seen(replace(person, wrinkling=0.0)), browDown=1.0)
    assert np.array_equal(parts, same)
    change = np.abs(folded - smooth).sum(-1) / (smooth.sum(-1) + 1e-3)
    camera = scene(VIEW, child()).camera
    points = camera.project(camera.to_camera(child().neutral.landmarks))
    x, y = np.floor((points[21] + points[22]) / 2).astype(int)
    assert change[y - 4 : y + 5, x - 5 : x + 6].max() > 0.03
    x, y = np.floor(points[8]).astype(int)
    assert change[y - 6 : y + 1, x - 4 : x + 5].max() < 0.005


def test_anger_flushes_cheeks_and_pressing_blanches_lips() -> None:
    person = replace(PERSON, wrinkling=1.0, skin_tone=3)
    hot, parts = draw(seen(person), noseSneer=0.9, browDown=0.9, mouthPress=1.0)
    cold, _ = draw(seen(replace(person, wrinkling=0.0)), noseSneer=0.9, browDown=0.9, mouthPress=1)

    def red(picture, part: int) -> float:
        rgb = picture[parts == part].mean(0)
        return float(rgb[0] / rgb[1])

    assert red(hot, FACE) > 1.01 * red(cold, FACE)
    assert red(hot, LIPS) < 0.99 * red(cold, LIPS)


@pytest.mark.parametrize("name", [name for name in PAINTS if name != "none"])
def test_paint_changes_painted_places_and_no_label(name: str) -> None:
    coat = coat_of(name, PERSON.face_seed)
    assert coat is not None
    bare, painted = (
        seen(PERSON).skins[0].atlas,
        look(replace(PERSON, face_paint=name)).skins[0].atlas,
    )
    changed = np.abs(painted - bare).max(-1) > 1e-4
    assert changed.any() and not changed[coat.cover < 1e-4].any()
    assert np.array_equal(bare[..., ATLAS_BROW], painted[..., ATLAS_BROW])
    assert 0.002 < (coat.cover > 0.5).mean() < 0.2
    picture, parts = draw(look(replace(PERSON, face_paint=name)))
    plain, same = draw(seen(PERSON))
    assert np.array_equal(parts, same)
    assert np.abs(picture - plain).max() > 0.05


def test_unknown_paint_is_refused_with_the_names() -> None:
    with pytest.raises(ValueError, match="face_paint 'zebra' is not one of none, cat"):
        look(replace(PERSON, face_paint="zebra"))


def test_teeth_come_fall_out_and_come_again() -> None:
    for seed in range(6):
        rows = {age: mouth_look(age, 4, seed).grown for age in (0.5, 1.0, 3.0, 5.0, 14.0, 30.0)}
        assert rows[0.5].max() == 0
        assert 0 < rows[1.0].sum() < 16
        assert (rows[3.0][:, 2:10] > 0.5).all() and (rows[5.0][:, 4:8] == 1).all()
        assert (rows[14.0][:, 3:9] > 0.5).all() and (rows[30.0] == 1).all()
    gaps = [mouth_look(age, 4, seed).grown[:, 5:7].min() < 0.2
            for seed in range(30) for age in (6.0, 6.5, 7.0, 7.5)]  # fmt: skip
    assert 0.2 < np.mean(gaps) < 0.95
    assert mouth_look(4.0, 4, 1).gap > mouth_look(14.0, 4, 1).gap
    assert mouth_look(9.0, 10, 1).teeth.max() < 0.7 * mouth_look(9.0, 2, 1).teeth.max()


def test_age_shows_in_relief_spots_and_grey_brows() -> None:
    def facts(age: float) -> tuple[float, float]:
        atlas = look(replace(PERSON, age_years=age)).skins[0].atlas
        brow = atlas[atlas[..., ATLAS_BROW] > 0.7][:, :3].mean()
        region = regions_of_face()["crinkled"] > 0.5
        return float(atlas[region][:, 5:7].std()), float(brow)

    child_, grown, old = facts(6.0), facts(30.0), facts(80.0)
    assert child_[0] < grown[0] < old[0]
    assert old[1] > 1.3 * grown[1]
