"""Voices of festival that time speech themselves, made to say English with their own sounds.

Unit selection and hidden Markov models take no durations. They get words spelt in their phones,
through a lexicon that festival asks for each word, and tell when each phone sounds; the phones
of one English phoneme give its time. A phoneme that a language has no sound for is not said and
not in the result: Catalan has no h.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from generate.voice.espeak import synth as espeak_synth
from generate.voice.festival_pipe import festival
from generate.voice.phones import PAUSES, arpabet_of_ipa
from generate.voice.timed import Speech, Timed, later

AROUND_S = 0.1
"""Kept before and after what is said."""


@dataclass(frozen=True)
class Sounds:
    """How a language says English."""

    phone_set: str
    """festival's name."""
    phones: dict[str, str]
    """ARPAbet phones in its own, vowels stressed; nothing where it has no such sound."""
    vowels: dict[str, str]
    """What makes a syllable, and its name without stress."""
    softening: frozenset[str] = frozenset()
    """Vowels that soften the consonant before them."""
    hard: frozenset[str] = frozenset()
    """Consonants that can be softened: their names twice."""


_SAME = {name: name for name in "b d f g k l m n p r s t z".split()}  # noqa: SIM905
SOUNDS = {
    "catalan": Sounds(
        "upc_catalan-central",
        _SAME | {
            "aa": "a1", "ae": "E1", "ah": "a1", "ao": "O1", "aw": "a1 w", "ax": "ax", "ay": "a1 j",
            "ch": "t S", "dh": "d", "dx": "r", "eh": "E1", "er": "e1 r", "axr": "ax r",
            "ey": "e1 j", "hh": "", "ih": "i1", "iy": "i1", "jh": "d Z", "ng": "n", "ow": "o1 w",
            "oy": "O1 j", "r": "r", "sh": "S", "th": "t", "uh": "u1", "uw": "u1", "v": "b",
            "w": "w", "y": "j", "zh": "Z",
        },
        {"a1": "a", "e1": "e", "E1": "E", "i1": "i", "o1": "o", "O1": "O", "u1": "u", "ax": "ax"},
    ),
    "russian": Sounds(
        "msu_ru",
        _SAME | {
            "aa": "aa", "ae": "ee", "ah": "aa", "ao": "oo", "aw": "aa u", "ax": "ae", "ay": "aa j",
            "ch": "ch", "dh": "z", "dx": "d", "eh": "ee", "er": "oo r", "axr": "ae r",
            "ey": "ee j", "hh": "h", "ih": "ii", "iy": "ii", "jh": "d zh", "ng": "n", "ow": "oo u",
            "oy": "oo j", "sh": "sh", "th": "s", "uh": "uu", "uw": "u", "v": "v", "w": "u",
            "y": "j", "zh": "zh",
        },
        {"aa": "a", "ee": "e", "ii": "i", "oo": "oo", "uu": "u", "ae": "ae"},
        frozenset(("ii", "i")),
        frozenset("bdfghklmnprstvz"),
    ),
}  # fmt: skip


def say(text: str, voice: str, language: str) -> Speech:
    """`text` as a voice of SOUNDS[language] says it, at its own pitch and tempo.

    Raises ValueError where the voice has no sound for any of it.
    """
    spelt = [(word, _spelt(said, language)) for word, said in _read(text)]
    spelt = [(word, said) for word, said in spelt if any(names for _, names in said)]
    if not spelt:
        raise ValueError(f"festival's {voice} has no sound for {text!r}")
    entries = [f'("w{i}" nil ({_syllables(said, language)}))' for i, (_, said) in enumerate(spelt)]
    lexicon = f"collodi-{language}"
    setting = (
        f"(voice_{voice}) (set! postlex_rules_hooks nil)"
        f' (if (member_string "{lexicon}" (lex.list)) (lex.select "{lexicon}") (begin'
        " (define (collodi_entry word features) (assoc_string word collodi_words))"
        f' (lex.create "{lexicon}") (lex.set.phoneset "{SOUNDS[language].phone_set}")'
        " (lex.set.lts.method 'collodi_entry)))"
        f" (set! collodi_words '({' '.join(entries)}))"
    )
    words = " ".join(f"w{i}" for i in range(len(spelt)))
    pcm, rate_hz, said = festival(voice).wave(f"(Utterance Words ({words}))", setting)
    phonemes, times = _timed(spans(said), spelt)
    begin_s, end_s = phonemes[0].start_s - AROUND_S, phonemes[-1].end_s + AROUND_S
    first, last = round(max(begin_s, 0.0) * rate_hz), round(end_s * rate_hz)
    early_s = -first / rate_hz
    return Speech(pcm[first:last], rate_hz, later(phonemes, early_s), later(times, early_s))


def spans(said: str) -> list[tuple[str, float, float]]:
    """Name, start and end of each phone that is no pause, of the segments that festival prints."""
    lines = [line.split() for line in said.splitlines()]
    ends = [(parts[0], float(parts[1])) for parts in lines if len(parts) == 5]
    starts = [0.0, *(end_s for _, end_s in ends)]
    whole = [(name, at, end_s) for (name, end_s), at in zip(ends, starts, strict=False)]
    return [one for one in whole if one[0] not in PAUSES]


def _read(text: str) -> list[tuple[str, list[Timed]]]:
    """Words and their phonemes as espeak-ng reads them."""
    heard = espeak_synth(text, "en-us")
    starts = [word.start_s for word in heard.words[1:]]
    found: list[tuple[str, list[Timed]]] = [(word.text, []) for word in heard.words] or [("", [])]
    for phoneme in heard.phonemes:
        found[bisect_right(starts, (phoneme.start_s + phoneme.end_s) / 2)][1].append(phoneme)
    return found


def _spelt(said: list[Timed], language: str) -> list[tuple[str, list[str]]]:
    """Phonemes of a word, each with the phones that say it."""
    sounds = SOUNDS[language]
    found = []
    for phoneme in said:
        names = [n for a in arpabet_of_ipa(phoneme.text) for n in sounds.phones[a].split()]
        if "ˈ" not in phoneme.text:
            names = [sounds.vowels.get(name, name) for name in names]
        found.append((phoneme.text, names))
    places = [(names, i) for _, names in found for i in range(len(names))]
    for (names, i), (others, k) in pairwise(places):
        if others[k] in sounds.softening and names[i] in sounds.hard:
            names[i] *= 2
    return found


def _syllables(said: list[tuple[str, list[str]]], language: str) -> str:
    """((phones) stress) of each syllable: one consonant between two vowels begins the second."""
    vowels = SOUNDS[language].vowels
    phones = [(n, "ˈ" in text) for text, names in said for n in names]
    at = [i for i, (n, _) in enumerate(phones) if n in vowels or n in vowels.values()]
    cuts = [0, *(b - (b - a > 1) for a, b in pairwise(at)), len(phones)]
    parts = [phones[a:b] for a, b in pairwise(cuts)]
    return " ".join(f"(({' '.join(n for n, _ in p)}) {int(any(s for _, s in p))})" for p in parts)


def _timed(
    phones: list[tuple[str, float, float]], spelt: list[tuple[str, list[tuple[str, list[str]]]]]
) -> tuple[tuple[Timed, ...], tuple[Timed, ...]]:
    """Phonemes and words by the times of their phones; RuntimeError if those are others."""
    asked = [n for _, said in spelt for _, names in said for n in names]
    if [name for name, _, _ in phones] != asked:
        raise RuntimeError(f"festival said {[p[0] for p in phones]}, not {asked}")
    phonemes: list[Timed] = []
    words: list[Timed] = []
    rest = iter(phones)
    for word, said in spelt:
        own = []
        for text, names in said:
            parts = [next(rest) for _ in names]
            own += [Timed(text, parts[0][1], parts[-1][2])] if parts else []
        phonemes += own
        words.append(Timed(word, own[0].start_s, own[-1].end_s))
    return tuple(phonemes), tuple(words)
