"""From a person's age, sex and ancestry to weights of the baked shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

AGE_YEARS = (0.0, 1.0, 4.0, 11.0, 16.0, 18.0, 64.0, 110.0)
AGE_VALUES = (0.0, 0.05, 0.215, 0.415, 0.67, 0.77, 0.83, 1.0)
"""anny's age input over years, from its height calibration."""


def age_value(years: float) -> float:
    """Return anny's age input, 0 (baby) to 1 (old)."""
    return float(np.interp(years, AGE_YEARS, AGE_VALUES))


def phenotype_weights(
    mask: NDArray[Any],
    race: F64,
    gender: float,
    age: float,
    muscle: float,
    weight: float,
) -> F64:
    """Return the weight of each phenotype shape, (P,).

    mask (P, 16) marks the anchors that a shape multiplies; race (3,) sums to 1; gender 0 female
    to 1 male; age as `age_value`; muscle and weight 0..1.
    """
    anchors = np.concatenate(
        [
            race,
            _hat(gender, 0.0, 2),
            _hat(age, -1 / 3, 5),
            _hat(muscle, 0.0, 3),
            _hat(weight, 0.0, 3),
        ]
    )
    active = mask.astype(np.float64)
    return np.asarray((anchors * active + (1 - active)).prod(1))


def _hat(value: float, low: float, count: int) -> F64:
    """Weights of evenly spaced anchors from `low` to 1 for linear interpolation at `value`."""
    place = (min(max(value, low), 1.0) - low) / (1.0 - low) * (count - 1)
    return np.maximum(0.0, 1 - np.abs(place - np.arange(count)))
