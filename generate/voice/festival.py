"""festival as a pure function: text and voice in, sound with phoneme and word times out.

English voices read the text themselves. Voices of other languages say English with their own
sounds, a strong accent: each English phone becomes the nearest of theirs. Diphone voices take
espeak-ng's timing and a falling F0 (festival's Segments input). Unit selection and hidden Markov
models time themselves (generate/voice/festival_words.py); WORLD moves their F0 and tempo.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np

from generate.voice.engine_voice import Voice
from generate.voice.espeak import synth as espeak_synth
from generate.voice.festival_pipe import festival
from generate.voice.festival_pipe import installed as program_installed
from generate.voice.festival_words import say
from generate.voice.phones import PAUSES, arpabet_of_ipa, ipa_of
from generate.voice.revoice import moved
from generate.voice.sayable import check_text
from generate.voice.timed import Speech, Timed, later

VOICES: dict[str, Voice] = {
    "kal_diphone": Voice("male", 105, 14, 1.0),
    "ked_diphone": Voice("male", 105, 14, 1.04),
    "czech_dita": Voice("female", 200, 30, 1.11, "czech"),
    "czech_machac": Voice("male", 110, 16, 0.92, "czech"),
    "czech_ph": Voice("male", 110, 16, 1.0, "czech"),
    "czech_krb": Voice("male", 210, 30, 1.1, "czech"),
    "lp_diphone": Voice("female", 190, 28, 1.2, "italian"),
    "pc_diphone": Voice("male", 110, 16, 1.0, "italian"),
    "suo_fi_lj_diphone": Voice("female", 190, 28, 1.07, "finnish"),
    "hy_fi_mv_diphone": Voice("male", 105, 16, 0.91, "finnish"),
    "hindi_NSK_diphone": Voice("male", 130, 16, 0.98, "hindi"),
    "cmu_us_slt_arctic_hts": Voice("female", 175, 16, 1.2),
    "upc_ca_ona_hts": Voice("female", 173, 35, 1.23, "catalan"),
    "msu_ru_nsh_clunits": Voice("male", 146, 29, 0.96, "russian"),
}
AS_IT_IS = {"rate_wpm": 175, "pitch": 50, "pitch_range": 50}
"""Settings that leave a voice as it is."""
LEAD_S = 0.05
"""Silence before and after what a voice of another language says."""
SHORTEST_S = 0.02
LOWEST_HZ = 60.0
HINDI = "hindi_scm/hindi_phones.scm"
"""Debian's voice needs this of a package of its own, festival-hi."""
PAUSE = {"hindi": "pau"}
"""What a language calls silence, where it is not #."""
_SAME = {name: name for name in "b d f g k l m n p r s t v z".split()}  # noqa: SIM905
PHONES: dict[str, dict[str, str]] = {
    "czech": _SAME | {
        "aa": "a:", "ae": "e", "ah": "a", "ao": "o", "aw": "a u", "ax": "e", "ay": "a j",
        "ch": "c~", "dh": "d", "dx": "t", "eh": "e", "er": "e r", "axr": "e r", "ey": "e j",
        "hh": "h", "ih": "i", "iy": "i:", "jh": "dz~", "ng": "n*", "ow": "o u", "oy": "o j",
        "sh": "s~", "th": "s", "uh": "u", "uw": "u:", "w": "v", "y": "j", "zh": "z~",
    },
    "italian": _SAME | {
        "aa": "a1", "ae": "E1", "ah": "a", "ao": "O1", "aw": "a1 u", "ax": "e", "ay": "a1 i",
        "ch": "tS", "dh": "d", "dx": "t", "eh": "E1", "er": "e r", "axr": "e r", "ey": "e1 i",
        "hh": "", "ih": "i", "iy": "i1", "jh": "dZ", "ng": "ng", "ow": "o1 u", "oy": "O1 i",
        "sh": "S", "th": "t", "uh": "u", "uw": "u1", "w": "w", "y": "j", "zh": "Z",
    },
    "finnish": _SAME | {
        "aa": "a:", "ae": "@", "ah": "a", "ao": "o", "aw": "a u", "ax": "e", "ay": "a i",
        "ch": "t s", "dh": "d", "dx": "t", "eh": "e", "er": "7 r", "axr": "e r", "ey": "e i",
        "hh": "h", "ih": "i", "iy": "i:", "jh": "d j", "ng": "N", "ow": "o u", "oy": "o i",
        "sh": "s", "th": "t", "uh": "u", "uw": "u:", "w": "v", "y": "j", "z": "s", "zh": "s",
    },
    "hindi": _SAME | {
        "aa": "aa", "ae": "eh", "ah": "a", "ao": "oh", "aw": "aw", "ax": "a", "ay": "ay",
        "ch": "ch", "d": "D", "dh": "dh", "dx": "T", "eh": "eh", "er": "a r", "axr": "a r",
        "ey": "ee", "hh": "h", "ih": "ih", "iy": "iy", "jh": "j", "ng": "N", "ow": "oo",
        "oy": "oh ih", "sh": "sh", "t": "T", "th": "th", "uh": "uh", "uw": "uw", "w": "v",
        "y": "y", "z": "s", "zh": "sh",
    },
}  # fmt: skip
"""ARPAbet phones in those of each language; two where the language has no single one."""


@cache
def available() -> tuple[str, ...]:
    """The voices of VOICES that festival has here."""
    if not program_installed():
        return ()
    listed = festival().ask("(print (voice.list))")
    if "nil" in festival().ask(f'(print (probe_file (path-append datadir "{HINDI}")))'):
        listed = listed.replace("hindi_NSK_diphone", "")
    return tuple(name for name in VOICES if name in listed)


def installed() -> bool:
    """Whether festival is there with at least one voice."""
    return bool(available())


def synth(
    text: str,
    voice: str = "kal_diphone",
    *,
    rate_wpm: int = 175,
    pitch: int = 50,
    pitch_range: int = 50,
    seed: int = 0,
) -> Speech:
    """Say `text`; an English voice reads words, the others also [[espeak mnemonics]].

    pitch and pitch_range 0..99, 50 as the voice is; rate_wpm 80..450; seed bends the F0 of voices
    of other languages. Raises ValueError for a text that cannot be said or an unknown voice.
    """
    check_text(text)
    if voice not in available():
        known = ", ".join(available())
        raise ValueError(f"festival has no voice {voice!r} here; known: {known}")
    about = VOICES[voice]
    f0_hz, spread_hz = about.pitched(pitch, pitch_range)
    if times_itself(voice):
        said = _as_it_is(text, voice)
        if {"rate_wpm": rate_wpm, "pitch": pitch, "pitch_range": pitch_range} == AS_IT_IS:
            return said
        return moved(said, f0_hz, pitch_range / 50, rate_wpm / AS_IT_IS["rate_wpm"], seed)
    if about.language != "english":
        return _foreign(text, voice, rate_wpm, f0_hz, spread_hz, seed)
    f0_hz = max(f0_hz, LOWEST_HZ)
    setting = (
        f"(voice_{voice}) (Parameter.set 'Duration_Stretch {175 / rate_wpm:.4f})"
        f" (set! int_lr_params '((target_f0_mean {f0_hz:.2f}) (target_f0_std {spread_hz:.2f})"
        " (model_f0_mean 170) (model_f0_std 34)))"
    )
    return _english(text, voice, setting)


LOWEST_HZ = 85.0
"""Mean F0 of the English diphone voices, at least: where a fall goes too low, their LPC dies of it
("no!" at 75 Hz, "no." at 70 Hz; none of six texts at 80 Hz)."""


def times_itself(voice: str) -> bool:
    """Whether a voice says a text in one way only, at AS_IT_IS; WORLD moves its F0 and tempo."""
    return voice.endswith(("_hts", "_clunits"))


@lru_cache(maxsize=256)
def _as_it_is(text: str, voice: str) -> Speech:
    """A voice that times itself. Kept, 30 MB at most: keywords are said again and again."""
    if VOICES[voice].language == "english":
        return _english(text, voice, f"(voice_{voice})")
    return say(text, voice, VOICES[voice].language)


def _english(text: str, voice: str, setting: str) -> Speech:
    """An English voice reads, after the Scheme that chooses and sets it."""
    if "[[" in text:
        raise ValueError(f"festival's English voices read words, not phonemes: {text!r}")
    pcm, rate_hz, said = festival(voice).wave(f"(Utterance Text {_quoted(text)})", setting)
    return _read(pcm, rate_hz, said)


def _quoted(text: str) -> str:
    """A Scheme string: check_text lets no control characters through."""
    plain = text.replace("’", "'").encode("ascii", "ignore").decode()
    return '"' + plain.replace("\\", "").replace('"', "") + '"'


def _read(pcm: np.ndarray, rate_hz: int, said: str) -> Speech:  # type: ignore[type-arg]
    """Speech of printed segments: name, end, stress of the syllable, word, its number."""
    phonemes: list[Timed] = []
    words: list[Timed] = []
    start_s, before = 0.0, "0"
    for line in said.splitlines():
        parts = line.split()
        if len(parts) != 5:
            continue
        name, end_s, stress, word, number = parts[0], float(parts[1]), parts[2] == "1", *parts[3:]
        if name not in PAUSES:
            phonemes.append(Timed(ipa_of(name, stress and name[0] in "aeiou"), start_s, end_s))
            if number == before:
                words[-1] = Timed(word, words[-1].start_s, end_s)
            else:
                words.append(Timed(word, start_s, end_s))
            before = number
        start_s = end_s
    if not phonemes:
        raise ValueError("festival finds no speech sound in the text")
    return Speech(pcm, rate_hz, tuple(phonemes), tuple(words))


def _foreign(
    text: str, voice: str, rate_wpm: int, f0_hz: float, spread_hz: float, seed: int
) -> Speech:
    """English in the sounds of another language, timed as espeak-ng times it."""
    timed = espeak_synth(text, "en-us", rate_wpm=rate_wpm)
    phones = PHONES[VOICES[voice].language]
    rng = np.random.default_rng(seed)
    bends = rng.normal(0, 0.5, 8)
    begin_s, end_s = timed.phonemes[0].start_s, timed.phonemes[-1].end_s
    late_s = max(LEAD_S - begin_s, 0.0)
    pause = PAUSE.get(VOICES[voice].language, "#")
    parts, now_s = [f"({pause} {begin_s + late_s:.3f})"], begin_s
    for phoneme in timed.phonemes:
        if phoneme.start_s > now_s + SHORTEST_S:
            parts.append(f"({pause} {phoneme.start_s - now_s:.3f})")
            now_s = phoneme.start_s
        names = [n for a in arpabet_of_ipa(phoneme.text) for n in phones[a].split()] or [pause]
        length_s = max((phoneme.end_s - now_s) / len(names), SHORTEST_S)
        for name in names:
            place = (now_s - begin_s) / max(end_s - begin_s, 1e-3)
            bend = float(np.interp(place, np.linspace(0, 1, len(bends)), bends))
            target = max(f0_hz + spread_hz * (0.8 - 1.6 * place + bend), LOWEST_HZ)
            parts.append(f"({name} {length_s:.3f} (0 {target:.1f}))")
            now_s += length_s
    said = f"(Utterance Segments ({' '.join(parts)} ({pause} {LEAD_S})))"
    pcm, rate_hz, _ = festival(voice).wave(said, f"(voice_{voice})")
    return Speech(pcm, rate_hz, later(timed.phonemes, late_s), later(timed.words, late_s))
