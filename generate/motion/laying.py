"""Asked cues over drawn ones: where both want the same part of the body, the asked one has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from generate.motion.cues import Cue
from generate.motion.score import Score

LEAST_S = 0.02
"""What is left of a cut cue and shorter than this is dropped."""


def laid_over(score: Score, asked: Iterable[Cue]) -> Score:
    """The score with `asked` cues in place of what they contradict.

    Drawn cues of the same group are cut where they can be (emotions, gaze, poses), else they go.
    Raises ValueError where asked cues contradict each other.
    """
    new = tuple(asked)
    kept = [part for cue in score.cues for part in left_by(cue, new)]
    return Score(score.length_s, (*kept, *new))


def left_by(cue: Cue, asked: tuple[Cue, ...]) -> list[Cue]:
    """What asked cues leave of a drawn one."""
    parts = [cue]
    for other in asked:
        if not cue.group or cue.group != other.group:
            continue
        parts = [rest for part in parts for rest in _without(part, other)]
    return parts


def _without(cue: Cue, other: Cue) -> list[Cue]:
    if cue.end_s <= other.start_s or cue.start_s >= other.end_s:
        return [cue]
    if not cue.SPLITS:
        return []
    parts: list[Cue] = []
    if other.start_s - cue.start_s >= LEAST_S:
        parts.append(replace(cue, end_s=other.start_s))
    if cue.end_s - other.end_s >= LEAST_S:
        parts.append(replace(cue, start_s=other.end_s))
    return parts
