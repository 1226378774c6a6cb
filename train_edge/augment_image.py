"""Picture augmentation: what detectors, cheap cameras, light and hands do to a face crop.

Pictures are (S, S, 3) uint8 RGB unless said otherwise; every function returns a new picture.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from train_edge.faces import CROP_PX, MARGIN, VIEW, Floats, Pixels, sample
from train_edge.options import ImageAugment

_JAW, _BROWS = range(16, -1, -1), range(26, 16, -1)
_NOSE = (*range(27, 31), *range(35, 30, -1))
_EYES = (45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40)
_LIPS = (*range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65)
FLIP = np.array([*_JAW, *_BROWS, *_NOSE, *_EYES, *_LIPS])
"""Point k of a mirrored picture is point FLIP[k] of the picture (iBUG-68)."""

EXPOSED = 0.12, 0.7
"""Mean of the middle of a picture, 0 to 1: cameras expose for it, so that few faces are lost in
white or black."""

Rng = np.random.Generator


def still_view(size: int) -> NDArray[np.float64]:
    """Map (2, 3) of crop px to the centred, upright picture of `size` px."""
    scale = size / (CROP_PX * VIEW / MARGIN)
    offset = size / 2 - scale * CROP_PX / 2
    return np.array([[scale, 0, offset], [0, scale, offset]])


def jittered_view(size: int, rng: Rng, how: ImageAugment) -> tuple[NDArray[np.float64], float]:
    """A map as `still_view` with the errors of a detector, and its rotation in degrees (+ = cw)."""
    side = CROP_PX / MARGIN
    angle_deg = float(rng.normal(0, how.rotate_deg))
    scale = size / (side * VIEW) * np.exp(rng.normal(0, how.scale))
    turn = np.deg2rad(angle_deg)
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    aspect, shear = np.exp(rng.normal(0, how.shear)), rng.normal(0, how.shear)
    matrix = matrix @ np.array([[1, shear], [0, aspect]])
    middle = CROP_PX / 2 + rng.normal(0, how.shift, 2) * side
    return np.column_stack([matrix, size / 2 - matrix @ middle]), angle_deg


def face_view(
    crop: Pixels, points: Floats, pose_deg: Floats, size: int, rng: Rng, how: ImageAugment
) -> tuple[Pixels, Floats, Floats]:
    """One varied picture of a crop: picture, points (68, 2) in px of it, pose (3,) degrees."""
    to_view, angle_deg = jittered_view(size, rng, how)
    picture = sample(crop, to_view, size)
    points = (points @ to_view[:, :2].T + to_view[:, 2]).astype(np.float32)
    pose_deg = pose_deg + np.array([0, 0, angle_deg], np.float32)
    if rng.random() < how.flip:
        picture, points, pose_deg = mirror(picture, points, pose_deg)
    return photograph(picture, rng, how), points, pose_deg


def other_view(crop: Pixels, size: int, rng: Rng, how: ImageAugment) -> Pixels:
    """One varied picture of a place without a face."""
    picture = sample(crop, jittered_view(size, rng, how)[0], size)
    return photograph(picture[:, :: int(rng.choice([1, -1]))], rng, how)


def mirror(picture: Pixels, points: Floats, pose_deg: Floats) -> tuple[Pixels, Floats, Floats]:
    """Left and right exchanged: points are renumbered, yaw and roll change sign."""
    flipped = points[FLIP].copy()
    flipped[:, 0] = picture.shape[1] - flipped[:, 0]
    return (
        np.ascontiguousarray(picture[:, ::-1]),
        flipped,
        pose_deg * np.array([-1, 1, -1], np.float32),
    )


def photograph(picture: Pixels, rng: Rng, how: ImageAugment) -> Pixels:
    """Occlude, blur, light, add noise and compress a picture."""
    picture = np.ascontiguousarray(picture)
    steps: tuple[tuple[float, Callable[[Pixels, Rng], Pixels]], ...] = (
        (how.occlude, occlude),
        (how.blur, down_up),
        (how.blur * 0.5, out_of_focus),
        (how.blur * 0.15, moved),
    )
    for share, step in steps:
        if rng.random() < share:
            picture = step(picture, rng)
    colours = lit(picture.astype(np.float32) / np.float32(255), rng, how.light)
    if rng.random() < 0.5:
        grain = rng.standard_normal(colours.shape, np.float32)
        colours = colours + grain * np.float32(rng.uniform(0, how.noise))
    picture = (np.clip(colours, 0, 1) * 255).astype(np.uint8)
    return compressed(picture, rng) if rng.random() < how.jpeg else picture


def occlude(picture: Pixels, rng: Rng) -> Pixels:
    """Cover parts with boxes and ellipses of plain colour, noise or the picture's own pixels."""
    size = len(picture)
    picture = picture.copy()
    for _ in range(int(rng.integers(1, 3))):
        width, height = rng.integers(size // 16, size * 2 // 5, 2)
        x, y = rng.integers(-size // 10, size - 5, 2)
        mask = np.zeros((size, size), np.uint8)
        if rng.random() < 0.5:
            cv2.rectangle(mask, (int(x), int(y)), (int(x + width), int(y + height)), 1, -1)
        else:
            centre, axes = (
                (int(x + width // 2), int(y + height // 2)),
                (int(width // 2), int(height // 2)),
            )
            cv2.ellipse(mask, (centre, axes, float(rng.uniform(0, 180))), 1, -1)
        cover = _cover(picture, rng)
        picture = np.where(mask[..., None] > 0, cover, picture).astype(np.uint8)
    return picture


def _cover(picture: Pixels, rng: Rng) -> NDArray[np.floating] | Pixels:
    kind = rng.random()
    if kind < 0.5:
        return rng.uniform(0, 255, 3)
    if kind < 0.75:
        return rng.uniform(0, 100, (*picture.shape[:2], 1)) + rng.uniform(0, 150, 3)
    return np.roll(picture, tuple(int(n) for n in rng.integers(0, len(picture), 2)), (0, 1))


def down_up(picture: Pixels, rng: Rng) -> Pixels:
    """Lose resolution as a far or small face does."""
    size, small = len(picture), int(len(picture) * rng.uniform(0.22, 0.8))
    shrink = cv2.INTER_AREA if rng.random() < 0.6 else cv2.INTER_LINEAR
    grow = cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_CUBIC
    little = cv2.resize(picture, (small, small), interpolation=shrink)
    return np.asarray(cv2.resize(little, (size, size), interpolation=grow))


def out_of_focus(picture: Pixels, rng: Rng) -> Pixels:
    """Gaussian blur, 0.4 to 1.6 px."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.6)))


def moved(picture: Pixels, rng: Rng) -> Pixels:
    """Motion blur over 7 px in a random direction."""
    line = np.zeros((7, 7), np.float32)
    line[3] = 1
    turn = cv2.getRotationMatrix2D((3, 3), rng.uniform(0, 180), 1)
    kernel = cv2.warpAffine(line, turn, (7, 7))
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()))


def lit(colours: Floats, rng: Rng, strength: float) -> Floats:
    """Other light and camera: colours (S, S, 3) 0..1 -> the same, possibly beyond 0..1."""
    grey = colours.mean(2, keepdims=True)
    saturation = 0.0 if rng.random() < 0.15 * strength else 1 + strength * rng.uniform(-0.7, 0.7)
    colours = grey + (colours - grey) * np.float32(saturation)
    colours = colours * np.exp(rng.normal(0, 0.12 * strength, 3)).astype(np.float32)
    gamma = float(np.exp(rng.normal(0, 0.35 * strength)))
    colours = np.asarray(cv2.pow(np.clip(colours, 0, 1), gamma), np.float32)
    edge = len(colours) // 4
    mean = float(colours[edge:-edge, edge:-edge].mean())
    contrast, brightness = 1 + strength * rng.uniform(-0.5, 0.5, 2)
    exposed = np.clip(mean * brightness, *EXPOSED)
    colours = (colours - mean) * np.float32(contrast) + np.float32(exposed)
    if rng.random() < 0.4 * strength:
        colours = colours * (1 + light_slope(len(colours), len(colours), rng)[..., None])
    return colours


def light_slope(height: int, width: int, rng: Rng) -> Floats:
    """A plane (H, W) through 0 in a random direction: light from one side."""
    angle = rng.uniform(0, 2 * np.pi)
    across, down = (np.linspace(-1, 1, n, dtype=np.float32) for n in (width, height))
    plane = across[None] * np.cos(angle) + down[:, None] * np.sin(angle)
    return np.asarray(plane * rng.uniform(0.1, 0.8), np.float32)


def compressed(picture: Pixels, rng: Rng) -> Pixels:
    """JPEG and back."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 90))]
    data = cv2.imencode(".jpg", picture, quality)[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
