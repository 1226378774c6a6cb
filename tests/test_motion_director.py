"""The director: what it writes into a score follows from voice, words, emotion, age and style."""

import itertools

import numpy as np
import pytest

from generate.motion.cues import (
    AffectCue,
    BlinkCue,
    BreathCue,
    EmotionCue,
    GazeCue,
    GestureCue,
    HeadCue,
    PoseCue,
    StyleCue,
    SwayCue,
    VisemeCue,
)
from generate.motion.director import Manner, direct
from generate.motion.gesture import GESTURES
from generate.motion.phrasing import beats, hear, phrases
from generate.motion.player import play_score
from generate.motion.score_text import from_text, to_text
from generate.motion.style import Style
from generate.spec import EMOTIONS
from generate.voice.languages import ENGLISH
from generate.voice.speech import Utterance, speak
from generate.voice.timed import Timed
from generate.voice.voices import sample_voice

TEXT = "Hello bear! I don't think I can see you. Look, there is a big blue boat. Where are you?"
PLAIN = Style()


@pytest.fixture(scope="module")
def utterance():
    rng = np.random.default_rng(4)
    return speak(TEXT, sample_voice(rng, 7, "female"), rng)


def scores(utterance, emotion="neutral", intensity=0.0, count=8, **manner):
    length = utterance.duration_s + 0.5 if utterance else 20.0
    made = Manner(style=PLAIN, **manner)
    return [
        direct(utterance, length, np.random.default_rng(i), emotion, intensity, manner=made)
        for i in range(count)
    ]


def mean(made, kind, value):
    return float(np.mean([value(c) for score in made for c in score.of(kind)]))


def test_phrases_are_runs_of_sound_and_stress_is_ranked(utterance):
    heard = hear(utterance)
    found = phrases(utterance.phonemes, heard)
    assert 3 <= len(found) <= 7
    assert all(a.end_s < b.start_s for a, b in itertools.pairwise(found))
    stress = beats(utterance.phonemes, heard)
    strengths = [beat.strength for beat in stress]
    assert len(stress) >= 6
    assert 0 < min(strengths) < 0.4 < 0.6 < max(strengths) < 1
    loud = utterance.audio.copy()
    first = int(stress[2].time_s * 16000)
    loud[first - 800 : first + 800] *= 4
    louder = Utterance(loud, utterance.phonemes, utterance.words, {})
    assert beats(utterance.phonemes, hear(louder))[2].strength > stress[2].strength + 0.05


def test_every_score_prints_and_parses_back(utterance):
    for emotion in EMOTIONS:
        for score in scores(utterance, emotion, 0.7, count=2, gestures=True):
            assert from_text(to_text(score)) == score


def test_stress_moves_the_head_and_words_shake_it(utterance):
    made = scores(utterance, count=20)
    stress = [beat.time_s for beat in beats(utterance.phonemes, hear(utterance))]
    dips = [c for s in made for c in s.of(HeadCue) if c.move == "dip" and c.end_s - c.start_s < 0.4]
    assert len(dips) > 20
    for dip in dips:
        assert min(abs((dip.start_s + dip.end_s) / 2 - t) for t in stress) < 0.01
    (refusal,) = [w for w in utterance.words if w.text.lower().startswith("don")]
    shaken = [any(c.move == "shake" for c in s.of(HeadCue)) for s in made]
    assert 0.5 < np.mean(shaken) < 1.0
    for score in made:
        for cue in score.of(HeadCue):
            if cue.move == "shake":
                assert abs(cue.start_s - refusal.start_s) < 0.2


def test_emotions_carry_the_head_gaze_and_hands_their_way(utterance):
    at = {e: scores(utterance, e, 1.0, count=12, gestures=True) for e in EMOTIONS}
    pitch = {e: mean(made, PoseCue, lambda c: c.pitch_deg) for e, made in at.items()}
    assert pitch["sad"] < pitch["neutral"] - 3 < pitch["happy"] - 4
    sizes = {e: mean(made, SwayCue, lambda c: abs(c.yaw_deg) + abs(c.pitch_deg))
             for e, made in at.items()}  # fmt: skip
    assert sizes["sad"] < 0.75 * sizes["neutral"]
    assert sizes["angry"] > 1.1 * sizes["neutral"]
    away = {e: mean(made, GazeCue, lambda c: np.hypot(c.yaw_deg, c.pitch_deg) > 4)
            for e, made in at.items()}  # fmt: skip
    assert away["sad"] > 1.5 * away["angry"]
    hands = {e: np.mean([len(s.of(GestureCue)) for s in made]) for e, made in at.items()}
    assert hands["sad"] < hands["neutral"] < hands["happy"] + 1


def test_the_asked_intensity_is_reached_and_ebbs_between_phrases(utterance):
    for score in scores(utterance, "happy", 0.8):
        felt = [cue.intensity for cue in score.of(EmotionCue)]
        assert max(felt) == pytest.approx(0.8)
        assert min(felt) > 0.6
        assert len(felt) > 1
        assert score.of(EmotionCue)[-1].end_s == score.length_s


def test_valence_and_arousal_take_the_place_of_a_name(utterance):
    (score,) = scores(utterance, count=1, affect=(0.8, 0.4))
    assert not score.of(EmotionCue)
    assert max(cue.valence for cue in score.of(AffectCue)) == pytest.approx(0.8)
    smile = play_score(score, 25).arkit[:, 23].mean()
    assert smile > play_score(scores(utterance, count=1)[0], 25).arkit[:, 23].mean() + 0.15


def test_younger_children_blink_less_and_breathe_faster():
    length, rng = 600.0, np.random.default_rng(0)
    counts = {}
    for age in (2.0, 6.0, 12.0, 30.0):
        score = direct(None, length, rng, manner=Manner(age, PLAIN))
        counts[age] = len(score.of(BlinkCue)) / 10, len(score.of(BreathCue)) / 10
    blinks, breaths = zip(*counts.values(), strict=True)
    assert list(blinks) == sorted(blinks)
    assert list(breaths) == sorted(breaths, reverse=True)
    assert 24 < breaths[0] < 34
    assert 13 < breaths[-1] < 20


def test_breath_is_taken_in_before_phrases(utterance):
    spoken = phrases(utterance.phonemes, hear(utterance))
    for score in scores(utterance, count=4):
        tops = [c.start_s + 0.4 * (c.end_s - c.start_s) for c in score.of(BreathCue)]
        for phrase in spoken[1:]:
            assert min(abs(top - phrase.start_s) for top in tops) < 0.35


def test_beats_reach_their_lowest_point_on_the_stress():
    """The swing of a beat is -1, the hand lowest, where the vowel is."""
    stresses = [0.4, 0.9, 1.5, 1.8, 2.6, 3.0]
    said = [Timed("ˈæ", t - 0.06, t + 0.06) for t in stresses]
    gaps = itertools.pairwise(said)
    between = [Timed("n", a.end_s, b.start_s) for a, b in gaps]
    phonemes = tuple(sorted(said + between, key=lambda p: p.start_s))
    utterance = Utterance(np.zeros(16000 * 4, np.float32), phonemes, (), {})
    met, count = 0, 0
    for score in scores(utterance, "happy", 0.5, count=12, gestures=True):
        for cue in score.of(GestureCue):
            rate = GESTURES[cue.gesture.replace("-", " ")].rate_hz * cue.tempo
            assert cue.gesture.startswith("beat")
            met += min(abs(cue.start_s + 0.75 / rate - t) for t in stresses) < 0.06
            count += 1
    assert count > 20
    assert met >= 0.8 * count


def test_words_call_for_their_gestures(utterance):
    names = {
        c.gesture
        for s in scores(utterance, "happy", 0.6, count=12, gestures=True)
        for c in s.of(GestureCue)
        if c.start_s < 0.5
    }
    assert names & {"wave-left", "wave-right"}
    assert not any(s.of(GestureCue) for s in scores(utterance))


def test_hands_do_not_follow_every_word():
    some = ("look", "there", "me", "wow", "why", "hello", "guess", "love")
    words = [some[i * 3 % 8] for i in range(16)]
    said = [Timed(w, 0.4 * i, 0.4 * i + 0.35) for i, w in enumerate(words)]
    phonemes = tuple(Timed("æ", w.start_s, w.end_s) for w in said)
    utterance = Utterance(np.zeros(16000 * 7, np.float32), phonemes, tuple(said), {})
    made = scores(utterance, "happy", 0.8, count=30, gestures=True)
    for score in made:
        names = [cue.gesture for cue in score.of(GestureCue)]
        assert len(set(names)) == len(names) <= 3
    assert len({c.gesture for s in made for c in s.of(GestureCue)}) >= 5
    sizes = [c.amount for s in made for c in s.of(GestureCue)]
    assert np.std(sizes) > 0.05


def test_tempo_of_a_style_quickens_looks_and_blinks():
    counts = []
    for tempo in (0.6, 1.0, 1.8):
        manner = Manner(6, Style(tempo=tempo))
        score = direct(None, 300.0, np.random.default_rng(1), manner=manner)
        counts.append((len(score.of(BlinkCue)), len(score.of(GazeCue))))
    assert counts == sorted(counts)


def test_styles_are_drawn_and_kept():
    drawn = [direct(None, 2.0, np.random.default_rng(i)).of(StyleCue)[0] for i in range(30)]
    assert np.std([cue.jaw for cue in drawn]) > 0.1
    (own,) = direct(None, 2.0, np.random.default_rng(0), manner=Manner(6, Style(head=2.0))).of(
        StyleCue
    )
    assert own.head == 2.0


def test_a_held_gesture_is_the_only_one(utterance):
    manner = Manner(gestures=True)
    score = direct(utterance, 9.0, np.random.default_rng(0), gesture="hands up", manner=manner)
    assert [cue.gesture for cue in score.of(GestureCue)] == ["hands-up"]


def test_no_sound_and_short_sounds_are_directed():
    said = Utterance(np.zeros(400, np.float32), (Timed("ˈɑː", 0.0, 0.02),), (), {})
    for utterance in (None, said):
        for length in (0.025, 0.1, 1.0):
            score = direct(utterance, length, np.random.default_rng(0), "afraid", 1.0)
            assert score.length_s == length


@pytest.mark.parametrize("accent", sorted(ENGLISH))
def test_every_accent_of_english_moves_the_mouth(accent: str) -> None:
    voice = sample_voice(np.random.default_rng(0), 7, "female", accent)
    utterance = speak("Ah, father saw a large bird near the ball.", voice, np.random.default_rng(1))
    score = direct(utterance, utterance.duration_s, np.random.default_rng(2))
    assert len(score.of(VisemeCue)) > 15
