"""Blendshape vectors by name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from generate.spec import ARKIT

COLUMN: dict[str, int] = {name: index for index, name in enumerate(ARKIT)}


def shape(values: Mapping[str, float]) -> NDArray[np.float64]:
    """(52,) from names; a name without its Left or Right stands for both sides."""
    vector = np.zeros(len(ARKIT))
    for name, value in values.items():
        for column in columns(name):
            vector[column] = value
    return vector


def columns(*names: str) -> list[int]:
    """Columns of the named shapes, both sides where the name gives none."""
    found = []
    for name in names:
        sides = [name] if name in COLUMN else [name + "Left", name + "Right"]
        if sides[0] not in COLUMN:
            raise ValueError(f"{name!r} is not an ARKit blendshape")
        found += [COLUMN[side] for side in sides]
    return found
