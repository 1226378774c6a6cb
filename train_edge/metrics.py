"""The figures of this project, as fractions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
OUTER_EYES = (36, 45)
JAW = 17
FAILED = 0.10


def landmark_error(found: Floats, truth: Floats) -> Floats:
    """Distance of each point over the distance of the outer eye corners.

    found, truth (K, 68, 2) in the same unit -> (K, 68).
    """
    left, right = (truth[:, point] for point in OUTER_EYES)
    eyes = np.linalg.norm(left - right, axis=1)
    return np.linalg.norm(found - truth, axis=2) / np.maximum(eyes, 1e-9)[:, None]


def summary(error: Floats) -> dict[str, float]:
    """Mean over all points, over the inner 51, and share of images beyond 10 %: error (K, 68)."""
    return {
        "nme_68": float(error.mean()),
        "nme_51": float(error[:, JAW:].mean()),
        "failure_10": float((error.mean(1) > FAILED).mean()),
    }


def confusion(truth: NDArray[np.int64], found: NDArray[np.int64], classes: int) -> list[list[int]]:
    """Counts: one row a true class, one column a found class."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (truth, found), 1)
    return [[int(count) for count in row] for row in counts]


def balanced(truth: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """Mean over the true classes of the share that was found, 0..1; truth and found (K,)."""
    return float(np.mean([(found[truth == one] == one).mean() for one in np.unique(truth)]))
