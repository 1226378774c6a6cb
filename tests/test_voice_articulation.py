"""Children slip, stretch vowels and hesitate, less with every year, each child in its own way."""

import itertools

import numpy as np
import pytest

from generate.voice.accents import SLIPS
from generate.voice.articulation import (
    FILLERS,
    GROWN_YEARS,
    PROCESSES,
    articulated,
    hesitant,
    say_sentence,
    slip_share,
    slips_of,
)
from generate.voice.norms import vowel_stretch
from generate.voice.speech import VOWEL_LETTERS, speak
from generate.voice.text import SENTENCES
from generate.voice.voices import sample_voice
from generate.voice.words import say_word


def child(age_years, seed=0, **options):
    return sample_voice(np.random.default_rng(seed), age_years, "female", **options)


def test_every_process_is_a_slip_that_near_misses_forgive():
    assert all(said in SLIPS[sound] for sound, said in PROCESSES)


def test_slips_fall_with_age_and_end():
    for pair in PROCESSES:
        shares = [slip_share(*pair, age) for age in (2, 3, 4, 5, 6, 7, 8, 9, 10, 30)]
        assert shares == sorted(shares, reverse=True)
        assert shares[-1] == shares[-2] == 0
    assert slip_share("r", "w", 3) > 0.9 > 0.3 > slip_share("r", "w", 6)
    assert slip_share("T", "f", 6) > 0.5


def test_a_child_keeps_its_slips_and_loses_them_growing_up():
    for seed in range(30):
        ages = [slips_of(age, seed) for age in (3, 5, 7, GROWN_YEARS)]
        assert slips_of(3, seed) == ages[0]
        for younger, older in itertools.pairwise(ages):
            assert older.items() <= younger.items()
        assert ages[-1] == {}
    assert len({tuple(slips_of(5, seed)) for seed in range(30)}) > 5


def test_words_change_by_the_processes_of_the_child():
    rng = np.random.default_rng(0)
    red = {articulated("red", {"r": "w"}, rng, "en-us") for _ in range(30)}
    assert red == {"[[w|'E|d]]", ""}
    assert articulated("mum", {"r": "w", "T": "f"}, rng, "en-us") == ""


def test_vowels_are_longer_the_younger_and_nothing_else_is():
    stretches = [vowel_stretch(age) for age in (3, 5, 8, 12, 40)]
    assert stretches == sorted(stretches, reverse=True) and stretches[-1] == 1
    voice = child(12, seed=3, engines=("espeak",))
    young = type(voice)(**vars(voice) | {"age_years": 3.0})

    def lengths(one):
        said = speak("a funny little banana", one, np.random.default_rng(0))
        spans = [(p.text.lstrip("ˈˌ")[0] in VOWEL_LETTERS, p.end_s - p.start_s)
                 for p in said.phonemes]  # fmt: skip
        return [sum(s for is_vowel, s in spans if is_vowel == kind) for kind in (True, False)]

    (old_vowels, old_rest), (vowels, rest) = lengths(voice), lengths(young)
    assert vowels / old_vowels == pytest.approx(1.35, rel=0.05)
    assert rest / old_rest == pytest.approx(1.0, rel=0.05)


def test_hesitations_fall_with_age_and_keep_every_word():
    def share(age):
        rng = np.random.default_rng(1)
        said = [(text, hesitant(text, age, rng)) for text in SENTENCES * 6]
        for text, heard in said:
            plain = [word.strip(".,;!?").lower() for word in heard.split()]
            for word in text.split():
                assert word.strip(".,;!?").lower() in plain
            if heard != text and len(heard.split()) > len(text.split()):
                extra = set(plain) - {w.strip(".,;!?").lower() for w in text.split()}
                assert extra <= {*FILLERS, ""}
        return np.mean([text != heard for text, heard in said])

    shares = [share(age) for age in (3, 6, 12, 30)]
    assert shares == sorted(shares, reverse=True)
    assert 0.35 < shares[0] < 0.55 and shares[-1] < 0.15


@pytest.mark.parametrize("engine", ["espeak", "flite"])
def test_labels_of_a_slipping_child_are_the_words_it_means(engine):
    from generate.voice.engines import installed_engines

    if engine not in installed_engines():
        pytest.skip(f"{engine} is not installed")
    slipped = False
    for seed in range(12):
        voice = child(3.5, seed, engines=(engine,))
        rng = np.random.default_rng(seed)
        said, text = say_sentence("Three red rabbits run there.", voice, rng)
        words = [word.text for word in said.words]
        assert {"red", "rabbits", "run"} <= set(words)
        assert not any("|" in word for word in words)
        assert set(text.lower().strip(".").replace(",", "").split()) >= {"red", "run"}
        first = next(w for w in said.words if w.text == "red")
        heard = [p.text for p in said.phonemes if first.start_s <= p.start_s < first.end_s]
        slipped |= heard[0] == "w"
    assert slipped == (engine == "espeak")


def test_young_voices_slip_in_keywords_and_adults_do_not_have_processes():
    ways = set()
    for seed in range(16):
        voice = child(4, seed, engines=("espeak",))
        said = say_word("three", voice, np.random.default_rng(seed))
        ways.add(said.facts["how"])
        assert said.words[0].text == "three"
    assert "slipped" in ways
    assert slips_of(35, 0) == {}
