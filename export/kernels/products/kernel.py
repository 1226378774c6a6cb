"""Six rows by sixteen columns of a product at once: twelve vectors that stay in registers.

A general library copies both matrices into panels at every call. Where the matrices are small, that
is a third of the time; the weights of a network can be stored so once.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from export.kernels.epilogue.reference import Floats
from export.kernels.simd import LANES, load, splat, spread, store

ROWS, COLUMNS = 6, 2 * LANES


def panels_of(weights: NDArray[np.float32]) -> Floats:
    """(P, in, out) -> (P, out / 16, in, 16); out is a multiple of 16."""
    count, n_in, n_out = weights.shape
    split = weights.reshape(count, n_in, n_out // COLUMNS, COLUMNS)
    return np.ascontiguousarray(split.transpose(0, 2, 1, 3))


@numba.njit(inline="always")
def _few_rows(points, rows, panels, p, panel, out):  # type: ignore[no-untyped-def]
    for r in range(rows):
        a0 = a1 = splat(0.0)
        for k in range(panels.shape[2]):
            x = spread(points, (p, r, k))
            a0 = a0 + x * load(panels, (p, panel, k, 0))
            a1 = a1 + x * load(panels, (p, panel, k, 8))
        store(out, (p, r, panel * COLUMNS), a0)
        store(out, (p, r, panel * COLUMNS + LANES), a1)


@numba.njit(cache=True, nogil=True)
def multiply(points: Floats, rows: int, panels: Floats, out: Floats) -> None:
    """out[p, :rows] = points[p, :rows] @ weights[p] for each p.

    points (P, T, in), panels of `panels_of`, out (P, T, out). The last block of rows overlaps the
    one before.
    """
    n_in = panels.shape[2]
    for p in range(panels.shape[0]):
        for panel in range(panels.shape[1]):
            left = panel * COLUMNS
            if rows < ROWS:
                _few_rows(points, rows, panels, p, panel, out)
                continue
            for step in range(0, rows, ROWS):
                r = min(step, rows - ROWS)
                a0 = a1 = b0 = b1 = c0 = c1 = splat(0.0)
                d0 = d1 = e0 = e1 = f0 = f1 = splat(0.0)
                for k in range(n_in):
                    w0, w1 = load(panels, (p, panel, k, 0)), load(panels, (p, panel, k, 8))
                    x = spread(points, (p, r, k))
                    a0, a1 = a0 + x * w0, a1 + x * w1
                    x = spread(points, (p, r + 1, k))
                    b0, b1 = b0 + x * w0, b1 + x * w1
                    x = spread(points, (p, r + 2, k))
                    c0, c1 = c0 + x * w0, c1 + x * w1
                    x = spread(points, (p, r + 3, k))
                    d0, d1 = d0 + x * w0, d1 + x * w1
                    x = spread(points, (p, r + 4, k))
                    e0, e1 = e0 + x * w0, e1 + x * w1
                    x = spread(points, (p, r + 5, k))
                    f0, f1 = f0 + x * w0, f1 + x * w1
                store(out, (p, r, left), a0)
                store(out, (p, r, left + LANES), a1)
                store(out, (p, r + 1, left), b0)
                store(out, (p, r + 1, left + LANES), b1)
                store(out, (p, r + 2, left), c0)
                store(out, (p, r + 2, left + LANES), c1)
                store(out, (p, r + 3, left), d0)
                store(out, (p, r + 3, left + LANES), d1)
                store(out, (p, r + 4, left), e0)
                store(out, (p, r + 4, left + LANES), e1)
                store(out, (p, r + 5, left), f0)
                store(out, (p, r + 5, left + LANES), f1)
