"""From an utterance to a score: all chance of a motion is drawn here and written into cues.

    score = direct(utterance, length_s, rng, "happy", 0.7)
    score = direct(utterance, length_s, rng, None)             # what the voice sounds like
    score = direct(utterance, length_s, rng, manner=Manner(age_years=4, gestures=True))

Tables beside it: bearing.py (emotion to head, gaze, hands), life.py (blinks, looks, breath),
accents.py (head and brows of speech), gesticulate.py (hands), feeling.py (emotion of a voice).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise

import numpy as np

from generate.motion.accents import accents
from generate.motion.bearing import bearing
from generate.motion.cues import (
    AffectCue,
    Cue,
    EmotionCue,
    FaceCue,
    GestureCue,
    StyleCue,
    VisemeCue,
)
from generate.motion.emotion import emotion_face, prototype, relaxed
from generate.motion.feeling import Feeling, read_feeling
from generate.motion.gesticulate import gestures
from generate.motion.life import SHORTEST_S, blink_rate, blinks, breaths, looks, poses, sway, tidy
from generate.motion.phrasing import Heard, Phrase, beats, hear, phrases
from generate.motion.score import Score
from generate.motion.style import Style, sample_style
from generate.motion.visemes import effort, unknown_symbols, visemes_of
from generate.spec import ARKIT
from generate.voice.speech import Utterance
from generate.voice.timed import Timed

GESTURE_S = 0.7
"""Time in which arms reach a gesture that is held."""
SILENT = Heard(np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class Manner:
    """Who moves, and how; the defaults are a child of six whose style is drawn."""

    age_years: float = 6.0
    """For blinks and breath."""
    style: Style | None = None
    """None draws one."""
    gestures: bool = False
    """Whether arms and hands join in; they show in the framing "upper"."""
    affect: tuple[float, float] | None = None
    """Valence and arousal, -1 to 1, instead of an emotion's name."""


USUAL = Manner()


def direct(
    utterance: Utterance | None,
    length_s: float,
    rng: np.random.Generator,
    emotion: str | None = "neutral",
    intensity: float = 0.0,
    gesture: str = "rest",
    manner: Manner = USUAL,
) -> Score:
    """`length_s` seconds of a person that says `utterance` (None: is silent) with an emotion.

    emotion None reads emotion and intensity from the voice (feeling.py). gesture: one of
    gesture.GESTURES, reached in the first third and held; "rest" leaves the arms to `manner`.
    Raises ValueError for an unknown emotion or gesture, an intensity outside 0..1, an unknown
    phoneme (with its time).
    """
    length_s = float(length_s)
    phonemes = utterance.phonemes if utterance else ()
    words = utterance.words if utterance else ()
    heard = hear(utterance) if utterance else SILENT
    if emotion is None:
        felt = read_feeling(utterance, heard, manner.age_years) if utterance else Feeling()
    else:
        felt = Feeling(emotion, intensity, manner.affect)
    held = bearing(*felt.named)
    style = manner.style or sample_style(rng)
    spoken = phrases(phonemes, heard)
    stress = beats(phonemes, heard)
    seen = looks(length_s, rng, spoken, held, style.tempo)
    rate = blink_rate(manner.age_years, bool(spoken), held) * style.tempo
    cues: list[Cue] = [
        StyleCue(0.0, length_s, **_tidied(style), rise_s=0.0, fall_s=0.0),
        *faces(length_s, rng, felt),
        *moods(length_s, rng, felt, spoken),
        *visemes(phonemes, length_s),
        *poses(length_s, rng, seen, held),
        *sway(length_s, rng, held.head),
        *accents(stress, words, spoken, length_s, rng, held),
        *seen,
        *blinks(length_s, rng, rate, seen),
        *breaths(length_s, rng, spoken, manner.age_years, held),
    ]
    if gesture != "rest":
        rise_s = tidy(min(length_s / 3, GESTURE_S))
        cues.append(GestureCue(0.0, length_s, gesture.replace(" ", "-"), rise_s=rise_s, fall_s=0.0))
    elif manner.gestures:
        cues += gestures(stress, words, spoken, length_s, rng, held)
    ended = (cue if cue.end_s <= length_s else replace(cue, end_s=length_s) for cue in cues)
    return Score(length_s, tuple(ended))


def visemes(phonemes: Iterable[Timed], length_s: float) -> list[VisemeCue]:
    """Phonemes as cues up to `length_s`; stressed ones open the jaw further.

    A modifier that an engine gives on its own is no sound and is left out.
    """
    cues: list[VisemeCue] = []
    for phoneme in phonemes:
        if not visemes_of(phoneme.text) and not unknown_symbols(phoneme.text):
            continue
        start = tidy(max(phoneme.start_s, cues[-1].end_s if cues else 0.0))
        end = min(tidy(phoneme.end_s), length_s)
        if end - start >= SHORTEST_S:
            try:
                cues.append(VisemeCue(start, end, phoneme.text, effort(phoneme.text)))
            except ValueError as error:
                raise ValueError(f"at {start:g} s: {error}") from None
    return cues


def faces(length_s: float, rng: np.random.Generator, felt: Feeling) -> list[Cue]:
    """A resting face, and what is this person's own about the emotion, for the whole length."""
    emotion, intensity = felt.named
    own = emotion_face(emotion, intensity, rng)
    rest = relaxed(rng) + own - intensity * prototype(emotion)
    shapes = tuple(
        (name, tidy(value))
        for name, value in zip(ARKIT, np.clip(rest, -1, 1), strict=True)
        if tidy(value)
    )
    return [FaceCue(0.0, length_s, shapes, rise_s=0.0, fall_s=0.0)]


EBB = 0.82
"""Least share of the asked intensity that a phrase has; the strongest phrase has all of it."""


def moods(
    length_s: float, rng: np.random.Generator, felt: Feeling, spoken: Sequence[Phrase]
) -> list[Cue]:
    """The emotion, a little stronger or weaker from phrase to phrase, over the whole length."""
    if not felt.affect and not felt.intensity:
        return []
    edges = [0.0]
    for before, after in pairwise(spoken):
        middle = tidy((before.end_s + after.start_s) / 2)
        if middle - edges[-1] > 0.8 and length_s - middle > 0.8:
            edges.append(middle)
    shares = rng.uniform(EBB, 1.0, len(edges))
    shares[int(np.argmax(shares))] = 1.0
    cues: list[Cue] = []
    for number, (start, share) in enumerate(zip(edges, shares, strict=True)):
        last = number == len(edges) - 1
        times = start, (length_s if last else edges[number + 1])
        ramps = {"rise_s": 0.4 if number else 0.0, "fall_s": 0.0 if last else 0.4}
        if felt.affect:
            valence, arousal = (tidy(share * a) for a in felt.affect)
            cues.append(AffectCue(*times, valence, arousal, **ramps))
        else:
            cues.append(EmotionCue(*times, felt.emotion, tidy(share * felt.intensity), **ramps))
    return cues


def _tidied(style: Style) -> dict[str, float]:
    return {name: tidy(value) for name, value in asdict(style).items()}
