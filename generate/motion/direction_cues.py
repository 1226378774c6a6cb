"""A parsed direction -> cues: when its sections begin, and what each clause does in its section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise

from generate.motion.cues import VOCALS, Cue, EmotionCue, FaceCue, GazeCue
from generate.motion.direction import GAP_S, LEAST_S, Clause, Direction
from generate.motion.direction_words import ACTIONS, Ask, Mood, still_sway
from generate.motion.laying import left_by
from generate.motion.life import tidy
from generate.motion.phrasing import Phrase

SNAP_S = 0.7
"""A section begins at a pause that is at most this far from its share."""


@dataclass
class _Stage:
    """Cues so far, and until when each part of the body is busy in a section."""

    length_s: float
    cues: list[Cue] = field(default_factory=list)
    loose: list[Cue] = field(default_factory=list)
    """Glances of moods, which give way to looks that are asked for."""
    busy: dict[str, float] = field(default_factory=dict)


def direction_cues(
    direction: Direction, length_s: float, spoken: Sequence[Phrase] = ()
) -> list[Cue]:
    """The cues of a direction over `length_s` seconds with the phrases of speech in it."""
    if not direction.sections:
        return []
    stage = _Stage(length_s)
    edges = _edges(direction, length_s, spoken)
    moods = [next((c.mood for c in s if c.mood), None) for s in direction.sections]
    scale = [next((c.amount for c in s if c.mood), 1.0) for s in direction.sections]
    for number in range(len(direction.sections)):
        mood, end = moods[number], number + 1
        while end < len(moods) and moods[end] is None:
            end += 1
        if mood:
            _feel(stage, mood, scale[number], edges[number], edges[end], number > 0)
    _sound(stage, direction, spoken)
    for number, section in enumerate(direction.sections):
        stage.busy = {}
        for clause in section:
            if clause.action and (clause.action not in VOCALS or not spoken):
                _do(stage, clause, edges[number], edges[number + 1], number > 0)
    firm = tuple(map(_tidied, stage.cues))
    return [*firm, *(part for cue in stage.loose for part in left_by(cue, firm))]


def _edges(direction: Direction, length_s: float, spoken: Sequence[Phrase]) -> list[float]:
    """When sections begin, and the end: those of sounds alone have the time of their sounds, the
    others equal shares of the rest."""
    quiet = direction.room_s if spoken else (0.0, 0.0)
    alone = [all(c.action in VOCALS for c in section) for section in direction.sections]
    early = int(alone[0] and quiet[0] > 0)
    late = int(alone[-1] and quiet[1] > 0 and len(alone) > 1)
    begin, end = early * quiet[0], length_s - late * quiet[1]
    middle = len(alone) - early - late
    pauses = [(a.end_s + b.start_s) / 2 for a, b in pairwise(spoken)]
    edges = [0.0, begin] if early else [0.0]
    for number in range(1, middle):
        share = begin + number * (end - begin) / middle
        near = min(pauses, key=lambda pause: abs(pause - share), default=share)
        chosen = near if abs(near - share) <= SNAP_S and near > edges[-1] + LEAST_S else share
        edges.append(tidy(max(chosen, edges[-1] + 0.05)))
    return [*edges, end, length_s] if late else [*edges, length_s]


def _feel(
    stage: _Stage, mood: Mood, amount: float, start_s: float, end_s: float, later: bool
) -> None:
    level = tidy(min(mood.intensity * amount, 1.0))
    ramps = {"rise_s": 0.5 if later else 0.0, "fall_s": 0.5}
    stage.cues.append(EmotionCue(start_s, end_s, mood.emotion, level, **ramps))
    if mood.pitch_deg or mood.roll_deg:
        angles = {"pitch_deg": mood.pitch_deg * amount, "roll_deg": mood.roll_deg * amount}
        stage.cues.append(still_sway(start_s, end_s, **angles, **ramps))
    if mood.lids:
        shapes = (("eyeBlink", tidy(min(mood.lids * amount, 0.7))),)
        stage.cues.append(FaceCue(start_s, end_s, shapes, **ramps))
    at = start_s
    while mood.averts and at < end_s - LEAST_S:
        shut = min(at + 1.6, end_s)
        stage.loose.append(GazeCue(tidy(at), tidy(shut), "down", 8.0, 4.0))
        at = shut + 0.8


def _sound(stage: _Stage, direction: Direction, spoken: Sequence[Phrase]) -> None:
    """Sounds before and after the speech, one after another."""
    if not spoken:
        return
    at = GAP_S / 2
    for clause in direction.before:
        _put(stage, clause, at, at + clause.needs_s)
        at += clause.needs_s + GAP_S
    at = max(spoken[-1].end_s + GAP_S, stage.length_s - direction.room_s[1] + GAP_S / 2)
    for clause in direction.after:
        _put(stage, clause, at, at + clause.needs_s)
        at += clause.needs_s + GAP_S


def _do(stage: _Stage, clause: Clause, start_s: float, end_s: float, later: bool) -> None:
    """One action inside its section, after those that need the same part of the body."""
    action, kind = ACTIONS[clause.action], _kind(clause.action)
    begin = max(start_s + (GAP_S if later else 0.0), stage.busy.get(kind, 0.0))
    needs = min(clause.needs_s, max(end_s - begin, LEAST_S))
    if action.holds and not clause.lasting_s:
        needs = max(end_s - begin, LEAST_S)
    elif clause.when == "middle":
        begin = max(begin, (start_s + end_s - needs) / 2)
    elif clause.when == "end":
        begin = max(begin, end_s - needs)
    if clause.when == "start":
        begin = max(start_s, stage.busy.get(kind, 0.0))
    finish = min(begin + needs, stage.length_s)
    if finish - begin < min(LEAST_S, needs):
        raise ValueError(
            f"direction: no time for {clause.action!r} in {stage.length_s:.2f} s; say less"
        )
    stage.busy[kind] = finish
    _put(stage, clause, begin, finish)


def _put(stage: _Stage, clause: Clause, start_s: float, end_s: float) -> None:
    ask = Ask(tidy(start_s), tidy(min(end_s, stage.length_s)), clause.count, clause.amount,
              clause.place)  # fmt: skip
    stage.cues += ACTIONS[clause.action].make(ask)


def _tidied(cue: Cue) -> Cue:
    """The cue with its numbers as a score shows them."""
    values = {f.name: getattr(cue, f.name) for f in fields(cue)}
    return replace(cue, **{n: tidy(v) for n, v in values.items() if isinstance(v, float)})


def _kind(action: str) -> str:
    """The group of an action's cues, which must not overlap."""
    (cue, *_) = ACTIONS[action].make(Ask(0.0, 2.0, 1, 1.0, ""))
    return cue.group or action
