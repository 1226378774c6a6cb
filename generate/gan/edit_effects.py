"""What edits do, as another network than the one that steers judges it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from generate.gan.edit_steps import follow
from generate.gan.edits import Directions, Floats, Measure, draw_w, measured
from generate.gan.networks import Generator

Ranges = Mapping[str, tuple[float, float]]
"""Least and greatest value of each attribute."""


FURTHEST = 1.5
"""Beyond that a judge sees little, and an edit would please errors."""


@dataclass(frozen=True)
class Effect:
    """What an edit of one attribute does, in the mean over faces."""

    name: str
    """The attribute that was asked to move by a quarter of its range."""
    gain: float
    """How much of the asked amount it moved; 1 is all."""
    up: float | None
    """The same of the faces that were asked to rise; none where none had room to."""
    down: float | None
    """The same of those that were asked to fall."""
    leakage: dict[str, float]
    """Mean absolute change of each other attribute in the judge's best guesses, as a share of its
    range."""
    drift: dict[str, float]
    """Mean change of each other attribute along with the edit on the scale of exact labels, as a
    share of its range: what a judge errs about a single face averages out."""

    def worst(self, what: str) -> str:
        """Name of the attribute with the most `leakage` or `drift`."""
        shares: dict[str, float] = getattr(self, what)
        return max(shares, key=lambda name: abs(shares[name]))


@dataclass(frozen=True)
class Judge:
    """Who looks on."""

    measure: Measure
    """On the scale of exact labels."""
    likely: Callable[[Floats], Floats] = np.asarray
    """Best guesses from measured values (N, K)."""


def effects(
    generator: Generator, measure: Measure, directions: Directions, ranges: Ranges,
    faces: int = 32, seed: int = 1, judge: Judge | None = None,
) -> list[Effect]:  # fmt: skip
    """Measure every edit on `faces` samples of another seed than the fit's.

    Every other face is asked to rise by a quarter of the range, the rest to fall; a face that has
    no room for it before the range ends goes the other way. `judge`, another network than the one
    that steers, notices where only that one was pleased.
    """
    w = draw_w(generator, seed, faces, 0.7)
    before, table = measured(generator, w, measure), list[Effect]()
    judge = judge or Judge(measure)
    judged = measured(generator, w, judge.measure)
    for k, name in enumerate(directions.names):
        signs = ways(before[:, k], *ranges[name])
        goal = before.copy()
        goal[:, k] += signs * np.ptp(ranges[name]) / 4
        moved = follow(generator, measure, directions, w, goal)
        after = measured(generator, moved, judge.measure)
        guessed = np.abs(judge.likely(after) - judge.likely(judged)).mean(0)
        along = (after - judged) * signs[:, None]
        table.append(_effect(directions.names, k, along, signs, guessed, ranges))
    return table


def reach_of(table: list[Effect]) -> Floats:
    """How many times its amount each edit must aim at for this judge to see it all: (K,), at most
    FURTHEST. Never less than 1: who steers is not told to do less than what is asked."""
    return np.array([min(1 / max(row.gain, 1 / FURTHEST), FURTHEST) for row in table]).clip(1)


def ways(values: Floats, low: float, high: float) -> Floats:
    """1 or -1 for each value (N,): up and down in turn, but never out of low..high where the other
    way stays inside."""
    quarter = (high - low) / 4
    signs = np.where(np.arange(len(values)) % 2 == 0, 1.0, -1.0)
    signs[values + quarter > high] = -1
    signs[values - quarter < low] = 1
    return signs


def _effect(
    names: tuple[str, ...], k: int, along: Floats, signs: Floats, guessed: Floats, ranges: Ranges
) -> Effect:
    size = np.array([np.ptp(ranges[name]) for name in names])
    gains = along[:, k] / (size[k] / 4)
    up, down = (round(float(part.mean()), 4) if len(part) else None
                for part in (gains[signs > 0], gains[signs < 0]))  # fmt: skip

    def others(values: Floats) -> dict[str, float]:
        shares = zip(names, values / size, strict=True)
        return {name: round(float(x), 4) for name, x in shares if name != names[k]}

    gain = round(float(gains.mean()), 4)
    return Effect(names[k], gain, up, down, others(guessed), others(along.mean(0)))
