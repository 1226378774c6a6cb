"""How well faces are found: matches by overlap, false ones, and the threshold for few of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from device.find import Face, shared

MATCH = 0.5
"""Intersection over union from which a box is the face."""
FALSE_PER_100 = 0.5
"""False faces in 100 pictures without one that a threshold allows: half of what is asked for, since
other pictures give a little more or less."""
THRESHOLDS = tuple(round(-4 + 0.05 * k, 2) for k in range(361))
"""Logits that a threshold is chosen among, the lowest first."""

Box = tuple[float, float, float]


@dataclass(frozen=True)
class Match:
    """One picture."""

    overlaps: list[float]
    """Of each face, intersection over union with the box that found it; 0 where none did."""
    false: int
    """Boxes that found no face."""


@dataclass
class Found:
    """Counts over pictures."""

    overlaps: list[float] = field(default_factory=list)
    false: int = 0

    def add(self, one: Match) -> None:
        """Count one more picture."""
        self.overlaps += one.overlaps
        self.false += one.false

    @property
    def recall(self) -> float:
        """Share of the faces that were found; nan where there were none."""
        return float(np.mean(np.array(self.overlaps) >= MATCH)) if self.overlaps else float("nan")

    @property
    def mean_overlap(self) -> float:
        """Mean intersection over union of those that were found; 0 where none was."""
        hit = [overlap for overlap in self.overlaps if overlap >= MATCH]
        return float(np.mean(hit)) if hit else 0.0


def match(found: Sequence[Face], truth: Sequence[Box]) -> Match:
    """Give each face, in turn, the free box that overlaps it most, from MATCH on."""
    free = list(found)
    overlaps = []
    for box in truth:
        face = Face(*box, 0.0)
        best = max(free, key=lambda one: shared(one, face), default=None)
        overlap = shared(best, face) if best else 0.0
        if best and overlap >= MATCH:
            free.remove(best)
        overlaps.append(overlap if overlap >= MATCH else 0.0)
    return Match(overlaps, len(free))


def threshold_for(
    empty: Sequence[Sequence[Face]], per_100: float = FALSE_PER_100
) -> tuple[float, float]:
    """The lowest of THRESHOLDS with at most `per_100` false faces in 100 pictures, and how many.

    empty: what was found, at the lowest threshold, in each picture without a face. Boxes that a
    surer one takes away at the lowest threshold are not there at a higher one either.
    """
    scores = np.sort([face.score for faces in empty for face in faces])
    for threshold in THRESHOLDS:
        alarms = len(scores) - int(np.searchsorted(scores, threshold, side="left"))
        if 100 * alarms <= per_100 * len(empty):
            return threshold, 100 * alarms / len(empty)
    raise ValueError(f"more than {per_100:g} false faces in 100 pictures at any threshold")
