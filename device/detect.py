"""Keywords in a stream: smoothed posteriors, a threshold for each word, and a time of rest.

The last five answers of a network vary less than one; after Chen, Parada & Heigold 2014, "Small-
footprint keyword spotting using deep neural networks". Needs no library: it runs on a bare board.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

NOT_WORDS = ("unknown", "silence")
"""Labels of a keyword model that are never reported."""
DEFAULT_THRESHOLD = 0.8


@dataclass(frozen=True)
class Detector:
    """Settings of the detector, kept in a bundle's manifest."""

    hop_frames: int = 5
    """Front-end frames from one answer to the next: 5 are 100 ms."""
    smooth: int = 5
    """Answers that are averaged: at 0.5 false accepts an hour 5 miss fewer words than 3 or 7."""
    refractory_s: float = 1.0
    """After a word nothing is reported for this long."""
    thresholds: dict[str, float] = field(default_factory=dict)
    """Word to the smoothed posterior at which it counts as said; 0.8 for a word not named."""
    false_accepts_per_hour: float | None = None
    """Measured where the thresholds were tuned; null where they were not."""
    negative_hours: float | None = None
    """Hours of sound without keywords that the thresholds were tuned on."""
    tested_per_hour: float | None = None
    """False accepts an hour on sound that neither training nor tuning heard; null: not measured."""
    tested_hours: float | None = None
    """Hours of that sound."""
    tested_false_rejects: float | None = None
    """Share 0..1 of spoken keywords that were missed at these thresholds; null: not measured."""
    tested_words: int | None = None
    """Spoken keywords of that test."""

    def __post_init__(self) -> None:
        for name, low, high in (("hop_frames", 1, 50), ("smooth", 1, 100), ("refractory_s", 0, 60)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"detector.{name} is {getattr(self, name)}, want {low} to {high}")
        for word, value in self.thresholds.items():
            if not 0 < value <= 2:
                raise ValueError(
                    f"detector.thresholds.{word} is {value}, want above 0; above 1 is never"
                )


@dataclass(frozen=True)
class Event:
    """A word that was heard."""

    time_s: float
    """When it was decided: the end of the second of sound that was looked at."""
    word: str
    score: float
    """Smoothed posterior, 0..1."""


class Ears:
    """Turns answers of the network, one a hop, into events.

    A word is reported when its smoothed posterior reaches its threshold and `refractory_s` has
    passed since the last event of any word; the same word only after it was below in between.
    """

    def __init__(self, settings: Detector, labels: Sequence[str]) -> None:
        self._settings = settings
        self._words = [(n, w) for n, w in enumerate(labels) if w not in NOT_WORDS]
        self._thresholds = {w: settings.thresholds.get(w, DEFAULT_THRESHOLD) for w in labels}
        self._last: deque[Sequence[float]] = deque(maxlen=settings.smooth)
        self._said = ""  # the last word, until its score has fallen
        self._rest_until_s = -math.inf

    def hear(self, time_s: float, posteriors: Sequence[float]) -> Event | None:
        """Take the posteriors (C,) of the second that ends at `time_s`; times must rise."""
        self._last.append(posteriors)
        scores = {w: sum(p[n] for p in self._last) / len(self._last) for n, w in self._words}
        over = {w: s for w, s in scores.items() if s >= self._thresholds[w]}
        rests = time_s < self._rest_until_s - 1e-9
        if not rests and self._said not in over:
            self._said = ""
        ready = {w: s for w, s in over.items() if w != self._said}
        if rests or not ready:
            return None
        self._said = max(ready, key=lambda w: ready[w] - self._thresholds[w])
        self._rest_until_s = time_s + self._settings.refractory_s
        return Event(time_s, self._said, ready[self._said])


def softmax(logits: Sequence[float]) -> list[float]:
    """Posteriors (C,) of logits (C,): each 0..1, sum 1."""
    top = max(logits)
    shares = [math.exp(value - top) for value in logits]
    total = sum(shares)
    return [share / total for share in shares]
