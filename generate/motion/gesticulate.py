"""Which gestures go with what is said: hands that beat, point, wave, shrug, on the stress.

Strokes fall on stressed syllables (McNeill, Hand and Mind, 1992; Loehr, Laboratory Phonology 3,
2012: apexes align with pitch accents); what words call for comes first, beats fill the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generate.motion.bearing import Bearing
from generate.motion.cues import GestureCue
from generate.motion.gesture import GESTURES
from generate.motion.life import tidy
from generate.motion.phrasing import Beat, Phrase
from generate.voice.timed import Timed

WORD_GESTURES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("hello", "hi", "bye", "goodbye", "hey"), ("wave left", "wave right")),
    **dict.fromkeys(("look", "there", "over"), ("point", "point left", "point right")),
    **dict.fromkeys(("up", "sky", "moon", "stars"), ("point up", "hands up")),
    **dict.fromkeys(("guess", "idea", "wait", "one"), ("point up",)),
    **dict.fromkeys(("maybe", "why", "who", "where", "nobody", "nothing"), ("shrug",)),
    **dict.fromkeys(("hooray", "hurray", "yay", "wow"), ("hands up",)),
    **dict.fromkeys(("bravo", "clap", "great"), ("clap",)),
    **dict.fromkeys(("love", "hug"), ("hug",)),
    **dict.fromkeys(("me", "mine", "myself"), ("hand on chest",)),
}
"""Words that call for a gesture."""
WORD_SHARE, BEAT_SHARE = 0.4, 0.55
"""How often words get theirs, and phrases beats, where the hands join."""
WORD_GAP_S = 3.0
"""Least time between two gestures of words; none comes twice in a clip."""
REACH = (0.7, 1.05)
"""How far one gesture goes relative to another."""
BEATS = ("beat left", "beat right", "beat both")
REST_S, HOLD_S, SHORTEST_HOLD_S = 0.5, 1.1, 0.5


def gestures(
    beats: Sequence[Beat],
    words: Sequence[Timed],
    phrases: Sequence[Phrase],
    length_s: float,
    rng: np.random.Generator,
    held: Bearing,
) -> list[GestureCue]:
    """Gesture cues in order; none overlaps another, and arms rest between them."""
    cues: list[GestureCue] = []
    free = {name for names in WORD_GESTURES.values() for name in names}
    since = -WORD_GAP_S
    for word in words:
        names = WORD_GESTURES.get(word.text.lower().strip(".,!?;:'\""), ())
        draw, pick, reach = rng.random(), rng.random(), _reach(held, rng)
        names = tuple(name for name in names if name in free)
        late = word.start_s - since >= WORD_GAP_S
        if names and late and draw < min(WORD_SHARE * held.gestures, 0.8):
            name = names[int(pick * len(names))]
            cue = one_gesture(name, word.start_s - 0.3, HOLD_S, length_s, reach, held.tempo)
            if cue and _clear(cue, cues):
                cues.append(cue)
                since = word.start_s
                free.remove(name)
    for phrase in phrases:
        draw, pick, reach = rng.random(), int(rng.integers(len(BEATS))), _reach(held, rng)
        inside = [b for b in beats if phrase.start_s <= b.time_s < phrase.end_s]
        if len(inside) >= 2 and draw < min(BEAT_SHARE * held.gestures, 0.95):
            strokes = beating(BEATS[pick], [b.time_s for b in inside], length_s, reach)
            if all(_clear(cue, cues) for cue in strokes):
                cues += strokes
    return sorted(cues, key=lambda cue: cue.start_s)


def _reach(held: Bearing, rng: np.random.Generator) -> float:
    return float(np.clip(held.reach * rng.uniform(*REACH), 0.3, 1.0))


def one_gesture(
    name: str, start_s: float, hold_s: float, length_s: float, reach: float, tempo: float
) -> GestureCue | None:
    """A gesture of `hold_s` beside its ramps, inside the score; None where it has no room."""
    ramp = float(np.clip(0.45 / tempo, 0.25, 0.9))
    start = max(start_s, 0.0)
    end = min(start + ramp + hold_s, length_s)
    if end - start < ramp + SHORTEST_HOLD_S:
        return None
    swing = float(np.clip(tempo, 0.3, 3)) if GESTURES[name].rate_hz else 1.0
    word = name.replace(" ", "-")
    return GestureCue(
        tidy(start), tidy(end), word, tidy(reach), tidy(swing), rise_s=tidy(ramp), fall_s=tidy(ramp)
    )


def beating(name: str, times_s: Sequence[float], length_s: float, reach: float) -> list[GestureCue]:
    """One swing a stressed syllable whose lowest point, three quarters into it, is on the vowel.

    Cues meet, so that the arm stays up between them; syllables closer than 0.25 s to the one
    before are passed over.
    """
    chosen: list[float] = []
    for time in times_s:
        if not chosen or time - chosen[-1] >= 0.25:
            chosen.append(time)
    gaps = np.diff([*chosen, chosen[-1] + 0.5]).clip(0.25, 0.9)
    starts = [time - 0.75 * gap for time, gap in zip(chosen, gaps, strict=True)]
    rate = GESTURES[name].rate_hz
    cues: list[GestureCue] = []
    for number, (start, gap) in enumerate(zip(starts, gaps, strict=True)):
        last = number == len(starts) - 1
        begin = max(start, cues[-1].end_s if cues else 0.0)
        end = start + gap if last else max(starts[number + 1], begin + 0.1)
        end = min(end, length_s)
        if end - begin < 0.1:
            break
        turn = float(np.clip(1 / gap / rate, 0.3, 3))
        cues.append(
            GestureCue(
                tidy(begin), tidy(end), name.replace(" ", "-"), tidy(reach), tidy(turn),
                rise_s=0.3, fall_s=0.4 if last else 0.3,
            )
        )  # fmt: skip
    return cues


def _clear(cue: GestureCue, cues: Sequence[GestureCue]) -> bool:
    """True where the arms have REST_S before and after."""
    return all(cue.start_s >= c.end_s + REST_S or cue.end_s + REST_S <= c.start_s for c in cues)
