"""Audio-visual network: is the face that is seen the one that is heard?"""

from __future__ import annotations

import torch
from torch import Tensor, nn

PICTURES = 25
"""T: pictures of one second; there are two log-mel frames to each."""
SIZE_PX = 32
MELS = 40
SOUND = 2 * MELS
"""First values of a row; the pixels come after them."""
DECIDED = 20
"""Number of the picture that is decided on: what comes after it has 4.5 pictures, 180 ms."""
WIDTH, BODY, SHAPE = 48, 80, 2
DILATIONS = (1, 2, 4)


def conv(
    inp: int, out: int, kernel: tuple[int, int], stride: tuple[int, int] = (1, 1), pad: bool = True
) -> list[nn.Module]:
    """Convolution, BatchNorm, ReLU."""
    around = (kernel[0] // 2, kernel[1] // 2) if pad else (0, 0)
    layer = nn.Conv2d(inp, out, kernel, stride, around, bias=False)
    return [layer, nn.BatchNorm2d(out), nn.ReLU()]


class Over(nn.Module):
    """Residual block along time: depthwise 5 x 1, then all channels of one time."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        along = nn.Conv2d(
            width, width, (5, 1), padding=(2 * dilation, 0), dilation=(dilation, 1),
            groups=width, bias=False,
        )  # fmt: skip
        self.main = nn.Sequential(
            along, nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, 1) -> the same shape."""
        return torch.relu(self.main(x) + x)


class TalkNet(nn.Module):
    """Late fusion of a picture encoder and a sound encoder, then convolutions along time.

    About 107k parameters. The product of both codes tells where they move together, as in two-
    stream networks for lip synchrony (Chung and Zisserman, "Out of time", 2016); its mean over the
    second, given back to every moment, says whether they are one person's. Only what TFLite Micro
    has: convolution, relu, add, multiply, mean and reshape.
    """

    def __init__(self, n_outputs: int, senses: str = "both", dropout: float = 0.1) -> None:
        super().__init__()
        self.hears, self.sees = senses != "pictures", senses != "sound"
        self.eye = nn.Sequential(
            *conv(1, 12, (3, 3), (2, 2)),
            *conv(12, 24, (3, 3), (2, 2)),
            *conv(24, 40, (3, 3), (2, 2)),
            *conv(40, WIDTH, (4, 4), pad=False),
        )
        self.ear = nn.Sequential(
            *conv(1, 12, (5, 5), (1, 2)),
            *conv(12, 24, (3, 3), (2, 2)),
            *conv(24, 32, (3, 3), (1, 2)),
            *conv(32, WIDTH, (1, 5), pad=False),
        )
        self.shape_seen, self.shape_heard = (nn.Conv2d(WIDTH, SHAPE, 1) for _ in range(2))
        self.both = nn.Sequential(*conv(3 * WIDTH, BODY, (1, 1)))
        self.body = nn.Sequential(*(Over(BODY, dilation) for dilation in DILATIONS))
        self.whole = nn.Sequential(*conv(BODY, BODY, (1, 1)))
        self.after = nn.Sequential(*conv(BODY, BODY, (1, 1)), nn.Dropout(dropout))
        self.head = nn.Conv2d(BODY, n_outputs, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """(B, 1, T, 80 + 32 * 32) -> (B, n) of the picture DECIDED.

        In training (B, n + 4, T): of all pictures, and behind them the shape of the lips
        (talking_clips.mouth_of) as the eye alone sees it, and as the ear alone hears it. Rows as
        device/backends/audiovisual.py makes them.
        """
        heard = rows[:, :, :, :SOUND].reshape(-1, 1, 2 * PICTURES, MELS)
        seen = rows[:, :, :, SOUND:].reshape(-1, 1, SIZE_PX, SIZE_PX)
        sound = self.ear(heard if self.hears else 0 * heard)
        sight = self.eye(seen if self.sees else 0 * seen).reshape(-1, PICTURES, WIDTH, 1)
        sight = sight.transpose(1, 2)
        x = self.body(self.both(torch.cat([sound, sight, sound * sight], 1)))
        x = self.after(x + self.whole(x.mean(2, keepdim=True)))
        if self.training:
            shapes = self.shape_seen(sight), self.shape_heard(sound)
            return torch.cat([self.head(x), *shapes], 1).flatten(2)
        return self.head(x[:, :, DECIDED : DECIDED + 1]).flatten(1)
