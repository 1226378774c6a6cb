"""Carry the facial actions, authored on an adult, over to a head of any shape."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from generate.people.asset import load_asset
from generate.people.transport_kernels import carry
from generate.spec import ARKIT

F32 = NDArray[np.float32]

NEIGHBOURS = 40
REACH_M = 0.012
"""Neighbours count by a Gaussian of this radius on the template."""
SOFT = ("mouthSmile", "mouthDimple", "mouthStretch", "mouthFrown", "mouthPress", "cheekSquint")
"""Actions whose creases belong to an adult's thin cheeks; young children get them smoothed."""
SOFT_YEARS = (2.0, 10.0)
SOFT_SHARE = (1.0, 0.25)
SOFT_PASSES = 16
"""How many more rounds of smoothing those get."""
SMILE_GAIN = 0.78
"""Reach of SOFT at the first of SOFT_YEARS and below: full smiles cut into a baby's cheeks."""
JAW_GAIN = 0.8
"""The same for jawOpen: a baby's chin rests on its neck."""
CORNERS_M = ((0.0253, 0.6605, 0.1414), (-0.0253, 0.6605, 0.1414))
CORNER_REACH_M = 0.007
"""Around the corners of the mouth all actions are smoothed, or an open jaw turns the lips out."""
ROUND_M = 0.018
"""How far a full jawOpen draws the lower lip down beside its middle: the source opens a V."""
CORNERS_IN_M = 0.0035
"""How far it draws the corners in."""
UPPER_MOVES_M = (0.0007, 0.0114)
"""jawOpen lowers the upper lip by the first in the middle and by this much more at the corner."""
STIFFNESS = ((6.0, 16.0), (3.0, 0.1))
"""Weight of isotropic scaling in each Jacobian at these ages. On adults it keeps flat spots
invertible; a child's full cheeks bend the local Jacobians so much that smiles fold without it."""
GAINS = {
    "browDown": 1.7,
    "browInnerUp": 1.5,
    "browOuterUp": 1.3,
    "noseSneer": 1.9,
    "cheekSquint": 1.9,
    "eyeSquint": 1.25,
    "eyeLookUp": 1.6,
}
"""How much further these go than in the source, whose frowns and sneers hardly show and whose upper
lids stay behind a raised gaze."""


@dataclass(frozen=True)
class ActionField:
    """The 52 actions on the template where any of them moves anything."""

    vertex: NDArray[np.int64]
    """(A,)"""
    delta: F32
    """(52, A, 3) metres; zero on the eyeballs, which turn by gaze instead."""
    soft: F32
    """(52, A, 3) the same, smoothed where SOFT."""
    near: NDArray[np.int32]
    """(A, NEIGHBOURS) base vertices around each."""
    weight: F32
    """(A, NEIGHBOURS) sum 1."""


@cache
def action_field() -> ActionField:
    """Collect the actions of the asset as one dense block."""
    asset = load_asset()
    dense = np.zeros((52, *asset.template.shape), np.float32)
    for i in range(52):
        asset.shapes.add(dense[i], np.ones(1), asset.first_action + i)
    for i, name in enumerate(ARKIT):
        dense[i] *= GAINS.get(name.removesuffix("Left").removesuffix("Right"), 1.0)
    dense[:, eyeball_vertices()] = 0
    vertex = np.flatnonzero(np.abs(dense).max((0, 2)) > 1e-6)
    base = asset.template.astype(np.float64)
    _round_the_open_mouth(dense[ARKIT.index("jawOpen")], base)
    gap, near = cKDTree(base).query(base[vertex], NEIGHBOURS)
    weight = np.exp(-((gap / REACH_M) ** 2)) + 1e-3
    weight /= weight.sum(1, keepdims=True)
    delta, soft = _smoothed(dense, base, vertex, near[:, :14])
    return ActionField(vertex, delta, soft, near.astype(np.int32), weight.astype(np.float32))


def _round_the_open_mouth(jaw: F32, base: NDArray[np.float64]) -> None:
    """Open the lips of `jaw` (B, 3) to an O, in place: only what moves as the lower lip sinks."""
    corner_x, corner_y, _ = CORNERS_M[0]
    along = np.abs(base[:, 0]) / corner_x
    inside = np.minimum(along, 1)
    middle, more = UPPER_MOVES_M
    upper = middle + more * inside**2
    lower = np.clip((-jaw[:, 1] - upper) / (0.018 - 0.008 * inside**2), 0, 1)
    above_chin = np.clip((base[:, 1] - (corner_y - 0.030)) / 0.020, 0, 1)
    front = np.clip((base[:, 2] - 0.118) / 0.012, 0, 1)
    jaw[:, 1] -= (ROUND_M * inside**2 * (1 - inside**2) * lower * above_chin * front).astype(
        np.float32
    )
    away = ((base[:, 1] - corner_y) / 0.012) ** 2 + ((along - 1) * corner_x / 0.010) ** 2
    inward = CORNERS_IN_M * np.sign(base[:, 0]) * np.exp(-away) * front
    jaw[:, 0] -= inward.astype(np.float32)


def _smoothed(
    dense: F32, base: NDArray[np.float64], vertex: NDArray[np.int64], near: NDArray[np.int64]
) -> tuple[F32, F32]:
    """Return the actions with calm mouth corners, and those with SOFT smoothed as well."""
    even = dense.copy()
    for _ in range(8):
        even[:, vertex] = even[:, near].mean(2)
    gap = np.min([np.linalg.norm(base[vertex] - corner, axis=1) for corner in CORNERS_M], 0)
    share = np.exp(-((gap / CORNER_REACH_M) ** 2))[:, None].astype(np.float32)
    delta = (1 - share) * dense[:, vertex] + share * even[:, vertex]
    for _ in range(SOFT_PASSES):
        even[:, vertex] = even[:, near].mean(2)
    soft = delta.copy()
    chosen = [i for i, name in enumerate(ARKIT) if name.startswith(SOFT)]
    soft[chosen] = even[chosen][:, vertex] * SMILE_GAIN
    soft[ARKIT.index("jawOpen")] *= JAW_GAIN
    return np.ascontiguousarray(delta), np.ascontiguousarray(soft)


@cache
def eyeball_vertices() -> NDArray[np.int64]:
    """Return the base vertices of both eyeballs: the left eye's, then the right eye's."""
    return np.concatenate([eye_vertices("l-eye"), eye_vertices("r-eye")])


@cache
def eye_vertices(part: str) -> NDArray[np.int64]:
    """Return the base vertices of one eyeball, sorted."""
    arrays = load_asset().arrays
    at = [str(name) for name in arrays["part_names"]].index(part)
    first, last = arrays["part_points"][at : at + 2]
    span = slice(int(arrays["row_start"][first]), int(arrays["row_start"][last]))
    return np.unique(arrays["row_index"][span]).astype(np.int64)


def transport(rest: F32, age_years: float) -> F32:
    """Return the actions (52, A, 3) as they move the head `rest` (B, 3) of this age.

    Each displacement goes through the least-squares Jacobian from the template's neighbourhood
    to the head's (deformation transfer after Sumner and Popović 2004, per vertex).
    """
    field = action_field()
    young = np.float32(np.interp(age_years, SOFT_YEARS, SOFT_SHARE))
    delta = field.delta + young * (field.soft - field.delta)
    out = np.zeros_like(delta)
    base = load_asset().template
    stiffness = float(np.interp(age_years, *STIFFNESS))
    carry(base, rest, field.vertex, field.near, field.weight, delta, stiffness, out)
    return out
