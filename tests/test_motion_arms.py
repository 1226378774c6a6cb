"""Arms on their way to a gesture: the forearm folds first, and where it is reached all is exact."""

import numpy as np

from generate.motion.armplay import Arms
from generate.motion.cues import GestureCue
from generate.motion.gesture import GESTURES, Angles
from generate.people.arms import BODY, HANGING

ELBOW, LIFT = (BODY.index(f"right_{name}") for name in ("elbow", "lift"))


def pose(name, phase):
    """Columns of gestures that are angles; hands that touch are somewhere else."""
    columns = np.zeros(len(BODY))
    side = GESTURES[name].right
    if side is None or isinstance(side, Angles):
        columns[11:22] = HANGING
    else:
        columns[11:22] = 30.0
    for part, value in side.values.items() if isinstance(side, Angles) else ():
        columns[BODY.index(f"right_{part}")] = value + phase * side.sway.get(part, 0.0)
    return columns


def played(*cues, at):
    still, usual = np.zeros(len(at)), np.ones(len(at))
    return Arms(cues, pose).at(cues, still, np.asarray(at, float), usual).astype(float)


def test_the_forearm_folds_before_the_upper_arm_rises():
    cue = GestureCue(0.0, 3.0, "point-up", rise_s=0.6, fall_s=0.6)
    early, there, late = played(cue, at=(0.2, 1.0, 3.45))
    goal, rest = pose("point up", 0.0), pose("rest", 0.0)
    assert np.allclose(there, goal, atol=1e-4)
    for body in (early, late):
        way = (body - rest)[[ELBOW, LIFT]] / (goal - rest)[[ELBOW, LIFT]]
        assert 0.05 < way[1] < 0.6 * way[0] < 0.6


def test_beats_that_meet_stay_up_and_hands_that_touch_come_straight():
    first = GestureCue(0.0, 1.0, "shrug", rise_s=0.3, fall_s=0.3)
    second = GestureCue(1.0, 2.0, "shrug", rise_s=0.3, fall_s=0.3)
    bodies = played(first, second, at=np.arange(0.3, 2.0, 0.05))
    assert np.allclose(bodies, pose("shrug", 0.0), atol=1e-4)
    touch = GestureCue(0.0, 2.0, "hand-to-chin", rise_s=0.5, fall_s=0.5)
    (half,) = played(touch, at=(0.25,))
    rest, goal = pose("rest", 0.0), pose("hand to chin", 0.0)
    assert np.allclose(half, (rest + goal) / 2, atol=1e-4)
