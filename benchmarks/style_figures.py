"""Personal style in numbers: is a child found again, is its motion nearer, by ten seconds of it?

Fifty children, each with a style of its own, a resting face of its own, a voice and two utterances
of ten seconds. The style is fitted to the first in three ways: with its score known (a clip of
ours), with its phonemes known (other glances, dips and brows are compared), with curves alone (a
face capture). `style_retrieval`: share of children whose other utterance has the nearest style.
`style_gain`: by how much the mean absolute error of the curves of the second utterance falls when
its score is replayed in the fitted style, against the average style.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from generate.clip import SAMPLE_RATE_HZ
from generate.motion.cues import FaceCue, StyleCue
from generate.motion.director import Manner, direct
from generate.motion.emotion import REST, relaxed
from generate.motion.player import play_score
from generate.motion.score import Score
from generate.motion.style import SHAPED, PersonalStyle, Style, restyled, sample_style, style_gap
from generate.motion.style_fit import fit_style
from generate.spec import ARKIT, Motion, VoiceSpec
from generate.voice.speech import Utterance, speak
from generate.voice.text import SENTENCES
from generate.voice.timed import Timed, cut, later
from generate.voice.voices import sample_voice

SEED, RATE_HZ, LENGTH_S = 31, 25.0, 10.0
VOICES = ("en-us+f1", "en-us+f2", "en+f3", "en-us+f4", "en+m3")
KNOWN = {"": "score", "_phonemes": "phonemes", "_curves": "curves"}
"""Ending of a figure's name, and what is known of the fitted motion."""


def styles(children: int) -> tuple[list[dict[str, Any]], dict[str, float | None]]:
    """Rows of every child and the figures."""
    made = [child(number) for number in range(children)]
    rows: list[dict[str, Any]] = []
    figures: dict[str, float | None] = {}
    for ending, known in KNOWN.items():
        fits = [[fitted(utterance, known) for utterance in one] for one in made]
        apart = np.array([[style_gap(a[0], b[1]) for b in fits] for a in fits])
        gains = [gain(one[1], fit[0]) for one, fit in zip(made, fits, strict=True)]
        nearest = apart.argmin(1)
        for number in range(children):
            rows.append({"kind": "style", "known": known, "child": number, "gain": gains[number],
                         "nearest": int(nearest[number])})  # fmt: skip
        figures["style_retrieval" + ending] = float((nearest == np.arange(children)).mean())
        figures["style_gain" + ending] = float(np.mean(gains))
    return rows, figures


def child(number: int) -> list[tuple[Utterance, Score, Score, Motion]]:
    """Two utterances of a child: sound, score in the average style, the same with other chance,
    and the child's own motion."""
    rng = np.random.default_rng([SEED, number])
    bias = np.zeros(len(ARKIT))
    bias[SHAPED] = (relaxed(rng) - REST)[SHAPED]
    own = PersonalStyle(sample_style(rng), tuple(float(b) for b in bias))
    voice = sample_voice(rng, float(rng.uniform(4, 12)), "female", child=True)
    voice = replace(voice, engine="espeak", voice=VOICES[number % len(VOICES)])
    out = []
    for part in range(2):
        said = talk(voice, rng)
        plain, other = (average(said, [SEED, number, part, chance]) for chance in range(2))
        out.append((said, plain, other, play_score(restyled(plain, own), RATE_HZ)))
    return out


def talk(voice: VoiceSpec, rng: np.random.Generator) -> Utterance:
    """Ten seconds of sentences in one voice."""
    audio = np.zeros(int(LENGTH_S * SAMPLE_RATE_HZ), np.float32)
    phonemes, words, now = list[Timed](), list[Timed](), 0.2
    while now < LENGTH_S:
        said = speak(SENTENCES[int(rng.integers(len(SENTENCES)))], voice, rng)
        first = int(now * SAMPLE_RATE_HZ)
        audio[first : first + len(said.audio)] = said.audio[: len(audio) - first]
        phonemes += later(said.phonemes, now)
        words += later(said.words, now)
        now += said.duration_s + 0.3
    return Utterance(audio, cut(phonemes, 0, LENGTH_S), cut(words, 0, LENGTH_S), {})


def average(said: Utterance, seed: list[int]) -> Score:
    """What the director draws, in the average style and with the average face at rest."""
    score = direct(said, LENGTH_S, np.random.default_rng(seed), manner=Manner(style=Style()))
    kept = [cue for cue in score.cues if not isinstance(cue, (StyleCue, FaceCue))]
    rest = tuple((name, float(value)) for name, value in zip(ARKIT, REST, strict=True) if value)
    return Score(LENGTH_S, (*kept, FaceCue(0.0, LENGTH_S, rest, rise_s=0.0, fall_s=0.0)))


def fitted(utterance: tuple[Utterance, Score, Score, Motion], known: str) -> PersonalStyle:
    """The style of one utterance by what is known of it."""
    _, plain, other, own = utterance
    if known == "curves":
        return fit_style(own)
    return fit_style(own, play_score(plain if known == "score" else other, RATE_HZ))


def gain(utterance: tuple[Utterance, Score, Score, Motion], person: PersonalStyle) -> float:
    """Share of the average style's error that the fitted style takes away."""
    _, plain, _, own = utterance
    errors = [
        float(np.abs(play_score(score, RATE_HZ).arkit - own.arkit)[:, SHAPED].mean())
        for score in (restyled(plain, person), plain)
    ]
    return 1 - errors[0] / errors[1]
