"""Forward kinematics of the two arms: anatomical angles to transforms of the bones.

An arm at all angles 0 hangs straight down with the palm to the thigh. Everything is computed for
a left arm; the right arm is its mirror image, so that equal angles are mirror poses.
Frames (3, 3) have as columns: 0 the hinge of the elbow or the palm's normal, 1 along the bone to
the hand, 2 the side of the thumb.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generate.people.rotation import about

F64 = NDArray[np.float64]

SIDES = ("L", "R")
FINGERS = 5
ARM_COLUMNS = (
    *("shrug", "lift", "heading", "roll", "elbow", "twist", "bend", "deviate"),
    *("fist", "spread", "point"),
)
"""Columns of one arm. Degrees: `shrug` shoulder up; `lift` of the upper arm from hanging;
`heading` of the lift, 0 to the side, 90 forward, more across the chest; `roll` of the upper arm
inwards; `elbow` bend; `twist` of the forearm, palm backwards when hanging; wrist `bend` to the
palm, `deviate` to the thumb. Shares 0 to 1: `fist`, `spread` fingers, `point` the index."""
TORSO_COLUMNS = ("lean", "tilt", "turn")
"""Degrees: `lean` forward, `tilt` and `turn` of the trunk to the person's left."""
BODY = (
    *(f"left_{name}" for name in ARM_COLUMNS),
    *(f"right_{name}" for name in ARM_COLUMNS),
    *TORSO_COLUMNS,
)
"""Names of the 25 columns of `spec.Motion.body`."""
ARM_LIMITS = (
    *((-8, 35), (0, 165), (-50, 150), (-95, 95), (0, 150), (-90, 90), (-75, 75), (-20, 35)),
    *((0, 1), (0, 1), (0, 1)),
)
TORSO_LIMITS = ((-20, 40), (-25, 25), (-40, 40))
LIMITS: F64 = np.array((*ARM_LIMITS, *ARM_LIMITS, *TORSO_LIMITS), np.float64)
"""(25, 2) lowest and highest value of each column."""
HANGING = np.array((0, 13, 50, 12, 16, 25, 5, 0, 0.25, 0.1, 0), np.float64)
"""A relaxed arm."""
RELAXED: F64 = np.concatenate([HANGING, HANGING, np.zeros(3)])
"""(25,) the body without a gesture."""

SCAPULA = 0.22
"""Degrees that the shoulder rises for each degree that the arm is lifted above SCAPULA_FROM."""
SCAPULA_FROM = 35.0
CURL_DEG = ((48.0, 30.0, 50.0), (78.0, 95.0, 60.0))
"""Bend of a fist's thumb and of its other fingers, from the base joint to the tip's."""
SPREAD_DEG = (-14.0, 11.0, 2.0, -7.0, -15.0)
SPLAYED = 0.75
"""Spread of the template's fingers."""
FORE_TWIST = (0.3, 0.8)
"""Share of the forearm's twist that lowerarm01 and lowerarm02 take; the wrist takes all."""
MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Arm:
    """One person's arm in mirrored-left axes, metres, as the rest shape has it."""

    side: str
    clavicle: F64
    shoulder: F64
    middle: F64
    elbow: F64
    fore: F64
    wrist: F64
    fingers: F64
    """(5, 3, 3) joints of thumb to little finger."""
    upper_frame: F64
    fore_frame: F64
    hand_frame: F64
    rest_twist: float
    """Degrees that the hand is twisted against the forearm at rest."""

    def transforms(self, columns: F64) -> F64:
        """Bone transforms (21, 4, 4): clavicle, two of the upper arm, two of the forearm, wrist,
        three of each finger.

        columns (11,) as ARM_COLUMNS, within their limits.
        """
        left = np.concatenate([self._limb(columns), self._digits(columns)])
        left[6:] = left[5] @ left[6:]
        return MIRROR @ left @ MIRROR if self.side == "R" else left

    def shoulder_at(self, columns: F64) -> F64:
        """Place (3,) of the shoulder joint, which the girdle lifts."""
        girdle = about(self.clavicle, turned(2, columns[0] + scapula(columns[1])))
        return np.asarray((girdle @ [*self.shoulder, 1])[:3])

    def _limb(self, columns: F64) -> F64:
        shrug, lift, _, _, elbow, twist, bend, deviate, *_ = columns
        girdle = about(self.clavicle, turned(2, shrug + scapula(lift)))
        upper = upper_frame(columns)
        fore = upper @ turned(0, elbow)
        hand = fore @ turned(1, twist) @ turned(2, -bend) @ turned(0, deviate)
        shoulder = self.shoulder_at(columns)
        turn = upper @ self.upper_frame.T
        half = half_twist(turn, self.upper_frame[:, 1], upper[:, 1])
        elbow_at = shoulder + turn @ (self.elbow - self.shoulder)
        straight = fore @ self.fore_frame.T
        wrist_at = elbow_at + straight @ (self.wrist - self.elbow)
        extra = twist - self.rest_twist
        near, far = (fore @ turned(1, share * extra) @ self.fore_frame.T for share in FORE_TWIST)
        return np.array(
            [
                girdle,
                _place(half, self.shoulder, shoulder),
                _place(turn, self.shoulder, shoulder),
                _place(near, self.elbow, elbow_at),
                _place(far, self.elbow, elbow_at),
                _place(hand @ self.hand_frame.T, self.wrist, wrist_at),
            ]
        )

    def _digits(self, columns: F64) -> F64:
        """Transforms (15, 4, 4) of the finger bones against the wrist."""
        fist, spread, point = columns[8:11]
        frame, out = self.hand_frame, []
        for finger, joints in enumerate(self.fingers):
            curl = max(fist, point) if finger != 1 else fist * (1 - point)
            at = np.eye(4)
            for k, joint in enumerate(joints):
                bend = curl * CURL_DEG[min(finger, 1)][k]
                turn = turned(1, bend) if finger == 0 else turned(2, -bend)
                if k == 0:
                    turn = turned(0, (spread - SPLAYED) * SPREAD_DEG[finger]) @ turn
                at = at @ about(joint, frame @ turn @ frame.T)
                out.append(at)
        return np.array(out)


def scapula(lift: float) -> float:
    """Degrees that the shoulder girdle rises with the arm."""
    return SCAPULA * max(lift - SCAPULA_FROM, 0.0)


def make_arm(heads: F64, side: str) -> Arm:
    """heads (21, 3): heads of the bones of this arm, m, in the order of `Arm.transforms`."""
    joints = heads * ([-1, 1, 1] if side == "R" else [1, 1, 1])
    clavicle, shoulder, middle, elbow, fore, wrist = joints[:6]
    fingers = joints[6:].reshape(FINGERS, 3, 3)
    upper, lower = elbow - shoulder, wrist - elbow
    hinge = np.cross(upper, lower)
    fore_frame = _frame(lower, hinge)
    hand = fingers[2, 0] - wrist
    thumb = fingers[1, 0] - fingers[4, 0]
    hand_frame = _frame(hand, np.cross(hand, thumb))
    palm = fore_frame.T @ hand_frame[:, 0]
    return Arm(
        side, clavicle, shoulder, middle, elbow, fore, wrist, fingers,
        _frame(upper, hinge), fore_frame, hand_frame,
        float(np.degrees(np.arctan2(-palm[2], palm[0]))),
    )  # fmt: skip


def _frame(along: F64, first: F64) -> F64:
    """Frame with column 1 along the bone and column 0 as near to `first` as can be."""
    along = along / np.linalg.norm(along)
    first = first - along * (first @ along)
    first = first / np.linalg.norm(first)
    return np.stack([first, along, np.cross(first, along)], 1)


def upper_frame(columns: F64) -> F64:
    """Frame (3, 3) of the upper arm of a left arm at these angles."""
    _, lift, heading, roll, *_ = columns
    swing = swing_to(direction(lift, heading), np.array([0.0, -1.0, 0.0]))
    return swing @ turned(1, -roll) @ HANG_FRAME


HANG_FRAME: F64 = np.array([[-1.0, 0, 0], [0, -1, 0], [0, 0, 1]])


def direction(lift: float, heading: float) -> F64:
    """Unit vector along a left upper arm."""
    a, b = np.radians([lift, heading])
    return np.array([np.sin(a) * np.cos(b), -np.cos(a), np.sin(a) * np.sin(b)])


def swing_to(target: F64, source: F64) -> F64:
    """Shortest rotation (3, 3) that takes unit vector `source` to unit vector `target`."""
    axis = np.cross(source, target)
    cosine = float(source @ target)
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + cross + cross @ cross / max(1 + cosine, 1e-6))


def half_twist(turn: F64, source: F64, target: F64) -> F64:
    """`turn` with half of its twist about the bone, which goes from `source` to `target`."""
    swing = swing_to(target, source)
    rest = swing.T @ turn
    x = np.cross(source, [0.3, 0.5, 0.8])
    x /= np.linalg.norm(x)
    sine, cosine = np.cross(source, x) @ (rest @ x), x @ (rest @ x)
    a = np.arctan2(sine, cosine) / 2
    k = np.array(
        [[0, -source[2], source[1]], [source[2], 0, -source[0]], [-source[1], source[0], 0]]
    )
    return np.asarray(swing @ (np.eye(3) + np.sin(a) * k + (1 - np.cos(a)) * k @ k))


def turned(axis: int, degrees: float) -> F64:
    """Rotation (3, 3) about a coordinate axis."""
    a = np.radians(degrees)
    c, s = np.cos(a), np.sin(a)
    out = np.eye(3)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    out[i, i] = out[j, j] = c
    out[i, j], out[j, i] = -s, s
    return out


def _place(rotation: F64, source: F64, target: F64) -> F64:
    """Transform (4, 4) that rotates about `source` and takes it to `target`."""
    out = np.eye(4)
    out[:3, :3] = rotation
    out[:3, 3] = target - rotation @ source
    return out
