"""`Shell`: a cap of cloth over the skull and the hair, and the hair pressed under it.

A shell is a height field over directions from a centre in the head: azimuth runs round its pole,
elevation from its rim to the pole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from generate.people.piece import Piece
from generate.people.things_face import Face
from generate.people.things_mesh import Stuff, sheet, solid

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

UP = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
"""Axes (side, pole, ahead) of a hat."""
BACK = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
"""Axes of a hood, whose rim runs round the face."""
SKIN_GAP_M = 0.0022
HAIR_GAP_M = 0.0015
ROWS = 13
HIDDEN_RAD = 0.10
"""Hair this far inside the rim is not drawn."""
FLARE = 0.9
"""How far hair that comes out from under a rim spreads, over its way from it."""


@dataclass(frozen=True)
class Shell:
    """Radii over a grid of directions."""

    centre: F64
    axes: F64
    """(3, 3) rows side, pole, ahead."""
    rim: F64
    """(C,) elevation of the rim at each column, rad; columns are azimuths 0 (ahead) to 2 pi."""
    radius: F64
    """(ROWS, C) m from the rim to the pole."""

    def polar(self, points: F64) -> tuple[F64, F64, F64]:
        """Azimuth, elevation (rad) and radius (m) of points (N, 3)."""
        side, up, ahead = ((points - self.centre) @ self.axes.T).T
        flat = np.hypot(side, ahead)
        return np.arctan2(side, ahead) % (2 * np.pi), np.arctan2(up, flat), np.hypot(flat, up)

    def rim_at(self, azimuth: F64) -> F64:
        """Elevation of the rim."""
        at = azimuth / (2 * np.pi) * len(self.rim)
        low, share = at.astype(int) % len(self.rim), at % 1
        return np.asarray(self.rim[low] * (1 - share) + self.rim[(low + 1) % len(self.rim)] * share)

    def radius_at(self, azimuth: F64, elevation: F64) -> F64:
        """Radius of the shell, that of the rim below it."""
        (i, j), (u, v) = self.cell(azimuth, elevation)
        n = self.radius.shape[1]
        low = self.radius[i, j] * (1 - v) + self.radius[i, (j + 1) % n] * v
        high = self.radius[i + 1, j] * (1 - v) + self.radius[i + 1, (j + 1) % n] * v
        return np.asarray(low * (1 - u) + high * u)

    def cell(self, azimuth: F64, elevation: F64) -> tuple[tuple[I64, I64], tuple[F64, F64]]:
        """Row and column of the cell that a direction lies in, and its place in it."""
        rim = self.rim_at(azimuth)
        t = np.clip((elevation - rim) / (np.pi / 2 - rim), 0, 1) * (ROWS - 1)
        i = np.minimum(t.astype(int), ROWS - 2)
        at = azimuth / (2 * np.pi) * len(self.rim)
        return (i, at.astype(int) % len(self.rim)), (t - i, at % 1)

    def points(self, row: F64, out_m: float | F64 = 0.0, dip: float | F64 = 0.0) -> F64:
        """Points (len(row), C, 3) at `row` 0 (rim) to 1 (pole), `out_m` off the shell; `dip` (rad)
        lowers them."""
        azimuth = np.broadcast_to(
            np.arange(len(self.rim)) * 2 * np.pi / len(self.rim), (len(row), len(self.rim))
        )
        elevation = self.rim + row[:, None] * (np.pi / 2 - self.rim)
        radius = self.radius_at(azimuth.ravel(), elevation.ravel()).reshape(elevation.shape)
        return self.centre + (radius + out_m)[..., None] * (
            directions(azimuth, elevation - dip) @ self.axes
        )

    def piece(self, stuff: Stuff, out_m: float | F64 = 0.0) -> Piece:
        """The shell as a sheet."""
        points = self.points(np.linspace(0, 1, ROWS), out_m)
        return solid(points, sheet(ROWS, len(self.rim), True), stuff)

    def press(self, hair: Piece) -> Piece:
        """The hair under the shell: what is far inside goes, what comes out starts within."""
        points = hair.points.astype(np.float64)
        azimuth, elevation, radius = self.polar(points)
        inside = elevation - self.rim_at(azimuth)
        limit = self.radius_at(azimuth, elevation) - HAIR_GAP_M
        limit += FLARE * limit * np.maximum(-inside - 0.02, 0)
        scale = np.minimum(limit / radius, 1)
        kept = hair.tris[(inside[hair.tris] < HIDDEN_RAD).any(1)]
        used = np.zeros(len(points), bool)
        used[kept] = True
        number = (np.cumsum(used) - 1).astype(np.int32)
        moved = self.centre + (points - self.centre) * scale[:, None]
        return replace(
            hair,
            points=moved[used].astype(np.float32),
            normals=hair.normals[used],
            canon=hair.canon[used],
            aux=hair.aux[used],
            follow=hair.follow[used],
            tris=number[kept],
        )


def directions(azimuth: F64, elevation: F64) -> F64:
    """Unit vectors (..., 3) along side, pole, ahead."""
    return np.stack(
        [
            np.cos(elevation) * np.sin(azimuth),
            np.sin(elevation),
            np.cos(elevation) * np.cos(azimuth),
        ],
        -1,
    )


def fit_shell(
    face: Face,
    hair: Piece,
    rim: F64,
    *,
    axes: F64 = UP,
    columns: int = 48,
    slack_m: float = 0.007,
    floor_m: float | None = None,
) -> Shell:
    """Fit a shell over skull and hair with its rim through the points `rim` (K, 3).

    slack_m: hair may hold the cloth this far off the skin, the rest is pressed down.
    """
    centre = np.array([0.0, rim[:, 1].mean(), (rim[:, 2].max() + rim[:, 2].min()) / 2])
    if axes is BACK:
        centre = np.array([0.0, 0.0, -0.085]) * face.scale
    shell = Shell(centre, axes, np.zeros(columns), np.ones((ROWS, columns)))
    a, e, _ = shell.polar(rim)
    order = np.argsort(a)
    azimuth = np.arange(columns) * 2 * np.pi / columns
    edge = np.interp(azimuth, a[order], e[order], period=2 * np.pi)
    shell = replace(shell, rim=gaussian_filter(edge, columns / 30, mode="wrap"))
    skin = face.skin[face.canon[:, 1] > 590.0]
    row = np.linspace(0, 1, ROWS)[:, None]
    elevation = shell.rim + row * (np.pi / 2 - shell.rim)
    toward = directions(np.broadcast_to(azimuth, elevation.shape), elevation) @ axes
    base = _reach(skin[::2] - centre, toward, 6, 100)
    locks = hair.points[:: max(1, len(hair.points) // 4000)].astype(np.float64) - centre
    hairy = _reach(locks, toward, 8, 60)
    radius = np.clip(hairy, base + SKIN_GAP_M, base + slack_m)
    radius = gaussian_filter(radius, (1.0, columns / 40), mode=("nearest", "wrap"))
    radius = np.maximum(radius, base + SKIN_GAP_M)
    radius[-1] = radius[-1].mean()
    if floor_m is not None:
        level = np.sqrt(np.maximum(1 - toward[..., 1] ** 2, 0.1))
        radius = np.where(toward[..., 1] < -0.3, np.maximum(radius, floor_m / level), radius)
    return _over(replace(shell, radius=radius), skin)


def _reach(points: F64, toward: F64, near: int, percent: float) -> F64:
    """How far points reach in each direction (..., 3)."""
    radius = np.linalg.norm(points, axis=1)
    tree = cKDTree(points / radius[:, None])
    _, index = tree.query(toward.reshape(-1, 3), near)
    return np.asarray(np.percentile(radius[index], percent, axis=1)).reshape(toward.shape[:-1])


def _over(shell: Shell, skin: F64) -> Shell:
    """Raise the shell where skin comes nearer than SKIN_GAP_M."""
    n = len(shell.rim)
    radius = shell.radius.copy()
    for _ in range(2):
        a, e, r = shell.polar(skin)
        under = e > shell.rim_at(a) - 0.02
        a, e, r = a[under], e[under], r[under]
        lack = r + SKIN_GAP_M - shell.radius_at(a, e)
        (i, j), _ = shell.cell(a, e)
        for di, dj in ((0, 0), (1, 0), (0, 1), (1, 1)):
            corner = (i + di) * n + (j + dj) % n
            target = np.where(lack > 0, radius.ravel()[corner] + lack, 0)
            np.maximum.at(radius.ravel(), corner, target)
        radius = np.maximum(radius, gaussian_filter(radius, (0.7, 1.0), mode=("nearest", "wrap")))
        shell = replace(shell, radius=radius.copy())
    return shell
