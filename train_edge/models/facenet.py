"""Face network: a small residual CNN for landmarks, head pose and "is this a face"."""

import torch
from torch import Tensor, nn

SIZE_PX = 96
GRID = 6
"""Side of the last feature map: SIZE_PX / 16."""


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut; stride 2 halves H and W."""

    def __init__(self, inp: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(inp, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(),
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


class FaceNet(nn.Module):
    """About 345k parameters. Only convolution, relu, add, pooling and reshape.

    The head is a whole-map convolution instead of flatten + linear, so that channels-first
    training and channels-last boards need no transpose between them.
    """

    def __init__(self, n_outputs: int, channels: tuple[int, ...] = (16, 24, 48, 96)) -> None:
        super().__init__()
        a, b, c, d = channels
        self.body = nn.Sequential(
            nn.Conv2d(3, a, 5, 2, 2, bias=False),
            nn.BatchNorm2d(a),
            nn.ReLU(),
            nn.Conv2d(a, b, 3, 2, 1, bias=False),
            nn.BatchNorm2d(b),
            nn.ReLU(),
            Residual(b, c, 2),
            Residual(c, c),
            Residual(c, d, 2),
        )
        self.squeeze = nn.Sequential(nn.Conv2d(d, d // 4, 1), nn.ReLU())
        self.where = nn.Conv2d(d // 4, n_outputs, GRID)
        self.what = nn.Conv2d(d, n_outputs, 1, bias=False)
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
