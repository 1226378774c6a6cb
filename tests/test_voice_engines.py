"""flite and festival, where installed, answer like espeak-ng: pure, timed, or refused in a line."""

import ctypes
import threading
import time

import numpy as np
import pytest

from device.main import main
from generate.motion.visemes import visemes_of
from generate.voice import engines, festival, flite
from generate.voice.espeak import mnemonics
from generate.voice.phones import ARPABET_IPA, arpabet, arpabet_of_ipa, ipa_of
from generate.voice.speech import speak
from generate.voice.text import plain_words
from generate.voice.voices import sample_keyword_voice, variants_of
from generate.voice.words import say_other, say_word

OTHERS = [name for name in engines.installed_engines() if name != "espeak"]
need_flite = pytest.mark.skipif(not flite.installed(), reason="flite is not installed")
need_festival = pytest.mark.skipif(not festival.installed(), reason="festival is not installed")


def voices() -> list[tuple[str, str]]:
    return [(e, v.name) for e in engines.installed_engines()[1:] for v in variants_of(e)]


@pytest.mark.parametrize(("engine", "voice"), voices())
def test_a_voice_says_words_inside_its_sound_and_the_same_each_time(
    engine: str, voice: str
) -> None:
    synth = engines.ENGINES[engine]
    ask = {"rate_wpm": 170, "pitch": 60, "pitch_range": 40, "seed": 3}
    said = synth("Seven, go go stop!", voice, **ask)
    assert [w.text.lower() for w in said.words] == ["seven", "go", "go", "stop"]
    length_s = len(said.pcm) / said.rate_hz
    times = [t for p in said.phonemes for t in (p.start_s, p.end_s)]
    assert times == sorted(times) and times[0] >= 0 and times[-1] <= length_s + 0.25
    assert all(visemes_of(p.text) for p in said.phonemes)
    assert np.abs(said.pcm.astype(int)).max() > 3000
    synth("something else", voice, **(ask | {"pitch": 20, "rate_wpm": 240}))
    assert np.array_equal(said.pcm, synth("Seven, go go stop!", voice, **ask).pcm)


@pytest.mark.parametrize(("engine", "voice"), voices())
def test_a_faster_rate_is_shorter(engine: str, voice: str) -> None:
    synth = engines.ENGINES[engine]
    slow, fast = (
        synth("a big blue elephant", voice, rate_wpm=r, pitch=50, pitch_range=50, seed=0)
        for r in (120, 220)
    )
    assert len(fast.pcm) < 0.8 * len(slow.pcm)


@need_flite
def test_other_threads_that_draw_random_numbers_change_no_sample() -> None:
    want, libc = flite.synth("hello there", "slt").pcm, ctypes.CDLL(None)

    def draw() -> None:
        for _ in range(40):
            libc.rand()
            time.sleep(0.0002)

    for _ in range(3):
        thread = threading.Thread(target=draw)
        thread.start()
        assert (flite.synth("hello there", "slt").pcm == want).all()
        thread.join()


@need_flite
def test_flite_says_phonemes() -> None:
    said = flite.synth("[[s|'E|v|@|n]]", "rms")
    assert [p.text for p in said.phonemes] == ["s", "ɛ", "v", "ə", "n"]


@need_festival
@pytest.mark.skipif("czech_dita" not in festival.available(), reason="no Czech voice here")
def test_a_czech_voice_keeps_the_timing_of_the_english_it_reads() -> None:
    said = festival.synth("yellow banana", "czech_dita")
    rate = said.rate_hz
    spoken = np.abs(said.pcm[int(said.words[0].start_s * rate) :].astype(float))
    assert spoken[: int(0.3 * rate)].mean() > 10 * np.abs(said.pcm[: int(0.03 * rate)]).mean()


@pytest.mark.parametrize("engine", OTHERS)
def test_what_cannot_be_said_is_refused_in_one_line(engine: str) -> None:
    synth, voice = engines.ENGINES[engine], variants_of(engine)[0].name
    for text, name in (("", voice), ("你好", voice), ("hello", "nobody"), ("a [[b]] c", voice)):
        with pytest.raises(ValueError) as caught:
            synth(text, name, rate_wpm=175, pitch=50, pitch_range=50, seed=0)
        assert "\n" not in str(caught.value)


def test_keywords_and_others_come_from_every_engine() -> None:
    found = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        voice = sample_keyword_voice(rng, engines=engines.installed_engines())
        said = say_word("three", voice, rng) if seed % 2 else say_other(("three",), voice, rng)
        assert 0.05 < said.duration_s <= 1.0 and said.facts["engine"] == voice.engine
        found.add(voice.engine)
    assert found == set(engines.installed_engines())


def test_a_child_voice_can_grow_out_of_any_engine() -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        voice = sample_keyword_voice(rng, engines=engines.installed_engines()[-1:])
        assert speak("hello bear", voice, rng).duration_s > 0.2


def test_every_english_phoneme_has_an_arpabet_phone_and_back() -> None:
    for word in plain_words()[::5]:
        for name in arpabet(mnemonics(word)):
            assert visemes_of(ipa_of(name))
    for phone, ipa in ARPABET_IPA.items():
        assert all(name in ARPABET_IPA for name in arpabet_of_ipa(ipa)), phone


def test_an_engine_that_is_missing_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    engines.installed_engines.cache_clear()
    monkeypatch.setitem(engines._INSTALLED, "flite", lambda: False)
    try:
        out = ["--out", str(tmp_path) + "/x", "--dry-run"]
        assert main(["generate", "words", "--voices", "flite", *out]) == 2
        assert "libflite1" in capsys.readouterr().err
        assert main(["generate", "words", "--voices", "hal", *out]) == 2
        assert "unknown engine" in capsys.readouterr().err
    finally:
        engines.installed_engines.cache_clear()
