"""Face network: a body of one of two kinds, and a head that keeps where things are."""

import torch
from torch import Tensor, nn

SIZE_PX = 96
GRID = 6
"""Side of the last feature map: SIZE_PX / 16."""
SQUEEZED = 24
"""Channels that the whole-map convolution reads."""


def _conv(inp: int, out: int, kernel: int, stride: int = 1, pad: int = 0) -> list[nn.Module]:
    conv = nn.Conv2d(inp, out, kernel, stride, pad, bias=False)
    return [conv, nn.BatchNorm2d(out), nn.ReLU()]


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut; stride 2 halves H and W."""

    def __init__(self, inp: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.main = nn.Sequential(
            *_conv(inp, out, 3, stride, 1),
            nn.Conv2d(out, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inp != out:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride), nn.Conv2d(inp, out, 1, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H / stride, W / stride)."""
        return torch.relu(self.main(x) + self.shortcut(x))


def narrow(channels: tuple[int, ...]) -> list[nn.Module]:
    """Two 3x3 convolutions down to 24 px, then one residual block each at 12 and 6 px: 8 million
    multiply-adds."""
    first, second, third, last = channels
    return [
        *_conv(3, first, 3, 2, 1), *_conv(first, second, 3, 2, 1),
        Residual(second, third, 2), Residual(third, last, 2),
    ]  # fmt: skip


def wide(channels: tuple[int, ...]) -> list[nn.Module]:
    """The same with wider maps and a block more: 20 million."""
    first, second, third, last = channels
    return [
        *_conv(3, first, 5, 2, 2), *_conv(first, second, 3, 2, 1),
        Residual(second, third, 2), Residual(third, third), Residual(third, last, 2),
    ]  # fmt: skip


BODIES = {"narrow": (narrow, (12, 24, 32, 80)), "wide": (wide, (16, 24, 48, 96))}
"""Name to what makes the layers, and the channels that it makes them with. Depthwise-separable
bodies of the same speed as `narrow` were half as much again off after the same short training."""


class FaceNet(nn.Module):
    """Only convolution, relu, add, pooling and reshape; at most 0.5 million parameters.

    The head is a whole-map convolution instead of flatten + linear, so that channels-first
    training and channels-last boards need no transpose between them.
    """

    def __init__(
        self, n_outputs: int, body: str = "narrow", channels: tuple[int, ...] = ()
    ) -> None:
        super().__init__()
        make, usual = BODIES[body]
        last = (channels or usual)[-1]
        self.body = nn.Sequential(*make(channels or usual))
        self.squeeze = nn.Sequential(nn.Conv2d(last, SQUEEZED, 1), nn.ReLU())
        self.where = nn.Conv2d(SQUEEZED, n_outputs, GRID)
        self.what = nn.Conv2d(last, n_outputs, 1, bias=False)
        nn.init.zeros_(self.where.weight)
        nn.init.zeros_(self.what.weight)

    def start_at(self, outputs: Tensor) -> None:
        """Make the untrained network answer `outputs` (n_outputs,), e.g. the mean face."""
        assert self.where.bias is not None
        with torch.no_grad():
            self.where.bias.copy_(outputs)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H=96, W=96) RGB as the image front end makes it -> (B, n_outputs)."""
        x = self.body(image)
        pooled = self.what(x.mean((2, 3), keepdim=True))
        return (self.where(self.squeeze(x)) + pooled).flatten(1)
