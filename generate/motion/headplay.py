"""Where the head points: poses, sways, gestures of the head, breath."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generate.motion.cues import BreathCue, HeadCue, PoseCue, SwayCue
from generate.motion.envelope import bell, held, paced

F64 = NDArray[np.float64]

HEAD_LIMIT_DEG = (55.0, 35.0, 25.0)
BREATH_DEG = 1.0
"""Pitch of the head at the top of a full breath."""
_YAW, _PITCH, _ROLL = range(3)


def poses(cues: Sequence[PoseCue], times_s: F64, tempo: F64) -> F64:
    """(T, 3) yaw, pitch, roll in degrees; 0 between poses. tempo (T,): of the turns."""
    total = np.zeros((len(times_s), 3))
    for cue in cues:
        total += held(cue, times_s, tempo)[:, None] * (cue.yaw_deg, cue.pitch_deg, cue.roll_deg)
    return total


def sways(cues: Sequence[SwayCue], times_s: F64) -> F64:
    """(T, 3) sum of the waves."""
    total = np.zeros((len(times_s), 3))
    for cue in cues:
        wave = np.sin(2 * np.pi * (cue.hz * times_s + cue.phase)) * held(cue, times_s)
        total += wave[:, None] * (cue.yaw_deg, cue.pitch_deg, cue.roll_deg)
    return total


def moves(cues: Sequence[HeadCue], times_s: F64, tempo: F64) -> F64:
    """(T, 3) of nods, dips, shakes and tilts, `tempo` (T,) times as fast as written."""
    total = np.zeros((len(times_s), 3))
    for cue in cues:
        at_s = paced(cue, times_s, tempo)
        part = np.clip((at_s - cue.start_s) / (cue.end_s - cue.start_s), 0, 1)
        turn = 2 * np.pi * cue.count * part
        if cue.move == "tilt":
            total[:, _ROLL] += cue.size_deg * bell(cue.start_s, cue.end_s, at_s, 0.3, 0.4)
        elif cue.move == "shake":
            fade = np.sin(np.pi * part) ** 0.5
            total[:, _YAW] += cue.size_deg * np.sin(turn) * fade
        elif cue.move == "nod":
            total[:, _PITCH] -= cue.size_deg * (0.5 - 0.5 * np.cos(turn))
        else:
            total[:, _PITCH] -= cue.size_deg * bell(cue.start_s, cue.end_s, at_s)
    return total


def breathing(cues: Sequence[BreathCue], times_s: F64) -> F64:
    """(T,) how full the chest is, 0 to 1."""
    full = np.zeros(len(times_s))
    for cue in cues:
        full += cue.depth * bell(cue.start_s, cue.end_s, times_s, 0.4)
    return full


def limited(head_deg: F64) -> F64:
    """What a neck can do of (T, 3)."""
    limit = np.array(HEAD_LIMIT_DEG)
    return np.asarray(np.clip(head_deg, -limit, limit))
