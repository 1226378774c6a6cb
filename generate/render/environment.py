"""What surrounds the child, as radiance by direction, and the ambient light that it gives.

World axes: x to the image right, y up, z towards the camera. Colours are linear RGB. A map is an
equirect (8, 16, 3): row 0 looks up, column 0 looks away from the camera (-z), columns go round
by way of +x.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

ROWS, COLUMNS = 8, 16
SIDES = ("right", "left", "up", "down", "front", "behind")
"""Sides of a surroundings cube: +x, -x, +y, -y, +z (behind the camera), -z (what is seen)."""


def directions(rows: int = ROWS, columns: int = COLUMNS) -> tuple[F64, F64]:
    """Unit vectors (rows * columns, 3) of the cells of a map and their solid angles, sum 4 pi."""
    edge = np.linspace(0, np.pi, rows + 1)
    round_ = (np.arange(columns) + 0.5) * 2 * np.pi / columns
    y = (np.cos(edge[:-1]) + np.cos(edge[1:]))[:, None] / 2
    r = np.sqrt(1 - y * y)
    x, z = r * np.sin(round_), -r * np.cos(round_)
    solid = (np.cos(edge[:-1]) - np.cos(edge[1:]))[:, None] * (2 * np.pi / columns)
    vectors = np.stack([x, np.broadcast_to(y, x.shape), z], -1).reshape(-1, 3)
    return vectors, np.broadcast_to(solid, x.shape).ravel().copy()


def polynomials(n: NDArray[np.floating]) -> F64:
    """The nine harmonics (..., 9) of unit vectors (..., 3) as `shade_math.irradiance` sums them."""
    x, y, z = n[..., 0], n[..., 1], n[..., 2]
    terms = (1 + 0 * x, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y)
    return np.stack(terms, -1)


def _cells(finer: int = 6) -> F64:
    """Integral of each harmonic over each cell (9, 128)."""
    vectors, solid = directions(ROWS * finer, COLUMNS * finer)
    terms = (polynomials(vectors) * solid[:, None]).reshape(ROWS, finer, COLUMNS, finer, 9)
    return np.asarray(terms.sum((1, 3)).reshape(-1, 9).T)


_VECTORS, _ = directions()
_LOBES = np.array([1, 2, 2, 2, 15 / 4, 15 / 4, 5 / 16, 15 / 4, 15 / 16]) / (4 * np.pi)
"""Squared norms of the harmonics times the cosine lobe over pi (Ramamoorthi and Hanrahan, "An
efficient representation for irradiance environment maps", 2001: 1, 2/3, 1/4)."""
_PROJECT = (_LOBES[:, None] * _cells()).astype(np.float32)
_SIDE_SHARE = np.stack(
    [np.maximum(sign * _VECTORS[:, axis], 0) ** 2 for axis in range(3) for sign in (1, -1)], 1
).astype(np.float32)
"""(128, 6) share of each side in each cell, sum 1 (the ambient cube of McTaggart, 2004)."""


def environment_map(sides: F32, glow: F32, towards: NDArray[np.floating], spread: float) -> F32:
    """Map (8, 16, 3) of six sides (6, 3) with a glow (3,) about the direction `towards`.

    spread: cosine distance at which the glow has fallen to 1/e.
    """
    lobe = np.exp((_VECTORS @ np.asarray(towards, np.float64) - 1) / spread).astype(np.float32)
    cells = _SIDE_SHARE @ sides + lobe[:, None] * glow
    return np.asarray(cells.reshape(ROWS, COLUMNS, 3), np.float32)


def harmonics(env: F32) -> F32:
    """Ambient light (9, 3) of a map, the cosine lobe included: constant 1 gives 1 everywhere."""
    return np.asarray(_PROJECT @ env.reshape(-1, 3), np.float32)


def irradiance_at(ambient: F32, normals: NDArray[np.floating]) -> F64:
    """Ambient light (..., 3) on surfaces with these normals (..., 3)."""
    return np.maximum(polynomials(np.asarray(normals, np.float64)) @ ambient, 0)
