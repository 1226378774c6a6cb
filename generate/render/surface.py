"""Labels of the surface that a pixel shows, written on request: normals, albedo, optical flow.

Each is that of the fragment which labels the pixel in the part mask, but albedo, which is the mean
of all that covers it, as the picture is. All are 0 where the background labels.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from generate.people.ids import N_MATERIALS
from generate.render.camera import Camera
from generate.render.sensor import encode_srgb
from generate.render.shade_fragments import SAMPLES, Fragments, Mesh, barycentric

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
SURFACE_LABELS = ("normals", "albedo", "flow")
"""What may be asked for."""
NORMAL_STEPS = 127
"""Normals are whole numbers; this is length 1."""


class Drawn(NamedTuple):
    """One drawn pose, as numpy arrays."""

    ids: I32
    """(S, S) triangle at each sample."""
    xy: I32
    inverse_z: F32
    """As `raster.project` gives them."""
    mesh: Mesh
    fragments: Fragments


def surface_labels(
    extra: Collection[str], drawn: Drawn, camera: Camera, later: F32
) -> dict[str, NDArray[Any]]:
    """Those of normals, albedo and flow that `extra` names, as normals, albedo and flow_px.

    later (V, 3): the points of the mesh in the next frame.
    """
    owner = np.full((camera.size_px, camera.size_px), -1, np.int32)
    fragments = drawn.fragments
    best = np.ones(owner.size, np.float32)
    _own(fragments.first, fragments.pixel, fragments.weight, best, owner.ravel())
    out: dict[str, NDArray[Any]] = {}
    if "normals" in extra:
        out["normals"] = _normals(fragments, owner, camera)
    if "albedo" in extra:
        out["albedo"] = _albedo(fragments, owner)
    if "flow" in extra:
        out["flow_px"] = _flow(drawn, owner, camera, later)
    return out


def _normals(fragments: Fragments, owner: I32, camera: Camera) -> NDArray[np.int8]:
    """Unit normals (H, W, 3) int8 times NORMAL_STEPS, camera axes, turned towards the camera."""
    some = fragments.normal[owner[owner >= 0]].astype(np.float64)
    ray = fragments.position[owner[owner >= 0]] - camera.place
    some *= -np.sign((some * ray).sum(1, keepdims=True))
    out = np.zeros((*owner.shape, 3), np.int8)
    out[owner >= 0] = np.round(some @ camera.rotation.T * NORMAL_STEPS)
    return out


def _albedo(fragments: Fragments, owner: I32) -> NDArray[np.uint8]:
    """Colour without light (H, W, 3), sRGB bytes."""
    total = np.zeros((owner.size, 4), np.float32)
    _spread(fragments.first, fragments.pixel, fragments.weight, fragments.albedo, total)
    mean = np.asarray(total[:, :3] / np.maximum(total[:, 3:], 1e-6), np.float32)
    mean[owner.ravel() < 0] = 0
    return np.asarray(encode_srgb(mean) * 255 + 0.5, np.uint8).reshape(*owner.shape, 3)


def _flow(drawn: Drawn, owner: I32, camera: Camera, later: F32) -> NDArray[np.float16]:
    """Pixels (H, W, 2) that the surface point of each pixel moves until the next frame.

    What hides the point then does not matter.
    """
    mesh = drawn.mesh
    corner = np.empty((int((owner >= 0).sum()), 3), np.int32)
    weight = np.empty(corner.shape, np.float32)
    _anchors(
        *(drawn.ids, drawn.xy, drawn.inverse_z, mesh.tris, mesh.kinds, drawn.fragments.first),
        *(owner, corner, weight),
    )
    share = weight[..., None].astype(np.float64)
    now, then = ((points[corner] * share).sum(1) for points in (mesh.points, later))
    pixels = [camera.project(camera.to_camera(points)) for points in (then, now)]
    out = np.zeros((*owner.shape, 2), np.float16)
    out[owner >= 0] = pixels[0] - pixels[1]
    return out


@numba.njit(cache=True)
def _own(first: Any, pixel: Any, weight: Any, best: Any, owner: Any) -> None:
    """The fragment that labels each pixel, by the rule of `shade_fragments.resolve`."""
    for k in range(first[-1]):
        best[pixel[k]] -= weight[k]
    for k in range(first[-1]):
        if weight[k] >= best[pixel[k]]:
            best[pixel[k]] = weight[k]
            owner[pixel[k]] = k


@numba.njit(cache=True)
def _spread(first: Any, pixel: Any, weight: Any, albedo: Any, total: Any) -> None:
    for k in range(first[-1]):
        for c in range(3):
            total[pixel[k], c] += weight[k] * albedo[k, c]
        total[pixel[k], 3] += weight[k]


@numba.njit(cache=True)
def _anchors(
    ids: Any, xy: Any, inverse_z: Any, tris: Any, kinds: Any, first: Any, owner: Any,
    corner: Any, weight: Any,
) -> None:  # fmt: skip
    """Triangle corners and weights of the first sample that shows each owner's material."""
    n = 0
    for row in range(owner.shape[0]):
        for column in range(owner.shape[1]):
            if owner[row, column] < 0:
                continue
            kind = 0
            while kind < N_MATERIALS - 1 and first[kind + 1] <= owner[row, column]:
                kind += 1
            for s in range(SAMPLES * SAMPLES):
                j, i = row * SAMPLES + s // SAMPLES, column * SAMPLES + s % SAMPLES
                t = ids[j, i]
                if t >= 0 and kinds[t] == kind:
                    break
            a, b, c = tris[t, 0], tris[t, 1], tris[t, 2]
            corner[n, 0], corner[n, 1], corner[n, 2] = a, b, c
            x, y = i * 256.0 + 128.0, j * 256.0 + 128.0
            wa, wb, wc, _ = barycentric(xy, inverse_z, a, b, c, x, y)
            weight[n, 0], weight[n, 1], weight[n, 2] = wa, wb, wc
            n += 1
