"""Scenes of a toy's camera, composed of people and places: grey pictures with all their faces.

People are cut out and set before another place, or whole pictures lie on it like screens and
posters, or one fills the field; then hands and furniture cover parts, and a cheap camera looks.
Some scenes are square and lie in the field as device/find.py fits a square picture: between bars.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from train_edge.augment_image import EXPOSED, light_slope, moved
from train_edge.find_cast import SIDE_PX, Cast, Grey
from train_edge.options import ImageAugment

Rng = np.random.Generator
FACES_PX = (11.0, 118.0)
"""Sides of faces, log-uniform, before a crop that is cut off at an edge."""
PEOPLE = (0.14, 0.46, 0.22, 0.12, 0.06)
"""Shares of scenes with 0, 1, 2, 3 or 4 people."""
BACKS = 0.12
"""Share of people that are backs, where there are any."""
CUT = -0.2
"""How far the middle of a face may lie beyond the edge, in sides; below 0 it lies inside."""
WHOLE = 0.3
"""Share of pictures that lie whole on the scene; the others are cut out."""
FLAT = 0.2
"""Share of backdrops without any detail, as bars beside a picture."""
SQUARE = 0.3
"""Share of scenes that a square camera saw: the field is wider, and has bars on both sides."""
BARS = 128
"""Grey of those bars."""
SEEN, UNSEEN = 0.6, 0.25
"""A face must be found from this share of its box on, and must not be below that; between them
either is right."""


@dataclass
class Scene:
    """A picture being composed."""

    picture: Grey
    """(H, W)."""
    boxes: list[tuple[float, float, float]] = field(default_factory=list)
    """x, y, side of each face, px."""
    seen: list[float] = field(default_factory=list)
    """Share 0 to 1 of each box that can be seen."""

    def cover(self, mask: Grey) -> None:
        """Note that what lies under the mask (H, W) 0 to 255 is no longer seen."""
        for k, box in enumerate(self.boxes):
            low, high = corners(box, self.picture.shape)
            part = mask[low[1] : high[1], low[0] : high[0]]
            if part.size:
                self.seen[k] *= 1 - float(part.mean()) / 255

    def add(self, box: tuple[float, float, float]) -> None:
        """Note a face that lies before everything else."""
        low, high = corners(box, self.picture.shape)
        inside = max(0, high[0] - low[0]) * max(0, high[1] - low[1])
        self.boxes.append(box)
        self.seen.append(min(1.0, inside / max(box[2] ** 2, 1.0)))


def corners(
    box: tuple[float, float, float], shape: tuple[int, ...]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Corners (x, y) of a box inside a picture of `shape` (H, W), whole px."""
    x, y, side = box
    height, width = shape[:2]
    low = (max(0, round(x - side / 2)), max(0, round(y - side / 2)))
    return low, (min(width, round(x + side / 2)), min(height, round(y + side / 2)))


def compose(cast: Cast, rng: Rng, how: ImageAugment, size: tuple[int, int], faces: bool) -> Scene:
    """A scene of `size` (W, H) px; without `faces` only backs and places are in it."""
    if rng.random() < SQUARE:
        side = min(size)
        return fitted(_composed(cast, rng, how, (side, side), faces), size)
    return _composed(cast, rng, how, size, faces)


def fitted(scene: Scene, size: tuple[int, int]) -> Scene:
    """The scene in the middle of a field of `size` (W, H) px that is no smaller."""
    height, width = scene.picture.shape
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    field_ = np.full(size[::-1], BARS, np.uint8)
    field_[top : top + height, left : left + width] = scene.picture
    return Scene(field_, [(x + left, y + top, side) for x, y, side in scene.boxes], scene.seen)


def _composed(cast: Cast, rng: Rng, how: ImageAugment, size: tuple[int, int], faces: bool) -> Scene:
    scene = Scene(backdrop(cast, rng, size))
    count = int(rng.choice(len(PEOPLE), p=PEOPLE))
    low, high = np.log(FACES_PX)
    for side in sorted(np.exp(rng.uniform(low, high, count)).tolist()):
        back = not faces or rng.random() < BACKS
        pool = cast.others if back else cast.faces
        if len(pool):
            place(scene, cast, int(rng.choice(pool)), side, rng)
    if rng.random() < how.occlude:
        occlude(scene, rng)
    scene.picture = photographed(scene.picture, rng, how)
    return scene


def backdrop(cast: Cast, rng: Rng, size: tuple[int, int]) -> Grey:
    """A part of a place (H, W), or one shade of grey."""
    width, height = size
    pool = cast.others
    if rng.random() < FLAT or not len(pool):
        shade = rng.choice(np.array([0, 128, 255, int(rng.integers(256))]))
        return np.full((height, width), int(shade), np.uint8)
    picture = cast.pictures[rng.choice(pool)]
    wide = int(SIDE_PX * rng.uniform(0.35, 1.0))
    high = min(SIDE_PX, wide * height // width)
    x, y = rng.integers(0, SIDE_PX - wide + 1), rng.integers(0, SIDE_PX - high + 1)
    part = picture[y : y + high, x : x + wide][:, :: int(rng.choice([1, -1]))]
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def place(scene: Scene, cast: Cast, number: int, side: float, rng: Rng) -> None:
    """Set picture `number` into the scene so that its face has that side, px."""
    height, width = scene.picture.shape
    x, y, own = map(float, cast.boxes[number])
    is_face = own > 0
    if not is_face:
        x, y, own = SIDE_PX / 2, SIDE_PX / 2, SIDE_PX * 0.4
    scale = side / own
    spread = (CUT * side / width, CUT * side / height)
    at = np.array([rng.uniform(-spread[0], 1 + spread[0]) * width,
                   rng.uniform(-spread[1], 1 + spread[1]) * height])  # fmt: skip
    whole = rng.random() < WHOLE
    if not whole and rng.random() < 0.6:  # nobody's shoulders end in the air
        at[1] = max(at[1], height - (SIDE_PX - y) * scale)
    matrix = _placing((x, y), at, scale, rng)
    picture, mask = cast.pictures[number], cast.masks[number]
    if whole:
        mask = np.full_like(mask, 255)
    ink = _drawn(picture, matrix, scale, (width, height), cv2.BORDER_REPLICATE)
    cover = _drawn(mask, matrix, scale, (width, height), cv2.BORDER_CONSTANT)
    alpha = cover.astype(np.float32) / np.float32(255)
    mixed = scene.picture + (ink.astype(np.float32) - scene.picture) * alpha
    scene.picture = mixed.astype(np.uint8)
    scene.cover(cover)
    if is_face:
        scene.add((float(at[0]), float(at[1]), side))


def _placing(
    middle: tuple[float, float], at: NDArray[np.float64], scale: float, rng: Rng
) -> NDArray[np.float64]:
    """Map (2, 3) of picture px to scene px: a little turned, half of them mirrored."""
    angle = np.deg2rad(rng.normal(0, 9))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn[:, 0] *= rng.choice([1, -1])
    return np.column_stack([turn, at - turn @ np.array(middle)])


def _drawn(
    image: Grey, matrix: NDArray[np.float64], scale: float, size: tuple[int, int], border: int
) -> Grey:
    """The affine map of an image, averaged first where it shrinks; centres at +0.5."""
    matrix = matrix.copy()
    if scale < 0.75:
        small = max(4, round(SIDE_PX * scale))
        image = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
        matrix[:, :2] *= SIDE_PX / small
    matrix[:, 2] += matrix[:, :2] @ [0.5, 0.5] - 0.5
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR,
                                     borderMode=border), np.uint8)  # fmt: skip


def occlude(scene: Scene, rng: Rng) -> None:
    """Boxes and ellipses, plain or noisy, before everything."""
    height, width = scene.picture.shape
    for _ in range(int(rng.integers(1, 4))):
        mask = np.zeros((height, width), np.uint8)
        middle = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        half = (int(rng.integers(3, width // 5)), int(rng.integers(3, height // 4)))
        if rng.random() < 0.5:
            cv2.ellipse(mask, (middle, (2 * half[0], 2 * half[1]), rng.uniform(0, 180)), 255, -1)
        else:
            low = (middle[0] - half[0], middle[1] - half[1])
            cv2.rectangle(mask, low, (middle[0] + half[0], middle[1] + half[1]), 255, -1)
        shade = rng.uniform(0, 255) + rng.uniform(0, 40) * rng.standard_normal((height, width))
        ink = np.clip(shade, 0, 255).astype(np.uint8)
        scene.picture = np.where(mask > 0, ink, scene.picture)
        scene.cover(mask)


def photographed(picture: Grey, rng: Rng, how: ImageAugment) -> Grey:
    """What lens, light, sensor and compression of a cheap camera make of a picture (H, W)."""
    height, width = picture.shape
    if rng.random() < how.blur * 0.5:
        share = rng.uniform(0.4, 0.9)
        size = (max(8, int(width * share)), max(8, int(height * share)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < how.blur * 0.15:
        picture = np.asarray(moved(picture, rng))
    light = picture.astype(np.float32) / np.float32(255)
    if rng.random() < how.light:
        light = _lit(light, rng)
    if rng.random() < 0.6:
        grain = rng.standard_normal((height, width), np.float32)
        light = light + grain * np.float32(rng.uniform(0, how.noise))
    picture = (np.clip(light, 0, 1) * 255).astype(np.uint8)
    if rng.random() < how.jpeg:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 90))]
        data = cv2.imencode(".jpg", picture, quality)[1]
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return picture


def _lit(light: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Gamma, contrast, exposure, and light from one side."""
    light = np.asarray(cv2.pow(light, float(np.exp(rng.normal(0, 0.3)))), np.float32)
    mean = float(light.mean())
    contrast, brightness = 1 + rng.uniform(-0.5, 0.5, 2)
    light = (light - mean) * contrast + float(np.clip(mean * brightness, *EXPOSED))
    if rng.random() < 0.4:
        light = light * (1 + light_slope(light.shape[0], light.shape[1], rng))
    return np.asarray(light, np.float32)
