"""For NVIDIA GPUs: nine shifted products on the tensor cores, the epilogue before they are stored.

The style multiplies the features as they are loaded, so that one weight serves the whole batch and
no weight of a sample is ever written.
"""

from __future__ import annotations

import os

import torch
import triton
import triton.language as tl
from torch import Tensor

from export.kernels.epilogue.gpu import finish
from generate.gan.layers import GAIN

OUT, PIXELS, IN = 64, 128, 32
"""Outputs, pixels and inputs of one step of a program."""

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
"""Triton's interpreter multiplies the bit patterns of bfloat16 (3.9.0): the rounded values go to it
as float32."""


@triton.jit
def _kernel(  # type: ignore[no-untyped-def]
    x, taps, style, scale, bias, picture, out, n_in, n_out, height, width, slope,
    OUT: tl.constexpr, PIXELS: tl.constexpr, IN: tl.constexpr, PRECISION: tl.constexpr,
    WIDEN: tl.constexpr,
):  # fmt: skip
    pixels = height * width
    sample = tl.program_id(2).to(tl.int64)
    o = tl.program_id(1) * OUT + tl.arange(0, OUT)
    at = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    row, column = at // width, at % width
    total = tl.zeros((OUT, PIXELS), tl.float32)
    for tap in range(9):
        y, x_at = row + tap // 3 - 1, column + tap % 3 - 1
        seen = (at < pixels) & (y >= 0) & (y < height) & (x_at >= 0) & (x_at < width)
        for first in range(0, n_in, IN):
            i = first + tl.arange(0, IN)
            known = i < n_in
            kernel = tl.load(
                taps + (tap * n_out + o[:, None]) * n_in + i[None, :],
                mask=(o < n_out)[:, None] & known[None, :],
                other=0.0,
            )
            features = tl.load(
                x + (sample * n_in + i[:, None]) * pixels + (y * width + x_at)[None, :],
                mask=known[:, None] & seen[None, :],
                other=0.0,
            )
            factor = tl.load(style + sample * n_in + i, mask=known, other=0.0)
            scaled = (features.to(tl.float32) * factor[:, None]).to(kernel.dtype)
            if WIDEN:
                kernel, scaled = kernel.to(tl.float32), scaled.to(tl.float32)
            total = tl.dot(kernel, scaled, total, input_precision=PRECISION)
    times = tl.load(scale + sample * n_out + o, mask=o < n_out, other=0.0)
    plus = tl.load(bias + o, mask=o < n_out, other=0.0)[:, None]
    plus = plus + tl.load(picture + at, mask=at < pixels, other=0.0)[None, :]
    value = finish(total, times[:, None], plus, slope).to(out.dtype.element_ty)
    place = (sample * n_out + o[:, None]) * pixels + at[None, :]
    tl.store(out + place, value, mask=(o < n_out)[:, None] & (at < pixels)[None, :])


def taps_of(weight: Tensor) -> Tensor:
    """(out, in, 3, 3) -> (9, out, in), as `modulated_conv` wants it; once for each network."""
    return weight.permute(2, 3, 0, 1).reshape(9, *weight.shape[:2]).contiguous()


def modulated_conv(
    x: Tensor,
    taps: Tensor,
    style: Tensor,
    scale: Tensor,
    bias: Tensor,
    picture: Tensor,
    slope: float = 0.2,
    exact: bool = True,
) -> Tensor:
    """`modulated` of the reference, with GAIN already in scale, bias and picture.

    x (B, in, H, W) and taps (9, out, in) of one float type; float32: style (B, in), scale (B, out),
    bias (out,), picture (H, W). exact: float32 products are not rounded to TF32.
    """
    x = x.contiguous()
    batch, n_in, height, width = x.shape
    n_out = taps.shape[1]
    out = x.new_empty((batch, n_out, height, width))
    grid = (triton.cdiv(height * width, PIXELS), triton.cdiv(n_out, OUT), batch)
    _kernel[grid](
        x, taps, style.contiguous(), scale.contiguous(), bias, picture, out,
        n_in, n_out, height, width, slope,
        OUT=OUT, PIXELS=PIXELS, IN=IN, PRECISION="ieee" if exact else "tf32",
        WIDEN=INTERPRETED,
    )  # fmt: skip
    return out


def styles(weight: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
    """weight (out, in, 3, 3), style (B, in) -> style over its largest, GAIN times demodulation.

    Both float32; the first at most 1, so that float16 features times it stay finite.
    """
    style = style.float()
    most = style.abs().amax(1, keepdim=True).clamp_min(1e-6)
    style = style / most
    power = style.square() @ weight.float().square().sum((2, 3)).T
    return style, GAIN * torch.rsqrt(power + 1e-8 / most.square())
