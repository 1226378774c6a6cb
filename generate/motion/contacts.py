"""What a mouth must do whatever it feels: close on p, b, m, bite on f, v, round, and part.

Applied after everything else, so that emotion, laughter and style cannot break it. A frame shows
`half_s` to either side of its moment; a contact that is touched by that is shown, so that none
falls between two frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generate.motion.cues import VisemeCue
from generate.motion.envelope import bell
from generate.motion.shapes import COLUMN, columns, shape
from generate.motion.visemes import closes_lips, lip_to_teeth, visemes_of
from generate.spec import ARKIT

F64 = NDArray[np.float64]

CONTACT_RAMP_S = 0.045
ROUND_SHARE = 0.85
"""Of a rounded sound's own pucker, whatever its neighbours and the emotion do."""
PART_JAW, PART_LIPS = 0.12, 0.2
"""Least jawOpen and mouthLowerDown of a sound that is no contact: on the smallest of the measured
heads (3 and 6 years) the lips part by 1.1 mm at these, and cling at 0.08 and 0.12."""
PART_JAW_TEETH, TEETH_RULE = 0.08, 2.0
"""Least jawOpen of sounds whose jaw rule is this strong: their teeth nearly meet."""
MOST_JAW_TEETH = 0.2
"""Most jawOpen of those sounds, however far an emotion drops the jaw."""
_JAW, _CLOSE, _TONGUE = COLUMN["jawOpen"], COLUMN["mouthClose"], COLUMN["tongueOut"]
_OPENERS = columns("mouthLowerDown", "mouthUpperUp", "mouthFunnel")
_ROUND = columns("mouthPucker", "mouthFunnel")
_SPREAD = columns("mouthStretch", "mouthSmile", "mouthDimple", "mouthFrown")
_BARING = columns("mouthUpperUp")
_SEALS = columns("mouthPress", "mouthRollLower", "mouthRollUpper", "mouthShrugLower")
_LOWER = columns("mouthLowerDown")
_KEPT = columns("mouthSmile", "mouthFrown", "mouthDimple")
_SHAPED = [
    i for i, name in enumerate(ARKIT) if name.startswith("mouth") and i != _CLOSE and i not in _KEPT
]
_CLOSED = shape({"mouthPress": 0.22, "mouthRollLower": 0.14, "mouthRollUpper": 0.12})
_BITTEN = shape({"mouthRollLower": 0.5, "mouthUpperUp": 0.5})
"""Enough for the lower lip to cover the edge of the teeth on every measured head; more is a
grimace on young children, whose upper teeth are near the lip's rim."""
_JAW_CLOSED, _JAW_BITTEN = 0.06, 0.13


def contacts(cues: Sequence[VisemeCue], arkit: F64, times_s: F64, half_s: float) -> None:
    """Hold contacts, rounding and parting in `arkit` (T, 52), in place.

    ARKit's mouthClose takes the lips back by as much as jawOpen parted them, so equal values are a
    closed mouth.
    """
    bite = _touched([c for c in cues if lip_to_teeth(c.phoneme)], times_s, half_s)
    close = _touched([c for c in cues if closes_lips(c.phoneme)], times_s, half_s)
    np.minimum(arkit[:, _CLOSE], arkit[:, _JAW], out=arkit[:, _CLOSE])
    _part([c for c in cues if not closes_lips(c.phoneme)], arkit, times_s)
    _round([c for c in cues if visemes_of(c.phoneme)[-1].rounded], arkit, times_s)
    shut = np.minimum(arkit[:, _JAW], _JAW_CLOSED)
    both = ((bite, _BITTEN, _JAW_BITTEN, 0.9), (close, _CLOSED, shut, 0.6))
    for weight, target, jaw, spread in both:
        arkit[:, _SHAPED] += weight[:, None] * (target[_SHAPED] - arkit[:, _SHAPED])
        arkit[:, _JAW] += weight * (jaw - arkit[:, _JAW])
        arkit[:, _SPREAD] *= 1 - spread * weight[:, None]
        arkit[:, _TONGUE] *= 1 - weight
        arkit[:, _CLOSE] *= 1 - weight
    arkit[:, _OPENERS] *= 1 - close[:, None]
    arkit[:, _CLOSE] += close * (arkit[:, _JAW] - arkit[:, _CLOSE])


def _touched(cues: Sequence[VisemeCue], times_s: F64, half_s: float) -> F64:
    """(T,) 1 on every frame that a sound touches with its start or middle, eased around it.

    The frame nearest to the sound's middle is always held.
    """
    weight = np.zeros(len(times_s))
    for cue in cues:
        distance = np.maximum(cue.start_s - times_s, times_s - cue.end_s)
        eased = 0.5 + 0.5 * np.cos(np.pi * np.clip(distance / CONTACT_RAMP_S, 0, 1))
        begin_s = times_s - half_s
        nearest = np.abs(times_s - (cue.start_s + cue.end_s) / 2) <= half_s
        eased[nearest | ((begin_s >= cue.start_s) & (begin_s < cue.end_s))] = 1
        weight = np.maximum(weight, eased)
    return weight


def _round(cues: Sequence[VisemeCue], arkit: F64, times_s: F64) -> None:
    """Rounded sounds protrude and do not spread."""
    for cue in cues:
        weight = bell(cue.start_s, cue.end_s, times_s, 0.4, 0.2)[:, None]
        least = ROUND_SHARE * visemes_of(cue.phoneme)[-1].lips[_ROUND]
        arkit[:, _ROUND] = np.maximum(arkit[:, _ROUND], weight * least)
        arkit[:, _SPREAD] *= 1 - 0.85 * weight
        arkit[:, _BARING] *= 1 - 0.6 * weight


def _part(cues: Sequence[VisemeCue], arkit: F64, times_s: F64) -> None:
    """Sounds that are no contact leave the lips apart, however tight the emotion presses them."""
    weight, jaw, lips = np.zeros((3, len(times_s)))
    for cue in cues:
        viseme, near = visemes_of(cue.phoneme)[0], _touched([cue], times_s, 0.0)
        teeth = viseme.jaw_rule >= TEETH_RULE
        weight = np.maximum(weight, near)
        if teeth:
            arkit[:, _JAW] += near * (np.minimum(arkit[:, _JAW], MOST_JAW_TEETH) - arkit[:, _JAW])
        jaw = np.maximum(jaw, near * (PART_JAW_TEETH if teeth else PART_JAW))
        lips = np.maximum(lips, near * max(PART_LIPS, 0.9 * viseme.lips[_LOWER].min()))
    arkit[:, _SEALS] *= (1 - weight)[:, None]
    arkit[:, _CLOSE] *= 1 - weight
    arkit[:, _JAW] = np.maximum(arkit[:, _JAW], jaw)
    arkit[:, _LOWER] = np.maximum(arkit[:, _LOWER], lips[:, None])
