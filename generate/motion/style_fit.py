"""Fits a style to a few seconds of motion: from its curves alone, and better with its score.

Curves alone, as from a face capture: their statistics say what such a person usually is like
(style_prior.py). With a score of the same speech, the style is the one in which the player comes
nearest to what was seen: Gauss-Newton through the player, drawn to what the statistics say by what
these are worth. Of a score that has the same speech, but not the same dips and brows, the numbers
that only those show stay at what the statistics say. The aim is that of Imitator (Thambiraja et
al., ICCV 2023) and AdaMesh (Chen et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from generate.motion.player import frames_of, play_score
from generate.motion.score import Score
from generate.motion.style import (
    BIAS_UNIT,
    BIASED,
    MOVED,
    POSE_S,
    SPREAD,
    PersonalStyle,
    from_vector,
    restyled,
    smoothed,
)
from generate.motion.style_prior import Prior, read_prior
from generate.spec import Motion

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

SHORTEST_S = 2.0
"""Less motion than this says nothing about a person; about 10 s is wanted."""
LONGEST_S = 60.0
"""What comes after this is not compared with a score."""
STEPS = 4
NUDGE = 0.2
"""Change of each number of a style vector by which its effect on the curves is seen."""
NOISE, ROBUST = 0.02, 0.03
"""What is left of a curve when the style is right, and residuals from which on they count by their
size and not its square (Huber, Ann. Math. Stat. 35, 1964)."""
SECONDS_ALIKE = 0.2
"""Residuals nearer in time than this are of one cause."""
HEAD_UNIT_DEG = 50.0
"""Swing of the head that counts as much as a whole blendshape."""
ALIKE = 0.8
"""Correlation of brows and cheeks, or of the head, with the score's from which on the score has the
same cues and not only the same speech."""
LEAST_BIAS = 0.004
BEGIN_BROW = 0.5
"""Habit of the brows, in standard deviations, at which the search begins on either side."""
_BROW = list(SPREAD).index("brow")
_BROWS = [BIASED.index(i) for i in MOVED]
_HEAD = [len(BIASED) + axis for axis in range(3)]


def fit_style(motion: Motion, score: Score | None = None) -> PersonalStyle:
    """Style, and bias beside the average resting face, of who moves.

    motion: about 10 s; score: of the same speech from the same moment on, in any style (its own is
    not looked at), where there is one. Raises ValueError for less than 2 s of motion, and for a
    score that is shorter than the motion.
    """
    length_s = len(motion) / motion.rate_hz
    if length_s < SHORTEST_S:
        raise ValueError(f"style from {length_s:.2g} s of motion: want {SHORTEST_S:g} s or more")
    prior = read_prior(motion)
    if score is None:
        return _tidied(prior.mean)
    if frames_of(score, motion.rate_hz) < len(motion):
        raise ValueError(f"score of {score.length_s:g} s, want the motion's {length_s:g} s or more")
    return _tidied(_through_player(motion, score, prior))


def _through_player(motion: Motion, score: Score, prior: Prior) -> F64:
    """(P,) style vector, from the prior on."""
    count = min(len(motion), int(LONGEST_S * motion.rate_hz))
    seen = _compared(motion, count)

    def played(vector: F64) -> F64:
        styled = restyled(score, from_vector(vector))
        return _compared(play_score(styled, motion.rate_hz, 0, count), count)

    vector, now = _begun(played, prior.mean, seen)
    rows, free = _usable(seen, now)
    effect = _effects(played, vector, now)[:, rows][free]
    best, least = vector, np.inf
    for _ in range(STEPS):
        away = (seen - now)[rows]
        if np.abs(away).mean() < least:
            best, least = vector, float(np.abs(away).mean())
        vector = vector.copy()
        drawn, spread = (prior.mean - vector)[free], prior.spread[free]
        vector[free] += _step(effect, away, drawn, spread, motion.rate_hz)
        now = played(vector)
    return vector if np.abs((seen - now)[rows]).mean() < least else best


def _begun(played: Callable[[F64], F64], vector: F64, seen: F64) -> tuple[F64, F64]:
    """The vector to begin with, and what it plays: that of raised or of lowered brows which goes
    better with what was seen, for each moves other curves, and no step would find the other."""
    tries = []
    for habit in (-BEGIN_BROW, BEGIN_BROW):
        start = vector.copy()
        start[_BROW] = habit
        now = played(start)
        away = seen - now
        left = np.abs(away - np.median(away, axis=1, keepdims=True)).mean()
        tries.append((left, habit, start, now))
    *_, start, now = min(tries, key=lambda t: t[:2])
    return start, now


def _compared(motion: Motion, count: int) -> F64:
    """(C, T) what is compared of the first `count` frames: BIASED curves, then the head's swing."""
    head = np.asarray(motion.head_deg[:count], np.float64)
    swing = (head - smoothed(head, POSE_S, motion.rate_hz)) / HEAD_UNIT_DEG
    return np.concatenate([np.asarray(motion.arkit[:count, BIASED], np.float64), swing], axis=1).T


def _usable(seen: F64, played: F64) -> tuple[Mask, Mask]:
    """(C,) curves that have the same cues, (P,) numbers of the style vector that they show."""
    brows, head = _alike(seen, played, _BROWS), _alike(seen, played, _HEAD)
    rows = np.array([True] * len(BIASED) + [head] * 3)
    shown = {"head": head, "tempo": brows or head, "expression": brows, "asymmetry": brows}
    return rows, np.array([*(shown.get(name, True) for name in SPREAD), *[True] * len(BIASED)])


def _alike(a: F64, b: F64, rows: list[int]) -> bool:
    """True where curves follow each other, so that one is the other's cause and not chance."""
    a, b = (x[rows] - x[rows].mean(1, keepdims=True) for x in (a, b))
    energy = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return energy > 0 and float((a * b).sum()) / energy > ALIKE


def _effects(played: Callable[[F64], F64], vector: F64, first: F64) -> F64:
    """(P, C, T) change of what is compared by each number of the vector, of curve c by bias c."""
    own, biases = len(SPREAD), len(BIASED)
    effects = np.zeros((own + biases, *first.shape))
    for number in range(own):
        nudged = vector + NUDGE * (np.arange(len(vector)) == number)
        effects[number] = (played(nudged) - first) / NUDGE
    lifted = (played(vector + NUDGE * (np.arange(len(vector)) >= own)) - first) / NUDGE
    effects[own + np.arange(biases), np.arange(biases)] = lifted[:biases]
    return effects


def _step(effect: F64, away: F64, drawn: F64, spread: F64, rate_hz: float) -> F64:
    """Change (Q,) that takes the residual `away` (C, T) off, drawn (Q,) to the prior."""
    trust = np.minimum(1, ROBUST / np.maximum(np.abs(away), 1e-9))
    trust /= NOISE**2 * max(SECONDS_ALIKE * rate_hz, 1.0)
    flat = effect.reshape(len(effect), -1)
    weighed = flat * trust.ravel()
    curvature = weighed @ flat.T + np.diag(1 / spread**2)
    return np.asarray(np.linalg.solve(curvature, weighed @ away.ravel() + drawn / spread**2))


def _tidied(vector: F64) -> PersonalStyle:
    """The person, without biases that are too small to see."""
    seen = np.abs(vector) * BIAS_UNIT >= LEAST_BIAS
    return from_vector(np.where(seen | (np.arange(len(vector)) < len(SPREAD)), vector, 0.0))
