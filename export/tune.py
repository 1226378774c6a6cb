"""Thresholds of a streaming detector, chosen on sounds in which nobody says a keyword."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from device.backends.model import Runs
from device.backends.stream import pieces, posteriors
from device.bundle import Bundle
from device.detect import NOT_WORDS, Detector, Ears

LEAST_THRESHOLD = 0.3
"""Below this a smoothed posterior is no evidence, however quiet the negatives are."""
LEVEL = 10.0
"""Peaks an hour above a word's own level: enough of them in an hour or two to know it well."""
STEP, SURE = 2e-6, 1e-6
LATE_S = 1.5
"""A word may be reported until this long after its end: the second and the smoothing."""


@dataclass(frozen=True)
class Heard:
    """Answers of a model to one stream."""

    times_s: NDArray[np.float64]
    """(W,) end of each window."""
    posteriors: NDArray[np.float64]
    """(W, C)."""
    seconds: float
    said: tuple[tuple[str, float, float], ...] = ()
    """(keyword, start s, end s) of what is truly said; empty in negatives."""


@dataclass(frozen=True)
class Score:
    """What a detector does on streams whose words are known."""

    false_accepts: int
    hours: float
    words: int
    """Keywords that are said."""
    missed: int

    @property
    def per_hour(self) -> float:
        """False accepts an hour."""
        return self.false_accepts / self.hours if self.hours else 0.0

    @property
    def false_rejects(self) -> float:
        """Share of the said keywords that were missed, 0..1; 0 where none is said."""
        return self.missed / self.words if self.words else 0.0


def hear(
    model: Runs,
    bundle: Bundle,
    sound: NDArray[np.float32],
    hop_frames: int,
    said: tuple[tuple[str, float, float], ...] = (),
) -> Heard:
    """Answers to sound (N,) in -1..1 at the front end's rate."""
    spec = bundle.front_end
    answers = list(posteriors(model, spec, pieces(sound, spec), hop_frames))
    return Heard(
        np.array([end_s for end_s, _ in answers]),
        np.array([row for _, row in answers]).reshape(-1, len(bundle.labels)),
        len(sound) / spec["sample_rate"],
        said,
    )


def tune(
    negatives: Sequence[Heard], labels: Sequence[str], settings: Detector, per_hour: float
) -> Detector:
    """Return the settings with thresholds at which the negatives give at most `per_hour` accepts.

    A word's own level is what its peaks pass LEVEL times an hour; all words are lifted above theirs
    by one step in log odds, the smallest that keeps the rate. One number is fitted to the few peaks
    that count, not one a word: thresholds just above the highest peak of each of ten words in two
    hours gave 3 accepts an hour in the next two, this gave 0 one way and 2 the other (0.5 asked).
    """
    hours = sum(heard.seconds for heard in negatives) / 3600
    if not hours > 0:
        raise ValueError("no sound to tune on")
    words = [label for label in labels if label not in NOT_WORDS]
    hills = peaks(negatives, [labels.index(word) for word in words], settings)
    level = -np.sort(-hills, axis=0)[min(round(LEVEL * hours), len(hills) - 1)]
    lifts = -np.sort(-(hills - level).max(1))

    def lifted(number: int) -> Detector:
        return replace(settings, thresholds=_thresholds(words, level + lifts[number]))

    # Two peaks in blocks side by side are one accept: up to twice as many blocks may pass.
    low, high = 0, min(2 * math.floor(per_hour * hours + 1e-9), len(lifts) - 1)
    while low < high:
        middle = (low + high + 1) // 2
        keeps = score(negatives, labels, lifted(middle)).per_hour <= per_hour
        low, high = (middle, high) if keeps else (low, middle - 1)
    tuned = lifted(low)
    measured = score(negatives, labels, tuned).per_hour
    return replace(tuned, false_accepts_per_hour=round(measured, 4), negative_hours=round(hours, 4))


def peaks(
    negatives: Iterable[Heard], columns: Sequence[int], settings: Detector
) -> NDArray[np.float64]:
    """(B, W) log odds of the highest smoothed posteriors in blocks as long as the time of rest.

    So the number of blocks above a threshold is about that of the accepts.
    """
    found = []
    for heard in negatives:
        smooth = [smoothed(heard.posteriors[:, column], settings.smooth) for column in columns]
        if not len(smooth[0]):
            continue
        block = max(1, round(settings.refractory_s / heard.times_s[0]))
        starts = np.arange(0, len(smooth[0]), block)
        found.append(np.maximum.reduceat(np.stack(smooth, 1), starts))
    share = np.concatenate(found).clip(SURE, 1 - SURE)
    return np.asarray(np.log(share / (1 - share)))


def _thresholds(words: Sequence[str], odds: NDArray[np.float64]) -> dict[str, float]:
    """Just above the posteriors of these log odds, and never where no evidence is."""
    height = 1 / (1 + np.exp(-odds)) + STEP
    return {
        word: round(max(LEAST_THRESHOLD, float(h)), 6)
        for word, h in zip(words, height, strict=True)
    }


def smoothed(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Mean of the last `count` values, (W,) -> (W,), of fewer at the beginning, as Ears does."""
    total = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - count, 0)
    return np.asarray((total[ends] - total[starts]) / (ends - starts))


def score(streams: Iterable[Heard], labels: Sequence[str], settings: Detector) -> Score:
    """Count false accepts and missed words of a detector."""
    false = missed = words = 0
    seconds = 0.0
    for heard in streams:
        left = list(heard.said)
        for word, time_s in _events(heard, labels, settings):
            right = [w for w in left if w[0] == word and w[1] <= time_s <= w[2] + LATE_S]
            if right:
                left.remove(right[0])
            else:
                false += 1
        words, missed = words + len(heard.said), missed + len(left)
        seconds += heard.seconds
    return Score(false, seconds / 3600, words, missed)


def _events(heard: Heard, labels: Sequence[str], settings: Detector) -> Iterator[tuple[str, float]]:
    ears = Ears(settings, labels)
    for time_s, row in zip(heard.times_s, heard.posteriors, strict=True):
        event = ears.hear(float(time_s), row.tolist())
        if event:
            yield event.word, event.time_s
