"""Sounds that nobody asked for: some people laugh before they speak, others sigh after it."""

from __future__ import annotations

import numpy as np

from generate.motion.direction import NO_DIRECTION, Direction, parse_direction

ASIDE_SHARE = 0.12
"""Share of talking clips with such a sound."""
ASIDE_LEAST_S = 4.0
"""Clips that must be shorter than this have none."""
ASIDES: dict[str, tuple[str, ...]] = {
    "neutral": ("hums at the start", "coughs at the start", "sighs", "yawns"),
    "happy": ("laughs", "giggles", "giggles at the start", "hums at the start"),
    "sad": ("sighs", "sighs at the start", "sobs"),
    "angry": ("sighs at the start", "coughs at the start"),
    "afraid": ("gasps at the start", "sobs"),
    "disgusted": ("coughs", "sighs"),
    "surprised": ("gasps at the start", "giggles", "laughs"),
}
"""By emotion, as directions."""


def aside(emotion: str, rng: np.random.Generator) -> Direction:
    """One of the emotion's sounds for a share of the clips; no direction for the others."""
    share, pick = rng.random(), rng.random()
    if share >= ASIDE_SHARE:
        return NO_DIRECTION
    return parse_direction(ASIDES[emotion][int(pick * len(ASIDES[emotion]))])
