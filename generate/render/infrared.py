"""The near-infrared look of a night camera: lamps beside the lens, and skin as such light finds it.

Melanin hardly absorbs beyond 850 nm: skin of every tone is bright and even, hair is lighter,
pupils and lips lose their contrast, and the dyes of clothes do as they please (Anderson and
Parrish, "The optics of human skin", 1981).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from generate.clip import PARTS
from generate.people.ids import BROW, CLOTH_PART, FACE, HAIR_PART, HAND_PART, IRIS, LIPS, NECK
from generate.render.camera import Camera
from generate.render.light import Lamps, Light
from generate.spec import View

F32 = NDArray[np.float32]
SKIN_NIR = 0.52
"""Reflectance that all skin comes near to."""
INFRARED_SKIN = np.full(3, SKIN_NIR, np.float32)
GAIN_POWER = {BROW: (0.55, 0.6), HAIR_PART: (0.8, 0.55), IRIS: (0.75, 0.7), LIPS: (0.9, 0.9)}
"""Near-infrared reflectance of a part, gain * red ** power; others keep their red."""
BEHIND = 0.12
"""Share of the lamps' light that reaches the place behind, over that on the face."""


def infrared_lamps(light: Light, camera: Camera, target: NDArray[np.float64]) -> Light:
    """White lamps beside the lens in place of the scene's light, and next to nothing else."""
    aim = camera.place - target + np.array([0.03, 0.02, 0.0])
    key = (aim / np.linalg.norm(aim)).astype(np.float32)
    direction = np.stack([key, *light.lamps.direction[1:]])
    color = np.zeros((3, 3), np.float32)
    color[0] = 0.9
    window = np.array([[0.05, 0.05]] * 3, np.float32)
    ambient = np.zeros((9, 3), np.float32)
    ambient[0] = 0.10
    environment = np.full_like(light.lamps.environment, 0.1)
    lamps = Lamps(direction, color, window, ambient, environment)
    return replace(light, lamps=lamps)


def near_infrared(
    linear: F32, parts: NDArray[np.uint8], depth_m: F32, view: View, skin_red: float
) -> F32:
    """Grey (H, W, 3) of a linear picture lit by `infrared_lamps`.

    depth_m (H, W) is 0 where background, which must have BEHIND in it already; skin_red: the
    person's reflectance in red. The dyes of the clothes follow the view's `light_seed`.
    """
    red = linear @ np.array([0.8, 0.15, 0.05], np.float32)
    rng = np.random.default_rng([view.light_seed, 0x1A])
    gain, power = np.ones(len(PARTS), np.float32), np.ones(len(PARTS), np.float32)
    for part, (g, p) in GAIN_POWER.items():
        gain[part], power[part] = g, p
    gain[[FACE, NECK, LIPS, HAND_PART]] *= SKIN_NIR / skin_red
    gain[CLOTH_PART], power[CLOTH_PART] = rng.uniform(0.5, 0.9), rng.uniform(0.25, 0.9)
    seen = gain[parts] * np.maximum(red, 1e-5) ** power[parts]
    away = np.where(depth_m > 0, view.distance_m / np.maximum(depth_m, 0.05), 1.0)
    lamp = np.clip(away * away, BEHIND, 6)
    return np.asarray(np.repeat((seen * lamp)[..., None], 3, 2), np.float32)
