"""A score: what one person does and when, as a list of cues that people can read and edit.

utterance + emotion + style --director--> Score --player--> curves. A score knows no frame rate:
its times are seconds of the sound. `score_text.py` writes and reads it as text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from generate.motion.cues import KINDS, Cue

LONGEST_S = 24 * 3600.0
TOLERANCE_S = 1e-6
"""Cues that overlap by less than this meet."""
_ORDER = {kind: number for number, kind in enumerate(KINDS.values())}
AnyCue = TypeVar("AnyCue", bound=Cue)


@dataclass(frozen=True)
class Score:
    """`length_s` seconds of cues, kept sorted by start, kind and end.

    Raises ValueError, naming the cue, for one that ends after the score and for two of a group
    that overlap: two visemes, two emotions, two gaze targets, a nod in a shake.
    """

    length_s: float
    cues: tuple[Cue, ...] = ()

    def __post_init__(self) -> None:
        fault = find_fault(self.length_s, self.cues)
        if fault:
            number, text = fault
            raise ValueError(f"cue {number + 1}: {text}" if number >= 0 else text)
        object.__setattr__(self, "cues", tuple(sorted(self.cues, key=_key)))

    def of(self, kind: type[AnyCue]) -> tuple[AnyCue, ...]:
        """All cues of one kind, in order."""
        return tuple(cue for cue in self.cues if isinstance(cue, kind))

    def plus(self, cues: Iterable[Cue]) -> Score:
        """The score with more cues; raises ValueError where they contradict those there are."""
        return Score(self.length_s, (*self.cues, *cues))


def _key(cue: Cue) -> tuple[float, int, float]:
    return cue.start_s, _ORDER[type(cue)], cue.end_s


def find_fault(length_s: float, cues: Sequence[Cue]) -> tuple[int, str] | None:
    """Return what is wrong as (number of the cue in `cues`, -1 for the score, text), or None."""
    if not 0 < length_s <= LONGEST_S:
        return -1, f"score length {length_s:g} s is outside 0 to {LONGEST_S:g} s"
    last: dict[str, int] = {}
    for number in sorted(range(len(cues)), key=lambda i: _key(cues[i])):
        cue = cues[number]
        if cue.end_s > length_s + TOLERANCE_S:
            return number, f"{said(cue)} ends after the score, which is {length_s:g} s long"
        before = last.get(cue.group) if cue.group else None
        if before is not None and cue.start_s < cues[before].end_s - TOLERANCE_S:
            return number, f"{said(cue)} begins while {said(cues[before])} lasts"
        if before is None or cue.end_s > cues[before].end_s:
            last[cue.group] = number
    return None


def said(cue: Cue) -> str:
    """A cue in a few words, for errors."""
    name = next((str(v) for v in list(vars(cue).values())[2:3] if isinstance(v, str)), "")
    return f"{cue.KIND}{' ' + name if name else ''} {cue.start_s:g}-{cue.end_s:g} s"


def edited(
    score: Score,
    start_s: float,
    end_s: float,
    cues: Iterable[Cue] = (),
    kinds: Collection[type[Cue]] | None = None,
) -> Score:
    """Replace what happens from `start_s` to `end_s` by `cues`; an empty `kinds` only inserts.

    Of the cues of `kinds` (default: the kinds of `cues`, all kinds where there are none), those
    wholly inside the window go; emotions, styles, poses, sways, faces and gazes that reach into it
    are cut at its edges; other cues that reach across an edge stay. The played curves change
    inside the window and up to BLEND_S around it, nowhere else.

    Raises ValueError for a window outside the score, a cue outside the window, and where new cues
    contradict those that stay.
    """
    if not 0 <= start_s < end_s <= score.length_s + TOLERANCE_S:
        raise ValueError(
            f"window {start_s:g} to {end_s:g} s is not inside the score's 0 to {score.length_s:g} s"
        )
    new = tuple(cues)
    for cue in new:
        if cue.start_s < start_s - TOLERANCE_S or cue.end_s > end_s + TOLERANCE_S:
            raise ValueError(f"{said(cue)} is outside the window {start_s:g} to {end_s:g} s")
    if kinds is None:
        kinds = {type(cue) for cue in new} or set(KINDS.values())
    kept = [
        part
        for cue in score.cues
        for part in (_outside(cue, start_s, end_s) if type(cue) in kinds else (cue,))
    ]
    return Score(score.length_s, (*kept, *new))


def _outside(cue: Cue, start_s: float, end_s: float) -> tuple[Cue, ...]:
    """What is left of a cue outside a window."""
    if cue.end_s <= start_s or cue.start_s >= end_s:
        return (cue,)
    if cue.start_s >= start_s and cue.end_s <= end_s:
        return ()
    if not cue.SPLITS:
        return (cue,)
    before = (replace(cue, end_s=start_s),) if cue.start_s < start_s else ()
    after = (replace(cue, start_s=end_s),) if cue.end_s > end_s else ()
    return before + after
