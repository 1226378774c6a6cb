"""A voice sounds as it feels: higher, faster, louder when happy, the reverse when sad."""

from dataclasses import replace

import numpy as np
import pytest

from generate.make_sound import make_word
from generate.motion.emotion import emotion_face
from generate.preset_checks import check_options
from generate.presets import Words
from generate.spec import EMOTIONS
from generate.voice.prosody import PROSODY, Prosody, felt, prosody_of
from generate.voice.speech import RATE_HZ, speak
from generate.voice.voices import sample_voice
from generate.voice.world import analyse, track_f0

TEXT = "We are all away now, mama. You know a lemon."
SEEDS = range(4)


def measure(emotion, intensity=1.0, child=True):
    """Medians of F0 (Hz), range of log F0, length (s), peak, share of energy over 2 kHz."""
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        voice = sample_voice(rng, 7 if child else 30, "female", "en-us", child=child)
        voice = replace(voice, rate_wpm=170, pitch=45, emotion=emotion, intensity=intensity)
        audio = speak(TEXT, voice, np.random.default_rng(0)).audio
        f0 = track_f0(audio, RATE_HZ)[0]
        power = np.exp(analyse(audio, RATE_HZ).log_power[f0 > 0]).mean(0)
        f0 = f0[f0 > 0]
        bright = power[64:].sum() / power.sum()
        row = (
            np.median(f0),
            np.ptp(np.percentile(np.log(f0), [20, 80])),
            len(audio) / RATE_HZ,
            np.abs(audio).max(),
            bright,
        )
        found.append(row)
    return np.median(found, axis=0)


def test_the_table_has_the_emotions_that_faces_have():
    assert set(PROSODY) == set(EMOTIONS)
    for emotion in PROSODY:
        emotion_face(emotion, 0.5, np.random.default_rng(0))
        assert prosody_of(emotion, 0.0) == Prosody()
    assert prosody_of("neutral", 1.0) == Prosody()


@pytest.mark.parametrize("child", [True, False])
def test_happy_is_above_neutral_is_above_sad(child):
    happy, neutral, sad = (measure(e, child=child) for e in ("happy", "neutral", "sad"))
    assert happy[0] > 1.08 * neutral[0] and neutral[0] > 1.04 * sad[0]
    assert happy[1] > neutral[1] > sad[1]
    assert happy[2] < 0.97 * neutral[2] and neutral[2] < 0.92 * sad[2]
    assert happy[3] > neutral[3] > sad[3]


def test_angry_children_are_brighter_and_sad_ones_duller():
    angry, neutral, sad = (measure(e)[4] for e in ("angry", "neutral", "sad"))
    assert angry > neutral > sad


def test_intensity_moves_a_voice_in_even_steps():
    voice = sample_voice(np.random.default_rng(0), 7, "male")
    f0 = [felt(replace(voice, emotion="surprised", intensity=i)).f0_hz for i in (0, 0.5, 1)]
    assert f0[0] == voice.f0_hz
    assert f0[1] ** 2 == pytest.approx(f0[0] * f0[2], rel=0.01)


@pytest.mark.parametrize(("emotion", "intensity"), [("bored", 0.5), ("happy", 1.5), ("sad", -0.1)])
def test_unknown_feelings_are_refused(emotion, intensity):
    with pytest.raises(ValueError, match="emotion"):
        prosody_of(emotion, intensity)


def test_words_carry_the_emotion_of_their_voice():
    felt_share = {0.0: set(), 1.0: set()}
    for share, found in felt_share.items():
        options = Words(words=("stop", "go"), emotion_share=share, voices=("espeak",))
        for number in range(12):
            facts = make_word(options, number).facts
            if facts["keyword"] != "silence":
                found.add(facts["emotion"])
                assert (facts["emotion_intensity"] > 0) == (share == 1.0)
    assert felt_share[0.0] == {"neutral"}
    assert "neutral" not in felt_share[1.0] and len(felt_share[1.0]) >= 3
    with pytest.raises(ValueError, match="--emotion-share 2"):
        check_options(Words(emotion_share=2.0))
