"""Faces that speak: lips meet on p, b, m at any frame rate, vowels open, nothing leaves 0..1."""

import numpy as np
import pytest

from generate.motion.player import play
from generate.motion.shapes import COLUMN, columns, shape
from generate.motion.visemes import unknown_symbols, visemes_of
from generate.spec import ARKIT, EMOTIONS
from generate.voice.speech import Utterance, speak
from generate.voice.timed import Timed
from generate.voice.voices import sample_voice

TEXT = "Bob and mama made a big map, happy puppies jump up and bump my blue apple boat."
RATES = (15, 25, 30, 60)


@pytest.fixture(scope="module")
def utterance():
    rng = np.random.default_rng(4)
    return speak(TEXT, sample_voice(rng, 7, "female"), rng)


def moved(utterance, rate_hz, emotion="neutral", intensity=0.0, seed=1):
    n_frames = int(np.ceil(utterance.duration_s * rate_hz))
    rng = np.random.default_rng(seed)
    return play(utterance, n_frames, rate_hz, rng, emotion, intensity)


def opening(motion):
    """How far the lips are apart, as ARKit shapes: the jaw less mouthClose, and what lifts lips."""
    values = {name: motion.arkit[:, COLUMN[name]] for name in ("jawOpen", "mouthClose")}
    lifted = motion.arkit[:, columns("mouthLowerDown", "mouthUpperUp")].max(1)
    return values["jawOpen"] - values["mouthClose"] + lifted


def frames_in(phoneme, rate_hz, offset):
    times = (np.arange(10_000) + offset) / rate_hz
    return np.flatnonzero((times >= phoneme.start_s) & (times < phoneme.end_s))


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("emotion", ["neutral", "surprised", "happy", "disgusted"])
def test_lips_close_on_every_bilabial(utterance, rate_hz, emotion):
    motion = moved(utterance, rate_hz, emotion, 1.0 if emotion != "neutral" else 0.0)
    apart = opening(motion)
    closures = [p for p in utterance.phonemes if p.text in ("p", "b", "m")]
    long = [p for p in closures if p.end_s - p.start_s >= 0.04]
    assert len(long) >= 15
    for phoneme in long:
        nearest = int((phoneme.start_s + phoneme.end_s) / 2 * rate_hz)
        shown = {nearest, *frames_in(phoneme, rate_hz, 0), *frames_in(phoneme, rate_hz, 0.5)}
        assert max(apart[i] for i in shown if i < len(apart)) < 0.03


@pytest.mark.parametrize("rate_hz", RATES)
def test_open_vowels_open(utterance, rate_hz):
    apart = opening(moved(utterance, rate_hz))
    opened = []
    for phoneme in utterance.phonemes:
        if phoneme.text[0] == "ˈ" and set(phoneme.text) & set("æɑaɒʌ"):
            frames = frames_in(phoneme, rate_hz, 0.5)
            opened += [apart[frames].max()] if len(frames) else []
    assert len(opened) >= 4
    assert np.median(opened) > 0.3


def test_rounded_vowels_pucker_and_close_vowels_do_not(utterance):
    del utterance
    rng = np.random.default_rng(0)
    voice = sample_voice(rng, 7, "female")
    pucker = {}
    for text in ("who, who", "he, he"):
        said = speak(text, voice, rng)
        arkit = moved(said, 60).arkit
        frames = np.concatenate(
            [frames_in(p, 60, 0.5) for p in said.phonemes if p.text.endswith("ː")]
        )
        pucker[text] = arkit[frames[frames < len(arkit)], COLUMN["mouthPucker"]].mean()
    assert pucker["who, who"] > 0.35
    assert pucker["he, he"] < 0.1


def test_lip_meets_teeth_on_f_and_v():
    rng = np.random.default_rng(0)
    said = speak("five very funny waves", sample_voice(rng, 7, "female"), rng)
    arkit = moved(said, 30).arkit
    for phoneme in said.phonemes:
        if phoneme.text in ("f", "v"):
            frame = int((phoneme.start_s + phoneme.end_s) / 2 * 30)
            assert arkit[frame, COLUMN["mouthRollLower"]] > 0.4
            assert arkit[frame, COLUMN["jawOpen"]] < 0.17


def test_jaw_moves_smoothly(utterance):
    jaw = moved(utterance, 60).arkit[:, COLUMN["jawOpen"]]
    assert np.abs(np.diff(jaw)).max() < 0.35
    assert jaw.max() < 0.95


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_everything_stays_in_range(utterance, emotion):
    for said in (utterance, None):
        rng = np.random.default_rng(3)
        motion = play(said, 200, 25, rng, emotion, 1.0)
        assert motion.arkit.shape == (200, 52)
        assert motion.arkit.dtype == motion.head_deg.dtype == motion.gaze_deg.dtype == np.float32
        assert motion.arkit.min() >= 0
        assert motion.arkit.max() <= 1
        assert np.abs(motion.head_deg).max() <= 55
        assert np.abs(motion.gaze_deg).max() <= 32
        close, jaw = motion.arkit[:, COLUMN["mouthClose"]], motion.arkit[:, COLUMN["jawOpen"]]
        assert (close <= jaw + 1e-6).all()


def test_emotions_look_different(utterance):
    means = [moved(utterance, 25, emotion, 1.0).arkit.mean(0) for emotion in EMOTIONS]
    for i, one in enumerate(means):
        for other in means[i + 1 :]:
            assert np.linalg.norm(one - other) > 0.4


def test_same_seed_same_motion(utterance):
    one, other, third = moved(utterance, 25), moved(utterance, 25), moved(utterance, 25, seed=2)
    assert one.arkit.tobytes() == other.arkit.tobytes()
    assert one.head_deg.tobytes() == other.head_deg.tobytes()
    assert one.gaze_deg.tobytes() == other.gaze_deg.tobytes()
    assert one.arkit.tobytes() != third.arkit.tobytes()


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ((10, 25, "bored", 0.5), "bored"),
        ((10, 25, "happy", 1.5), "1.5"),
        ((0, 25, "happy", 0.5), "0 frames"),
        ((10, 0, "happy", 0.5), "Hz"),
    ],
)
def test_bad_requests_are_refused(arguments, names):
    n_frames, rate_hz, emotion, intensity = arguments
    with pytest.raises(ValueError, match=names):
        play(None, n_frames, rate_hz, np.random.default_rng(0), emotion, intensity)


def test_every_english_phoneme_has_a_viseme():
    symbols = "p b m f v θ ð t d n l s z ʃ ʒ tʃ dʒ ɹ k ɡ ŋ h w j ɾ ʔ ɚ əl ᵻ ʍ"
    symbols += " iː ɪ ɛ æ ɑː ɒ ɔː ʊ uː ʌ ɜː ə ɐ eɪ aɪ ɔɪ oʊ əʊ aʊ iə eə ʊə ʉː ɑːɹ"
    for phoneme in symbols.split():
        assert visemes_of(phoneme), phoneme
        assert visemes_of("ˈ" + phoneme) == visemes_of(phoneme)
    assert len(visemes_of("aɪ")) == 2


def test_sounds_of_other_languages_have_visemes_and_nonsense_has_none():
    others = "y ʏ ø œ ɯ ɤ β ʋ c ɕ ʂ ʈ χ ʎ ä ç ə- t̪ ɛ̃ ε"
    for phoneme in others.split():
        assert visemes_of(phoneme), phoneme
        assert not unknown_symbols(phoneme), phoneme
    assert all(visemes_of(p)[0].rounded for p in ("y", "ʏ", "ø", "œ", "u", "w", "ʃ"))
    assert not any(visemes_of(p)[0].rounded for p in ("i", "ɯ", "ɛ", "a", "s"))
    assert unknown_symbols("p§") == "§"
    said = Utterance(np.zeros(16000, np.float32), (Timed("ʲ", 0.2, 0.3),), (), {})
    assert len(play(said, 25, 25, np.random.default_rng(0))) == 25  # a modifier is no sound


def test_shape_names_are_checked():
    assert shape({"mouthSmile": 0.5}).sum() == 1.0
    assert len(ARKIT) == 52
    with pytest.raises(ValueError, match="mouthGrin"):
        shape({"mouthGrin": 1.0})
