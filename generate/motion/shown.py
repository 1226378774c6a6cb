"""Motion as one person's geometry shows it: points in mm that the metrics compare.

Places are mm in the upright head: x the person's left, y up, z out of the face, origin between
the eyes. Head pose and gaze are left out, so that only the face is measured.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generate.people.child import Posed
from generate.people.dense import REGIONS, dense_points
from generate.people.lips import gaps

F32 = NDArray[np.float32]

UPPER_FACE = ("brows", "eyes", "forehead")
"""Regions of dense.py that FDD is measured on."""


class Poses(Protocol):
    """Whatever poses a head: people.child.Child."""

    def pose(
        self, arkit: NDArray[np.floating], head_deg: tuple[float, float, float],
        gaze_deg: tuple[float, float],
    ) -> Posed: ...  # fmt: skip


def landmarks_mm(child: Poses, arkit: NDArray[np.floating]) -> F32:
    """iBUG-68 landmarks (T, 68, 3) of the curves (T, 52) on this child."""
    posed = [_face(child, row).landmarks for row in arkit]
    return np.asarray(posed, np.float32).reshape(-1, 68, 3) * np.float32(1000)


def lip_points_mm(child: Poses, arkit: NDArray[np.floating]) -> F32:
    """The 20 lip landmarks (T, 20, 3), outer then inner, for `lip_vertex_error_mm`."""
    return landmarks_mm(child, arkit)[:, 48:68]


def lip_gap_mm(child: Poses, arkit: NDArray[np.floating]) -> F32:
    """Gap (T,) between the lips over their middle third, mm, at least 0, along the skin's mesh.

    The greatest gap of the columns within 8 mm of the midline on an adult's template: a mouth is
    shut when none of them is open.
    """
    found = [gaps(np.asarray(_face(child, row).points, np.float32)) for row in arkit]
    columns = np.asarray(found, np.float32).reshape(len(arkit), -1)
    middle = columns.shape[1] // 2
    return np.maximum(columns[:, middle - 5 : middle + 6].max(1), 0) * np.float32(1000)


def upper_face_mm(child: Poses, arkit: NDArray[np.floating]) -> F32:
    """Dense points (T, V, 3) of brows, lids and forehead, for the dynamics deviation."""
    dense = dense_points()
    chosen = np.isin(dense.region, [REGIONS.index(name) for name in UPPER_FACE])
    rows = []
    for row in arkit:
        posed = _face(child, row)
        rows.append(dense.anchors.at(np.asarray(posed.points, np.float32))[chosen])
    return np.asarray(rows, np.float32) * np.float32(1000)


def _face(child: Poses, arkit: NDArray[np.floating]) -> Posed:
    return child.pose(arkit, (0.0, 0.0, 0.0), (0.0, 0.0))
