"""Adaptive discriminator augmentation: image warps and colours, and how strong they are.

Transformations, their spreads and their order: Karras et al. 2020b, appendix B; the controller:
section 3.1 there. Ours are bilinear with mirrored borders, without the paper's band-limiting.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Floats = NDArray[np.float64]
GEOMETRY = ("flip", "turn", "shift", "scale", "rotate", "stretch", "slide")
COLOUR = ("brightness", "contrast", "luma_flip", "hue", "saturation")
KINDS = GEOMETRY + COLOUR
LUMA = np.array([1.0, 1.0, 1.0, 0.0]) / math.sqrt(3)


def augment(
    images: Tensor, p: float, rng: np.random.Generator, kinds: tuple[str, ...] = KINDS
) -> Tensor:
    """Apply each of `kinds` with probability `p` to each image (B, 3, H, W); differentiable."""
    if p <= 0:
        return images
    batch, _, height, width = images.shape
    warp = warps(batch, p, rng, kinds, width)
    if not np.allclose(warp, np.eye(3)):
        theta = torch.from_numpy(warp[:, :2]).to(images)
        grid = functional.affine_grid(theta, [batch, 3, height, width], align_corners=False)
        images = functional.grid_sample(
            images, grid, padding_mode="reflection", align_corners=False
        )
    matrix = torch.from_numpy(colours(batch, p, rng, kinds)).to(images)
    flat = matrix[:, :3, :3] @ images.flatten(2) + matrix[:, :3, 3:]
    return flat.view_as(images)


def warps(
    batch: int, p: float, rng: np.random.Generator, kinds: tuple[str, ...], size_px: int
) -> Floats:
    """From places in the new image to places in the old one, -1..1 on both axes: (B, 3, 3)."""
    draw = _Draws(batch, p, rng, kinds)
    m = draw.apply("flip", _scale(1 - 2 * draw.integers(2), np.ones(batch)))
    m = m @ draw.apply("turn", _rotate(draw.integers(4) * math.pi / 2))
    shift = np.round(rng.uniform(-0.125, 0.125, (batch, 2)) * size_px) * 2 / size_px
    m = m @ draw.apply("shift", _move(shift))
    size = 2 ** (0.2 * draw.normal())
    m = m @ draw.apply("scale", _scale(size, size))
    often = 1 - math.sqrt(max(1 - p, 0))  # twice, before and after the stretch: p in all
    m = m @ draw.apply("rotate", _rotate(draw.angle()), often)
    longer = 2 ** (0.2 * draw.normal())
    m = m @ draw.apply("stretch", _scale(longer, 1 / longer))
    m = m @ draw.apply("rotate", _rotate(draw.angle()), often)
    return m @ draw.apply("slide", _move(rng.standard_normal((batch, 2)) * 0.125 * 2))


def colours(batch: int, p: float, rng: np.random.Generator, kinds: tuple[str, ...]) -> Floats:
    """Matrices on (R, G, B, 1) of colours in -1..1: (B, 4, 4)."""
    draw = _Draws(batch, p, rng, kinds)
    along = np.outer(LUMA, LUMA)
    shift = np.zeros((batch, 3)) + 0.2 * draw.normal()[:, None]
    m = draw.apply("brightness", _shift(shift))
    m = draw.apply("contrast", _gain(2 ** (0.5 * draw.normal()))) @ m
    m = draw.apply("luma_flip", np.eye(4) - 2 * along * draw.integers(2)[:, None, None]) @ m
    m = draw.apply("hue", _hue(draw.angle())) @ m
    rest = np.eye(4) - along
    rest[3, 3] = 0  # the constant stays as it is
    keep = along + np.diag([0.0, 0.0, 0.0, 1.0])
    return draw.apply("saturation", keep + rest * (2 ** draw.normal())[:, None, None]) @ m


class _Draws:
    """Random numbers a sample, and which samples a transformation takes."""

    def __init__(
        self, batch: int, p: float, rng: np.random.Generator, kinds: tuple[str, ...]
    ) -> None:
        self.batch, self.p, self.rng, self.kinds = batch, p, rng, kinds

    def normal(self) -> Floats:
        return self.rng.standard_normal(self.batch)

    def angle(self) -> Floats:
        return self.rng.uniform(-math.pi, math.pi, self.batch)

    def integers(self, below: int) -> Floats:
        return self.rng.integers(below, size=self.batch).astype(np.float64)

    def apply(self, kind: str, matrices: Floats, p: float | None = None) -> Floats:
        """`matrices` (B, n, n) for the samples that are taken, the identity for the others."""
        taken = self.rng.random(self.batch) < (self.p if p is None else p)
        taken &= kind in self.kinds
        return np.where(taken[:, None, None], matrices, np.eye(matrices.shape[1]))


def _eyes(count: int, n: int) -> Floats:
    return np.tile(np.eye(n), (count, 1, 1))


def _scale(x: Floats, y: Floats) -> Floats:
    m = _eyes(len(x), 3)
    m[:, 0, 0], m[:, 1, 1] = x, y
    return m


def _rotate(angle: Floats) -> Floats:
    m = _eyes(len(angle), 3)
    m[:, 0, 0] = m[:, 1, 1] = np.cos(angle)
    m[:, 1, 0] = np.sin(angle)
    m[:, 0, 1] = -m[:, 1, 0]
    return m


def _move(xy: Floats) -> Floats:
    m = _eyes(len(xy), 3)
    m[:, :2, 2] = xy
    return m


def _shift(rgb: Floats) -> Floats:
    m = _eyes(len(rgb), 4)
    m[:, :3, 3] = rgb
    return m


def _gain(gain: Floats) -> Floats:
    m = _eyes(len(gain), 4)
    m[:, [0, 1, 2], [0, 1, 2]] = gain[:, None]
    return m


def _hue(angle: Floats) -> Floats:
    """Rotations about the grey axis (Rodrigues)."""
    x, y, z = LUMA[:3]
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    m = _eyes(len(angle), 4)
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    m[:, :3, :3] = np.eye(3) + sine * cross + (1 - cosine) * (cross @ cross)
    return m


def next_p(p: float, mean_sign: float, target: float, images: int, ada_images: int) -> float:
    """Strength after `images` more: up where the discriminator is surer than `target`."""
    change = float(np.sign(mean_sign - target)) * images / ada_images
    return min(max(p + change, 0.0), 1.0)
