"""Face detector: separable convolutions down to two grids, four numbers a cell."""

import torch
from torch import Tensor, nn

from device.find import CELL, LOGIT

PRIOR = -5.0
"""Logit of a face that the untrained network answers: most cells have none (Lin et al. 2017)."""


class Separable(nn.Module):
    """A depthwise and a pointwise convolution, beside a shortcut where the shape stays."""

    def __init__(self, inp: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(inp, inp, 3, stride, 1, groups=inp, bias=False),
            nn.BatchNorm2d(inp),
            nn.ReLU(),
            nn.Conv2d(inp, out, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.stays = stride == 1 and inp == out

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', ceil(H / stride), ceil(W / stride))."""
        y: Tensor = self.main(x)
        return torch.relu(y + x if self.stays else y)


class FindNet(nn.Module):
    """48k parameters and 6.7 million products a frame of 160 x 120."""

    def __init__(self, channels: tuple[int, ...] = (8, 16, 48, 96)) -> None:
        super().__init__()
        a, b, c, d = channels
        self.body = nn.Sequential(
            nn.Conv2d(1, a, 3, 2, 1, bias=False),
            nn.BatchNorm2d(a),
            nn.ReLU(),
            Separable(a, b, 2),
            Separable(b, b),
            Separable(b, c, 2),
            Separable(c, c),
            Separable(c, c),
        )
        self.deep = nn.Sequential(
            Separable(c, d, 2), Separable(d, d), Separable(d, d), Separable(d, d)
        )
        self.fine = nn.Sequential(Separable(c, c), nn.Conv2d(c, len(CELL), 1))
        self.coarse = nn.Conv2d(d, len(CELL), 1)
        for last in (self.fine[-1], self.coarse):
            assert isinstance(last, nn.Conv2d) and last.bias is not None
            nn.init.normal_(last.weight, std=0.01)
            with torch.no_grad():
                last.bias.copy_(torch.tensor([PRIOR / LOGIT, 0, 0, 0]))

    def forward(self, image: Tensor) -> Tensor:
        """(B, 1, H, W) grey -1..1 -> (B, P, 4), cells as device/find.py orders them."""
        x = self.body(image)
        grids = (self.fine(x), self.coarse(self.deep(x)))
        return torch.cat([_rows(grid) for grid in grids], 1)


def _rows(grid: Tensor) -> Tensor:
    """(B, 4, H, W) -> (B, H * W, 4)."""
    batch, values, height, width = grid.shape
    return grid.permute(0, 2, 3, 1).reshape(batch, height * width, values)
