"""Gaze, lids and what the lids do with the gaze. Frame i shows the moment (i + 0.5) / rate_hz."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generate.motion.cues import GAZE_TARGETS, BlinkCue, GazeCue
from generate.motion.envelope import smooth
from generate.motion.shapes import columns

F64 = NDArray[np.float64]

GAZE_LIMIT_DEG = (32.0, 22.0)
LID_DOWN_S, LID_UP_S = 0.08, 0.12
"""Longest ways of the lids; a short blink spends 2/5 of its time on the way down."""
_LOOK_DEG = 32.0
"""Gaze at which an ARKit eyeLook shape is 1."""
_CAMERA = np.zeros(2)


def frame_times(n_frames: int, rate_hz: float, first: int = 0) -> F64:
    """(T,) seconds of the moments that frames `first` on show."""
    return np.asarray((np.arange(first, first + n_frames) + 0.5) / rate_hz, np.float64)


def gaze(cues: Sequence[GazeCue], times_s: F64, head_deg: F64) -> F64:
    """(T, 2) gaze relative to the head, which holds its target in the room while the head moves.

    A saccade takes 21 ms + 2.2 ms a degree (Bahill, Clark and Stark 1975).
    """
    away, now = np.zeros((len(times_s), 2)), _CAMERA
    ended_s = 0.0
    for cue in cues:
        if cue.start_s > ended_s + 1e-6:
            away, now = _saccade(away, now, _CAMERA, ended_s, times_s), _CAMERA
        target = np.add(GAZE_TARGETS[cue.target], (cue.yaw_deg, cue.pitch_deg))
        before = target if cue.start_s == 0 else now
        away, now, ended_s = _saccade(away, before, target, cue.start_s, times_s), target, cue.end_s
    away = _saccade(away, now, _CAMERA, ended_s, times_s)
    limit = np.array(GAZE_LIMIT_DEG)
    return np.asarray(np.clip(to_camera(head_deg) + away, -limit, limit))


def _saccade(away: F64, last: F64, target: F64, start_s: float, times_s: F64) -> F64:
    length_s = 0.021 + 0.0022 * float(np.hypot(*(target - last)))
    part = smooth((times_s - start_s) / length_s)[:, None]
    return np.where(times_s[:, None] >= start_s, last * (1 - part) + target * part, away)


def to_camera(head_deg: F64) -> F64:
    """(T, 2) gaze relative to the head that meets a camera straight ahead (small-angle roll)."""
    yaw, pitch, roll = head_deg[:, 0], head_deg[:, 1], np.deg2rad(head_deg[:, 2])
    across = -yaw * np.cos(roll) + pitch * np.sin(roll)
    up = -yaw * np.sin(roll) - pitch * np.cos(roll)
    return np.stack([across, up], axis=1)


def eye_shapes(gaze_deg: F64, arkit: F64) -> None:
    """Set the eyeLook shapes (lids follow the eyes) of `arkit` (T, 52) from the gaze, in place."""
    yaw, pitch = gaze_deg[:, 0] / _LOOK_DEG, gaze_deg[:, 1] / _LOOK_DEG
    for name, value in (("eyeLookUp", pitch), ("eyeLookDown", -pitch)):
        for column in columns(name):
            arkit[:, column] = np.clip(value, 0, 1)
    for name, value in (
        ("eyeLookOutLeft", yaw),
        ("eyeLookInRight", yaw),
        ("eyeLookInLeft", -yaw),
        ("eyeLookOutRight", -yaw),
    ):
        arkit[:, columns(name)[0]] = np.clip(value, 0, 1)


def lids(cues: Sequence[BlinkCue], times_s: F64, half_s: float) -> F64:
    """(T,) closure 0..1 of the blinks; each is fully shown by at least one frame."""
    closure = np.zeros(len(times_s))
    for cue in cues:
        length_s = cue.end_s - cue.start_s
        shut_s = cue.start_s + min(0.4 * length_s, LID_DOWN_S)
        open_s = max(cue.end_s - min(0.6 * length_s, LID_UP_S), shut_s)
        down = smooth((times_s - cue.start_s) / (shut_s - cue.start_s))
        up = smooth((cue.end_s - times_s) / (cue.end_s - open_s))
        shown = np.minimum(down, up)
        shown[np.abs(times_s - (shut_s + open_s) / 2) <= half_s] = 1
        closure = np.maximum(closure, cue.amount * shown)
    return closure


def blink(arkit: F64, closure: F64) -> None:
    """Lids close in `arkit` (T, 52), in place; closed ones neither widen nor look about."""
    for column in columns("eyeBlink"):
        arkit[:, column] = np.maximum(arkit[:, column], closure)
    for column in columns("eyeWide", "eyeLookUp", "eyeSquint"):
        arkit[:, column] *= 1 - closure
