"""Dynamic texture: folds, flush and blanching that follow the expression, and folds that age keeps.

A fold map lies over the front of the atlas: slopes and crease of every fold at full strength, and
which fold a texel belongs to. The shader scales them by the fold's weight on the texel's side.
Which muscles fold what: Facial Action Coding System, AU 1, 2, 4, 6, 9, 12, 14, 17, 20.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.people.skin_canvas import (
    ACROSS_MM,
    FRONT_COLUMN,
    FRONT_HEIGHT,
    FRONT_ROW,
    FRONT_WIDTH,
    UP_MM,
    front,
    noise_bands,
    shifted,
    texel_at,
)
from generate.spec import ARKIT

F32 = NDArray[np.float32]

FOLD_ACROSS, FOLD_UP, FOLD_CREASE = 0, 1, 2
"""Channels of the fold map: slopes (mm/mm), crease 0 to 1."""


class FoldMap(NamedTuple):
    """All folds at full strength, over the front of the face."""

    relief: F32
    """(h, w, 3) channels as above."""
    owner: NDArray[np.uint8]
    """(h, w) index in FOLDS + 1, or 0 for none."""


class Mood(NamedTuple):
    """What the expression does to the skin at one moment."""

    folds: F32
    """(len(FOLDS), 2) weight of each fold on the child's right and left."""
    flush: float
    """Blood added to cheeks, nose and ears, absorption units."""
    blanch: float
    """0 to 1: how much blood is pressed out of the lips."""


@dataclass(frozen=True)
class Fold:
    """One fold: its lines, its size and what drives it."""

    lines: tuple[tuple[tuple[float, float], ...], ...]
    """Polylines of (azimuth in degrees, height in mm) on the child's left."""
    width_mm: float
    depth_mm: float
    drive: tuple[tuple[str, float], ...]
    """Share of each ARKit shape (without Left and Right) in the fold's weight."""
    sets_at: float
    """Age (years) at which the fold begins to stay at rest."""
    swell: float = 0.0
    """Height of the skin heaped up along the outer side, over the depth."""


FOLDS: dict[str, Fold] = {
    "furrow": Fold(
        (((2.4, 755), (1.9, 747), (2.5, 739)), ((4.3, 753), (4.0, 746))),
        *(1.0, 0.62, (("browDown", 1.0), ("browInnerUp", 0.15)), 38, 0.5),
    ),
    "forehead": Fold(
        (
            *(((0, 762), (8, 763), (17, 766), (25, 765)),),
            *(((0, 770.5), (9, 771.5), (18, 774), (24, 773)),),
            *(((0, 779), (8, 780), (17, 782)),),
        ),
        *(1.1, 0.46, (("browInnerUp", 0.9), ("browOuterUp", 0.6)), 36, 0.3),
    ),
    "crow": Fold(
        (
            *(((24.5, 731), (28, 734.5), (31, 739)),),
            *(((24.5, 728), (29, 728.5), (33, 730)),),
            *(((24, 725), (27.5, 721.5), (31, 716)),),
        ),
        *(0.8, 0.34, (("eyeSquint", 0.5), ("cheekSquint", 0.6), ("mouthSmile", 0.3)), 38),
    ),
    "lower lid": Fold(
        (
            *(((9.5, 722.5), (12.5, 719), (16.5, 718), (20.5, 721)),),
            *(((9, 719), (12, 714.5), (17, 713), (22, 716)),),
        ),
        *(0.85, 0.30, (("cheekSquint", 0.8), ("eyeSquint", 0.5), ("mouthSmile", 0.15)), 34, 0.4),
    ),
    "nasolabial": Fold(
        (((7.0, 689), (9.6, 682), (12.4, 673), (14.2, 664), (14.8, 656)),),
        *(1.7, 0.85, (("mouthSmile", 0.7), ("cheekSquint", 0.3), ("noseSneer", 0.7)), 34, 0.7),
    ),
    "nose": Fold(
        (
            *(((2.0, 724), (4.6, 718)), ((2.4, 718.5), (5.0, 712)), ((2.5, 712.5), (5.0, 706.5))),
            *(((0, 733), (2.6, 732)),),
        ),
        *(0.85, 0.34, (("noseSneer", 1.0), ("browDown", 0.1)), 55),
    ),
    "chin": Fold(
        (((0, 643.5), (5, 643), (9, 640.5)),),
        *(1.6, 0.5, (("mouthShrugLower", 1.0), ("mouthPress", 0.2), ("mouthFrown", 0.2)), 45, 0.4),
    ),
    "mouth corner": Fold(
        (((15.8, 667), (17.0, 661), (16.2, 654)), ((18.6, 668), (20.0, 661), (19.0, 652))),
        *(1.1, 0.36, (("mouthDimple", 1.0), ("mouthStretch", 0.7), ("mouthSmile", 0.2)), 62),
    ),
    "marionette": Fold(
        (((13.2, 655), (14.4, 648), (14.8, 640)),),
        *(1.4, 0.5, (("mouthFrown", 0.8), ("mouthShrugLower", 0.1)), 42, 0.4),
    ),
}
SET_YEARS = 38.0
"""Years from the age at which a fold begins to stay to where it stays in full."""
CHIN_PEBBLES_MM = 0.045
FLUSH = 0.19
_ANGER = (("browDown", 0.5), ("noseSneer", 0.5), ("mouthPress", 0.3))
_LAUGH = (("cheekSquint", 0.5), ("mouthSmile", 0.25))
_CRY = (("mouthFrown", 0.5), ("eyeSquint", 0.3), ("browInnerUp", 0.15))
_PRESS = (("mouthPress", 1.0), ("mouthRollLower", 0.5), ("mouthRollUpper", 0.5))


def fold_map(rng: np.random.Generator) -> FoldMap:
    """Folds of one person over the front of the atlas; lines vary from person to person."""
    height = np.zeros((FRONT_HEIGHT, FRONT_WIDTH), np.float32)
    crease, most = np.zeros_like(height), np.full_like(height, 0.02)
    owner = np.zeros_like(height)
    for number, fold in enumerate(FOLDS.values()):
        lines = _draw(fold, rng)
        sigma = (fold.width_mm / ACROSS_MM, fold.width_mm / UP_MM)
        groove = _blur(lines, sigma) * np.float32(2.5 * fold.width_mm)
        near = _blur(lines, (3.5 * sigma[0], 3.5 * sigma[1])) * np.float32(8.75 * fold.width_mm)
        height += fold.depth_mm * (fold.swell * 0.5 * near - groove)
        crease += groove
        owner[near > most] = number + 1
        most = np.maximum(most, near)
    height += _pebbles(owner, rng)
    out = np.empty((*height.shape, 3), np.float32)
    out[..., FOLD_ACROSS] = np.gradient(height, ACROSS_MM, axis=1)
    out[..., FOLD_UP] = np.gradient(height, -UP_MM, axis=0)
    out[..., FOLD_CREASE] = np.clip(crease, 0, 1)
    return FoldMap(out, owner.astype(np.uint8))


def halve_folds(folds: FoldMap) -> FoldMap:
    """Half-size copy: slopes and creases are averaged, owners picked."""
    relief = cv2.resize(folds.relief, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    owner = np.ascontiguousarray(folds.owner[::2, ::2])
    return FoldMap(np.asarray(relief, np.float32), owner)


@dataclass(frozen=True)
class Folding:
    """How strongly one person's skin follows the expression."""

    strength: float
    """Weight of a fold at full drive: 0 none, 1 an adult's."""
    rest: F32
    """(len(FOLDS),) weight that age keeps."""

    def mood(self, arkit: NDArray[np.floating]) -> Mood:
        """Weights for the amounts (52,) of an expression."""
        amounts = np.asarray(arkit, np.float64)
        drive = np.clip(np.tensordot(_DRIVE, amounts, 1), 0, 1)
        folds = self.rest[:, None] + self.strength * drive * (1.3 - 0.3 * drive)
        anger, laugh, cry, press = np.clip(_FEEL @ amounts, 0, 1)
        flush = FLUSH * min(self.strength * 1.3, 1.2) * max(anger, laugh, cry)
        blanch = min(self.strength * 1.5, 1.0) * press
        return Mood(folds.astype(np.float32), float(flush), float(blanch))


def folding(wrinkling: float, age_years: float) -> Folding:
    """wrinkling 0 to 1, the control of `Person`; skin of children springs back and folds less."""
    grown = float(np.interp(age_years, [0.5, 4, 12, 20, 40, 80], [0.35, 0.45, 0.6, 0.8, 1.0, 1.2]))
    begins = np.array([fold.sets_at for fold in FOLDS.values()])
    rest = 0.85 * np.clip((age_years - begins) / SET_YEARS, 0, 1) ** 0.8
    return Folding(2 * wrinkling * grown, rest.astype(np.float32))


def _draw(fold: Fold, rng: np.random.Generator) -> F32:
    """Lines of both sides, one texel wide, fading at their ends."""
    drawing = np.zeros((FRONT_HEIGHT, FRONT_WIDTH), np.uint8)
    for line in fold.lines:
        for side in (1.0, -1.0):
            spread = rng.normal(0, 1, (len(line), 2)) * (0.35, 0.6)
            spread[0] *= line[0][0] != 0
            _stroke(drawing, (np.array(line) + spread) * (side, 1.0), line[0][0] == 0)
    return np.asarray(drawing, np.float32) / np.float32(255)


def _stroke(drawing: NDArray[np.uint8], line: NDArray[np.float64], joined: bool) -> None:
    """One polyline of (degrees, mm); `joined` lines do not fade at their first point."""
    t = np.linspace(0, 1, 25)
    corner = np.linspace(0, 1, len(line))
    path = np.stack([np.interp(t, corner, line[:, k]) for k in (0, 1)], 1)
    texel = texel_at(np.deg2rad(path[:, 0]), path[:, 1]) - (FRONT_COLUMN, FRONT_ROW)
    at = np.round(texel * 16).astype(int)
    ink = np.sin(np.pi * (0.5 + 0.5 * t)) if joined else np.sin(np.pi * t)
    for a, b, value in zip(at[:-1], at[1:], ink[1:], strict=True):
        cv2.line(drawing, a.tolist(), b.tolist(), int(255 * value**0.6), 1, cv2.LINE_AA, 4)


def _blur(lines: F32, sigma: tuple[float, float]) -> F32:
    """Gaussian blur of one-texel lines; the peak is about 0.65 / (2.5 sigma) in mm."""
    return np.asarray(cv2.GaussianBlur(lines, (0, 0), sigma[0], sigmaY=sigma[1]), np.float32) / 0.65


def _pebbles(owner: F32, rng: np.random.Generator) -> F32:
    """The chin's orange-peel dimples (mm)."""
    chin = (owner == list(FOLDS).index("chin") + 1).astype(np.float32)
    soft = cv2.GaussianBlur(chin, (0, 0), 4.0)
    return np.asarray(CHIN_PEBBLES_MM * soft * front(shifted(noise_bands()[2], rng)), np.float32)


def _shares(pairs: tuple[tuple[str, float], ...], side: str) -> NDArray[np.float64]:
    row = np.zeros(len(ARKIT))
    for stem, share in pairs:
        for name in (stem, stem + side):
            if name in ARKIT:
                row[ARKIT.index(name)] = share
    return row


_DRIVE = np.stack(
    [np.stack([_shares(f.drive, side) for side in ("Right", "Left")]) for f in FOLDS.values()]
)
_FEEL = np.stack(
    [(_shares(p, "Right") + _shares(p, "Left")) / 2 for p in (_ANGER, _LAUGH, _CRY, _PRESS)]
)
