"""A view of a person: the picture, and the labels that are exact because the scene is known.

place = scene(view, child)
frame = Renderer(view.size_px).frame(child, look, child.pose(...), place)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from generate.people.child import Child, Posed
from generate.people.contour import contour
from generate.people.dense import dense_points
from generate.people.ids import LASH
from generate.people.poser import Poser
from generate.people.skin import Look, tone_color
from generate.render.backdrop import check_place, make_backdrop
from generate.render.camera import (
    Camera,
    direction_angles_deg,
    head_angles_deg,
    make_camera,
    turned,
    turning_square,
)
from generate.render.defocus import defocus
from generate.render.geometry import Figure
from generate.render.infrared import BEHIND, INFRARED_SKIN, infrared_lamps, near_infrared
from generate.render.light import (
    Light,
    Shadow,
    make_light,
    shadow_frame,
    turned_light,
    within,
)
from generate.render.metering import expose
from generate.render.numba_engine import Engine
from generate.render.raster import project
from generate.render.sensor import develop
from generate.render.shade_cloth import shade_cloth
from generate.render.shade_eye import shade_eye
from generate.render.shade_fragments import SAMPLES, Fragments, Mesh
from generate.render.shade_hair import shade_hair, shade_lash
from generate.render.shade_hand import shade_hand
from generate.render.shade_mouth import shade_mouth
from generate.render.shade_prop import overlay_lens, shade_prop
from generate.render.shade_skin import shade_skin
from generate.render.surface import SURFACE_LABELS, Drawn, surface_labels
from generate.spec import View

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

NEAR_M = 0.02
HIDDEN_MM = 5.0
"""A landmark is hidden where something is this much nearer than it."""
SHADOW_HALF_M = 0.27
"""Half the side of what the shadow map covers, about the face."""
UPPER_SHADOW_HALF_M = 0.6
"""The same for an upper body."""
UPPER_MARGIN = 1.25
"""The cloth ends this much further below the centre than the image of an upper body."""
ATLAS_TEXEL_MM = 0.7
UPRIGHT = np.diag([1.0, -1.0, -1.0])
"""Camera axes (x right, y down, z forward) <-> upright ones (x right, y up, z to the camera)."""


@dataclass(frozen=True)
class Scene:
    """What stays fixed over a clip."""

    view: View
    camera: Camera
    light: Light
    backdrop: F32
    """(H, W, 3) linear RGB, in the units of the light."""
    place: str
    """What the backdrop shows, one of backdrop.PLACES."""
    exposure: float
    white: F32
    """(3,) gains of the white balance, luminance kept."""

    def facts(self) -> dict[str, Any]:
        """The facts `camera` and `light` of a clip."""
        view, key = self.view, self.light.lamps.direction[0]
        return {
            "camera": {
                "size_px": view.size_px,
                "focal_px": round(self.camera.focal_px, 4),
                "distance_m": view.distance_m,
                "kind": view.camera,
                "aperture_mm": view.aperture_mm,
                "shutter": view.shutter,
                "distortion": view.distortion,
                "framing": view.framing,
                "turn_deg": view.turn_deg,
                "backdrop": self.place,
            },
            "light": {
                "seed": view.light_seed,
                "kind": self.light.name,
                "key_direction": [round(float(v), 4) for v in key],
            },
        }


@dataclass(frozen=True)
class Frame:
    """One picture with its labels; axes, units and frames as in generate/clip.py."""

    LABELS: ClassVar[tuple[str, ...]] = (
        *("landmarks_px", "landmarks_visible", "contour_px", "landmarks_mm", "head_pose_deg"),
        *("head_position_mm", "gaze_deg", "parts", "depth_mm"),
    )
    rgb: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    depth_mm: NDArray[np.float16]
    landmarks_px: F32
    landmarks_visible: NDArray[np.uint8]
    contour_px: F32
    landmarks_mm: F32
    head_pose_deg: F32
    head_position_mm: F32
    gaze_deg: F32
    extra: dict[str, NDArray[Any]] = field(default_factory=dict)
    """The labels asked for, and the joints of an upper body."""


def scene(view: View, child: Child) -> Scene:
    """Camera, light and backdrop of a view of a child, from the seeds of the view alone.

    Raises ValueError for an unknown light, backdrop or camera, and for a framing that
    the child was not made for.
    """
    check_place(view.backdrop)
    center, height = _subject(view, child)
    camera = make_camera(view, center, height)
    light = make_light(view.light_seed, view.light, view.backdrop)
    place = make_backdrop(view.backdrop_seed, light, camera, view.backdrop)
    light = within(light, place.sides)
    skin = tone_color(child.person.skin_tone)
    exposure, white = expose(light, skin)
    if view.turn_deg:
        camera = turned(camera, view.turn_deg, center)
        light = turned_light(light, view.turn_deg)
    if view.camera == "infrared":
        light, skin = infrared_lamps(light, camera, center), INFRARED_SKIN
        exposure, white = expose(light, skin)
    picture = place.picture * np.float32(BEHIND if view.camera == "infrared" else 1.0)
    return Scene(view, camera, light, picture, place.name, exposure, white)


def _subject(view: View, child: Child) -> tuple[F64, float]:
    """Centre (3,) and height of the face, m; in the upper framing the centre is the body's."""
    if child.framing != view.framing:
        raise ValueError(f"framing {view.framing!r} of a child made for {child.framing!r}")
    marks = child.neutral.landmarks.astype(np.float64)
    low, high = marks.min(0), marks.max(0)
    center, height = (low + high) / 2, float(high[1] - low[1])
    if view.framing == "upper" and child.body is not None:
        top = child.neutral.points[child.topology.parts["skin"][0], 1].max()
        center[1] = (top + child.body.waist[1]) / 2
        least = UPPER_MARGIN * height / (2 * (center[1] - child.body.end[1]))
        if view.face_fraction < least:
            raise ValueError(
                f"face_fraction {view.face_fraction:g} shows more than the upper body: "
                f"{least:.2f} or more in framing 'upper'"
            )
    return center, height


class Renderer:
    """Draws frames of one size; keeps the figure of the last child and the image buffers."""

    def __init__(self, size_px: int, engine: Engine | None = None) -> None:
        """engine: what draws; numba if not given."""
        self.size_px = size_px
        self.engine = engine or Engine()
        self.name = self.engine.name
        self._seen = self.engine.target(size_px * SAMPLES)
        self._lit = self.engine.target(int(np.clip(2 * size_px, 256, 512)))
        self._drawn: Any = None
        self._child: Child | None = None
        self._figure: Figure | None = None
        self._poser: Poser | None = None

    def pose(
        self, child: Child, arkit: F64, head_deg: F64, gaze_deg: F64, body: F64 | None = None
    ) -> Posed:
        """`Child.pose` where this view draws; `frame` takes what it or `Child.pose` returns."""
        self._figure_of(child)
        if self._poser is None:
            self._poser = child.poser(self.engine)
        return child.pose(arkit, head_deg, gaze_deg, body, self._poser)

    def frame(
        self,
        child: Child,
        look: Look,
        posed: Posed,
        place: Scene,
        number: int = 0,
        passing: Sequence[Posed] = (),
        extra: Collection[str] = (),
        later: Posed | None = None,
    ) -> Frame:
        """Draw one pose. `number` is the frame's place in its clip and seeds the sensor's noise.

        passing: further poses of the exposure, of which `posed` is the middle; labels are its own.
        extra: which of dense, normals, albedo and flow to label too. later: pose of the next frame,
        which flow leads to; None after the last, where flow is 0.
        """
        others = [self.draw(child, look, other, place)[0] for other in passing]
        linear, parts, depth = self.draw(child, look, posed, place, "albedo" in extra)
        wanted = [name for name in extra if name in SURFACE_LABELS]
        surface = self._surface(wanted, place, later or posed) if wanted else {}
        if others:
            linear = np.asarray((linear + sum(others)) / (1 + len(others)), np.float32)
        rng = np.random.default_rng([place.view.camera_seed, 0xF0, number])
        camera = place.camera
        marks = camera.to_camera(posed.landmarks)
        pixels = camera.project(marks)
        return Frame(
            rgb=develop(linear, place.view, rng),
            parts=parts,
            depth_mm=(depth * 1000).astype(np.float16),
            landmarks_px=pixels.astype(np.float32),
            landmarks_visible=self._visible(child, pixels, marks[:, 2]),
            contour_px=contour(camera.project(camera.to_camera(posed.contour)), pixels),
            landmarks_mm=(marks * 1000).astype(np.float32),
            head_pose_deg=_head_pose(posed, camera),
            head_position_mm=(camera.to_camera(posed.between_eyes) * 1000).astype(np.float32),
            gaze_deg=_gaze(posed, camera),
            extra=surface | self._points(child, posed, place, "dense" in extra),
        )

    def draw(
        self, child: Child, look: Look, posed: Posed, place: Scene, albedo: bool = False
    ) -> tuple[F32, NDArray[np.uint8], F32]:
        """Linear RGB (H, W, 3) as exposed, part ids (H, W), distance along z (H, W) in m."""
        image, mask, far = self._trace(child, look, posed, place, albedo)
        picture = defocus(image * (place.white * np.float32(place.exposure)), far, place.camera)
        if place.view.camera == "infrared":
            red = float(tone_color(child.person.skin_tone)[0])
            picture = near_infrared(picture, mask, far, place.view, red)
        return picture, mask, far

    def _trace(
        self, child: Child, look: Look, posed: Posed, place: Scene, albedo: bool = False
    ) -> tuple[F32, NDArray[np.uint8], F32]:
        """As `draw`, in the units of the light."""
        figure, engine = self._figure_of(child), self.engine
        mesh = figure.pose(posed)
        xy, inverse_z = self._to_samples(place.camera, mesh)
        engine.clear(self._seen)
        engine.rasterize(xy, inverse_z, mesh.tris, mesh.kinds, mesh.aux, True, self._seen)
        fragments = engine.gather(self._seen, xy, inverse_z, mesh, albedo)
        self._drawn = figure, xy, inverse_z, mesh, fragments
        shadow = self._cast(figure, mesh, place, posed)
        self._shade(fragments, look, posed, place, shadow)
        n = self.size_px
        image, parts, depth = engine.resolve(fragments, place.backdrop)
        if len(figure.lens_tris):
            self._look_through(figure, mesh, xy, inverse_z, place, image)
        image, parts, depth = (engine.fetch(a) for a in (image, parts, depth))
        return image.reshape(n, n, 3), parts.reshape(n, n), depth.reshape(n, n)

    def _surface(
        self, extra: Collection[str], place: Scene, later: Posed
    ) -> dict[str, NDArray[Any]]:
        """The labels of surface.py for what was drawn last."""
        fetch = self.engine.fetch
        figure, xy, inverse_z, mesh, fragments = self._drawn
        drawn = Drawn(
            fetch(self._seen.ids),
            fetch(xy),
            fetch(inverse_z),
            mesh._replace(moving=fetch(mesh.moving).copy()),
            Fragments(*(fetch(array) for array in fragments)),
        )
        return surface_labels(extra, drawn, place.camera, fetch(figure.pose(later).moving)[0])

    def _points(
        self, child: Child, posed: Posed, place: Scene, dense: bool
    ) -> dict[str, NDArray[Any]]:
        """dense_px, dense_mm, dense_visible where asked; joints_px, joints_mm of an upper body."""
        camera, found = place.camera, dict[str, NDArray[Any]]()
        if dense:
            fetch = self.engine.fetch
            points, normals = dense_points().at(fetch(posed.points), fetch(posed.normals))
            at = camera.to_camera(points)
            pixels = camera.project(at)
            away = ((points - camera.place) * normals).sum(1) < 0
            seen = self._visible(child, pixels, at[:, 2]) * away.astype(np.uint8)
            found |= {"dense_px": pixels.astype(np.float32), "dense_visible": seen}
            found["dense_mm"] = (at * 1000).astype(np.float32)
        if child.framing == "upper":
            at = camera.to_camera(posed.joints)
            found["joints_px"] = camera.project(at).astype(np.float32)
            found["joints_mm"] = (at * 1000).astype(np.float32)
        return found

    def _look_through(
        self, figure: Figure, mesh: Mesh, xy: Any, inverse_z: Any, place: Scene, image: Any
    ) -> None:
        """Lay clear lenses over `image` (H * W, 3) where nothing is in front of them."""
        engine, lenses = self.engine, self.engine.above(self._seen)
        mesh = mesh._replace(tris=figure.lens_tris, kinds=figure.lens_kinds)
        engine.rasterize(xy, inverse_z, mesh.tris, mesh.kinds, mesh.aux, False, lenses)
        fragments = engine.gather(lenses, xy, inverse_z, mesh, False)
        eye = place.camera.place.astype(np.float32)
        engine.run(overlay_lens, fragments, place.light.lamps, eye, image)

    def _figure_of(self, child: Child) -> Figure:
        if self._figure is None or self._child is not child:
            self._child, self._figure = child, Figure(child, self.engine)
            self._poser = None
        return self._figure

    def _to_samples(self, camera: Camera, mesh: Mesh) -> tuple[Any, Any]:
        """Screen place in 1/256 sample (V, 2) and 1/z (V,) of the mesh."""
        matrix = np.concatenate([camera.rotation, camera.shift[:, None]], 1)
        xy, inverse_z = self._screen(mesh)
        center = self.size_px * SAMPLES / 2
        k1, focal = camera.distortion, camera.focal_px * SAMPLES
        self.engine.run(
            *(project, mesh.moving, matrix, focal, center, NEAR_M, k1, turning_square(k1)),
            *(xy, inverse_z),
        )
        return xy, inverse_z

    def _screen(self, mesh: Mesh) -> tuple[Any, Any]:
        empty, vertices = self.engine.empty, mesh.moving.shape[1]
        return empty((vertices, 2), np.int32), empty((vertices,), np.float32)

    def _cast(self, figure: Figure, mesh: Mesh, place: Scene, posed: Posed) -> Shadow:
        """Shadow map of the key."""
        size = int(np.clip(2 * self.size_px, 256, 512))
        key = place.light.lamps.direction[0]
        center = posed.between_eyes.astype(np.float64) - [0, 0.05, 0.05]
        half_m = UPPER_SHADOW_HALF_M if place.view.framing == "upper" else SHADOW_HALF_M
        matrix = shadow_frame(key, center, half_m, size)
        xy, depth = self._screen(mesh)
        flat = matrix.astype(np.float64)
        self.engine.run(project, mesh.moving, flat, 0.0, 0.0, NEAR_M, 0.0, 0.0, xy, depth)
        self.engine.clear(self._lit)
        tris, kinds = figure.caster_tris, figure.caster_kinds
        self.engine.rasterize(xy, depth, tris, kinds, mesh.aux, False, self._lit)
        texel_m = 2 * half_m / size
        radius = 0.0025 * (0.25 + place.light.softness) / texel_m
        return Shadow(self._lit.depth, matrix, float(np.clip(radius, 0.6, 2.5)), 0.003 + texel_m)

    def _shade(
        self, fragments: Any, look: Look, posed: Posed, place: Scene, shadow: Shadow
    ) -> None:
        run = self.engine.run
        lamps, eye = place.light.lamps, place.camera.place.astype(np.float32)
        to_head = np.linalg.inv(posed.head_transform.astype(np.float64))[:3].astype(np.float32)
        pixel_mm = 1000 * place.view.distance_m / place.camera.focal_px
        level = int(np.clip(np.round(np.log2(pixel_mm / ATLAS_TEXEL_MM)), 0, 2))
        front = float(posed.mouth_depth)
        skin, mood = look.skins[level], look.mood(posed.arkit)
        run(shade_skin, fragments, lamps, shadow, eye, to_head, front, skin, mood)
        sample_m = pixel_mm / 1000 / SAMPLES
        run(shade_eye, fragments, lamps, shadow, eye, to_head, sample_m, look.eye)
        run(shade_mouth, fragments, lamps, shadow, eye, to_head, front, look.mouth)
        run(shade_lash, fragments, lamps, look.hair)
        run(shade_hair, fragments, lamps, shadow, eye, pixel_mm, look.hair)
        run(shade_cloth, fragments, lamps, shadow, eye, pixel_mm, look.cloth)
        run(shade_prop, fragments, lamps, shadow, eye, to_head)
        run(shade_hand, fragments, lamps, shadow, eye, look.hand)

    def _visible(self, child: Child, pixels: F64, depth_m: F64) -> NDArray[np.uint8]:
        """1 where a landmark lies in the image and most samples round it are not nearer (68,)."""
        figure, side = self._figure_of(child), self.size_px * SAMPLES
        at = np.floor(pixels * SAMPLES).astype(int)
        inside = ((at >= 0) & (at < side)).all(1) & (depth_m > 0)
        around = np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1]), -1).reshape(9, 1, 2)
        x, y = np.moveaxis(np.clip(at + around, 0, side - 1), -1, 0)
        nearness, ids = self.engine.seen_at(self._seen, y.ravel(), x.ravel())
        nearness, ids = nearness.reshape(y.shape), ids.reshape(y.shape)
        free = (nearness * (depth_m - HIDDEN_MM / 1000) < 1) | (ids < 0)
        free = (free | (figure.kinds[ids] == LASH)).sum(0)
        return (inside & (free >= 5)).astype(np.uint8)


def _head_pose(posed: Posed, camera: Camera) -> F32:
    turn = UPRIGHT @ camera.rotation @ posed.head_transform[:3, :3].astype(np.float64)
    return head_angles_deg(turn).astype(np.float32)


def _gaze(posed: Posed, camera: Camera) -> F32:
    direction = UPRIGHT @ camera.rotation @ posed.gaze.astype(np.float64)
    return direction_angles_deg(direction).astype(np.float32)
