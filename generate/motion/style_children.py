"""Children whose style is known, and what they say: to learn styles from, and to measure on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generate.clip import SAMPLE_RATE_HZ
from generate.motion.director import Manner, direct
from generate.motion.emotion import REST, relaxed
from generate.motion.score import Score
from generate.motion.style import BIASED, PersonalStyle, Style, restyled, sample_style
from generate.spec import ARKIT, VoiceSpec
from generate.voice.speech import Utterance, speak
from generate.voice.text import SENTENCES
from generate.voice.timed import Timed, cut, later
from generate.voice.voices import sample_voice

VOICES = ("en-us+f1", "en-us+f2", "en+f3", "en-us+f4", "en+m3")
PAUSE_S = 0.3
"""Between two sentences."""


def sample_child(rng: np.random.Generator) -> PersonalStyle:
    """A style, and a resting face less the average one."""
    bias = np.zeros(len(ARKIT))
    bias[BIASED] = (relaxed(rng) - REST)[BIASED]
    return PersonalStyle(sample_style(rng), tuple(bias.tolist()))


def sample_talker(rng: np.random.Generator, number: int) -> VoiceSpec:
    """The voice of a child of 4 to 12 years, by an engine that every machine has."""
    voice = sample_voice(rng, float(rng.uniform(4, 12)), "female", child=True)
    return replace(voice, engine="espeak", voice=VOICES[number % len(VOICES)])


def talk(voice: VoiceSpec, length_s: float, rng: np.random.Generator) -> Utterance:
    """Sentences in one voice, `length_s` long to the sample."""
    audio = np.zeros(round(length_s * SAMPLE_RATE_HZ), np.float32)
    phonemes, words, now = list[Timed](), list[Timed](), 0.2
    while now < length_s:
        said = speak(SENTENCES[int(rng.integers(len(SENTENCES)))], voice, rng)
        first = int(now * SAMPLE_RATE_HZ)
        audio[first : first + len(said.audio)] = said.audio[: len(audio) - first]
        phonemes += later(said.phonemes, now)
        words += later(said.words, now)
        now += said.duration_s + PAUSE_S
    return Utterance(audio, cut(phonemes, 0, length_s), cut(words, 0, length_s), {})


def plain_score(
    said: Utterance, rng: np.random.Generator, emotion: str = "neutral", intensity: float = 0.0
) -> Score:
    """What a director draws, in the average style and with the average face at rest."""
    length_s = len(said.audio) / SAMPLE_RATE_HZ
    score = direct(said, length_s, rng, emotion, intensity, manner=Manner(style=Style()))
    return restyled(score, PersonalStyle())
