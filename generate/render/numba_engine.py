"""What draws: the verbs that a view is made of, here on the CPU through numba.

`gl_engine.GlEngine` has the same verbs on a GPU. Arrays that a verb returns belong to the engine:
hand them to its other verbs, or `fetch` them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from generate.people.poser import Runner
from generate.render.raster import rasterize
from generate.render.shade_fragments import Fragments, Mesh, allocate, count, gather, resolve


class Target(NamedTuple):
    """What the nearest triangle is at every sample."""

    depth: Any
    """(S, S) float32, 0 where nothing is; 1/z for cameras, larger is nearer."""
    ids: Any
    """(S, S) int32 number of the triangle, -1 for none."""


class Engine(Runner):
    """Draws with kernels as numba compiled them."""

    name = "numba"

    def target(self, side: int) -> Target:
        """A cleared target of `side` x `side` samples."""
        return Target(np.zeros((side, side), np.float32), np.full((side, side), -1, np.int32))

    def clear(self, target: Target) -> None:
        target.depth[:], target.ids[:] = 0, -1

    def above(self, target: Target) -> Target:
        """A target without triangles that lets through only what is nearer than in `target`."""
        return Target(target.depth.copy(), np.full_like(target.ids, -1))

    def rasterize(
        self, xy: Any, inverse_z: Any, tris: Any, kinds: Any, aux: Any, cut: bool, target: Target
    ) -> None:
        """See `raster.rasterize`."""
        rasterize(xy, inverse_z, tris, kinds, aux, cut, target.depth, target.ids)

    def seen_at(
        self, target: Target, rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Nearness and triangle at samples (N,) of a target."""
        return target.depth[rows, columns], target.ids[rows, columns]

    def gather(self, target: Target, xy: Any, inverse_z: Any, mesh: Mesh, albedo: bool) -> Any:
        """`Fragments` of what the target shows, ready to be shaded."""
        fragments = allocate(count(target.ids, mesh.kinds), albedo)
        gather(target.ids, xy, inverse_z, mesh, fragments)
        return fragments

    def resolve(self, fragments: Fragments, backdrop: NDArray[np.float32]) -> tuple[Any, Any, Any]:
        """Image (H * W, 3), parts (H * W,) and depth (H * W,) m over backdrop (H, W, 3)."""
        image = backdrop.reshape(-1, 3).copy()
        parts, depth = np.zeros(len(image), np.uint8), np.zeros(len(image), np.float32)
        resolve(fragments, image, parts, depth, np.empty(len(image), np.float32))
        return image, parts, depth
