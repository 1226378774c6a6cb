"""Keyword network: broadcast residuals on log-mel frames, far-seeing in time at little cost.

The stem steps over four mel bands: with two the arena of TFLite Micro was 52 kB, over the 40 kB
that a microcontroller is asked for here.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

CHANNELS = (24, 24, 32, 40, 40)
"""Of the stem and of the four stages."""
BLOCKS = (1, 1, 2, 2)
STRIDES = (1, 2, 1, 1)
"""Of the first block of each stage, along the mel bands."""
DILATIONS = (1, 1, 2, 4)
"""Along time, in frames of 40 ms."""
LAST = 64
MELS = 40


class Broadcast(nn.Module):
    """A frequency path that keeps the mel bands, and a time path on their mean, added to all bands.

    Unlike the paper it has ReLU and plain BatchNorm: swish and sub-spectral normalization do not
    fold into int8 convolutions.
    """

    def __init__(
        self, inp: int, out: int, width: int, stride: int, dilation: int, dropout: float
    ) -> None:
        super().__init__()
        self.keeps = inp == out and stride == 1
        self.lift: nn.Module = nn.Identity()
        if inp != out:
            self.lift = nn.Sequential(
                nn.Conv2d(inp, out, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()
            )
        self.bands = nn.Sequential(
            nn.Conv2d(out, out, (1, 3), (1, stride), (0, 1), groups=out, bias=False),
            nn.BatchNorm2d(out),
        )
        self.time = nn.Sequential(
            nn.AvgPool2d((1, width // stride)),
            nn.Conv2d(out, out, (3, 1), 1, (dilation, 0), (dilation, 1), groups=out, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(),
            nn.Conv2d(out, out, 1),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, L, mel) -> (B, C', L, mel / stride)."""
        bands = self.bands(self.lift(x))
        both = bands + self.time(bands)
        return torch.relu(both + x if self.keeps else both)


class BCResNet(nn.Module):
    """After Kim et al. 2021, "Broadcasted residual learning for efficient keyword spotting"."""

    def __init__(self, n_classes: int, dropout: float = 0.1) -> None:
        super().__init__()
        first = CHANNELS[0]
        layers: list[nn.Module] = [
            nn.Conv2d(1, first, (5, 8), (2, 4), (2, 2), bias=False),
            nn.BatchNorm2d(first), nn.ReLU(),
        ]  # fmt: skip
        stages = zip(pairwise(CHANNELS), BLOCKS, STRIDES, DILATIONS, strict=True)
        width = MELS // 4
        for (inp, out), blocks, stride, dilation in stages:
            layers.append(Broadcast(inp, out, width, stride, dilation, dropout))
            width //= stride
            layers += [Broadcast(out, out, width, 1, dilation, dropout) for _ in range(blocks - 1)]
        out = CHANNELS[-1]
        layers += [
            nn.Conv2d(out, out, 5, 1, (2, 0), groups=out, bias=False), nn.BatchNorm2d(out),
            nn.Conv2d(out, LAST, 1, bias=False), nn.BatchNorm2d(LAST), nn.ReLU(),
        ]  # fmt: skip
        self.body = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(LAST, n_classes)

    def forward(self, features: Tensor) -> Tensor:
        """(B, 1, L=50 mel frames, 40 mel bands) -> (B, C) logits."""
        return self.head(self.dropout(self.body(features).mean((2, 3))))
