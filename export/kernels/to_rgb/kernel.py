"""One pass over the features: colours of each pixel, bias, doubled image. Borders are zeros."""

from __future__ import annotations

import numba

from export.kernels.epilogue.reference import Floats
from export.kernels.simd import LANES, load, splat, total


@numba.njit(cache=True, nogil=True)
def to_rgb(x: Floats, weight: Floats, bias: Floats, before: Floats, out: Floats) -> None:
    """x (H + 2, W + 2, C), weight (3, C), bias (3,), before (H/2 + 2, W/2 + 2, 3) -> out
    (H + 2, W + 2, 3), its border untouched. C is a multiple of LANES.

    The FIR after zero insertion takes 3/4 of the near and 1/4 of the far pixel on each axis.
    """
    for y in range(out.shape[0] - 2):
        near_y = y // 2 + 1
        far_y = near_y - 1 + 2 * (y % 2)
        for x_at in range(out.shape[1] - 2):
            near_x = x_at // 2 + 1
            far_x = near_x - 1 + 2 * (x_at % 2)
            red, green, blue = splat(0.0), splat(0.0), splat(0.0)
            for c in range(0, x.shape[2], LANES):
                value = load(x, (y + 1, x_at + 1, c))
                red = red + value * load(weight, (0, c))
                green = green + value * load(weight, (1, c))
                blue = blue + value * load(weight, (2, c))
            sums = (total(red), total(green), total(blue))
            for k in range(3):
                near = 0.75 * before[near_y, near_x, k] + 0.25 * before[near_y, far_x, k]
                far = 0.75 * before[far_y, near_x, k] + 0.25 * before[far_y, far_x, k]
                out[y + 1, x_at + 1, k] = sums[k] + bias[k] + (0.75 * near + 0.25 * far)
