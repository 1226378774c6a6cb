"""What the kernel must answer: weights of its own for each sample, then the epilogue."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from generate.gan.layers import GAIN, modulated_reference


def modulated(
    x: Tensor, weight: Tensor, style: Tensor, bias: Tensor, picture: Tensor, slope: float = 0.2
) -> Tensor:
    """x (B, in, H, W), weight (out, in, 3, 3), style (B, in), bias (out,), picture (H, W) ->
    (B, out, H, W): GAIN times the leaky ReLU of the demodulated convolution + bias + picture."""
    x = modulated_reference(x, weight, style) + bias[:, None, None] + picture
    return GAIN * functional.leaky_relu(x, slope)
