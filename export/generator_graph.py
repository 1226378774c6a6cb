"""The synthesis of a StyleGAN2 as an ONNX graph of convolutions with one weight for any batch.

Each modulated convolution is scale by style, convolution, scale by demodulation, then noise, bias
and activation; why this equals the published form is in docs/generator-export.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from export.graph import Graph
from export.polyphase import fir_kernel, folded_fir, folded_up
from generate.gan.layers import EPSILON, GAIN, SLOPE, Linear, ModulatedConv
from generate.gan.networks import Generator, SynthesisLayer

SMALLEST_STYLE = 1e-6
"""Styles are divided by their largest, and never by less than this."""


@dataclass(frozen=True)
class Range8:
    """How one convolution is rounded to 8 bits."""

    peak: float
    """Largest absolute input that is not clipped, the style's scale in it."""
    balance: NDArray[np.float32]
    """(in,) what each input channel is divided by before rounding; its weights take it over."""


@dataclass(frozen=True)
class Form:
    """What kind of file is wanted."""

    entry: Literal["z", "ws"] = "ws"
    """Input: ws (B, n_ws, w_dim), for edits and mixing; or z (B, z_dim), with the mapping."""
    up: Literal["transpose", "fold"] = "transpose"
    """Doubling: transposed convolution, then FIR; or one convolution of the folded kernels."""
    dtype: Literal["float32", "float16"] = "float32"
    """Of features and weights; styles, demodulation and the image stay float32."""
    noise: bool = True
    """Whether the networks' own noise pictures are added."""
    ranges: dict[int, Range8] = field(default_factory=dict)
    """By number of the layer: the convolutions in int8; the others stay as `dtype` says."""
    signed: bool = False
    """int8 activations, as TensorRT wants; else uint8 and 7-bit weights, as x86 does."""


def write_graph(generator: Generator, path: Path, form: Form) -> None:
    """Write the generator: ws or z -> image (B, 3, H, W) float32, about -1..1, B free."""
    _Writer(generator, form).write(path)


class _Writer:
    def __init__(self, generator: Generator, form: Form) -> None:
        if form.entry == "z" and generator.sizes.c_dim:
            raise ValueError("a generator with a condition is exported with entry 'ws', not 'z'")
        self.generator, self.form, self.graph = generator, form, Graph("float32")

    def write(self, path: Path) -> None:
        sizes, graph = self.generator.sizes, self.graph
        if self.form.entry == "z":
            w = self._mapping("z")
            shape: list[int | str] = ["batch", sizes.z_dim]
            rows = [w] * sizes.n_ws
        else:
            shape = ["batch", sizes.n_ws, sizes.w_dim]
            axis = [graph.constant(np.int64(i)) for i in range(sizes.n_ws)]
            rows = [graph.node("Gather", "ws", i, axis=1) for i in axis]
        self._synthesis(rows)
        side = sizes.size_px
        graph.save(path, {self.form.entry: shape}, {"image": ["batch", 3, side, side]})

    def _mapping(self, z: str) -> str:
        graph = self.graph
        axes = graph.constant([1])
        power = graph.node("ReduceMean", graph.node("Mul", z, z), axes, keepdims=1)
        root = graph.node("Sqrt", graph.node("Add", power, graph.constant(EPSILON)))
        x = graph.node("Div", z, root)
        for layer in self.generator.mapping.layers:
            weight, bias = cast(Linear, layer).effective()
            # The gain is in both, because the activation is homogeneous.
            x = self._gemm(x, GAIN * array_of(weight), GAIN * array_of(bias))
            x = graph.node("LeakyRelu", x, alpha=SLOPE)
        return x

    def _synthesis(self, rows: list[str]) -> None:
        net, graph = self.generator.synthesis, self.graph
        x = self._features(array_of(net.const)[None])
        image = ""
        for number, head in enumerate(net.to_rgb):
            for index in range(max(2 * number - 1, 0), 2 * number + 1):
                x = self._layer(index, cast(SynthesisLayer, net.layers[index]), x, rows[index])
            last = number == len(net.to_rgb) - 1
            rgb = self._to_rgb(cast(ModulatedConv, head), x, rows[2 * number + 1], 4 << number)
            bias = array_of(cast(ModulatedConv, head).bias)
            if image:
                image = self._up_image(image, bias)
            else:
                image = graph.constant(bias[None, :, None, None])
            image = graph.node("Add", image, rgb, output="image" if last else "")

    def _layer(self, index: int, layer: SynthesisLayer, x: str, w: str) -> str:
        """(B, in, H, W) -> (B, out, H, W) or doubled; the activation's gain is in all terms."""
        graph, conv = self.graph, layer.conv
        weight = array_of(conv.effective()).astype(np.float64)
        found = self.form.ranges.get(index)
        balance = found.balance if found else np.ones(weight.shape[1])
        style, scale = self._style(conv, w, balance, weight)
        x = graph.node("Mul", x, style)
        x = self._convolve(x, weight * balance[:, None, None], conv.up, found)
        x = graph.node("Mul", x, scale)
        strength = float(layer.noise_strength.detach())
        if self.form.noise and strength:
            picture = GAIN * strength * array_of(layer.noise)
            x = graph.node("Add", x, self._features(picture[None, None]))
        x = graph.node("Add", x, self._features(GAIN * array_of(conv.bias)[None, :, None, None]))
        return graph.node("LeakyRelu", x, alpha=SLOPE)

    def _style(
        self, conv: ModulatedConv, w: str, balance: NDArray[Any], weight: NDArray[Any]
    ) -> tuple[str, str]:
        """Style over its largest (B, in, 1, 1) and GAIN times demodulation (B, out, 1, 1).

        The demodulation takes the divisor back, so that features stay in the range of float16
        and of int8 (Karras et al. 2020, ADA, appendix C, do so for float16).
        """
        graph = self.graph
        affine, bias = (array_of(part) for part in conv.style.effective())
        style = self._gemm(w, affine, bias)
        axes = graph.constant([1])
        most = graph.node("ReduceMax", graph.node("Abs", style), axes, keepdims=1)
        most = graph.node("Max", most, graph.constant(SMALLEST_STYLE))
        style = graph.node("Div", style, most)
        power = graph.constant((weight**2).sum((2, 3)).T)
        power = graph.node("MatMul", graph.node("Mul", style, style), power)
        floor = graph.node("Div", graph.constant(EPSILON), graph.node("Mul", most, most))
        root = graph.node("Sqrt", graph.node("Add", power, floor))
        scale = graph.node("Div", graph.constant(GAIN), root)
        if not np.all(balance == 1):
            style = graph.node("Mul", style, graph.constant(1 / balance))
        return self._per_channel(style), self._per_channel(scale)

    def _convolve(self, x: str, weight: NDArray[Any], up: bool, found: Range8 | None) -> str:
        graph, fold = self.graph, up and (self.form.up == "fold" or found is not None)
        if fold:
            weight = folded_up(weight)
        if found:
            x, kernel = self._rounded(x, weight, found.peak)
        elif up and not fold:
            kernel = self._features(weight.swapaxes(0, 1))
        else:
            kernel = self._features(weight)
        if not up or fold:
            x = graph.node("Conv", x, kernel, pads=[1] * 4)
            return graph.node("DepthToSpace", x, blocksize=2, mode="CRD") if fold else x
        x = graph.node("ConvTranspose", x, kernel, strides=[2, 2])
        channels = weight.shape[0]
        return graph.node(
            "Conv", x, self._features(fir_kernel(channels)), group=channels, pads=[1] * 4
        )

    def _rounded(self, x: str, weight: NDArray[Any], peak: float) -> tuple[str, str]:
        """Input and weight through QuantizeLinear and DequantizeLinear."""
        graph, signed = self.graph, self.form.signed
        scale = graph.constant(peak / 127)
        zero = graph.constant(np.int8(0) if signed else np.uint8(128))
        x = graph.node("QuantizeLinear", x, scale, zero)
        x = graph.node("DequantizeLinear", x, scale, zero)
        steps = 127 if signed else 63
        scales = np.maximum(np.abs(weight).max((1, 2, 3)), 1e-12) / steps
        stored = np.rint(weight / scales[:, None, None, None]).astype(np.int8)
        zeros = graph.constant(np.zeros(len(scales), np.int8))
        factors = graph.constant(scales, "float32")
        kernel = graph.node("DequantizeLinear", graph.constant(stored), factors, zeros, axis=0)
        return x, kernel

    def _to_rgb(self, head: ModulatedConv, x: str, w: str, side: int) -> str:
        """(B, C, H, W) -> (B, 3, H, W): three rows of weights for each sample, no bias."""
        graph = self.graph
        affine, bias = (array_of(part) for part in head.style.effective())
        style = graph.node("Unsqueeze", self._gemm(w, affine, bias), graph.constant([1]))
        weight = array_of(head.effective())[None, :, :, 0, 0]
        rows = graph.node("Mul", graph.constant(weight), style)
        channels = head.weight.shape[1]
        flat = graph.node("Reshape", x, graph.constant([0, channels, side * side]))
        rgb = self._widened(graph.node("MatMul", self._narrowed(rows), flat))
        return graph.node("Reshape", rgb, graph.constant([0, 3, side, side]))

    def _up_image(self, image: str, bias: NDArray[Any]) -> str:
        """Double the image and add the bias of the colours that come next."""
        graph = self.graph
        kernel = graph.constant(np.tile(folded_fir(), (3, 1, 1, 1)))
        image = graph.node(
            "Conv", image, kernel, graph.constant(bias.repeat(4)), group=3, pads=[1] * 4
        )
        return graph.node("DepthToSpace", image, blocksize=2, mode="CRD")

    def _gemm(self, x: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        return self.graph.node(
            "Gemm", x, self.graph.constant(weight), self.graph.constant(bias), transB=1
        )

    def _per_channel(self, x: str) -> str:
        return self._narrowed(self.graph.node("Unsqueeze", x, self.graph.constant([2, 3])))

    def _features(self, array: NDArray[Any]) -> str:
        return self.graph.constant(array, self.form.dtype)

    def _narrowed(self, x: str) -> str:
        """float32 -> the type of the features."""
        return self.graph.node("Cast", x, to=10) if self.form.dtype == "float16" else x

    def _widened(self, x: str) -> str:
        return self.graph.node("Cast", x, to=1) if self.form.dtype == "float16" else x


def array_of(values: Tensor) -> NDArray[Any]:
    """A parameter as numpy."""
    return values.detach().cpu().numpy()
