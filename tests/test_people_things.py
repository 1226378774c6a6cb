"""What is worn and held fits every head, and its labels are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generate.clip import PARTS
from generate.people.child import Child
from generate.people.hair_styles import STYLES
from generate.people.ids import (
    GLASSES_PART,
    HAIR,
    HAND,
    HAND_PART,
    HEADWEAR_PART,
    LENS,
    PROP,
    THING_PART,
)
from generate.people.piece import Piece
from generate.people.skin import look
from generate.people.things import odds
from generate.people.things_face import EAR_MM, Face
from generate.people.things_glasses import GLASSES, bridge_height
from generate.people.things_headwear import HEADWEAR, Fit
from generate.people.things_held import HELD, held
from generate.people.things_mesh import Stuff
from generate.people.things_shell import fit_shell
from generate.render.view import Frame, Renderer, scene
from generate.spec import Person, View

BASE = Person()
AGES = (0.7, 6.0, 40.0)
VIEW = View(
    size_px=96, distance_m=0.8, face_fraction=0.4, offset=(0.0, 0.0),
    light_seed=1, backdrop_seed=1, camera_seed=1,
)  # fmt: skip
EYES = range(36, 48)


def make(**changes) -> Child:
    return Child(replace(BASE, **changes), detail=0.1)


def face_of(child: Child) -> Face:
    posed = child.neutral
    marks, eyes = posed.landmarks.astype(float), posed.eyes.astype(float)
    return Face(child.topology, posed.points, marks, eyes, child.head.scale)


def shot(person: Person, head=(0.0, 0.0, 0.0)) -> Frame:
    child = Child(person, detail=0.1)
    posed = child.pose(np.zeros(52), head, (0.0, 0.0))
    return Renderer(VIEW.size_px).frame(child, look(person), posed, scene(VIEW, child))


def check_arrays(piece: Piece) -> None:
    assert np.isfinite(piece.points).all()
    assert np.abs(np.linalg.norm(piece.normals, axis=1) - 1).max() < 1e-3
    assert piece.tris.min() >= 0
    assert piece.tris.max() < len(piece.points)
    assert len(piece.canon) == len(piece.aux) == len(piece.follow) == len(piece.points)
    assert 0 <= piece.follow.min() <= piece.follow.max() <= 1
    assert piece.aux.dtype == piece.points.dtype == piece.canon.dtype == np.float32
    if piece.material in (PROP, LENS, HAND):
        assert 0 <= piece.aux[:, [0, 2, 3]].min() <= piece.aux[:, [0, 2, 3]].max() <= 1
        assert len(piece.points) < 6000
    if piece.material in (PROP, LENS):
        assert 0 <= piece.canon.min() <= piece.canon.max() <= 1


@pytest.mark.parametrize("name", GLASSES)
@pytest.mark.parametrize("age", AGES)
def test_glasses_sit_on_nose_and_ears(name, age):
    child = make(age_years=age, glasses=name)
    face, worn = face_of(child), child.pieces[1:]
    for piece in worn:
        check_arrays(piece)
        assert set(np.unique(piece.aux[:, 1])) == {GLASSES_PART}
    frame = next(p for p in worn if p.material == PROP).points
    assert sum(len(p.tris) for p in worn) <= 3000
    middle = frame[np.abs(frame[:, 0]) < 0.0015]
    nose = np.array([0, bridge_height(face), face.front(0.0, bridge_height(face))])
    assert np.linalg.norm(middle - nose, axis=1).min() < 0.003
    for sign in (1, -1):
        ear = face.at((sign * EAR_MM[0], *EAR_MM[1:]))
        assert np.linalg.norm(frame - ear, axis=1).min() < 0.006
    skin = child.neutral.points[child.topology.parts["skin"][0]]
    eyelids = skin[np.abs(np.abs(skin[:, 0]) - face.eyes[0, 0]) < 0.01]
    rims = frame[(np.abs(frame[:, 0]) > 0.5 * face.eyes[0, 0]) & (frame[:, 2] > 0)]
    assert rims[:, 2].max() > eyelids[np.abs(eyelids[:, 1]) < 0.01, 2].max()


def test_eyes_show_through_clear_glass_alone():
    person = replace(BASE, hair_style="cropped")
    bare = shot(person)
    for name, model in GLASSES.items():
        seen = shot(replace(person, glasses=name))
        eyes = seen.landmarks_visible[list(EYES)]
        inside = np.isin(seen.parts, [PARTS.index("iris"), PARTS.index("sclera")])
        if model.dark:
            assert eyes.sum() == 0
            assert not inside.any()
        else:
            assert (eyes == bare.landmarks_visible[list(EYES)]).mean() > 0.8
            assert inside.sum() > 0.5 * np.isin(bare.parts, [5, 6]).sum()
        assert (seen.parts == GLASSES_PART).sum() > 20
        assert seen.landmarks_visible[48:].all()
        assert not np.array_equal(seen.rgb, bare.rgb)


def test_none_changes_nothing():
    child = make()
    assert len(child.pieces) == 1
    again = make(glasses="none", headwear="none", held="none", held_seed=5)
    assert np.array_equal(child.pieces[0].points, again.pieces[0].points)
    worn = make(glasses="round")
    assert np.array_equal(child.pieces[0].points, worn.pieces[0].points)
    assert np.array_equal(child.neutral.points, worn.neutral.points)


@pytest.mark.parametrize("name", HEADWEAR)
@pytest.mark.parametrize("age", AGES)
def test_headwear_has_sound_arrays(name, age):
    style = ("long", "short", "curly", "bun")[(len(name) + int(age)) % 4]
    child = make(age_years=age, headwear=name, garment="hood", hair_style=style)
    assert child.pieces[0].material == HAIR
    for piece in child.pieces:
        check_arrays(piece)
    for piece in child.pieces[1:]:
        assert set(np.unique(piece.aux[:, 1])) == {HEADWEAR_PART}
        assert len(piece.tris) <= 3600


@pytest.mark.parametrize("style", sorted(STYLES)[:4])
@pytest.mark.parametrize("age", AGES)
def test_neither_skin_nor_hair_pokes_out_of_a_hat(style, age):
    for shape in (-1.0, 0.0, 1.0):
        child = make(age_years=age, hair_style=style, face_shape=shape, face_seed=int(age + shape))
        face, hair = face_of(child), child.pieces[0]
        stuff = Stuff((0.5, 0.5, 0.5), HEADWEAR_PART)
        fit = Fit(face, hair, np.random.default_rng(0), (stuff, stuff))
        shell = fit_shell(face, hair, fit.rim(786, 750, 720, 690))
        azimuth, elevation, radius = shell.polar(face.skin)
        under = elevation > shell.rim_at(azimuth)
        assert under.sum() > 300
        gap = shell.radius_at(azimuth[under], elevation[under]) - radius[under]
        assert gap.min() > 0
        pressed = shell.press(hair)
        azimuth, elevation, radius = shell.polar(pressed.points.astype(float))
        under = elevation > shell.rim_at(azimuth)
        out = radius[under] - shell.radius_at(azimuth[under], elevation[under])
        assert out.max(initial=-1) < 1e-4
        assert len(pressed.tris) < len(hair.tris)


@pytest.mark.parametrize("name", ["beanie", "cap", "sun hat", "helmet", "bobble hat"])
def test_hats_hide_the_crown_and_leave_the_face(name):
    person = replace(BASE, hair_style="long")
    bare, seen = shot(person), shot(replace(person, headwear=name))
    hat = seen.parts == HEADWEAR_PART
    assert hat.sum() > 300
    rows = np.flatnonzero((bare.parts == PARTS.index("hair")).any(1))
    crown = seen.parts[rows[0] : rows[0] + 6]
    assert not (crown == PARTS.index("hair")).any()
    assert seen.landmarks_visible[27:].mean() > 0.9


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("age", AGES)
def test_held_things_are_before_the_face_and_held_by_a_hand(name, age):
    if age >= HELD[name].under_years:
        pytest.skip("too old for it")
    ids = {THING_PART, PARTS.index("cloth")}
    child = make(age_years=age, held=name)
    face, places = face_of(child), set()
    for seed in range(6):
        pieces = held(name, face, replace(BASE, age_years=age, held_seed=seed))
        places.add(tuple(pieces[0].points[0]))
        for piece in pieces:
            check_arrays(piece)
            parts = set(np.unique(piece.aux[:, 1]))
            assert parts == {0} if piece.material == HAND else parts <= ids
        assert sum(len(piece.tris) for piece in pieces) <= 4000
        assert any(piece.material == HAND for piece in pieces) == (name != "dummy")
        thing = pieces[0].points[pieces[0].aux[:, 1] == THING_PART]
        # no thing is inside the head: its middle is in front of the skin
        middle = thing.mean(0)
        assert middle[2] > face.front(middle[0], middle[1]) - 0.004
        assert np.linalg.norm(middle - face.marks[62]) < 0.2
    assert len(places) == 6


def test_held_things_hide_landmarks_and_have_their_own_parts():
    person = replace(BASE, held="cup", held_seed=1)
    seen = shot(person)
    assert (seen.parts == THING_PART).sum() > 60
    assert (seen.parts == HAND_PART).sum() > 5
    assert seen.landmarks_visible[48:].mean() < 0.5
    assert seen.landmarks_visible[17:27].all()


def test_odds_sum_to_one_and_never_contradict():
    for age in (0.5, 3.9, 4.0, 9.0, 60.0, 90.0):
        for garment in ("tee", "hood"):
            for control in ("glasses", "headwear", "held"):
                shares = odds(control, age, garment)
                assert sum(shares.values()) == pytest.approx(1)
                assert shares["none"] > 0.7
            assert ("hood up" in odds("headwear", age, garment)) == (garment == "hood")
            assert ("dummy" in odds("held", age, garment)) == (age < 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"glasses": "monocle"}, "glasses 'monocle' is not one of none, round"),
        ({"headwear": "crown"}, "headwear 'crown' is not one of none, beanie"),
        ({"held": "sword"}, "held 'sword' is not one of none, bear"),
        ({"held": "dummy"}, "held 'dummy' is for children under 4, not for 6"),
        ({"headwear": "hood up"}, "needs garment 'hood', not 'tee'"),
    ],
)
def test_wrong_names_are_told_in_one_line(changes, message):
    with pytest.raises(ValueError, match=message) as error:
        make(**changes)
    assert "\n" not in str(error.value)
