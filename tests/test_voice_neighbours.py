"""Near misses are near, and never what a person could mean by a keyword."""

import numpy as np
import pytest

from generate.voice.accents import bare, slipped
from generate.voice.espeak import mnemonics, synth
from generate.voice.languages import reader, sound, unstressed
from generate.voice.neighbours import (
    APART,
    inventory,
    is_apart,
    made_up,
    parts_of,
    real_words,
    sample_neighbour,
)
from generate.voice.phoneme_distance import distance, is_vowel, sounds, substitution

TOY = ("hello", "stop", "go", "play", "sing", "story", "yes=yes|yeah", "no", "help", "good night")


def heard(text):
    names = text[2:-2].split("|") if text.startswith("[[") else mnemonics(text)
    return sounds(unstressed(names))


def test_phonemes_differ_by_how_they_are_made():
    assert substitution("p", "b") < substitution("p", "z") < substitution("p", "i:")
    assert substitution("i:", "I") < substitution("i:", "A:")
    for one in ("p", "z", "i:", "@", "tS"):
        assert substitution(one, one) == 0
        assert substitution(one, "n") == substitution("n", one)


def test_distance_is_a_metric_of_words():
    a, b, c = (heard(word) for word in ("stop", "shop", "elephant"))
    assert distance(a, a) == 0
    assert distance(a, b) == distance(b, a) < distance(a, c)
    assert distance(a, c) <= distance(a, b) + distance(b, c)


@pytest.mark.parametrize(
    "pair", [("two", "too"), ("see", "sea"), ("three", "free"), ("red", "wed")]
)
def test_homophones_and_slips_are_not_apart(pair):
    assert not is_apart(pair[1], (pair[0],), "en")
    assert not is_apart(pair[0], (pair[1],), "en")


def test_near_words_are_near_and_apart_from_every_keyword():
    assert {"top", "shop"} <= set(real_words("stop", TOY, "en"))
    assert "go" not in real_words("no", TOY, "en")
    for word in real_words("no", TOY, "en"):
        assert 0 < distance(heard(word), heard("no")) <= 1.1


def test_what_slips_make_of_a_keyword_still_counts_as_it():
    rng = np.random.default_rng(0)
    for keyword in ("three", "sing", "story", "yes"):
        for text in {slipped(keyword, rng, learner=False) for _ in range(20)} - {""}:
            assert distance(heard(text), heard(keyword), forgive=True) < APART


def test_made_up_words_can_be_said_and_differ():
    rng = np.random.default_rng(1)
    for keyword in ("hello", "stop", "good night"):
        made = {made_up(keyword, TOY, "en", rng) for _ in range(12)}
        assert len(made) >= 6
        for text in made:
            assert distance(heard(text), heard(keyword)) < 2.5
            assert any(is_vowel(name) for name in heard(text))
            assert len(synth(text).phonemes) >= 1
            assert min(distance(heard(text), sounds(sound(k)), True) for k in TOY[:5]) >= APART


def test_parts_of_phrases_are_near_misses_unless_they_are_keywords():
    assert parts_of("good night", TOY, "en") == ("good", "night", "night good")
    assert parts_of("good night", ("good night", "good"), "en") == ("night", "night good")
    assert parts_of("stop", TOY, "en") == ()


@pytest.mark.parametrize("language", ["en", "de", "fr", "ru", "hi"])
def test_every_language_has_near_misses(language):
    words = {"ru": ("стоп", "да"), "hi": ("नमस्ते", "हाँ")}.get(language, ("stop", "baba"))
    for seed in range(6):
        near = sample_neighbour(words, language, True, np.random.default_rng(seed))
        assert near is not None and near.keyword in words
        names = [bare(name) for name in near.text[2:-2].split("|")]
        assert tuple(names) != sound(near.keyword, language)


def test_voices_that_read_words_only_get_words():
    for seed in range(12):
        near = sample_neighbour(TOY, "en", False, np.random.default_rng(seed))
        assert near is None or "[[" not in near.text


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_every_phoneme_that_words_are_made_of_can_be_said_alone(language: str) -> None:
    for name in inventory(language):
        around = "p" if is_vowel(name) else "a"
        said = synth(f"[[{name}|{around}]]", reader(language))
        assert len(said.phonemes) >= 2, name
