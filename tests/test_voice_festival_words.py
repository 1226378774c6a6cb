"""Festival's voices that time themselves: spelt in their phones, heard where they say they are."""

import numpy as np
import pytest

from generate.voice import festival
from generate.voice.festival_words import _spelt, _syllables, _timed, say, spans
from generate.voice.revoice import moved
from generate.voice.timed import Speech, Timed
from generate.voice.world import track_f0

OWN = [v for v in festival.available() if v.endswith(("_hts", "_clunits"))]
ACCENTED = [v for v in OWN if festival.VOICES[v].language != "english"]


def said(*phonemes):
    return [Timed(text, i / 10, i / 10 + 0.1) for i, text in enumerate(phonemes)]


def level(speech, phoneme, low_hz, high_hz):
    """Share of the power of a phoneme's middle that lies in a band."""
    first, last = (round(t * speech.rate_hz) for t in (phoneme.start_s, phoneme.end_s))
    quarter = (last - first) // 4
    power = np.abs(np.fft.rfft(speech.pcm[first + quarter : last - quarter].astype(float))) ** 2
    hz = np.linspace(0, speech.rate_hz / 2, len(power))
    return power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum()


def test_consonants_soften_before_i_alone_and_stress_chooses_vowels() -> None:
    words = {
        "three": (said("θ", "ɹ", "ˈiː"), "((s rr ii) 1)"),
        "story": (said("s", "t", "ˈɔː", "ɹ", "i"), "((s t oo) 1) ((rr i) 0)"),
        "ten": (said("t", "ˈɛ", "n"), "((t ee n) 1)"),
    }
    for phonemes, syllables in words.values():
        assert _syllables(_spelt(phonemes, "russian"), "russian") == syllables


def test_a_phoneme_without_a_sound_is_neither_said_nor_labelled() -> None:
    spelt = [("hat", _spelt(said("h", "ˈæ", "t"), "catalan"))]
    phones = spans("pau 0.1 0 0 0\nE1 0.2 1 w0 _1\nt 0.35 1 w0 _1\npau 0.5 0 0 0\n")
    phonemes, words = _timed(phones, spelt)
    assert phonemes == (Timed("ˈæ", 0.1, 0.2), Timed("t", 0.2, 0.35))
    assert words == (Timed("hat", 0.1, 0.35),)


def test_other_phones_than_those_asked_for_are_an_error() -> None:
    spelt = [("at", _spelt(said("ˈæ", "t"), "catalan"))]
    with pytest.raises(RuntimeError, match="not"):
        _timed([("E1", 0.0, 0.1), ("d", 0.1, 0.2)], spelt)


@pytest.mark.parametrize("voice", OWN)
@pytest.mark.parametrize("rate_wpm", [130, 200])
def test_phonemes_sound_where_they_are_said_to(voice: str, rate_wpm: int) -> None:
    speech = festival.synth("seven sisters saw a sea", voice, rate_wpm=rate_wpm)
    hisses = [level(speech, p, 2800, 9e3) for p in speech.phonemes if p.text == "s"]
    vowels = [level(speech, p, 2800, 9e3) for p in speech.phonemes if p.text[-1] in "ɛɪɔəːɐ"]
    assert len(hisses) >= 4 and len(vowels) >= 4
    assert np.median(hisses) > 0.5 > 5 * np.median(vowels)


@pytest.mark.parametrize("voice", OWN)
def test_pitch_is_what_the_table_says(voice: str) -> None:
    about = festival.VOICES[voice]
    for pitch in (30, 70):
        speech = festival.synth("nine yellow lemons in a row", voice, pitch=pitch, pitch_range=30)
        f0, _ = track_f0(speech.pcm / 32768, speech.rate_hz)
        assert np.median(f0[f0 > 0]) == pytest.approx(about.pitched(pitch, 30)[0], rel=0.12)


@pytest.mark.parametrize("voice", ACCENTED)
def test_what_a_language_cannot_say_at_all_is_refused(voice: str) -> None:
    language = festival.VOICES[voice].language
    if language == "catalan":
        with pytest.raises(ValueError, match="no sound"):
            say("[[h]]", voice, language)
    assert [w.text for w in say("his hat", voice, language).words] == ["his", "hat"]


@pytest.mark.skipif(not festival.installed(), reason="festival is not installed")
def test_voices_say_the_same_whoever_spoke_before() -> None:
    """Voices share one festival, and each sets much of it."""
    voices = festival.available()
    first = [festival.synth("story", voice).pcm for voice in voices]
    for voice, pcm in zip(voices[::-1], first[::-1], strict=True):
        assert np.array_equal(pcm, festival.synth("story", voice).pcm), voice


def test_tempo_moves_times_with_the_sound() -> None:
    rate_hz = 22050
    t = np.arange(rate_hz) / rate_hz
    tone = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 9)) * (t > 0.4)
    speech = Speech(np.round(tone * 6000).astype(np.int16), rate_hz, (Timed("ɑ", 0.4, 1.0),), ())
    fast = moved(speech, 180.0, 1.0, 1.6, 0)
    f0, times = track_f0(fast.pcm / 32768, fast.rate_hz)
    assert len(fast.pcm) / fast.rate_hz == pytest.approx(1 / 1.6, abs=1e-3)
    assert times[f0 > 0][0] == pytest.approx(fast.phonemes[0].start_s, abs=0.03)
    assert np.median(f0[f0 > 0]) == pytest.approx(180, rel=0.03)
