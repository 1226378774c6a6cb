"""Scores as text: one line a cue, made to be read, edited by hand and read back.

    collodi-score 1 2.4
    # START END KIND what it needs, then name=value for what differs from the default
    0 2.4 emotion happy 0.7 rise_s=0.2
    0 1.1 gaze toy
    0.35 0.42 viseme m
    0.42 0.61 viseme ˈɑː effort=1.15
    1.2 1.8 head nod size_deg=8 count=2

The first line holds the version and the length in seconds; empty lines and what follows a # are
skipped. Kinds, fields, ranges and defaults: cues.py.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from generate.motion.cues import KINDS, Cue, FaceCue, optional, required
from generate.motion.score import Score, find_fault
from generate.options import choose

MAGIC, VERSION = "collodi-score", 1


def to_text(score: Score) -> str:
    """Text that `from_text` reads back to an equal score."""
    lines = [f"{MAGIC} {VERSION} {_number(score.length_s)}", *map(cue_line, score.cues)]
    return "\n".join(lines) + "\n"


def cue_line(cue: Cue) -> str:
    """One cue as a line without its end."""
    words = [_number(cue.start_s), _number(cue.end_s), cue.KIND]
    words += [_word(getattr(cue, name)) for name in required(type(cue))]
    for name, default in optional(type(cue)).items():
        value = getattr(cue, name)
        if name == "shapes":
            words += [f"{shape}={_number(amount)}" for shape, amount in value]
        elif value != default:
            words.append(f"{name}={_word(value)}")
    return " ".join(words)


def from_text(text: str, where: str = "score") -> Score:
    """Read a score. Raises ValueError of one line, `where` line N: what is wrong."""
    found = [
        (number, line.split("#")[0].split()) for number, line in enumerate(text.splitlines(), 1)
    ]
    lines = [(number, words) for number, words in found if words]
    if not lines:
        raise ValueError(f"{where}: empty; a score begins with {MAGIC} {VERSION} LENGTH")
    at, head = lines[0]
    cues: list[Cue] = []
    try:
        length_s = _length(head)
        for number, words in lines[1:]:
            at = number
            cues.append(_cue(words))
    except ValueError as error:
        raise ValueError(f"{where} line {at}: {error}") from None
    fault = find_fault(length_s, cues)
    if fault:
        at = lines[fault[0] + 1][0]
        raise ValueError(f"{where} line {at}: {fault[1]}")
    return Score(length_s, tuple(cues))


def _length(words: list[str]) -> float:
    if len(words) != 3 or words[0] != MAGIC:
        raise ValueError(f"{' '.join(words)!r} is not {MAGIC} {VERSION} LENGTH")
    if words[1] != str(VERSION):
        raise ValueError(f"score version {words[1]}, this kit reads {VERSION}")
    return _read(words[2], "length")


def _cue(words: list[str]) -> Cue:
    if len(words) < 3:
        raise ValueError(f"{' '.join(words)!r} is not START END KIND ...")
    kind = KINDS[choose(words[2], KINDS, "cue")]
    values: dict[str, Any] = {"start_s": _read(words[0], "start"), "end_s": _read(words[1], "end")}
    needed, plain = required(kind), [word for word in words[3:] if "=" not in word]
    if len(plain) != len(needed):
        raise ValueError(f"{words[2]} needs {' '.join(needed) or 'no word'}, got {plain or 'none'}")
    types = {item.name: item.type for item in fields(kind)}
    for name, word in zip(needed, plain, strict=True):
        values[name] = word if types[name] == "str" else _read(word, name)
    _add_named(kind, [word for word in words[3:] if "=" in word], values)
    return kind(**values)


def _add_named(kind: type[Cue], words: list[str], values: dict[str, Any]) -> None:
    names = [name for name in optional(kind) if name != "shapes"]
    shapes: list[tuple[str, float]] = []
    for word in words:
        name, _, text = word.partition("=")
        if name in values:
            raise ValueError(f"{kind.KIND} {name} is given twice")
        if name in names:
            values[name] = _read(text, name)
        elif kind is FaceCue:
            shapes.append((name, _read(text, name)))
        else:
            raise ValueError(f"{kind.KIND} has no {name!r}; it has {', '.join(names) or 'none'}")
    if kind is FaceCue:
        values["shapes"] = tuple(shapes)


def _read(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} {text!r} is not a number") from None


def _word(value: object) -> str:
    return value if isinstance(value, str) else _number(float(value))  # type: ignore[arg-type]


def _number(value: float) -> str:
    """The shortest text that reads back equal, without a trailing .0."""
    return repr(float(value)).removesuffix(".0")
