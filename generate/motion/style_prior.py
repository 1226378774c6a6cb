"""What the statistics of bare curves say of a style, and how sure that is: a table, learned once.

The table is a ridge regression (Hoerl and Kennard, Technometrics 12, 1970) from `describe`'s
statistics to style vectors, learned on synthetic children whose style is known (style_table.py,
`collodi motion style-table`). A regression draws what it cannot see towards the average by itself.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generate.motion.style_statistics import WINDOW_S, describe
from generate.spec import Motion

F64 = NDArray[np.float64]

TABLE = Path(__file__).parent / "data" / "style.npz"
FARTHEST = 3.0
"""Statistics further from the learned mean than this, in standard deviations, count as this far."""


class Prior(NamedTuple):
    """A style vector before its score is looked at."""

    mean: F64
    """(P,)"""
    spread: F64
    """(P,) standard deviation of what it is off by."""


class Table(NamedTuple):
    """The learned regression; arrays of TABLE under these names."""

    center: F64
    """(K,) mean of the statistics."""
    scale: F64
    """(K,) their standard deviations."""
    weights: F64
    """(K, P)"""
    mean: F64
    """(P,) of the style vectors."""
    spread: F64
    """(P,) their standard deviations."""
    reliability: F64
    """(P,) share of their variance that WINDOW_S of curves tell, on children not learned from."""


def read_prior(motion: Motion, table: Table | None = None) -> Prior:
    """The style vector that a motion's statistics speak for.

    Longer or shorter motion than WINDOW_S is worth more or less by the Spearman-Brown formula
    (Brown, Brit. J. Psychol. 3, 1910).
    """
    table = table or read_table()
    away = (describe(motion) - table.center) / table.scale
    away = np.clip(np.nan_to_num(away, nan=0.0), -FARTHEST, FARTHEST)
    longer = len(motion) / motion.rate_hz / WINDOW_S
    known = np.clip(table.reliability, 1e-3, 0.999)
    worth = longer / (1 + (longer - 1) * known)
    mean = table.mean + worth * (away @ table.weights)
    return Prior(mean, table.spread * np.sqrt(1 - np.minimum(worth * known, 0.999)))


@cache
def read_table() -> Table:
    """The shipped table."""
    with np.load(TABLE, allow_pickle=False) as file:
        return Table(*(np.asarray(file[name], np.float64) for name in Table._fields))
