"""The place behind the child: which it is, its picture, and what it throws back as light.

`PLACES` names the kinds of `View.backdrop`. Pictures are lit with the scene's own light, soft as
what lies behind the face is, and their spectra fall like those of photographs (about 1/f).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.render import places, places_outside
from generate.render.camera import Camera
from generate.render.light import ANY, KINDS, Light
from generate.render.stage import Rng, Stage

F32 = NDArray[np.float32]

PLACES: dict[str, Callable[[Stage], F32]] = {
    "wall": places.wall,
    "room": places.room,
    "shelf": places.shelf,
    "curtain": places.curtain,
    "kitchen": places.kitchen,
    "bed": places.bed,
    "classroom": places.classroom,
    "studio": places.studio,
    "car": places.car,
    "garden": places_outside.garden,
    "street": places_outside.street,
    "playground": places_outside.playground,
    "sky": places_outside.sky,
}
SOFTEST, SHARPEST = 0.035, 0.013
"""Radius of the blur that a place always has, over the image's side."""
BLUR_TEXELS = 2.2
"""A place is drawn just so finely that its blur spans this many texels."""
LEAST_PX, MOST_PX, MOST_SHARE = 72, 144, 0.875


@dataclass(frozen=True)
class Backdrop:
    """One place as the camera sees it."""

    name: str
    picture: F32
    """(H, W, 3) linear RGB, in the units of the light."""
    sides: F32
    """(6, 3) what the child's surroundings throw back, by side (`environment.SIDES`)."""


def place_for(seed: int, name: str, light: Light) -> str:
    """The named place, or for "any" one that suits the light; ValueError for an unknown one."""
    check_place(name)
    if name != ANY:
        return name
    known = KINDS[light.name].places
    return known[int(np.random.default_rng([seed, 0xBC]).integers(len(known)))]


def check_place(name: str) -> None:
    """Raise ValueError for an unknown place."""
    if name != ANY and name not in PLACES:
        raise ValueError(f"backdrop {name!r} is not one of {', '.join((ANY, *PLACES))}")


def make_backdrop(seed: int, light: Light, camera: Camera, name: str = ANY) -> Backdrop:
    """Draw the place behind the child; the camera's aperture blurs it beyond its own softness."""
    name = place_for(seed, name, light)
    rng = np.random.default_rng([seed, 0xBD])
    soft = SHARPEST + (SOFTEST - SHARPEST) * rng.uniform() ** 1.5
    most = min(MOST_PX, max(LEAST_PX, int(MOST_SHARE * camera.size_px)))
    n = int(np.clip(BLUR_TEXELS / soft, LEAST_PX, most))
    reach = _reach(camera)
    stage = Stage(n, camera, reach, light, rng)
    sides = PLACES[name](stage)
    off = float(camera.blur_px(np.array(camera.focus_m + stage.far_m))) / camera.size_px
    image = _defocus(stage.image * _pools(rng, light, n)[..., None], float(np.hypot(soft, off)) * n)
    sides = _lit_sides(sides, stage)
    sides[5] = image.mean((0, 1))
    return Backdrop(name, np.maximum(_through_lens(image, camera, reach), 0), sides)


def _lit_sides(sides: F32, stage: Stage) -> F32:
    """Radiance of sides of such reflectance: each faces the child."""
    facing = ("x", "X", "y", "Y", "z", "Z")
    return np.stack([stage.lit(c, axis) for c, axis in zip(sides, facing, strict=True)])


def _reach(camera: Camera) -> float:
    """How much wider than a straight lens's the field is."""
    if camera.distortion >= 0:
        return 1.0
    corner = np.zeros(2)
    return float(np.abs(camera.rays(corner)).max() * 2 * camera.focal_px / camera.size_px)


def _through_lens(image: F32, camera: Camera, reach: float) -> F32:
    """Enlarge to the camera's size, bent as its lens bends."""
    size, n = camera.size_px, image.shape[0]
    if camera.distortion == 0:
        return np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR))
    axis = np.arange(size) + 0.5
    pixels = np.stack(np.meshgrid(axis, axis), -1)
    scale = camera.focal_px / camera.size_px * n / reach
    at = (camera.rays(pixels) * scale + n / 2 - 0.5).astype(np.float32)
    return np.asarray(cv2.remap(image, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _pools(rng: Rng, light: Light, n: int) -> F32:
    """Brighter towards the key's side, with a pool of light or shade somewhere."""
    axis = np.linspace(-1, 1, n, dtype=np.float32)
    side = np.float32(light.lamps.direction[0, 0])
    slope = 1 + 0.3 * side * axis[None, :] - np.float32(rng.uniform(0, 0.2)) * axis[:, None]
    cx, cy, r = rng.uniform(-1, 1), rng.uniform(-1, 0.5), rng.uniform(0.5, 1.2)
    across = np.exp(-((axis - cx) ** 2) / (2 * r * r))
    down = np.exp(-((axis - cy) ** 2) / (2 * r * r))
    pool = np.outer(down, across) * rng.uniform(-0.25, 0.4)
    return np.asarray(slope * (0.9 + pool), np.float32)


def _defocus(image: F32, radius: float) -> F32:
    """Blur with a disc, as an open aperture does: bright spots become bright discs."""
    k = max(int(np.ceil(radius)), 1)
    axis = np.arange(-k, k + 1)
    disc = np.clip(radius + 0.5 - np.hypot(axis[:, None], axis[None]), 0, 1).astype(np.float32)
    return cv2.filter2D(image, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)
