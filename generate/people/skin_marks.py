"""What is spread over a skin: freckles, moles, birthmarks and the spots of age.

Each kind draws the places of its fullest amount and keeps the first few, so that more of a control
adds marks and moves none. Results are masks (H, W), 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.people.skin_canvas import (
    ACROSS_MM,
    UP_MM,
    canvas,
    fill,
    from_canvas,
    texel_at,
)

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

FRECKLES, MOLES, AGE_SPOTS = 620, 11, 46
WAVES = 5
"""Harmonics of a mark's outline."""


@dataclass(frozen=True)
class Marks:
    """Masks (H, W) of melanin and of blood that marks add."""

    melanin: F32
    blood: F32


def freckles(amount: float, rng: np.random.Generator) -> F32:
    """Small, uneven specks over nose and cheeks, thinning towards jaw and forehead."""
    n = FRECKLES
    nose = rng.uniform(0, 1, n) < 0.22
    side = rng.choice([-1.0, 1.0], n)
    azimuth = np.where(nose, rng.normal(0, 0.09, n), side * np.abs(rng.normal(0.36, 0.15, n)))
    y = np.where(nose, rng.normal(707, 9, n), rng.normal(703, 9, n) + 9 * (np.abs(azimuth) < 0.25))
    stray = rng.uniform(0, 1, n) < 0.20
    y = np.where(stray, rng.uniform(645, 785, n), y)
    radius_mm = 0.34 + 0.27 * rng.gamma(2.0, 0.6, n)
    ink = rng.uniform(0.25, 1.0, n)
    shapes = rng.normal(0, 1, (n, 2 * WAVES))
    drawing = canvas()
    for i in range(round(n * amount)):
        outline = _outline(azimuth[i], y[i], radius_mm[i], 0.09 * shapes[i])
        fill(drawing, outline, ink[i] * (0.5 + 0.5 * amount))
    return cv2.GaussianBlur(from_canvas(drawing), (0, 0), 0.45)


def birthmarks(amount: float, rng: np.random.Generator) -> Marks:
    """Moles, and from the middle of the scale one or two flat, irregular birthmarks."""
    azimuth, y = rng.uniform(-0.95, 0.95, MOLES), rng.uniform(615, 785, MOLES)
    radius_mm = 0.75 + 0.65 * rng.gamma(2.0, 0.5, MOLES)
    ink, shapes = rng.uniform(0.6, 1, MOLES), rng.normal(0, 1, (MOLES, 2 * WAVES))
    moles = canvas()
    for i in range(round(MOLES * amount)):
        fill(moles, _outline(azimuth[i], y[i], radius_mm[i], 0.04 * shapes[i]), ink[i])
    flat = [canvas(), canvas()]
    for threshold in (0.15, 0.7):
        kind, (at, height) = int(rng.integers(2)), rng.uniform((-0.7, 630), (0.7, 780))
        size_mm, shape = rng.uniform(4, 11), rng.normal(0, 1, 2 * WAVES)
        if amount > threshold:
            growth = 0.6 + 0.4 * (amount - threshold) / (1 - threshold)
            fill(flat[kind], _outline(at, height, size_mm * growth, 0.20 * shape), 1.0)
    brown, red = (cv2.GaussianBlur(from_canvas(drawing), (0, 0), 1.1) for drawing in flat)
    dark = cv2.GaussianBlur(from_canvas(moles), (0, 0), 0.4)
    return Marks(1.2 * dark + 0.45 * brown, 0.2 * dark + 0.62 * red)


def age_spots(age_years: float, rng: np.random.Generator) -> F32:
    """Lentigines of the sun, from 45 years on, at the sides of face and forehead."""
    amount = float(np.clip((age_years - 45) / 35, 0, 1))
    side = rng.choice([-1.0, 1.0], AGE_SPOTS)
    azimuth, y = side * rng.uniform(0.25, 1.15, AGE_SPOTS), rng.uniform(650, 790, AGE_SPOTS)
    radius_mm, ink = 0.7 + rng.gamma(1.6, 0.7, AGE_SPOTS), rng.uniform(0.2, 0.9, AGE_SPOTS)
    shapes = rng.normal(0, 1, (AGE_SPOTS, 2 * WAVES))
    drawing = canvas()
    for i in range(round(AGE_SPOTS * amount)):
        fill(drawing, _outline(azimuth[i], y[i], radius_mm[i], 0.14 * shapes[i]), ink[i])
    return cv2.GaussianBlur(from_canvas(drawing), (0, 0), 0.7)


def _outline(azimuth: float, y: float, radius_mm: float, ragged: F64) -> F64:
    """Closed outline (n, 2) in texels: a circle whose radius follows harmonics (2 * WAVES,)."""
    radius = radius_mm * np.exp(_HARMONICS @ ragged)
    center = texel_at(np.array(azimuth), np.array(y))
    return np.asarray(center + _CIRCLE * radius[:, None])


_ANGLE = np.arange(24) / 24 * 2 * np.pi
_CIRCLE = np.stack([np.cos(_ANGLE) / ACROSS_MM, np.sin(_ANGLE) / UP_MM], -1)
_ORDER = 1 + np.arange(WAVES)
_WAVE = _ANGLE[:, None] * (1 + _ORDER)
_HARMONICS = np.concatenate([np.cos(_WAVE), np.sin(_WAVE)], 1) / np.tile(_ORDER**0.5, 2)
