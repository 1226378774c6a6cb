"""How far a cue is in effect at each moment, 0 to 1. T is the number of moments, seconds each."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generate.motion.cues import BLEND_S

F64 = NDArray[np.float64]


class Lasting(Protocol):
    """What has a time."""

    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...


class Ramped(Lasting, Protocol):
    """A cue that grows and fades."""

    @property
    def rise_s(self) -> float: ...
    @property
    def fall_s(self) -> float: ...


def smooth(part: F64) -> F64:
    """Smoothstep of `part` clipped to 0..1; its ends are exact."""
    x = np.clip(part, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def step(times_s: F64, start_s: float, length_s: float | F64) -> F64:
    """(T,) 0 before `start_s`, 1 from `start_s` + `length_s` (0, or more at all moments) on, smooth
    between."""
    if not np.any(length_s):
        return np.asarray(times_s >= start_s, np.float64)
    return smooth((times_s - start_s) / length_s)


def held(cue: Ramped, times_s: F64, tempo: float | F64 = 1.0) -> F64:
    """(T,) grows for `rise_s` / tempo from a cue's start, fades for `fall_s` / tempo from its end.

    Two cues that meet with equal ramps sum to 1 throughout.
    """
    rise_s, fall_s = (np.minimum(ramp / tempo, BLEND_S) for ramp in (cue.rise_s, cue.fall_s))
    return step(times_s, cue.start_s, rise_s) * (1 - step(times_s, cue.end_s, fall_s))


def paced(cue: Lasting, times_s: F64, tempo: F64) -> F64:
    """(T,) moments as a move sees them that goes `tempo` (T,) times as fast about its middle.

    A slow one reaches BLEND_S outside its times at most.
    """
    middle_s, half_s = (cue.start_s + cue.end_s) / 2, (cue.end_s - cue.start_s) / 2
    return middle_s + (times_s - middle_s) * np.maximum(tempo, half_s / (half_s + BLEND_S))


def bell(start_s: float, end_s: float, times_s: F64, attack: float = 0.5, hold: float = 0.0) -> F64:
    """(T,) 0 outside, up in the share `attack` of the time, held for `hold`, down in the rest."""
    part = (times_s - start_s) / (end_s - start_s)
    up = smooth(part / attack)
    down = smooth((1 - part) / max(1 - attack - hold, 1e-9))
    return np.asarray(np.minimum(up, down))
