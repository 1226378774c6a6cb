"""What the kernel must answer, in numpy: the formula of the paper, step by step."""

from __future__ import annotations

import numpy as np

from export.kernels.epilogue.reference import Floats
from export.polyphase import TAPS


def doubled(products: Floats) -> Floats:
    """products (h + 2, w + 2, 9, C): x[i, j] times tap 3 k + l, borders zero -> (2 h, 2 w, C)."""
    height, width, _, channels = products.shape
    spread = np.zeros((2 * height + 1, 2 * width + 1, channels))
    for tap in range(9):
        k, l = divmod(tap, 3)
        spread[k : k + 2 * height : 2, l : l + 2 * width : 2] += products[:, :, tap]
    rows = sum(TAPS[j] * spread[1 + j : 2 * height - 3 + j] for j in range(4))
    both = sum(TAPS[j] * rows[:, 1 + j : 2 * width - 3 + j] for j in range(4))
    return np.asarray(both, np.float32)
