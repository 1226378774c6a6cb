"""The generator on a CPU by the kit's own kernels: float32, one sample at a time, one thread.

Features are (H, W, C) with a border of zeros. From 16 px on, convolutions go through Winograd's
F(4 x 4, 3 x 3) with a quarter of the products, and doublings through tiles with 9 / 16 of them; the
epilogue is in the last pass of either. Below, transformed weights would be read more often than
used: there a doubling is one product of pixels and nine taps, and one pass for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from export.generator_graph import SMALLEST_STYLE, array_of
from export.kernels.epilogue.reference import finished
from export.kernels.products.kernel import COLUMNS, multiply, panels_of
from export.kernels.scratch import Scratch
from export.kernels.simd import LANES
from export.kernels.to_rgb.kernel import to_rgb
from export.kernels.up_fir.fir import KEPT
from export.kernels.up_fir.kernel import double
from export.kernels.up_fir.split import PLANES, double_by_tiles, split_weights
from export.kernels.winograd.kernel import convolve
from export.kernels.winograd.reference import transformed
from generate.gan.layers import EPSILON, GAIN, SLOPE, Linear, ModulatedConv
from generate.gan.networks import Generator, SynthesisLayer

Floats = NDArray[np.float32]
TILES = 16
"""Tiles that go through all steps of a convolution at once: few, so that what one step hands to the
next stays near, though every strip reads all weights again. 64 px, 256 to 128 channels: 8.3 ms with
16, 9.3 with 32, 11.1 with 64; 256 px, 64 channels: 8.1, 8.9, 10.8."""
LEAST_PX = 16
"""Smallest input that is transformed."""


@dataclass(frozen=True)
class Affine:
    weight: Floats
    """(out, in)"""
    bias: Floats

    @classmethod
    def of(cls, layer: Linear) -> Affine:
        weight, bias = (wide(array_of(part), 0) for part in layer.effective())
        return cls(weight, bias)

    def __call__(self, x: Floats) -> Floats:
        return np.asarray(self.weight @ x + self.bias, np.float32)


@dataclass(frozen=True)
class Layer:
    """One modulated convolution and its epilogue, in float32."""

    style: Affine
    power: Floats
    """(out, in): sum of the squares of each kernel."""
    weight: Floats
    """Panels of (36, in, out) where `tiles`; else of (1, in, 9 out) to double, (1, 9 in, out)."""
    bias: Floats
    picture: Floats
    """(H, W)"""
    up: bool
    tiles: bool

    def wants(self, style: Floats) -> Floats:
        """(in,): what its input is to be multiplied with by whoever makes it."""
        return np.ones_like(style) if self.up else style

    def styles(self, w: Floats) -> tuple[Floats, Floats]:
        """What the inputs (in,) and the outputs (out,) are multiplied with."""
        style = self.style(w)
        most = max(float(np.abs(style).max()), SMALLEST_STYLE)
        style = style / np.float32(most)
        root = np.sqrt(self.power @ (style * style) + np.float32(EPSILON / most**2))
        return style, np.asarray(GAIN / root, np.float32)

    def run(
        self, x: Floats, style: Floats, scale: Floats, after: Floats, out: Any, scratch: Scratch
    ) -> None:
        """x (H + 2, W + 2, in) -> out, with its border of zeros."""
        if self.up:
            step = _double_by_tiles if self.tiles else _double
            step(self, x, style, scale, after, out, scratch)
        elif self.tiles:
            _by_winograd(self, x, scale, after, out, scratch)
        else:
            _by_windows(self, x, scale, after, out, scratch)


class CpuGenerator:
    """A Generator, prepared: takes ws (B, n_ws, w_dim) to images (B, 3, H, W) float32.

    Channels are filled up with zeros to the next multiple of COLUMNS.
    """

    _features: list[Any]
    """What each layer gives, (H + 2, W + 2, out)."""

    def __init__(self, generator: Generator, noise: bool = True) -> None:
        self.sizes, net = generator.sizes, generator.synthesis
        self._scratch = Scratch()
        self._const = wide(array_of(net.const), 0).transpose(1, 2, 0)
        self._layers = [layer_of(cast(SynthesisLayer, layer), noise) for layer in net.layers]
        heads = [cast(ModulatedConv, head) for head in net.to_rgb]
        self._styles = [Affine.of(head.style) for head in heads]
        self._rows = [wide(array_of(head.effective())[:, :, 0, 0], 1) for head in heads]
        self._biases = [array_of(head.bias) for head in heads]
        self._features = [bordered(len(layer.picture), len(layer.bias)) for layer in self._layers]
        self._images = [
            bordered(side // 2, 3) for side in (4, *(2 * s for s in self.sizes.resolutions))
        ]

    def __call__(self, ws: Floats) -> Floats:
        """One sample after the other."""
        if ws.shape[1:] != (self.sizes.n_ws, self.sizes.w_dim):
            want = f"(B, {self.sizes.n_ws}, {self.sizes.w_dim})"
            raise ValueError(f"ws has shape {ws.shape}; want {want}")
        return np.stack([self._one(np.asarray(w, np.float32)) for w in ws])

    def _one(self, w: Floats) -> Floats:
        styles = [layer.styles(w[index]) for index, layer in enumerate(self._layers)]
        x = bordered(4, self._const.shape[2])
        x[1:-1, 1:-1] = self._const * styles[0][0]
        for index, layer in enumerate(self._layers):
            style, scale = styles[index]
            after = np.ones_like(layer.bias)
            if index + 1 < len(styles):
                after = self._layers[index + 1].wants(styles[index + 1][0])
            out = self._features[index]
            layer.run(x, style, scale, after, out, self._scratch)
            x = out
            if not layer.up:
                number = index // 2
                rows = self._rows[number] * self._styles[number](w[2 * number + 1]) / after
                image = self._images[number + 1]
                to_rgb(x, rows, self._biases[number], self._images[number], image)
        return np.ascontiguousarray(image[1:-1, 1:-1].transpose(2, 0, 1))


def _by_windows(
    layer: Layer, x: Floats, scale: Floats, after: Floats, out: Floats, scratch: Scratch
) -> None:
    side, n_out = len(layer.picture), len(layer.bias)
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (0, 1))
    flat = windows.transpose(0, 1, 3, 4, 2).reshape(1, side * side, -1)
    answer = scratch.array("answers", 1, side * side, n_out)
    multiply(flat, side * side, layer.weight, answer)
    answer = answer.reshape(side, side, n_out)
    out[1:-1, 1:-1] = finished(answer, scale, layer.bias, layer.picture, after, SLOPE)


def _by_winograd(
    layer: Layer, x: Floats, scale: Floats, after: Floats, out: Floats, scratch: Scratch
) -> None:
    memory = _room(36, layer, scratch)
    convolve(x, layer.weight, TILES, memory, scale, layer.bias, layer.picture, after, out)


def _double(
    layer: Layer,
    x: Floats,
    style: Floats,
    scale: Floats,
    after: Floats,
    out: Floats,
    scratch: Scratch,
) -> None:
    side, n_out = x.shape[0] - 2, len(layer.bias)
    flat = (x[1:-1, 1:-1] * style).reshape(1, side * side, -1)
    answers = scratch.array("answers", 1, side * side, 9 * n_out)
    multiply(flat, side * side, layer.weight, answers)
    products = scratch.array(f"products {side}", side + 2, side + 2, 9, n_out)
    products[1:-1, 1:-1] = answers.reshape(side, side, 9, n_out)
    rows = scratch.array("rows", 4, out.shape[1] - 2, n_out)
    double(products, 0, scale, layer.bias, layer.picture, after, rows, out)


def _double_by_tiles(
    layer: Layer,
    x: Floats,
    style: Floats,
    scale: Floats,
    after: Floats,
    out: Floats,
    scratch: Scratch,
) -> None:
    side = len(layer.picture)
    rows = 8 * -(-8 * TILES // side) + KEPT + 1
    spread = scratch.array("spread", rows, side + 3, len(layer.bias))
    memory = (*_room(PLANES, layer, scratch), spread)
    bias, picture = layer.bias, layer.picture
    double_by_tiles(x, style, layer.weight, TILES, memory, scale, bias, picture, after, out)


def _room(planes: int, layer: Layer, scratch: Scratch) -> tuple[Floats, Floats]:
    """For the points and the answers of a strip."""
    n_out, n_in = layer.power.shape
    points = scratch.array("points", planes * TILES * (n_in + LANES))
    return points, scratch.array("answers", planes * TILES * (n_out + LANES))


def layer_of(layer: SynthesisLayer, noise: bool) -> Layer:
    conv, weight = layer.conv, wide(array_of(layer.conv.effective()), 0, 1)
    side, n_in, n_out = len(layer.noise), weight.shape[1], weight.shape[0]
    strength = GAIN * float(layer.noise_strength.detach()) if noise else 0.0
    tiles = side // (1 + conv.up) >= LEAST_PX
    if tiles:
        ready = split_weights(weight) if conv.up else transformed(weight)
    elif conv.up:
        ready = weight.transpose(1, 2, 3, 0).reshape(1, n_in, 9 * n_out)
    else:
        ready = weight.transpose(2, 3, 1, 0).reshape(1, 9 * n_in, n_out)
    return Layer(
        style=Affine.of(conv.style),
        power=np.ascontiguousarray((weight.astype(np.float64) ** 2).sum((2, 3)), np.float32),
        weight=panels_of(ready),
        bias=wide(array_of(conv.bias) * np.float32(GAIN), 0),
        picture=array_of(layer.noise) * np.float32(strength),
        up=conv.up,
        tiles=tiles,
    )


def wide(x: Floats, *axes: int) -> Floats:
    """x with zeros up to a multiple of COLUMNS on some axes."""
    more = [(0, -size % COLUMNS if axis in axes else 0) for axis, size in enumerate(x.shape)]
    return np.pad(x, more)


def bordered(side: int, channels: int) -> Floats:
    return np.zeros((side + 2, side + 2, channels), np.float32)
