"""Keyword clips: trimmed, varied, never a keyword where none belongs."""

import collections

import numpy as np
import pytest

from generate.voice.accents import bare, british, slipped
from generate.voice.espeak import mnemonics, synth
from generate.voice.keywords import check_saying
from generate.voice.languages import ENGLISH
from generate.voice.phones import arpabet
from generate.voice.sayable import check_text
from generate.voice.speech import RATE_HZ, speak
from generate.voice.text import SENTENCES, plain_words
from generate.voice.voices import (
    HELD_OUT,
    NEVER_TRAINED,
    sample_keyword_voice,
    sample_voice,
    usable_variants,
)
from generate.voice.words import say_other, say_word, silence


def clip(word, seed):
    rng = np.random.default_rng(seed)
    return say_word(word, sample_keyword_voice(rng), rng)


def test_words_are_trimmed_and_short():
    for seed in range(40):
        said = clip(("seven", "good night", "elephant")[seed % 3], seed)
        assert 0.1 < said.duration_s <= 1.0
        assert np.abs(said.audio).max() == pytest.approx(0.7, abs=1e-3)
        assert said.audio.dtype == np.float32
        loud = np.flatnonzero(np.abs(said.audio) > 0.02)
        assert loud[0] < 0.1 * RATE_HZ
        assert len(said.words) == 1
        for phoneme in said.phonemes:
            assert 0 <= phoneme.start_s <= phoneme.end_s <= said.duration_s + 1e-9


def test_words_are_said_in_every_way():
    ways = collections.Counter(clip("three", seed).facts["how"] for seed in range(80))
    assert set(ways) == {"alone", "carried", "foreign", "slipped"}
    assert ways["alone"] < 60


def test_same_seed_same_clip():
    assert clip("five", 7).audio.tobytes() == clip("five", 7).audio.tobytes()
    assert clip("five", 7).audio.tobytes() != clip("five", 8).audio.tobytes()


def test_other_words_are_not_keywords_nor_sound_like_them():
    keywords = ("for", "two", "sea", "one")
    forbidden = {"four", "to", "too", "see", "won", *keywords}
    for seed in range(25):
        rng = np.random.default_rng(seed)
        said = say_other(keywords, sample_voice(rng, 30, "female", child=False), rng)
        whole = [w.text.lower() for w in said.words]
        if said.facts["how"] != "piece":
            assert not forbidden & set(whole)


def test_silence_is_quiet_and_not_constant():
    quiet = silence(np.random.default_rng(0), 1.0)
    assert len(quiet.audio) == RATE_HZ
    assert 1e-5 < quiet.audio.std() < 0.02
    assert not quiet.words


@pytest.mark.parametrize("word", ["", "  ", "xkcd", "你好", "?!", "[[f]]", "\x00"])
def test_bad_keywords_are_refused(word):
    with pytest.raises(ValueError) as caught:
        check_saying(word)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["hello", "good night", "Collodi", "7", "don't", "ice-cream"])
def test_good_keywords_pass(word):
    check_saying(word)


def test_slips_follow_rules_for_any_word():
    rng = np.random.default_rng(0)
    three = {slipped("three", rng, learner=False) for _ in range(40)}
    assert "[[f|r|'i:]]" in three
    assert "[[T|w|'i:]]" in three
    assert any(slipped("love", rng, learner=False).endswith("|f]]") for _ in range(40))
    for word in plain_words()[::40]:
        for learner in (False, True):
            text = slipped(word, rng, learner)
            if text:
                assert text[2:-2].split("|") != list(mnemonics(word))
                assert synth(text).phonemes


def test_voices_cover_sexes_and_accents_and_hold_some_out():
    drawn = [sample_voice(np.random.default_rng(i), 6, "male") for i in range(300)]
    assert {v.voice.split("+")[0] for v in drawn} == set(ENGLISH)
    assert len({v.voice for v in drawn}) > 100
    assert not NEVER_TRAINED & {v.voice.split("+")[1] for v in drawn}


@pytest.mark.parametrize("speakers", ["tune", "test"])
def test_voices_to_tune_and_to_test_are_their_own(speakers):
    rngs = [np.random.default_rng(number) for number in range(150)]
    kept = [sample_keyword_voice(rng, speakers) for rng in rngs]
    assert {v.voice.split("+")[1] for v in kept} == HELD_OUT[speakers]
    assert {(v.child, v.sex) for v in kept} == {(c, s) for c in (0, 1) for s in ("female", "male")}


def test_held_out_voices_exist_and_belong_to_one_group():
    assert {variant.name for variant in usable_variants()} >= NEVER_TRAINED
    assert len(NEVER_TRAINED) == sum(map(len, HELD_OUT.values()))


def test_every_variant_speaks_in_every_accent():
    accents = list(ENGLISH)
    for index, variant in enumerate(usable_variants()):
        voice = f"{accents[index % len(accents)]}+{variant.name}"
        assert [w.text for w in synth("red lion", voice).words] == ["red", "lion"]


def test_unknown_accent_and_engine_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="accent 'mars'"):
        sample_voice(rng, 6, "male", accent="mars")
    voice = sample_voice(rng, 6, "male")
    with pytest.raises(ValueError, match="engine 'tts'"):
        speak("hello", type(voice)(**(vars(voice) | {"engine": "tts"})), rng)


def test_bundled_texts_can_be_said():
    assert len(SENTENCES) >= 40
    assert len(plain_words()) >= 400
    assert len(set(plain_words())) == len(plain_words())
    for text in (*SENTENCES, *plain_words()):
        check_text(text)


def test_british_has_r_before_vowels_only_and_every_word_can_be_said() -> None:
    assert british("four") == "[[f|'O:]]"
    assert "r" in british("story") and british("dark").count("r") == 0
    for word in plain_words("en"):
        names = british(word).strip("[]").split("|")
        phones = arpabet(names)
        assert phones.count("r") == sum(bare(name) == "r" for name in names), word
