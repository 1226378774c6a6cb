"""Fits a style to a few seconds of curves, against what the average child does.

With phonemes (or a score) known, `neutral` is the same speech in the average style, and each
factor is a regression on it; without them, as from a face-capture app, a ratio of standard
deviations to those of average talking (`average`), which needs longer for the same certainty.
The aim is that of Imitator (Thambiraja et al., ICCV 2023) and AdaMesh (Chen et al. 2023), the
method plain least squares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generate.motion.director import Manner, direct
from generate.motion.player import play_score
from generate.motion.style import (
    DETAIL_S,
    DOWN,
    EXPRESSION,
    JAW,
    LEFT,
    LIPS,
    POSE_S,
    RANGE,
    RIGHT,
    SHAPED,
    UP,
    PersonalStyle,
    Style,
    smoothed,
    styled_curves,
)
from generate.spec import ARKIT, Motion
from generate.voice.speech import speak
from generate.voice.text import SENTENCES
from generate.voice.voices import sample_voice

F64 = NDArray[np.float64]

SHORTEST_S = 2.0
"""Less motion than this says nothing about a person; about 10 s is wanted."""
CLIPS = 10
LEAST_BIAS = 0.01
_OPEN = [JAW[0]]
_FELT = [i for i in EXPRESSION if not ARKIT[i].startswith("mouth")]
"""What of the expression speech does not move."""
ALIKE = 0.5
"""Correlation of expression, or of the head, with the neutral motion's from which on the neutral
has the same cues and not only the same speech."""
RELIABLE = {"jaw": 0.65, "lips": 0.8, "expression": 0.5, "head": 0.9, "tempo": 0.4}
"""Share of the variance of the logarithm of a ratio of spreads, over 10 s of talking, that is the
person's and not the sentence's: 50 children, each with two utterances."""
_MOVING = 1e-3
"""Standard deviation of a curve below which it is still."""


def fit_style(motion: Motion, neutral: Motion | None = None) -> PersonalStyle:
    """Style and bias that turn average talking into this motion, by least squares.

    motion: about 10 s; neutral: the same speech in the average style, frame by frame, where it is
    known. Raises ValueError for less than 2 s, or a neutral of another length or rate.
    """
    length_s = len(motion) / motion.rate_hz
    if length_s < SHORTEST_S:
        raise ValueError(f"style from {length_s:.2g} s of motion: want {SHORTEST_S:g} s or more")
    if neutral is None:
        return _from_statistics(motion)
    if len(neutral) != len(motion) or neutral.rate_hz != motion.rate_hz:
        raise ValueError(
            f"neutral motion of {len(neutral)} frames at {neutral.rate_hz:g} Hz, want "
            f"{len(motion)} at {motion.rate_hz:g} Hz"
        )
    return _from_pair(motion, neutral)


def _from_pair(motion: Motion, neutral: Motion) -> PersonalStyle:
    seen, plain = (np.asarray(m.arkit, np.float64) for m in (motion, neutral))
    rate_hz = motion.rate_hz
    bands = [
        _two_bands(_even(seen)[:, own], _even(plain)[:, own], rate_hz) for own in (_OPEN, LIPS)
    ]
    weight = sum(band.fast for band in bands)
    gains = _by_chance(motion)
    gains |= {"jaw": bands[0].gain, "lips": bands[1].gain}
    gains["tempo"] = sum(b.crisp * b.fast for b in bands) / weight if weight > 0 else 1.0
    moved = [_even(curves)[:, _FELT] for curves in (seen, plain)]
    heads = [_swing(np.asarray(m.head_deg, np.float64), rate_hz) for m in (motion, neutral)]
    for name, (mine, usual) in {"expression": moved, "head": heads}.items():
        mine, usual = mine - mine.mean(0), usual - usual.mean(0)
        if _alike(mine, usual):
            gains[name] = _slope(usual, mine)
    gains["asymmetry"] = _asymmetry(seen) - _asymmetry(plain)
    return _with_rest(gains, np.median(seen - _restyled(plain, rate_hz, gains), axis=0))


def _alike(a: F64, b: F64) -> bool:
    """True where curves follow each other, so that one is the other's cause and not chance."""
    energy = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return energy > 0 and float((a * b).sum()) / energy > ALIKE


class Bands(NamedTuple):
    """How curves follow the same curves in the average style."""

    gain: float
    """Of what is slower than DETAIL_S."""
    crisp: float
    """Gain of what is faster, over that."""
    fast: float
    """How much of that there is."""


def _two_bands(seen: F64, plain: F64, rate_hz: float) -> Bands:
    moving = plain.std(0) > _MOVING
    if not moving.any():
        return Bands(1.0, 1.0, 0.0)
    plain, seen = plain[:, moving], seen[:, moving]
    slow = smoothed(plain, DETAIL_S, rate_hz)
    bands = np.stack([(x - x.mean(0)).ravel() for x in (slow, plain - slow)], 1)
    target = (seen - seen.mean(0)).ravel()
    free = ((seen > 1e-3) & (seen < 0.999)).ravel()  # what was clipped says less than it did
    (low, high), *_ = np.linalg.lstsq(bands[free], target[free], rcond=None)
    if low < 0.05:
        return Bands(float(low), 1.0, 0.0)
    return Bands(float(low), float(high / low), float((bands[free, 1] ** 2).sum()))


def _from_statistics(motion: Motion) -> PersonalStyle:
    gains = _by_chance(motion)
    typical = _restyled(average().median[None], motion.rate_hz, gains)[0]
    return _with_rest(gains, np.median(motion.arkit, axis=0) - typical)


def _by_chance(motion: Motion) -> dict[str, float]:
    """Gains as ratios of spreads to those of average talking, drawn towards 1 by RELIABLE."""
    mine, usual = measure([motion]), average()
    raw = {
        "jaw": mine.slow[0] / usual.slow[0],
        "lips": mine.slow[1] / usual.slow[1],
        "expression": mine.slow[2] / usual.slow[2],
        "head": mine.head / usual.head,
    }
    crisp = [(mine.fast[i] / mine.slow[i]) / (usual.fast[i] / usual.slow[i]) for i in (0, 1)]
    raw["tempo"] = float(np.mean(crisp))
    gains = {name: float(max(value, 0.05) ** RELIABLE[name]) for name, value in raw.items()}
    return gains | {"asymmetry": _asymmetry(np.asarray(motion.arkit, np.float64))}


def _with_rest(gains: dict[str, float], rest: F64) -> PersonalStyle:
    """The style of these gains; of what is left over, the brows' common part is habit."""
    up, down = float(rest[UP].mean()), float(rest[DOWN].mean())
    habit = up if up > abs(down) or down < 0 else -down
    values = {**gains, "brow": habit}
    values = {name: float(np.clip(value, *RANGE[name])) for name, value in values.items()}
    rest = rest.copy()
    rest[UP] -= max(values["brow"], 0.0)
    rest[DOWN] -= max(-values["brow"], 0.0)
    bias = np.zeros(len(ARKIT))
    bias[SHAPED] = np.where(np.abs(rest[SHAPED]) >= LEAST_BIAS, np.clip(rest[SHAPED], -1, 1), 0)
    bias[JAW[1]] = 0.0
    return PersonalStyle(Style(**values), tuple(float(b) for b in bias))


def _restyled(plain: F64, rate_hz: float, gains: dict[str, float]) -> F64:
    style = Style(**{n: float(np.clip(v, *RANGE[n])) for n, v in gains.items()})
    return np.clip(styled_curves(plain, rate_hz, style), 0, 1)


def _even(arkit: F64) -> F64:
    """Curves with both sides of a pair at their mean."""
    out = arkit.copy()
    out[:, LEFT] = out[:, RIGHT] = (arkit[:, LEFT] + arkit[:, RIGHT]) / 2
    return out


def _asymmetry(arkit: F64) -> float:
    """Slope of half the difference of left and right on their mean, over the moves of all pairs."""
    both = (arkit[:, LEFT] + arkit[:, RIGHT]) / 2
    apart = (arkit[:, LEFT] - arkit[:, RIGHT]) / 2
    return _slope(both - both.mean(0), apart - apart.mean(0), 0.0)


def _swing(head: F64, rate_hz: float) -> F64:
    return head - smoothed(head, POSE_S, rate_hz)


def _slope(x: F64, y: F64, still: float = 1.0) -> float:
    energy = float((x**2).sum())
    return float((x * y).sum() / energy) if energy > _MOVING**2 * x.size else still


@dataclass(frozen=True)
class Statistics:
    """How talking moves, over frames of one or more clips."""

    slow: tuple[float, float, float]
    """Root mean square over curves of the standard deviation: jaw, lips, expression."""
    fast: tuple[float, float, float]
    """The same of what is faster than DETAIL_S."""
    head: float
    """Standard deviation, degrees, of the head round where it points."""
    median: F64
    """(52,)"""


def measure(motions: list[Motion]) -> Statistics:
    """Statistics of talking motions of any rates."""
    rows = []
    for motion in motions:
        arkit, rate_hz = _even(np.asarray(motion.arkit, np.float64)), motion.rate_hz
        slow = smoothed(arkit, DETAIL_S, rate_hz)
        spread = [_rms(slow[:, own]) for own in (_OPEN, LIPS, _FELT)]
        detail = [_rms((arkit - slow)[:, own]) for own in (_OPEN, LIPS, _FELT)]
        head = float(np.sqrt((_swing(np.asarray(motion.head_deg, float), rate_hz) ** 2).mean()))
        rows.append((*spread, *detail, head))
    found = np.sqrt((np.array(rows) ** 2).mean(0))
    medians = np.mean([np.median(motion.arkit, axis=0) for motion in motions], axis=0)
    slow3, fast3 = tuple(found[:3].tolist()), tuple(found[3:6].tolist())
    return Statistics(slow3, fast3, float(found[6]), np.asarray(medians, np.float64))


def _rms(curves: F64) -> float:
    return max(float(np.sqrt(curves.var(0).mean())), 1e-6)


@cache
def average() -> Statistics:
    """Statistics of the kit's own neutral talking: made once a process, the same each time."""
    motions = []
    for number in range(CLIPS):
        rng = np.random.default_rng([number, 0x57])
        voice = replace(sample_voice(rng, 7.0, "female"), engine="espeak", voice="en-us+f2")
        said = speak(SENTENCES[number % len(SENTENCES)], voice, rng)
        score = direct(said, said.duration_s, rng, manner=Manner(style=Style()))
        motions.append(play_score(score, 30.0))
    return measure(motions)
