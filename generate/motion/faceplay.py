"""Emotion, style and resting face of a score, before speech is laid over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.motion.coarticulation import styled
from generate.motion.cues import (
    BROW_MOVES,
    AffectCue,
    BrowCue,
    EmotionCue,
    FaceCue,
    StyleCue,
)
from generate.motion.emotion import affect_face, prototype
from generate.motion.envelope import bell, held, paced
from generate.motion.score import Score
from generate.motion.shapes import columns, shape
from generate.spec import ARKIT

F64 = NDArray[np.float64]

SIDED = np.array([
    0.0 if name.startswith("eye") else 1.0 if name.endswith("Left") else
    -1.0 if name.endswith("Right") else 0.0 for name in ARKIT
])  # fmt: skip
"""(52,) +1 left, -1 right, 0 for what asymmetry leaves alone: the middle and the eyes."""


def resting(score: Score, times_s: F64) -> F64:
    """(T, 52) sum of the face cues."""
    total = np.zeros((len(times_s), len(ARKIT)))
    for cue in score.of(FaceCue):
        total += held(cue, times_s)[:, None] * shape(dict(cue.shapes))
    return total


def expression(score: Score, times_s: F64, active: F64) -> F64:
    """(T, 52) of emotions and brows in the person's style; active (T,) is speech, 0..1."""
    total = np.zeros((len(times_s), len(ARKIT)))
    for cue in score.of(EmotionCue):
        total += held(cue, times_s)[:, None] * (cue.intensity * prototype(cue.emotion))
    for felt in score.of(AffectCue):
        total += held(felt, times_s)[:, None] * affect_face(felt.valence, felt.arousal)
    styles = score.of(StyleCue)
    tempo = styled(styles, times_s, "tempo")
    for brow in score.of(BrowCue):
        at_s = paced(brow, times_s, tempo)
        shown = brow.amount * bell(brow.start_s, brow.end_s, at_s, 0.4, 0.15)
        total += shown[:, None] * shape(BROW_MOVES[brow.move])
    habit = styled(styles, times_s, "brow") * active
    total[:, columns("browInnerUp", "browOuterUp")] += np.maximum(habit, 0)[:, None]
    total[:, columns("browDown")] += np.maximum(-habit, 0)[:, None]
    uneven = 1 + styled(styles, times_s, "asymmetry")[:, None] * SIDED
    return np.asarray(total * uneven * styled(styles, times_s, "expression")[:, None])
