"""A path-traced view of the same spec through Mitsuba 3, for hero stills and a shifted test set.

Geometry, light, camera and labels are the numba view's. Albedo comes from the same kernels, asked
at every vertex of finer triangles; shading, shadows and what light does between surfaces are
Mitsuba's own.
"""

from __future__ import annotations

import ctypes.util
import os
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.people.child import Child, Posed
from generate.people.ids import (
    AUX_ACROSS,
    AUX_ALONG,
    AUX_GLOSS,
    AUX_STRAND,
    CLOTH,
    EYE,
    HAIR,
    LASH,
    N_MATERIALS,
    PROP,
    SKIN,
    TEETH,
    TONGUE,
)
from generate.people.skin import Look
from generate.render.camera import Camera, turning_square
from generate.render.light import Lamps, Shadow
from generate.render.raster import STRANDS, _lash_is_cut
from generate.render.shade_fragments import Mesh, allocate
from generate.render.view import Renderer, Scene

F32 = NDArray[np.float32]

RAYS_PX = 64
"""Paths a pixel."""
BOUNCES = 5
LAMP_M = 3.0
LEAST_LLVM = 16
"""Older LLVM libraries abort the process."""
FINER = {SKIN: 3, EYE: 6, LASH: 8, CLOTH: 4}
"""Triangles are cut into the square of this, so that detail of the shaders is not lost."""
BSDF: dict[int, dict[str, float]] = {
    SKIN: {"roughness": 0.48, "specular": 0.4, "flatness": 0.35},
    EYE: {"roughness": 0.06, "specular": 0.55, "clearcoat": 0.8, "clearcoat_gloss": 0.97},
    TEETH: {"roughness": 0.3, "specular": 0.5},
    TONGUE: {"roughness": 0.3, "specular": 0.5},
    HAIR: {"roughness": 0.38, "specular": 0.45},
}
MATT = {"roughness": 0.9, "specular": 0.15}
GLOSSY = {"roughness": 0.15, "specular": 0.5}


def check_mitsuba() -> None:
    """Raise ValueError with one line where Mitsuba is not installed."""
    if find_spec("mitsuba") is None:
        raise ValueError("--view mitsuba: mitsuba is missing: pip install 'collodi[mitsuba]'")


@cache
def mitsuba() -> Any:
    """The library with its fastest variant. Raises ValueError with one line where it is missing."""
    library = _llvm()
    if library:
        os.environ.setdefault("DRJIT_LIBLLVM_PATH", library)
    check_mitsuba()
    import mitsuba as mi

    mi.set_variant("llvm_ad_rgb" if library else "scalar_rgb")
    if not library:
        print(f"mitsuba: no LLVM {LEAST_LLVM} or later, so ten times slower; "
              "apt-get install libllvm19", file=sys.stderr)  # fmt: skip
    return mi


def _llvm() -> str:
    """Path of an LLVM library that Mitsuba can use, or nothing."""
    asked = os.environ.get("DRJIT_LIBLLVM_PATH", "")
    if asked:
        return asked
    for version in range(24, LEAST_LLVM - 1, -1):
        found = ctypes.util.find_library(f"LLVM-{version}")
        for name in (found, f"libLLVM.so.{version}.1", f"libLLVM-{version}.so.1"):
            if name and _loads(name):
                return name
    return ""


def _loads(name: str) -> bool:
    folders = [*Path("/usr/lib").glob("*-linux-gnu"), Path("/usr/lib"), Path("/usr/lib64")]
    return any((folder / name).exists() for folder in folders)


class MitsubaRenderer(Renderer):
    """Pictures are path-traced; labels are the numba view's."""

    def __init__(self, size_px: int, rays_px: int = RAYS_PX) -> None:
        super().__init__(size_px)
        self.name = "mitsuba"
        mitsuba()
        self.rays_px = rays_px

    def _trace(
        self, child: Child, look: Look, posed: Posed, place: Scene, albedo: bool = False
    ) -> tuple[F32, NDArray[np.uint8], F32]:
        _, parts, depth = super()._trace(child, look, posed, place, albedo)
        mesh = self._figure_of(child).pose(posed)
        shapes = self._shapes(mesh, look, posed, place)
        if len(self._figure_of(child).lens_tris):
            tris = self._figure_of(child).lens_tris
            lens = _refined(mesh._replace(tris=tris), tris, 1)
            shapes["lens"] = _shape(
                "lens", lens, lens.canon, place.camera, {"type": "thindielectric"}
            )
        with tempfile.TemporaryDirectory() as folder:
            hairs = _write_hairs(mesh, place.camera, Path(folder))
            if hairs:
                color = {"type": "rgb", "value": [float(c) * 1.5 for c in look.hair.color]}
                bsdf = {"type": "principled", "base_color": color, **BSDF[HAIR]}
                shapes["hairs"] = {"type": "linearcurve", "filename": hairs, "bsdf": bsdf}
            picture = self._render(shapes | _lights(place.light.lamps, posed), place)
        alpha = np.clip(picture[..., 3:], 0, 1)
        return picture[..., :3] + (1 - alpha) * place.backdrop, parts, depth

    def _render(self, shapes: dict[str, Any], place: Scene) -> F32:
        mi, camera = mitsuba(), place.camera
        size = self.size_px
        toward = camera.place + camera.rotation[2]
        view = mi.ScalarTransform4f().look_at(
            origin=camera.place.tolist(), target=toward.tolist(), up=(-camera.rotation[1]).tolist()
        )
        film = {"type": "hdrfilm", "width": size, "height": size, "pixel_format": "rgba",
                "rfilter": {"type": "gaussian"}}  # fmt: skip
        fov = 2 * np.rad2deg(np.arctan(size / 2 / camera.focal_px))
        scene = {
            "type": "scene",
            "integrator": {"type": "path", "max_depth": BOUNCES, "hide_emitters": True},
            "sensor": {"type": "perspective", "fov": float(fov), "to_world": view, "film": film,
                       "near_clip": 0.01, "sampler": {"type": "multijitter"}},
            **shapes,
        }  # fmt: skip
        made = mi.load_dict(scene)
        return np.asarray(mi.render(made, spp=self.rays_px, seed=1), np.float32)

    def _shapes(self, mesh: Mesh, look: Look, posed: Posed, place: Scene) -> dict[str, Any]:
        """All triangles but lenses and ribbons, by material, with the albedo of each vertex."""
        shapes: dict[str, Any] = {}
        whole = np.abs(mesh.aux[mesh.tris[:, 0], AUX_ACROSS]) < 0.5
        for kind in np.unique(mesh.kinds).tolist():
            tris = mesh.tris[(mesh.kinds == kind) & ((kind != HAIR) | whole)]
            if not len(tris):
                continue
            part = _refined(mesh, tris, FINER.get(kind, 1))
            if kind == LASH:
                part = _cut_lashes(part)
            albedo = self._albedo(part, kind, look, posed, place)
            color = {"type": "mesh_attribute", "name": "vertex_color"}
            look_like = BSDF.get(kind, MATT)
            if kind == PROP and float(np.median(part.aux[:, AUX_GLOSS])) > 0.4:
                look_like = GLOSSY
            inner = {"type": "principled", "base_color": color, **look_like}
            bsdf = {"type": "twosided", "inner": inner}
            shapes[f"m{kind}"] = _shape(f"m{kind}", part, albedo, place.camera, bsdf)
        return shapes

    def _albedo(self, part: Mesh, kind: int, look: Look, posed: Posed, place: Scene) -> F32:
        """What the shaders of the numba view say that each vertex reflects (V, 3)."""
        first = np.zeros(N_MATERIALS + 1, np.int64)
        first[kind + 1 :] = len(part.points)
        fragments = allocate(first, albedo=True)
        fragments.pixel[:], fragments.weight[:], fragments.depth[:] = 0, 1, 1
        fragments.position[:], fragments.normal[:] = part.points, part.normals
        fragments.canon[:], fragments.aux[:] = part.canon, part.aux
        open_sky = Shadow(np.zeros((8, 8), np.float32), np.zeros((3, 4), np.float32), 1.0, 0.0)
        self._shade(fragments, look, posed, place, open_sky)
        return np.clip(fragments.albedo, 0, 1)


def _refined(mesh: Mesh, tris: NDArray[np.int32], times: int) -> Mesh:
    """Triangles cut into times x times; vertices are not shared."""
    grid = [(i, j) for i in range(times + 1) for j in range(times + 1 - i)]
    at = {place: n for n, place in enumerate(grid)}
    weights = np.array([(times - i - j, i, j) for i, j in grid], np.float32) / times
    small = [
        corner
        for i, j in grid
        if i + j < times
        for corner in (
            [(at[i, j], at[i + 1, j], at[i, j + 1])]
            + ([(at[i + 1, j], at[i + 1, j + 1], at[i, j + 1])] if i + j < times - 1 else [])
        )
    ]
    start = np.arange(len(tris), dtype=np.int32)[:, None, None] * len(grid)
    cut = (start + np.array(small, np.int32)).reshape(-1, 3)
    points, normals, canon, aux = (
        np.einsum("wc,fcn->fwn", weights, values[tris]).reshape(-1, values.shape[1])
        for values in (mesh.points, mesh.normals, mesh.canon, mesh.aux)
    )
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    return Mesh(cut, np.zeros(len(cut), np.uint8), np.stack([points, normals, canon]), aux)


def _cut_lashes(part: Mesh) -> Mesh:
    """The triangles whose middle lies on a hair."""
    middle = part.aux[part.tris].mean(1)
    columns = zip(
        *(middle[:, k].tolist() for k in (AUX_ACROSS, AUX_ALONG, AUX_STRAND)), strict=True
    )
    kept = [not _lash_is_cut(*row) for row in columns]
    return part._replace(tris=part.tris[kept])


def _bent(points: F32, camera: Camera) -> F32:
    """World points moved aside so that a pinhole shows them where the bending lens would."""
    if camera.distortion == 0:
        return points
    seen = camera.to_camera(points)
    square = ((seen[:, :2] / seen[:, 2:]) ** 2).sum(1)
    limit = turning_square(camera.distortion)
    seen[:, :2] *= (1 + camera.distortion * np.minimum(square, limit))[:, None]
    return np.asarray((seen - camera.shift) @ camera.rotation, np.float32)


def _shape(name: str, part: Mesh, color: F32, camera: Camera, bsdf: dict[str, Any]) -> Any:
    mi = mitsuba()
    properties = mi.Properties()
    properties["mesh_bsdf"] = mi.load_dict(bsdf)
    made = mi.Mesh(name, len(part.points), len(part.tris), has_vertex_normals=True,
                   props=properties)  # fmt: skip
    made.add_attribute("vertex_color", 3, np.ascontiguousarray(color, np.float32).ravel())
    fields = mi.traverse(made)
    fields["vertex_positions"] = np.ascontiguousarray(_bent(part.points, camera)).ravel()
    fields["vertex_normals"] = np.ascontiguousarray(part.normals, np.float32).ravel()
    fields["faces"] = part.tris.astype(np.uint32).ravel()
    fields.update()
    return made


def _write_hairs(mesh: Mesh, camera: Camera, folder: Path) -> str:
    """Ribbons as single hairs in Mitsuba's text format; the path, or nothing if there are none."""
    used = np.unique(mesh.tris[mesh.kinds == HAIR])
    used = used[used + 1 < len(mesh.aux)]
    used = used[(mesh.aux[used, AUX_ACROSS] < -0.5) & (mesh.aux[used + 1, AUX_ACROSS] > 0.5)]
    if not len(used):
        return ""
    points, aux = _bent(mesh.points, camera), mesh.aux[used]
    pairs = np.stack([points[used], points[used + 1]], 1)
    along, number = aux[:, AUX_ALONG], aux[:, AUX_STRAND]
    breaks = (np.diff(number) != 0) | (np.diff(along) < 0) | (np.diff(used) != 2)
    starts = np.flatnonzero(np.r_[True, breaks])
    rng = np.random.default_rng(0x4A)
    lines = []
    for first, last in zip(starts, [*starts[1:], len(pairs)], strict=True):
        if last - first < 2:
            continue
        left, right = pairs[first:last, 0], pairs[first:last, 1]
        radius = np.linalg.norm(right - left, axis=1) / (2 * STRANDS) * 0.9
        ends = 0.6 + 0.4 * rng.uniform(size=STRANDS)
        for hair in range(STRANDS):
            share = (hair + rng.uniform(0.2, 0.8)) / STRANDS
            keep = max(int((along[first:last] <= ends[hair]).sum()), 2)
            line = (left + (right - left) * share)[:keep]
            thick = np.clip(radius[:keep], 4e-5, 4e-4) * np.linspace(1, 0.35, keep)
            rows = np.concatenate([line, thick[:, None]], 1)
            lines.append("\n".join(" ".join(f"{v:.6f}" for v in row) for row in rows.tolist()))
    path = folder / "hairs.txt"
    path.write_text("\n\n".join(lines) + "\n")
    return str(path)


def _lights(lamps: Lamps, posed: Posed) -> dict[str, Any]:
    """Panes of the lamps' directions and sizes that give the same irradiance, and what is about."""
    mi = mitsuba()
    transform = mi.ScalarTransform4f
    center = posed.between_eyes.astype(float)
    sky = mi.Bitmap(np.ascontiguousarray(lamps.environment, np.float32))
    out: dict[str, Any] = {"about": {"type": "envmap", "bitmap": sky}}
    for i, (direction, color) in enumerate(zip(lamps.direction, lamps.color, strict=True)):
        if color.max() <= 0:
            continue
        half = np.maximum(lamps.window[i].astype(float), 0.04)
        radiance = np.pi * color.astype(float) / (4 * half[0] * half[1])
        up = [0.0, 1.0, 0.0] if abs(direction[1]) < 0.95 else [1.0, 0.0, 0.0]
        where = center + LAMP_M * direction
        stands = transform().look_at(origin=where.tolist(), target=center.tolist(), up=up)
        scale = [float(LAMP_M * half[0]), float(LAMP_M * half[1]), 1.0]
        light = {"type": "area", "radiance": {"type": "rgb", "value": radiance.tolist()}}
        out[f"lamp{i}"] = {"type": "rectangle", "to_world": stands @ transform().scale(scale),
                           "light": light}  # fmt: skip
    return out
