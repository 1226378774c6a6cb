"""Augmentation of a second of pictures: one camera, one light, and a detector that wanders."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from train_edge.augment_image import light_slope
from train_edge.faces import Floats, Pixels, sample
from train_edge.options import ImageAugment
from train_edge.talking_clips import FILM_PX, ROOM

WANDER = 0.008
"""Standard deviation of how far the crop moves from picture to picture, in sides of the crop."""
HELD, HICCUP, SOFT = 0.3, 0.15, 0.2
"""Shares of seconds whose crop stands still for some pictures (a slow detector), in which one
picture comes twice (a slow camera), and that have lost resolution."""
COVERED = 0.1
"""Share of seconds with something before the face, as long as `occlude` is at its default."""

Rng = np.random.Generator


def plain_view(size: int) -> NDArray[np.float64]:
    """Map (2, 3) from a picture in memory to the square that the model sees, `size` px."""
    scale = size * ROOM / FILM_PX
    offset = size / 2 - scale * FILM_PX / 2
    return np.array([[scale, 0, offset], [0, scale, offset]])


def plain(pictures: Pixels, size: int) -> Pixels:
    """Pictures in memory (T, 48, 48) as the model sees them, unvaried (T, size, size)."""
    return np.stack([sample(picture, plain_view(size), size) for picture in pictures])


def filmed(pictures: Pixels, size: int, rng: Rng, how: ImageAugment) -> Floats:
    """One varied second: pictures in memory (T, 48, 48) -> (T, size, size) float32, 0..255."""
    return photographed(_hiccup(pictures, rng), size, rng, how)


def photographed(pictures: Pixels, size: int, rng: Rng, how: ImageAugment) -> Floats:
    """Pictures (T, 48, 48) in one light, by one camera -> (T, size, size) float32, 0..255."""
    small = int(rng.integers(size // 2, size)) if rng.random() < SOFT else size
    views = _views(len(pictures), small, rng, how)
    made = np.stack([sample(p, view, small) for p, view in zip(pictures, views, strict=True)])
    if small < size:
        made = np.stack([cv2.resize(p, (size, size)) for p in made])
    if rng.random() < how.flip:
        made = made[:, :, ::-1]
    film = _lit(made.astype(np.float32) / np.float32(255), rng, how.light)
    if rng.random() < COVERED * how.occlude / ImageAugment.occlude:
        film = _covered(film, rng)
    grain = rng.standard_normal(film.shape, np.float32)
    film = film + grain * np.float32(rng.uniform(0, how.noise) * (rng.random() < 0.7))
    return np.asarray(np.clip(film, 0, 1) * np.float32(255))


def _hiccup(pictures: Pixels, rng: Rng) -> Pixels:
    if rng.random() >= HICCUP:
        return pictures
    order = np.arange(len(pictures))
    order[int(rng.integers(1, len(pictures)))] -= 1
    return pictures[order]


def _views(count: int, size: int, rng: Rng, how: ImageAugment) -> list[NDArray[np.float64]]:
    """One map a picture: the same place, size and rotation, and a little wandering."""
    turn = np.deg2rad(rng.normal(0, 0.7 * how.rotate_deg))
    scale = size * ROOM / FILM_PX * np.exp(rng.normal(0, how.scale))
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    side = FILM_PX / ROOM
    steps = rng.normal(0, WANDER * side, (count, 2)) * rng.uniform(0, 1)
    if rng.random() < HELD:
        steps = np.repeat(steps[::3] * 1.7, 3, axis=0)[:count]
    middles = FILM_PX / 2 + rng.normal(0, how.shift, 2) * side + steps
    return [np.column_stack([matrix, size / 2 - matrix @ middle]) for middle in middles]


def _lit(film: Floats, rng: Rng, strength: float) -> Floats:
    """Another gamma, and light from one side; the model takes off brightness and contrast."""
    gamma = float(np.exp(rng.normal(0, 0.35 * strength)))
    film = np.power(film, np.float32(gamma))
    if rng.random() < 0.4 * strength:
        film = film * (1 + light_slope(film.shape[1], film.shape[2], rng))
    return film


def _covered(film: Floats, rng: Rng) -> Floats:
    """A box of one grey over a part of all pictures, such as a hand or a cup."""
    size = film.shape[1]
    width, height = rng.integers(size // 8, size * 2 // 5, 2)
    x, y = rng.integers(-size // 10, size - 3, 2)
    film = film.copy()
    film[:, max(0, y) : y + height, max(0, x) : x + width] = rng.uniform(0, 1)
    return film
