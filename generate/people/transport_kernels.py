"""The loop of `transport`: one small least-squares problem a vertex."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np


@nb.njit(cache=True)
def carry(
    base: Any, rest: Any, vertex: Any, near: Any, weight: Any, delta: Any, stiffness: Any, out: Any
) -> None:
    """out (K, A, 3) = Jacobian (base to rest) at each vertex times delta (K, A, 3)."""
    count = near.shape[1]
    for a in range(len(vertex)):
        mx, my = np.zeros(3), np.zeros(3)
        for k in range(count):
            j, w = near[a, k], weight[a, k]
            for d in range(3):
                mx[d] += w * base[j, d]
                my[d] += w * rest[j, d]
        xx, yx = np.zeros((3, 3)), np.zeros((3, 3))
        spread_x = spread_y = 0.0
        for k in range(count):
            j, w = near[a, k], weight[a, k]
            for d in range(3):
                x, y = base[j, d] - mx[d], rest[j, d] - my[d]
                spread_x += w * x * x
                spread_y += w * y * y
                for e in range(3):
                    xx[d, e] += w * x * (base[j, e] - mx[e])
                    yx[d, e] += w * y * (base[j, e] - mx[e])
        damp = stiffness * spread_x / 3 + 1e-9
        scale = np.sqrt(spread_y / max(spread_x, 1e-12))
        for d in range(3):
            xx[d, d] += damp
            yx[d, d] += damp * scale
        jacobian = yx @ np.linalg.inv(xx)
        for k in range(len(delta)):
            for d in range(3):
                out[k, a, d] = (
                    jacobian[d, 0] * delta[k, a, 0]
                    + jacobian[d, 1] * delta[k, a, 1]
                    + jacobian[d, 2] * delta[k, a, 2]
                )
