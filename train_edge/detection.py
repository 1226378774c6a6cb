"""Misses against false accepts of detectors, from scores.

Curves as Martin et al. draw them (The DET curve in assessment of detection task performance,
Eurospeech 1997): both rates on the scale of the normal deviate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
POINTS = 200
"""Points of a curve that is written down, at most."""


@dataclass(frozen=True)
class Curve:
    """One detector at every threshold, from the loosest to the strictest."""

    false_accept: Floats
    """(P,) share of the others that are accepted, falling."""
    miss: Floats
    """(P,) share of the targets that are not, rising."""

    def equal_error(self) -> float:
        """The rate where misses and false accepts are alike, between two points linearly."""
        gap = self.miss - self.false_accept
        after = int(np.argmax(gap >= 0))
        if after == 0:
            return float(self.miss[0])
        share = gap[after - 1] / (gap[after - 1] - gap[after])
        return float(self.miss[after - 1] + share * (self.miss[after] - self.miss[after - 1]))

    def thinned(self, points: int = POINTS) -> Curve:
        """At most `points` of the corners, with both ends, evenly along the curve of log odds.

        So rates of a thousandth keep as many points as rates of a tenth.
        """
        rates = np.stack([self.miss, self.false_accept]).clip(1e-5, 1 - 1e-5)
        steps = np.abs(np.diff(np.log(rates / (1 - rates)), axis=1)).sum(0)
        way = np.concatenate([[0.0], np.cumsum(steps)])
        kept = np.unique(np.searchsorted(way, np.linspace(0, way[-1], points)))
        return Curve(self.false_accept[kept], self.miss[kept])


def det_curve(scores: Floats, targets: NDArray[np.bool_]) -> Curve:
    """Rates at every threshold between distinct scores (K,); accepted is a score above it.

    ValueError where there are no targets or nothing else.
    """
    if targets.all() or not targets.any():
        raise ValueError("a DET curve needs targets and others")
    order = np.argsort(scores, kind="stable")
    sorted_scores, hit = scores[order], targets[order]
    last = np.append(sorted_scores[1:] > sorted_scores[:-1], True)
    rejected_hit = np.concatenate([[0], np.cumsum(hit)[last]])
    rejected = np.concatenate([[0], np.flatnonzero(last) + 1])
    others = len(hit) - hit.sum()
    return Curve(1 - (rejected - rejected_hit) / others, rejected_hit / hit.sum())


def one_against_rest(scores: Floats, truth: NDArray[np.int64], columns: list[int]) -> Curve | None:
    """Pooled curve of keyword detectors: each of `columns` of scores (K, C) is one detector.

    truth (K,) class numbers. None where no curve can be drawn.
    """
    targets = truth[:, None] == np.array(columns)[None]
    if targets.all() or not targets.any():
        return None
    return det_curve(scores[:, columns].ravel().astype(np.float64), targets.ravel())
