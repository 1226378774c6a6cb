"""What the kernel must answer, in numpy.

Lavin and Gray 2016, "Fast algorithms for convolutional neural networks", section 4.3: a tile of
4 x 4 results of a 3 x 3 kernel needs 36 products instead of 144.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.kernels.epilogue.reference import Floats

KERNEL: NDArray[np.float64] = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
)
"""Takes the three taps of one axis to six."""


def transformed(weight: NDArray[Any]) -> Floats:
    """(out, in, 3, 3) -> (36, in, out) float32, once for each network."""
    six = np.einsum("ak,oikl,bl->abio", KERNEL, weight, KERNEL, optimize=True)
    return np.ascontiguousarray(six.reshape(36, *six.shape[2:]), np.float32)


def convolved(x: Floats, weight: NDArray[Any]) -> Floats:
    """x (H + 2, W + 2, in) with a border of zeros, weight (out, in, 3, 3) -> (H, W, out)."""
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.float64), (3, 3), (0, 1))
    return np.einsum("hwikl,oikl->hwo", windows, weight, optimize=True).astype(np.float32)
