"""Zero insertion, a kernel and StyleGAN2's FIR, as convolutions at the low resolution.

The derivation is in docs/generator-export.md. Kernels are those of cross-correlations, as ONNX and
torch convolve. DepthToSpace (mode CRD) puts channel 4 o + 2 y + x at the pixel (y, x) of each block
of 2 x 2 of output o.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.gan.layers import FIR

Array = NDArray[np.float64]
TAPS: Array = 2 * np.array(FIR) / sum(FIR)
"""The FIR of one axis; the gain of 2 makes up for the zeros that were inserted."""


def folded_up(weight: Array) -> Array:
    """Transposed convolution of stride 2 and the FIR, (out, in, 3, 3) -> (4 out, in, 3, 3).

    Equal to both with a padding of 1 and DepthToSpace. 36 products for each pixel of the input,
    where the two steps need 9 and the FIR.
    """
    band = np.zeros((6, 3))
    for tap in range(3):
        band[tap : tap + 4, tap] = TAPS
    return _phases(np.einsum("ak,oikl,bl->oiab", band, weight, band), 4 - 2 * np.arange(3))


def split_up(weight: Array) -> Array:
    """The transposed convolution alone: (out, in, 3, 3) -> (4 out, in, 2, 2), padding 1.

    DepthToSpace gives (2 H + 2, 2 W + 2), the last row and column of zeros; `fir_kernel` follows.
    """
    six = np.pad(weight, ((0, 0), (0, 0), (0, 1), (0, 1)))
    return _phases(six, np.array([2, 0]))


def folded_fir() -> Array:
    """Zero insertion and the FIR of one channel: (4, 1, 3, 3), padding 1."""
    six = np.pad(np.outer(TAPS, TAPS), 1)[None, None]
    return _phases(six, 4 - 2 * np.arange(3))


def fir_kernel(channels: int) -> Array:
    """The FIR as a depthwise kernel (channels, 1, 4, 4) with its gain of 4."""
    return np.broadcast_to(np.outer(TAPS, TAPS), (channels, 1, 4, 4))


def _phases(taps: Array, first: NDArray[np.int64]) -> Array:
    """(out, in, n, n) taps -> (4 out, in, k, k): phase p takes the taps `first` + p (k of them)."""
    index = first[None, :] + np.arange(2)[:, None]
    split = taps[:, :, index[:, None, :, None], index[None, :, None, :]]
    k = len(first)
    return split.transpose(0, 2, 3, 1, 4, 5).reshape(-1, taps.shape[1], k, k)
