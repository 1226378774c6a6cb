"""How far apart words sound: edit distance over phonemes, weighted by how they are articulated.

A substitution costs the weighted difference of the features of the two phonemes, as in Kondrak,
"A new algorithm for the alignment of phonetic sequences" (NAACL 2000): place and manner weigh most.
Features are those of the IPA chart; the names are espeak-ng's mnemonics (Kirshenbaum's ASCII IPA).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from generate.voice.accents import LAST, LEARNED, SLIPS

_PLACES = {
    "bilabial": (0.0, "p b m w P B"), "labiodental": (0.1, "f v"), "dental": (0.2, "T D t[ d["),
    "alveolar": (0.3, "t d s z n l r ts dz r- * **"),
    "postalveolar": (0.45, "S Z tS dZ s. z. t. d."),
    "palatal": (0.6, "j C J n^ l^ ts; s; z; tS; dZ;"), "velar": (0.75, "k g x Q N X"),
    "uvular": (0.85, "R q G"), "glottal": (1.0, "h ? H"),
}  # fmt: skip
_MANNERS = {
    "stop": (0.0, "p b t d k g ? q t[ d[ t. d. J"), "affricate": (0.2, "ts dz tS dZ ts; tS; dZ;"),
    "fricative": (0.4, "f v T D s z S Z C x X Q h H s. z. s; z; P B G"),
    "nasal": (0.6, "m n N n^"), "trill": (0.8, "R r- * **"), "approximant": (0.9, "r l l^ j w"),
}  # fmt: skip
_VOICED = frozenset(
    "b d g v D z Z dZ dz m n N n^ l l^ r r- * ** j w R d[ z. d. J Q B G".split()  # noqa: SIM905
)
_VOWELS: dict[str, tuple[float, float, int, str]] = {
    "i:": (0.0, 0.0, 0, ""), "i": (0.05, 0.0, 0, ""), "I": (0.2, 0.15, 0, ""),
    "y:": (0.0, 0.1, 1, ""), "y": (0.05, 0.1, 1, ""), "Y": (0.15, 0.2, 1, ""),
    "Y:": (0.35, 0.2, 1, ""), "W": (0.6, 0.2, 1, ""), "e:": (0.35, 0.0, 0, ""),
    "e": (0.4, 0.05, 0, ""), "E": (0.6, 0.1, 0, ""), "E:": (0.6, 0.1, 0, ""),
    "&": (0.8, 0.15, 0, ""), "a": (0.9, 0.25, 0, ""), "aa": (0.9, 0.3, 0, ""),
    "a:": (1.0, 0.4, 0, ""), "A:": (1.0, 0.9, 0, ""), "A": (1.0, 0.8, 0, ""),
    "V": (0.65, 0.6, 0, ""), "@": (0.5, 0.5, 0, ""), "0": (0.9, 1.0, 1, ""),
    "O:": (0.65, 1.0, 1, ""), "O": (0.7, 0.9, 1, ""), "o:": (0.35, 1.0, 1, ""),
    "o": (0.4, 1.0, 1, ""), "U": (0.2, 0.85, 1, ""), "u:": (0.0, 0.95, 1, ""),
    "u": (0.05, 0.95, 1, ""), "E~": (0.6, 0.1, 0, "~"), "A~": (0.9, 0.8, 0, "~"),
    "O~": (0.6, 1.0, 1, "~"), "eI": (0.4, 0.05, 0, "i"), "aI": (0.9, 0.4, 0, "i"),
    "OI": (0.7, 0.9, 1, "i"), "OY": (0.7, 0.9, 1, "i"), "aU": (0.9, 0.5, 0, "u"),
    "oU": (0.45, 0.9, 1, "u"),
}  # fmt: skip
"""Height (0 close, 1 open), backness (0 front, 1 back), rounding, and where a diphthong goes."""
_PARTS = {
    "3": "@ r", "3:": "@ r", "@L": "@ l", "@l": "@ l", "@r": "@ r", "n-": "@ n", "O@": "O r",
    "o@": "O r", "A@": "A r", "e@": "E r", "U@": "U r", "i@": "I @", "i@3": "i @ r",
    "aI@": "aI @", "aI3": "aI @ r", "O2": "O:", ";": "",
}  # fmt: skip
"""One mnemonic that is several sounds, or a glide between vowels that is none of its own."""
STRANGER, ACROSS = 0.8, 1.5
"""Cost between phonemes of which one is unknown here, and between a vowel and a consonant."""
_CONSONANTS = {
    name: (place, manner, name in _VOICED)
    for place, names in _PLACES.values()
    for name in names.split()
    for manner, others in _MANNERS.values()
    if name in others.split()
}

Sounds = tuple[str, ...]


@cache
def sounds(names: Sounds) -> Sounds:
    """Bare mnemonics split into single phonemes, variants of one taken for it."""
    found: list[str] = []
    for name in names:
        for part in _PARTS.get(name, name).split():
            known = [part[:n] for n in range(len(part), 0, -1) if is_known(part[:n])]
            found.append(known[0] if known else part)
    return tuple(found)


def is_known(name: str) -> bool:
    """Whether a phoneme has features here."""
    return name in _VOWELS or name in _CONSONANTS


def is_vowel(name: str) -> bool:
    """Whether a mnemonic is or begins with a vowel."""
    return bool(name) and sounds((name,))[0] in _VOWELS


@cache
def substitution(one: str, other: str) -> float:
    """Cost of one phoneme for another: 0 for the same, about 0.2 to 1 within a class."""
    if one == other:
        return 0.0
    if one in _VOWELS and other in _VOWELS:
        a, b = _VOWELS[one], _VOWELS[other]
        away = 0.8 * abs(a[0] - b[0]) + 0.6 * abs(a[1] - b[1])
        return min(away + 0.2 * (a[2] != b[2]) + 0.4 * (a[3] != b[3]) + 0.05, 1.0)
    if one in _CONSONANTS and other in _CONSONANTS:
        place, manner, voiced = (
            x != y for x, y in zip(_CONSONANTS[one], _CONSONANTS[other], strict=True)
        )
        far = abs(_CONSONANTS[one][0] - _CONSONANTS[other][0])
        how = abs(_CONSONANTS[one][1] - _CONSONANTS[other][1])
        return min(0.2 * place + 0.6 * far + 0.1 * manner + 0.6 * how + 0.3 * voiced, 1.0)
    return STRANGER if not (is_known(one) and is_known(other)) else ACROSS


@cache
def _slip(one: str, other: str) -> float:
    """`substitution`, but nothing where one is a common slip or foreign accent for the other."""
    pairs = ((one, other), (other, one))
    for rules in (SLIPS, LEARNED, LAST):
        if any(b in rules.get(a, ()) for a, b in pairs):
            return 0.0
    return substitution(one, other)


def _indel(name: str, forgive: bool) -> float:
    """Cost of a phoneme too many or too few; slips and accents leave out r and schwa."""
    if forgive and name in ("r", "@"):
        return 0.1
    if name == "@":
        return 0.4
    return 0.9 if name in _VOWELS else 0.7


def distance(one: Sounds, other: Sounds, forgive: bool = False) -> float:
    """The cheapest way from one word to another, both as `sounds` gives them.

    `forgive` takes what a child's slip or an accent would change for the same.
    """
    cost = _slip if forgive else substitution
    row = [0.0]
    for name in other:
        row.append(row[-1] + _indel(name, forgive))
    for left in one:
        left_out = _indel(left, forgive)
        last, row = row, [row[0] + left_out]
        for place, right in enumerate(other):
            swap = last[place] + cost(left, right)
            row.append(min(swap, last[place + 1] + left_out, row[-1] + _indel(right, forgive)))
    return row[-1]


def nearest(one: Sounds, others: Sequence[Sounds], forgive: bool = False) -> float:
    """Distance to the nearest of some words."""
    return min(distance(one, other, forgive) for other in others)
