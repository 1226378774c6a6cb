"""Measures of the face's dynamics, of head, blinks, variety and drift; pure functions of arrays.

Frames, places and axes as in `metrics.py`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

BLINK_AT = 0.5
"""Lid closure from which on a blink is one."""


def upper_face_dynamics_deviation(predicted: Floats, true: Floats, rest: Floats) -> float:
    """Difference, mm, of how much the upper face moves: > 0 where the prediction moves less.

    FDD = 1/V Σ_v (dyn(true_v) − dyn(predicted_v)), dyn the standard deviation over time of a
    point's distance from rest: Xing et al., CodeTalker (CVPR 2023). predicted (T, V, 3) and true
    (U, V, 3) may differ in length; rest (V, 3). Raises ValueError where the points do not match.
    """
    if predicted.shape[1:] != rest.shape or true.shape[1:] != rest.shape:
        raise ValueError(
            f"{predicted.shape[1:]}, {true.shape[1:]} points for a rest of {rest.shape}"
        )
    moved = [np.linalg.norm(points - rest, axis=2).std(0) for points in (true, predicted)]
    return float((moved[0] - moved[1]).mean())


def kinematic_beats(angles_deg: Floats, rate_hz: float, least_deg_s: float = 4.0) -> Floats:
    """Times (B,), s, at which the head turns back: minima of its speed between faster moves.

    Kinematic beats as in Li et al., AI Choreographer (ICCV 2021). angles_deg (T, 3); a minimum
    counts where the speed exceeds `least_deg_s` on both sides of it before the next one.
    """
    speed = np.linalg.norm(np.diff(np.asarray(angles_deg, np.float64), axis=0), axis=1) * rate_hz
    lows = np.flatnonzero((speed[1:-1] <= speed[:-2]) & (speed[1:-1] < speed[2:])) + 1
    ends = np.concatenate([[0], lows, [len(speed) - 1]])
    peak = [speed[a : b + 1].max() for a, b in pairwise(ends)]
    kept = [i for n, i in enumerate(lows) if min(peak[n], peak[n + 1]) > speed[i] + least_deg_s]
    return np.asarray((np.array(kept, np.float64) + 1.0) / rate_hz)


def beat_alignment(motion_s: Floats, sound_s: Floats, sigma_s: float = 0.1) -> float:
    """How near the motion's beats lie to beats of the sound, 0 to 1.

    BA = 1/|M| Σ_m exp(−min_a (m − a)² / 2σ²), Li et al., AI Choreographer (ICCV 2021), there with
    σ = 3 frames at 60 Hz for music. motion_s (M,), sound_s (A,): times such as those of
    `kinematic_beats` and of stressed syllables; nan where one of them has none. The rest between
    two nods is a kinematic beat too; with the arguments swapped it does not count, and the measure
    is how near each sound's beat has a move.
    """
    if not len(motion_s) or not len(sound_s):
        return float("nan")
    apart = np.abs(np.asarray(motion_s)[:, None] - np.asarray(sound_s)[None]).min(1)
    return float(np.exp(-(apart**2) / (2 * sigma_s**2)).mean())


def diversity(motions: Floats) -> float:
    """Mean root-mean-square difference of pairs among K motions for the same sound.

    APD = 2 / (K (K − 1)) Σ_{i<j} |x_i − x_j|, Yuan and Kitani, DLow (ECCV 2020), here over √(T C)
    so that it has the unit of the curves. motions (K, T, C). Raises ValueError for K < 2.
    """
    if len(motions) < 2:
        raise ValueError(f"diversity of {len(motions)} motions: want at least 2")
    flat = np.asarray(motions, np.float64).reshape(len(motions), -1)
    pairs = [np.sqrt(((flat[i] - flat[i + 1 :]) ** 2).mean(1)) for i in range(len(flat) - 1)]
    return float(np.concatenate(pairs).mean())


class Blinks(NamedTuple):
    """What `blink_statistics` finds; nan where there are too few blinks."""

    per_minute: float
    gap_s: float
    """Median time between the onsets of blinks."""
    log_spread: float
    """Standard deviation of ln(gap): of a log-normal its sigma."""
    length_ms: float
    """Median time from lids half shut to half open."""


def blink_statistics(closure: Floats, rate_hz: float) -> Blinks:
    """Rate, gaps and lengths of blinks: runs of frames with the lids at least half shut.

    To compare with Bentivoglio et al. (Movement Disorders 12, 1997), 17 a minute at rest, 26 in
    conversation. closure (T,) 0 to 1, such as the mean of both eyeBlink curves. The ends of a run
    are interpolated between frames; a run that the clip cuts counts for rate, not for length.
    """
    shut = np.concatenate([[False], np.asarray(closure) >= BLINK_AT, [False]])
    first, last = (np.flatnonzero(d) for d in (~shut[:-1] & shut[1:], shut[:-1] & ~shut[1:]))
    whole = (first > 0) & (last < len(closure))
    begin = np.array([_crossing(closure, i - 1, i) for i in first[whole]])
    end = np.array([_crossing(closure, i - 1, i) for i in last[whole]])
    gaps = np.diff(first) / rate_hz
    return Blinks(
        per_minute=float(len(first) / (len(closure) / rate_hz) * 60) if len(closure) else np.nan,
        gap_s=float(np.median(gaps)) if len(gaps) else float("nan"),
        log_spread=float(np.log(gaps).std()) if len(gaps) > 1 else float("nan"),
        length_ms=float(np.median(end - begin) / rate_hz * 1000) if len(end) else float("nan"),
    )


def _crossing(closure: Floats, before: int, after: int) -> float:
    a, b = float(closure[before]), float(closure[after])
    return before + (BLINK_AT - a) / (b - a)


def drift_per_minute(values: Floats, rate_hz: float) -> float:
    """Largest slope of a straight line through any column, in units of `values` a minute.

    Least squares over time; what should stay (resting mouth, head's mean, a bone's length) has 0.
    values (T,) or (T, C). Raises ValueError for fewer than two frames.
    """
    columns = np.asarray(values, np.float64).reshape(len(values), -1)
    if len(columns) < 2:
        raise ValueError(f"drift of {len(columns)} frames: want at least 2")
    minutes = np.arange(len(columns)) / rate_hz / 60
    centred = minutes - minutes.mean()
    slopes = centred @ (columns - columns.mean(0)) / (centred @ centred)
    return float(np.abs(slopes).max())


def style_distance(a: Floats, b: Floats, rate_a_hz: float, rate_b_hz: float) -> float:
    """How differently two motions move, whatever they say: 0 for the same statistics.

    Root mean square over curves of the differences of mean, standard deviation and mean speed
    (per second, over 10 so that a curve that swings fully five times a second has 1). Matching
    first and second moments is the style measure of Huang and Belongie (ICCV 2017); the speed adds
    tempo. a (T, C), b (U, C) of any lengths. Raises ValueError where C differs.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"style distance of shapes {a.shape} and {b.shape}: want (T, C), (U, C)")
    first, second = _moments(a, rate_a_hz), _moments(b, rate_b_hz)
    return float(np.sqrt(((first - second) ** 2).mean()))


def _moments(curves: Floats, rate_hz: float) -> NDArray[np.float64]:
    values = np.asarray(curves, np.float64)
    speed = np.abs(np.diff(values, axis=0)).sum(0) * rate_hz / max(len(values) - 1, 1) / 10
    return np.concatenate([values.mean(0), values.std(0), speed])
