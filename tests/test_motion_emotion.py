"""Each emotion moves the landmarks as its action units say, more with intensity, at any age."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from generate.motion.emotion import emotion_face, relaxed
from generate.people.child import Child
from generate.sample import sample_person
from generate.spec import ARKIT, EMOTIONS

AGES = (1.0, 5.0, 10.0, 35.0)
INNER_BROW, LIDS, CORNERS, INNER_LIPS = [21, 22], [37, 38, 43, 44], [48, 54], (62, 66)


@pytest.fixture(scope="module")
def children() -> list[Child]:
    drawn = [sample_person(12, i, (age, age + 0.1)) for i, age in enumerate(AGES)]
    return [Child(replace(person, hair_style="cropped"), detail=0.05) for person in drawn]


def moved(child: Child, emotion: str, intensity: float) -> NDArray[np.float64]:
    """Landmarks (68, 3) less those at rest, in mm of an adult's head."""
    face = emotion_face(emotion, intensity, np.random.default_rng(3))
    shift = child.pose(face, (0, 0, 0), (0, 0)).landmarks - child.neutral.landmarks
    return np.asarray(shift, np.float64) * 1000 / child.head.scale


def opening(shift: NDArray[np.float64]) -> float:
    return float(shift[INNER_LIPS[0], 1] - shift[INNER_LIPS[1], 1])


def test_action_units_show_at_every_age(children):
    for child in children:
        at = {emotion: moved(child, emotion, 0.8) for emotion in EMOTIONS}
        brow = {emotion: shift[INNER_BROW, 1].mean() for emotion, shift in at.items()}
        corner = {emotion: shift[CORNERS, 1].mean() for emotion, shift in at.items()}
        lid = {emotion: shift[LIDS, 1].mean() for emotion, shift in at.items()}
        assert corner["happy"] > 2
        assert corner["sad"] < -1
        assert min(brow["surprised"], brow["afraid"], brow["sad"]) > 1
        assert max(brow["angry"], brow["disgusted"]) < -1
        assert min(lid["surprised"], lid["afraid"]) > 0.3
        assert opening(at["surprised"]) > 4
        assert opening(at["angry"]) < 1


def test_emotions_are_told_apart(children):
    """Any two differ more than one emotion does between two draws."""
    for child in children:
        at = {emotion: moved(child, emotion, 0.8)[17:] for emotion in EMOTIONS}
        for i, one in enumerate(EMOTIONS):
            for other in EMOTIONS[:i]:
                apart = np.sqrt(((at[one] - at[other]) ** 2).sum(1).mean())
                assert apart > 0.8, f"{one} and {other}"


@pytest.mark.parametrize("emotion", EMOTIONS[1:])
def test_intensity_grows_the_face(children, emotion):
    for child in children:
        size = [np.linalg.norm(moved(child, emotion, level)) for level in (0, 0.3, 0.6, 1.0)]
        assert size[0] == 0
        assert np.diff(size).min() > 0.5


def test_wrong_emotions_are_named():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="jealous"):
        emotion_face("jealous", 0.5, rng)
    with pytest.raises(ValueError, match=r"1\.2"):
        emotion_face("happy", 1.2, rng)


def test_resting_faces_vary_and_some_part_their_lips():
    faces = np.stack([relaxed(np.random.default_rng(seed)) for seed in range(400)])
    parted = faces[:, ARKIT.index("jawOpen")] > 0
    assert 0.12 < parted.mean() < 0.35
    assert faces.max() <= 0.4
    smile = faces[:, [ARKIT.index("mouthSmileLeft"), ARKIT.index("mouthSmileRight")]]
    assert smile.std() > 0.03
    assert 0.005 < np.abs(smile[:, 0] - smile[:, 1]).mean() < 0.08
