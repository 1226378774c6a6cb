"""One person's clothed upper body: arms, hands and garment, posed by joint angles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from generate.people.arms import BODY, LIMITS, make_arm
from generate.people.asset import load_asset, load_body, load_topology
from generate.people.head import Head
from generate.people.identity import shape_weights
from generate.people.kernels import rows_times
from generate.people.rotation import about, head_rotation
from generate.spec import Person

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

JOINTS = (
    *("nose_bridge", "neck", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow"),
    *("left_wrist", "right_wrist", "left_knuckle", "right_knuckle"),
    *("left_index_tip", "right_index_tip"),
)
"""Names of `Posed.joints`; a knuckle is the middle finger's."""
COLLAR_MM = (10.0, 24.0)
"""Distance of skin from the nearest cloth on the template within which it moves with the cloth."""
NECK = 4
ARM = 21
HANG_STEPS = 14
"""Smoothing steps over the trunk: cloth spans hollows."""
WAIST_MM, TRUNK_MM, END_MM = 200.0, (90.0, 330.0), -390.0
"""Template heights: the waist, between which heights the trunk bends, where the cloth ends."""


@dataclass(frozen=True)
class Collar:
    """Skin under or near the garment, which moves as the garment does."""

    ids: I64
    """(K,) points of the head."""
    weights: F32
    """(K, 46) bones of the nearest cloth."""
    share: F32
    """(K, 1) 1 under the cloth, 0 at COLLAR_MM[1] from it."""


class Body:
    """Rest shape of the upper body beside a head, in the head's axes; `bones` say how it moves."""

    def __init__(self, person: Person, head: Head) -> None:
        asset, face = load_body(), load_asset()
        amounts = shape_weights(face, person)
        weights = np.delete(amounts, np.arange(face.first_action, face.first_local))
        rest = asset.shapes.add(asset.template.copy(), weights)
        heads = asset.bone_heads + np.tensordot(weights, asset.shapes.bones, 1)
        origin = heads[0] - head.bones[0]
        rest -= origin.astype(np.float32)
        self.heads: F64 = heads - origin
        _hang(rest)
        topology = load_topology(person.garment, "upper")
        assert topology.body is not None
        self.rest = np.empty((len(topology.body.start) - 1, 3), np.float32)
        rows_times(topology.body.start, topology.body.index, topology.body.weight, rest, self.rest)
        self.arms = tuple(
            make_arm(self.heads[NECK + i * ARM : NECK + (i + 1) * ARM], side)
            for i, side in enumerate("LR")
        )
        self.tips = rest[asset.index_tips].astype(np.float64)
        self.weights, self.trunk = _weights(person.garment)
        self.collar = _collar(person.garment)
        canon = topology.canon[-len(self.rest) :, 1]
        self.waist: F64 = self._level(canon, WAIST_MM)
        self.end: F64 = self._level(canon, END_MM)

    def _level(self, canon_y: F32, height_mm: float) -> F64:
        near = np.abs(canon_y - height_mm) < 15
        near &= np.abs(self.rest[:, 0]) < 0.5 * np.abs(self.rest[:, 0]).max()
        box = self.rest[near]
        return np.asarray((box.max(0) + box.min(0)) / 2, np.float64)

    def bones(self, columns: F64, neck: F64) -> tuple[F64, F64]:
        """Transforms (46, 4, 4) of `BodyAsset`'s bones, and joints (J, 3) but the nose bridge, m.

        columns (25,) as BODY within LIMITS; neck (4, 4, 4) as `Head.neck_transforms`. The trunk
        stays upright, see `torso`.
        """
        bones = np.concatenate([neck, *(self.arm(i, columns) for i in (0, 1))])
        return bones, self._joints(bones)

    def arm(self, index: int, columns: F64) -> F64:
        """Transforms (21, 4, 4) of the bones of the left (0) or right (1) arm."""
        return self.arms[index].transforms(columns[11 * index : 11 * index + 11])

    def _joints(self, bones: F64) -> F64:
        out = [self.heads[0]] * 2
        for bone in (1, 3, 5, 12):  # upper arm, forearm, wrist, base of the middle finger
            out += [_moved(bones, self.heads, NECK + bone + i * ARM) for i in (0, 1)]
        tips = [NECK + 11 + i * ARM for i in (0, 1)]
        out += [(bones[b] @ [*tip, 1])[:3] for b, tip in zip(tips, self.tips, strict=True)]
        return np.array(out)

    def torso(self, columns: F64) -> F64 | None:
        """Transform (4, 4) of the chest and all above it; None if the trunk is upright."""
        lean, tilt, turn = columns[-3:]
        if not np.any(columns[-3:]):
            return None
        return about(self.waist, head_rotation(turn, -lean, tilt))


def _moved(bones: F64, heads: F64, bone: int) -> F64:
    return np.asarray((bones[bone] @ [*heads[bone], 1])[:3])


def checked(columns: NDArray[np.floating]) -> F64:
    """Columns (25,) clipped to the joints' limits; raises ValueError for a wrong length."""
    values = np.asarray(columns, np.float64)
    if values.shape != (len(BODY),):
        raise ValueError(f"body has shape {values.shape}, expected ({len(BODY)},)")
    return np.clip(values, LIMITS[:, 0], LIMITS[:, 1])


def _hang(rest: F32) -> None:
    """Let the trunk's cloth hang over the hollows, in place."""
    asset = load_body()
    a, b = asset.soft_edges.T
    share = asset.soft_share[:, None]
    degree = np.maximum(np.bincount(asset.soft_edges.ravel(), minlength=len(rest)), 1)[:, None]
    for _ in range(HANG_STEPS):
        total = np.zeros_like(rest)
        np.add.at(total, a, rest[b])
        np.add.at(total, b, rest[a])
        rest += share * 0.5 * (total / degree - rest)


@cache
def _weights(garment: str) -> tuple[F32, F32]:
    """Bone weights (V, 46) of the body's render points, and the trunk's share (V, 1)."""
    topology, base = load_topology(garment, "upper"), load_body().weights
    rows = topology.body
    assert rows is not None
    out = np.empty((len(rows.start) - 1, base.shape[1]), np.float32)
    for first in range(0, base.shape[1], 3):
        columns = [min(first + k, base.shape[1] - 1) for k in range(3)]
        block = np.empty((len(out), 3), np.float32)
        rows_times(
            rows.start, rows.index, rows.weight, np.ascontiguousarray(base[:, columns]), block
        )
        out[:, columns] = block
    low, high = TRUNK_MM
    rise = np.clip((topology.canon[-len(out) :, 1] - low) / (high - low), 0, 1)
    arms = out[:, NECK:].sum(1)
    trunk = np.maximum(rise * rise * (3 - 2 * rise), arms)
    return out, np.ascontiguousarray(trunk[:, None], np.float32)


@cache
def _collar(garment: str) -> Collar:
    topology, weights = load_topology(garment, "upper"), _weights(garment)[0]
    cloth, skin = topology.parts["cloth"][0], topology.parts["skin"][0]
    gap, near = cKDTree(topology.canon[cloth]).query(topology.canon[skin])
    low, high = COLLAR_MM
    share = np.clip((high - gap) / (high - low), 0, 1)
    ids = np.flatnonzero(share)
    chosen = weights[near[ids] + topology.parts["hands"][0].stop - topology.parts["hands"][0].start]
    return Collar(ids, np.ascontiguousarray(chosen), share[ids, None].astype(np.float32))
