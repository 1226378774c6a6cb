"""Inverse kinematics: joint angles of one person that bring a palm to a place, clear of the head.

Computed for a left arm; a right arm is mirrored.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from generate.motion.gesture import Angles, Pose, Touch, named
from generate.people.arms import (
    ARM_COLUMNS,
    ARM_LIMITS,
    HANGING,
    RELAXED,
    Arm,
    swing_to,
    turned,
    upper_frame,
)
from generate.people.body import ARM, NECK, Body
from generate.people.kernels import blend_bones

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

THICK = 0.24
"""Half the thickness of a palm over the distance from wrist to knuckles."""
CLEAR_M = 0.0025
"""Hands stay this far outside the head."""
SWIVELS_DEG = tuple(float(x) for x in range(-75, 76, 15))
"""Turns of the elbow about the line from shoulder to wrist that are tried; 0 hangs down."""
ROUNDS = 6
EYE_MARKS = ((42, 48), (36, 42))
LOW, HIGH = np.array(ARM_LIMITS, np.float64).T


class Reach:
    """Solves gestures of one person; built from the neutral, upright head."""

    def __init__(self, body: Body, landmarks: F32, skin: F32, normals: F32, scale: float) -> None:
        """landmarks (68, 3); skin (S, 3) and its normals: what hands must not enter."""
        self.body, self.scale = body, scale
        self.marks = landmarks.astype(np.float64)
        used = (normals != 0).any(1)  # points of the triangles that the garment replaces have none
        self.skin, self.out = skin[used].astype(np.float64), normals[used].astype(np.float64)
        self._tree = cKDTree(self.skin)
        self._lifts: dict[tuple[str, int], F64] = {}
        self._swivels: dict[tuple[str, int], float] = {}

    def columns(
        self, name: str, head: F64 | None = None, phase: float = 0.0, mirrored: bool = False
    ) -> F64:
        """Columns (25,) of a gesture. head (4, 4): pose of the head that the hands follow.

        phase -1 to 1 is where the gesture is in its swing; `mirrored` swaps the arms.
        Raises ValueError for an unknown name.
        """
        gesture, out = named(name), RELAXED.copy()
        poses = (gesture.right, gesture.left) if mirrored else (gesture.left, gesture.right)
        for i, pose in enumerate(poses):
            key = (name, i + 2 * mirrored)
            out[11 * i : 11 * i + 11] = self._arm(pose, i, key, head, phase)
        out[-3:] = gesture.torso
        return out

    def _arm(
        self, pose: Pose, side: int, key: tuple[str, int], head: F64 | None, phase: float
    ) -> F64:
        if pose is None:
            return HANGING
        if isinstance(pose, Angles):
            out = HANGING.copy()
            for name, value in pose.values.items():
                out[ARM_COLUMNS.index(name)] = value + phase * pose.sway.get(name, 0.0)
            return np.clip(out, LOW, HIGH)
        if key not in self._lifts:
            self._lifts[key] = self._lift(pose, side)
            upright = self._solve(pose, side, self._lifts[key], None, 0.0)
            self._swivels[key] = upright[1]
        tried = (self._swivels[key],)  # the same elbow in all frames, and nothing to search
        return self._solve(pose, side, self._lifts[key], head, phase, tried)[0]

    def _lift(self, touch: Touch, side: int) -> F64:
        """How far (3,) the palm must stay off its place so that no finger enters the head."""
        away, lift = -_unit(touch.palm), np.zeros(3)
        for _ in range(ROUNDS):
            hand = self.hand(side, self._solve(touch, side, lift, None, 0.0)[0])
            deepest = float(self.height(hand).min())
            if deepest >= CLEAR_M:
                break
            lift = lift + away * (CLEAR_M - deepest + 0.0005)
        return lift

    def height(self, points: F64) -> F64:
        """Signed distance (N,) of points over the head's skin, m; 1 where far from it."""
        gap, near = self._tree.query(points, distance_upper_bound=0.06)
        inside = np.minimum(near, len(self.skin) - 1)
        above = ((points - self.skin[inside]) * self.out[inside]).sum(1)
        return np.where(np.isfinite(gap), above, 1.0)

    def hand(self, side: int, columns: F64) -> F64:
        """Points (H, 3) of one hand from the wrist on, trunk upright."""
        body, first = self.body, NECK + side * ARM + 5
        ids = np.flatnonzero(body.weights[:, first : first + 16].sum(1) > 0.5)
        points = np.ascontiguousarray(body.rest[ids])
        bones = body.arms[side].transforms(columns)[5:, :3].astype(np.float32)
        weights = np.ascontiguousarray(body.weights[ids, first : first + 16])
        blend_bones(points, weights, np.ascontiguousarray(bones), 0, points)
        return points.astype(np.float64)

    def _solve(
        self,
        touch: Touch,
        side: int,
        lift: F64,
        head: F64 | None,
        phase: float,
        swivels: tuple[float, ...] = SWIVELS_DEG,
    ) -> tuple[F64, float]:
        """Columns (11,) and the swivel of the elbow, one of `swivels`."""
        flip = np.array([-1.0 if side else 1.0, 1, 1])
        offset = np.array(touch.offset) + phase * np.array(touch.sway)
        palm, fingers = _unit(touch.palm), _unit(touch.fingers)
        place = self._anchor(touch.at, side) * flip
        if touch.at == "chest":
            place = place + offset * float(np.linalg.norm(_upper(self.body.arms[side]))) + lift
        else:
            place = place + offset * self.scale / 1000 + lift
            if head is not None:
                turn = np.diag(flip) @ head[:3, :3] @ np.diag(flip)
                place = turn @ place + head[:3, 3] * flip
                palm, fingers = turn @ palm, turn @ fingers
        third = np.cross(palm, fingers)
        third /= np.linalg.norm(third)
        frame = np.stack([palm, np.cross(third, palm), third], 1)
        columns, swivel = reach(self.body.arms[side], place, frame, touch.along, swivels)
        for name, value in touch.shape.items():
            columns[ARM_COLUMNS.index(name)] = value
        return columns, swivel

    def _anchor(self, at: str, side: int) -> F64:
        marks, left = self.marks, side == 0
        if at == "mouth":
            return np.asarray(marks[[51, 57]].mean(0))
        if at == "chin":
            return np.asarray(marks[8])
        if at == "eye":
            return np.asarray(marks[slice(*EYE_MARKS[side])].mean(0))
        if at == "cheek":
            return np.asarray(marks[[13, 45, 54] if left else [3, 36, 48]].mean(0))
        shoulders = np.stack([_shoulder(arm) for arm in self.body.arms])
        return np.asarray(shoulders.mean(0) * [0, 1, 1])


def _unit(vector: tuple[float, float, float]) -> F64:
    value = np.array(vector, np.float64)
    return np.asarray(value / np.linalg.norm(value))


def _upper(arm: Arm) -> F64:
    return np.asarray(arm.elbow - arm.shoulder)


def _shoulder(arm: Arm) -> F64:
    return arm.shoulder


def reach(
    arm: Arm, place: F64, frame: F64, along: float, swivels: tuple[float, ...]
) -> tuple[F64, float]:
    """Columns (11,) of a mirrored-left arm that bring its palm to `place` with this hand frame.

    The elbow takes the one of `swivels` that strains the joints least, which is returned too.
    """
    hand = float(np.linalg.norm(arm.fingers[2, 0] - arm.wrist))
    wrist = place - frame[:, 1] * along * hand - frame[:, 0] * THICK * hand
    best, chosen, least = HANGING, 0.0, np.inf
    for swivel in swivels:
        columns, strain = _bent(arm, wrist, frame, swivel)
        strain += 0.35 * abs(swivel)
        if strain < least:
            best, chosen, least = columns, swivel, strain
    return best, chosen


def _bent(arm: Arm, wrist: F64, frame: F64, swivel: float) -> tuple[F64, float]:
    """Columns with the elbow turned by `swivel`, clipped, and by how many degrees they were."""
    columns = HANGING.copy()
    upper, lower = np.linalg.norm(_upper(arm)), np.linalg.norm(arm.wrist - arm.elbow)
    columns[1] = 60.0
    for _ in range(2):  # the shoulder rises with the lift, which depends on the shoulder
        shoulder = arm.shoulder_at(columns)
        line = wrist - shoulder
        far = min(float(np.linalg.norm(line)), 0.999 * float(upper + lower))
        line = line / np.linalg.norm(line)
        cosine = np.clip((upper**2 + far**2 - lower**2) / (2 * upper * far), -1, 1)
        pole = _pole(line, swivel)
        ahead = cosine * line + np.sqrt(1 - cosine**2) * pole
        back = (shoulder + far * line - shoulder - upper * ahead) / lower
        _shoulder_angles(columns, ahead, back)
    fore = upper_frame(columns) @ turned(0, columns[4])
    turn = fore.T @ frame
    columns[5] = np.degrees(np.arctan2(-turn[2, 0], turn[0, 0]))
    columns[6] = np.degrees(np.arcsin(np.clip(-turn[1, 0], -1, 1)))
    columns[7] = np.degrees(np.arctan2(-turn[1, 2], turn[1, 1]))
    clipped = np.clip(columns, LOW, HIGH)
    strain = np.abs(columns - clipped)[:8].sum() + 0.15 * np.abs(columns[5:8]).sum()
    return clipped, float(strain)


def _pole(line: F64, swivel: float) -> F64:
    """Direction of the elbow from the line shoulder-wrist: down and a little out, then turned."""
    down = np.array([0.35, -1.0, -0.1])
    down = down - line * (down @ line)
    down /= np.linalg.norm(down)
    a = np.radians(swivel)
    return np.asarray(np.cos(a) * down + np.sin(a) * np.cross(line, down))


def _shoulder_angles(columns: F64, ahead: F64, back: F64) -> None:
    """Set lift, heading, roll and elbow from the directions of upper arm and forearm."""
    columns[1] = np.degrees(np.arccos(np.clip(-ahead[1], -1, 1)))
    columns[2] = np.degrees(np.arctan2(ahead[2], ahead[0]))
    columns[4] = np.degrees(np.arccos(np.clip(ahead @ back, -1, 1)))
    hinge = np.cross(ahead, back)
    hinge /= max(float(np.linalg.norm(hinge)), 1e-9)
    base = swing_to(ahead, np.array([0.0, -1.0, 0.0])) @ [-1.0, 0, 0]
    columns[3] = np.degrees(np.arctan2(np.cross(base, hinge) @ ahead, base @ hinge))
