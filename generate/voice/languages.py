"""Languages by the names of espeak-ng's voices: their accents, their reader, how words sound."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from generate.options import choose
from generate.voice.espeak import languages, mnemonics, mnemonics_of
from generate.voice.text import PARENTS, SENTENCES, plain_words

ENGLISH: dict[str, float] = {
    "en-us": 4,
    "en-us-nyc": 1,
    "en": 2,
    "en-gb-x-rp": 1,
    "en-gb-scotland": 1,
    "en-gb-x-gbclan": 1,
    "en-gb-x-gbcwmd": 1,
    "en-029": 1,
}
"""Accents of English with the weight of each when none is asked for."""
_REGIONS = {
    "ca": ("ca", "ca-ba", "ca-nw", "ca-va"), "es": ("es", "es-419"),
    "fr": ("fr", "fr-be", "fr-ch"), "pt": ("pt", "pt-br"),
    "ru": ("ru", "ru-lv"), "vi": ("vi", "vi-vn-x-central", "vi-vn-x-south"),
}  # fmt: skip
_SPEAKS_ENGLISH_ONLY = ("flite", "festival", "coqui")


def check_language(language: str) -> str:
    """The language's name in lower case; ValueError where espeak-ng does not speak it."""
    return choose(language.lower(), languages(), "language in --language")


def is_english(language: str) -> bool:
    """Whether a language or an accent is English."""
    return language.split("-")[0] == "en"


def accents(language: str) -> dict[str, float]:
    """Voices of a language with their weights; an accent, such as en-gb-x-rp, is by itself."""
    if language == "en":
        return ENGLISH
    return dict.fromkeys(_REGIONS.get(language, (language,)), 1.0)


def reader(language: str) -> str:
    """The voice whose phonemes stand for a language: American for English, else its own."""
    return "en-us" if language == "en" else language


def kind(engine: str) -> str:
    """What speaks: coqui for coqui:FOLDER, which is one voice, else the engine's own name."""
    return engine.partition(":")[0]


def speaking(engines: Iterable[str], language: str) -> tuple[str, ...]:
    """Those of some engines that speak a language."""
    return tuple(e for e in engines if is_english(language) or kind(e) not in _SPEAKS_ENGLISH_ONLY)


def sound(text: str, language: str = "en") -> tuple[str, ...]:
    """Phonemes without stress and pauses: equal for two, too and to."""
    names = _bundled(language).get(text) if is_english(language) else None
    return unstressed(names or mnemonics(text, reader(language)))


@cache
def _bundled(language: str) -> dict[str, tuple[str, ...]]:
    """Mnemonics of all words of the bundled texts, read at once: 30 times as fast as one by one."""
    spoken = re.findall(r"[\w'’]+", " ".join((*plain_words("en"), *SENTENCES, *PARENTS)))
    words = tuple(dict.fromkeys(spoken))
    return dict(zip(words, mnemonics_of(words, reader(language)), strict=True))


def unstressed(names: Iterable[str]) -> tuple[str, ...]:
    """Mnemonics without stress marks, pauses and changes of language."""
    bare = (name.lstrip("',%=") for name in names)
    return tuple(name for name in bare if name[:1] not in {"", "_", "("})
