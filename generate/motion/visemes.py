"""From phonemes to the shapes of jaw and lips that belong to them.

Groups after Edwards, Landreth, Fiume and Singh, "JALI" (ACM Trans. Graph. 35, 2016), table of
visemes: bilabials close the lips, labiodentals bring the lower lip to the teeth, sibilants narrow
the jaw, rounded sounds pucker whatever their neighbours do, velars and h follow the vowels. Jaw
openings order the vowels by height as in Lindblom and Sundberg (JASA 50, 1971). `jaw_rule` and
`lip_rule` are the dominances of Cohen and Massaro (1993): how much a sound insists on its target.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from generate.motion.shapes import columns, shape

BILABIAL = frozenset("pbmʙɓ")
LABIODENTAL = frozenset("fvɱʋ")


@dataclass(frozen=True)
class Viseme:
    """One articulation."""

    jaw: float
    """jawOpen, 0 to 1, at ordinary effort."""
    lips: NDArray[np.float64]
    """(52,) everything but the jaw."""
    jaw_rule: float
    lip_rule: float

    @property
    def rounded(self) -> bool:
        """True where the lips protrude."""
        return bool(self.lips[_ROUND].max() >= 0.5)


_ROUND = columns("mouthPucker", "mouthFunnel")


def _viseme(jaw: float, jaw_rule: float, lip_rule: float, **lips: float) -> Viseme:
    return Viseme(jaw, shape(lips), jaw_rule, lip_rule)


_PUCKER = {"mouthPucker": 0.85, "mouthFunnel": 0.25}
_VISEMES: dict[str, Viseme] = {
    "bilabial": _viseme(0.06, 1.5, 3.0, mouthPress=0.2, mouthRollLower=0.12, mouthRollUpper=0.1),
    "labiodental": _viseme(0.08, 2.0, 3.0, mouthRollLower=0.45, mouthUpperUp=0.35),
    "dental": _viseme(0.16, 1.5, 1.0, tongueOut=0.2, mouthLowerDown=0.15, mouthUpperUp=0.06),
    "alveolar": _viseme(0.12, 1.0, 0.4, mouthLowerDown=0.12, mouthUpperUp=0.05),
    "lateral": _viseme(0.18, 1.0, 0.5, mouthLowerDown=0.14, mouthUpperUp=0.06),
    "sibilant": _viseme(0.07, 2.5, 1.0, mouthStretch=0.2, mouthLowerDown=0.42, mouthUpperUp=0.22),
    "postalveolar": _viseme(0.07, 2.5, 2.2, mouthFunnel=0.5, mouthPucker=0.2, mouthLowerDown=0.1),
    "rhotic": _viseme(0.1, 1.0, 1.5, mouthFunnel=0.28, mouthPucker=0.25),
    "velar": _viseme(0.15, 0.6, 0.2, mouthLowerDown=0.1),
    "glottal": _viseme(0.18, 0.3, 0.1, mouthLowerDown=0.08),
    "labiovelar": _viseme(0.06, 1.5, 3.0, **_PUCKER),
    "palatal": _viseme(0.1, 1.0, 1.2, mouthStretch=0.25, mouthSmile=0.15, mouthLowerDown=0.12),
    "close_front": _viseme(
        0.12, 1.2, 1.3, mouthStretch=0.3, mouthSmile=0.2, mouthLowerDown=0.2, mouthUpperUp=0.1
    ),
    "near_close_front": _viseme(
        0.2, 1.0, 0.9, mouthStretch=0.2, mouthSmile=0.08, mouthLowerDown=0.18, mouthUpperUp=0.08
    ),
    "mid_front": _viseme(
        0.3, 1.2, 1.0, mouthStretch=0.2, mouthSmile=0.08, mouthLowerDown=0.2, mouthUpperUp=0.1
    ),
    "open_front": _viseme(0.45, 1.5, 1.0, mouthStretch=0.2, mouthLowerDown=0.25, mouthUpperUp=0.14),
    "open_back": _viseme(0.5, 1.5, 1.0, mouthLowerDown=0.2, mouthUpperUp=0.1),
    "open_rounded": _viseme(0.42, 1.4, 1.5, mouthFunnel=0.35, mouthLowerDown=0.12),
    "mid_central": _viseme(0.22, 0.7, 0.4, mouthLowerDown=0.15, mouthUpperUp=0.06),
    "open_central": _viseme(0.35, 1.1, 0.7, mouthLowerDown=0.18, mouthUpperUp=0.08),
    "mid_rounded": _viseme(0.28, 1.3, 1.8, mouthFunnel=0.5, mouthPucker=0.25),
    "close_rounded": _viseme(0.12, 1.3, 2.5, **_PUCKER),
    "near_close_rounded": _viseme(0.16, 1.1, 1.7, mouthPucker=0.5, mouthFunnel=0.25),
}
_GROUPS: dict[str, str] = {
    "bilabial": "p b m ʙ ɓ",
    "labiodental": "f v ɱ ʋ",
    "dental": "θ ð",
    "alveolar": "t d n ɾ ɗ ʈ ɖ ɳ ɽ",
    "lateral": "l ɫ ɬ ɮ ɭ ɺ",
    "sibilant": "s z",
    "postalveolar": "ʃ ʒ ʂ ʐ ɕ ʑ",
    "rhotic": "ɹ r ɻ ʁ",
    "velar": "k ɡ g ŋ x ɣ q ɢ ɴ χ ʀ ɰ ɠ",
    "glottal": "h ʔ ɦ ħ ʕ",
    "labiovelar": "w ʍ ɥ ɸ β",
    "palatal": "j ç ɲ c ɟ ʎ ʝ",
    "close_front": "i",
    "near_close_front": "ɪ ᵻ ɨ ɯ",
    "mid_front": "e ɛ ε",
    "open_front": "æ",
    "open_back": "a ɑ",
    "open_rounded": "ɒ",
    "mid_central": "ə ɚ ɘ ɤ",
    "open_central": "ʌ ɐ ɜ ɝ",
    "mid_rounded": "o ɔ ɵ ø œ ɞ ɶ",
    "close_rounded": "u ʉ y",
    "near_close_rounded": "ʊ ʏ",
}
_OF_SYMBOL = {symbol: group for group, text in _GROUPS.items() for symbol in text.split()}


@cache
def visemes_of(phoneme: str) -> tuple[Viseme, ...]:
    """Articulations of one phoneme of espeak's IPA in order: two for diphthongs and affricates.

    Stress, length and diacritics are skipped; a phoneme without a known symbol gives ().
    """
    groups: list[str] = []
    for symbol in unicodedata.normalize("NFD", phoneme):
        group = _OF_SYMBOL.get(symbol)
        if group is not None and groups[-1:] != [group]:
            groups.append(group)
    if groups == ["alveolar", "postalveolar"]:  # ch and j round from their start
        groups = ["postalveolar"]
    return tuple(_VISEMES[group] for group in groups)


@cache
def unknown_symbols(phoneme: str) -> str:
    """Letters and marks of `phoneme` that are neither a sound we know nor a modifier (stress,
    length, diacritics, liaison, which change no articulation here)."""
    return "".join(
        symbol
        for symbol in unicodedata.normalize("NFD", phoneme)
        if symbol not in _OF_SYMBOL
        and symbol not in "-:"  # liaison, and length as some voices of espeak-ng write it
        and unicodedata.category(symbol) not in ("Lm", "Mn", "Mc", "Sk")
    )


def effort(phoneme: str) -> float:
    """How far the jaw goes relative to ordinary: stressed sounds further."""
    return {"ˈ": 1.15, "ˌ": 1.0}.get(phoneme[:1], 0.85)


def closes_lips(phoneme: str) -> bool:
    """True of p, b and m."""
    return bool(BILABIAL & set(phoneme))


def lip_to_teeth(phoneme: str) -> bool:
    """True of f and v."""
    return bool(LABIODENTAL & set(phoneme))
