"""What arms and mouth do about things: gestures of a clip, and a mouth that holds a dummy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generate.motion.gesture import GESTURES, perform
from generate.motion.life import frame_times
from generate.motion.shapes import COLUMN, columns
from generate.people.child import Child
from generate.spec import Motion, Person

DUMMY_JAW = 0.15
"""jawOpen with a dummy in the mouth."""
_LIPS = ("mouthSmile", "mouthFrown", "mouthStretch", "mouthUpperUp", "mouthLowerDown")


def around_dummy(person: Person, motion: Motion) -> Motion:
    """The motion with a mouth that stays round the dummy, where the person has one."""
    if person.held != "dummy":
        return motion
    arkit = motion.arkit.copy()
    jaw = COLUMN["jawOpen"]
    arkit[:, jaw] = np.minimum(arkit[:, jaw], DUMMY_JAW)
    arkit[:, COLUMN["tongueOut"]] = 0
    arkit[:, columns(*_LIPS)] *= 0.3
    return replace(motion, arkit=arkit)


def gestured(child: Child, motion: Motion, gesture: str) -> Motion:
    """The motion with the arms of a named gesture, reached in the first third of a clip.

    Raises ValueError for an unknown gesture and for arms that are not seen.
    """
    if gesture == "rest":
        return motion
    goal = child.gesture(gesture)
    swing = child.gesture(gesture, 1.0) - goal
    if len(motion) == 1:
        return replace(motion, body=goal[None].astype(np.float32))
    times_s = frame_times(len(motion), motion.rate_hz)
    rest = child.gesture("rest")
    body = perform(rest, goal, swing, GESTURES[gesture].rate_hz, times_s)
    return replace(motion, body=body.astype(np.float32))
