"""Jaw, lips and tongue of viseme cues: every sound pulls with a dominance of its own.

Cohen and Massaro, "Modeling coarticulation in synthetic visual speech" (1993): a sound pulls each
articulator towards its target with D = rule × exp(-(distance / width)^c) of the time from its
middle, and the track is the mean of all targets weighted by D; here c = 2, and the middle of a long
sound is held. Jaw and lips have rules of their own (Edwards et al., "JALI", 2016). Rounding is
anticipated further than it is carried over (Perkell and Matthies, JASA 91, 1992).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generate.motion.cues import NoteCue, StyleCue, VisemeCue
from generate.motion.envelope import bell, held
from generate.motion.shapes import COLUMN, columns
from generate.motion.visemes import visemes_of
from generate.spec import ARKIT

F64 = NDArray[np.float64]

REST_RULE = 0.12
"""Dominance of the resting mouth: what the lips return to in pauses."""
LONG_S = 0.14
"""What a sound lasts beyond this is held at full dominance."""
WIDTH, WIDTH_S = 0.55, 0.03
"""Width of the dominance: a share of the sound, at most of LONG_S, and a constant."""
ANTICIPATED = 1.35
"""Rounding's width before its sound, relative to after it."""
_CUT = float(np.exp(-9.0))
"""Dominance at three widths, where it ends."""
_JAW, _LIPS = COLUMN["jawOpen"], columns("mouthLowerDown")
SUNG_JAW, SUNG_LIPS = 0.24, 0.3
"""Least jawOpen at middle C and mouthLowerDown of a sung vowel."""


@dataclass(frozen=True)
class Targets:
    """P articulations in order."""

    middle_s: F64
    core_s: F64
    """(P,) length that is held around the middle."""
    before_s: F64
    """(P,) width of the lips' dominance before the core."""
    after_s: F64
    jaw: F64
    jaw_rule: F64
    lips: F64
    """(P, 52)"""
    lip_rule: F64


def targets(cues: Sequence[VisemeCue]) -> Targets:
    """Articulations of viseme cues; a diphthong gives two that share its time."""
    rows = []
    for cue in cues:
        visemes = visemes_of(cue.phoneme)
        share = (cue.end_s - cue.start_s) / len(visemes)
        width = WIDTH * min(share, LONG_S) + WIDTH_S
        for index, viseme in enumerate(visemes):
            middle = cue.start_s + (index + 0.5) * share
            before = width * (ANTICIPATED if viseme.rounded else 1.0)
            row = (middle, max(share - LONG_S, 0.0), before, width)
            rows.append((*row, viseme.jaw * cue.effort, viseme.jaw_rule, viseme.lip_rule))
    table = np.array(rows, np.float64).reshape(-1, 7)
    middle_s, core_s, before_s, after_s, jaw, jaw_rule, lip_rule = table.T
    lips = [viseme.lips for cue in cues for viseme in visemes_of(cue.phoneme)]
    stacked = np.array(lips, np.float64).reshape(-1, len(ARKIT))
    return Targets(middle_s, core_s, before_s, after_s, jaw, jaw_rule, stacked, lip_rule)


def mouth_tracks(
    cues: Sequence[VisemeCue], times_s: F64, jaw_gain: F64, lip_gain: F64
) -> NDArray[np.float64]:
    """(T, 52) coarticulated jaw, lips and tongue, before contacts; gains (T,) are the style's."""
    at = targets(cues)
    away = times_s[:, None] - at.middle_s
    distance = np.maximum(np.abs(away) - at.core_s / 2, 0)
    jaw_near = at.jaw_rule * _dominance(distance / at.after_s)
    lip_near = at.lip_rule * _dominance(distance / np.where(away < 0, at.before_s, at.after_s))
    tracks = np.einsum("tp,pc->tc", lip_near, at.lips)
    tracks *= (lip_gain / (REST_RULE + lip_near.sum(1)))[:, None]
    tracks[:, _JAW] = (jaw_near * at.jaw).sum(1) / (REST_RULE + jaw_near.sum(1)) * jaw_gain
    return np.clip(tracks, 0, 1)


def _dominance(widths: F64) -> F64:
    return np.asarray(np.maximum(np.exp(-(widths**2)) - _CUT, 0) / (1 - _CUT))


def activity(cues: Sequence[VisemeCue], times_s: F64) -> NDArray[np.float64]:
    """(T,) 0..1: 1 while a sound is being made, fading over 0.15 s around it."""
    active = np.zeros(len(times_s))
    for cue in cues:
        distance = np.maximum(cue.start_s - times_s, times_s - cue.end_s)
        active = np.maximum(active, np.clip(1 - distance / 0.15, 0, 1))
    return active


def sing(cues: Sequence[NoteCue], times_s: F64, arkit: F64) -> F64:
    """Open jaw and lips of sung vowels in `arkit` (T, 52), in place; return (T,) the vibrato.

    High notes open further, and close vowels as far as SUNG_JAW, as singers do to raise the first
    formant with the pitch (Sundberg, The Science of the Singing Voice, 1987, ch. 5). The vibrato's
    swing, -1..1, sets in after 0.25 s.
    """
    vibrato = np.zeros(len(times_s))
    for cue in cues:
        shown = bell(cue.start_s, cue.end_s, times_s, 0.25, 0.5)
        since = times_s - cue.start_s
        onset = np.clip((since - 0.25) / 0.2, 0, 1)
        wave = np.sin(2 * np.pi * cue.vibrato_hz * since) * onset * shown * cue.vibrato_cents / 100
        lift = max(0.2 + 0.015 * (cue.pitch_midi - 60), 0.0)
        arkit[:, _JAW] *= 1 + lift * shown
        arkit[:, _JAW] = np.maximum(arkit[:, _JAW], SUNG_JAW * (1 + lift) * shown)
        arkit[:, _LIPS] = np.maximum(arkit[:, _LIPS], (SUNG_LIPS * shown)[:, None])
        arkit[:, _JAW] += 0.035 * wave * (arkit[:, _JAW] > 0.1)
        vibrato += wave
    np.clip(arkit[:, _JAW], 0, 1, out=arkit[:, _JAW])
    return vibrato


def styled(cues: Sequence[StyleCue], times_s: F64, name: str) -> F64:
    """(T,) one number of the style over time, its default between style cues."""
    usual = float(StyleCue.__dataclass_fields__[name].default)  # type: ignore[arg-type]
    total = np.full(len(times_s), usual)
    for cue in cues:
        total += held(cue, times_s) * (getattr(cue, name) - usual)
    return total
