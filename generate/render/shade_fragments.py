"""From the visibility buffer to fragments (one per pixel and material), and from them to images.

A pixel has SAMPLES x SAMPLES samples. Samples of one material in one pixel are shaded once; the
eye, whose detail is finer than a pixel, is shaded at every sample.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from generate.people.ids import EYE, N_MATERIALS
from generate.render.shade_math import unit

SAMPLES = 2


class Fragments(NamedTuple):
    """K fragments sorted by material; `first[m] : first[m + 1]` are those of material m."""

    first: NDArray[np.int64]
    pixel: NDArray[np.int32]
    """(K,) row * W + column."""
    weight: NDArray[np.float32]
    """(K,) share of the pixel."""
    depth: NDArray[np.float32]
    """(K,) m along the optical axis."""
    position: NDArray[np.float32]
    """(K, 3) m, world."""
    normal: NDArray[np.float32]
    """(K, 3) unit, world."""
    canon: NDArray[np.float32]
    """(K, 3) place on the template (mm); eyeball direction for eyes; tangent for hair."""
    aux: NDArray[np.float32]
    """(K, 4) columns as in people/ids.py."""
    color: NDArray[np.float32]
    """(K, 3) linear RGB, written by the shaders."""
    part: NDArray[np.uint8]
    """(K,) id in PARTS, written by the shaders."""
    albedo: NDArray[np.float32]
    """(K, 3) linear RGB of the surface without light, by `keep_albedo`; (0, 3) if nobody asks."""


class Mesh(NamedTuple):
    """Triangles in the world, one frame."""

    tris: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    """(F,) material of each triangle."""
    moving: Any
    """(3, V, 3) points, unit normals and canon; an array of the engine that draws."""
    aux: NDArray[np.float32]

    @property
    def points(self) -> NDArray[np.float32]:
        """(V, 3), on the CPU."""
        return np.asarray(self.moving[0])

    @property
    def normals(self) -> NDArray[np.float32]:
        return np.asarray(self.moving[1])

    @property
    def canon(self) -> NDArray[np.float32]:
        return np.asarray(self.moving[2])


@numba.njit(fastmath=True)
def keep_albedo(fragments, k, red, green, blue):
    """Every shader calls this for each fragment; nothing happens where nobody asked for albedo."""
    if fragments.albedo.shape[0] > 0:
        fragments.albedo[k, 0] = red
        fragments.albedo[k, 1] = green
        fragments.albedo[k, 2] = blue


@numba.njit(fastmath=True)
def _kinds_at(ids, kinds, row, column, found):
    """Materials of the samples of one pixel into `found`, -1 for none; true if all are the same."""
    top = row * SAMPLES
    left = column * SAMPLES
    same = True
    for s in range(SAMPLES * SAMPLES):
        t = ids[top + s // SAMPLES, left + s % SAMPLES]
        found[s] = -1 if t < 0 else kinds[t]
        same = same and found[s] == found[0]
    return same


@numba.njit(fastmath=True)
def _share(found, s):
    """Samples that fragment `s` stands for: 0 where an earlier sample already does."""
    kind = found[s]
    if kind < 0:
        return 0
    if kind == EYE:
        return 1
    count = 1
    for other in range(SAMPLES * SAMPLES):
        if found[other] == kind and other < s:
            return 0
        count += found[other] == kind and other > s
    return count


@numba.njit(cache=True)
def count(ids, kinds):
    """Offsets (N_MATERIALS + 1,) of each material's fragments; kinds (F,) of triangles."""
    first = np.zeros(N_MATERIALS + 1, np.int64)
    found = np.empty(SAMPLES * SAMPLES, np.int32)
    for row in range(ids.shape[0] // SAMPLES):
        for column in range(ids.shape[1] // SAMPLES):
            same = _kinds_at(ids, kinds, row, column, found)
            if same and found[0] != EYE:
                if found[0] >= 0:
                    first[found[0] + 1] += 1
                continue
            for s in range(SAMPLES * SAMPLES):
                if _share(found, s) > 0:
                    first[found[s] + 1] += 1
    for m in range(N_MATERIALS):
        first[m + 1] += first[m]
    return first


@numba.njit(fastmath=True)
def barycentric(xy, inverse_z, a, b, c, x, y):
    """Perspective-correct weights of (a, b, c) at screen point (x, y), and 1/z there."""
    ax, ay = float(xy[a, 0]), float(xy[a, 1])
    bx, by = float(xy[b, 0]), float(xy[b, 1])
    cx, cy = float(xy[c, 0]), float(xy[c, 1])
    scale = 1.0 / ((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
    wa = ((bx - x) * (cy - y) - (cx - x) * (by - y)) * scale
    wb = ((cx - x) * (ay - y) - (ax - x) * (cy - y)) * scale
    wa, wb, wc = wa * inverse_z[a], wb * inverse_z[b], (1.0 - wa - wb) * inverse_z[c]
    total = wa + wb + wc
    z = 1.0 / total
    return np.float32(wa * z), np.float32(wb * z), np.float32(wc * z), np.float32(z)


@numba.njit(fastmath=True)
def _blend(values, a, b, c, wa, wb, wc, out, k):
    for i in range(3):
        out[k, i] = wa * values[a, i] + wb * values[b, i] + wc * values[c, i]


@numba.njit(cache=True, fastmath=True)
def gather(ids, xy, inverse_z, mesh, fragments):
    """Fill `fragments` (all but colour and part) from the visibility buffer.

    xy (V, 2) and inverse_z (V,) from `raster.project`, at 1/256 sample.
    """
    # Arrays are taken out of their tuples once: numba counts references at each such access.
    tris, kinds, auxes = mesh.tris, mesh.kinds, mesh.aux
    points, normals, canons = mesh.moving[0], mesh.moving[1], mesh.moving[2]
    pixel, weight, depth, position = (
        fragments.pixel,
        fragments.weight,
        fragments.depth,
        fragments.position,
    )
    normal, canon, aux = fragments.normal, fragments.canon, fragments.aux
    place = fragments.first.copy()
    found = np.empty(SAMPLES * SAMPLES, np.int32)
    width = ids.shape[1] // SAMPLES
    for row in range(ids.shape[0] // SAMPLES):
        for column in range(width):
            same = _kinds_at(ids, kinds, row, column, found)
            if same and found[0] < 0:
                continue
            for s in range(SAMPLES * SAMPLES):
                share = _share(found, s)
                if share == 0:
                    continue
                k = place[found[s]]
                place[found[s]] += 1
                j, i = row * SAMPLES + s // SAMPLES, column * SAMPLES + s % SAMPLES
                t = ids[j, i]
                a, b, c = np.uint32(tris[t, 0]), np.uint32(tris[t, 1]), np.uint32(tris[t, 2])
                x, y = i * 256.0 + 128.0, j * 256.0 + 128.0
                wa, wb, wc, z = barycentric(xy, inverse_z, a, b, c, x, y)
                pixel[k] = row * width + column
                weight[k] = share / (SAMPLES * SAMPLES)
                depth[k] = z
                _blend(points, a, b, c, wa, wb, wc, position, k)
                _blend(normals, a, b, c, wa, wb, wc, normal, k)
                _blend(canons, a, b, c, wa, wb, wc, canon, k)
                for n in range(4):
                    aux[k, n] = wa * auxes[a, n] + wb * auxes[b, n] + wc * auxes[c, n]
                normal[k, 0], normal[k, 1], normal[k, 2] = unit(
                    normal[k, 0], normal[k, 1], normal[k, 2]
                )
                if same and found[0] != EYE:
                    break


@numba.njit(cache=True)
def resolve(fragments, image, parts, depth, best):
    """Composite over `image` (H * W, 3), which holds the backdrop; the largest share labels.

    parts (H * W,) uint8 and depth (H * W,) m must be 0; best (H * W,) is scratch.
    """
    n = fragments.first[-1]
    best[:] = 1.0
    for k in range(n):
        best[fragments.pixel[k]] -= fragments.weight[k]
    for p in range(image.shape[0]):
        for c in range(3):
            image[p, c] *= best[p]
    for k in range(n):
        p, w = fragments.pixel[k], fragments.weight[k]
        for c in range(3):
            image[p, c] += w * fragments.color[k, c]
        if w >= best[p]:
            best[p] = w
            parts[p] = fragments.part[k]
            depth[p] = fragments.depth[k]


def allocate(first: NDArray[np.int64], albedo: bool = False) -> Fragments:
    """Room for the fragments that `count` announced, and for their albedo if asked for."""
    n = int(first[-1])
    f4 = np.float32
    return Fragments(
        first,
        np.empty(n, np.int32),
        np.empty(n, f4),
        np.empty(n, f4),
        np.empty((n, 3), f4),
        np.empty((n, 3), f4),
        np.empty((n, 3), f4),
        np.empty((n, 4), f4),
        np.empty((n, 3), f4),
        np.empty(n, np.uint8),
        np.zeros((n if albedo else 0, 3), f4),
    )
