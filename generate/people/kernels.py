"""Loops over vertices that numpy would do in many passes. All arrays float32 and contiguous.

The outermost loop of those that move a child runs over what it writes, so that an engine may run
its rounds side by side and the GL view can turn it into GLSL; see `poser.Poser`.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray


@nb.njit(cache=True)
def rows_times(start: Any, index: Any, weight: Any, points: Any, out: Any) -> None:
    """out (V, 3) = sparse rows times points (B, 3)."""
    for i in range(start.shape[0] - 1):
        x = y = z = np.float32(0)
        for k in range(start[i], start[i + 1]):
            w, j = weight[k], index[k]
            x += w * points[j, 0]
            y += w * points[j, 1]
            z += w * points[j, 2]
        out[i, 0] = x
        out[i, 1] = y
        out[i, 2] = z


@nb.njit(cache=True)
def add_shapes(rest: Any, slot: Any, shapes: Any, active: Any, amounts: Any, out: Any) -> None:
    """out (B, 3) = rest plus amounts (n,) times the shapes (K, A, 3) whose numbers are `active`.

    slot (B,): place of each vertex among the A that move, -1 for none.
    """
    for i in range(rest.shape[0]):
        x, y, z = rest[i, 0], rest[i, 1], rest[i, 2]
        a = slot[i]
        if a >= 0:
            for n in range(active.shape[0]):
                w, k = amounts[n], active[n]
                x += w * shapes[k, a, 0]
                y += w * shapes[k, a, 1]
                z += w * shapes[k, a, 2]
        out[i, 0] = x
        out[i, 1] = y
        out[i, 2] = z


@nb.njit(cache=True)
def turn_about(points: Any, ids: Any, centre: Any, turn: Any) -> None:
    """Turn the points `ids` (K,) by `turn` (3, 3) about their centres (K, 3)."""
    for k in range(ids.shape[0]):
        i = ids[k]
        cx, cy, cz = centre[k, 0], centre[k, 1], centre[k, 2]
        x, y, z = points[i, 0] - cx, points[i, 1] - cy, points[i, 2] - cz
        points[i, 0] = cx + turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z
        points[i, 1] = cy + turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z
        points[i, 2] = cz + turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z


@nb.njit(cache=True)
def face_normals(points: Any, tris: Any, first: Any, last: Any, out: Any) -> None:
    """out (F, 3): normals of triangles `first` to `last`, as long as twice their area."""
    for t in range(first, last):
        a, b, c = tris[t, 0], tris[t, 1], tris[t, 2]
        ux, uy, uz = (
            points[b, 0] - points[a, 0],
            points[b, 1] - points[a, 1],
            points[b, 2] - points[a, 2],
        )
        vx, vy, vz = (
            points[c, 0] - points[a, 0],
            points[c, 1] - points[a, 1],
            points[c, 2] - points[a, 2],
        )
        out[t, 0] = uy * vz - uz * vy
        out[t, 1] = uz * vx - ux * vz
        out[t, 2] = ux * vy - uy * vx


@nb.njit(cache=True)
def mean_normals(faces: Any, start: Any, around: Any, first: Any, last: Any, out: Any) -> None:
    """out (V, 3): unit means of the face normals (F, 3) around points `first` to `last`."""
    for i in range(first, last):
        x = y = z = np.float32(0)
        for k in range(start[i], start[i + 1]):
            t = around[k]
            x += faces[t, 0]
            y += faces[t, 1]
            z += faces[t, 2]
        norm = math.sqrt(x * x + y * y + z * z)
        scale = np.float32(1 / norm) if norm > 1e-20 else np.float32(0)
        out[i, 0] = x * scale
        out[i, 1] = y * scale
        out[i, 2] = z * scale


def triangles_around(tris: NDArray[np.integer], points: int) -> tuple[Any, Any]:
    """Triangles that touch each point: start (V + 1,) into around (3 F,), both int32."""
    corners = tris.ravel()
    start = np.concatenate([[0], np.cumsum(np.bincount(corners, minlength=points))])
    around = np.argsort(corners, kind="stable") // 3
    return start.astype(np.int32), around.astype(np.int32)


def vertex_normals(points: NDArray[np.float32], tris: NDArray[np.integer]) -> NDArray[np.float32]:
    """Unit normals (V, 3), the mean of the triangles around weighted by area; 0 where none are."""
    faces, out = np.empty(tris.shape, np.float32), np.empty(points.shape, np.float32)
    face_normals(points, tris, 0, len(tris), faces)
    mean_normals(faces, *triangles_around(tris, len(points)), 0, len(points), out)
    return out


@nb.njit(cache=True)
def lift_cloth(
    normals: Any, normal_of: Any, offset: Any, shift: Any, first: Any, last: Any, points: Any
) -> None:
    """Lift points `first` to `last` by `offset` (V,) along the normal of `normal_of`, and shift."""
    for i in range(first, last):
        for c in range(3):
            points[i, c] += normals[normal_of[i], c] * offset[i] + shift[i, c]


@nb.njit(cache=True)
def blend_bones(points: Any, weights: Any, matrices: Any, first: Any, out: Any) -> None:
    """Linear blend skinning: weights (V, J), matrices (J, 3, 4); the rest of a weight stays put.

    Row i goes to row first + i of `out`, which may be `points`.
    """
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        dx = dy = dz = np.float32(0)
        for j in range(weights.shape[1]):
            w = weights[i, j]
            if w == 0:
                continue
            dx += w * (
                matrices[j, 0, 0] * x
                + matrices[j, 0, 1] * y
                + matrices[j, 0, 2] * z
                + matrices[j, 0, 3]
                - x
            )
            dy += w * (
                matrices[j, 1, 0] * x
                + matrices[j, 1, 1] * y
                + matrices[j, 1, 2] * z
                + matrices[j, 1, 3]
                - y
            )
            dz += w * (
                matrices[j, 2, 0] * x
                + matrices[j, 2, 1] * y
                + matrices[j, 2, 2] * z
                + matrices[j, 2, 3]
                - z
            )
        out[first + i, 0] = x + dx
        out[first + i, 1] = y + dy
        out[first + i, 2] = z + dz


@nb.njit(cache=True)
def pull_along(moved: Any, ids: Any, share: Any, points: Any) -> None:
    """Take the points `ids` (K,) their `share` (K, 1) of the way to `moved` (K, 3)."""
    for k in range(ids.shape[0]):
        i = ids[k]
        for c in range(3):
            points[i, c] += share[k, 0] * (moved[k, c] - points[i, c])


@nb.njit(cache=True)
def take_rows(points: Any, ids: Any, out: Any) -> None:
    """out (K, 3) = points[ids]."""
    for k in range(ids.shape[0]):
        for c in range(3):
            out[k, c] = points[ids[k], c]


@nb.njit(cache=True)
def push_out(points: Any, ids: Any, centre: Any, radius: Any) -> None:
    """Move the points `ids` (K,) inside spheres, centre (K, 3) and radius (K,), along their rays
    onto them."""
    for k in range(ids.shape[0]):
        i = ids[k]
        cx, cy, cz = centre[k, 0], centre[k, 1], centre[k, 2]
        x, y, z = points[i, 0] - cx, points[i, 1] - cy, points[i, 2] - cz
        norm = math.sqrt(x * x + y * y + z * z)
        if 1e-9 < norm < radius[k]:
            scale = np.float32(radius[k] / norm)
            points[i, 0] = cx + x * scale
            points[i, 1] = cy + y * scale
            points[i, 2] = cz + z * scale


@nb.njit(cache=True)
def depth_map(x: Any, y: Any, depth: Any, tris: Any, out: Any) -> None:
    """Largest depth (H, W) of triangles seen along an axis; x, y in pixels."""
    height, width = out.shape
    for t in range(len(tris)):
        a, b, c = tris[t, 0], tris[t, 1], tris[t, 2]
        area = (x[b] - x[a]) * (y[c] - y[a]) - (x[c] - x[a]) * (y[b] - y[a])
        if area == 0:
            continue
        x0 = max(math.ceil(min(x[a], x[b], x[c])), 0)
        x1 = min(math.floor(max(x[a], x[b], x[c])), width - 1)
        y0 = max(math.ceil(min(y[a], y[b], y[c])), 0)
        y1 = min(math.floor(max(y[a], y[b], y[c])), height - 1)
        for j in range(y0, y1 + 1):
            for i in range(x0, x1 + 1):
                wa = ((x[b] - i) * (y[c] - j) - (x[c] - i) * (y[b] - j)) / area
                wb = ((x[c] - i) * (y[a] - j) - (x[a] - i) * (y[c] - j)) / area
                wc = 1 - wa - wb
                if wa >= 0 and wb >= 0 and wc >= 0:
                    z = wa * depth[a] + wb * depth[b] + wc * depth[c]
                    if z > out[j, i]:
                        out[j, i] = z
