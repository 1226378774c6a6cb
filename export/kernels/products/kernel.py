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
ROWS, FEW, COLUMNS = *((12, 8) if LANES == 16 else (6, 4)), VECTORS * LANES
"""AVX-512 has 32 registers, AVX and NEON 16 that hold as much as ours. With blocks of ROWS and of
FEW rows, four rows or more are never left over: 16 are twice 8, where twice 12 took half as long
again."""
_block, _few, _row = (block_of(rows, VECTORS) for rows in (ROWS, FEW, 1))


def panels_of(weights: NDArray[np.float32]) -> Floats:
    """(P, in, out) -> (P, out / COLUMNS, in, COLUMNS); out is a multiple of COLUMNS."""
    count, n_in, n_out = weights.shape
    split = weights.reshape(count, n_in, n_out // COLUMNS, COLUMNS)
    return np.ascontiguousarray(split.transpose(0, 2, 1, 3))


@numba.njit(cache=True, nogil=True)
def multiply(points: Floats, rows: int, panels: Floats, out: Floats) -> None:
    """out[p, :rows] = points[p, :rows] @ weights[p] for each p.

    points (P, T, in), panels of `panels_of`, out (P, T, out). Where rows are no sum of ROWS and
    FEW, a block overlaps the one before. The next panel comes into the cache meanwhile: where
    there are few rows, weights would else come from memory at half its speed.
    """
    step = 4 * COLUMNS // max(-(-rows // ROWS), 1)
    for p in range(panels.shape[0]):
        for panel in range(panels.shape[1]):
            left, r, begin = panel * COLUMNS, 0, 0
            while r < rows:
                rest, ahead = rows - r, (begin, step)
                if rows < FEW:
                    _row(points, (p, r), panels, (p, panel), out, left, ahead)
                    r += 1
                elif rest <= FEW or ROWS < rest <= 2 * FEW or rows < ROWS:
                    _few(points, (p, min(r, rows - FEW)), panels, (p, panel), out, left, ahead)
                    r += FEW
                else:
                    _block(points, (p, min(r, rows - ROWS)), panels, (p, panel), out, left, ahead)
                    r += ROWS
                begin += step


@numba.njit(cache=True, nogil=True)
def planes_of(memory: Floats, first: int, count: int, rows: int, channels: int) -> Floats:
    """Planes first.. of (P, rows, channels + LANES) that begin with `memory`: (count, rows, ...).

    The lanes beyond the channels keep planes from lying apart by a power of two: one tile, which
    writes to all planes, would find them in one set of the cache.
    """
    size = rows * (channels + LANES)
    part = memory[first * size : (first + count) * size]
    return part.reshape(count, rows, channels + LANES)
