"""Carry the facial actions, authored on an adult, over to a head of any shape."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from generate.people.asset import load_asset
from generate.people.transport_kernels import carry

F32 = NDArray[np.float32]

NEIGHBOURS = 40
REACH_M = 0.012
"""Neighbours count by a Gaussian of this radius on the template."""
STIFFNESS = 0.02
"""Share of isotropic scaling mixed into each Jacobian, which keeps flat spots invertible."""


@dataclass(frozen=True)
class ActionField:
    """The 52 actions on the template where any of them moves anything."""

    vertex: NDArray[np.int64]
    """(A,)"""
    delta: F32
    """(52, A, 3) metres; zero on the eyeballs, which turn by gaze instead."""
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
    dense[:, eyeball_vertices()] = 0
    vertex = np.flatnonzero(np.abs(dense).max((0, 2)) > 1e-6)
    base = asset.template.astype(np.float64)
    gap, near = cKDTree(base).query(base[vertex], NEIGHBOURS)
    weight = np.exp(-((gap / REACH_M) ** 2)) + 1e-3
    weight /= weight.sum(1, keepdims=True)
    delta = np.ascontiguousarray(dense[:, vertex])
    return ActionField(vertex, delta, near.astype(np.int32), weight.astype(np.float32))


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


def transport(rest: F32) -> F32:
    """Return the actions (52, A, 3) as they move the head `rest` (B, 3).

    Each displacement goes through the least-squares Jacobian from the template's neighbourhood
    to the head's (deformation transfer after Sumner and Popović 2004, per vertex).
    """
    field = action_field()
    out = np.zeros_like(field.delta)
    base = load_asset().template
    carry(base, rest, field.vertex, field.near, field.weight, field.delta, STIFFNESS, out)
    return out
