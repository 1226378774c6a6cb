"""How the skin of hands looks beside that of the face."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


class HandLook(NamedTuple):
    """What `shade_hand` reads of one person; colours are linear RGB reflectance."""

    color: F32
    palm: F32
    nail: F32
    rosy: float
    """How far blood shows, 0 to 1."""
    roughness: float


def hand_look(atlas: F32, skin_tone: int, pale: F32, rng: np.random.Generator) -> HandLook:
    """Take the colour of the neck from the face's atlas (H, W, C); palms are paler on dark skin.

    pale (3,): reflectance of light skin.
    """
    height, width = atlas.shape[:2]
    neck = atlas[int(0.80 * height) : int(0.95 * height), int(0.4 * width) : int(0.6 * width), :3]
    color = np.median(neck.reshape(-1, 3), 0)
    dark = float(np.clip((skin_tone - 4) / 5, 0, 1))
    palm = color + (0.55 * dark) * (0.7 * pale - color)
    nail = np.minimum(0.75 * palm + 0.25 * pale + 0.02, 0.9)
    color, palm, nail = (np.asarray(c, np.float32) for c in (color, palm, nail))
    return HandLook(color, palm, nail, 1 - dark, float(rng.uniform(0.5, 0.62)))
