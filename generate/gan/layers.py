"""Layers of StyleGAN2: equalized weights, FIR resampling, modulated convolution.

Formulas: equalized learning rate, Karras et al. 2018, section 4.1; modulation and demodulation,
Karras et al. 2020, equations 1 to 3; the FIR [1, 3, 3, 1], Karras et al. 2020, appendix B.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE, GAIN = 0.2, math.sqrt(2)
"""Of the leaky ReLU; the gain keeps the variance of its input."""
FIR = (1.0, 3.0, 3.0, 1.0)
EPSILON = 1e-8


def activate(x: Tensor, gain: float = GAIN) -> Tensor:
    """Leaky ReLU times `gain`, any shape."""
    return functional.leaky_relu(x, SLOPE) * gain


class Linear(nn.Module):
    """Fully connected layer with equalized learning rate: (B, in) -> (B, out)."""

    def __init__(
        self, n_in: int, n_out: int, *, rate: float = 1.0, bias: float = 0.0, active: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) / rate)
        self.bias = nn.Parameter(torch.full((n_out,), bias / rate))
        self.rate, self.gain, self.active = rate, rate / math.sqrt(n_in), active

    def effective(self) -> tuple[Tensor, Tensor]:
        """Weight (out, in) and bias (out) with the run-time gains in, as an exporter wants them."""
        return self.weight * self.gain, self.bias * self.rate

    def forward(self, x: Tensor) -> Tensor:
        """(B, in) -> (B, out)."""
        x = functional.linear(x, *self.effective())
        return activate(x) if self.active else x


class Conv(nn.Module):
    """Convolution with equalized learning rate, halved in size where `down`.

    (B, C, H, W) -> (B, out, H, W) or (B, out, H/2, W/2).
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: int,
        *,
        down: bool = False,
        bias: bool = True,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(n_out)) if bias else None
        self.scale, self.gain = 1 / math.sqrt(n_in * kernel**2), gain
        self.kernel, self.down = kernel, down

    def forward(self, x: Tensor) -> Tensor:
        """Activated where there is a bias, linear otherwise, times `gain`."""
        weight = self.weight * self.scale
        if not self.down:
            x = functional.conv2d(x, weight, padding=self.kernel // 2)
        elif self.kernel == 1:
            x = functional.conv2d(downsample(x), weight)
        else:
            x = functional.conv2d(fir(x, (2, 2)), weight, stride=2)
        if self.bias is None:
            return x * self.gain
        return activate(x + self.bias.view(1, -1, 1, 1), GAIN * self.gain)


class ModulatedConv(nn.Module):
    """Convolution whose input channels are scaled by a style: weights and style, no epilogue.

    Equations 1 to 3 of Karras et al. 2020 scale the weights of each sample. Scaling the input by
    the style and the output by the demodulation is the same sum in another order, and leaves one
    weight for the whole batch.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int, w_dim: int, *, up: bool = False) -> None:
        super().__init__()
        self.style = Linear(w_dim, n_in, bias=1.0)
        self.weight = nn.Parameter(torch.randn(n_out, n_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.gain, self.kernel, self.up = 1 / math.sqrt(n_in * kernel**2), kernel, up
        self.demodulate = kernel > 1

    def effective(self) -> Tensor:
        """The weight (out, in, k, k) with its run-time gain in."""
        return self.weight * self.gain

    def convolve(self, x: Tensor, w: Tensor) -> Tensor:
        """(B, in, H, W), (B, w_dim) -> (B, out, H, W), or 2H and 2W where `up`; no bias."""
        style = self.style(w)
        weight = self.effective()
        x = x * style[:, :, None, None]
        if self.up:
            x = functional.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
            x = fir(x, (1, 1), 4.0)
        else:
            x = functional.conv2d(x, weight, padding=self.kernel // 2)
        if self.demodulate:
            x = x * demodulation(weight, style)[:, :, None, None]
        return x


def demodulation(weight: Tensor, style: Tensor) -> Tensor:
    """One over the standard deviation that each output would have: (B, out).

    `weight` (out, in, k, k), `style` (B, in); Karras et al. 2020, equation 3.
    """
    power = style.square() @ weight.square().sum((2, 3)).T
    return (power + EPSILON).rsqrt()


def modulated_reference(x: Tensor, weight: Tensor, style: Tensor, *, up: bool = False) -> Tensor:
    """The convolution with weights of its own for each sample, as the equations say it.

    x (B, in, H, W), weight (out, in, k, k), style (B, in) -> (B, out, H, W), doubled where `up`.
    Demodulated where k > 1. Slow; tests and benchmarks compare with it.
    """
    batch, n_in, height, width = x.shape
    own = weight[None] * style[:, None, :, None, None]
    if weight.shape[2] > 1:
        own = own * (own.square().sum((2, 3, 4), keepdim=True) + EPSILON).rsqrt()
    x = x.reshape(1, batch * n_in, height, width)
    if up:
        x = functional.conv_transpose2d(
            x, own.transpose(1, 2).flatten(0, 1), stride=2, groups=batch
        )
        x = x.reshape(batch, -1, *x.shape[2:])
        return fir(x, (1, 1), 4.0)
    x = functional.conv2d(x, own.flatten(0, 1), padding=weight.shape[2] // 2, groups=batch)
    return x.reshape(batch, -1, height, width)


def fir_taps(like: Tensor, gain: float = 1.0) -> Tensor:
    """The 4 x 4 low-pass filter, its sum `gain`."""
    taps = torch.tensor(FIR, dtype=like.dtype, device=like.device)
    taps = taps / taps.sum()
    return taps[:, None] * taps[None, :] * gain


def fir(x: Tensor, pad: tuple[int, int], gain: float = 1.0, stride: int = 1) -> Tensor:
    """Filter each channel of (B, C, H, W) after padding by zeros, (before, after) on both axes."""
    channels = x.shape[1]
    taps = fir_taps(x, gain).expand(channels, 1, 4, 4)
    if pad[0] == pad[1]:
        return functional.conv2d(x, taps, padding=pad[0], stride=stride, groups=channels)
    x = functional.pad(x, (pad[0], pad[1], pad[0], pad[1]))
    return functional.conv2d(x, taps, stride=stride, groups=channels)


def downsample(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, H/2, W/2)."""
    return fir(x, (1, 1), stride=2)


def upsample(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, 2H, 2W)."""
    channels = x.shape[1]
    taps = fir_taps(x, 4.0).expand(channels, 1, 4, 4)
    # A transposed convolution is zero insertion and filtering; padding 1 centres the filter.
    return functional.conv_transpose2d(x, taps, stride=2, padding=1, groups=channels)
