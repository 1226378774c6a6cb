"""Hard negatives: what teachers take for a keyword and is none is drawn more often.

After Sung & Poggio 1998, "Example-based learning for view-based human face detection", and
Shrivastava, Gupta & Girshick 2016, "Training region-based object detectors with online hard example
mining". Teachers choose, not the network that learns: a batch stays a function of (seed, step).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generate.progress import Progress

SHARE = 0.7
"""Share of the draws of a class that goes to its hard ones."""
EASY = 0.1
"""A sound whose best keyword stays below this posterior is no hard one."""
PART = 256


def keyword_score(
    hear: Callable[[NDArray[np.int64]], Tensor], clips: NDArray[np.int64], n_words: int
) -> NDArray[np.float64]:
    """(K,) highest posterior of any of the first `n_words` classes; `hear` gives (B, C) of (B,)."""
    progress, found = Progress(len(clips), "hard negatives", "sound"), []
    for part in np.array_split(clips, -(-len(clips) // PART)):
        with torch.no_grad():
            found.append(hear(part)[:, :n_words].amax(1).numpy().astype(np.float64))
        progress.update(sum(map(len, found)))
    progress.close()
    return np.concatenate(found)


def prefer(weights: NDArray[np.float64], score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights (K,) of which `SHARE` goes to sounds as their score (K,) above `EASY`, squared.

    The sum stays; without a hard one all weights stay.
    """
    hard = np.maximum(score - EASY, 0) ** 2
    if not hard.any():
        return weights
    return (1 - SHARE) * weights + SHARE * weights.sum() * hard / hard.sum()
