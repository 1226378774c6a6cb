"""The lips of the posed head meet where the sound asks for it, in millimetres."""

from pathlib import Path

import numpy as np
import pytest

import generate.people
from generate.motion.cues import EmotionCue, NoteCue, StyleCue, VisemeCue, VocalCue
from generate.motion.player import play, play_score
from generate.motion.score import Score
from generate.motion.shapes import COLUMN
from generate.motion.shown import lip_gap_mm as shown_gap_mm
from generate.spec import EMOTIONS, Person
from generate.voice.speech import speak
from generate.voice.voices import sample_voice

ASSET = Path(generate.people.__file__).parent / "data" / "head.npz"
pytestmark = pytest.mark.skipif(not ASSET.exists(), reason="the head asset is not baked here")
RATE_HZ = 30


def lip_gap_mm(child, motion, frame):
    posed = child.pose(motion.arkit[frame], (0.0, 0.0, 0.0), (0.0, 0.0))
    upper, lower = posed.landmarks[[61, 62, 63], 1], posed.landmarks[[67, 66, 65], 1]
    return float(np.mean(upper - lower)) * 1000


@pytest.mark.parametrize(("age_years", "emotion"), [(3.0, "neutral"), (8.0, "surprised")])
def test_lips_meet_on_bilabials_and_part_on_vowels(age_years, emotion):
    from generate.people.child import Child

    person = Person(
        age_years, "female", (0.3, 0.3, 0.4), 5, 7, "cropped", "brown", "brown",
        "tee", (0.5, 0.5, 0.5), "plain", 0.0,
    )  # fmt: skip
    child = Child(person, detail=0.05)
    rng = np.random.default_rng(2)
    said = speak("Mama, pop a big bubble. Happy!", sample_voice(rng, age_years, "female"), rng)
    n_frames = int(said.duration_s * RATE_HZ) + 1
    motion = play(said, n_frames, RATE_HZ, rng, emotion, 0.8 if emotion != "neutral" else 0.0)
    shut, apart = [], []
    for phoneme in said.phonemes:
        frame = int((phoneme.start_s + phoneme.end_s) / 2 * RATE_HZ)
        if phoneme.text in ("p", "b", "m") and phoneme.end_s - phoneme.start_s >= 0.04:
            shut.append(lip_gap_mm(child, motion, frame))
        elif set(phoneme.text) & set("æɑ"):
            apart.append(lip_gap_mm(child, motion, frame))
    assert len(shut) >= 6
    assert max(shut) < 1.0
    assert np.mean(apart) > 5.0


AGES = (3.0, 6.0, 12.0, 35.0)
FELT = (*EMOTIONS, "laugh", "yawn")
"""What the mouth does besides: every emotion and two sounds, all in full."""


@pytest.fixture(scope="module")
def people():
    from generate.people.child import Child

    return [Child(Person(age_years=age, face_seed=int(age)), detail=0.05) for age in AGES]


def face_saying(phoneme, felt):
    """(52,) in the middle of a sound of 60 ms between two open vowels, with a full emotion."""
    cues = [VisemeCue(0.5, 0.7, "ˈɑː"), VisemeCue(0.7, 0.76, phoneme), VisemeCue(0.76, 1, "ˈɑː")]
    cues.append(EmotionCue(0, 2, felt, 1.0) if felt in EMOTIONS else VocalCue(0, 2, felt, 1.0))
    cues.append(StyleCue(0, 2, jaw=1.6, lips=1.6, expression=2.0, asymmetry=0.3))
    return play_score(Score(2, tuple(cues)), 50, 36, 1).arkit[0]


def middle_gap_mm(child, arkit):
    return float(shown_gap_mm(child, arkit[None])[0])


@pytest.mark.parametrize("felt", FELT)
def test_no_feeling_breaks_a_contact_or_shuts_another_sound(people, felt):
    for child in people:
        for phoneme in "pbm":
            assert middle_gap_mm(child, face_saying(phoneme, felt)) < 1.0, phoneme
        for phoneme in ("t", "s", "ʃ", "ˈuː", "w", "k", "ˈiː", "ˈæ", "ə", "ɹ"):
            assert middle_gap_mm(child, face_saying(phoneme, felt)) > 1.0, phoneme


@pytest.mark.parametrize("felt", FELT)
def test_the_lower_lip_meets_the_upper_teeth_on_f_and_v(people, felt):
    for child in people:
        posed = child.pose(face_saying("f", felt), (0, 0, 0), (0, 0))
        teeth = posed.points[child.topology.parts["upper-teeth"][0]]
        lower, upper = posed.landmarks[66], posed.landmarks[62]
        edge = teeth[np.abs(teeth[:, 0] - upper[0]) < 0.006, 1].min()
        assert 0 < lower[1] - edge < 0.0055  # the lip covers the edge of the teeth
        assert upper[1] > lower[1]  # which show above it


def test_rounded_sounds_stay_round_in_a_smile(people):
    round_, spread = (face_saying(p, "happy") for p in ("ˈuː", "ˈiː"))
    width = [
        float(np.ptp(people[1].pose(f, (0, 0, 0), (0, 0)).landmarks[[48, 54], 0]))
        for f in (round_, spread)
    ]
    assert width[0] < 0.86 * width[1]
    assert round_[COLUMN["mouthPucker"]] > 0.45


@pytest.mark.parametrize("vowel", ["iː", "uː", "ɪ"])
def test_sung_close_vowels_open_the_mouth_more_than_spoken_ones(people, vowel):
    said = VisemeCue(0.5, 1.1, vowel)
    for child in people:
        gaps = [
            middle_gap_mm(child, play_score(Score(2, cues), 50, 40, 1).arkit[0])
            for cues in ((said,), (said, NoteCue(0.5, 1.1, 60.0)), (said, NoteCue(0.5, 1.1, 72.0)))
        ]
        assert gaps[1] > gaps[0] + 1.0
        assert gaps[2] > gaps[1] + 0.5


@pytest.mark.parametrize("felt", FELT)
def test_teeth_stay_near_on_sibilants(felt):
    for phoneme in ("s", "z", "ʃ", "tʃ"):
        assert 0.07 < face_saying(phoneme, felt)[COLUMN["jawOpen"]] < 0.21
