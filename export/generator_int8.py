"""Which convolutions of a generator are rounded to 8 bits, and over which range.

The style, over its largest, is in the input of a convolution before it is rounded, so one range
holds for any latent. Channels that are often small are enlarged, and their weights made smaller by
the same factor (Nagel et al. 2019, "Data-free quantization through weight equalization").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from export.generator_graph import SMALLEST_STYLE, Range8
from export.parity import sqnr_db
from generate.gan.networks import Generator, SynthesisLayer

Floats = NDArray[np.float32]
LEAST_SIDE_PX = 16
"""Smaller pictures hold few products and much of what the image is."""
ENOUGH_DB, ENOUGH_COLOUR = 25.0, 2.0
"""Least SQNR, and largest mean error of a colour in steps of 1/255."""
BALANCE = 0.25
"""64 px, all convolutions: 29.2 dB and a colour error of 1.9 with 0, 29.6 and 1.7 with 1/4, 27.4
and 1.6 with 1/2, 20.3 and 3.3 with 3/4. Narrower ranges, which clip, only lose."""
Answers = Callable[[dict[int, Range8]], Floats]


def measured_ranges(generator: Generator, ws: torch.Tensor) -> dict[int, Range8]:
    """Ranges of every convolution that doubles nothing, from 16 px on, over ws (B, n_ws, w_dim).

    Doublings stay float: folded into one convolution they have four times the products, which int8
    does not earn back on a CPU.
    """
    net, found = generator.synthesis, {}
    x = net.const.expand(len(ws), -1, -1, -1)
    with torch.no_grad():
        for index, module in enumerate(net.layers):
            layer = cast(SynthesisLayer, module)
            if not layer.conv.up and layer.noise.shape[0] >= LEAST_SIDE_PX:
                style = layer.conv.style(ws[:, index])
                most = style.abs().amax(1, keepdim=True).clamp_min(SMALLEST_STYLE)
                peaks = (x * (style / most)[:, :, None, None]).abs().amax((0, 2, 3))
                found[index] = _range_of(peaks.numpy(), layer.conv.effective().numpy())
            x = layer(x, ws[:, index], "const")
    return found


def _range_of(peaks: Floats, weight: Floats) -> Range8:
    """Input peaks (in,) and weight (out, in, 3, 3) -> balanced by BALANCE of their ratio."""
    peaks = np.maximum(peaks, 1e-3 * peaks.max())
    weights = np.maximum(np.abs(weight).max((0, 2, 3)), 1e-12)
    balance = (peaks / weights) ** BALANCE
    balance = (balance / np.exp(np.log(balance).mean())).astype(np.float32)
    return Range8(float((peaks / balance).max()), balance)


def image_distance(reference: Floats, answer: Floats) -> tuple[float, float]:
    """Images (B, 3, H, W) about -1..1: SQNR in dB, and mean error of a colour in 1/255.

    What all images share is taken off the signal: what is left is what the latent says. Colours
    are compared after clipping, as they are seen.
    """
    signal = reference - reference.mean(0)
    db = sqnr_db(signal, answer - reference.mean(0))
    seen = np.abs(np.clip(reference, -1, 1) - np.clip(answer, -1, 1))
    return db, float(127.5 * seen.mean())


def chosen_ranges(
    ranges: dict[int, Range8], reference: Floats, answers: Answers
) -> dict[int, Range8]:
    """The convolutions that may be int8 together: the one that costs most is left out first.

    answers(ranges) gives the images of a file with these in int8. Empty where none may.
    """
    costs = {index: _noise(reference, answers({index: ranges[index]})) for index in ranges}
    kept = dict(ranges)
    for index in sorted(costs, key=lambda index: -costs[index]):
        if good_enough(*image_distance(reference, answers(kept))):
            break
        kept.pop(index)
    return kept


def good_enough(db: float, colour: float) -> bool:
    """Both limits."""
    return db >= ENOUGH_DB and colour <= ENOUGH_COLOUR


def _noise(reference: Floats, answer: Floats) -> float:
    return float(np.mean((reference - answer) ** 2))
