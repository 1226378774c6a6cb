"""From an utterance to a score: all chance of a motion is drawn here and written into cues."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from generate.motion.cues import Cue, EmotionCue, FaceCue, GestureCue, StyleCue, VisemeCue
from generate.motion.emotion import emotion_face, prototype, relaxed
from generate.motion.life import SHORTEST_S, beats, blinks, glances, pose, sway, tidy
from generate.motion.score import Score
from generate.motion.visemes import effort
from generate.spec import ARKIT
from generate.voice.speech import Utterance
from generate.voice.timed import Timed

GESTURE_S = 0.7
"""Time in which arms reach a gesture."""


def direct(
    utterance: Utterance | None,
    length_s: float,
    rng: np.random.Generator,
    emotion: str = "neutral",
    intensity: float = 0.0,
    gesture: str = "rest",
) -> Score:
    """`length_s` seconds of a child that says `utterance` (None: is silent) with an emotion.

    gesture: one of gesture.GESTURES, reached in the first third and held. Raises ValueError for
    an unknown emotion or gesture, an intensity outside 0..1, an unknown phoneme (with its time).
    """
    length_s = float(length_s)
    phonemes = utterance.phonemes if utterance else ()
    cues: list[Cue] = [
        StyleCue(
            0.0, length_s, jaw=tidy(rng.uniform(0.8, 1.25)), lips=tidy(rng.uniform(0.8, 1.2)),
            rise_s=0.0, fall_s=0.0,
        ),
        *faces(length_s, rng, emotion, intensity),
        *visemes(phonemes, length_s),
        pose(length_s, rng),
        *sway(length_s, rng),
        *beats(_beats(phonemes), length_s, rng),
        *glances(length_s, rng),
        *blinks(length_s, rng),
        *_gesture(gesture, length_s),
    ]  # fmt: skip
    return Score(length_s, tuple(cues))


def visemes(phonemes: Iterable[Timed], length_s: float) -> list[VisemeCue]:
    """Phonemes as cues up to `length_s`; stressed ones open the jaw further."""
    cues: list[VisemeCue] = []
    for phoneme in phonemes:
        start = tidy(max(phoneme.start_s, cues[-1].end_s if cues else 0.0))
        end = min(tidy(phoneme.end_s), length_s)
        if end - start >= SHORTEST_S:
            try:
                cues.append(VisemeCue(start, end, phoneme.text, effort(phoneme.text)))
            except ValueError as error:
                raise ValueError(f"at {start:g} s: {error}") from None
    return cues


def faces(length_s: float, rng: np.random.Generator, emotion: str, intensity: float) -> list[Cue]:
    """A resting face, an emotion, and what is this person's own about it, for the whole length."""
    own = emotion_face(emotion, intensity, rng)
    rest = relaxed(rng) + own - intensity * prototype(emotion)
    shapes = tuple(
        (name, tidy(value))
        for name, value in zip(ARKIT, np.clip(rest, -1, 1), strict=True)
        if tidy(value)
    )
    face = FaceCue(0.0, length_s, shapes, rise_s=0.0, fall_s=0.0)
    felt = EmotionCue(0.0, length_s, emotion, intensity, rise_s=0.0, fall_s=0.0)
    return [face, felt] if intensity else [face]


def _gesture(name: str, length_s: float) -> list[GestureCue]:
    if name == "rest":
        return []
    rise_s = min(length_s / 3, GESTURE_S)
    return [GestureCue(0.0, length_s, name.replace(" ", "-"), rise_s=tidy(rise_s), fall_s=0.0)]


def _beats(phonemes: Iterable[Timed]) -> list[float]:
    """Middles of the stressed vowels, s."""
    return [(p.start_s + p.end_s) / 2 for p in phonemes if p.text.startswith("ˈ")]
