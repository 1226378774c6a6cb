"""The other cloth beside the garment's own: trousers, dungarees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SECOND_CLOTHS = {
    "denim": (3.0, (0.035, 0.055, 0.12)),
    "pale denim": (2.0, (0.10, 0.14, 0.24)),
    "black": (1.0, (0.03, 0.03, 0.035)),
    "grey": (1.0, (0.12, 0.12, 0.13)),
    "sand": (1.0, (0.33, 0.25, 0.15)),
    "olive": (0.7, (0.12, 0.13, 0.06)),
    "wine": (0.7, (0.30, 0.06, 0.06)),
    "linen": (0.6, (0.45, 0.42, 0.36)),
}
"""How often each is worn, and its linear RGB."""


def second_cloth(seed: int) -> NDArray[np.float32]:
    """Linear RGB (3,) of the second cloth."""
    rng = np.random.default_rng([seed, 0x2C])
    share = np.array([often for often, _ in SECOND_CLOTHS.values()])
    _, rgb = list(SECOND_CLOTHS.values())[int(rng.choice(len(share), p=share / share.sum()))]
    return np.asarray(np.array(rgb) * np.exp(rng.normal(0, 0.12)), np.float32)
