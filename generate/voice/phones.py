"""Phoneme alphabets beside each other: espeak-ng mnemonics, ARPAbet (flite, festival), IPA.

ARPAbet as in the CMU pronouncing dictionary, with `ax` for schwa; IPA as espeak-ng writes it, so
that visemes and labels are the same whatever engine speaks.
"""

from __future__ import annotations

ARPABET_IPA: dict[str, str] = {
    "aa": "ɑː", "ae": "æ", "ah": "ʌ", "ao": "ɔː", "aw": "aʊ", "ax": "ə", "axr": "ɚ", "ay": "aɪ",
    "b": "b", "ch": "tʃ", "d": "d", "dh": "ð", "dx": "ɾ", "eh": "ɛ", "el": "əl", "em": "əm",
    "en": "ən", "er": "ɜː", "ey": "eɪ", "f": "f", "g": "ɡ", "hh": "h", "hv": "h", "ih": "ɪ",
    "iy": "iː", "jh": "dʒ", "k": "k", "l": "l", "m": "m", "n": "n", "ng": "ŋ", "nx": "n",
    "ow": "oʊ", "oy": "ɔɪ", "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t", "th": "θ",
    "uh": "ʊ", "uw": "uː", "v": "v", "w": "w", "y": "j", "z": "z", "zh": "ʒ",
}  # fmt: skip
PAUSES = frozenset({"pau", "h#", "brth", "sil", "#", ""})
"""Segments of flite and festival that hold no speech sound."""
MNEMONIC_ARPABET: dict[str, str] = {
    "p": "p", "b": "b", "t": "t", "d": "d", "k": "k", "g": "g", "m": "m", "n": "n", "N": "ng",
    "f": "f", "v": "v", "T": "th", "D": "dh", "s": "s", "z": "z", "S": "sh", "Z": "zh", "h": "hh",
    "tS": "ch", "dZ": "jh", "l": "l", "r": "r", "w": "w", "j": "y", "t#": "t", "t2": "t",
    "?": "t", "n-": "ax n", "@L": "ax l", "@l": "ax l", "@r": "er", "i:": "iy", "i": "iy",
    "I": "ih", "I2": "ih", "I#": "ih", "E": "eh", "e": "eh", "a": "ae", "aa": "ae", "&": "ae",
    "A:": "aa", "A": "aa", "0": "aa", "a#": "ax", "a2": "ax", "@": "ax", "@2": "ax", "V": "ah",
    "3": "er", "3:": "er", "O:": "ao", "O": "ao", "O2": "ao", "U": "uh", "u:": "uw", "u": "uw",
    "eI": "ey", "aI": "ay", "OI": "oy", "aU": "aw", "oU": "ow", "o": "ow", "A@": "aa r",
    "e@": "eh r", "O@": "ao r", "o@": "ao r", "U@": "uh r", "i@": "iy ax", "i@3": "iy er",
    "aI@": "ay ax", "@-": "ax", "aI3": "ay er", "ar": "aa r", ";": "",
}  # fmt: skip
_VOWELS = frozenset(
    ("aa", "ae", "ah", "ao", "aw", "ax", "ay", "eh", "er", "ey", "ih", "iy", "ow", "oy", "uh", "uw")
)


def ipa_of(phone: str, stressed: bool = False) -> str:
    """IPA of an ARPAbet phone, with the mark of main stress before it where it is stressed.

    Raises ValueError for a phone that is not ARPAbet.
    """
    name = phone.rstrip("012")
    if name not in ARPABET_IPA:
        raise ValueError(f"{phone!r} is not an ARPAbet phone")
    return ("ˈ" if stressed else "") + ARPABET_IPA[name]


def arpabet(mnemonics: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """ARPAbet phones of espeak-ng mnemonics; vowels end with their stress, 0 or 1.

    Raises ValueError for a mnemonic that English does not have.
    """
    found: list[str] = []
    for name in mnemonics:
        bare = name.lstrip("',%=")
        if bare not in MNEMONIC_ARPABET:
            raise ValueError(f"the mnemonic {name!r} has no ARPAbet phone")
        stress = "1" if name[: len(name) - len(bare)].endswith("'") else "0"
        phones = MNEMONIC_ARPABET[bare].split()
        found += [phone + stress if phone in _VOWELS else phone for phone in phones]
    return tuple(found)


_IPA_EXTRA = {
    "ɐ": "ax", "ᵻ": "ih", "ɨ": "ih", "i": "iy", "u": "uw", "oː": "ao", "o": "ow", "ɒ": "aa",
    "a": "ae", "ɑ": "aa", "ɔ": "ao", "e": "eh", "ɜ": "er", "ɫ": "l", "ʔ": "t", "r": "r", "ɡ": "g",
    "g": "g", "x": "k", "ç": "hh", "ɬ": "l", "ː": "", "ˑ": "", "̩": "", "ʲ": "", "̃": "",
}  # fmt: skip
_ALLOPHONES = frozenset(("el", "em", "en", "nx", "hv"))
_OF_IPA = {ipa: name for name, ipa in ARPABET_IPA.items() if name not in _ALLOPHONES} | _IPA_EXTRA


def arpabet_of_ipa(phoneme: str) -> tuple[str, ...]:
    """ARPAbet phones of one phoneme of espeak-ng's IPA, longest symbols first, without stress.

    Raises ValueError for a symbol that English does not have.
    """
    found: list[str] = []
    rest = phoneme.replace("ˈ", "").replace("ˌ", "")
    while rest:
        size = next((n for n in (3, 2, 1) if rest[:n] in _OF_IPA), 0)
        if not size:
            raise ValueError(f"the phoneme {phoneme!r} has no ARPAbet phone")
        name = _OF_IPA[rest[:size]]
        found += [name] if name else []
        rest = rest[size:]
    return tuple(found)
