"""A mouth that holds a dummy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generate.motion.shapes import COLUMN, columns
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
