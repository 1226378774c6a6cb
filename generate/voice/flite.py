"""flite as a pure function: text and voice in, sound with phoneme and word times out."""

from __future__ import annotations

import re
from functools import cache

from generate.voice.engine_voice import Voice
from generate.voice.flite_library import Segment, library, say
from generate.voice.phones import PAUSES, arpabet, ipa_of
from generate.voice.sayable import check_text
from generate.voice.timed import Speech, Timed

VOICES: dict[str, Voice] = {
    "kal16": Voice("male", 105, 16, 1.0),
    "awb": Voice("male", 130, 20, 0.94),
    "rms": Voice("male", 100, 18, 0.92),
    "slt": Voice("female", 175, 28, 1.2),
}
_PHONES = re.compile(r"\s*\[\[(.*?)\]\]\s*[.,!?]?\s*")
_SPELT = "phonestring"
"""flite's name of the word where it is given phonemes."""
_VOWEL = re.compile(r"[aeiou]")


@cache
def installed() -> bool:
    """Whether the library and its voices are there (Debian: libflite1)."""
    try:
        library()
    except (OSError, AttributeError):
        return False
    return True


def synth(
    text: str,
    voice: str = "slt",
    *,
    rate_wpm: int = 175,
    pitch: int = 50,
    pitch_range: int = 50,
    seed: int = 0,
) -> Speech:
    """Say `text`, or the phonemes of a text that is [[espeak mnemonics]] alone.

    pitch and pitch_range 0..99, 50 as the voice is; rate_wpm 80..450. The result depends on the
    arguments alone. Raises ValueError for a text that cannot be said or an unknown voice.
    """
    check_text(text)
    if voice not in VOICES:
        raise ValueError(f"flite has no voice {voice!r}; known: {', '.join(VOICES)}")
    f0_hz, spread_hz = VOICES[voice].pitched(pitch, pitch_range)
    phones = _PHONES.fullmatch(text)
    if phones:
        text = " ".join(("pau", *arpabet(phones.group(1).split("|")), "pau"))
    elif "[[" in text:
        raise ValueError(f"flite reads words or phonemes, not both: {text!r}")
    pcm, rate_hz, segments = say(
        text,
        bool(phones),
        voice,
        stretch=175 / rate_wpm,
        f0_hz=f0_hz,
        f0_sd_hz=spread_hz,
        seed=seed,
    )
    phonemes = _phonemes(segments)
    if not phonemes:
        raise ValueError(f"flite cannot say {text!r}: it holds no speech sound")
    return Speech(pcm, rate_hz, phonemes, _words(segments))


def _spans(segments: list[Segment]) -> list[tuple[Segment, float]]:
    """Each segment that is speech, with its start."""
    starts = [0.0, *(segment.end_s for segment in segments)]
    return [(s, at) for s, at in zip(segments, starts, strict=False) if s.phone not in PAUSES]


def _phonemes(segments: list[Segment]) -> tuple[Timed, ...]:
    return tuple(
        Timed(ipa_of(s.phone, s.stressed and bool(_VOWEL.match(s.phone))), at, s.end_s)
        for s, at in _spans(segments)
    )


def _words(segments: list[Segment]) -> tuple[Timed, ...]:
    found: list[Timed] = []
    last = 0
    for segment, start_s in _spans(segments):
        if segment.word_id and segment.word_id == last:
            found[-1] = Timed(found[-1].text, found[-1].start_s, segment.end_s)
        elif segment.word_id:
            name = "" if segment.word == _SPELT else segment.word
            found.append(Timed(name, start_s, segment.end_s))
        last = segment.word_id
    return tuple(found)
