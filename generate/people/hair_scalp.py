"""The head that hair grows on: where roots lie and what strands must not enter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from generate.people.asset import Topology

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

HAIRLINE_MM = (0.0, 797.0, 127.0)
"""Template place of the middle of the front hairline."""
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

    def __init__(self, topology: Topology, points: F32, normals: F32) -> None:
        skin, faces = topology.parts["skin"]
        self.points = points[skin].astype(np.float64)
        self.normals = normals[skin].astype(np.float64)
        self.canon = topology.canon[skin].astype(np.float64)
        self.density = topology.aux[skin, 3].astype(np.float64)
        self.tris = topology.tris[faces]
        self.tris = self.tris[self.density[self.tris].max(1) > 0.02]
        cloth = topology.parts["cloth"][0]
        high = np.flatnonzero(topology.canon[cloth, 1] > 380)[::2]
        self._solid = np.concatenate([self.points[::2], points[cloth][high]])
        self._out = np.concatenate([self.normals[::2], normals[cloth][high]])
        self._tree = cKDTree(self._solid)
        hairy = self.density > 0.5
        width = np.ptp(self.points[hairy, 0])
        self.scale = float(width / TEMPLE_WIDTH_M)
        self.centre = (self.points[hairy].max(0) + self.points[hairy].min(0)) / 2

    def roots(self, rng: np.random.Generator, count: int, power: float = 1.3) -> Roots:
        """Draw places with a density of the scalp mask to this power."""
        corners = self.points[self.tris]
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        soil = np.linalg.norm(cross, axis=1) * self.density[self.tris].mean(1) ** power
        return self.on_triangles(rng, rng.choice(len(self.tris), count, p=soil / soil.sum()))

    def on_triangles(self, rng: np.random.Generator, chosen: NDArray[np.int64]) -> Roots:
        """Return one random place on each chosen triangle."""
        share = rng.dirichlet([1, 1, 1], len(chosen))[..., None]
        tris = self.tris[chosen]
        normal = (self.normals[tris] * share).sum(1)
        return Roots(
            point=(self.points[tris] * share).sum(1),
            normal=normal / np.linalg.norm(normal, axis=1, keepdims=True),
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


def scalp_of(topology: Topology, points: F32, normals: F32) -> Scalp:
    """Return the scalp of the upright, neutral head."""
    return Scalp(topology, points, normals)
