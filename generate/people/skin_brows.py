"""Brows: single hairs along a line, rising at its inner end."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.people.skin_canvas import FINER, canvas, from_canvas, on_canvas, to_texel

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

BROW_LINE = np.array(
    [(12.0, 745.0, 149.8), (25.0, 747.6, 145.8), (37.0, 749.6, 139.4), (47.8, 747.0, 132.0),
     (55.0, 740.8, 124.8)]
)  # fmt: skip
"""Centre of the left brow from its inner to its outer end, template mm."""


def brow_cover(weight: float, rng: np.random.Generator) -> F32:
    """Cover of brow hair (H, W), 0 to 1; weight 0 (hardly any hair) to 1 (full adult brows)."""
    drawing = canvas()
    lift, thick = rng.normal(0, 0.8), 0.75 + 0.5 * weight
    for side in (1.0, -1.0):
        line = BROW_LINE * (side, 1.0, 1.0) + (0.0, lift, 0.0)
        _draw_brow(drawing, line, thick, int(150 + 210 * weight), rng)
    hairs = from_canvas(drawing)
    shade = 0.55 * cv2.GaussianBlur(hairs, (0, 0), 2.4)
    return np.asarray(np.clip(hairs + shade, 0, 1) * (0.5 + 0.45 * weight), np.float32)


def _draw_brow(
    drawing: NDArray[np.uint8], line: F64, thick: float, hairs: int, rng: np.random.Generator
) -> None:
    t = np.linspace(0, 1, 61)
    center = np.stack([np.interp(t, np.linspace(0, 1, len(line)), line[:, k]) for k in range(3)], 1)
    center = cv2.blur(center, (1, 13), borderType=cv2.BORDER_REPLICATE)
    along = np.gradient(on_canvas(to_texel(center)), axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    u = rng.uniform(0, 1, hairs) ** 0.85
    half = thick * 3.3 * np.interp(u, [0, 0.12, 0.55, 1], [0.55, 1.0, 0.85, 0.2])
    rise = np.interp(u, [0, 0.2, 0.5, 1], [1.15, 0.65, 0.25, -0.1]) + rng.normal(0, 0.16, hairs)
    length = rng.uniform(3.2, 6.0, hairs) * (1 - 0.3 * u) * (0.8 + 0.2 * thick)
    i = (u * 60).astype(int)
    place = center[i] + np.stack([0 * u, rng.uniform(-0.9, 0.55, hairs) * half, 0 * u], 1)
    start = on_canvas(to_texel(place))
    heading = along[i] * np.cos(rise)[:, None] + np.array([0.0, -1.0]) * np.sin(rise)[:, None]
    end = start + heading * (length / 0.65 * FINER)[:, None]
    ink = rng.uniform(0.5, 1, hairs) * np.interp(u, [0, 0.12], [0.55, 1.0])
    for a, b, value in zip((start * 16).astype(int), (end * 16).astype(int), ink, strict=True):
        cv2.line(drawing, a.tolist(), b.tolist(), int(255 * value), 1, cv2.LINE_AA, 4)
