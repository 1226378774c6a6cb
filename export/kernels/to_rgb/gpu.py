"""For NVIDIA GPUs: colours of each pixel, bias and the doubled image in one pass."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK = 256


@triton.jit
def _before(image, y, x, height, width, inside):  # type: ignore[no-untyped-def]
    seen = inside & (y >= 0) & (y < height) & (x >= 0) & (x < width)
    return tl.load(image + y * width + x, mask=seen, other=0.0)


@triton.jit
def _kernel(x, rows, bias, before, out, channels, height, width, block: tl.constexpr):  # type: ignore[no-untyped-def]
    sample = tl.program_id(1).to(tl.int64)
    pixels = height * width
    at = tl.program_id(0) * block + tl.arange(0, block)
    inside = at < pixels
    red, green, blue = (
        tl.zeros((block,), tl.float32),
        tl.zeros((block,), tl.float32),
        tl.zeros((block,), tl.float32),
    )
    for c in range(channels):
        value = tl.load(x + (sample * channels + c) * pixels + at, mask=inside, other=0.0)
        value = value.to(tl.float32)
        red += value * tl.load(rows + sample * 3 * channels + c)
        green += value * tl.load(rows + (sample * 3 + 1) * channels + c)
        blue += value * tl.load(rows + (sample * 3 + 2) * channels + c)
    y, x_at = at // width, at % width
    near_y, near_x = y // 2, x_at // 2
    far_y, far_x = near_y - 1 + 2 * (y % 2), near_x - 1 + 2 * (x_at % 2)
    small_h, small_w = height // 2, width // 2
    for k in tl.static_range(3):
        image = before + (sample * 3 + k) * small_h * small_w
        near = 0.75 * _before(image, near_y, near_x, small_h, small_w, inside)
        near += 0.25 * _before(image, near_y, far_x, small_h, small_w, inside)
        far = 0.75 * _before(image, far_y, near_x, small_h, small_w, inside)
        far += 0.25 * _before(image, far_y, far_x, small_h, small_w, inside)
        if k == 0:
            colour = red
        elif k == 1:
            colour = green
        else:
            colour = blue
        colour += tl.load(bias + k) + 0.75 * near + 0.25 * far
        tl.store(out + (sample * 3 + k) * pixels + at, colour, mask=inside)


def to_rgb(x: Tensor, rows: Tensor, bias: Tensor, before: Tensor) -> Tensor:
    """x (B, C, H, W) of any float type; float32: rows (B, 3, C) with the style in them, bias (3,),
    before (B, 3, H/2, W/2) -> (B, 3, H, W) float32. H and W are even."""
    x = x.contiguous()
    batch, channels, height, width = x.shape
    out = torch.empty((batch, 3, height, width), dtype=torch.float32, device=x.device)
    grid = (triton.cdiv(height * width, BLOCK), batch)
    _kernel[grid](
        x, rows.contiguous(), bias, before.contiguous(), out, channels, height, width, block=BLOCK
    )
    return out
