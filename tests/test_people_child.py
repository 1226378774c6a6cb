"""Properties of a posed child that hold for every person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generate.people.asset import load_topology
from generate.people.bake_clothes import CUTS, collar_level
from generate.people.child import Child, Posed
from generate.people.contour import contour
from generate.people.identity import rest_face
from generate.people.kernels import depth_map
from generate.spec import ARKIT, Person

BASE = Person()
AGES = (0.7, 3.0, 6.0, 12.0, 35.0)


def make(**changes) -> Child:
    return Child(replace(BASE, **changes), detail=0.05)


def face(**amounts) -> np.ndarray:
    out = np.zeros(52)
    for name, amount in amounts.items():
        for side in ("", "Left", "Right"):
            if name + side in ARKIT:
                out[ARKIT.index(name + side)] = amount
    return out


def pose(child: Child, head=(0, 0, 0), gaze=(0, 0), **amounts) -> Posed:
    return child.pose(face(**amounts), head, gaze)


def random_person(rng: np.random.Generator, number: int) -> Person:
    share = rng.dirichlet([1, 1, 1])
    return replace(
        BASE,
        age_years=float(rng.uniform(0.5, 80)),
        sex=("female", "male")[number % 2],
        ancestry=(float(share[0]), float(share[1]), float(1 - share[0] - share[1])),
        face_seed=int(rng.integers(1 << 31)),
        garment=("tee", "collar", "hood")[number % 3],
    )


@pytest.fixture(scope="module")
def child() -> Child:
    return make()


def test_the_same_person_is_the_same_arrays(child):
    again = make()
    assert np.array_equal(again.neutral.points, child.neutral.points)
    assert np.array_equal(again.pieces[0].points, child.pieces[0].points)


def test_normals_are_unit_and_point_outwards(child):
    posed = child.neutral
    assert np.abs(np.linalg.norm(posed.normals, axis=1) - 1).max() < 1e-4
    nose = posed.landmarks[30]
    near = np.linalg.norm(posed.points - nose, axis=1).argmin()
    assert posed.normals[near, 2] > 0.5


@pytest.mark.parametrize(
    ("head", "mark", "axis", "sign"),
    [
        ((20, 0, 0), 30, 0, 1),  # yaw > 0: the nose moves to the child's left
        ((0, 20, 0), 30, 1, 1),  # pitch > 0: the nose moves up
        ((0, 0, 20), 27, 0, 1),  # roll > 0: the brow moves to the child's left
    ],
)
def test_signs_of_the_head_pose(child, head, mark, axis, sign):
    for factor in (1, -1):
        moved = pose(child, head=tuple(factor * x for x in head)).landmarks - pose(child).landmarks
        assert moved[mark, axis] * sign * factor > 0.008


def test_head_transform_carries_the_head(child):
    posed = pose(child, head=(25, -10, 8))
    moved = child.neutral.landmarks @ posed.head_transform[:3, :3].T + posed.head_transform[:3, 3]
    assert np.abs(moved[17:48] - posed.landmarks[17:48]).max() < 1e-4


def test_gaze_turns_the_eyes_alone(child):
    topology = child.topology
    iris = {}
    for part in ("l-eye", "r-eye"):
        where = topology.parts[part][0]
        iris[part] = where.start + int(topology.canon[where, 2].argmax())
    left_up = pose(child, gaze=(15, 10))
    for point in iris.values():
        moved = left_up.points[point] - child.neutral.points[point]
        assert moved[0] > 0.002
        assert moved[1] > 0.001
    assert left_up.gaze[0] > 0.2
    assert left_up.gaze[1] > 0.1
    assert np.abs(left_up.landmarks[48:] - child.neutral.landmarks[48:]).max() < 1e-6


def test_eyeballs_stay_spheres(child):
    for part, centre in zip(("l-eye", "r-eye"), pose(child, gaze=(20, -20)).eyes, strict=True):
        ball = pose(child, gaze=(20, -20)).points[child.topology.parts[part][0]]
        radius = np.linalg.norm(ball - centre, axis=1)
        assert np.ptp(radius) < 0.15 * radius.mean()


@pytest.mark.parametrize("age", AGES)
def test_jaw_opens_and_mouth_close_seals(age):
    child = make(age_years=age)

    def gap(**amounts: float) -> float:
        marks = pose(child, **amounts).landmarks
        return float((marks[[61, 62, 63], 1] - marks[[67, 66, 65], 1]).mean())

    assert abs(gap()) < 0.001
    assert gap(jawOpen=1.0) > 0.008
    assert gap(jawOpen=0.5) > 0.3 * gap(jawOpen=1.0)
    assert gap(jawOpen=0.5, mouthClose=0.5) < 0.001


@pytest.mark.parametrize("age", AGES)
def test_blink_hides_the_eyeballs(age):
    child = make(age_years=age)
    seen = {w: visible_from(child, pose(child, eyeBlink=w), ("l-eye", "r-eye")) for w in (0, 1)}
    assert seen[0] > 60
    assert seen[1] <= 0.03 * seen[0]


MOUTH = ("upper-teeth", "lower-teeth", "tongue")


def test_closed_lips_hide_teeth_and_tongue():
    rng = np.random.default_rng(8)
    for number in range(24):
        child = make_person(random_person(rng, number))
        for posed in (child.neutral, pose(child, jawOpen=0.4, mouthClose=0.4)):
            assert visible_from(child, posed, MOUTH) <= 30  # molars, through the lips' corners
            assert visible_from(child, posed, MOUTH, half_width=0.012 * child.head.scale) == 0


@pytest.mark.parametrize("age", AGES)
def test_open_lips_show_a_row_of_teeth_above_the_tongue(age):
    child = make(age_years=age)
    smile = pose(child, mouthSmile=0.7, mouthUpperUp=0.3, jawOpen=0.12)
    assert visible_from(child, smile, ("upper-teeth",)) > 20
    wide = pose(child, jawOpen=0.7)
    tongue, teeth = (wide.points[child.topology.parts[p][0]] for p in ("tongue", "lower-teeth"))
    tip = tongue[tongue[:, 2] > np.quantile(tongue[:, 2], 0.9), 1].mean()
    assert tip < teeth[:, 1].max() + 0.004
    out = pose(child, jawOpen=0.7, tongueOut=1)
    tip_out = out.points[child.topology.parts["tongue"][0], 2].max()
    assert tip_out > out.landmarks[66, 2] - 0.002


def visible_from(
    child: Child, posed: Posed, parts: tuple[str, ...], half_width: float = 1.0
) -> int:
    """Pixels (0.5 mm) in which one of `parts` is in front of the skin, seen from the front, no
    further than `half_width` (m) from the middle."""
    layers = []
    for names in (("skin",), parts):
        tris = np.concatenate([child.topology.tris[child.topology.parts[n][1]] for n in names])
        layers.append(
            _depth(posed.points.astype(float), np.eye(3), _facing(posed, tris), 5e-4, 384)
        )
    near = np.abs(np.arange(384) - 192) * 5e-4 < half_width
    return int((layers[1] > layers[0])[:, near].sum())


def _facing(posed: Posed, tris: np.ndarray) -> np.ndarray:
    """Triangles that show their outside to the front, the others are not drawn."""
    corners = posed.points[tris]
    return tris[np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] > 0]


def _depth(points, axes, tris, cell, size):
    x, y, z = (points @ axes.T).T
    image = np.full((size, size), -np.inf)
    depth_map(x / cell + size / 2, y / cell + size / 2, z, tris, image)
    return image


def test_one_eye_blinks_alone(child):
    moved = np.abs(pose(child, eyeBlinkLeft=1).points - child.neutral.points).max(1)
    right = child.topology.canon[:, 0] < -3
    # the hidden inside of the nose, where ambient light is 0, does move with both
    skin = (child.topology.material == 0) & (child.topology.aux[:, 0] > 0.3)
    assert moved[skin & right].max() < 5e-4
    assert moved[skin & ~right].max() > 0.004


def test_controls_are_independent(child):
    rest, mouth = child.neutral.landmarks, slice(48, 68)
    assert np.abs(pose(child, browInnerUp=1).landmarks - rest)[mouth].max() < 1e-4
    assert np.abs(pose(child, jawOpen=1).landmarks - rest)[17:27].max() < 1e-3
    assert np.abs(pose(child, mouthSmile=1).landmarks - rest)[17:27].max() < 1e-3


def test_actions_add_up(child):
    both = pose(child, browInnerUp=0.7, jawOpen=0.5).landmarks
    parts = [pose(child, **{k: v}).landmarks for k, v in (("browInnerUp", 0.7), ("jawOpen", 0.5))]
    assert np.abs(both - sum(parts) + child.neutral.landmarks).max() < 1e-5


def test_a_person_grows_but_stays_the_same():
    def shape(seed: int, age: float) -> np.ndarray:
        points = make(face_seed=seed, age_years=age).neutral.landmarks[17:]
        points = points - points.mean(0)
        return points / np.linalg.norm(points)

    seeds = range(8)
    young = [shape(seed, 5) for seed in seeds]
    young = [face - np.mean(young, 0) for face in young]
    older = [shape(seed, 10) for seed in seeds]
    older = [face - np.mean(older, 0) for face in older]
    for i in seeds:
        likeness = [float((young[i] * face).sum()) for face in older]
        assert int(np.argmax(likeness)) == i


def test_age_alone_changes_the_size():
    scales = [make(age_years=age).head.scale for age in (1, 4, 8, 30)]
    assert scales == sorted(scales)


def test_rest_face_is_kind_and_not_labelled():
    amounts = rest_face(BASE)
    assert 0.1 <= amounts[ARKIT.index("mouthSmileLeft")] <= 0.24
    assert amounts.max() < 0.3
    assert not np.array_equal(amounts, rest_face(replace(BASE, face_seed=2)))


def test_wrong_input_is_named(child):
    with pytest.raises(ValueError, match="arkit"):
        child.pose(np.zeros(51), (0, 0, 0), (0, 0))
    with pytest.raises(ValueError, match="hair_style"):
        make(hair_style="mohican")
    with pytest.raises(ValueError, match="detail"):
        Child(BASE, detail=0)


def test_no_skin_lies_below_the_garment():
    for garment in ("tee", "collar", "hood"):
        topology = load_topology(garment)
        skin = topology.canon[topology.parts["skin"][0]].astype(float)
        assert collar_level(skin, CUTS[garment]).min() > -75


def make_person(person: Person) -> Child:
    return Child(person, detail=0.05)


@pytest.mark.parametrize("yaw", [0, 35, -35])
def test_contour_of_a_turned_head_is_its_outline(child, yaw):
    posed = pose(child, head=(yaw, 0, 0))
    strips, marks = posed.contour[..., :2] * [1000, -1000], posed.landmarks[:, :2] * [1000, -1000]
    got = contour(strips, marks)
    assert got.shape == (17, 2)
    far, near = (slice(9, 17), slice(0, 8)) if yaw >= 0 else (slice(0, 8), slice(9, 17))
    outwards = (got - marks[:17])[:, 0] * (1 if yaw >= 0 else -1)
    assert outwards[far].min() > -4
    assert np.abs(outwards[near]).max() < 4
    assert outwards[far].max() > (-1 if yaw == 0 else 8)
    assert np.linalg.norm(got[8] - marks[8]) < 6
