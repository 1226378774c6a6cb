"""Depth of field of a drawn picture: what is nearer or farther than the face blurs."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.render.camera import Camera

F32 = NDArray[np.float32]

SHARP_PX = 0.35
"""A circle of confusion of this radius is not seen."""
SIGMA = 0.5
"""Spread along an axis of a disc of radius 1."""


def defocus(linear: F32, depth_m: F32, camera: Camera) -> F32:
    """Blur linear RGB (H, W, 3) by the circle of confusion of each pixel's depth (H, W).

    depth_m is 0 where the backdrop is seen, which has its own blur already. A gather between
    three levels of blur; what is nearer than the focus spreads over its surroundings, and the
    edges of all else over the backdrop.
    """
    if camera.aperture_m == 0:
        return linear
    figure = depth_m > 0
    radius = np.where(figure, camera.blur_px(np.where(figure, depth_m, camera.focus_m)), 0)
    widest = float(radius.max())
    if widest < SHARP_PX:
        return linear
    near = np.where(figure & (depth_m < camera.focus_m), radius, 0)
    reached = np.maximum(radius, _spread(near, widest))
    reached = np.where(figure, reached, np.maximum(reached, _spread(radius, widest)))
    level = np.asarray(reached * (2 / widest), np.float32)[..., None]
    half = cv2.GaussianBlur(linear, (0, 0), SIGMA * widest / 2)
    whole = cv2.GaussianBlur(linear, (0, 0), SIGMA * widest)
    low = linear + np.minimum(level, 1) * (half - linear)
    return np.asarray(low + np.maximum(level - 1, 0) * (whole - half), np.float32)


def _spread(radius: NDArray[np.floating], widest: float) -> F32:
    """Radii (H, W) of the largest blurs about, fading towards their reach."""
    k = 2 * max(int(np.ceil(widest / 2)), 1) + 1
    grown = cv2.dilate(radius.astype(np.float32), np.ones((k, k), np.uint8))
    return np.asarray(cv2.blur(grown, (k, k)), np.float32)
