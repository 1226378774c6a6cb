"""Hair colours by name, and the shade of one person. Linear RGB reflectance, 0 to 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.spec import Person

F32 = NDArray[np.float32]

HAIR_COLORS = {
    "black": (0.017, 0.014, 0.013),
    "dark": (0.036, 0.022, 0.015),
    "brown": (0.085, 0.046, 0.025),
    "light": (0.20, 0.118, 0.062),
    "blond": (0.40, 0.275, 0.145),
    "red": (0.26, 0.085, 0.030),
    "grey": (0.235, 0.220, 0.205),
    "white": (0.58, 0.56, 0.52),
}
SPREAD, WARMTH = 0.20, 0.09
"""Spread of the lightness and of the warmth of one name, natural logarithm."""
VARIETY = {"grey": 0.32, "white": 0.18, "blond": 0.24}
"""How far the hairs of one head differ in lightness; grey is white and dark hairs mixed."""


def hair_color(person: Person) -> F32:
    """The person's shade (3,) of its named colour. Raises ValueError for an unknown name."""
    if person.hair_color not in HAIR_COLORS:
        raise ValueError(f"hair_color {person.hair_color!r} is not one of {', '.join(HAIR_COLORS)}")
    rng = np.random.default_rng([person.face_seed, 0x4A1])
    light, warm = np.clip(rng.normal(0, 1, 2), -2, 2)
    shift = SPREAD * light + WARMTH * warm * np.array([1.0, -0.15, -1.0])
    return np.asarray(HAIR_COLORS[person.hair_color] * np.exp(shift), np.float32)


def variety(name: str) -> float:
    """How far the hairs of one head differ in lightness, 0 to 1."""
    return VARIETY.get(name, 0.2)
