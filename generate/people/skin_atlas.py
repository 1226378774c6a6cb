"""The skin atlas: colour, brows, oil and fine relief over the template head, painted per person.

The atlas is a cylinder about the vertical axis through z = ATLAS_CENTER_MM of the template
(x = child's left, y up, z out of the face, mm): column = azimuth -180 to 180 degrees, row 0 = top.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

ATLAS_BOTTOM_MM, ATLAS_TOP_MM = 560.0, 840.0
ATLAS_CENTER_MM = 20.0
ATLAS_WIDTH, ATLAS_HEIGHT = 1024, 512
ATLAS_BROW, ATLAS_OIL, ATLAS_SLOPE_ACROSS, ATLAS_SLOPE_UP = 3, 4, 5, 6
ATLAS_CHANNELS = 7
"""Red, green, blue reflectance; cover of brow hair; oil; slope of the relief (mm/mm)."""
FACE_RADIUS_MM = 120.0

MELANIN = np.array([0.72, 1.0, 1.42], np.float32)
BLOOD = np.array([0.12, 1.0, 0.82], np.float32)
"""Absorption by channel, as exponents."""

CHEEK = (47.0, 693.0, 105.0)
NOSE_TIP = (0.0, 691.0, 168.0)
CHIN = (0.0, 622.0, 123.0)
EYE = (31.0, 728.0, 138.0)
MOUTH = (0.0, 661.0, 150.0)
FOREHEAD = (0.0, 775.0, 140.0)
EAR = (76.0, 715.0, 25.0)
BROW_LINE = np.array(
    [(10.5, 746.6, 150.0), (24.5, 749.4, 146.0), (37.5, 751.8, 139.0), (48.5, 749.4, 131.0),
     (55.5, 743.0, 124.0)]
)  # fmt: skip
"""Centre of the left brow from its inner to its outer end."""


@dataclass(frozen=True)
class Pigment:
    """What one person's skin is painted with."""

    tone: F32
    """(3,) linear RGB of the cheek."""
    blush: float
    freckles: float
    brow_color: F32
    brow_weight: float
    """0 (hardly any hair) to 1 (full adult brows)."""
    beard: float
    """0 to 1, the shadow of a shaven beard."""
    age_years: float


def paint_atlas(pigment: Pigment, rng: np.random.Generator) -> F32:
    """Atlas (ATLAS_HEIGHT, ATLAS_WIDTH, ATLAS_CHANNELS) of one person."""
    regions = _regions()
    broad, mottle, fine, pores = (_shifted(band, rng) for band in _noise_bands())
    blood = pigment.blush * (
        0.15 * regions["cheek"] + 0.13 * regions["nose"] + 0.06 * regions["chin"]
    )
    blood += 0.07 * regions["lids"] + 0.05 * regions["mouth"] + 0.22 * regions["ear"]
    blood += 0.022 * broad + 0.018 * mottle + 0.014 * fine
    melanin = 0.015 * broad + 0.012 * mottle + 0.014 * fine + 0.10 * regions["under_eye"]
    melanin -= 0.03 * regions["forehead"]
    melanin += 0.25 * _freckles(pigment.freckles, rng) + 0.6 * _moles(rng)
    melanin += pigment.beard * 0.35 * regions["beard"] * (1 + 0.3 * fine)
    melanin += 0.05 * np.clip((pigment.age_years - 30) / 40, 0, 1) * np.maximum(mottle, 0)
    cheek = regions["cheek"] > 0.5
    blood -= 0.6 * blood[cheek].mean()
    melanin -= melanin[cheek].mean()
    brow = _brows(pigment.brow_weight, rng)
    atlas = np.empty((ATLAS_HEIGHT, ATLAS_WIDTH, ATLAS_CHANNELS), np.float32)
    for c in range(3):
        skin = pigment.tone[c] * np.exp(-melanin * MELANIN[c] - blood * BLOOD[c])
        atlas[..., c] = np.minimum(skin, 0.9) * (1 - brow) + pigment.brow_color[c] * brow
    atlas[..., ATLAS_BROW] = brow
    atlas[..., ATLAS_OIL] = np.clip(0.07 + 0.20 * regions["oily"] * (1 + 0.3 * mottle), 0, 1)
    _relief(atlas, fine, pores, regions)
    return atlas


def halve(atlas: F32) -> F32:
    """Box-filtered half-size copy."""
    rows = atlas[0::2] + atlas[1::2]
    return np.ascontiguousarray((rows[:, 0::2] + rows[:, 1::2]) * np.float32(0.25))


def _relief(atlas: F32, fine: F32, pores: F32, regions: dict[str, F32]) -> None:
    """Slopes of the skin's relief: pores, fine lines, the upright wrinkles of the lips."""
    height = (0.030 * fine + 0.016 * pores) * (1 + 0.5 * regions["oily"])
    across_mm = 2 * np.pi * FACE_RADIUS_MM / ATLAS_WIDTH
    up_mm = (ATLAS_TOP_MM - ATLAS_BOTTOM_MM) / ATLAS_HEIGHT
    atlas[..., ATLAS_SLOPE_ACROSS] = np.gradient(height, across_mm, axis=1)
    atlas[..., ATLAS_SLOPE_UP] = -np.gradient(height, up_mm, axis=0)
    lines = np.sin(np.cumsum(1.3 + 0.5 * fine[256], dtype=np.float32))
    atlas[..., ATLAS_SLOPE_ACROSS] += 0.10 * regions["mouth"] * lines


@lru_cache(maxsize=1)
def _grid() -> tuple[F32, F32]:
    """Azimuth (rad) of columns (1, W) and height (mm) of rows (H, 1)."""
    azimuth = ((np.arange(ATLAS_WIDTH) + 0.5) / ATLAS_WIDTH - 0.5) * 2 * np.pi
    step = (ATLAS_TOP_MM - ATLAS_BOTTOM_MM) / ATLAS_HEIGHT
    y = ATLAS_TOP_MM - (np.arange(ATLAS_HEIGHT) + 0.5) * step
    return azimuth[None].astype(np.float32), y[:, None].astype(np.float32)


def _blob(place: tuple[float, float, float], wide_mm: float, high_mm: float) -> F32:
    """Gaussian patch round a template point."""
    azimuth, y = _grid()
    x, z = place[0], place[2] - ATLAS_CENTER_MM
    across = (azimuth - np.arctan2(x, z)) * np.hypot(x, z) / wide_mm
    up = (y - place[1]) / high_mm
    return np.asarray(np.exp(-(across**2 + up**2) / 2), np.float32)


def _pair(place: tuple[float, float, float], wide_mm: float, high_mm: float) -> F32:
    x, y, z = place
    return _blob((x, y, z), wide_mm, high_mm) + _blob((-x, y, z), wide_mm, high_mm)


@lru_cache(maxsize=1)
def _regions() -> dict[str, F32]:
    """Soft masks of places on the face, the same for everyone."""
    nose, forehead = _blob(NOSE_TIP, 10, 9), _blob(FOREHEAD, 36, 18)
    under = (EYE[0], EYE[1] - 10, EYE[2])
    jaw = np.clip(_blob((0.0, 632.0, 110.0), 70, 20) - 0.9 * _blob(MOUTH, 20, 9), 0, 1)
    return {
        "cheek": _pair(CHEEK, 17, 13),
        "nose": nose,
        "chin": _blob(CHIN, 14, 8),
        "lids": _pair(EYE, 17, 8),
        "under_eye": _pair(under, 13, 4),
        "mouth": _blob(MOUTH, 24, 10),
        "forehead": forehead,
        "ear": _pair(EAR, 22, 34),
        "beard": np.asarray(jaw + 0.6 * _blob((0.0, 676.0, 155.0), 18, 4), np.float32),
        "oily": np.clip(nose + 0.6 * forehead + 0.35 * _blob(CHIN, 16, 10), 0, 1),
    }


@lru_cache(maxsize=1)
def _noise_bands() -> tuple[F32, F32, F32, F32]:
    """Four octave bands of unit variance that wrap round: features of 45, 12, 3.5 and 1.4 mm."""
    rng = np.random.default_rng(0xA71A5)
    white = rng.standard_normal((ATLAS_HEIGHT, ATLAS_WIDTH))
    spectrum = np.fft.rfft2(white)
    fy = np.fft.fftfreq(ATLAS_HEIGHT, (ATLAS_TOP_MM - ATLAS_BOTTOM_MM) / ATLAS_HEIGHT)[:, None]
    fx = np.fft.rfftfreq(ATLAS_WIDTH, 2 * np.pi * FACE_RADIUS_MM / ATLAS_WIDTH)[None]
    f = np.hypot(fx, fy) + 1e-6
    bands = []
    for size_mm in (45.0, 12.0, 3.5, 1.4):
        band = np.fft.irfft2(spectrum * np.exp(-((np.log(f * size_mm) / 0.6) ** 2)), white.shape)
        bands.append(np.asarray(band / band.std(), np.float32))
    return bands[0], bands[1], bands[2], bands[3]


def _shifted(band: F32, rng: np.random.Generator) -> F32:
    """The band at another place, so that no two people share it."""
    rows, columns = int(rng.integers(ATLAS_HEIGHT)), int(rng.integers(ATLAS_WIDTH))
    return np.roll(band, (rows, columns), (0, 1))


def _to_texel(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Template points (..., 3) mm -> atlas column, row."""
    azimuth = np.arctan2(place[..., 0], place[..., 2] - ATLAS_CENTER_MM)
    column = (0.5 + azimuth / (2 * np.pi)) * ATLAS_WIDTH
    row = (ATLAS_TOP_MM - place[..., 1]) / (ATLAS_TOP_MM - ATLAS_BOTTOM_MM) * ATLAS_HEIGHT
    return np.stack([column, row], -1)


FINER = 4
"""Strokes and spots are drawn this much larger than texels, then averaged."""
_ROWS, _COLUMNS = slice(128, 384), slice(256, 768)
"""The front of the face, where strokes and spots are drawn."""


def _canvas() -> NDArray[np.uint8]:
    rows, columns = _ROWS.stop - _ROWS.start, _COLUMNS.stop - _COLUMNS.start
    return np.zeros((rows * FINER, columns * FINER), np.uint8)


def _on_canvas(texel: NDArray[np.float64]) -> NDArray[np.float64]:
    return (texel - (_COLUMNS.start, _ROWS.start)) * FINER


def _from_canvas(canvas: NDArray[np.uint8]) -> F32:
    full = np.zeros((ATLAS_HEIGHT, ATLAS_WIDTH), np.float32)
    size = (_COLUMNS.stop - _COLUMNS.start, _ROWS.stop - _ROWS.start)
    full[_ROWS, _COLUMNS] = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA) / np.float32(255)
    return full


def _spots(
    azimuth: NDArray[np.float64],
    y: NDArray[np.float64],
    radius_mm: NDArray[np.float64],
    ink: NDArray[np.float64],
) -> F32:
    """Round spots (n,) of given place, size and ink 0 to 1."""
    canvas = _canvas()
    column = (0.5 + azimuth / (2 * np.pi)) * ATLAS_WIDTH
    row = (ATLAS_TOP_MM - y) / (ATLAS_TOP_MM - ATLAS_BOTTOM_MM) * ATLAS_HEIGHT
    centers = (_on_canvas(np.stack([column, row], -1)) * 16).astype(int)
    radii = (radius_mm / 0.65 * FINER * 16).astype(int)
    for center, radius, value in zip(centers, radii, ink, strict=True):
        cv2.circle(canvas, center.tolist(), int(radius), int(255 * value), -1, cv2.LINE_AA, 4)
    return _from_canvas(canvas)


def _freckles(amount: float, rng: np.random.Generator) -> F32 | float:
    if amount <= 0:
        return 0.0
    n = int(420 * amount)
    radius = np.abs(rng.normal(0.0, 0.45, n)) + 0.35
    spots = _spots(rng.normal(0, 0.42, n), rng.normal(702, 13, n), radius, rng.uniform(0.3, 1, n))
    return cv2.GaussianBlur(spots, (0, 0), 0.6)


def _moles(rng: np.random.Generator) -> F32 | float:
    n = int(rng.poisson(1.0))
    if n == 0:
        return 0.0
    azimuth, y = rng.uniform(-1.0, 1.0, n), rng.uniform(630, 780, n)
    return _spots(azimuth, y, rng.uniform(0.4, 0.9, n), rng.uniform(0.4, 1, n))


def _brows(weight: float, rng: np.random.Generator) -> F32:
    """Cover of brow hair 0 to 1: single hairs that lie along the brow, rising at its inner end."""
    canvas = _canvas()
    lift, thick = rng.normal(0, 0.8), 0.75 + 0.5 * weight
    for side in (1.0, -1.0):
        line = BROW_LINE * (side, 1.0, 1.0) + (0.0, lift, 0.0)
        _draw_brow(canvas, line, thick, int(130 + 190 * weight), rng)
    hairs = _from_canvas(canvas)
    shade = 0.45 * cv2.GaussianBlur(hairs, (0, 0), 2.2)
    return np.asarray(np.clip(hairs + shade, 0, 1) * (0.5 + 0.45 * weight), np.float32)


def _draw_brow(
    canvas: NDArray[np.uint8],
    line: NDArray[np.float64],
    thick: float,
    hairs: int,
    rng: np.random.Generator,
) -> None:
    t = np.linspace(0, 1, 61)
    center = np.stack([np.interp(t, np.linspace(0, 1, len(line)), line[:, k]) for k in range(3)], 1)
    center = cv2.blur(center, (1, 13), borderType=cv2.BORDER_REPLICATE)
    along = np.gradient(_on_canvas(_to_texel(center)), axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    u = rng.uniform(0, 1, hairs) ** 0.85
    half = thick * 3.3 * np.interp(u, [0, 0.12, 0.55, 1], [0.55, 1.0, 0.85, 0.2])
    rise = np.interp(u, [0, 0.2, 0.5, 1], [1.15, 0.65, 0.25, -0.1]) + rng.normal(0, 0.16, hairs)
    length = rng.uniform(3.2, 6.0, hairs) * (1 - 0.3 * u) * (0.8 + 0.2 * thick)
    i = (u * 60).astype(int)
    place = center[i] + np.stack([0 * u, rng.uniform(-0.9, 0.55, hairs) * half, 0 * u], 1)
    start = _on_canvas(_to_texel(place))
    heading = along[i] * np.cos(rise)[:, None] + np.array([0.0, -1.0]) * np.sin(rise)[:, None]
    end = start + heading * (length / 0.65 * FINER)[:, None]
    ink = rng.uniform(0.5, 1, hairs) * np.interp(u, [0, 0.12], [0.55, 1.0])
    for a, b, value in zip((start * 16).astype(int), (end * 16).astype(int), ink, strict=True):
        cv2.line(canvas, a.tolist(), b.tolist(), int(255 * value), 1, cv2.LINE_AA, 4)
