"""What people say around a toy that is none of its keywords: a stock of spoken lines.

Ten clips of a stream share a stock of SPEAKERS * LINES lines, about two minutes of speech; each use
plays a line at another speed, loudness and distance. Ten hours of stream hold close to two hours
of different speech.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import soxr

from generate.sample import stream
from generate.spec import Speakers
from generate.voice.speech import RATE_HZ, Utterance, speak
from generate.voice.text import plain_text, plain_words
from generate.voice.timed import Timed
from generate.voice.voices import sample_keyword_voice
from generate.voice.words import holds

SPEAKERS, LINES = 6, 8
SENTENCES_SHARE = 0.5
"""Lines that are sentences; the others are three to eight words in any order."""
SPEED = (0.92, 1.09)
"""Slowest and fastest a line is played; pitch and formants move along."""


@lru_cache(maxsize=2)
def stock(
    seed: int, number: int, keywords: tuple[str, ...], voices: tuple[str, ...], speakers: Speakers
) -> tuple[Utterance, ...]:
    """Stock `number` of a stream: lines of SPEAKERS voices, none of which holds a keyword."""
    made = []
    for speaker in range(SPEAKERS):
        rng = stream(seed, number * SPEAKERS + speaker, "voice")
        voice = sample_keyword_voice(rng, speakers, voices)
        made += [speak(free_line(keywords, rng), voice, rng) for _ in range(LINES)]
    return tuple(made)


def free_line(keywords: tuple[str, ...], rng: np.random.Generator) -> str:
    """A text in which no words in a row sound like a keyword.

    Raises ValueError where the keywords leave nothing to say.
    """
    words = plain_words("en")
    for _ in range(200):
        if rng.random() < SENTENCES_SHARE:
            text = plain_text("en", rng)
        else:
            picked = rng.integers(0, len(words), int(rng.integers(3, 9)))
            text = " ".join(words[int(place)] for place in picked)
        if not holds(text, keywords):
            return text
    raise ValueError(f"no line is left that holds none of the {len(keywords)} keywords")


def played(line: Utterance, speed: float, peak: float) -> Utterance:
    """A line at another speed, with the times that it then has, and at a peak level."""
    audio = soxr.resample(line.audio, RATE_HZ * speed, RATE_HZ)
    level = np.float32(peak / max(float(np.abs(audio).max(initial=0.0)), 1e-6))
    words, phonemes = (
        tuple(Timed(one.text, one.start_s / speed, one.end_s / speed) for one in items)
        for items in (line.words, line.phonemes)
    )
    return replace(line, audio=audio * level, words=words, phonemes=phonemes)
