"""The generator on a CPU in int8: features of uint8, weights of int8 that are made anew for each w.

A static int8 file has the style in its features, whose range then depends on w. Here the style goes
into the weights before they are rounded, in steps of each output, and a channel has one range
whatever w is. Layers of few products stay float32. Needs a processor with VNNI.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from export.generator_cpu import CpuGenerator, Layer, wide
from export.generator_graph import array_of
from export.generator_int8 import ENOUGH_COLOUR, ENOUGH_DB, good_enough, image_distance
from export.kernels.int8.kernel import Bytes, Fours, convolve, spread_rows, weigh
from export.kernels.int8.simd import VNNI
from export.kernels.products.kernel import panels_of
from export.kernels.scratch import Scratch
from export.kernels.simd import ZERO
from export.kernels.up_fir.fir import filter_rows
from generate.gan.networks import Generator, SynthesisLayer

Floats = NDArray[np.float32]
FIRST_PX = (32, 64, 128)
"""Sides of the smallest features in int8 that are tried."""
LATENTS, SEED = 32, 11
"""Of the samples that set the ranges of features."""
CHECKED, CHECK_SEED = 8, 12
"""Of others, on which the limits of int8 files have to hold."""
ROOM, TINY = np.float32(1.2), np.float32(1e-30)
"""Other latents go beyond the samples: without this room 24.7 instead of 26.6 dB."""
BALANCE, LEAST = np.float32(0.25), np.float32(0.01)
"""Power to which the steps of an input grow where its style is small, so that its weights are not
lost beside those of others, and the smallest style that counts. 26.6 dB without, 30 with 0.2 to
0.3, 28.5 with 0.5."""
STRIP = 1 << 20
"""Bytes of doubled rows between the products and the FIR: few, to stay in the cache."""


@dataclass(frozen=True)
class ByteLayer(Layer):
    """One modulated convolution and its epilogue; `weight` is (out / COLUMNS, 9 in, COLUMNS)."""

    most: Floats
    """(out, in): largest entry of each kernel."""
    span: Floats
    """(in,): what 1 in its input stands for."""
    ends: Fours
    """Where the weights of each kind of place end, in steps of four."""
    panels: Fours
    """Room for the weights of one w."""
    zeros: Fours
    """Room for what an input of zeros makes of them."""

    def wants(self, style: Floats) -> Floats:
        """One over what 1 in its input then stands for; the style itself goes into the weights."""
        return np.float32(1) / self._spans(style)

    def _spans(self, style: Floats) -> Floats:
        """(in,): where the style is small, larger steps of the input and so larger weights."""
        used = np.abs(style * self.span)
        most = max(float(used.max()), float(TINY))
        return np.asarray(self.span * np.maximum(used / most, LEAST) ** -BALANCE, np.float32)

    def run(
        self, x: Any, style: Floats, scale: Floats, after: Floats, out: Any, scratch: Scratch
    ) -> None:
        """x (H + 2, W + 2, in) -> out, both uint8 with a border of ZERO."""
        factor = style * self._spans(style)
        step = np.maximum((self.most * np.abs(factor)).max(1) / 127, TINY)
        weigh(self.weight, factor, 1 / step, self.ends, self.panels, self.zeros)
        scale = scale * step
        shift = -self.zeros.astype(np.float32) * scale
        if self.up:
            self._double(x, scale, shift, after, out, scratch)
        else:
            bias = self.bias + shift[0]
            convolve(x, self.panels, scale, bias, self.picture, after, out)

    def _double(
        self, x: Bytes, scale: Floats, shift: Floats, after: Floats, out: Bytes, scratch: Scratch
    ) -> None:
        side, n_out = x.shape[0] - 2, len(self.bias)
        spread = scratch.array(f"spread {side}", 2 * side + 3, 2 * side + 3, n_out)
        spread[:1] = spread[:, :1] = spread[-1] = spread[:, -1] = 0
        ones, end = np.ones_like(scale), 0
        strip = max(1, STRIP // (16 * side * n_out))
        for first in range(0, side + 1, strip):
            last = min(first + strip, side + 1)
            spread_rows(x, first, last, self.panels, scale, shift, spread)
            begin, end = end, 2 * side if last > side else max(2 * last - 2, 0)
            filter_rows(spread, 0, begin, end, ones, self.bias, self.picture, after, out)


class Int8Generator(CpuGenerator):
    """A Generator as CpuGenerator takes it, with int8 from `first_px` on.

    Raises RuntimeError on a processor without VNNI.
    """

    def __init__(self, generator: Generator, noise: bool = True, first_px: int = 32) -> None:
        if not VNNI:
            raise RuntimeError("int8 kernels need a processor with VNNI; this one has none")
        super().__init__(generator, noise)
        layers, spans = self._layers, spans_of(generator, noise)
        for index, layer in enumerate(layers):
            if index and len(layer.picture) >= first_px:
                made = cast(SynthesisLayer, generator.synthesis.layers[index])
                layers[index] = byte_layer(layer, made, spans[index - 1])
        for index, following in enumerate(layers[1:]):
            if isinstance(following, ByteLayer):
                self._features[index] = np.full(self._features[index].shape, ZERO, np.uint8)


def int8_generator(generator: Generator) -> Int8Generator:
    """The one with most int8 that holds the limits of int8 files against float32.

    Raises RuntimeError where none does, or on a processor without VNNI.
    """
    ws = samples(generator, CHECKED, CHECK_SEED)
    reference = CpuGenerator(generator)(ws.numpy())
    for first_px in FIRST_PX:
        made = Int8Generator(generator, first_px=first_px)
        if good_enough(*image_distance(reference, made(ws.numpy()))):
            return made
    raise RuntimeError(f"int8 from {FIRST_PX[-1]} px on is already below {ENOUGH_DB:g} dB, or "
                       f"colours are off by more than {ENOUGH_COLOUR:g}/255")  # fmt: skip


def samples(generator: Generator, count: int, seed: int) -> torch.Tensor:
    """ws (count, n_ws, w_dim) of drawn latents."""
    z = torch.randn(count, generator.sizes.z_dim, generator=torch.Generator().manual_seed(seed))
    with torch.inference_mode():
        return generator.ws(z).contiguous()


def byte_layer(layer: Layer, made: SynthesisLayer, span: Floats) -> ByteLayer:
    """A prepared layer in int8, from the one in float32; span (in,) of its input."""
    weight = wide(array_of(made.conv.effective()), 0, 1)
    n_out, n_in = weight.shape[:2]
    taps = weight.transpose(2, 3, 1, 0)
    if layer.up:  # the pixel before comes first, and takes the last tap
        parts = [taps[2::-2, 2::-2], taps[2::-2, 1:2], taps[1:2, 2::-2], taps[1:2, 1:2]]
        ends = [n_in, n_in + n_in // 2, 2 * n_in, 9 * n_in // 4]
    else:
        parts, ends = [taps], [9 * n_in // 4]
    flat = np.concatenate([part.reshape(-1, n_out) for part in parts])
    panels = panels_of(flat[None])[0]
    room = np.empty((panels.shape[0], panels.shape[1] // 4, panels.shape[2]), np.int32)
    fields = {name: getattr(layer, name) for name in ("style", "power", "bias", "picture", "up")}
    return ByteLayer(
        **fields, weight=panels, tiles=False, most=np.abs(weight).max((2, 3)), span=span,
        ends=np.array(ends, np.int32), panels=room, zeros=np.empty((len(ends), n_out), np.int32),
    )  # fmt: skip


def spans_of(generator: Generator, noise: bool) -> list[Floats]:
    """For each layer (out,): the step of a byte that holds its features for LATENTS samples."""
    found: list[Floats] = []

    def look(_module: Any, _inputs: Any, features: torch.Tensor) -> None:
        low, high = features.amin((0, 2, 3)), features.amax((0, 2, 3))
        found.append(torch.maximum(high / (255 - ZERO), -low / ZERO).numpy())

    hooks = [layer.register_forward_hook(look) for layer in generator.synthesis.layers]
    try:
        with torch.inference_mode():
            for one in samples(generator, LATENTS, SEED):
                generator.synthesis(one[None], "const" if noise else "none")
    finally:
        for hook in hooks:
            hook.remove()
    count = len(hooks)
    spans = [np.max(found[index::count], 0) for index in range(count)]
    return [wide(ROOM * np.maximum(span, span.max() * 1e-3), 0) + TINY for span in spans]
