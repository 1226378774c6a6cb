"""The jaw line as people annotate it: each point slides to the visible outline of the face."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

OUTWARD_DEG = (0, 2, 8, 16, 28, 42, 58, 75, 90)
"""For jaw points 0 to 8: how far the outward direction is turned from sideways to down."""


def contour(strips_px: NDArray[Any], landmarks_px: NDArray[Any]) -> F32:
    """Return the jaw points (17, 2) on the visible contour, pixels, x right y down.

    strips_px (17, S, 2): `Posed.contour` through the camera, from the jaw point forward over the
    cheek; landmarks_px (68, 2) give the head's direction in the image. A turned head hides its
    far jaw points: there the outermost point of the strip is the outline. On the near side the
    jaw point itself is outermost and stays.
    """
    strips = np.asarray(strips_px, np.float64)
    out = np.empty((17, 2), np.float32)
    for index, outward in enumerate(_outward(np.asarray(landmarks_px, np.float64))):
        reach = strips[index] @ outward
        best = int(reach.argmax())
        out[index] = _between(strips[index], reach, best)
    return out


def _outward(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit directions (17, 2) away from the face."""
    down = landmarks[8] - landmarks[27]
    length = np.linalg.norm(down)
    down = down / length if length > 1e-6 else np.array([0.0, 1.0])
    # the person's right is image left when the head is upright
    right = np.array([-down[1], down[0]])
    angle = np.radians(OUTWARD_DEG)[:, None]
    half = np.cos(angle) * right + np.sin(angle) * down
    mirrored = np.sin(angle) * down - np.cos(angle) * right
    return np.concatenate([half, mirrored[7::-1]])


def _between(
    strip: NDArray[np.float64], reach: NDArray[np.float64], best: int
) -> NDArray[np.float64]:
    """Refine the outermost sample by the parabola through it and its neighbours."""
    if best in (0, len(strip) - 1):
        return strip[best]
    before, here, after = reach[best - 1 : best + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    other = best + (1 if shift > 0 else -1)
    return np.asarray(strip[best] + abs(shift) * (strip[other] - strip[best]))
