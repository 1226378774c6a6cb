"""Arms and hands of gesture cues, with one person's reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from generate.motion.cues import GestureCue
from generate.motion.envelope import held
from generate.motion.gesture import GESTURES, Angles
from generate.people.arms import BODY

F64 = NDArray[np.float64]

ELBOW_LEAD, LIFT_LAG = 0.7, 0.6
_SHRUG = [BODY.index("left_shrug"), BODY.index("right_shrug")]
LEADS = np.array([
    ELBOW_LEAD if "elbow" in name else -LIFT_LAG if name.endswith(("lift", "roll")) else 0.0
    for name in BODY
])  # fmt: skip
"""(25,) how far columns are ahead of the way up: the forearm folds first and comes down last, so
that the hand rises before the body and not in a wide arc beside it. Nothing where a gesture is
reached, nor where one goes over into another. Hands that touch come straight."""
BREATH_SHRUG_DEG = 2.5
"""How far a full breath lifts the shoulders."""


class Arms:
    """Poses of the gestures of a score, solved once."""

    def __init__(self, cues: Sequence[GestureCue], pose: Callable[[str, float], F64]) -> None:
        """pose: (25,) columns of a gesture's name and phase -1..1, such as `Child.gesture`."""
        names = {cue.gesture.replace("-", " ") for cue in cues}
        self.rest = pose("rest", 0.0)
        self.goals = {name: pose(name, 0.0) for name in names}
        self.swings = {name: pose(name, 1.0) - goal for name, goal in self.goals.items()}

    def at(
        self, cues: Sequence[GestureCue], chest: F64, times_s: F64, tempo: F64
    ) -> NDArray[np.float32]:
        """(T, 25) columns as arms.BODY; chest (T,) 0..1 is how full it is.

        tempo (T,): of the ways to a gesture and back, and of swings but beats, which keep to what
        is said.
        """
        body = np.tile(self.rest, (len(times_s), 1))
        shares = [held(cue, times_s, tempo) for cue in cues]
        raised = np.minimum(np.sum(shares, axis=0), 1) if cues else np.zeros(len(times_s))
        lead = 1 + LEADS * (1 - raised[:, None])
        for cue, share in zip(cues, shares, strict=True):
            name = cue.gesture.replace("-", " ")
            pace = cue.tempo * (1.0 if name.startswith("beat") else tempo)
            turns = GESTURES[name].rate_hz * pace * (times_s - cue.start_s)
            swing = np.sin(2 * np.pi * turns)[:, None]
            goal = self.goals[name] + swing * self.swings[name] - self.rest
            free = isinstance(GESTURES[name].left or GESTURES[name].right, Angles)
            body += (cue.amount * share)[:, None] * goal * (lead if free else 1.0)
        body[:, _SHRUG] += (BREATH_SHRUG_DEG * chest)[:, None]
        return body.astype(np.float32)
