"""Directions in words: every word does something, what is unknown is said, cues fit each other."""

from itertools import pairwise

import numpy as np
import pytest

from generate.motion.cues import (
    BlinkCue,
    EmotionCue,
    GazeCue,
    GestureCue,
    HeadCue,
    NoteCue,
    VisemeCue,
    VocalCue,
    WhisperCue,
)
from generate.motion.direction import parse_direction
from generate.motion.direction_cues import direction_cues
from generate.motion.direction_words import ACTIONS, MOODS, OBJECTS, VERBS
from generate.motion.director import Manner
from generate.motion.laying import laid_over
from generate.motion.performance import Asked, perform, roomy
from generate.motion.phrasing import Phrase, phrases
from generate.motion.score import Score
from generate.motion.score_text import from_text, to_text
from generate.voice.speech import Utterance
from generate.voice.timed import Timed

SPOKEN = (Phrase(0.2, 2.2), Phrase(2.8, 5.8))


def cues(text, length=6.0, spoken=SPOKEN):
    return direction_cues(parse_direction(text), length, spoken)


def only(found, kind):
    return [cue for cue in found if isinstance(cue, kind)]


def babble():
    said = [Timed("ˈæ" if i % 3 else "m", 0.2 + 0.15 * i, 0.35 + 0.15 * i) for i in range(30)]
    return Utterance(np.zeros(16000 * 5, np.float32), tuple(said), (), {})


def test_the_example_does_what_it_says():
    found = cues("shyly, looking down, then nods twice")
    (felt,) = only(found, EmotionCue)
    assert (felt.start_s, felt.end_s, felt.emotion) == (0.0, 6.0, "happy")
    looks = only(found, GazeCue)
    assert looks[0].target == "down"
    assert looks[0].end_s == pytest.approx(2.5)  # the pause
    (nod,) = only(found, HeadCue)
    assert (nod.move, nod.count) == ("nod", 2)
    assert 2.5 < nod.start_s < 3.0
    assert nod.end_s - nod.start_s == pytest.approx(1.1)


def test_modifiers_change_what_they_belong_to():
    (usual,) = cues("nods")
    (slow,) = cues("slowly nods")
    (slight,) = cues("nods slightly")
    (thrice,) = cues("nods three times")
    (late,) = cues("nods at the end")
    (middle,) = cues("nods in the middle")
    (timed,) = cues("looks away for 2 seconds")
    length = usual.end_s - usual.start_s
    assert slow.end_s - slow.start_s > 1.5 * length
    assert slight.size_deg < 0.6 * usual.size_deg
    assert thrice.count == 3
    assert late.end_s == 6.0
    assert abs((middle.start_s + middle.end_s) / 2 - 3.0) < 0.01
    assert timed.end_s - timed.start_s == pytest.approx(2.0)


def test_sides_and_objects():
    assert cues("tilts her head to the left")[0].size_deg > 0
    assert cues("tilts her head to the right")[0].size_deg < 0
    assert cues("waves with the left hand")[0].gesture == "wave-left"
    assert cues("raises both hands")[0].gesture == "hands-up"
    assert cues("raises his eyebrows")[0].move == "raise"
    assert cues("hides her eyes")[0].gesture == "hands-over-eyes"
    assert only(cues("closes her eyes for 2 seconds"), BlinkCue)[0].end_s == 2.0
    assert cues("looks at the toy")[0].target == "toy"


def test_eyes_roll_over_the_top_and_points_go_where_they_are_told():
    rolled = only(cues("rolls her eyes"), GazeCue)
    assert [cue.pitch_deg > 10 for cue in rolled] == [True] * 3
    assert rolled[0].yaw_deg > 0 > rolled[2].yaw_deg
    assert all(a.end_s == pytest.approx(b.start_s) for a, b in pairwise(rolled))
    assert cues("points")[0].gesture == "point"
    assert cues("points up")[0].gesture == "point-up"
    assert cues("points to the left")[0].gesture == "point-left"


def test_a_whisper_lasts_its_section():
    (hushed,) = only(cues("happily, then whispers"), WhisperCue)
    assert (hushed.start_s, hushed.end_s) == (pytest.approx(2.65), 6.0)


@pytest.mark.parametrize("mood", sorted(MOODS))
def test_every_mood_is_felt_throughout(mood):
    (felt,) = only(cues(mood), EmotionCue)
    assert (felt.start_s, felt.end_s) == (0.0, 6.0)


def test_every_action_can_be_asked_for_and_makes_a_score():
    for action in ACTIONS:
        verb, _, thing = action.partition(" ")
        for form in (verb, verb + "s"):
            found = cues(f"{form} {thing}")
            assert found, action
            score = Score(6.0, tuple(found))
            assert from_text(to_text(score)) == score
    assert set(VERBS.values()) >= {action.split()[0] for action in ACTIONS}
    assert {a.split()[1] for a in ACTIONS if " " in a} <= set(OBJECTS.values())


@pytest.mark.parametrize(
    ("form", "action"),
    [
        ("nodding", "nod"), ("shrugged", "shrug"), ("smiling", "smile"), ("waves", "wave"),
        ("cries", "sob"), ("clapping", "clap"), ("raised hands", "raise hands"),
    ],
)  # fmt: skip
def test_verbs_are_known_in_all_forms(form, action):
    assert parse_direction(form).sections[0][0].action == action


def test_what_needs_one_part_of_the_body_comes_one_after_another():
    first, second = only(cues("nods, shakes her head"), HeadCue)
    assert second.start_s >= first.end_s
    laugh, cough = only(cues("laughs, coughs", spoken=()), VocalCue)
    assert cough.start_s >= laugh.end_s


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("nods skyly, then jmups", "'skyly' .nearest: shyly.*'jmups'"),
        ("tilts head up", "tilt has no 'up'; it takes left, right"),
        ("hides hands", "cover mouth or cover eyes"),
        ("slowly", "says how but not what"),
        ("nods shakes", "two things"),
        ("", "asks for nothing"),
        ("then then", "asks for nothing"),
    ],
)
def test_what_is_not_understood_is_said_in_one_line(text, names):
    with pytest.raises(ValueError, match=names) as error:
        parse_direction(text)
    assert "\n" not in str(error.value)


def test_sounds_get_quiet_before_and_after_the_speech():
    said = babble()
    direction = parse_direction("giggles, then waves, then sighs")
    before, after = direction.room_s
    assert before > 1
    assert after > 1
    heard = roomy(said, direction)
    assert heard.duration_s == pytest.approx(said.duration_s + before + after, abs=0.001)
    asked = Asked(direction)
    rng = np.random.default_rng(0)
    score = perform(heard, heard.duration_s, rng, manner=Manner(gestures=True), asked=asked)
    giggle, sigh = score.of(VocalCue)
    spoken = phrases(heard.phonemes)
    assert giggle.end_s < spoken[0].start_s
    assert sigh.start_s > spoken[-1].end_s
    assert sigh.end_s <= score.length_s
    assert len(score.of(VisemeCue)) == len(said.phonemes)


def test_asked_cues_take_the_place_of_drawn_ones():
    said = babble()
    direction = parse_direction("looks up, then hugs the toy, then shakes head three times, sadly")
    for seed in range(5):
        score = perform(
            said, 5.0, np.random.default_rng(seed), "happy", 0.8,
            manner=Manner(gestures=True), asked=Asked(direction),
        )  # fmt: skip
        assert [c.target for c in score.of(GazeCue) if c.start_s < 1.0] == ["up"]
        assert "hug" in [c.gesture for c in score.of(GestureCue)]
        assert [c.emotion for c in score.of(EmotionCue)][-1] == "sad"
        assert any(c.move == "shake" and c.count == 6 for c in score.of(HeadCue))


def test_laying_over_cuts_what_can_be_cut_and_drops_the_rest():
    drawn = Score(10, (GazeCue(0, 10, "camera"), HeadCue(2, 4, "nod"), HeadCue(6, 7, "nod")))
    asked = (GazeCue(3, 5, "toy"), HeadCue(3, 5, "shake"))
    now = laid_over(drawn, asked)
    assert [(c.start_s, c.end_s) for c in now.of(GazeCue)] == [(0, 3), (3, 5), (5, 10)]
    assert [c.move for c in now.of(HeadCue)] == ["shake", "nod"]


def test_a_direction_without_time_is_refused():
    with pytest.raises(ValueError, match="no time"):
        cues("nods, shakes head, nods, shakes head", 0.5, ())


def test_notes_follow_the_room_of_a_direction():
    direction = parse_direction("laughs, then smiles")
    heard = roomy(babble(), direction)
    asked = Asked(direction, (NoteCue(0.2, 1.0, 64),))
    score = perform(heard, heard.duration_s, np.random.default_rng(0), asked=asked)
    (note,) = score.of(NoteCue)
    assert note.start_s == pytest.approx(0.2 + direction.room_s[0])
