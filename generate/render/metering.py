"""What a camera that meters the face makes of a scene's light: exposure and white balance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.render.environment import irradiance_at
from generate.render.light import LUMINANCE, Light

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

FACE_LINEAR, FACE_POWER = 0.66, 0.72
"""A cheek of reflectance a comes out at FACE_LINEAR * a ** FACE_POWER."""
BRIGHT_SHARE = 0.35
"""Weight of the brightest side of the face against its mean, so that it does not burn out."""
ADAPTATION = 0.65
"""How far the white balance goes towards the light's colour: cameras leave some of it."""
SIDES = np.array([[0, 0, 1], [0.6, 0.1, 0.79], [-0.6, 0.1, 0.79], [0, 0.6, 0.8]])
"""Normals of the nose, the cheeks and the forehead."""


def expose(light: Light, albedo: NDArray[np.floating]) -> tuple[float, F32]:
    """Exposure, and gains (3,) of the white balance with luminance kept, for skin (3,)."""
    arriving = face_light(light)
    level = arriving @ LUMINANCE
    metered = (1 - BRIGHT_SHARE) * float(level.mean()) + BRIGHT_SHARE * float(level.max())
    skin = float(albedo @ LUMINANCE)
    return FACE_LINEAR * skin ** (FACE_POWER - 1) / metered, white_balance(arriving.mean(0))


def face_light(light: Light) -> F64:
    """Light (4, 3) that falls on the sides of a face, no shadows; white paper's radiance."""
    direct = np.maximum(SIDES @ light.lamps.direction.T, 0) @ light.lamps.color
    return np.asarray(direct + irradiance_at(light.lamps.ambient, SIDES))


def white_balance(illuminant: NDArray[np.floating]) -> F32:
    """Gains (3,) that undo a part of the light's colour, channel by channel (von Kries, 1902)."""
    gains = (illuminant / (illuminant @ LUMINANCE)) ** -ADAPTATION
    return np.asarray(
        gains * (1 / (gains * illuminant @ LUMINANCE)) * (illuminant @ LUMINANCE), np.float32
    )
