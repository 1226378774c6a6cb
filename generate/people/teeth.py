"""Which teeth a person has: milk teeth that come, fall out and are followed, by age.

Rows hold 12 teeth from the person's right to left; the six from the middle outwards are the central
and lateral incisor, the canine and three molars.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

MILK_MONTHS = ((10.0, 11.0, 19.0, 16.0, 29.0, 400.0), (8.0, 13.0, 20.0, 16.0, 27.0, 400.0))
"""Age (months) at which milk teeth erupt, upper and lower row, middle outwards (American Dental
Association, tooth eruption charts); the sixth tooth has no milk tooth before it."""
SHED_YEARS = ((7.0, 7.7, 11.0, 10.3, 11.2, 0.0), (6.4, 7.3, 10.3, 10.2, 11.2, 0.0))
"""Age at which they fall out."""
MOLAR_YEARS = 6.5
ERUPTION_YEARS = 0.45
"""A tooth's time from breaking through to its full height."""


class MouthLook(NamedTuple):
    """What the shader reads of teeth."""

    teeth: F32
    """(3,) linear RGB of enamel."""
    grown: F32
    """(2, 12) height of each tooth over its full one, upper and lower row: 0 is a gap."""
    gap: float
    """Share of a tooth's place that is gap."""
    gum: F32
    """(2,) height of the gum's edge, as AUX_GUM: milk teeth are short."""


def mouth_look(age_years: float, skin_tone: int, seed: int) -> MouthLook:
    """Teeth of one person: a child that grows keeps the order and haste in which they came."""
    rng = np.random.default_rng([seed, 0x7EE])
    shade, haste, late = float(rng.uniform(0, 0.05)), rng.uniform(0.86, 1.18), rng.normal(0, 0.55)
    each, pause = rng.normal(0, 1, (2, 12)), rng.uniform(0.25, 0.75, (2, 12))
    milk = _both_sides(MILK_MONTHS) * haste / 12 + 0.08 * each
    shed = _both_sides(SHED_YEARS) + late + 0.25 * each
    molar = _both_sides(SHED_YEARS) == 0
    follow = np.where(molar, MOLAR_YEARS + late, shed + pause)
    coming = np.clip((age_years - milk) / ERUPTION_YEARS, 0, 1) * (age_years < shed)
    grown = np.maximum(coming, np.clip((age_years - follow) / (2 * ERUPTION_YEARS), 0, 1))
    permanent = float(np.clip((age_years - 6.5) / 3, 0, 1))
    gap = 0.11 + float(rng.uniform(0, 0.13)) * (1 - permanent) - 0.04 * permanent
    yellow = float(np.clip((age_years - 6) / 30, 0, 1)) * 0.06 + shade
    return MouthLook(
        _enamel(yellow, skin_tone),
        grown.astype(np.float32),
        gap,
        np.array([0.46 + 0.20 * permanent, 0.58 + 0.08 * permanent], np.float32),
    )


def _enamel(yellow: float, skin_tone: int) -> F32:
    """Milk teeth are whiter than the permanent ones that follow; beside dark skin a camera that
    meters the skin would burn them out."""
    dark = float(np.clip((skin_tone - 4) / 6, 0, 1))
    white = np.array([0.68, 0.655 - 0.4 * yellow, 0.605 - 1.4 * yellow])
    return np.asarray(white * (1 - 0.42 * dark), np.float32)


def _both_sides(rows: tuple[tuple[float, ...], ...]) -> F64:
    outwards = np.array(rows)
    return np.concatenate([outwards[:, ::-1], outwards], axis=1)
