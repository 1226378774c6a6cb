"""Keyword network: a depthwise-separable CNN on log-mel frames, about 27k parameters."""

from itertools import pairwise

from torch import Tensor, nn

CHANNELS = (32, 48, 88, 88, 88)


def _conv(inp: int, out: int, kernel: int, groups: int = 1, stride: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(inp, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(out), nn.ReLU()]


class DSCNN(nn.Module):
    """Depthwise-separable CNN after Zhang et al. 2017, "Hello Edge" (about 2M multiply-adds).

    The export folds every BatchNorm into the convolution before it.
    """

    def __init__(self, n_classes: int, dropout: float = 0.2, width: float = 1.0) -> None:
        super().__init__()
        channels = [max(8, int(count * width)) for count in CHANNELS]
        stem = nn.Conv2d(1, channels[0], (5, 8), (2, 4), (2, 2), bias=False)
        layers: list[nn.Module] = [stem, nn.BatchNorm2d(channels[0]), nn.ReLU()]
        for number, (inp, out) in enumerate(pairwise(channels)):
            layers += _conv(inp, inp, 3, groups=inp, stride=2 if number == 1 else 1)
            layers += _conv(inp, out, 1)
        self.body = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(channels[-1], n_classes)

    def forward(self, features: Tensor) -> Tensor:
        """(B, 1, L=50 mel frames, 40 mel bands) -> (B, C) logits."""
        return self.head(self.dropout(self.body(features).mean((2, 3))))
