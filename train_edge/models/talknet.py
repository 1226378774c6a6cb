"""Audio-visual network: is the face that is seen the one that is heard?"""

from __future__ import annotations

import torch
from torch import Tensor, nn

PICTURES = 40
"""T: pictures of 1.6 s; there are two log-mel frames to each."""
SIZE_PX = 32
MELS = 40
SOUND = 2 * MELS
"""First values of a row; the pixels come after them."""
DECIDED = 35
"""Number of the picture that is decided on: what comes after it has 4.5 pictures, 180 ms."""
WIDTH, CODE, BODY, SHAPE = 64, 20, 96, 2
DILATIONS = (1, 2, 4)
CODE_RANGE = 10.0
"""Largest value of each number of a code that is evened out for int8."""


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


class Look(nn.Module):
    """Residual block of one picture: two convolutions of 3 x 3."""

    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.main = nn.Sequential(*conv(width, width, (3, 3)), last, nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape."""
        return torch.relu(self.main(x) + x)


class TalkNet(nn.Module):
    """Two encoders whose codes move together where one person is heard and seen.

    About 274k parameters. Each encoder ends in CODE numbers a picture, the first SHAPE of which
    learn the shape of the lips. What a code is above its mean over the time, heard times seen, is
    their covariance, and beside it stands the variance of each, as in two-stream networks for lip
    synchrony (Chung and Zisserman, "Out of time", 2016); the mean of what comes of it, given back
    to every moment, says whether they are one person's. These products are ten times as large as
    what they are made of, so they have a layer of their own: in one tensor their rounding to int8
    would hide the others. Where the head is turned is asked of the eye alone. Only what TFLite
    Micro has: convolution, relu, add, subtract, multiply, concatenation, mean, slice and reshape.
    """

    def __init__(self, senses: str = "both", dropout: float = 0.1) -> None:
        super().__init__()
        self.hears, self.sees = senses != "pictures", senses != "sound"
        self.eye = nn.Sequential(
            *conv(1, 12, (3, 3), (2, 2)),
            *conv(12, 32, (3, 3), (2, 2)),
            Look(32),
            *conv(32, 48, (3, 3), (2, 2)),
            Look(48),
            *conv(48, WIDTH, (4, 4), pad=False),
        )
        self.ear = nn.Sequential(
            *conv(1, 16, (5, 5), (1, 2)),
            *conv(16, 40, (3, 3), (2, 2)),
            *conv(40, 56, (3, 3), (1, 2)),
            *conv(56, WIDTH, (1, 5), pad=False),
        )  # fmt: skip
        self.shape_seen, self.turn = nn.Conv2d(WIDTH, SHAPE, 1), nn.Conv2d(WIDTH, 1, 1)
        self.watch = nn.Sequential(Over(WIDTH, 1), Over(WIDTH, 2))
        self.listen = nn.Sequential(*(Over(WIDTH, dilation) for dilation in (*DILATIONS, 1)))
        self.code_seen = nn.Conv2d(WIDTH, CODE - SHAPE, 1)
        self.code_heard = nn.Conv2d(WIDTH, CODE, 1)
        self.both = nn.Sequential(*conv(2 * WIDTH + 2 * CODE, BODY, (1, 1))[:2])
        self.moves = nn.Sequential(*conv(3 * CODE, BODY, (1, 1))[:2])
        self.body = nn.Sequential(*(Over(BODY, dilation) for dilation in DILATIONS))
        self.whole = nn.Sequential(*conv(BODY, BODY, (1, 1)))
        self.after = nn.Sequential(*conv(BODY, BODY, (1, 1)), nn.Dropout(dropout))
        self.head = nn.Conv2d(BODY, 1, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """(B, 1, T, 80 + 32 * 32) -> (B, 2) of the picture DECIDED: speaks, faces the camera.

        In training (B, 2 + 2 SHAPE, T): of all pictures, and behind them the shape of the lips
        (talking_clips.mouth_of) as the eye alone sees it, and as the ear alone hears it. Rows as
        device/backends/audiovisual.py makes them.
        """
        eye, sound, sight = self._watched(rows)
        said, shown = self._codes(eye, sound, sight)
        voice, lips = (code - code.mean(2, keepdim=True) for code in (said, shown))
        moved = self.moves(torch.cat([voice * lips, voice * voice, lips * lips], 1))
        x = self.body(torch.relu(self.both(torch.cat([sound, sight, voice, lips], 1)) + moved))
        x = self.after(x + self.whole(x.mean(2, keepdim=True)))
        found = torch.cat([self.head(x), self.turn(eye)], 1)
        if self.training:
            return torch.cat([found, shown[:, :SHAPE], said[:, :SHAPE]], 1).flatten(2)
        return found[:, :, DECIDED : DECIDED + 1].flatten(1)

    def _watched(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the eye says of each picture, and what ear and eye say over time, (B, C, T, 1)."""
        heard = rows[:, :, :, :SOUND].reshape(-1, 1, 2 * PICTURES, MELS)
        seen = rows[:, :, :, SOUND:].reshape(-1, 1, SIZE_PX, SIZE_PX)
        eye = self.eye(seen if self.sees else 0 * seen).reshape(-1, PICTURES, WIDTH, 1)
        eye = eye.transpose(1, 2)
        return eye, self.listen(self.ear(heard if self.hears else 0 * heard)), self.watch(eye)

    def _codes(self, eye: Tensor, sound: Tensor, sight: Tensor) -> tuple[Tensor, Tensor]:
        """Codes (B, CODE, T, 1) of what is heard and of what is seen."""
        shown = torch.cat([self.shape_seen(eye), self.code_seen(sight)], 1)
        return self.code_heard(sound), shown

    @torch.no_grad()
    def even_out(self, rows: Tensor) -> None:
        """Give each number of both codes the same range over `rows` (B, 1, T, 80 + 32 * 32).

        Layers before are divided and those after multiplied by the same, so that the answers stay
        and int8 rounds each number alike; the first numbers are shapes of lips no more.
        """
        said, shown = self._codes(*self._watched(rows))
        heard, seen = (
            (code - code.mean(2, keepdim=True)).abs().amax((0, 2, 3)).clamp(min=1e-6) / CODE_RANGE
            for code in (said, shown)
        )
        layers = (self.code_heard, self.shape_seen, self.code_seen)
        for layer, range_ in zip(layers, (heard, seen[:SHAPE], seen[SHAPE:]), strict=True):
            assert layer.bias is not None
            layer.weight /= range_[:, None, None, None]
            layer.bias /= range_
        both, moves = self.both[0], self.moves[0]
        assert isinstance(both, nn.Conv2d) and isinstance(moves, nn.Conv2d)
        both.weight[:, 2 * WIDTH :] *= torch.cat([heard, seen])[:, None, None]
        moves.weight *= torch.cat([heard * seen, heard * heard, seen * seen])[:, None, None]
