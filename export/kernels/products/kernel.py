"""Some rows by two vectors of columns of a product at once, whose sums stay in registers.

A general library copies both matrices into panels at every call. Where the matrices are small, that
is a third of the time; the weights of a network can be stored so once.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from export.kernels.epilogue.reference import Floats
from export.kernels.products.block import block_of
from export.kernels.simd import LANES

VECTORS = 2
ROWS, COLUMNS = 12 if LANES == 16 else 6, VECTORS * LANES
"""AVX-512 has 32 registers, AVX and NEON 16 that hold as much as ours."""
_block, _row = block_of(ROWS, VECTORS), block_of(1, VECTORS)


def panels_of(weights: NDArray[np.float32]) -> Floats:
    """(P, in, out) -> (P, out / COLUMNS, in, COLUMNS); out is a multiple of COLUMNS."""
    count, n_in, n_out = weights.shape
    split = weights.reshape(count, n_in, n_out // COLUMNS, COLUMNS)
    return np.ascontiguousarray(split.transpose(0, 2, 1, 3))


@numba.njit(cache=True, nogil=True)
def multiply(points: Floats, rows: int, panels: Floats, out: Floats) -> None:
    """out[p, :rows] = points[p, :rows] @ weights[p] for each p.

    points (P, T, in), panels of `panels_of`, out (P, T, out). The last block of rows overlaps the
    one before.
    """
    for p in range(panels.shape[0]):
        for panel in range(panels.shape[1]):
            left = panel * COLUMNS
            if rows < ROWS:
                for r in range(rows):
                    _row(points, (p, r), panels, (p, panel), out, left)
                continue
            for step in range(0, rows, ROWS):
                _block(points, (p, min(step, rows - ROWS)), panels, (p, panel), out, left)
