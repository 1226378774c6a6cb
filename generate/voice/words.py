"""Clips for keyword spotting: one word as people say it, other words, and no word at all.

Variety of the sound is what makes a keyword model work on real people: of all clips of a keyword
a quarter is cut out of running speech, and a third is said with a slip or an accent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from generate.spec import VoiceSpec
from generate.voice.accents import FOREIGN, british, plain, slipped, spell
from generate.voice.articulation import GROWN_YEARS, articulated, slips_of
from generate.voice.engines import reads_phonemes
from generate.voice.keywords import LONGEST_S, all_sayings
from generate.voice.languages import is_english, reader, sound
from generate.voice.neighbours import is_apart, sample_neighbour
from generate.voice.sayable import check_text
from generate.voice.speech import PEAK, RATE_HZ, Utterance, become, read, speak
from generate.voice.text import plain_text, plain_words
from generate.voice.timed import Timed, cut, later

CARRIED, FOREIGN_SHARE, SLIPPED, ACCENTED = 0.25, 0.15, 0.18, 0.5
PARTS_WARP = 0.22
"""Log tempo spread of parts of a word in WORLD voices (real digits: 85.8 % without, 87.1 with)."""
AROUND_S = 0.06
"""Of running speech that a word is cut out of, this much stays while the voice is changed."""
SILENT_S = 0.1
"""Engines are silent for longer than this before and after a word; `_trim` leaves less."""
PIECES = 0.3
"""Share of the clips without keyword that are pieces of sentences."""


def say_word(word: str, voice: VoiceSpec, rng: np.random.Generator) -> Utterance:
    """One keyword, trimmed to its sound and 0 to 80 ms around it; `facts` tell how it was said.

    Raises ValueError for a word that cannot be said.
    """
    check_text(word, voice.language)
    kind = rng.random()
    said = None
    if kind < CARRIED:
        said = _carried(word, voice, rng)
    elif voice.child and voice.age_years < GROWN_YEARS:
        said = _childlike(word, voice, rng)
    elif kind < CARRIED + FOREIGN_SHARE and voice.engine == "espeak":
        said = _foreign(word, voice, rng)
    elif kind < CARRIED + FOREIGN_SHARE + SLIPPED:
        said = _slipped(word, voice, rng)
    return said or _alone(word, voice, rng)


def say_other(
    keywords: Sequence[str], voice: VoiceSpec, rng: np.random.Generator, near_share: float = 0.0
) -> Utterance:
    """What is none of `keywords` (as options give them) and sounds like none.

    A near miss (`near_share`), a piece of running speech, or a word.
    """
    taken = tuple(keywords)
    if rng.random() < near_share:
        near = _near(taken, voice, rng)
        if near is not None:
            return near
    if rng.random() < PIECES:
        piece = _piece(taken, voice, rng)
        if piece is not None:
            return piece
    words = plain_words(voice.language)
    for _ in range(200):
        word = words[int(rng.integers(len(words)))]
        if is_apart(word, taken, voice.language):
            return say_word(word, voice, rng)
    raise ValueError(f"no word is left that is not one of the {len(taken)} keywords")


def silence(rng: np.random.Generator, length_s: float) -> Utterance:
    """No speech: noise of a quiet room (-70 to -40 dB of full scale) with a random tilt."""
    count = round(length_s * RATE_HZ)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / RATE_HZ) + 50.0
    noise = np.fft.irfft(spectrum * frequency ** -rng.uniform(0, 1), count)
    level = 10 ** (rng.uniform(-70, -40) / 20) / max(float(noise.std()), 1e-9)
    audio = np.clip(noise * level, -1, 1).astype(np.float32)
    return Utterance(audio, (), (), {"engine": "noise", "voice": ""})


def _alone(word: str, voice: VoiceSpec, rng: np.random.Generator) -> Utterance:
    """By itself; recorded voices that read phonemes are American, and British half of the time."""
    recorded = voice.engine in ("flite", "festival") and is_english(voice.language)
    if recorded and reads_phonemes(voice.engine, voice.voice) and rng.random() < ACCENTED:
        return _shorten(british(word), voice, rng, word, "british")
    return _as_it_is(word, voice, rng)


def _as_it_is(word: str, voice: VoiceSpec, rng: np.random.Generator) -> Utterance:
    text = word + ("", "?", "!", ",")[int(rng.integers(4))]
    return _shorten(text, voice, rng, word, "alone")


def _carried(word: str, voice: VoiceSpec, rng: np.random.Generator) -> Utterance | None:
    """Cut out of running speech by the times of the words; its neighbours colour its ends."""
    words = plain_words(voice.language)
    before, after = (words[int(rng.integers(len(words)))] for _ in range(2))
    plain = read(f"{before} {word} {after}", voice)
    heard = [_letters(one.text) for one in plain.words]
    ends = [_letters(one) for one in (before, re.split(r"[\s-]", word)[0], after)]
    if len(heard) < 3 or [heard[0], heard[1], heard[-1]] != ends:
        return None
    first_s = round(max(plain.words[1].start_s - AROUND_S, 0.0) * RATE_HZ) / RATE_HZ
    near = _part(plain, first_s, plain.words[-2].end_s + AROUND_S)
    own = later(plain.words[1:-1], -first_s)
    said = become(replace(near, words=own), voice, rng, PARTS_WARP)
    start_s, end_s = said.words[0].start_s, said.words[-1].end_s
    if not 0.08 < end_s - start_s <= LONGEST_S - 0.04:
        return None
    begin_s, end_s = start_s - rng.uniform(0, 0.02), end_s + rng.uniform(0, 0.02)
    return _named(_part(said, max(begin_s, 0.0), end_s), word, "carried")


def _letters(word: str) -> str:
    """A word as engines agree on it: flite leaves out apostrophes."""
    return re.sub(r"[\W_]", "", word).lower()


def _near(taken: tuple[str, ...], voice: VoiceSpec, rng: np.random.Generator) -> Utterance | None:
    """A near miss, said as it is: a slip could make the keyword of it."""
    reads = reads_phonemes(voice.engine, voice.voice)
    near = sample_neighbour(taken, voice.language, reads, rng)
    if near is None:
        return None
    said = _as_it_is(near.text, voice, rng)
    return replace(said, facts=said.facts | {"how": "near", "near_to": near.keyword})


def _childlike(word: str, voice: VoiceSpec, rng: np.random.Generator) -> Utterance | None:
    """With the processes of this child, if it has any that fits."""
    if not (reads_phonemes(voice.engine, voice.voice) and is_english(voice.language)):
        return None
    slips = slips_of(voice.age_years, voice.seed)
    text = articulated(word, slips, rng, reader(voice.language))
    return _shorten(text, voice, rng, word, "slipped") if text else None


def _slipped(word: str, voice: VoiceSpec, rng: np.random.Generator) -> Utterance | None:
    if not reads_phonemes(voice.engine, voice.voice):
        return None
    learner = rng.random() < 0.6 and is_english(voice.language)
    text = slipped(word, rng, learner, reader(voice.language))
    return _shorten(text, voice, rng, word, "slipped") if text else None


def _foreign(word: str, voice: VoiceSpec, rng: np.random.Generator) -> Utterance | None:
    """The phonemes of the word read by a voice of another language, if it has them all."""
    _, _, variant = voice.voice.partition("+")
    other = replace(voice, voice=f"{FOREIGN[int(rng.integers(len(FOREIGN)))]}+{variant}")
    names = plain(word, reader(voice.language))
    try:
        said = _shorten(spell(names), other, rng, word, "foreign")
    except ValueError:
        return None
    return said if len(said.phonemes) >= len(names) else None


def _shorten(
    text: str, voice: VoiceSpec, rng: np.random.Generator, word: str, how: str
) -> Utterance:
    """Say and trim, faster until it fits LONGEST_S."""
    said = _say(text, voice, rng)
    for _ in range(3):
        if said.duration_s <= LONGEST_S:
            break
        faster = min(int(voice.rate_wpm * said.duration_s / LONGEST_S * 1.1) + 5, 450)
        voice = replace(voice, rate_wpm=faster)
        said = _say(text, voice, rng)
    return _named(said, word, how)


def _say(text: str, voice: VoiceSpec, rng: np.random.Generator) -> Utterance:
    """Said and trimmed; silence is cut off before the voice is changed, which takes its time."""
    plain = read(text, voice)
    begin_s, end_s = plain.phonemes[0].start_s - SILENT_S, plain.phonemes[-1].end_s + SILENT_S
    near = _part(plain, max(begin_s, 0.0), end_s)
    return _trim(become(near, voice, rng, PARTS_WARP), rng)


def _piece(taken: tuple[str, ...], voice: VoiceSpec, rng: np.random.Generator) -> Utterance | None:
    """Half a second to LONGEST_S of a sentence without keywords."""
    text = plain_text(voice.language, rng)
    if holds(text, taken, voice.language):
        return None
    said = speak(text, voice, rng, PARTS_WARP)
    length_s = float(rng.uniform(0.5, LONGEST_S))
    begin_s = float(rng.uniform(0, max(said.duration_s - length_s, 0.0)))
    piece = _part(said, begin_s, begin_s + length_s)
    return replace(piece, facts=piece.facts | {"how": "piece"}) if piece.phonemes else None


def holds(text: str, keywords: Sequence[str], language: str = "en") -> bool:
    """Whether words of a text in a row sound like one of `keywords`."""
    words = [sound(word, language) for word in re.findall(r"[\w'’]+", text)]
    for keyword in {sound(saying, language) for saying in all_sayings(keywords)}:
        for first in range(len(words)):
            heard: tuple[str, ...] = ()
            for word in words[first:]:
                heard += word
                if heard == keyword:
                    return True
                if len(heard) >= len(keyword):
                    break
    return False


def _trim(said: Utterance, rng: np.random.Generator) -> Utterance:
    """Cut to where 10 ms blocks are within 38 dB of the loudest, and 0 to 80 ms around it."""
    block = RATE_HZ // 100
    count = len(said.audio) // block
    blocks = said.audio[: count * block].reshape(count, block).astype(np.float64)
    level_db = 10 * np.log10(np.mean(blocks**2, axis=1) + 1e-12)
    loud = np.flatnonzero(level_db > level_db.max() - 38)
    begin_s = loud[0] / 100 - rng.uniform(0, 0.08)
    end_s = (loud[-1] + 1) / 100 + rng.uniform(0, 0.08)
    return _part(said, max(begin_s, 0.0), end_s)


def _part(said: Utterance, begin_s: float, end_s: float) -> Utterance:
    """From `begin_s` to `end_s`, on whole samples, at full level."""
    begin, end = round(begin_s * RATE_HZ), min(round(end_s * RATE_HZ), len(said.audio))
    begin_s, end_s = begin / RATE_HZ, end / RATE_HZ
    return Utterance(
        _level(said.audio[begin:end]),
        cut(said.phonemes, begin_s, end_s),
        cut(said.words, begin_s, end_s),
        said.facts,
    )


def _level(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    peak = max(float(np.abs(audio).max(initial=0.0)), 1e-6)
    return (audio * np.float32(PEAK / peak)).astype(np.float32)


def _named(said: Utterance, word: str, how: str) -> Utterance:
    """Phoneme input has no words: the clip is the one word."""
    start_s = said.phonemes[0].start_s if said.phonemes else 0.0
    end_s = said.phonemes[-1].end_s if said.phonemes else said.duration_s
    return replace(said, words=(Timed(word, start_s, end_s),), facts=said.facts | {"how": how})
