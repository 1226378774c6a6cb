"""The discriminator: residual blocks, minibatch standard deviation, one number an image.

Karras et al. 2020, figure 7 (residual), and 2018, section 3 (minibatch standard deviation).
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from generate.gan.architecture import Architecture
from generate.gan.layers import EPSILON, Conv, Linear
from generate.gan.networks import MAPPING_RATE, normalize


class Block(nn.Module):
    """(B, in, H, W) -> (B, out, H/2, W/2); both branches weigh the square root of a half."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv0 = Conv(n_in, n_in, 3)
        self.conv1 = Conv(n_in, n_out, 3, down=True, gain=math.sqrt(0.5))
        self.skip = Conv(n_in, n_out, 1, down=True, bias=False, gain=math.sqrt(0.5))

    def forward(self, x: Tensor) -> Tensor:
        """Residual sum."""
        y: Tensor = self.conv1(self.conv0(x)) + self.skip(x)
        return y


class Discriminator(nn.Module):
    """Image (B, 3, H, W) in -1..1 -> how real it looks (B,), a logit.

    With a condition the last layer projects on its embedding (Miyato & Koyama 2018).
    """

    def __init__(self, sizes: Architecture) -> None:
        super().__init__()
        self.sizes = sizes
        sides = sizes.resolutions[::-1]
        widths = [sizes.channels(side) for side in sides]
        self.from_rgb = Conv(3, widths[0], 1)
        self.blocks = nn.ModuleList(Block(n_in, n_out) for n_in, n_out in pairwise(widths))
        last = widths[-1]
        self.conv = Conv(last + 1, last, 3)
        self.linear = Linear(last * 16, last, active=True)
        n_out = last if sizes.c_dim else 1
        self.out = Linear(last, n_out)
        self.embed = Linear(sizes.c_dim, last) if sizes.c_dim else None
        self.mapping = nn.ModuleList(
            Linear(last, last, rate=MAPPING_RATE, active=True)
            for _ in range(8 if sizes.c_dim else 0)
        )

    def forward(self, image: Tensor, c: Tensor | None = None) -> Tensor:
        """Logits; the samples of a group see each other's spread."""
        x = self.from_rgb(image)
        for block in self.blocks:
            x = block(x)
        x = self.conv(add_spread(x, self.sizes.group))
        x = self.out(self.linear(x.flatten(1)))
        if self.embed is None:
            return x.squeeze(1)
        if c is None or c.shape[1:] != (self.sizes.c_dim,):
            raise ValueError(f"this discriminator wants a condition of {self.sizes.c_dim} numbers")
        e = normalize(self.embed(c))
        for layer in self.mapping:
            e = layer(e)
        return (x * e).sum(1) / math.sqrt(x.shape[1])


def add_spread(x: Tensor, group: int) -> Tensor:
    """Add a channel with the mean standard deviation over each group of samples.

    (B, C, H, W) -> (B, C + 1, H, W); sample i is in group i mod (B / group). Where `group` does
    not divide B the largest smaller number that does is taken.
    """
    batch = x.shape[0]
    members = next(n for n in range(min(group, batch), 0, -1) if batch % n == 0)
    grouped = x.reshape(members, batch // members, *x.shape[1:])
    variance = (grouped - grouped.mean(0)).square().mean(0)
    spread = (variance + EPSILON).sqrt().mean((1, 2, 3)).repeat(members)
    channel = spread.view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
    return torch.cat([x, channel], 1)
