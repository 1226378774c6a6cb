"""Landmark errors by group of synthetic people: sex, skin tone, age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

TONES = ((1, 3), (4, 6), (7, 10))
"""Monk scale, from and to."""
AGES = ((0, 5), (5, 9), (9, 13), (13, 18), (18, 120))
"""Years, from and below."""
LEAST = 20
"""Faces of a group whose mean says something."""


def by_group(error: NDArray[np.floating], facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean error of each group: error (K,) of faces, facts of their clips.

    {"sex female": {"n", "nme_68"}, ...}; empty groups are left out.
    """
    tables: dict[str, NDArray[np.bool_]] = {}
    for sex in ("female", "male"):
        tables[f"sex {sex}"] = np.array([row["sex"] == sex for row in facts])
    for low, high in TONES:
        name = f"tone {low} to {high}"
        tables[name] = np.array([low <= row["skin_tone"] <= high for row in facts])
    for low, high in AGES:
        name = f"age {low} to {high}" if high < 100 else f"age from {low}"
        tables[name] = np.array([low <= row["age_years"] < high for row in facts])
    return {
        name: {"n": int(own.sum()), "nme_68": float(error[own].mean())}
        for name, own in tables.items()
        if own.any()
    }


def worst_group(groups: Mapping[str, Any], mean: float) -> tuple[str, float] | None:
    """Name and relative excess over the mean of the worst group of LEAST faces; None without."""
    known = {name: row["nme_68"] for name, row in groups.items() if row["n"] >= LEAST}
    if not known or not mean:
        return None
    name = max(known, key=lambda one: known[one])
    return name, known[name] / mean - 1
