"""Near misses: what sounds much like a keyword and is not one, so that a model learns to say no.

Real words within NEAR of a keyword, words made up by changing one or two of its phonemes, and parts
of phrases. None is so near that a slip of a child or an accent could make the keyword of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np

from generate.voice.accents import bare, spell, stress
from generate.voice.espeak import mnemonics, mnemonics_of
from generate.voice.keywords import all_sayings, parse_keyword
from generate.voice.languages import reader, sound, unstressed
from generate.voice.phoneme_distance import (
    Sounds,
    distance,
    is_known,
    is_vowel,
    nearest,
    sounds,
    substitution,
)
from generate.voice.text import plain_words

NEAR = 1.1
"""Distance of the farthest near miss."""
APART = 0.5
"""Distance, slips forgiven, under which two words could be meant for each other."""
TWO_EDITS, PARTS, REAL = 0.3, 0.4, 0.5
"""Shares: made-up words with two changes; parts among near misses of phrases; real words."""
SOFTNESS = 0.25
"""Phonemes are swapped with a weight of exp(-cost / SOFTNESS)."""


@dataclass(frozen=True)
class Neighbour:
    """A near miss."""

    text: str
    """What to say: words, or [[mnemonics]] of a word that is made up."""
    keyword: str
    """The class that it is near to."""


def sample_neighbour(
    keywords: Sequence[str], language: str, reads_phonemes: bool, rng: np.random.Generator
) -> Neighbour | None:
    """A near miss of one of `keywords` (as options give them); None where none was found.

    Voices that do not read phonemes get real words and parts only.
    """
    texts = tuple(keywords)
    for _ in range(8):
        keyword = parse_keyword(texts[int(rng.integers(len(texts)))])
        saying = keyword.sayings[int(rng.integers(len(keyword.sayings)))]
        parts = parts_of(saying, texts, language) if rng.random() < PARTS else ()
        real = real_words(saying, texts, language) if rng.random() < REAL else ()
        pool = parts or real
        if not pool and not reads_phonemes:
            pool = parts_of(saying, texts, language) + real_words(saying, texts, language)
        text = pool[int(rng.integers(len(pool)))] if pool else ""
        if not text and reads_phonemes:
            text = made_up(saying, texts, language, rng)
        if text:
            return Neighbour(text, keyword.name)
    return None


@lru_cache(maxsize=8192)
def is_apart(text: str, keywords: tuple[str, ...], language: str) -> bool:
    """Whether a text is no keyword and would not be taken for one that is said with a slip."""
    return _apart(sounds(sound(text, language)), keywords, language)


@lru_cache(maxsize=1024)
def real_words(saying: str, keywords: tuple[str, ...], language: str) -> tuple[str, ...]:
    """Bundled words that are near a saying and apart from all keywords, nearest first."""
    heard = sounds(sound(saying, language))
    found = [(distance(heard, said), word) for word, said in _dictionary(language)]
    near = sorted(pair for pair in found if pair[0] <= NEAR)
    return tuple(word for _, word in near if is_apart(word, keywords, language))


@lru_cache(maxsize=1024)
def parts_of(saying: str, keywords: tuple[str, ...], language: str) -> tuple[str, ...]:
    """The first words of a phrase without its last, the last alone, and the words the wrong way
    round: without those that are keywords themselves."""
    words = saying.split()
    if len(words) < 2:
        return ()
    parts = (" ".join(words[:-1]), words[-1], " ".join(words[::-1]))
    return tuple(part for part in parts if is_apart(part, keywords, language))


def made_up(saying: str, keywords: tuple[str, ...], language: str, rng: np.random.Generator) -> str:
    """A saying with one or two phonemes changed, as [[mnemonics]]; "" where none was found.

    Consonants follow each other only as they do in words of the language or in the saying.
    """
    names = mnemonics(saying, reader(language))
    heard = sounds(unstressed(names))
    if not all(map(is_known, heard)):
        return ""
    sayable = _clusters(language).union(_pairs(heard))
    for _ in range(40):
        changed = names
        for _ in range(2 if rng.random() < TWO_EDITS else 1):
            changed = _edit(changed, inventory(language), rng)
        heard = sounds(unstressed(changed))
        if sayable.issuperset(_pairs(heard)) and _apart(heard, keywords, language):
            return spell(changed)
    return ""


@cache
def inventory(language: str) -> tuple[str, ...]:
    """The phonemes that a language's voice uses by themselves and that are known here, in a fixed
    order: the A of A@ is none, and a voice falls silent where it reads it alone."""
    found = {name for _, names in _read(language) for name in unstressed(names)}
    return tuple(sorted(name for name in found if is_known(name) and name != "?"))


def _edit(names: Sounds, known: Sounds, rng: np.random.Generator) -> Sounds:
    """One phoneme swapped for a near one (7 in 10), left out, or put in.

    Only consonants are left out or put in: a word keeps its syllables.
    """
    place, kind = int(rng.integers(len(names))), rng.random()
    name = names[place]
    consonants = [other for other in known if not is_vowel(other)]
    if kind < 0.15 and len(names) > 2 and not is_vowel(bare(name)):
        return names[:place] + names[place + 1 :]
    if kind < 0.3:
        extra = consonants[int(rng.integers(len(consonants)))]
        place = place if is_vowel(bare(name)) else len(names)
        return (*names[:place], extra, *names[place:])
    old = sounds((bare(name),))[0]
    others = [other for other in known if is_vowel(other) == is_vowel(old) and other != old]
    weights = np.exp([-substitution(old, other) / SOFTNESS for other in others])
    new = others[int(rng.choice(len(others), p=weights / weights.sum()))]
    return (*names[:place], stress(name) + new, *names[place + 1 :])


def _apart(heard: Sounds, keywords: tuple[str, ...], language: str) -> bool:
    return nearest(heard, _targets(keywords, language), forgive=True) >= APART


@lru_cache(maxsize=8)
def _targets(keywords: tuple[str, ...], language: str) -> tuple[Sounds, ...]:
    return tuple(sounds(sound(saying, language)) for saying in all_sayings(keywords))


@cache
def _dictionary(language: str) -> tuple[tuple[str, Sounds], ...]:
    """The bundled words of a language and how they sound."""
    return tuple((word, sounds(unstressed(names))) for word, names in _read(language))


@cache
def _read(language: str) -> tuple[tuple[str, Sounds], ...]:
    """The bundled words of a language and their mnemonics."""
    words = plain_words(language)
    return tuple(zip(words, mnemonics_of(words, reader(language)), strict=True))


@cache
def _clusters(language: str) -> frozenset[tuple[str, str]]:
    """Pairs of consonants that follow each other in a word; "" is where words begin and end."""
    return frozenset(pair for _, said in _dictionary(language) for pair in _pairs(said))


def _pairs(heard: Sounds) -> list[tuple[str, str]]:
    padded = ("", *heard, "")
    return [pair for pair in pairwise(padded) if not any(is_vowel(name) for name in pair)]
