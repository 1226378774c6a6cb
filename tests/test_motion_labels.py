"""The score of a talking clip is among its labels, and plays to the very curves that were drawn."""

from __future__ import annotations

import numpy as np
import pytest

from generate.clip import Clip, check, labels_from_bytes, labels_to_bytes
from generate.make import make_clip
from generate.motion.cues import EmotionCue, GestureCue, VisemeCue
from generate.motion.player import play_score
from generate.motion.score import Score
from generate.motion.score_text import from_text
from generate.presets import Talk

SPEC = {"seed": 5, "size_px": 64, "max_s": 1.2, "sentences": ("my big bear",)}


@pytest.fixture(scope="module")
def clip() -> Clip:
    return make_clip(Talk(**SPEC, fix=("framing=upper", "gesture=shrug")), 3)


def score_of(clip: Clip) -> Score:
    labels = labels_from_bytes(labels_to_bytes(clip.labels), "here")
    return from_text("\n".join(labels["score"]))


def test_a_talking_clip_holds_its_score(clip: Clip) -> None:
    check(clip)
    score = score_of(clip)
    assert score.length_s == pytest.approx(len(clip.labels["arkit"]) / clip.facts["rate_hz"])
    assert score.of(VisemeCue)[0].phoneme == clip.labels["phoneme"][0]
    assert [cue.gesture for cue in score.of(GestureCue)] == ["shrug"]
    felt = score.of(EmotionCue)
    assert [(c.emotion, c.intensity) for c in felt] == (
        [(clip.facts["emotion"], clip.facts["emotion_intensity"])]
        if clip.facts["emotion"] != "neutral"
        else []
    )


def test_the_score_plays_to_the_labelled_curves(clip: Clip) -> None:
    motion = play_score(score_of(clip), clip.facts["rate_hz"])
    assert np.array_equal(motion.arkit, clip.labels["arkit"])
