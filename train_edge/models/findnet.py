"""Face detector: residual convolutions down to two grids, four numbers a cell."""

import torch
from torch import Tensor, nn

from device.find import CELL, LOGIT

PRIOR = -5.0
"""Logit of a face that the untrained network answers: most cells have none (Lin et al. 2017)."""
COLUMNS = 4
"""Neighbouring columns that the first layer reads as channels: kernels for boards work on eight
channels at a time, and a grey picture has one."""


class Residual(nn.Module):
    """Two 3x3 convolutions beside a 1x1, H and W halved."""

    def __init__(self, inp: int, out: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(inp, out, 3, 2, 1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(),
            nn.Conv2d(out, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.shortcut = nn.Sequential(nn.Conv2d(inp, out, 1, 2, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', ceil(H / 2), ceil(W / 2))."""
        return torch.relu(self.main(x) + self.shortcut(x))


class FindNet(nn.Module):
    """52k parameters and 8.4 million products a frame of 160 x 120.

    Depthwise-separable blocks of 6.7 million took longer in int8.
    """

    def __init__(self, channels: tuple[int, ...] = (16, 32, 48)) -> None:
        super().__init__()
        first, fine, coarse = channels
        self.stem = nn.Sequential(
            nn.Conv2d(COLUMNS, first, (5, 3), (4, 1), 1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        )
        self.body = Residual(first, fine)
        self.deep = Residual(fine, coarse)
        self.fine, self.coarse = nn.Conv2d(fine, len(CELL), 1), nn.Conv2d(coarse, len(CELL), 1)
        for last in (self.fine, self.coarse):
            assert last.bias is not None
            nn.init.normal_(last.weight, std=0.01)
            with torch.no_grad():
                last.bias.copy_(torch.tensor([PRIOR / LOGIT, 0, 0, 0]))

    def forward(self, image: Tensor) -> Tensor:
        """(B, 1, H, W) grey -1..1, W of whole COLUMNS -> (B, P, 4), cells of device/find.py."""
        batch, _, height, width = image.shape
        side_by_side = image.reshape(batch, height, width // COLUMNS, COLUMNS)
        x = self.body(self.stem(side_by_side.permute(0, 3, 1, 2)))
        grids = (self.fine(x), self.coarse(self.deep(x)))
        return torch.cat([_rows(grid) for grid in grids], 1)


def _rows(grid: Tensor) -> Tensor:
    """(B, 4, H, W) -> (B, H * W, 4)."""
    batch, values, height, width = grid.shape
    return grid.permute(0, 2, 3, 1).reshape(batch, height * width, values)
