"""The generator on an NVIDIA GPU: Triton kernels, and the library's transposed convolution.

Needs the extra `triton`. Not run on a GPU by the kit's tests, which use Triton's interpreter.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.kernels.epilogue.gpu import epilogue
from export.kernels.modulated_conv.gpu import modulated_conv, styles, taps_of
from export.kernels.to_rgb.gpu import to_rgb
from generate.gan.layers import GAIN, SLOPE, ModulatedConv, fir
from generate.gan.networks import Generator, SynthesisLayer


class GpuGenerator(nn.Module):
    """A Generator, prepared: ws (B, n_ws, w_dim) -> images (B, 3, H, W) float32.

    Features and weights are of type `kind`; styles, demodulation and colours stay float32. exact:
    float32 products are not rounded to TF32.
    """

    def __init__(
        self, generator: Generator, kind: torch.dtype = torch.float16, exact: bool = True
    ) -> None:
        super().__init__()
        self.net, self.kind, self.exact = generator.synthesis, kind, exact
        weights = []
        for module in self.net.layers:
            conv = cast(SynthesisLayer, module).conv
            weight = conv.effective().detach()
            ready = weight.transpose(0, 1).contiguous() if conv.up else taps_of(weight)
            weights.append(nn.Parameter(ready.to(kind), requires_grad=False))
        self.weights = nn.ParameterList(weights)

    @torch.no_grad()
    def forward(self, ws: Tensor) -> Tensor:
        """The networks' own noise is added."""
        x = self.net.const.expand(ws.shape[0], -1, -1, -1).to(self.kind)
        image = x.new_zeros((ws.shape[0], 3, 2, 2), dtype=torch.float32)
        for index, module in enumerate(self.net.layers):
            layer = cast(SynthesisLayer, module)
            x = self._layer(layer, self.weights[index], x, ws[:, index])
            if not layer.conv.up:
                head = cast(ModulatedConv, self.net.to_rgb[index // 2])
                rows = head.effective()[None, :, :, 0, 0] * head.style(ws[:, index + 1])[:, None]
                image = to_rgb(x, rows, head.bias, image)
        return image

    def _layer(self, layer: SynthesisLayer, ready: Tensor, x: Tensor, w: Tensor) -> Tensor:
        conv = layer.conv
        style, scale = styles(conv.effective(), conv.style(w))
        bias, picture = GAIN * conv.bias, GAIN * layer.noise_strength * layer.noise
        if not conv.up:
            return modulated_conv(x, ready, style, scale, bias, picture, SLOPE, self.exact)
        x = x * style[:, :, None, None].to(self.kind)
        x = functional.conv_transpose2d(x, ready, stride=2)
        return epilogue(fir(x, (1, 1), 4.0), scale, bias, picture, SLOPE)
