"""How far a cue is in effect at each moment, 0 to 1. T is the number of moments, seconds each."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


class Ramped(Protocol):
    """A cue that grows and fades."""

    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...
    @property
    def rise_s(self) -> float: ...
    @property
    def fall_s(self) -> float: ...


def smooth(part: F64) -> F64:
    """Smoothstep of `part` clipped to 0..1; its ends are exact."""
    x = np.clip(part, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def step(times_s: F64, start_s: float, length_s: float) -> F64:
    """(T,) 0 before `start_s`, 1 from `start_s` + `length_s` on, smooth between."""
    if length_s <= 0:
        return np.asarray(times_s >= start_s, np.float64)
    return smooth((times_s - start_s) / length_s)


def held(cue: Ramped, times_s: F64) -> F64:
    """(T,) grows for `rise_s` from the cue's start, fades for `fall_s` from its end.

    Two cues that meet with equal ramps sum to 1 throughout.
    """
    return step(times_s, cue.start_s, cue.rise_s) * (1 - step(times_s, cue.end_s, cue.fall_s))


def bell(start_s: float, end_s: float, times_s: F64, attack: float = 0.5, hold: float = 0.0) -> F64:
    """(T,) 0 outside, up in the share `attack` of the time, held for `hold`, down in the rest."""
    part = (times_s - start_s) / (end_s - start_s)
    up = smooth(part / attack)
    down = smooth((1 - part) / max(1 - attack - hold, 1e-9))
    return np.asarray(np.minimum(up, down))
