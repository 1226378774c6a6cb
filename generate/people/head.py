"""One person's head: rest shape, actions carried over to it, lids and eyes, head pose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.people.asset import Topology, load_asset
from generate.people.identity import rest_face, shape_weights
from generate.people.kernels import blend_bones, rows_times
from generate.people.mouth import TONGUE_SEAT_M, seat_teeth, tongue_drop
from generate.people.rotation import about, head_rotation, power
from generate.people.transport import action_field, eye_vertices, transport
from generate.spec import ARKIT, Person

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

ARM_DROP_DEG = 38.0
"""anny stands with its arms out; they hang in this kit."""
NECK_SHARES = (0.15, 0.15, 0.20, 0.50)
"""Share of the head's rotation that neck01, neck02, neck03 and the head bone take."""
LID_CLEARANCE = 1.03
"""Lids stay outside this many eyeball radii."""
LASH_CLEARANCE = 1.10
"""Lashes stay outside this many, or they would show through closed lids."""
BLINK_RANGE = (0.75, 1.7)
"""How far the blink may be scaled so that the lids of this person meet."""
BLINK_OVERLAP = 0.0008
"""Metres that the lids' edges pass each other, so that no eyeball shows between."""
TEMPLATE_EYES_M = 0.0616
"""Distance of the template's eyeball centres, for what scales with the head."""
LIDS_FULL_DEG = 35.0
"""Gaze angle at which the lids follow with the whole eyeLook action."""
TONGUE_OUT_GAIN = 1.2
"""How much further tongueOut goes than in the source: past full lips."""
_LIDS = {"Right": ((37, 38), (41, 40)), "Left": ((43, 44), (47, 46))}


class Head:
    """Base vertices of one person and what moves them; `poser.Poser` does."""

    def __init__(self, person: Person, topology: Topology) -> None:
        asset = load_asset()
        self.topology = topology
        weights = shape_weights(asset, person)
        rest = asset.shapes.add(asset.template.copy(), weights)
        bones = asset.bone_heads + np.tensordot(weights, asset.shapes.bones, 1)
        origin = np.mean([_centre(rest[eye_vertices(p)]) for p in ("l-eye", "r-eye")], 0)
        rest -= origin.astype(np.float32)
        self.bones: F64 = bones - origin
        self.actions = transport(rest, person.age_years)
        self.actions[_TONGUE_OUT] *= TONGUE_OUT_GAIN
        self.vertex = action_field().vertex
        self._relax(rest, rest_face(person))
        self._drop_arms(rest, asset.weights)
        self.rest = rest
        centres = [_centre(rest[eye_vertices(p)])[0] for p in ("l-eye", "r-eye")]
        self.scale = float(centres[0] - centres[1]) / TEMPLATE_EYES_M
        points = self.render_points(rest)
        marks = topology.landmarks.at(points)
        self.mouth_depth = float(marks[51, 2])
        drop = tongue_drop(rest, self.vertex, self.actions)
        seat_teeth(rest, points[topology.parts["upper-teeth"][0]], marks, self.scale)
        self.eyes = [(eye_vertices(p), *_sphere(rest[eye_vertices(p)])) for p in ("l-eye", "r-eye")]
        self._fit_blinks()
        lids = [
            self._lid_points(part, side, centre, radius, clearance)
            for part, clearance in (("skin", LID_CLEARANCE), ("lash", LASH_CLEARANCE))
            for side, (_, centre, radius) in zip(_SIDES, self.eyes, strict=True)
        ]
        self.lid_arrays = tuple(np.concatenate(arrays) for arrays in zip(*lids, strict=True))
        """Render points (K,) that stay outside a sphere round an eyeball: centre (K, 3), radius."""
        self._gather_shapes(drop)

    def _gather_shapes(self, drop: F32) -> None:
        """Set `shapes` (54, A, 3), the actions and what seats and drops the tongue, and `slot`
        (B,): the place of each base vertex among the A that they move, or -1."""
        tongue = eye_vertices("tongue")
        vertex = np.union1d(self.vertex, tongue)
        self.slot = np.full(len(self.rest), -1, np.int32)
        self.slot[vertex] = np.arange(len(vertex))
        self.shapes = np.zeros((len(ARKIT) + 2, len(vertex), 3), np.float32)
        self.shapes[: len(ARKIT), self.slot[self.vertex]] = self.actions
        seat = np.array(TONGUE_SEAT_M, np.float32) * np.float32(self.scale)
        self.shapes[-2:, self.slot[tongue]] = np.broadcast_to(seat, drop.shape), drop

    def _relax(self, rest: F32, amounts: F64) -> None:
        rest[self.vertex] += np.tensordot(amounts.astype(np.float32), self.actions, 1)

    def _drop_arms(self, rest: F32, weights: F32) -> None:
        turns = [
            about(self.bones[4 + i], head_rotation(0, 0, roll))[:3]
            for i, roll in enumerate((ARM_DROP_DEG, -ARM_DROP_DEG))
        ]
        arms = np.ascontiguousarray(weights[:, 4:])
        blend_bones(rest, arms, np.array(turns, np.float32), 0, rest)

    def render_points(self, base: F32) -> F32:
        """Return the subdivided points (V, 3), garment not yet off the skin."""
        rows = self.topology.rows
        out = np.empty((len(rows.start) - 1, 3), np.float32)
        rows_times(rows.start, rows.index, rows.weight, base, out)
        return out

    def _fit_blinks(self) -> None:
        """Scale each blink so that upper and lower lid just meet in the middle."""
        marks = self.topology.landmarks
        open_lids = marks.at(self.render_points(self.rest))[:, 1]
        for side, (upper, lower) in _LIDS.items():
            action = ARKIT.index(f"eyeBlink{side}")
            field = np.zeros_like(self.rest)
            field[self.vertex] = self.actions[action]
            shut = marks.at(self.render_points(field))[:, 1]
            gap = open_lids[list(upper)].mean() - open_lids[list(lower)].mean()
            closing = shut[list(lower)].mean() - shut[list(upper)].mean()
            self.actions[action] *= np.clip(
                (gap + BLINK_OVERLAP) / max(closing, 1e-6), *BLINK_RANGE
            )

    def _lid_points(
        self, part: str, side: str, centre: F32, radius: float, clearance: float
    ) -> tuple[NDArray[np.int32], F32, F32]:
        """Points of skin or lashes that a blink drags over the front of the eyeball, and for each
        the sphere that it stays outside of: centre (K, 3), radius (K,)."""
        name = "skin" if part == "skin" else f"{side[0].lower()}-eyelashes-2"
        span = self.topology.parts[name][0]
        field = np.zeros_like(self.rest)
        field[self.vertex] = self.actions[ARKIT.index(f"eyeBlink{side}")]
        moved = np.linalg.norm(self.render_points(field)[span], axis=1) > 5e-5
        ray = self.render_points(self.rest)[span] - centre
        near = np.linalg.norm(ray, axis=1) < 1.35 * radius
        ids = np.flatnonzero(moved & near & (ray[:, 2] > 0.25 * radius)) + span.start
        spheres = np.repeat(centre[None], len(ids), 0)
        return ids.astype(np.int32), spheres, np.full(len(ids), radius * clearance, np.float32)

    def amounts(self, arkit: F64, gaze_deg: tuple[float, float]) -> F32:
        """Amounts (54,) of `shapes` for this face and gaze."""
        amounts = _with_lids(arkit, *gaze_deg).astype(np.float32)
        inside = max(1 - amounts[_TONGUE_OUT], 0)
        return np.append(amounts, [inside, inside * amounts[_JAW_OPEN]]).astype(np.float32)

    def neck_transforms(self, head_deg: tuple[float, float, float]) -> F64:
        """Return the transforms (4, 4, 4) of neck01, neck02, neck03 and head."""
        rotation, at, out = head_rotation(*head_deg), np.eye(4), []
        for bone, share in enumerate(NECK_SHARES):
            at = at @ about(self.bones[bone], power(rotation, share))
            out.append(at)
        return np.array(out)


_JAW_OPEN, _TONGUE_OUT = ARKIT.index("jawOpen"), ARKIT.index("tongueOut")
_SIDES = ("Left", "Right")


def _centre(points: F32) -> F64:
    return np.asarray((points.max(0) + points.min(0)) / 2, np.float64)


def _sphere(points: F32) -> tuple[F32, float]:
    centre = _centre(points)
    radius = float(np.percentile(np.linalg.norm(points - centre, axis=1), 90))
    return centre.astype(np.float32), radius


def _with_lids(arkit: F64, yaw: float, pitch: float) -> F64:
    """Let lids and brows follow the gaze: each eyeLook is at least what the gaze implies."""
    out = np.array(arkit, np.float64)
    implied = {
        "eyeLookUpLeft": pitch,
        "eyeLookUpRight": pitch,
        "eyeLookDownLeft": -pitch,
        "eyeLookDownRight": -pitch,
        "eyeLookOutLeft": yaw,
        "eyeLookInRight": yaw,
        "eyeLookInLeft": -yaw,
        "eyeLookOutRight": -yaw,
    }
    for name, angle in implied.items():
        i = ARKIT.index(name)
        out[i] = max(out[i], min(max(angle / LIDS_FULL_DEG, 0.0), 1.0))
    return out
