"""espeak-ng as a pure function: text and voice in, sound with phoneme and word times out."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from generate.voice.espeak_library import PHONEME, WORD, RawEvent, Session, voice_files
from generate.voice.sayable import check_text
from generate.voice.timed import Speech, Timed

STOPS = frozenset("ptkʔʧ")
"""First letters of the voiceless stops and affricates, whose closure is silent."""
_LIMITS = {"rate_wpm": (80, 450), "pitch": (0, 99), "pitch_range": (0, 99)}


def synth(
    text: str,
    voice: str = "en-us",
    *,
    rate_wpm: int = 175,
    pitch: int = 50,
    pitch_range: int = 50,
    seed: int = 0,
) -> Speech:
    """Say `text`, in which [[...]] holds espeak phoneme mnemonics, with a voice such as "en-us+f3".

    The result depends on the arguments alone, not on earlier calls, thread or process (one build
    of espeak-ng and of the C library). rate_wpm 80..450, pitch and pitch_range 0..99.
    Raises ValueError for a text that the voice cannot say, an unknown voice, or a setting out
    of range.
    """
    check_voice(voice)
    check_text(text, language_of(voice))
    for name, value in (("rate_wpm", rate_wpm), ("pitch", pitch), ("pitch_range", pitch_range)):
        low, high = _LIMITS[name]
        if not low <= value <= high:
            raise ValueError(f"{name} {value} is outside {low} to {high}")
    with Session() as session:
        pcm, events = session.say(text, voice, rate_wpm, pitch, pitch_range, seed)
        rate_hz = session.rate_hz
    phonemes = _phonemes(events, pcm, rate_hz)
    if not phonemes:
        raise ValueError(f"voice {voice!r} cannot say {text!r}: it holds no speech sound")
    return Speech(pcm, rate_hz, phonemes, _words(events, phonemes, text))


@cache
def mnemonics(text: str, voice: str = "en-us") -> tuple[str, ...]:
    """espeak's phoneme names of a text, such as ("T", "r", "'i:") for three.

    Raises ValueError as `synth` does.
    """
    return mnemonics_of((text,), voice)[0]


@cache
def mnemonics_of(texts: tuple[str, ...], voice: str = "en-us") -> tuple[tuple[str, ...], ...]:
    """`mnemonics` of each text; for many, 30 times as fast (the library is loaded once)."""
    check_voice(voice)
    for text in texts:
        check_text(text, language_of(voice))
    with Session() as session:
        return tuple(tuple(session.mnemonics(text, voice)) for text in texts)


def language_of(voice: str) -> str:
    """The language of a voice, such as "en-us" of "en-us+f3"."""
    return voice.partition("+")[0].lower()


def check_voice(voice: str) -> None:
    """Raise ValueError unless espeak-ng has the language and the variant of "language+variant"."""
    language, _, variant = voice.partition("+")
    if language.lower() not in languages():
        raise ValueError(f"espeak-ng has no voice {language!r}; English ones begin with 'en'")
    if variant not in {"", *variants()}:
        raise ValueError(f"espeak-ng has no variant {variant!r}; known: f1..f5, m1..m8, Annie, ...")


@cache
def variants() -> tuple[str, ...]:
    """Names of the voice variants (the part after '+')."""
    folder = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
    return tuple(sorted(entry.name for entry in folder.iterdir()))


@cache
def languages() -> frozenset[str]:
    """Lower-case language names (the part before '+'): British English is "en"."""
    return frozenset(voice_files())


def _phonemes(events: list[RawEvent], pcm: NDArray[np.int16], rate_hz: int) -> tuple[Timed, ...]:
    """Phonemes with ends at the next event, pauses left out, stop closures given to the stops."""
    marks = [event for event in events if event.kind == PHONEME]
    last_s = len(pcm) / rate_hz
    starts = [mark.time_s for mark in marks]
    for index, mark in enumerate(marks):
        if mark.text.lstrip("ˈˌ")[:1] in STOPS:
            earliest = starts[index - 1] + 0.02 if index else 0.0
            starts[index] = _closure_start(pcm, rate_hz, mark.time_s, earliest)
    found = []
    for index, mark in enumerate(marks):
        end_s = starts[index + 1] if index + 1 < len(marks) else last_s
        if mark.text and end_s > starts[index]:
            found.append(Timed(mark.text, starts[index], min(end_s, last_s)))
    return tuple(found)


def _closure_start(
    pcm: NDArray[np.int16], rate_hz: int, start_s: float, earliest_s: float
) -> float:
    """Where the sound drops by 15 dB into the closure before `start_s`; `start_s` if nowhere.

    Looks back 120 ms at most. A drop, not silence, is sought: some variants have an echo.
    """
    block = int(0.005 * rate_hz)
    begin = int(max(earliest_s, start_s - 0.12) * rate_hz)
    count = (int(start_s * rate_hz) - begin) // block
    if count < 3:
        return start_s
    blocks = pcm[begin : begin + count * block].reshape(count, block).astype(np.float64)
    level_db = 10 * np.log10(np.mean(blocks**2, axis=1) + 1.0)
    quiet = level_db < level_db[: count - 1].max() - 15
    if not quiet[-1]:
        return start_s
    loud = np.flatnonzero(~quiet)
    return (begin + (int(loud[-1]) + 1) * block) / rate_hz


def _words(events: list[RawEvent], phonemes: tuple[Timed, ...], text: str) -> tuple[Timed, ...]:
    """Words with ends at their last phoneme; a word the voice left out is left out here too."""
    marks = [event for event in events if event.kind == WORD]
    found = []
    for index, mark in enumerate(marks):
        until = marks[index + 1].time_s if index + 1 < len(marks) else float("inf")
        inside = [p for p in phonemes if mark.time_s <= (p.start_s + p.end_s) / 2 < until]
        if inside:
            start_s = max(inside[0].start_s, mark.time_s)
            found.append(Timed(_name(text, mark), start_s, inside[-1].end_s))
    return tuple(found)


def _name(text: str, mark: RawEvent) -> str:
    """The word at the event, with the "n't" or "'s" that espeak-ng leaves out of its length."""
    name = text[mark.position : mark.position + mark.length].strip("[] ")
    tail = re.match(r"['’]\w+", text[mark.position + mark.length :])
    return name + (tail.group() if tail else "")
