"""Bootstrap intervals of means over samples that come in groups, such as recordings of speakers.

Percentile bootstrap (Efron & Tibshirani, An Introduction to the Bootstrap, 1993), paired over
columns as Bisani & Ney (ICASSP 2004) do for recognizers: one resample serves all columns, so a
difference or a ratio of two of them has its interval from the same draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLES = 4000
LEVEL = 0.95
MIN_GROUPS = 10
"""Fewer groups give no interval over groups: resampling few clusters makes intervals too narrow
(Cameron, Gelbach & Miller, Review of Economics and Statistics 2008)."""


def resampled_means(
    values: Floats,
    groups: Sequence[str],
    rng: np.random.Generator,
    over: Literal["samples", "groups"],
    resamples: int = RESAMPLES,
) -> Floats:
    """Means of `resamples` bootstrap draws: values (K samples, D columns) -> (R, D).

    "samples": redrawn within each group, so the groups stay as they are. "groups": groups are
    redrawn, then the samples within each. A group of n samples is drawn as multinomial counts of
    its distinct rows, which is the same distribution and costs no (R, K) table.
    """
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    times = np.ones((resamples, len(names)), np.int64)
    if over == "groups":
        times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)
    total, drawn = np.zeros((resamples, values.shape[1])), np.zeros((resamples, 1))
    for group in range(len(names)):
        own = values[member == group]
        rows, count = np.unique(own, axis=0, return_counts=True)
        size = times[:, group] * len(own)
        total += rng.multinomial(size, count / len(own)) @ rows
        drawn += size[:, None]
    return total / drawn


def interval(draws: Floats) -> tuple[float, float]:
    """Ends of the central 95 % of bootstrap draws (R,); draws that are not finite are left out."""
    kept = draws[np.isfinite(draws)]
    if not len(kept):
        raise ValueError("no finite draw to take an interval of")
    low, high = np.quantile(kept, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
