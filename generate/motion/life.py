"""What a face does without being asked: blinks, small head motion, gaze, breath.

Frame i of a motion shows the moment (i + 0.5) / rate_hz.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.motion.shapes import columns

BLINK_GAP_S = 3.0
"""Median time between blinks; log-normal with BLINK_SPREAD (Bentivoglio et al. 1997: 17 a minute
at rest in adults, children fewer)."""
BLINK_SPREAD = 0.6
GAZE_LIMIT_DEG = (32.0, 22.0)
_LOOK_DEG = 32.0
"""Gaze at which an ARKit eyeLook shape is 1."""


def frame_times(n_frames: int, rate_hz: float) -> NDArray[np.float64]:
    """(T,) seconds."""
    return np.asarray((np.arange(n_frames) + 0.5) / rate_hz, np.float64)


def blink_times(length_s: float, rng: np.random.Generator) -> list[float]:
    """When the lids meet, s; the first may be at once."""
    found = []
    now = float(rng.uniform(0, BLINK_GAP_S))
    while now < length_s:
        found.append(now)
        now += max(float(np.exp(rng.normal(np.log(BLINK_GAP_S), BLINK_SPREAD))), 0.35)
    return found


def blinks(n_frames: int, rate_hz: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Lid closure (T,) 0..1: down in 40 to 60 ms, up in 60 to 90 ms, never between two frames."""
    times = frame_times(n_frames, rate_hz)
    closure = np.zeros(n_frames)
    for moment in blink_times(n_frames / rate_hz, rng):
        down_s, up_s = rng.uniform(0.04, 0.06), rng.uniform(0.06, 0.09)
        moment = times[min(int(moment * rate_hz), n_frames - 1)]
        phase = np.where(times < moment, (moment - times) / down_s, (times - moment) / up_s)
        bell = np.where(phase < 1, 0.5 + 0.5 * np.cos(np.pi * np.minimum(phase, 1)), 0)
        closure = np.maximum(closure, bell)
    return closure


def drift(
    times_s: NDArray[np.float64], fastest_hz: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Smooth noise (T,) of unit size, made of 8 waves up to `fastest_hz`, slow ones larger."""
    frequency = np.linspace(0.08, 1.0, 8) * fastest_hz * rng.uniform(0.8, 1.2, 8)
    size = 1 / np.sqrt(1 + (frequency / (0.3 * fastest_hz)) ** 2)
    phase = rng.uniform(0, 2 * np.pi, 8)
    waves = np.sin(2 * np.pi * frequency * times_s[:, None] + phase) * size
    total: NDArray[np.float64] = waves.sum(1) / np.sqrt((size**2).sum() / 2)
    return total


def head_motion(
    times_s: NDArray[np.float64], beats_s: list[float], rng: np.random.Generator
) -> NDArray[np.float64]:
    """(T, 3) yaw, pitch, roll in degrees around a pose; dips of 1 to 3 degrees on the beats."""
    size = np.array([3.0, 2.0, 1.6]) * rng.uniform(0.5, 1.5)
    motion = np.stack([drift(times_s, 0.7, rng) for _ in range(3)], axis=1) * size
    for beat in beats_s:
        dip = rng.uniform(0.8, 3.0) * (rng.random() < 0.7)
        motion[:, 1] -= dip * np.exp(-(((times_s - beat) / 0.13) ** 2))
    return motion


def gaze(
    times_s: NDArray[np.float64], head_deg: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """(T, 2) gaze relative to the head: fixations, 2 in 3 on the camera, joined by saccades.

    The eyes hold their target while the head moves. Fixations last 0.4 to 3 s; a saccade takes
    21 ms + 2.2 ms a degree (Bahill, Clark and Stark 1975).
    """
    away = np.zeros((len(times_s), 2))
    now, last = 0.0, np.zeros(2)
    while now < times_s[-1]:
        target = rng.normal(0, 0.6, 2)
        if rng.random() < 1 / 3:
            target = rng.normal(0, 1, 2) * (11.0, 6.0)
        length_s = 0.021 + 0.0022 * float(np.hypot(*(target - last)))
        part = np.clip((times_s - now) / length_s, 0, 1)[:, None]
        smooth = part * part * (3 - 2 * part)
        away = np.where(times_s[:, None] >= now, last + (target - last) * smooth, away)
        last = target
        now += float(np.clip(np.exp(rng.normal(0.0, 0.6)), 0.4, 3.0))
    return np.clip(to_camera(head_deg) + away, *_limits())


def to_camera(head_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, 2) gaze relative to the head that meets a camera straight ahead (small-angle roll)."""
    yaw, pitch, roll = head_deg[:, 0], head_deg[:, 1], np.deg2rad(head_deg[:, 2])
    across = -yaw * np.cos(roll) + pitch * np.sin(roll)
    up = -yaw * np.sin(roll) - pitch * np.cos(roll)
    return np.stack([across, up], axis=1)


def eye_shapes(gaze_deg: NDArray[np.float64], arkit: NDArray[np.float64]) -> None:
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


def _limits() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    limit = np.array(GAZE_LIMIT_DEG)
    return -limit, limit
