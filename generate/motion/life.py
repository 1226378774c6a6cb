"""What a face does without being asked, as cues: blinks, glances, a pose, a drift, beats."""

from __future__ import annotations

import numpy as np

from generate.motion.cues import (
    BlinkCue,
    BrowCue,
    GazeCue,
    HeadCue,
    PoseCue,
    SwayCue,
)

BLINK_GAP_S = 3.0
"""Median time between blinks; log-normal with BLINK_SPREAD (Bentivoglio et al. 1997: 17 a minute
at rest in adults, children fewer)."""
BLINK_SPREAD = 0.6
AWAY_SHARE = 1 / 3
"""Of fixations that are not on the camera."""
DRIFT_HZ = (0.08, 0.3, 0.65)
"""Waves of the head's drift, each axis with its own; slow ones larger."""
DIP_S = 0.36
SHORTEST_S = 1e-3
"""Cues shorter than this, left over where something was cut, are not written."""


def blink_times(length_s: float, rng: np.random.Generator) -> list[float]:
    """When the lids meet, s; the first may be at once."""
    found = []
    now = float(rng.uniform(0, BLINK_GAP_S))
    while now < length_s:
        found.append(now)
        now += max(float(np.exp(rng.normal(np.log(BLINK_GAP_S), BLINK_SPREAD))), 0.35)
    return found


def blinks(length_s: float, rng: np.random.Generator) -> list[BlinkCue]:
    """Blinks of 100 to 150 ms."""
    cues = []
    for moment in blink_times(length_s, rng):
        length = rng.uniform(0.1, 0.15)
        start = max(moment - 0.4 * length, 0.0)
        if start + length < length_s:
            cues.append(BlinkCue(tidy(start), tidy(start + length)))
    return cues


def glances(length_s: float, rng: np.random.Generator) -> list[GazeCue]:
    """Fixations of 0.4 to 3 s, 2 in 3 on the camera, the others anywhere around it."""
    cues, now = [], 0.0
    while now < length_s - SHORTEST_S:
        end = now + float(np.clip(np.exp(rng.normal(0.0, 0.6)), 0.4, 3.0))
        yaw, pitch = rng.normal(0, 0.6, 2)
        if rng.random() < AWAY_SHARE:
            yaw, pitch = rng.normal(0, 1, 2) * (11.0, 6.0)
        cues.append(
            GazeCue(tidy(now), min(tidy(end), length_s), "camera", *_within((yaw, pitch), (40, 30)))
        )
        now = end
    return cues


def pose(length_s: float, rng: np.random.Generator) -> PoseCue:
    """Where the head points through the clip: mostly at the camera."""
    wide = 2.2 if rng.random() < 0.25 else 1.0
    angles = rng.normal(0, 1, 3) * (9.0 * wide, 5.0 * wide, 4.0) + (0.0, -2.0, 0.0)
    yaw, pitch, roll = _within(angles, (55, 35, 25))
    return PoseCue(0.0, length_s, yaw, pitch, roll, rise_s=0.0, fall_s=0.0)


def sway(length_s: float, rng: np.random.Generator) -> list[SwayCue]:
    """A slow drift of a few degrees, waves of each axis."""
    size = np.array([3.0, 2.0, 1.6]) * rng.uniform(0.5, 1.5)
    cues = []
    for axis, name in enumerate(("yaw_deg", "pitch_deg", "roll_deg")):
        for hz in DRIFT_HZ:
            amount = size[axis] * rng.uniform(0.5, 1.2) / (1 + 2.5 * hz)
            angle = {name: tidy(amount)}
            wave = tidy(hz * rng.uniform(0.7, 1.3)), tidy(rng.uniform(-1, 1))
            cues.append(SwayCue(0.0, length_s, *wave, **angle, rise_s=0.0, fall_s=0.0))
    return cues


def beats(
    beats_s: list[float], length_s: float, rng: np.random.Generator
) -> list[HeadCue | BrowCue]:
    """Dips of 1 to 3 degrees on most beats, brows raised on some; none over another."""
    cues: list[HeadCue | BrowCue] = []
    free = {HeadCue: 0.0, BrowCue: 0.0}
    for beat in beats_s:
        start, end = tidy(max(beat - DIP_S / 2, 0)), tidy(beat + DIP_S / 2)
        size, raised = rng.uniform(0.8, 3.0), rng.uniform(0.05, 0.25)
        nods, frowns = rng.random() < 0.7, rng.random() < 0.35
        if nods and start >= free[HeadCue] and end <= length_s:
            cues.append(HeadCue(start, end, "dip", tidy(size)))
            free[HeadCue] = end
        if frowns and start >= free[BrowCue] and end <= length_s:
            cues.append(BrowCue(start, end, "raise", tidy(raised)))
            free[BrowCue] = end
    return cues


def tidy(value: float) -> float:
    """A number as a score shows it: seconds to 0.1 ms, angles and shares to four digits."""
    return round(float(value), 4)


def _within(angles: object, limits: tuple[float, ...]) -> list[float]:
    return [tidy(a) for a in np.clip(np.asarray(angles, np.float64), np.negative(limits), limits)]
