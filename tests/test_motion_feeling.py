"""Feelings: named, as a point, or read from a voice."""

from dataclasses import replace

import numpy as np
import pytest

from generate.motion.bearing import nearest_emotion
from generate.motion.director import direct
from generate.motion.emotion import CIRCUMPLEX
from generate.motion.feeling import Feeling, circumplex, measured, read_feeling
from generate.motion.phrasing import hear
from generate.voice.speech import Utterance, speak
from generate.voice.voices import sample_voice

TEXT = "I saw a little boat on the water and my brother was there."


@pytest.fixture(scope="module")
def read():
    """{emotion: feelings read} from the voices of four children each."""
    found = {}
    for emotion in ("neutral", "happy", "sad", "angry", "surprised"):
        found[emotion] = []
        for seed in range(4):
            rng = np.random.default_rng(seed)
            voice = sample_voice(rng, 4 + 2 * seed, "female")
            felt = 0.0 if emotion == "neutral" else 1.0
            said = speak(TEXT, replace(voice, emotion=emotion, intensity=felt), rng)
            found[emotion].append(read_feeling(said, hear(said), 4 + 2 * seed))
    return found


def arousal(feelings):
    return float(np.mean([circumplex(feeling)[1] for feeling in feelings]))


def test_arousal_is_heard(read):
    calm, excited = arousal(read["sad"]), [arousal(read[e]) for e in ("happy", "angry")]
    assert calm < arousal(read["neutral"]) < min(excited)
    assert calm < -0.15
    assert min(excited) > 0.25
    assert arousal(read["surprised"]) > 0.25


def test_neutral_voices_are_felt_little(read):
    assert np.mean([feeling.intensity for feeling in read["neutral"]]) < 0.5


def test_silence_has_no_feeling():
    silent = Utterance(np.zeros(8000, np.float32), (), (), {})
    assert measured(silent, hear(silent), 6) is None
    assert read_feeling(silent, hear(silent), 6) == Feeling()
    score = direct(None, 1.0, np.random.default_rng(0), None)
    assert score == direct(None, 1.0, np.random.default_rng(0))


def test_points_near_an_emotion_are_that_emotion():
    for name, (valence, arousal_) in CIRCUMPLEX.items():
        if name != "neutral":
            assert nearest_emotion(valence, arousal_) == (name, pytest.approx(1.0))
            found, share = nearest_emotion(valence / 2, arousal_ / 2)
            assert found == name
            assert share == pytest.approx(0.5)
    assert nearest_emotion(0, 0) == ("neutral", 0.0)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [(("bored",), "bored"), (("happy", 1.2), "1.2"), (("neutral", 0.0, (2.0, 0.0)), "valence 2")],
)
def test_wrong_feelings_are_named(arguments, names):
    with pytest.raises(ValueError, match=names):
        Feeling(*arguments)
