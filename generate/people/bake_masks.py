"""Per-point facts of the head: lips, mouth cavity, scalp, teeth, lashes, ambient occlusion."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from generate.people.kernels import depth_map

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

HAIRLINE_DEG = (0.0, 15.0, 30.0, 45.0, 56.0, 64.0, 72.0, 84.0, 100.0, 118.0, 140.0, 180.0)
HAIRLINE_MM = (798.0, 798.0, 797.0, 788.0, 774.0, 752.0, 735.0, 737.0, 738.0, 702.0, 668.0, 660.0)
"""Template height of the hairline over the azimuth: temples set back, sideburns, round the ear."""


def texture_at(folder: Path, name: str, uv: F64, blur_px: float = 0.0) -> F64:
    """Sample a grey MakeHuman mask texture (0..1) at texture coordinates (V, 2)."""
    image, filters = import_module("PIL.Image"), import_module("PIL.ImageFilter")
    picture = image.open(folder / f"mpfb_{name}.jpg").convert("L")
    if blur_px:
        picture = picture.filter(filters.GaussianBlur(blur_px))
    grey = np.asarray(picture, np.float64) / 255
    height, width = grey.shape
    x = np.clip(uv[:, 0] * width, 0, width - 1).astype(int)
    y = np.clip((1 - uv[:, 1]) * height, 0, height - 1).astype(int)
    return grey[y, x]


def azimuth_deg(points_mm: F64) -> F64:
    """Angle round the head's axis, 0 at the front, positive to the person's left."""
    return np.degrees(np.arctan2(points_mm[:, 0], points_mm[:, 2] - 20.0))


def scalp_mask(points_mm: F64, ears: F64) -> F64:
    """Hair density 0..1: feathered over 18 mm at the hairline, none on the ears."""
    line = PchipInterpolator(HAIRLINE_DEG, HAIRLINE_MM)(np.abs(azimuth_deg(points_mm)))
    rise = np.clip((points_mm[:, 1] - line) / 18.0 + 0.45, 0.0, 1.0)
    soft = rise * rise * (3 - 2 * rise)
    return np.asarray(soft * (ears < 0.2) * (points_mm[:, 1] > 655.0), np.float64)


def teeth_facts(points_mm: F64, upper: bool) -> F64:
    """(V, 2): tooth number along the arch, and 0 (biting edge) to 1 (root) over the height."""
    arch = np.arctan2(points_mm[:, 0], points_mm[:, 2] - 110.0)
    low, high = points_mm[:, 1].min(), points_mm[:, 1].max()
    rise = (points_mm[:, 1] - low) / (high - low)
    return np.stack([arch / (np.pi / 11) + 0.5, rise if upper else 1 - rise], 1)


def occlusion(points: F32, normals: F32, tris: NDArray[np.int64], directions: int) -> F64:
    """Share of the cosine-weighted hemisphere that is open, (V,) 0..1.

    Compares each point with parallel depth maps (1 mm cells) from evenly spread directions.
    """
    cells = 640
    low, high = points.min(0), points.max(0)
    centre, scale = (low + high) / 2, cells / float(np.linalg.norm(high - low))
    total, hit = np.zeros(len(points)), np.zeros(len(points))
    index = tris.astype(np.int32)
    for axis in _sphere(directions):
        side = np.cross(axis, [0.31, 0.95, 0.07])
        side /= np.linalg.norm(side)
        up = np.cross(side, axis)
        x = (points - centre) @ side * scale + cells / 2
        y = (points - centre) @ up * scale + cells / 2
        depth = (points - centre) @ axis
        image = np.full((cells, cells), -np.inf)
        depth_map(x, y, depth, index, image)
        from_x, from_y = x + (normals @ side) * scale * 0.002, y + (normals @ up) * scale * 0.002
        col = np.clip(np.round(from_x), 0, cells - 1).astype(int)
        row = np.clip(np.round(from_y), 0, cells - 1).astype(int)
        cosine = np.maximum(normals @ axis, 0)
        lifted = depth + (normals @ axis) * 0.002
        total += cosine
        hit += cosine * (image[row, col] <= lifted + 0.0015)
    return hit / np.maximum(total, 1e-9)


def _sphere(count: int) -> F64:
    """Fibonacci points on the unit sphere."""
    i = np.arange(count) + 0.5
    z, angle = 1 - 2 * i / count, np.pi * (1 + 5**0.5) * i
    ring = np.sqrt(1 - z * z)
    return np.stack([ring * np.cos(angle), ring * np.sin(angle), z], 1)
