"""Loops over vertices that numpy would do in many passes. All arrays float32 and contiguous."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np


@nb.njit(cache=True)
def rows_times(indptr: Any, indices: Any, data: Any, points: Any, out: Any) -> None:
    """out (V, 3) = sparse rows times points (B, 3)."""
    for i in range(len(indptr) - 1):
        x = y = z = np.float32(0)
        for k in range(indptr[i], indptr[i + 1]):
            w, j = data[k], indices[k]
            x += w * points[j, 0]
            y += w * points[j, 1]
            z += w * points[j, 2]
        out[i, 0] = x
        out[i, 1] = y
        out[i, 2] = z


@nb.njit(cache=True)
def vertex_normals(points: Any, tris: Any, out: Any) -> None:
    """out (V, 3) = unit normals, the mean of the triangles around weighted by area."""
    out[:] = 0
    for t in range(len(tris)):
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
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for k in (a, b, c):
            out[k, 0] += nx
            out[k, 1] += ny
            out[k, 2] += nz
    for i in range(len(out)):
        x, y, z = out[i, 0], out[i, 1], out[i, 2]
        norm = math.sqrt(x * x + y * y + z * z)
        scale = np.float32(1 / norm) if norm > 1e-20 else np.float32(0)
        out[i, 0] = x * scale
        out[i, 1] = y * scale
        out[i, 2] = z * scale


@nb.njit(cache=True)
def blend_bones(points: Any, weights: Any, matrices: Any) -> None:
    """Linear blend skinning in place: weights (V, J), matrices (J, 3, 4); the rest stays put."""
    bones = weights.shape[1]
    for i in range(len(points)):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        dx = dy = dz = np.float32(0)
        for j in range(bones):
            w = weights[i, j]
            if w == 0:
                continue
            m = matrices[j]
            dx += w * (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3] - x)
            dy += w * (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3] - y)
            dz += w * (m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3] - z)
        points[i, 0] = x + dx
        points[i, 1] = y + dy
        points[i, 2] = z + dz


@nb.njit(cache=True)
def push_out(points: Any, ids: Any, centre: Any, radius: Any) -> None:
    """Move the points `ids` that lie inside the sphere onto it, along their rays."""
    for k in range(len(ids)):
        i = ids[k]
        x, y, z = points[i, 0] - centre[0], points[i, 1] - centre[1], points[i, 2] - centre[2]
        norm = math.sqrt(x * x + y * y + z * z)
        if 1e-9 < norm < radius:
            scale = np.float32(radius / norm)
            points[i, 0] = centre[0] + x * scale
            points[i, 1] = centre[1] + y * scale
            points[i, 2] = centre[2] + z * scale


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


@nb.njit(cache=True)
def add_actions(points: Any, vertex: Any, actions: Any, amounts: Any) -> None:
    """points[vertex] += sum over k of amounts[k] times actions (K, A, 3)."""
    for k in range(len(amounts)):
        w = amounts[k]
        if w == 0:
            continue
        for a in range(len(vertex)):
            i = vertex[a]
            points[i, 0] += w * actions[k, a, 0]
            points[i, 1] += w * actions[k, a, 1]
            points[i, 2] += w * actions[k, a, 2]
