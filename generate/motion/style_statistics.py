"""What ten seconds of bare curves say of who moves: the statistics that a style is read from.

Every curve that a style changes gives its quantiles over the time and its mean over the stillest
frames (speech hides a resting mouth); jaw, lips, brows and head give how far, how fast and how
abruptly they move, as logarithms, in which a factor is a sum; left and right give their slope. T is
frames at RATE_HZ.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from generate.motion.shapes import columns
from generate.motion.style import JAW, LEFT, LIPS, MOVED, POSE_S, RIGHT, SHAPED, smoothed
from generate.spec import Motion

F64 = NDArray[np.float64]

RATE_HZ = 25.0
"""Curves are brought to this rate first, so that statistics do not depend on a camera's."""
WINDOW_S = 10.0
"""Statistics are of windows of about this length, and their mean."""
QUANTILES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97)
STILL_SHARE = 0.06
"""Share of the frames, those that move the mouth least, taken for silence."""
_LEAST = 1e-3
"""Added before logarithms: curves that move less are still."""
_BROWS = columns("browInnerUp", "browOuterUp", "browDown")


def describe(motion: Motion) -> F64:
    """(K,) statistics of a motion of any rate and length, K the same for all.

    Those of a head that stands still, as where a capture has none, are not a number.
    """
    arkit, head = (_even_rate(x, motion.rate_hz) for x in (motion.arkit, motion.head_deg))
    count = max(round(len(arkit) / RATE_HZ / WINDOW_S), 1)
    parts = zip(np.array_split(arkit, count), np.array_split(head, count), strict=True)
    return np.asarray(np.mean([_window(*part) for part in parts], axis=0))


def _even_rate(values: NDArray[np.float32], rate_hz: float) -> F64:
    """(T, C) at RATE_HZ; frames are the middles of their time."""
    own = np.asarray(values, np.float64)
    if rate_hz > 1.5 * RATE_HZ:
        own = uniform_filter1d(own, round(rate_hz / RATE_HZ), axis=0, mode="nearest")
    count = max(round(len(own) / rate_hz * RATE_HZ), 2)
    old_s, new_s = ((np.arange(n) + 0.5) / hz for n, hz in ((len(own), rate_hz), (count, RATE_HZ)))
    return np.stack([np.interp(new_s, old_s, column) for column in own.T], axis=1)


def _window(arkit: F64, head: F64) -> F64:
    own = arkit[:, SHAPED]
    mouth = arkit[:, [JAW[0], *LIPS]]
    moving = uniform_filter1d(np.abs(np.gradient(mouth, axis=0)).sum(1), 3) + 0.5 * mouth.sum(1)
    still = np.argsort(moving, kind="stable")[: max(round(STILL_SHARE * len(own)), 2)]
    swing = head - smoothed(head, POSE_S, RATE_HZ)
    swing = swing if np.ptp(head) else np.full_like(head, np.nan)
    pairs = (arkit[:, LEFT] + arkit[:, RIGHT]) / 2
    lips = np.sort(mouth, axis=0)[[round(q * (len(own) - 1)) for q in (0.1, 0.5, 0.75, 0.9, 0.97)]]
    return np.concatenate([
        np.quantile(own, QUANTILES, axis=0).ravel(),
        own[still].mean(0), own.mean(0), own.std(0),
        _log(np.diff(lips, axis=0)), _log(lips[-1] - lips[0]),
        _pace(mouth), _pace(arkit[:, _BROWS]), _pace(swing),
        _log(np.abs(swing).mean(0)), _log(np.ptp(swing, axis=0)),
        _sides(pairs, (arkit[:, LEFT] - arkit[:, RIGHT]) / 2),
        _habit(arkit[:, MOVED], moving),
    ])  # fmt: skip


def _log(values: F64) -> F64:
    return np.log(np.maximum(values, 0) + _LEAST).ravel()


def _pace(values: F64) -> F64:
    """How far, how fast and how abruptly columns (T, C) move, and the two ratios: 5 C."""
    steps = [values - values.mean(0), np.diff(values, axis=0), np.diff(values, 2, axis=0)]
    sizes = np.log([np.sqrt(np.square(step).mean(0)) + _LEAST for step in steps])
    return np.concatenate([sizes, np.diff(sizes, axis=0)]).ravel()


def _sides(both: F64, apart: F64) -> F64:
    """Slope of half the difference of each pair (T, C) on its mean, all pairs together."""
    both, apart = both - both.mean(0), apart - apart.mean(0)
    return np.array([(both * apart).sum() / ((both**2).sum() + len(both) * _LEAST)])


def _habit(moved: F64, moving: F64) -> F64:
    """How far columns are held otherwise while the mouth moves."""
    silent, active = np.split(np.argsort(moving, kind="stable"), [max(len(moving) // 3, 1)])
    return np.asarray(np.median(moved[active], axis=0) - np.median(moved[silent], axis=0))
