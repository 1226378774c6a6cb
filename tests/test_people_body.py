"""The clothed upper body: no bare skin, arms that keep their bones, hands that reach the face."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from generate.motion.cues import GestureCue
from generate.motion.gesture import GESTURES, HELD_HANDS
from generate.motion.player import play_score
from generate.motion.score import Score
from generate.people.arms import BODY, LIMITS, RELAXED
from generate.people.asset import load_asset, load_body, load_topology
from generate.people.bake_body import NECK_MARGIN_MM, arm_lines, body_bones
from generate.people.bake_clothes import CUTS, SLEEVE_MARGIN_MM, collar_level
from generate.people.body import JOINTS
from generate.people.child import STILL, Child, Posed
from generate.people.ids import HAND, HAND_PART, SKIN
from generate.people.skin import look
from generate.render.view import Renderer, scene
from generate.spec import Person, View

BASE = Person()
GARMENTS = load_asset().garments
VIEW = View(96, 1.6, 0.19, (0.0, 0.0), 1, 1, 1, framing="upper")


def make(**changes) -> Child:
    return Child(replace(BASE, **changes), detail=0.05, framing="upper")


def joint(posed: Posed, name: str) -> np.ndarray:
    return posed.joints[JOINTS.index(name)].astype(float)


def body(child: Child, gesture: str) -> Posed:
    return child.pose(*STILL, child.gesture(gesture))


@pytest.fixture(scope="module")
def child() -> Child:
    return make()


@pytest.mark.parametrize("garment", GARMENTS)
def test_skin_ends_under_collar_and_sleeve(garment):
    topology = load_topology(garment, "upper")
    canon = topology.canon.astype(float)
    skin = topology.tris[topology.parts["skin"][1]]
    assert collar_level(canon, CUTS[garment])[skin].min() > -NECK_MARGIN_MM - 0.01
    lines = arm_lines(load_body().bone_heads.astype(float) * 1000)
    hands = canon[topology.tris[topology.parts["hands"][1]]].reshape(-1, 3)
    beyond = np.max([line.beyond(hands, CUTS[garment].sleeve) for line in lines], 0)
    assert beyond.min() > -SLEEVE_MARGIN_MM - 0.01
    bare = {SKIN, HAND}
    rest = np.ones(len(topology.tris), bool)
    for part in ("skin", "hands"):
        rest[topology.parts[part][1]] = False
    assert not bare & set(topology.material[topology.tris[rest]].ravel().tolist())


def test_hair_and_head_are_the_same_in_both_framings(child):
    face = Child(BASE, detail=0.05)
    assert np.array_equal(face.pieces[0].points, child.pieces[0].points)
    assert np.array_equal(face.neutral.landmarks[17:], child.neutral.landmarks[17:])
    assert len(face.neutral.joints) == 0
    assert face.body is None


BONES = (("shoulder", "elbow"), ("elbow", "wrist"), ("wrist", "knuckle"))


@pytest.mark.parametrize("age", [1.0, 8.0, 35.0])
def test_bones_keep_their_length(age):
    child = make(age_years=age)

    def lengths(posed: Posed) -> np.ndarray:
        ends = [(f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in BONES]
        return np.array([np.linalg.norm(joint(posed, a) - joint(posed, b)) for a, b in ends])

    rest = lengths(child.neutral)
    for name in GESTURES:
        assert np.abs(lengths(body(child, name)) / rest - 1).max() < 0.01


def test_joints_bend_the_right_way(child):
    def moved(name: str, of: str, **amounts: float) -> np.ndarray:
        columns, zero = np.zeros(len(BODY)), np.zeros(len(BODY))
        for column, value in amounts.items():
            columns[BODY.index(column)] = value
        ends = [joint(child.pose(*STILL, c), name) - joint(child.pose(*STILL, c), of)
                for c in (columns, zero)]  # fmt: skip
        return ends[0] - ends[1]

    assert moved("left_wrist", "left_elbow", left_elbow=80)[2] > 0.05
    assert moved("right_wrist", "right_elbow", right_elbow=80)[2] > 0.05
    assert moved("left_elbow", "left_shoulder", left_lift=80)[0] > 0.05
    assert moved("right_elbow", "right_shoulder", right_lift=80)[0] < -0.05
    assert moved("left_elbow", "left_shoulder", left_lift=80, left_heading=90)[2] > 0.05
    assert moved("left_knuckle", "left_wrist", left_bend=60)[0] < -0.02
    assert moved("nose_bridge", "left_wrist", lean=20)[2] > 0.03


def test_columns_beyond_the_limits_are_clipped(child):
    far = np.where(np.arange(len(BODY)) % 2, 500.0, -500.0)
    near = np.clip(far, LIMITS[:, 0], LIMITS[:, 1])
    assert np.array_equal(child.pose(*STILL, far).points, child.pose(*STILL, near).points)
    with pytest.raises(ValueError, match="body"):
        child.pose(*STILL, np.zeros(7))


@pytest.mark.parametrize("age", [2.0, 6.0, 12.0, 40.0])
def test_hand_reaches_the_mouth(age):
    child = make(age_years=age, garment="hood")
    posed = body(child, "hand over mouth")
    mouth = posed.landmarks[[51, 57]].mean(0)
    palm = (joint(posed, "right_knuckle") + joint(posed, "right_index_tip")) / 2
    assert np.linalg.norm(palm - mouth) < 0.075
    before = make_parts(child, child.neutral)
    after = make_parts(child, posed)
    assert (after == HAND_PART).sum() > 0.02 * after.size
    assert np.isin(before, (3,)).sum() > 4 * max(np.isin(after, (3,)).sum(), 1) - 4


def make_parts(child: Child, posed: Posed) -> np.ndarray:
    view = replace(VIEW, face_fraction=0.45)
    return Renderer(96).frame(child, look(child.person), posed, scene(view, child)).parts


@pytest.mark.parametrize("age", [1.0, 6.0, 35.0])
def test_hands_stay_outside_the_head(age):
    child = make(age_years=age)
    for name in GESTURES:
        columns = child.gesture(name)
        for side in (0, 1):
            arm = columns[11 * side : 11 * side + 11]
            assert child.reach.height(child.reach.hand(side, arm)).min() > 0, name


@pytest.mark.parametrize("held", HELD_HANDS)
def test_held_hands_follow_the_head_in_the_face_framing(held):
    child = Child(replace(BASE, held=held), detail=0.05)
    assert child.framing == "face"
    plain = child.pose(*STILL)
    turned = child.pose(np.zeros(52), (15, 0, 0), (0, 0))
    moved = np.linalg.norm(turned.joints - plain.joints, axis=1)
    tips = [JOINTS.index(f"{side}_index_tip") for side in ("left", "right")]
    assert moved[tips].max() > 0.008
    with pytest.raises(ValueError, match="framing"):
        child.gesture("wave left")


def test_gestures_are_named_and_mirror(child):
    with pytest.raises(ValueError, match="gesture"):
        child.gesture("fly")
    left, right = (child.gesture(f"wave {side}") for side in ("left", "right"))
    assert np.array_equal(left[:11], right[11:22])
    posed = [body(child, f"wave {side}") for side in ("left", "right")]
    tips = joint(posed[0], "left_wrist"), joint(posed[1], "right_wrist")
    assert np.abs(tips[0] * [-1, 1, 1] - tips[1]).max() < 0.004


def test_performed_gesture_starts_at_rest_and_arrives(child):
    goal = child.gesture("wave left")
    swing = child.gesture("wave left", 1.0) - goal
    score = Score(2.0, (GestureCue(0, 2, "wave-left", rise_s=0.6),))
    series = play_score(score, 25, gesture=child.gesture).body
    assert np.abs(series[0] - RELAXED).max() < 1.0
    assert np.abs(series[25:] - goal).max() <= np.abs(swing).max() + 1e-3
    assert np.ptp(series[25:], axis=0).max() > 5


def test_view_and_child_must_agree_on_the_framing(child):
    with pytest.raises(ValueError, match="framing"):
        scene(replace(VIEW, framing="face"), child)
    with pytest.raises(ValueError, match="face_fraction"):
        scene(replace(VIEW, face_fraction=0.05), child)


def test_upper_body_adds_little_to_the_setup(child):
    del child
    times = []
    for seed in (11, 12, 13):
        start = time.perf_counter()
        plain = Child(replace(BASE, face_seed=seed), detail=0.05)
        middle = time.perf_counter()
        Child(plain.person, detail=0.05, framing="upper")
        times.append(time.perf_counter() - middle - (middle - start))
    assert min(times) < 0.2


def test_bones_are_named_once():
    assert len(set(body_bones())) == load_body().weights.shape[1]
