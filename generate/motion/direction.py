"""A stage direction in words -> cues: "shyly, looking down, then nods twice".

    direction := section { "then" section }
    section   := clause { ("," | ";" | "and" | "while" | "as") clause }
    clause    := { mood | verb [object] | place | count | speed | amount | when | filler }

Sections follow each other in equal shares of the time, moved to the nearest pause of the speech;
the clauses of a section happen at once, those that need the same part of the body one after
another. Moods (shyly, happily, afraid ...) hold until another section brings another; what can be
held (looks, smiles) is held for its section; everything else is done at the section's start, or
where "at the start", "in the middle", "at the end" say. Counts (twice, three times), speeds
(slowly), amounts (slightly, very) and "for 2 seconds" belong to their clause. Sounds (laughs,
sighs) need quiet: those of the first of several sections come before the speech, or "at the
start", all others after it. The words are those of direction_words.py.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from generate.motion.cues import VOCALS
from generate.motion.direction_words import (
    ACTIONS,
    AMOUNTS,
    COUNTS,
    FILLERS,
    MOODS,
    OBJECTS,
    PLACE_WORDS,
    SPEEDS,
    TAKES,
    VERBS,
    WHENS,
    Mood,
)

GAP_S = 0.15
"""Between a sound and the speech, and before an action of a section."""
MOST = 1e6
"""More than any number in a direction means."""
LEAST_S = 0.25


@dataclass(frozen=True)
class Clause:
    """One thing to do or to feel."""

    action: str = ""
    """A key of ACTIONS; empty where the clause only feels."""
    mood: Mood | None = None
    place: str = ""
    count: int = 1
    pace: float = 1.0
    amount: float = 1.0
    when: str = ""
    lasting_s: float = 0.0
    """What "for 2 seconds" said, else 0."""

    @property
    def needs_s(self) -> float:
        """How long the action takes."""
        each = ACTIONS[self.action].each_s
        times = 1 if ACTIONS[self.action].holds else self.count
        return self.lasting_s or each * times * self.pace


@dataclass(frozen=True)
class Direction:
    """A parsed direction; `sections` hold clauses."""

    sections: tuple[tuple[Clause, ...], ...] = ()

    @property
    def before(self) -> tuple[Clause, ...]:
        """Sounds that come before the speech."""
        return tuple(c for n, c in self._sounds() if self._early(n, c))

    @property
    def after(self) -> tuple[Clause, ...]:
        """Sounds that come after it."""
        return tuple(c for n, c in self._sounds() if not self._early(n, c))

    @property
    def room_s(self) -> tuple[float, float]:
        """Quiet that the sounds need before and after the speech."""
        early, late = self.before, self.after
        return sum(c.needs_s + GAP_S for c in early), sum(c.needs_s + GAP_S for c in late)

    @property
    def mood(self) -> Mood | None:
        """What is felt at first."""
        return next((c.mood for section in self.sections for c in section if c.mood), None)

    def _sounds(self) -> list[tuple[int, Clause]]:
        return [(n, c) for n, s in enumerate(self.sections) for c in s if c.action in VOCALS]

    def _early(self, section: int, clause: Clause) -> bool:
        first = section == 0 and len(self.sections) > 1 and clause.when != "end"
        return clause.when == "start" or first


NO_DIRECTION = Direction()


def parse_direction(text: str) -> Direction:
    """Read a direction. Raises ValueError, one line, that names the words that are unknown with
    the nearest known ones, or the clause that cannot be done."""
    _refuse_unknown(text)
    sections = []
    for part in re.split(r"\bthen\b", text.lower()):
        clauses = [_clause(words) for words in _clauses(part)]
        if clauses:
            sections.append(tuple(clauses))
    if not sections:
        raise ValueError(f"direction {text!r} asks for nothing; try 'happily, then nods twice'")
    return Direction(tuple(sections))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-zà-ÿ'\u2019-]+|\d+(?:\.\d+)?", text.lower())


def _clauses(part: str) -> list[list[str]]:
    """Words of each clause; fillers between two separators make none."""
    found = [_words(piece) for piece in re.split(r"[,;.]|\band\b|\bwhile\b|\bas\b", part)]
    return [words for words in found if any(_meaning(word) != "filler" for word in words)]


def _verb(word: str) -> str:
    """The verb of a form: nods, nodding, nodded -> nod; empty where there is none."""
    forms = [word]
    for ending in ("s", "es", "ing", "ed", "d"):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            root = word.removesuffix(ending)
            doubled = root[:-1] if len(root) > 2 and root[-1] == root[-2] else root
            forms += [root, root + "e", doubled, root.removesuffix("i") + "y"]
    return next((VERBS[form] for form in forms if form in VERBS), "")


_TABLES: dict[str, Mapping[str, object]] = {
    **{"mood": MOODS, "place": PLACE_WORDS, "object": OBJECTS, "count": COUNTS},
    **{"speed": SPEEDS, "amount": AMOUNTS, "when": WHENS},
}
"""Parts of speech that are known by table."""


def _meaning(word: str) -> str:
    """The part of speech of a known word, else an empty string."""
    for name, table in _TABLES.items():
        if word in table:
            return name
    if re.fullmatch(r"\d+(?:\.\d+)?", word):
        return "number"
    if _verb(word):
        return "verb"
    return "filler" if word in FILLERS else ""


def _refuse_unknown(text: str) -> None:
    joints = {"then", "and", "while", "as"}
    unknown = [w for w in dict.fromkeys(_words(text)) if w not in joints and not _meaning(w)]
    if not unknown:
        return
    known = [*MOODS, *VERBS, *PLACE_WORDS, *OBJECTS, *COUNTS, *SPEEDS, *AMOUNTS, *WHENS]
    said = []
    for word in unknown:
        near = difflib.get_close_matches(word, known, n=2, cutoff=0.5)
        hint = f" (nearest: {', '.join(near)})" if near else ""
        said.append(f"{word!r}{hint}")
    verbs = ", ".join(sorted(VERBS))
    raise ValueError(f"direction: unknown {', '.join(said)}; verbs: {verbs}")


def _clause(words: list[str]) -> Clause:
    said = " ".join(words)
    kinds = [(_meaning(word), word) for word in words]
    verbs = [_verb(word) for kind, word in kinds if kind == "verb"]
    objects = [OBJECTS[word] for kind, word in kinds if kind == "object"]
    places = [PLACE_WORDS[word] for kind, word in kinds if kind == "place"]
    moods = [MOODS[word] for kind, word in kinds if kind == "mood"]
    if len(verbs) > 1 or len(moods) > 1:
        raise ValueError(f"direction: {said!r} does two things; put ',' or 'then' between them")
    clause = Clause(mood=moods[0] if moods else None)
    if verbs or objects or places:
        clause = _act(clause, said, verbs, objects, places)
    for at, (kind, word) in enumerate(kinds):
        clause = _modified(clause, kind, word, words[at + 1 : at + 2])
    if not clause.action and not clause.mood:
        raise ValueError(f"direction: {said!r} says how but not what; add a verb such as nods")
    return clause


def _act(
    clause: Clause, said: str, verbs: list[str], objects: list[str], places: list[str]
) -> Clause:
    verb = verbs[0] if verbs else ""
    thing = objects[0] if objects else ""
    if not verb:
        verb = {"hands": "raise", "brows": "raise", "eyes": "look", "head": "turn", "": "look"}.get(
            thing, ""
        )
    name = f"{verb} {thing}".strip()
    if name not in ACTIONS:
        plain = verb in ACTIONS and (not thing or thing in TAKES.get(verb, ("eyes",)))
        options = [key for key in ACTIONS if key.split()[0] == verb]
        if not plain:
            hint = " or ".join(options) or ", ".join(key for key in ACTIONS if " " in key)
            raise ValueError(f"direction: {said!r} cannot be done; did you mean {hint}?")
        name = verb
    if name == "hug":
        places = [place for place in places if place != "toy"]
    allowed = ACTIONS[name].places
    loose = {"wave": ("toy", "camera"), "point": tuple(PLACE_WORDS.values())}.get(name, ("camera",))
    for place in places:
        if place not in allowed and place not in loose:
            fit = f"; it takes {', '.join(allowed)}" if allowed else ""
            raise ValueError(f"direction: {said!r}: {name} has no {place!r}{fit}")
    kept = [place for place in places if place in allowed]
    return replace(clause, action=name, place=kept[0] if kept else "")


def _modified(clause: Clause, kind: str, word: str, after: list[str]) -> Clause:
    """The clause with what one word says about it; `after` holds the next word."""
    if kind == "number" or (kind == "count" and after[:1] and after[0].startswith("second")):
        value = min(float(word), MOST) if kind == "number" else float(COUNTS[word])
        if after[:1] and after[0] in ("second", "seconds", "s"):
            return replace(clause, lasting_s=min(max(value, LEAST_S), 60.0))
        return replace(clause, count=min(max(int(value), 1), 12))
    if kind == "count":
        return replace(clause, count=COUNTS[word])
    if kind == "speed":
        return replace(clause, pace=clause.pace * SPEEDS[word])
    if kind == "amount":
        return replace(clause, amount=clause.amount * AMOUNTS[word])
    return replace(clause, when=WHENS[word]) if kind == "when" else clause
