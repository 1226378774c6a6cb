"""Lists of keywords: phrases, alternatives, other languages, and what is refused in one line."""

import numpy as np
import pytest

from device.main import main
from generate.make_sound import make_word
from generate.preset_checks import check_options
from generate.presets import Words
from generate.voice.engines import installed_engines, reads_phonemes
from generate.voice.keywords import LONGEST_S, Keyword, check_keywords, parse_keyword
from generate.voice.voices import sample_keyword_voice
from generate.voice.words import holds, say_other, say_word

PHRASES = ("hello bear", "good night", "ice-cream", "turn it on", "don't stop")


def test_a_keyword_names_its_class_and_what_is_said():
    assert parse_keyword(" good  night ") == Keyword("good night", ("good night",))
    assert parse_keyword("yes=yes | yeah|yep") == Keyword("yes", ("yes", "yeah", "yep"))


@pytest.mark.parametrize("phrase", PHRASES)
def test_phrases_fit_and_are_said_whole_in_every_way(phrase):
    ways = set()
    for seed in range(28):
        rng = np.random.default_rng(seed)
        voice = sample_keyword_voice(rng, engines=installed_engines())
        said = say_word(phrase, voice, rng)
        ways.add(said.facts["how"])
        assert 0.2 < said.duration_s <= LONGEST_S + 0.05
        assert [word.text for word in said.words] == [phrase]
        assert len(said.phonemes) >= 5
    assert {"alone", "carried"} <= ways


def test_alternatives_carry_the_name_of_their_class():
    options = Words(clips=60, words=("yes=yes|yeah|yep", "good night"), voices=("espeak",))
    said = {"yes": set(), "good night": set(), "unknown": set(), "silence": set()}
    for number in range(60):
        facts = make_word(options, number).facts
        said[facts["keyword"]].add(facts["text"])
    assert said["yes"] == {"yes", "yeah", "yep"}
    assert said["good night"] == {"good night"}


def test_near_misses_say_what_they_are_near_to():
    keywords = ("stop", "good night")
    found = {}
    for seed in range(30):
        rng = np.random.default_rng(seed)
        voice = sample_keyword_voice(rng, engines=installed_engines())
        said = say_other(keywords, voice, rng, near_share=1.0)
        found[said.facts["how"]] = found.get(said.facts["how"], 0) + 1
        if said.facts["how"] == "near":
            assert said.facts["near_to"] in keywords
            assert said.words[0].text not in keywords
            assert reads_phonemes(voice.engine, voice.voice) or "[[" not in said.words[0].text
    assert found["near"] >= 25
    plain = say_other(keywords, voice, np.random.default_rng(0), near_share=0.0)
    assert "near_to" not in plain.facts


def test_a_sentence_holds_a_phrase_only_where_its_words_stand_in_a_row():
    assert holds("Say good night now", ("good night",))
    assert holds("I see two bears", ("too",))
    assert not holds("A good day and a night", ("good night",))
    assert not holds("goodbye, knights", ("good night",))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ("hallo", "gute nacht", "stopp")),
        ("ru", ("стоп", "да")),
        ("ja", ("はい", "こんにちは")),
    ],
)
def test_other_languages_speak_with_their_own_voices(language, words):
    options = Words(words=words, language=language, unknown_share=0.4)
    check_options(options)
    for number in range(14):
        facts = make_word(options, number).facts
        if facts["keyword"] != "silence":
            assert facts["voice"]["engine"] == "espeak"
            how = facts["voice"]["how"]
            assert how == "foreign" or facts["voice"]["voice"].startswith(language)


@pytest.mark.parametrize(
    ("words", "language", "line"),
    [
        ((), "en", "is empty"),
        (tuple(f"w{n}" for n in range(201)), "en", "201 keywords"),
        (("stop", " "), "en", "empty word"),
        (("stop", "unknown"), "en", "always there"),
        (("stop", "stop=halt"), "en", "there twice"),
        (("a|b",), "en", "CLASS=SAYING"),
        (("=yes",), "en", "CLASS=SAYING"),
        (("yes=yes|",), "en", "empty"),
        (("stоp",), "en", "mixes Cyrillic and Latin"),
        (("two", "too"), "en", "'two' and 'too' sound the same"),
        (("go=go|for", "four"), "en", "'for' and 'four' sound the same"),
        (("стоп",), "de", "cannot say 'с'"),
        (("stop",), "ru", "cannot say 's'"),
        (("漢字",), "ja", "cannot say '漢'"),
        (("xkcd",), "en", "no vowel"),
        (("tell me a very long story please",), "en", "model hears 1 s"),
        (("stop",), "klingon", "unknown language"),
    ],
)
def test_word_lists_that_cannot_be_said_are_refused_in_one_line(words, language, line):
    with pytest.raises(ValueError, match=line) as caught:
        check_options(Words(words=words, language=language))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("word", "language"), [("vlk", "cs"), ("grüß gott", "de"), ("tiếng", "vi"), ("你好", "cmn")]
)
def test_languages_have_their_own_words(word, language):
    check_keywords((word,), language)


def test_engines_that_speak_english_alone_are_refused_elsewhere(capsys, tmp_path):
    if "flite" not in installed_engines():
        pytest.skip("flite is not installed")
    ask = ["generate", "words", "--words", "ja", "nein", "--language", "de", "--dry-run"]
    out = ["--out", str(tmp_path / "x")]
    assert main([*ask, "--voices", "flite", *out]) == 2
    assert "speaks English" in capsys.readouterr().err
    assert main([*ask, *out]) == 0
    assert "'voices': ['espeak']" in capsys.readouterr().out
