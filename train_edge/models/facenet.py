"""Face network: points as classes of columns and rows, all else as numbers."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

SIZE_PX = 96
GRID, FINE = 6, 12
"""Sides of the last feature map, SIZE_PX / 16, and of the one before it."""
SQUEEZED = 24
"""Channels that the whole-map convolution reads."""
BINS = 24
"""Columns, and rows, between which a point's place is told: 4 px each."""


@dataclass(frozen=True)
class Body:
    """Channels of the maps of 48, 24, 12 and 6 px, and of the one that the points are read from."""

    first: int
    second: int
    fine: int
    coarse: int
    mixed: int
    kernel: int
    """Side of the convolution that makes one map for each point."""


BODIES = {"narrow": Body(8, 16, 40, 72, 40, 1), "wide": Body(16, 32, 64, 96, 64, 3)}
"""Channels are multiples of 8, because int8 kernels fill registers of 8. Depthwise-separable bodies
of the same speed as `narrow` were half as much again off after the same short training."""


def _conv(inp: int, out: int, kernel: int, stride: int = 1, pad: int = 0) -> list[nn.Module]:
    conv = nn.Conv2d(inp, out, kernel, stride, pad, bias=False)
    return [conv, nn.BatchNorm2d(out), nn.ReLU()]


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut; stride 2 halves H and W."""

    def __init__(self, inp: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.main = nn.Sequential(
            *_conv(inp, out, 3, stride, 1),
            nn.Conv2d(out, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inp != out:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride), nn.Conv2d(inp, out, 1, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H / stride, W / stride)."""
        return torch.relu(self.main(x) + self.shortcut(x))


class Places(nn.Module):
    """Each point's place as two classifications, its column and its row (SimCC, Li et al. 2022).

    A map of 12 x 12 for each point, drawn from both depths of the body, and one linear layer that
    all points share: map to bins.
    """

    def __init__(self, body: Body, points: int) -> None:
        super().__init__()
        self.points = points
        self.from_coarse = nn.Conv2d(body.coarse, body.mixed, 1)
        self.from_fine = nn.Conv2d(body.fine, body.mixed, 1)
        self.maps = nn.Conv2d(body.mixed, points, body.kernel, padding=body.kernel // 2)
        self.bins = nn.Linear(FINE * FINE, 2 * BINS)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Maps (B, C, 12, 12) and (B, C', 6, 6) -> logits (B, 2 * points, BINS), x before y."""
        up = functional.interpolate(self.from_coarse(coarse), scale_factor=2.0, mode="nearest")
        maps = self.maps(torch.relu(up + self.from_fine(fine)))
        logits: Tensor = self.bins(maps.flatten(2))
        return logits.reshape(-1, 2 * self.points, BINS)


class FaceNet(nn.Module):
    """Points by `Places`, all other values by a whole-map convolution; 0.2 million parameters.

    The answer of a point is the mean of its bins' middles, so one vector holds everything and int8
    files need no decoder. In training the logits of the bins follow, for their own loss.
    """

    centres: Tensor

    def __init__(self, n_outputs: int, points: int, body: Body) -> None:
        super().__init__()
        to_24_px = (*_conv(3, body.first, 3, 2, 1), *_conv(body.first, body.second, 3, 2, 1))
        self.stem = nn.Sequential(*to_24_px)
        self.fine = Residual(body.second, body.fine, 2)
        self.coarse = Residual(body.fine, body.coarse, 2)
        self.places = Places(body, points)
        others = n_outputs - 2 * points
        self.squeeze = nn.Sequential(nn.Conv2d(body.coarse, SQUEEZED, 1), nn.ReLU())
        self.where = nn.Conv2d(SQUEEZED, others, GRID)
        self.what = nn.Conv2d(body.coarse, others, 1, bias=False)
        assert self.where.bias is not None
        for zero in (self.where.weight, self.where.bias, self.what.weight):
            nn.init.zeros_(zero)
        self.register_buffer("centres", bin_centres()[:, None] - 0.5, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H=96, W=96) RGB as the image front end makes it -> (B, n_outputs).

        In training (B, n_outputs + 2 * points * BINS): the logits of the bins come last.
        """
        fine = self.fine(self.stem(image))
        coarse = self.coarse(fine)
        logits = self.places(fine, coarse)
        points = (logits.softmax(2) @ self.centres).flatten(1)
        pooled = self.what(coarse.mean((2, 3), keepdim=True))
        others = (self.where(self.squeeze(coarse)) + pooled).flatten(1)
        answers = [points, others, logits.flatten(1)] if self.training else [points, others]
        return torch.cat(answers, 1)


def bin_centres() -> Tensor:
    """Middles (BINS,) of the bins, fractions of the crop."""
    return (torch.arange(BINS) + 0.5) / BINS
