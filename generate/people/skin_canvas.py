"""Where the skin atlas lies on the template head, and the brushes that paint on it.

The atlas is a cylinder about the vertical axis through z = ATLAS_CENTER_MM of the template
(x = child's left, y up, z out of the face, mm): column = azimuth -180 to 180 degrees, row 0 = top.
Places are given as azimuth (rad, or degrees where named so) and height y (mm).
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

ATLAS_BOTTOM_MM, ATLAS_TOP_MM = 560.0, 840.0
ATLAS_CENTER_MM = 20.0
ATLAS_WIDTH, ATLAS_HEIGHT = 1024, 512
FACE_RADIUS_MM = 120.0
ACROSS_MM = 2 * np.pi * FACE_RADIUS_MM / ATLAS_WIDTH
UP_MM = (ATLAS_TOP_MM - ATLAS_BOTTOM_MM) / ATLAS_HEIGHT
"""Size of a texel on the face."""
FRONT_ROW, FRONT_COLUMN, FRONT_HEIGHT, FRONT_WIDTH = 88, 304, 344, 416
"""The front of the face: heights 792 to 604 mm, azimuth -73 to 73 degrees."""
FINER = 4
"""Strokes and spots are drawn this much larger than texels, then averaged."""


@lru_cache(maxsize=1)
def grid() -> tuple[F32, F32]:
    """Azimuth (rad) of columns (1, W) and height (mm) of rows (H, 1)."""
    azimuth = ((np.arange(ATLAS_WIDTH) + 0.5) / ATLAS_WIDTH - 0.5) * 2 * np.pi
    y = ATLAS_TOP_MM - (np.arange(ATLAS_HEIGHT) + 0.5) * UP_MM
    return azimuth[None].astype(np.float32), y[:, None].astype(np.float32)


def blob(place: tuple[float, float, float], wide_mm: float, high_mm: float) -> F32:
    """Gaussian patch (H, W) round a template point (x, y, z)."""
    azimuth, y = grid()
    x, z = place[0], place[2] - ATLAS_CENTER_MM
    across = (azimuth - np.arctan2(x, z)) * np.hypot(x, z) / wide_mm
    up = (y - place[1]) / high_mm
    return np.asarray(np.exp(-(across**2 + up**2) / 2), np.float32)


def pair(place: tuple[float, float, float], wide_mm: float, high_mm: float) -> F32:
    """The same patch on both sides."""
    x, y, z = place
    return blob((x, y, z), wide_mm, high_mm) + blob((-x, y, z), wide_mm, high_mm)


def to_texel(place: F64) -> F64:
    """Template points (..., 3) mm -> atlas column, row."""
    azimuth = np.arctan2(place[..., 0], place[..., 2] - ATLAS_CENTER_MM)
    return texel_at(azimuth, place[..., 1])


def texel_at(azimuth: F64, y: F64) -> F64:
    """Azimuth (rad) and height (mm), (...) each -> atlas column, row (..., 2)."""
    column = (0.5 + azimuth / (2 * np.pi)) * ATLAS_WIDTH
    return np.stack([column, (ATLAS_TOP_MM - y) / UP_MM], -1)


def front(atlas: F32) -> F32:
    """View of the rows and columns of an (H, W, ...) array that show the front of the face."""
    rows = slice(FRONT_ROW, FRONT_ROW + FRONT_HEIGHT)
    return atlas[rows, FRONT_COLUMN : FRONT_COLUMN + FRONT_WIDTH]


def canvas() -> NDArray[np.uint8]:
    """Black drawing of the front of the face, FINER than the atlas."""
    return np.zeros((FRONT_HEIGHT * FINER, FRONT_WIDTH * FINER), np.uint8)


def on_canvas(texel: F64) -> F64:
    """Atlas column, row (..., 2) -> canvas x, y."""
    return (texel - (FRONT_COLUMN, FRONT_ROW)) * FINER


def from_canvas(drawing: NDArray[np.uint8]) -> F32:
    """Drawing -> mask (H, W), 0 to 1."""
    full = np.zeros((ATLAS_HEIGHT, ATLAS_WIDTH), np.float32)
    size = (FRONT_WIDTH, FRONT_HEIGHT)
    front(full)[:] = cv2.resize(drawing, size, interpolation=cv2.INTER_AREA) / np.float32(255)
    return full


def fill(drawing: NDArray[np.uint8], outline: F64, ink: float) -> None:
    """Fill a polygon of atlas texels (n, 2) with ink 0 to 1, in place; later ink covers."""
    points = np.round(on_canvas(outline) * 16).astype(np.int32)
    cv2.fillPoly(drawing, [points], int(255 * ink), cv2.LINE_AA, 4)


def halve(atlas: F32) -> F32:
    """Box-filtered half-size copy."""
    rows = atlas[0::2] + atlas[1::2]
    return np.ascontiguousarray((rows[:, 0::2] + rows[:, 1::2]) * np.float32(0.25))


@lru_cache(maxsize=1)
def noise_bands() -> tuple[F32, F32, F32, F32]:
    """Four octave bands of unit variance that wrap round: features of 45, 12, 3.5 and 1.4 mm."""
    rng = np.random.default_rng(0xA71A5)
    white = rng.standard_normal((ATLAS_HEIGHT, ATLAS_WIDTH))
    spectrum = np.fft.rfft2(white)
    fy = np.fft.fftfreq(ATLAS_HEIGHT, UP_MM)[:, None]
    fx = np.fft.rfftfreq(ATLAS_WIDTH, ACROSS_MM)[None]
    f = np.hypot(fx, fy) + 1e-6
    bands = []
    for size_mm in (45.0, 12.0, 3.5, 1.4):
        band = np.fft.irfft2(spectrum * np.exp(-((np.log(f * size_mm) / 0.6) ** 2)), white.shape)
        bands.append(np.asarray(band / band.std(), np.float32))
    return bands[0], bands[1], bands[2], bands[3]


def shifted(band: F32, rng: np.random.Generator) -> F32:
    """The band at another place, so that no two people share it."""
    rows, columns = int(rng.integers(ATLAS_HEIGHT)), int(rng.integers(ATLAS_WIDTH))
    return np.roll(band, (rows, columns), (0, 1))
