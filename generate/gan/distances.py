"""How far two sets of pictures are apart, in the features of the kit's own attribute network.

The formulas are those of FID (Heusel et al. 2017) and KID (Binkowski et al. 2018), but the
features are not Inception's: the numbers compare with each other and with no published FID. They
are called kit_fid and kit_kid for that reason.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def kit_fid(a: Floats, b: Floats) -> float:
    """Frechet distance of two normal distributions fitted to features (N, F) and (M, F)."""
    _check(a, b)
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = _root(first)
    # The trace of the root of the product is that of a symmetric matrix with its eigenvalues.
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    apart = np.square(a.mean(0) - b.mean(0)).sum()
    return float(apart + np.trace(first) + np.trace(second) - 2 * cross)


def kit_kid(a: Floats, b: Floats) -> float:
    """Squared maximum mean discrepancy with a cubic kernel, unbiased: about 0 for like sets."""
    _check(a, b)

    def kernel(x: Floats, y: Floats) -> Floats:
        return np.asarray((x @ y.T / x.shape[1] + 1) ** 3)

    def within(x: Floats) -> float:
        k = kernel(x, x)
        return float((k.sum() - np.trace(k)) / (len(x) * (len(x) - 1)))

    return within(a) + within(b) - 2 * float(kernel(a, b).mean())


def _root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def _check(a: Floats, b: Floats) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"features of shapes {a.shape} and {b.shape}; want (N, F) and (M, F)")
