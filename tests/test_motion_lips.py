"""The lips of the posed head meet where the sound asks for it, in millimetres."""

from pathlib import Path

import numpy as np
import pytest

import generate.people
from generate.motion.player import play
from generate.spec import Person
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
