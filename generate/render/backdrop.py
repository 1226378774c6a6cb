"""Procedural places behind the child: rooms, shelves, walls, gardens, streets at dusk.

They are out of focus, lit with the scene's own light, and their spectra fall like those of
photographs (about 1/f): large shapes first, finer clutter fainter.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.render.light import Light

F32 = NDArray[np.float32]
Rng = np.random.Generator
DRAWN_PX = 160
"""Size at which a place is drawn before blurring and enlarging."""

WALLS = (
    *((0.62, 0.58, 0.52), (0.66, 0.64, 0.60), (0.52, 0.56, 0.58), (0.60, 0.53, 0.42)),
    *((0.45, 0.52, 0.44), (0.58, 0.47, 0.43), (0.36, 0.42, 0.50), (0.70, 0.66, 0.55)),
)
WOODS = ((0.30, 0.19, 0.11), (0.45, 0.31, 0.19), (0.18, 0.11, 0.07), (0.58, 0.45, 0.31))
TOYS = (
    *((0.55, 0.10, 0.08), (0.10, 0.22, 0.48), (0.62, 0.45, 0.08), (0.12, 0.35, 0.14)),
    *((0.60, 0.58, 0.54), (0.30, 0.28, 0.27), (0.48, 0.28, 0.36), (0.16, 0.38, 0.42)),
)
LEAVES = ((0.06, 0.13, 0.03), (0.10, 0.20, 0.05), (0.16, 0.22, 0.07), (0.04, 0.08, 0.03))


def make_backdrop(seed: int, light: Light, size_px: int) -> F32:
    """Linear RGB (size_px, size_px, 3) of the place behind the child, in the scene's light."""
    rng = np.random.default_rng([seed, 0xBD])
    place = _draw_place(rng, light)
    image = place(rng, DRAWN_PX)
    image *= np.exp(0.10 * cloud(rng, DRAWN_PX, 1.6))[..., None]
    image *= _shading(rng, light, DRAWN_PX)[..., None] * light.tint * np.float32(light.level)
    image = _defocus(image, rng.uniform(0.008, 0.05) * DRAWN_PX)
    image = cv2.resize(image, (size_px, size_px), interpolation=cv2.INTER_LINEAR)
    return np.maximum(np.asarray(image, np.float32), 0)


def cloud(rng: Rng, size: int, power: float) -> F32:
    """Noise (size, size) of unit variance whose amplitude falls as 1/f**power (images: 1)."""
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    f[0, 0] = 1
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) / f**power, (size, size))
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def _draw_place(rng: Rng, light: Light) -> Callable[[Rng, int], F32]:
    indoor = (_wall, _wall, _room, _room, _shelf, _curtain)
    outdoor = (_garden, _garden, _street, _wall)
    choices: tuple[Callable[[Rng, int], F32], ...]
    if light.name in ("shade", "sun"):
        choices = outdoor
    elif light.name in ("dusk", "back"):
        choices = (_garden, _street, _room, _curtain)
    else:
        choices = indoor
    return choices[int(rng.integers(len(choices)))]


def _pick(rng: Rng, colors: tuple[tuple[float, float, float], ...], spread: float = 0.15) -> F32:
    rgb = np.array(colors[int(rng.integers(len(colors)))])
    return np.asarray(
        rgb * np.exp(rng.normal(0, spread, 3) * 0.5 + rng.normal(0, spread)), np.float32
    )


def _muted(rgb: F32, keep: float) -> F32:
    """The colour with `keep` of its saturation."""
    grey = np.float32(rgb.mean())
    return np.asarray(grey + np.float32(keep) * (rgb - grey), np.float32)


def _flat(color: F32, n: int) -> F32:
    return np.ascontiguousarray(np.broadcast_to(color, (n, n, 3)), np.float32)


def _box(image: F32, x: float, y: float, w: float, h: float, color: F32) -> None:
    """Fill a rectangle, in fractions of the image."""
    n = image.shape[0]
    cv2.rectangle(
        image,
        (int(x * n), int(y * n)),
        (int((x + w) * n), int((y + h) * n)),
        [float(c) for c in color],
        -1,
    )


def _panel(image: F32, x: float, y: float, w: float, h: float, color: F32) -> None:
    """A rectangle with a shadow beside it and a lit edge, so that it stands off the wall."""
    shadow = image.copy()
    _box(shadow, x + 0.015, y + 0.02, w, h, np.zeros(3, np.float32))
    image[:] = 0.65 * image + 0.35 * cv2.GaussianBlur(shadow, (0, 0), image.shape[0] * 0.02)
    _box(image, x, y, w, h, color)
    _box(image, x, y, w, 0.008, color * 1.3)


def _wall(rng: Rng, n: int) -> F32:
    image = _flat(_pick(rng, WALLS), n)
    if rng.uniform() < 0.4:
        for _ in range(int(rng.integers(1, 4))):
            x, y = rng.uniform(-0.2, 0.9), rng.uniform(-0.1, 0.5)
            w, h = rng.uniform(0.12, 0.4), rng.uniform(0.12, 0.35)
            _panel(image, x, y, w, h, _pick(rng, WOODS))
            _box(image, x + 0.02, y + 0.02, w - 0.04, h - 0.04, _pick(rng, TOYS) * 0.7 + 0.12)
    if rng.uniform() < 0.3:
        _box(image, 0, rng.uniform(0.55, 0.8), 1, 1, _pick(rng, WALLS) * 0.8)
    return image


def _room(rng: Rng, n: int) -> F32:
    image = _flat(_pick(rng, WALLS), n)
    corner = rng.uniform(-0.3, 1.3)
    _box(image, corner, 0, 2, 1, image[0, 0] * rng.uniform(0.6, 0.85))
    floor = rng.uniform(0.6, 0.9)
    _box(image, 0, floor, 1, 1, _pick(rng, WOODS))
    _box(image, 0, floor - 0.02, 1, 0.02, _pick(rng, WALLS) * 1.1)
    if rng.uniform() < 0.55:
        _window(image, rng)
    for _ in range(int(rng.integers(1, 4))):
        w, h = rng.uniform(0.15, 0.5), rng.uniform(0.15, 0.5)
        color = _pick(rng, WOODS if rng.uniform() < 0.5 else TOYS) * 0.8
        _panel(image, rng.uniform(-0.2, 0.95), floor - h + rng.uniform(0, 0.12), w, h, color)
    if rng.uniform() < 0.4:
        _panel(image, rng.uniform(0, 0.8), rng.uniform(0.05, 0.3), 0.18, 0.14, _pick(rng, TOYS))
    return image


def _window(image: F32, rng: Rng) -> None:
    x, y = rng.uniform(-0.2, 0.8), rng.uniform(-0.1, 0.2)
    w, h = rng.uniform(0.2, 0.45), rng.uniform(0.3, 0.55)
    sky = np.array([0.95, 1.0, 1.05], np.float32) * np.float32(rng.uniform(0.9, 2.2))
    _panel(image, x - 0.02, y - 0.02, w + 0.04, h + 0.04, _pick(rng, WALLS) * 1.2)
    _box(image, x, y, w, h, sky)
    _box(image, x, y + h * rng.uniform(0.5, 0.8), w, h * 0.2, _pick(rng, LEAVES) * 4)
    _box(image, x + w / 2 - 0.008, y, 0.016, h, _pick(rng, WALLS))


def _shelf(rng: Rng, n: int) -> F32:
    wood = _pick(rng, WOODS)
    image = _flat(wood * 0.35, n)
    rows = int(rng.integers(2, 5))
    for r in range(rows):
        top, high = r / rows, 1 / rows
        x = 0.0
        while x < 1.0:
            w = rng.uniform(0.025, 0.08)
            if rng.uniform() < 0.82:
                h = high * rng.uniform(0.45, 0.85)
                _box(image, x, top + high - h, w, h, _muted(_pick(rng, TOYS, 0.35), 0.5) * 0.7)
            x += w + 0.004 + (0.06 if rng.uniform() < 0.12 else 0)
        _box(image, 0, top + high - 0.02, 1, 0.03, wood)
    return image


def _curtain(rng: Rng, n: int) -> F32:
    x = np.linspace(0, 1, n)
    wave = np.sin(2 * np.pi * (x * rng.uniform(5, 14) + 0.25 * np.sin(x * rng.uniform(5, 25))))
    light = 0.75 + 0.25 * wave + 0.08 * np.sin(2 * np.pi * x * rng.uniform(20, 40))
    image = _pick(rng, WALLS + TOYS) * np.repeat(light[None, :, None], n, 0)
    return np.asarray(image, np.float32)


def _garden(rng: Rng, n: int) -> F32:
    sky = np.array([0.75, 0.88, 1.05], np.float32) * np.float32(rng.uniform(0.6, 1.2))
    rows = np.linspace(0, 1, n, dtype=np.float32)[:, None, None]
    image = np.asarray(sky * (1.15 - 0.3 * rows) * np.ones((n, n, 1), np.float32), np.float32)
    horizon = rng.uniform(0.35, 0.75)
    for depth in np.linspace(0, 1, 4):
        crown = horizon - 0.35 * (1 - depth) * rng.uniform(0.3, 1.2)
        leaf = _pick(rng, LEAVES) * (2.2 - 1.1 * np.float32(depth))
        gaps = cloud(rng, n, 1.25) * 0.14 + rows[..., 0] - crown
        cover = np.clip(gaps * 18 + 0.5, 0, 1)[..., None]
        speckle = np.exp(0.5 * cloud(rng, n, 0.7))[..., None]
        image = image * (1 - cover) + leaf * speckle * cover
    grass = np.clip((rows - horizon - 0.1) * 25, 0, 1)
    lawn = _pick(rng, LEAVES) * 2.0 * np.exp(0.25 * cloud(rng, n, 0.8))[..., None]
    return np.asarray(image * (1 - grass) + lawn * grass, np.float32)


def _street(rng: Rng, n: int) -> F32:
    image = _flat(np.array([0.55, 0.62, 0.72], np.float32) * np.float32(rng.uniform(0.4, 1.2)), n)
    x = -0.1
    while x < 1.0:
        w, top = rng.uniform(0.15, 0.4), rng.uniform(-0.1, 0.45)
        facade = _pick(rng, WALLS) * np.float32(rng.uniform(0.3, 0.8))
        _box(image, x, top, w, 1, facade)
        for wx in np.arange(x + 0.03, x + w - 0.03, 0.07):
            for wy in np.arange(top + 0.04, 0.75, 0.1):
                _box(image, wx, wy, 0.035, 0.055, facade * np.float32(rng.choice([0.4, 0.5, 1.6])))
        x += w
    _box(image, 0, rng.uniform(0.72, 0.85), 1, 1, np.array([0.22, 0.21, 0.21], np.float32))
    for _ in range(int(rng.integers(0, 9))):
        spot = tuple(int(v * n) for v in rng.uniform(0, 1, 2))
        glow = np.array([1.6, 1.1, 0.6]) * rng.uniform(0.5, 2.0)
        cv2.circle(image, spot, int(rng.integers(1, 4)), glow.tolist(), -1)
    return image


def _shading(rng: Rng, light: Light, n: int) -> F32:
    """Brighter towards the key's side, with a pool of light or shade somewhere."""
    axis = np.linspace(-1, 1, n, dtype=np.float32)
    side = np.float32(light.lamps.direction[0, 0])
    slope = 1 + 0.35 * side * axis[None, :] - np.float32(rng.uniform(0, 0.25)) * axis[:, None]
    cx, cy, r = rng.uniform(-1, 1), rng.uniform(-1, 0.5), rng.uniform(0.5, 1.2)
    pool = np.exp(-((axis[None] - cx) ** 2 + (axis[:, None] - cy) ** 2) / (2 * r * r))
    return np.asarray(slope * (0.85 + rng.uniform(-0.2, 0.4) * pool), np.float32)


def _defocus(image: F32, radius: float) -> F32:
    """Blur with a disc, as an open aperture does: bright spots become bright discs."""
    k = max(int(np.ceil(radius)), 1)
    axis = np.arange(-k, k + 1)
    disc = np.clip(radius + 0.5 - np.hypot(axis[:, None], axis[None]), 0, 1).astype(np.float32)
    return cv2.filter2D(image, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)
