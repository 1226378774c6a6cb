"""iBUG-68 landmarks and jaw contour strips as fixed points of the template's skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

VERTICES = {
    3: 912, 5: 741, 6: 743, 7: 993, 8: 991,
    29: 201, 30: 297, 32: 359, 33: 317,
    36: 6781, 37: 6762, 38: 6763, 39: 6769, 40: 6772, 41: 6776,
    48: 426, 49: 411, 50: 409, 51: 455, 58: 486, 59: 406,
    60: 429,
}  # fmt: skip
"""Landmark to base mesh vertex: midline and the person's right side."""
FRONT_MM = {
    17: (-55.5, 742.5), 18: (-48.5, 749.3), 19: (-37.5, 751.5), 20: (-24.5, 749.0),
    21: (-10.5, 745.8), 27: (0.0, 731.5), 28: (0.0, 718.6), 31: (-13.8, 683.6), 57: (0.0, 650.4),
    61: (-12.2, 662.3), 62: (0.0, 661.9), 66: (0.0, 659.9), 67: (-11.5, 660.1),
}  # fmt: skip
"""Landmarks between vertices: template x, y of the foremost skin. Brow, nose bridge, wings,
lower lip, inner lips a hair from where they meet."""
SIDE_MM = {0: (726.5, 77.0), 1: (709.0, 76.0), 2: (691.0, 78.0), 4: (657.5, 85.0)}
"""The upper jaw line: template y, z of the outermost skin on the person's right."""
MIRROR = (
    (0, 16), (1, 15), (2, 14), (3, 13), (4, 12), (5, 11), (6, 10), (7, 9),
    (17, 26), (18, 25), (19, 24), (20, 23), (21, 22), (31, 35), (32, 34),
    (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46),
    (48, 54), (49, 53), (50, 52), (59, 55), (58, 56), (60, 64), (61, 63), (67, 65),
)  # fmt: skip
CONTOUR_FRONT_MM = (
    (-34, 727), (-34, 711), (-32, 694), (-30, 680), (-28, 668), (-24, 656), (-18, 647), (-10, 641),
    (0, 638),
)  # fmt: skip
"""Where the strip of jaw point 0 to 8 ends on the front of the face."""
CONTOUR_STEPS = 12


@dataclass(frozen=True)
class Anchors:
    """Points on triangles: corner ids (..., 3) and weights (..., 3) that sum to 1."""

    corner: I64
    weight: F64

    def at(self, points: F64) -> F64:
        """Return the anchored points (..., 3)."""
        return np.asarray((points[self.corner] * self.weight[..., None]).sum(-2))


def landmark_anchors(points_mm: F64, tris: I64, vertices_mm: F64) -> Anchors:
    """Anchor the 68 landmarks.

    points_mm (V, 3) and tris (F, 3) of the subdivided skin on the template; vertices_mm: the
    places of all base vertices on the subdivided surface.
    """
    found: dict[int, F64] = {}
    for index, vertex in VERTICES.items():
        found[index] = vertices_mm[vertex]
    for index, (x, y) in FRONT_MM.items():
        found[index] = _hit(points_mm, tris, np.array([x, y, 0.0]), np.array([0.0, 0.0, 1.0]))
    for index, (y, z) in SIDE_MM.items():
        found[index] = _hit(points_mm, tris, np.array([0.0, y, z]), np.array([-1.0, 0.0, 0.0]))
    for right, left in MIRROR:
        found[left] = found[right] * [-1, 1, 1]
    return anchored(points_mm, tris, np.stack([found[i] for i in range(68)]))


def contour_anchors(points_mm: F64, tris: I64, jaw_mm: F64) -> Anchors:
    """Anchor a strip of CONTOUR_STEPS points from each of the 17 jaw points forward, (17, S)."""
    centre = np.array([0.0, 690.0, 40.0])
    strips = []
    for index in range(9):
        x, y = CONTOUR_FRONT_MM[index]
        front = _hit(points_mm, tris, np.array([x, y, 0.0]), np.array([0.0, 0.0, 1.0]))
        strip = [jaw_mm[index]]
        for share in np.linspace(0, 1, CONTOUR_STEPS)[1:]:
            toward = (1 - share) * jaw_mm[index] + share * front - centre
            strip.append(_hit(points_mm, tris, centre, toward / np.linalg.norm(toward)))
        strips.append(np.array(strip))
    strips += [strips[7 - k] * [-1, 1, 1] for k in range(8)]
    return anchored(points_mm, tris, np.array(strips))


def _hit(points: F64, tris: I64, origin: F64, axis: F64) -> F64:
    """Return the last point where the ray origin + t axis meets the triangles."""
    a, b, c = points[tris[:, 0]], points[tris[:, 1]], points[tris[:, 2]]
    e, f = b - a, c - a
    p = np.cross(axis, f)
    det = (e * p).sum(1)
    det = np.where(np.abs(det) < 1e-9, np.inf, det)
    s = origin - a
    u = (s * p).sum(1) / det
    q = np.cross(s, e)
    v = (q @ axis) / det
    t = (f * q).sum(1) / det
    inside = (u >= -1e-7) & (v >= -1e-7) & (u + v <= 1 + 1e-7) & (t > 0) & np.isfinite(det)
    if not inside.any():
        raise ValueError(f"no skin along {axis} from {origin}")
    return np.asarray(origin + axis * t[inside].max())


def anchored(points: F64, tris: I64, targets: F64) -> Anchors:
    """Anchor targets (..., 3) to the nearest points of the triangles."""
    flat = targets.reshape(-1, 3)
    middle = points[tris].mean(1)
    corner, weight = np.zeros((len(flat), 3), np.int64), np.zeros((len(flat), 3))
    for i, target in enumerate(flat):
        near = np.argsort(((middle - target) ** 2).sum(1), kind="stable")[:40]
        weights = np.stack([_barycentric(points[tris[t]], target) for t in near])
        gap = np.linalg.norm((points[tris[near]] * weights[..., None]).sum(1) - target, axis=1)
        best = int(np.argmin(np.round(gap, 4)))
        corner[i], weight[i] = tris[near[best]], weights[best]
    return Anchors(corner.reshape(*targets.shape[:-1], 3), weight.reshape(targets.shape))


def _barycentric(corners: F64, target: F64) -> F64:
    """Weights of a near-closest point of the triangle: the projection, clipped to the triangle."""
    e = np.stack([corners[1] - corners[0], corners[2] - corners[0]], 1)
    u, v = np.linalg.lstsq(e, target - corners[0], rcond=None)[0]
    weights = np.clip([1 - u - v, u, v], 0, None)
    return np.asarray(weights / weights.sum())
