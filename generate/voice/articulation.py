"""How children talk: sounds they have not learned yet, and hesitations, by age and by child.

Each child has its own processes, drawn from its seed, and uses one nearly always: the share of
children that have one falls with age along a logistic curve. Ages at which half of them are past a
process follow Dodd, Holm, Hua and Crosbie (Clinical Linguistics & Phonetics 17, 2003) and the
review of McLeod and Crowe (AJSLP 27, 2018): gliding of r ends about 6, f for th later. Hesitations:
about six disfluencies in 100 syllables before school (Ambrose and Yairi, JSLHR 42, 1999).
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from generate.spec import VoiceSpec
from generate.voice.accents import bare, spell, stress
from generate.voice.espeak import mnemonics
from generate.voice.languages import is_english, reader
from generate.voice.speech import Utterance, speak
from generate.voice.timed import Timed

PROCESSES: dict[tuple[str, str], float] = {
    ("r", "w"): 5.2, ("T", "f"): 6.3, ("D", "d"): 4.4, ("l", "w"): 3.4, ("S", "s"): 3.7,
    ("tS", "t"): 3.6, ("dZ", "d"): 3.6, ("z", "s"): 3.3, ("N", "n"): 3.1, ("s", "T"): 2.8,
}  # fmt: skip
"""Age in years at which half of the children say the second for the first."""
SPREAD_YEARS = 0.8
USED = 0.9
"""How often a child uses a process that it has."""
GROWN_YEARS = 10.0
"""From here on nobody slips."""
FILLERS = ("um", "uh", "er")
HESITATING = ((3, 6, 12, 18), (0.45, 0.32, 0.16, 0.08))
"""Ages and shares of sentences with a hesitation."""


def slip_share(sound: str, said: str, age_years: float) -> float:
    """Share of the children of an age who say `said` for `sound`."""
    if age_years >= GROWN_YEARS:
        return 0.0
    late = (age_years - PROCESSES[sound, said]) / SPREAD_YEARS
    return float(1 / (1 + np.exp(late)))


def slips_of(age_years: float, seed: int) -> dict[str, str]:
    """The processes of one child, {sound: what it says instead} in mnemonics.

    A child loses them one by one as it grows: the same seed at a greater age has no new ones.
    """
    draws = np.random.default_rng(seed).random(len(PROCESSES))
    pairs = zip(PROCESSES, draws, strict=True)
    return {a: b for (a, b), draw in pairs if draw < slip_share(a, b, age_years)}


def articulated(word: str, slips: dict[str, str], rng: np.random.Generator, voice: str) -> str:
    """`word` with a child's processes as [[mnemonics]]; "" where none applies."""
    names = mnemonics(word, voice)
    said = tuple(
        stress(name) + slips[bare(name)] if bare(name) in slips and rng.random() < USED else name
        for name in names
    )
    return "" if said == names else spell(said)


def hesitant(text: str, age_years: float, rng: np.random.Generator) -> str:
    """A sentence, for some with a filler, a pause or a word said twice."""
    words = text.split()
    if rng.random() >= np.interp(age_years, *HESITATING) or len(words) < 3:
        return text
    place, kind = int(rng.integers(0, len(words) - 1)), rng.random()
    filler = FILLERS[int(rng.integers(len(FILLERS)))]
    if kind < 0.4 and place == 0:
        words[0] = f"{filler.capitalize()}, {_uncapital(words[0])}"
    elif kind < 0.4:
        words[place] = f"{filler}, {words[place]}"
    elif kind < 0.75:
        again = re.sub(r"\W+$", "", words[place])
        words[place] = f"{again}, {_uncapital(words[place])}"
    else:
        words[place] = re.sub(r"[,;]*$", " ...", words[place], count=1)
    return " ".join(words)


def say_sentence(text: str, voice: VoiceSpec, rng: np.random.Generator) -> tuple[Utterance, str]:
    """What a voice makes of a sentence, hesitations and a child's slips included, and its words.

    Slips are espeak-ng's matter (it reads words and phonemes mixed); labels keep the words that are
    meant. Raises ValueError as `speak` does.
    """
    if not is_english(voice.language):
        return speak(text, voice, rng), text
    text = hesitant(text, voice.age_years, rng)
    slips = slips_of(voice.age_years, voice.seed) if voice.engine == "espeak" else {}
    if not slips or not voice.child:
        return speak(text, voice, rng), text
    meant: list[tuple[str, str]] = []

    def slip(found: re.Match[str]) -> str:
        heard = articulated(found.group(), slips, rng, reader(voice.language))
        if heard:
            meant.append((heard[2:-2], found.group()))
        return heard or found.group()

    said = speak(re.sub(r"[A-Za-z][\w'’]*", slip, text), voice, rng)
    return replace(said, words=_as_meant(said.words, meant)), text


def _as_meant(words: tuple[Timed, ...], meant: list[tuple[str, str]]) -> tuple[Timed, ...]:
    """espeak-ng names a word given as phonemes by the first of them: give it its own name back."""
    waiting, found = list(meant), []
    for word in words:
        if waiting and waiting[0][0].startswith(word.text):
            word = replace(word, text=waiting.pop(0)[1])
        found.append(word)
    return tuple(found)


def _uncapital(word: str) -> str:
    return word if word == "I" or word.startswith("I'") else word[:1].lower() + word[1:]
