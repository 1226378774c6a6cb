"""The generator: mapping z -> w and synthesis w -> image, in the skip architecture.

Karras et al. 2019 (mapping, noise, truncation) and 2020 (modulated convolutions, skips to RGB).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, cast

import torch
from torch import Tensor, nn

from generate.gan.architecture import Architecture
from generate.gan.layers import EPSILON, Linear, ModulatedConv, activate, upsample

Noise = Literal["const", "random", "none"]
MAPPING_RATE = 0.01
"""Learning rate of the mapping relative to the rest."""


def normalize(x: Tensor) -> Tensor:
    """Each row of (B, n) over its root mean square."""
    return x * (x.square().mean(1, keepdim=True) + EPSILON).rsqrt()


class Mapping(nn.Module):
    """z (B, z_dim), and a condition (B, c_dim) where the network has one -> w (B, w_dim)."""

    average: Tensor

    def __init__(self, sizes: Architecture) -> None:
        super().__init__()
        self.z_dim, self.c_dim = sizes.z_dim, sizes.c_dim
        self.embed = Linear(sizes.c_dim, sizes.w_dim) if sizes.c_dim else None
        widths = [sizes.z_dim + (sizes.w_dim if sizes.c_dim else 0)]
        widths += [sizes.w_dim] * sizes.mapping_layers
        self.layers = nn.ModuleList(
            Linear(n_in, n_out, rate=MAPPING_RATE, active=True) for n_in, n_out in pairwise(widths)
        )
        self.register_buffer("average", torch.zeros(sizes.w_dim))

    def forward(self, z: Tensor, c: Tensor | None = None, truncation: float = 1.0) -> Tensor:
        """`truncation` 0..1 pulls w to its average (Karras et al. 2019, appendix B)."""
        x = normalize(z)
        if self.embed is not None:
            if c is None or c.shape[1:] != (self.c_dim,):
                raise ValueError(f"this generator wants a condition of {self.c_dim} numbers")
            x = torch.cat([x, normalize(self.embed(c))], 1)
        for layer in self.layers:
            x = layer(x)
        return x if truncation == 1 else self.average.lerp(x, truncation)


class SynthesisLayer(nn.Module):
    """One convolution with noise, bias, leaky ReLU: (B, in, H, W), (B, w_dim) -> (B, out, ...)."""

    noise: Tensor

    def __init__(self, n_in: int, n_out: int, side: int, w_dim: int, *, up: bool) -> None:
        super().__init__()
        self.conv = ModulatedConv(n_in, n_out, 3, w_dim, up=up)
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise", torch.randn(side, side))

    def forward(
        self, x: Tensor, w: Tensor, noise: Noise, generator: torch.Generator | None = None
    ) -> Tensor:
        """Noise is the layer's own picture (`const`), drawn from `generator`, or none."""
        x = self.conv.convolve(x, w)
        if noise == "const":
            x = x + self.noise * self.noise_strength
        elif noise == "random":
            shape = (x.shape[0], 1, *x.shape[2:])
            drawn = torch.randn(shape, generator=generator, device=_home(generator))
            x = x + drawn.to(x.device) * self.noise_strength
        return activate(x + self.conv.bias.view(1, -1, 1, 1))


def _home(generator: torch.Generator | None) -> torch.device:
    if generator is None:
        raise ValueError("random noise needs a generator")
    return generator.device


class Synthesis(nn.Module):
    """w (B, n_ws, w_dim) -> image (B, 3, H, W), about -1..1, not clipped.

    `layers` has one convolution at 4 px and two (the first doubles the side) at each larger
    resolution; `to_rgb` one a resolution. Layer i takes row i of w, `to_rgb` k row 2k + 1.
    """

    def __init__(self, sizes: Architecture) -> None:
        super().__init__()
        self.sizes = sizes
        first = sizes.channels(4)
        self.const = nn.Parameter(torch.randn(first, 4, 4))
        layers, to_rgb = [SynthesisLayer(first, first, 4, sizes.w_dim, up=False)], []
        for side in sizes.resolutions:
            here = sizes.channels(side)
            if side > 4:
                before = sizes.channels(side // 2)
                layers.append(SynthesisLayer(before, here, side, sizes.w_dim, up=True))
                layers.append(SynthesisLayer(here, here, side, sizes.w_dim, up=False))
            to_rgb.append(ModulatedConv(here, 3, 1, sizes.w_dim))
        self.layers, self.to_rgb = nn.ModuleList(layers), nn.ModuleList(to_rgb)

    def forward(
        self, ws: Tensor, noise: Noise = "const", generator: torch.Generator | None = None
    ) -> Tensor:
        """All resolutions, coarse to fine."""
        if ws.shape[1:] != (self.sizes.n_ws, self.sizes.w_dim):
            want = f"(B, {self.sizes.n_ws}, {self.sizes.w_dim})"
            raise ValueError(f"ws has shape {tuple(ws.shape)}; want {want}")
        x = self.const.expand(ws.shape[0], -1, -1, -1)
        image: Tensor | None = None
        for number in range(len(self.to_rgb)):
            for index in range(max(2 * number - 1, 0), 2 * number + 1):
                x = self.layers[index](x, ws[:, index], noise, generator)
            head = cast(ModulatedConv, self.to_rgb[number])
            rgb = head.convolve(x, ws[:, 2 * number + 1]) + head.bias.view(1, -1, 1, 1)
            image = rgb if image is None else upsample(image) + rgb
        assert image is not None
        return image


class Generator(nn.Module):
    """z (B, z_dim) -> image (B, 3, H, W)."""

    def __init__(self, sizes: Architecture) -> None:
        super().__init__()
        self.sizes = sizes
        self.mapping, self.synthesis = Mapping(sizes), Synthesis(sizes)

    def ws(self, z: Tensor, c: Tensor | None = None, truncation: float = 1.0) -> Tensor:
        """The rows of w that the synthesis takes, all alike: (B, n_ws, w_dim)."""
        w = self.mapping(z, c, truncation)
        return cast(Tensor, w[:, None].expand(-1, self.sizes.n_ws, -1))

    def forward(
        self,
        z: Tensor,
        c: Tensor | None = None,
        truncation: float = 1.0,
        noise: Noise = "const",
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Mapping, then synthesis."""
        image: Tensor = self.synthesis(self.ws(z, c, truncation), noise, generator)
        return image
