"""Head and brows of speech: what they add to stress, to words and to the end of a phrase.

Dips and raised brows go with prominent syllables (Hadar et al., Language and Speech 26, 1983;
Graf et al., "Visual prosody", FG 2002; Cavé et al., ICSLP 1996: brows with rising F0); shakes go
with negation and with intensity, nods with agreement, tilts with doubt (McClave, J. Pragmatics 32,
2000); statements end in a fall of the head, questions with raised brows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generate.motion.bearing import Bearing
from generate.motion.cues import BrowCue, HeadCue
from generate.motion.life import tidy
from generate.motion.phrasing import Beat, Phrase
from generate.voice.timed import Timed

WORD_MOVES: dict[str, str] = {
    **dict.fromkeys(("no", "not", "never", "nothing", "nobody", "none", "don't", "can't"), "shake"),
    **dict.fromkeys(("won't", "didn't", "isn't", "doesn't", "wasn't", "very", "really"), "shake"),
    **dict.fromkeys(("yes", "yeah", "yep", "okay", "ok", "sure", "right", "please"), "nod"),
    **dict.fromkeys(("thanks", "thank", "good", "done", "ready"), "nod"),
    **dict.fromkeys(("maybe", "perhaps", "think", "guess", "why", "wonder", "or"), "tilt"),
    **dict.fromkeys(("if", "what", "how"), "tilt"),
}
"""Words that move the head, whoever says them."""
MOVED_SHARE = {"shake": 0.75, "nod": 0.65, "tilt": 0.5}
"""How often they do."""
DIP_S = 0.36


def accents(
    beats: Sequence[Beat],
    words: Sequence[Timed],
    phrases: Sequence[Phrase],
    length_s: float,
    rng: np.random.Generator,
    held: Bearing,
) -> list[HeadCue | BrowCue]:
    """Moves of the head and brows; words come before the ends of phrases, those before stress."""
    plan = _Plan(length_s)
    for word in words:
        _word(plan, word, rng, held)
    for phrase in phrases:
        _ending(plan, phrase, rng, held)
    for beat in beats:
        _stress(plan, beat, rng, held)
    return plan.cues


class _Plan:
    """Cues so far; a new one is left out where it would overlap another of its group."""

    def __init__(self, length_s: float) -> None:
        self.length_s = length_s
        self.cues: list[HeadCue | BrowCue] = []

    def add(self, cue: HeadCue | BrowCue) -> None:
        same = [c for c in self.cues if c.group == cue.group]
        clear = all(cue.start_s >= c.end_s or cue.end_s <= c.start_s for c in same)
        if clear and cue.end_s <= self.length_s:
            self.cues.append(cue)


def _word(plan: _Plan, word: Timed, rng: np.random.Generator, held: Bearing) -> None:
    move = WORD_MOVES.get(word.text.lower().strip(".,!?;:'\"").replace("’", "'"), "")
    share, size = rng.random(), float(rng.uniform(0.7, 1.3)) * held.head
    side = float(rng.choice((-1.0, 1.0)))
    if not move or share >= MOVED_SHARE[move]:
        return
    start = tidy(max(word.start_s - 0.08, 0))
    if move == "shake":
        end = tidy(start + max(word.end_s - word.start_s + 0.25, 0.7))
        plan.add(HeadCue(start, end, "shake", tidy(6 * size * held.shakes), 2))
        plan.add(BrowCue(start, end, "frown", tidy(min(0.25 * size, 1))))
    elif move == "nod":
        plan.add(HeadCue(start, tidy(start + 0.55), "nod", tidy(6 * size)))
    else:
        end = tidy(start + max(word.end_s - word.start_s + 0.7, 1.0))
        plan.add(HeadCue(start, end, "tilt", tidy(side * 6 * size)))
        plan.add(BrowCue(start, tidy(start + 0.7), "raise", tidy(min(0.3 * size, 1))))


def _ending(plan: _Plan, phrase: Phrase, rng: np.random.Generator, held: Bearing) -> None:
    size = float(rng.uniform(1.5, 4.0)) * held.head
    long = phrase.end_s - phrase.start_s > 0.6
    start, end = tidy(max(phrase.end_s - 0.35, 0)), tidy(phrase.end_s + 0.45)
    if not long:
        return
    if phrase.rises:
        plan.add(BrowCue(start, end, "raise", tidy(float(rng.uniform(0.25, 0.5)))))
        plan.add(HeadCue(start, end, "dip", tidy(-0.7 * size)))
    else:
        plan.add(HeadCue(start, end, "dip", tidy(size)))


def _stress(plan: _Plan, beat: Beat, rng: np.random.Generator, held: Bearing) -> None:
    start, end = tidy(max(beat.time_s - DIP_S / 2, 0)), tidy(beat.time_s + DIP_S / 2)
    dips, raises = rng.random(), rng.random()
    size = (0.6 + 3.0 * beat.strength) * float(rng.uniform(0.6, 1.3)) * held.head
    if dips < 0.35 + 0.6 * beat.strength:
        plan.add(HeadCue(start, end, "dip", tidy(size)))
    if raises < 0.65 * beat.strength:
        amount = (0.05 + 0.3 * beat.strength) * float(rng.uniform(0.6, 1.2))
        plan.add(BrowCue(start, end, "raise", tidy(amount)))
