"""Face network: patches of 4 px, depthwise-separable residuals, and a head that keeps places."""

import torch
from torch import Tensor, nn

SIZE_PX = 96
PATCH_PX = 4
GRID = 6
"""Side of the last feature map: SIZE_PX / 16."""
CHANNELS = (32, 80, 144)
"""Of feature maps of 24, 12 and 6."""
BLOCKS = (1, 3, 2)
"""With a shortcut, on each map."""
SQUEEZED = 32


class Separable(nn.Module):
    """Depthwise 3x3 and 1x1 convolution (Howard et al. 2017), beside a shortcut where shapes allow.

    Stride 2 halves H and W.
    """

    def __init__(self, inp: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.keeps = inp == out and stride == 1
        self.main = nn.Sequential(
            nn.Conv2d(inp, inp, 3, stride, 1, groups=inp, bias=False),
            nn.BatchNorm2d(inp),
            nn.ReLU(),
            nn.Conv2d(inp, out, 1, bias=False),
            nn.BatchNorm2d(out),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H / stride, W / stride)."""
        y = self.main(x)
        return torch.relu(y + x if self.keeps else y)


class FaceNet(nn.Module):
    """About 7.6 million multiply-adds. Only convolution, relu, add, pooling and reshape.

    The head is a whole-map convolution instead of flatten + linear, so that channels-first
    training and channels-last boards need no transpose between them.
    """

    def __init__(self, n_outputs: int, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        first, last = channels[0], channels[-1]
        layers: list[nn.Module] = [
            nn.Conv2d(3, first, PATCH_PX, PATCH_PX, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        ]
        inp = first
        for out, blocks in zip(channels, BLOCKS, strict=True):
            if out != inp:
                layers.append(Separable(inp, out, 2))
            layers += [Separable(out, out) for _ in range(blocks)]
            inp = out
        self.body = nn.Sequential(*layers)
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
