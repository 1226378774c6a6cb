"""The skin atlas: colour, brows, oil, relief and flush over the template head, per person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.people.skin_brows import brow_cover
from generate.people.skin_canvas import (
    ACROSS_MM,
    ATLAS_HEIGHT,
    ATLAS_WIDTH,
    UP_MM,
    blob,
    canvas,
    fill,
    from_canvas,
    grid,
    noise_bands,
    pair,
    shifted,
    to_texel,
)
from generate.people.skin_marks import age_spots, birthmarks, freckles
from generate.people.skin_paint import Coat

F32 = NDArray[np.float32]

ATLAS_BROW, ATLAS_OIL, ATLAS_SLOPE_ACROSS, ATLAS_SLOPE_UP, ATLAS_FLUSH = 3, 4, 5, 6, 7
ATLAS_CHANNELS = 8
"""Red, green, blue reflectance; cover of brow hair; oil; slope of the relief (mm/mm); how much a
flush shows, 0 to 1."""

MELANIN = np.array([0.72, 1.0, 1.42], np.float32)
BLOOD = np.array([0.12, 1.0, 0.82], np.float32)
"""Absorption by channel, as exponents."""
FRECKLE_MELANIN = 0.85
PALER_BETWEEN = 0.8
"""Skin between freckles is paler, so that their mean is the skin's: this share of their blur."""

CHEEK = (42.0, 695.0, 112.0)
NOSE_TIP = (0.0, 691.0, 168.0)
NOSTRIL = (13.0, 685.0, 152.0)
CHIN = (0.0, 622.0, 123.0)
EYE = (31.0, 728.0, 138.0)
MOUTH = (0.0, 661.0, 150.0)
FOREHEAD = (0.0, 775.0, 140.0)
EAR = (76.0, 715.0, 25.0)
LIP_LINE = np.array(
    [(-25.2, 660.5, 141.5), (-21.0, 666.8, 149.4), (-10.9, 671.6, 156.4), (0.0, 669.8, 159.5),
     (10.9, 671.6, 156.4), (21.0, 666.8, 149.4), (25.2, 660.5, 141.5), (18.4, 654.2, 147.3),
     (5.8, 650.0, 153.7), (-5.8, 650.0, 153.7), (-18.4, 654.2, 147.3)]
)  # fmt: skip


@dataclass(frozen=True)
class Pigment:
    """What one person's skin is painted with."""

    tone: F32
    """(3,) linear RGB of the cheek."""
    blush: float
    freckles: float
    birthmarks: float
    brow_color: F32
    brow_weight: float
    """0 (hardly any hair) to 1 (full adult brows)."""
    beard: float
    """0 to 1, the shadow of a shaven beard."""
    age_years: float
    coat: Coat | None
    """Face paint."""


def paint_atlas(pigment: Pigment, seed: int) -> F32:
    """Atlas (ATLAS_HEIGHT, ATLAS_WIDTH, ATLAS_CHANNELS) of one person; seed: its `face_seed`."""
    regions = regions_of_face()
    bands = [shifted(band, _stream(seed, 0)) for band in noise_bands()]
    melanin, blood = _pigments(pigment, bands, seed)
    rgb = pigment.tone * np.exp(-melanin[..., None] * MELANIN - blood[..., None] * BLOOD)
    rgb = np.minimum(rgb, np.float32(0.9))
    stubble = np.clip(pigment.beard * regions["beard"] * (0.24 + 0.07 * bands[3]), 0, 1)
    rgb += stubble[..., None] * (pigment.brow_color * 0.8 - rgb)
    brow = brow_cover(pigment.brow_weight, _stream(seed, 1))
    oil = np.clip(0.05 + 0.22 * regions["oily"] * (1 + 0.2 * bands[1]), 0, 1)
    if pigment.coat is not None:
        cover = pigment.coat.cover[..., None]
        rgb += cover * (pigment.coat.color - rgb)
        oil *= 1 - 0.8 * pigment.coat.cover
    hair = (brow * (1 if pigment.coat is None else 1 - 0.6 * pigment.coat.cover))[..., None]
    atlas = np.empty((ATLAS_HEIGHT, ATLAS_WIDTH, ATLAS_CHANNELS), np.float32)
    atlas[..., :3] = rgb + hair * (pigment.brow_color - rgb)
    atlas[..., ATLAS_BROW] = brow
    atlas[..., ATLAS_OIL] = oil
    atlas[..., ATLAS_FLUSH] = regions["flush"]
    _relief(atlas, bands, regions, pigment.age_years)
    return atlas


def _pigments(pigment: Pigment, bands: list[F32], seed: int) -> tuple[F32, F32]:
    """Melanin and blood (H, W) over the cheek's."""
    regions, rng = regions_of_face(), _stream(seed, 2)
    broad, mottle, fine, _ = bands
    old = float(np.clip((pigment.age_years - 35) / 45, 0, 1))
    shares = rng.uniform(0.5, 1.5, 5) * (0.19, 0.12, 0.06, 0.20, 0.13)
    cheek, nose, chin, ear, wings = shares.tolist()
    blood = pigment.blush * (cheek * regions["cheek"] + nose * regions["nose"])
    blood += pigment.blush * (chin * regions["chin"] + ear * regions["ear"])
    blood += wings * regions["nostril"] + 0.08 * regions["lids"] + 0.13 * regions["lips"]
    blood += 0.022 * broad + (0.010 + 0.008 * old) * mottle + 0.006 * fine
    tired = float(rng.uniform(0.03, 0.12)) + 0.10 * old
    melanin = 0.015 * broad + (0.007 + 0.006 * old) * mottle + 0.005 * fine
    melanin += tired * regions["under_eye"] + 0.03 * regions["mouth"] - 0.03 * regions["forehead"]
    middle = regions["cheek"] > 0.5
    blood -= 0.35 * blood[middle].mean()
    melanin -= melanin[middle].mean()
    if pigment.freckles > 0:
        specks = FRECKLE_MELANIN * freckles(pigment.freckles, _stream(seed, 3))
        melanin += specks - PALER_BETWEEN * cv2.GaussianBlur(specks, (0, 0), 12)
    if pigment.birthmarks > 0:
        marks = birthmarks(pigment.birthmarks, _stream(seed, 4))
        melanin, blood = melanin + marks.melanin, blood + marks.blood
    if pigment.age_years > 45:
        melanin += 0.5 * age_spots(pigment.age_years, _stream(seed, 5))
    return melanin.astype(np.float32), blood.astype(np.float32)


def _stream(seed: int, number: int) -> np.random.Generator:
    """One stream for each thing painted, so that none shifts another."""
    return np.random.default_rng([seed, 0xA7, number])


def _relief(atlas: F32, bands: list[F32], regions: dict[str, F32], age_years: float) -> None:
    """Slopes of the skin's relief: pores, fine lines that grow with age, the wrinkles of lips."""
    _, mottle, fine, pores = bands
    grown = float(np.interp(age_years, [3, 14, 40, 80], [0.45, 0.75, 1.0, 1.6]))
    old = float(np.clip((age_years - 40) / 35, 0, 1))
    height = (0.011 * fine + 0.009 * pores) * grown * (1 + 0.6 * regions["oily"])
    height += old * 0.05 * _creased(mottle, fine) * (regions["crinkled"] + 0.25)
    atlas[..., ATLAS_SLOPE_ACROSS] = np.gradient(height, ACROSS_MM, axis=1)
    atlas[..., ATLAS_SLOPE_UP] = np.gradient(height, -UP_MM, axis=0)
    lines = np.sin(np.cumsum(1.3 + 0.5 * fine[256], dtype=np.float32))
    atlas[..., ATLAS_SLOPE_ACROSS] += (0.07 + 0.06 * old) * regions["lips"] * lines
    atlas[..., ATLAS_SLOPE_ACROSS] += 0.07 * old * regions["mouth"] * lines


def _creased(mottle: F32, fine: F32) -> F32:
    """Network of fine lines: valleys where smooth noise crosses zero."""
    crossing = np.minimum(np.abs(mottle), np.abs(fine + 0.5 * mottle))
    return np.asarray(-np.exp(-((crossing / 0.25) ** 2)), np.float32)


@lru_cache(maxsize=1)
def regions_of_face() -> dict[str, F32]:
    """Soft masks (H, W) of places on the face, the same for everyone."""
    nose, forehead = blob(NOSE_TIP, 10, 9), blob(FOREHEAD, 36, 18)
    under = (EYE[0] - 4, EYE[1] - 10, EYE[2])
    jaw = np.clip(blob((0.0, 630.0, 110.0), 68, 19) - 0.9 * blob(MOUTH, 20, 9), 0, 1)
    jaw += 0.5 * pair((66.0, 672.0, 75.0), 14, 22)
    cheek, ear = pair(CHEEK, 18, 14), pair(EAR, 22, 34)
    return {
        "cheek": cheek,
        "nose": nose,
        "nostril": pair(NOSTRIL, 5, 5),
        "chin": blob(CHIN, 14, 8),
        "lids": pair(EYE, 17, 8),
        "under_eye": pair(under, 12, 4.5),
        "mouth": blob(MOUTH, 24, 10),
        "lips": _lips(),
        "forehead": forehead,
        "ear": ear,
        "beard": np.clip(jaw + 0.7 * blob((0.0, 677.0, 155.0), 18, 4), 0, 1),
        "oily": np.clip(nose + 0.6 * forehead + 0.35 * blob(CHIN, 16, 10), 0, 1),
        "crinkled": np.clip(pair((50.0, 725.0, 118.0), 16, 18) + 0.7 * pair(CHEEK, 16, 20), 0, 1),
        "flush": np.clip(cheek + 0.8 * nose + 0.6 * ear + 0.35 * forehead + _neck(), 0, 1),
    }


def _lips() -> F32:
    """The lips with a soft border that the mesh's own mask is too sharp for."""
    drawing = canvas()
    fill(drawing, to_texel(LIP_LINE), 1.0)
    return np.asarray(cv2.GaussianBlur(from_canvas(drawing), (0, 0), 2.4), np.float32)


def _neck() -> F32:
    azimuth, y = grid()
    return np.asarray(0.3 * np.clip((622 - y) / 25, 0, 1) * (np.abs(azimuth) < 2), np.float32)
