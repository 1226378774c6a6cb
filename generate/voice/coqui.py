"""Coqui's FastPitch and VITS as a pure function: text and a voice's folder in, timed speech out.

espeak-ng turns the text into phonemes, so that every engine has the same alphabet; the voice reads
them, and how long it takes for each is when it sounds. Nothing is ever downloaded.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from device.files import sha256_of
from generate.spec import Sex
from generate.voice.coqui_folder import PUNCTUATION, read_folder
from generate.voice.coqui_pipe import speaker_says, tts_python
from generate.voice.espeak import synth as espeak_synth
from generate.voice.norms import f0_norm_hz, tract_scale
from generate.voice.sayable import check_text
from generate.voice.timed import Speech, Timed

PEAK = 0.7 * 32767
TRIAL = "My favourite animal is the elephant."
OLDEST_CHILD_HZ = 190.0
"""Voices above speak like a woman or a child, below like a man."""


def synth(
    text: str,
    voice: str,
    *,
    rate_wpm: int = 175,
    pitch: int = 50,
    pitch_range: int = 50,
    seed: int = 0,
) -> Speech:
    """Say `text`, in which [[...]] holds espeak mnemonics, with the voice in the folder `voice`.

    rate_wpm 80..450, 175 as the voice is; pitch and pitch_range 0..99, 50 as the voice is (VITS has
    neither). Raises ValueError for a text that cannot be said, or a folder that is no voice or has
    no Python to run it; RuntimeError where that process fails.
    """
    check_text(text)
    language = check_folder(voice)
    ipa, marks, words = ipa_text(text, language)
    asked = {
        "text": ipa,
        "speed": rate_wpm / 175,
        "pitch": 1.009 ** (pitch - 50),
        "pitch_range": pitch_range / 50,
        "seed": seed & 0x7FFFFFFF,
    }
    answer, sound = speaker_says(voice, asked)
    wave = np.frombuffer(sound, "<f4").astype(np.float64)
    if not len(wave) or not np.isfinite(wave).all():
        raise ValueError(f"the Coqui voice {voice} made no sound of {text!r}")
    spans_s = answer["spans_s"]
    phonemes = _timed(marks, spans_s)
    if not phonemes:
        raise ValueError(f"the Coqui voice {voice} cannot say {text!r}: it knows no phoneme of it")
    level = PEAK / max(float(np.abs(wave).max()), 1e-6)
    pcm = np.round(wave * level).astype(np.int16)
    return Speech(pcm, int(answer["rate_hz"]), phonemes, _timed(words, spans_s))


Mark = tuple[str, int, int]
"""A phoneme or word, and where its IPA begins and ends in the text that the voice reads."""


def ipa_text(text: str, language: str = "en-us") -> tuple[str, list[Mark], list[Mark]]:
    """IPA with punctuation and spaces as espeak-ng's phonemizer writes it, its phonemes and words.

    Raises ValueError as espeak's `synth` does.
    """
    said = espeak_synth(text, language)
    ipa, place = "", 0
    phonemes: list[Mark] = []
    words: list[Mark] = []
    for index, word in enumerate(said.words or (Timed("", 0.0, 1e9),)):
        last = index + 1 >= len(said.words)
        until = 1e9 if last else said.words[index + 1].start_s
        since = 0.0 if not index else word.start_s
        begin = len(ipa)
        for phoneme in said.phonemes:
            if since <= (phoneme.start_s + phoneme.end_s) / 2 < until:
                phonemes.append((phoneme.text, len(ipa), len(ipa) + len(phoneme.text)))
                ipa += phoneme.text
        words.append((word.text, begin, len(ipa)))
        place = max(text.find(word.text, place), place) + len(word.text)
        after = text[place : place + 1] if word.text else text.strip()[-1:]
        ipa += (after if after in PUNCTUATION else "") + ("" if last else " ")
    return ipa, phonemes, [word for word in words if word[0]]


def _timed(marks: list[Mark], spans_s: list[list[float]]) -> tuple[Timed, ...]:
    """When each mark sounds; marks that the voice does not know are left out."""
    found = []
    for name, begin, end in marks:
        known = [span for span in spans_s[begin:end] if span[1] > span[0]]
        if known:
            found.append(Timed(name, known[0][0], known[-1][1]))
    return tuple(found)


@cache
def check_folder(folder: str) -> str:
    """The language of the voice in a folder.

    Raises ValueError where it is no voice, speaks no English, or has no Python to run it.
    """
    language = read_folder(Path(folder)).language
    if language.split("-")[0].lower() != "en":
        raise ValueError(f"{folder}: phoneme_language is {language!r}; want English (en-us, en-gb)")
    tts_python()
    return {"en": "en-us", "en-gb": "en-gb-x-rp"}.get(language.lower(), language.lower())


@cache
def label(folder: str) -> str:
    """Name of a voice for a data set: its folder's name and what its weights hash to."""
    voice = read_folder(Path(folder))
    return f"{voice.path.resolve().name}@{sha256_of(voice.weights)[:12]}"


@cache
def measured(folder: str) -> tuple[Sex, float, float]:
    """Sex as it sounds, median F0 (Hz) and vocal-tract scale of a voice, from one sentence of it.

    The scale is that of the age whose F0 the voice has; see generate/voice/norms.py.
    """
    import soxr

    from generate.voice.world import analyse

    said = synth(TRIAL, folder)
    wave = soxr.resample(said.pcm.astype(np.float64) / 32768, said.rate_hz, 16000)
    f0 = analyse(wave, 16000).f0_hz
    f0_hz = float(np.median(f0[f0 > 0])) if (f0 > 0).any() else 120.0
    sex: Sex = "female" if f0_hz > OLDEST_CHILD_HZ else "male"
    ages = np.arange(3.0, 31.0)
    norms = np.array([f0_norm_hz(float(age), sex) for age in ages])
    age = float(ages[int(np.abs(norms - f0_hz).argmin())])
    return sex, round(f0_hz, 1), round(tract_scale(age, sex), 3)
