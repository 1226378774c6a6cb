"""What things need to know of the head they sit on: landmarks, ears and how far the skin stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from generate.people.asset import Topology, load_asset, load_topology
from generate.people.kernels import depth_map

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

CELL_M = 0.0015
CELLS = 256
EAR_MM = (71.0, 736.0, 26.0)
"""Template place where the top of the left ear leaves the head."""


@dataclass(frozen=True)
class Face:
    """The upright, neutral head. Metres, axes as in `child.Posed`."""

    topology: Topology
    points: F32
    """(V, 3) of all the child."""
    marks: F64
    """(68, 3) landmarks."""
    eyes: F64
    """(2, 3) centres of the eyeballs."""
    scale: float
    """Size of the head over the template's."""

    @cached_property
    def skin(self) -> F64:
        """(S, 3) points of head and neck."""
        return self.points[self.topology.parts["skin"][0]].astype(np.float64)

    @cached_property
    def canon(self) -> F64:
        """(S, 3) their places on the template, mm."""
        return self.topology.canon[self.topology.parts["skin"][0]].astype(np.float64)

    @cached_property
    def _front(self) -> F64:
        return self._heights(0, 1, 2, 1.0)

    @cached_property
    def _sides(self) -> tuple[F64, F64]:
        return self._heights(2, 1, 0, -1.0), self._heights(2, 1, 0, 1.0)

    def _heights(self, across: int, up: int, out: int, sign: float) -> F64:
        image = np.full((CELLS, CELLS), -np.inf)
        x, y = (self.skin[:, k] / CELL_M + CELLS / 2 for k in (across, up))
        tris = self.topology.tris[self.topology.parts["skin"][1]]
        depth_map(x, y, sign * self.skin[:, out], tris, image)
        return image

    def front(self, x: F64, y: F64) -> F64:
        """z of the skin seen from the front at (x, y), -inf where there is none."""
        i, j = _cell(x), _cell(y)
        return np.asarray(self._front[j, i])

    def side(self, y: F64, z: F64, left: bool) -> F64:
        """|x| of the skin seen from the child's left or right at (y, z), -inf where there is none.

        Ears are skin too.
        """
        i, j = _cell(z), _cell(y)
        return np.asarray(self._sides[int(left)][j, i])

    def front_of(self, center: F64, half: tuple[float, float]) -> float:
        """Largest z of the skin in a rectangle about `center`, x and y, with these half sides."""
        x, y = np.meshgrid(*(np.linspace(-h, h, 24) for h in half))
        return float(self.front(center[0] + x, center[1] + y).max())

    def at(self, canon_mm: tuple[float, float, float]) -> F64:
        """Point (3,) of the skin nearest to a template place."""
        return np.asarray(self.skin[_nearest(canon_mm)])


@cache
def _nearest(canon_mm: tuple[float, float, float]) -> int:
    """Number of the skin point nearest to a template place; the skin is that of all garments."""
    topology = load_topology(load_asset().garments[0])
    canon = topology.canon[topology.parts["skin"][0]].astype(np.float64)
    return int(((canon - canon_mm) ** 2).sum(1).argmin())


def _cell(x: F64) -> NDArray[np.intp]:
    return np.clip(np.round(np.asarray(x) / CELL_M + CELLS / 2).astype(int), 0, CELLS - 1)
