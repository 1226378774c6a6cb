"""The loops that close lips: gaps below `reach` are shut, none beyond 2.5 times it is touched."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np


@nb.njit(cache=True)
def gaps_to_close(
    points: Any, upper: Any, upper_start: Any, lower: Any, lower_start: Any,
    reach: Any, overlap: Any, close: Any,
) -> None:  # fmt: skip
    """close (C,): how much of the gap of each column is shut."""
    for c in range(close.shape[0]):
        top, low = np.float32(1e9), np.float32(-1e9)
        for k in range(upper_start[c], upper_start[c + 1]):
            top = min(top, points[upper[k], 1])
        for k in range(lower_start[c], lower_start[c + 1]):
            low = max(low, points[lower[k], 1])
        gap = top - low + overlap
        close[c] = 0.0
        if gap > 0:
            rest = min(max((gap / reach - 1) / np.float32(1.5), 0), 1)
            close[c] = gap * (1 - rest * rest * (3 - 2 * rest))


@nb.njit(cache=True)
def close_gaps(close: Any, moved: Any, share: Any, place: Any, points: Any) -> None:
    """Move `moved` points along y by their share of the closing of their column."""
    for k in range(moved.shape[0]):
        at = int(place[k])
        after = min(at + 1, close.shape[0] - 1)
        part = place[k] - at
        points[moved[k], 1] += share[k] * ((1 - part) * close[at] + part * close[after])
