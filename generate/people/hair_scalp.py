"""The head that hair grows on: the hairline, where roots lie, what strands must not enter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from generate.people.asset import Topology
from generate.people.hair_styles import Style

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

HAIRLINE_MM = (0.0, 797.0, 127.0)
"""Template place of the middle of the front hairline."""
FRONT_LINE = (
    (0.0, 15.0, 30.0, 42.0, 50.0, 56.0, 60.0, 63.0, 65.0),
    (791.0, 791.5, 789.0, 779.0, 764.0, 745.0, 730.0, 722.0, 999.0),
)
"""Degrees from the front, template height: a child's hairline, lower than the baked one."""
EAR_MM = (74.5, 748.0)
"""Template distance from the middle beyond which, and height below which, the ears are."""
TEMPLE_WIDTH_M = 0.1425
"""Width of the template's head above the ears, which style lengths refer to."""


@dataclass(frozen=True)
class Roots:
    """N places on the scalp."""

    point: F64
    """(N, 3) metres."""
    normal: F64
    canon: F64
    """(N, 3) mm on the template."""
    density: F64
    """(N,) 0 at the hairline's outer edge to 1."""


class Scalp:
    """Skin and garment of the upright head as obstacles, scalp triangles as soil."""

    def __init__(self, topology: Topology, points: F32, normals: F32, density: F32) -> None:
        """density (V,) as from `density_of`."""
        skin, faces = topology.parts["skin"]
        self.points = points[skin].astype(np.float64)
        self.normals = normals[skin].astype(np.float64)
        self.canon = topology.canon[skin].astype(np.float64)
        self.density = density[skin].astype(np.float64)
        self.tris = topology.tris[faces]
        self.tris = self.tris[self.density[self.tris].max(1) > 0.02]
        cloth = topology.parts["cloth"][0]
        high = np.flatnonzero(topology.canon[cloth, 1] > 380)[::2]
        self._solid = np.concatenate([self.points[::2], points[cloth][high]])
        self._out = np.concatenate([self.normals[::2], normals[cloth][high]])
        self._tree = cKDTree(self._solid)
        hairy = topology.aux[skin, 3] > 0.5
        width = np.ptp(self.points[hairy, 0])
        self.scale = float(width / TEMPLE_WIDTH_M)
        self.centre = (self.points[hairy].max(0) + self.points[hairy].min(0)) / 2

    def roots(self, rng: np.random.Generator, count: int, power: float = 1.0) -> Roots:
        """Draw places with a density of the scalp mask to this power."""
        corners = self.points[self.tris]
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        soil = np.linalg.norm(cross, axis=1) * self.density[self.tris].mean(1) ** power
        # one draw in each of `count` equal shares of the soil: no clusters, no holes
        share = (np.arange(count) + rng.uniform(0, 1, count)) / count
        chosen = np.searchsorted(np.cumsum(soil) / soil.sum(), share)
        return self.on_triangles(rng, np.minimum(chosen, len(soil) - 1))

    def on_triangles(self, rng: np.random.Generator, chosen: NDArray[np.int64]) -> Roots:
        """Return one random place on each chosen triangle."""
        share = rng.dirichlet([1, 1, 1], len(chosen))[..., None]
        tris = self.tris[chosen]
        normal = (self.normals[tris] * share).sum(1)
        return Roots(
            point=(self.points[tris] * share).sum(1),
            normal=unit(normal),
            canon=(self.canon[tris] * share).sum(1),
            density=(self.density[tris] * share[..., 0]).sum(1),
        )

    def height(self, points: F64) -> tuple[F64, F64]:
        """Return the signed height (N,) of points over skin or garment and the normal there."""
        gap, near = self._tree.query(points)
        normal = self._out[near]
        height = ((points - self._solid[near]) * normal).sum(1)
        return np.where(gap > 0.06, 1.0, height), normal

    def at(self, canon_mm: tuple[float, float, float]) -> tuple[F64, F64]:
        """Return point and normal of the skin nearest to a template place."""
        near = int(((self.canon - canon_mm) ** 2).sum(1).argmin())
        return self.points[near], self.normals[near]

    def towards(self, ways: F64) -> tuple[F64, F64, F64]:
        """Point, normal and density of the skin in directions (N, 3) from the head's centre."""
        near = np.flatnonzero(self.points[:, 1] > self.centre[1] - 0.14 * self.scale)
        seen = self.points[near] - self.centre
        gap, index = cKDTree(unit(seen)).query(unit(ways), k=4)
        share = 1 / (gap + 0.01)
        share = (share / share.sum(1, keepdims=True))[..., None]
        chosen = near[index]
        reach = (np.linalg.norm(seen[index], axis=2)[..., None] * share).sum(1)
        normal = unit((self.normals[chosen] * share).sum(1))
        density = (self.density[chosen] * share[..., 0]).sum(1)
        return self.centre + unit(ways) * reach, normal, density

    def outside(self, strands: F64, height: float | F64) -> F64:
        """Lift what is less than `height` over the skin or the garment out of it."""
        found, normal = self.height(strands.reshape(-1, 3))
        lift = np.clip(height - found, 0, 0.03)[:, None] * normal
        return np.asarray(strands + lift.reshape(strands.shape))

    def keep_off(self, spot: F64, height: F64) -> F64:
        """Lift points to `height` over the skin and draw those far above it back a little."""
        found, normal = self.height(spot)
        lift = np.clip(height - found, 0, 0.03)
        sink = np.where(found < 0.04, np.clip(found - 1.2 * height, 0, 0.02), 0) * 0.7
        return np.asarray(spot + normal * (lift - sink)[:, None])


def density_of(topology: Topology, style: Style, seed: int) -> F32:
    """How densely hair of this style grows at each render point (V,), 0 to 1.

    The baked hairline, lower at the front, moved by up to 3 mm along it so
    that no two heads have the same, without what a fade or a bald top leaves bare.
    """
    canon, baked = topology.canon.astype(np.float64), topology.aux[:, 3]
    skin = topology.parts["skin"][0]
    out = np.zeros(len(canon), np.float32)
    x, y, z = canon[skin].T
    azimuth = np.arctan2(x, z - 20.0)
    rng = np.random.default_rng([seed, 0x4A2])
    waves = sum(
        rng.normal(0, 0.10 / n) * np.cos(n * azimuth + rng.uniform(0, 2 * np.pi))
        for n in range(2, 9)
    )
    low = np.interp(np.abs(np.degrees(azimuth)), *FRONT_LINE)
    ear = (np.abs(x) > EAR_MM[0]) & (y < EAR_MM[1])
    rise = np.clip((y - low) / 18 + 0.45, 0, 1) * ~ear
    edge = np.maximum(baked[skin].astype(np.float64), rise * rise * (3 - 2 * rise))
    cover = np.clip(edge + waves * 4 * edge * (1 - edge), 0, 1)
    if style.fade_mm:
        cover = cover * np.clip((y - style.fade_mm + 75) / 75, 0.25, 1)
    if style.bald:
        top = np.clip((y - 770 - 14 * np.cos(azimuth * 2)) / 22, 0, 1)
        cover = cover * (1 - style.bald * top * np.clip((z + 85) / 30, 0, 1))
    out[skin] = cover
    return out


def unit(vectors: F64) -> F64:
    """Vectors (..., 3) of length 1."""
    length = np.sqrt((vectors * vectors).sum(-1, keepdims=True))
    return np.asarray(vectors / np.maximum(length, 1e-9))


def tangent_to(vectors: F64, normal: F64) -> F64:
    """Unit vectors (N, 3): what of `vectors` lies along the surface."""
    return unit(vectors - (vectors * normal).sum(1, keepdims=True) * normal)


def frame_of(rng: np.random.Generator, normal: F64) -> tuple[F64, F64]:
    """Two random unit tangents, at right angles."""
    across = tangent_to(rng.standard_normal(normal.shape), normal)
    return across, np.cross(normal, across)
