"""Other ways to say a word: slips of young children and foreign accents, by rule on phonemes.

The rules are general to English, never made for one word. Children: stopping, fronting, gliding
and th-substitution are the common processes of ages 3 to 6 (Grunwell 1982; Dodd et al. 2003).
Learners: the substitutions that most first languages share (Swan and Smith 2001). Phonemes are
espeak-ng mnemonics without stress marks.
"""

from __future__ import annotations

import numpy as np

from generate.voice.espeak import mnemonics

SLIPS: dict[str, tuple[str, ...]] = {
    "T": ("f", "s", "t"),
    "D": ("d", "v", "z"),
    "r": ("w",),
    "l": ("w", "j"),
    "s": ("T",),
    "z": ("D", "s"),
    "S": ("s",),
    "tS": ("t", "S"),
    "dZ": ("d",),
    "N": ("n",),
}
"""What a young child may say instead."""
LEARNED: dict[str, tuple[str, ...]] = {
    "T": ("s", "t", "f"),
    "D": ("d", "z"),
    "w": ("v",),
    "I": ("i:", "i"),
    "i@": ("i:", "e"),
    "U": ("u:",),
    "V": ("a", "O"),
    "&": ("E",),
    "a": ("E", "A:"),
    "oU": ("o", "O"),
    "eI": ("e",),
    "E": ("e",),
    "0": ("O", "o"),
    "N": ("n",),
}
"""What a learner of English may say instead."""
LAST: dict[str, tuple[str, ...]] = {
    "v": ("f",), "z": ("s",), "d": ("t",), "b": ("p",), "g": ("k",), "dZ": ("tS",),
}  # fmt: skip
"""At the end of a word: final devoicing, common to both."""
FOREIGN = ("de", "fr", "it", "es", "nl", "pl", "sv", "pt", "hi", "tr", "el", "ru")
"""Languages whose own vowels and consonants read the phonemes, for a strong accent."""
BRITISH = "en-gb-x-rp"
_SILENT_R = {
    "O@": "O:", "o@": "O:", "A@": "A:", "e@": "E", "U@": "O:", "3": "@", "a#": "@",
    "i@3": "i@", "aI3": "aI@",
}  # fmt: skip
_PLAIN = {
    "3": "@r", "3:": "@r", "@L": "@l", "t#": "t", "O@": "Or", "o@": "or", "A@": "Ar",
    "e@": "er", "U@": "ur", "I2": "I", "a2": "a", "i@": "i@", "aI": "aI", "@2": "@", "I#": "I",
}  # fmt: skip
"""English-only mnemonics in those that other languages have."""


def slipped(word: str, rng: np.random.Generator, learner: bool, reader: str = "en-us") -> str:
    """`word` as [[mnemonics]] with one or more rules used; "" where none fits.

    `learner` takes the rules of learners of English, else those of young children; `reader` is the
    voice that turns the word into phonemes.
    """
    rules = LEARNED if learner else SLIPS
    names = list(mnemonics(word, reader))
    places = [i for i, name in enumerate(names) if bare(name) in rules]
    if bare(names[-1]) in LAST:
        places.append(len(names))
    if not places:
        return ""
    sure = places[int(rng.integers(len(places)))]
    for place in places:
        if place != sure and rng.random() > 0.4:
            continue
        index = min(place, len(names) - 1)
        options = (LAST if place == len(names) else rules).get(bare(names[index]), ())
        if options:
            names[index] = stress(names[index]) + options[int(rng.integers(len(options)))]
    return spell(names)


def british(word: str) -> str:
    """`word` as [[mnemonics]] of southern British, where r sounds before vowels only.

    For voices that were recorded in another accent: the r of "four" is theirs, not the word's.
    """
    names = mnemonics(word, BRITISH)
    return spell([stress(name) + _SILENT_R.get(bare(name), bare(name)) for name in names])


def plain(word: str, reader: str = "en-us") -> tuple[str, ...]:
    """Mnemonics of a word that other languages can read."""
    return tuple(stress(n) + _PLAIN.get(bare(n), bare(n)) for n in mnemonics(word, reader))


def spell(names: list[str] | tuple[str, ...]) -> str:
    """Phoneme input of espeak-ng, "|" between the names."""
    return "[[" + "|".join(names) + "]]"


def bare(name: str) -> str:
    """A mnemonic without stress marks."""
    return name.lstrip("',%=")


def stress(name: str) -> str:
    """The stress marks of a mnemonic."""
    return name[: len(name) - len(bare(name))]
