"""The loop of `lips.close_lips`."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np


@nb.njit(cache=True)
def close_gaps(
    points: Any, upper: Any, upper_start: Any, lower: Any, lower_start: Any,
    moved: Any, share: Any, place: Any, reach: Any, overlap: Any,
) -> None:  # fmt: skip
    """Move `moved` points along y by their share of the closing of their column."""
    count = len(upper_start) - 1
    close = np.zeros(count, np.float32)
    for c in range(count):
        top, low = np.float32(1e9), np.float32(-1e9)
        for k in range(upper_start[c], upper_start[c + 1]):
            top = min(top, points[upper[k], 1])
        for k in range(lower_start[c], lower_start[c + 1]):
            low = max(low, points[lower[k], 1])
        gap = top - low + overlap
        if gap > 0:
            rest = min(max((gap / reach - 1) / np.float32(1.5), 0), 1)
            close[c] = gap * (1 - rest * rest * (3 - 2 * rest))
    for k in range(len(moved)):
        at = int(place[k])
        after = min(at + 1, count - 1)
        part = place[k] - at
        points[moved[k], 1] += share[k] * ((1 - part) * close[at] + part * close[after])
