"""A convolution and a doubling of uint8 features by int8 weights, sums of 32 bits."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from export.kernels.epilogue.reference import Floats
from export.kernels.int8.simd import (
    block_of,
    four_bytes,
    load_whole,
    store_whole,
    to_float,
    whole,
    zeros_of,
)
from export.kernels.products.kernel import COLUMNS, VECTORS
from export.kernels.simd import LANES, load, splat, store
from export.kernels.winograd.kernel import activated

Bytes = NDArray[np.uint8]
Fours = NDArray[np.int32]
PIXELS = 8
"""Pixels of a block: 16 sums are enough to hide the latency of one, and 8 divides all sides."""
_block, _more = block_of(PIXELS, VECTORS), block_of(PIXELS + 1, VECTORS)
"""A row has one even place more than pixels, for which one whole block would be used."""


@numba.njit(cache=True, nogil=True)
def weigh(
    weights: Floats, factor: Floats, inverse: Floats, ends: Fours, out: Fours, zeros: Fours
) -> None:
    """Weights times a factor of each input, in the steps of each output: int8, four in an int32.

    weights (out / COLUMNS, K, COLUMNS), the C channels fastest in K; factor (C,), inverse (out,);
    out (out / COLUMNS, K / 4, COLUMNS); zeros (parts, out): what an input of zeros makes of the
    weights of each part, where `ends` says in steps of four at which it ends.
    """
    for panel in range(weights.shape[0]):
        for v in range(0, COLUMNS, LANES):
            step, k = load(inverse, (panel * COLUMNS + v,)), 0
            for part in range(len(ends)):
                sums = whole(splat(0.0))
                while k < 4 * ends[part]:
                    c = k % len(factor)
                    made = four_bytes(
                        whole(load(weights, (panel, k, v)) * (step * splat(factor[c]))),
                        whole(load(weights, (panel, k + 1, v)) * (step * splat(factor[c + 1]))),
                        whole(load(weights, (panel, k + 2, v)) * (step * splat(factor[c + 2]))),
                        whole(load(weights, (panel, k + 3, v)) * (step * splat(factor[c + 3]))),
                    )
                    store_whole(out, (panel, k // 4, v), made)
                    sums = zeros_of(sums, made)
                    k += 4
                store_whole(zeros, (part, panel * COLUMNS + v), sums)


@numba.njit(cache=True, nogil=True)
def convolve(
    x: Bytes,
    panels: Fours,
    scale: Floats,
    bias: Floats,
    picture: Floats,
    after: Floats,
    out: Bytes,
) -> None:
    """x (H + 2, W + 2, C) -> out (H + 2, W + 2, out), its border untouched; W is at least 8.

    panels of `weigh`, K = 9 C; scale, bias and after (out,), picture (H, W): the epilogue.
    """
    height, width = picture.shape
    sums, steps = np.empty((PIXELS, COLUMNS), np.int32), 3 * x.shape[2] // 4
    for panel in range(panels.shape[0]):
        for y in range(height):
            for begin in range(0, width, PIXELS):
                left = min(begin, width - PIXELS)
                _block(x, (y, left), 3, steps, panels, (panel, 0), sums)
                for v in range(0, COLUMNS, LANES):
                    o = panel * COLUMNS + v
                    times, plus, then = load(scale, (o,)), load(bias, (o,)), load(after, (o,))
                    for i in range(PIXELS):
                        value = to_float(load_whole(sums, (i, v)))
                        value = activated(value, times, plus, picture[y, left + i], then)
                        store(out, (y + 1, left + i + 1, o), value)


@numba.njit(cache=True, nogil=True)
def spread_rows(
    x: Bytes,
    first: int,
    last: int,
    panels: Fours,
    scale: Floats,
    shift: Floats,
    out: Floats,
) -> None:
    """Rows first..last of x (H + 2, W + 2, C), border included, times nine taps at double spacing.

    out (2 H + 3, 2 W + 3, out): even rows and columns from four products, even rows and odd columns
    from two, and so on; rows 2 first + 1 to 2 last are written. panels of `weigh` with K = 9 C in
    that order; scale (out,) and shift (4, out), one for each kind of place. The row after the last
    of the image has even places only.
    """
    height, width, n_in = x.shape[0] - 2, x.shape[1] - 2, x.shape[2]
    sums = np.empty((PIXELS + 1, COLUMNS), np.int32)
    for panel in range(panels.shape[0]):
        for y in range(first, last):
            for kind in range(4):
                odd_y, odd_x = kind // 2, kind % 2
                if odd_y and y == height:
                    continue
                steps = (2 - odd_x) * n_in // 4
                start = (0, n_in, n_in + n_in // 2, 2 * n_in)[kind]
                count, end = width + 1 - odd_x, 0
                while end < count:
                    size = PIXELS + ((count - end) % PIXELS == 1)
                    left = min(end, count - size)
                    end = left + size
                    at = (y + odd_y, left + odd_x)
                    if size > PIXELS:
                        _more(x, at, 2 - odd_y, steps, panels, (panel, start), sums)
                    else:
                        _block(x, at, 2 - odd_y, steps, panels, (panel, start), sums)
                    for v in range(0, COLUMNS, LANES):
                        o = panel * COLUMNS + v
                        times, plus = load(scale, (o,)), load(shift, (kind, o))
                        for i in range(size):
                            value = to_float(load_whole(sums, (i, v))) * times + plus
                            place = (2 * y + odd_y + 1, 2 * (left + i) + odd_x + 1, o)
                            store(out, place, value)
