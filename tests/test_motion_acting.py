"""Clips and scores that act as they are told, from options and from the command line."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from generate.clip import check
from generate.make import make_clip, make_talk, talk_shot
from generate.motion.asides import ASIDE_LEAST_S, ASIDE_SHARE, ASIDES, aside
from generate.motion.cli import main
from generate.motion.cues import EmotionCue, GestureCue, NoteCue, VocalCue
from generate.motion.direction import parse_direction
from generate.motion.score_text import from_text
from generate.preset_checks import check_options
from generate.presets import Talk
from generate.spec import EMOTIONS

SMALL = {"clips": 1, "size_px": 64, "rate_hz": 5, "sentences": ("hello bear",)}


def test_a_clip_is_acted_as_directed():
    options = Talk(**SMALL, direction="giggles, then sadly waves", fix=("framing=upper",))
    clip = make_clip(options, 0)
    check(clip)
    score = from_text("\n".join(clip.labels["score"]))
    (giggle,) = score.of(VocalCue)
    assert giggle.end_s < clip.labels["word_s"].min()
    assert clip.facts["emotion"] == "sad"
    assert score.of(EmotionCue)[-1].emotion == "sad"
    assert "wave-right" in [cue.gesture for cue in score.of(GestureCue)]
    heard = clip.audio[: int(16000 * giggle.end_s)]
    assert np.abs(heard).max() > 1000
    assert not clip.labels["speaking"][: int(5 * giggle.end_s)].any()


def test_a_clip_is_sung():
    clip = make_talk(Talk(**SMALL, song="star:G4*2 oh:C4"), 0)
    score = from_text("\n".join(clip.labels["score"]))
    assert [note.pitch_midi for note in score.of(NoteCue)] == [67, 60]
    assert clip.facts["text"] == "star oh"


def test_an_emotion_that_is_asked_for_is_felt():
    felt = [talk_shot(Talk(**SMALL, emotion="afraid:0.45"), n) for n in range(3)]
    assert {(shot.emotion, shot.intensity) for shot in felt} == {("afraid", 0.45)}
    led = talk_shot(Talk(**SMALL, emotion="afraid", direction="sadly"), 0)
    assert led.emotion == "sad"


def test_a_small_share_of_people_make_a_sound_unasked():
    draws = [aside(e, np.random.default_rng(n)) for n in range(300) for e in EMOTIONS]
    share = np.mean([bool(plan.sections) for plan in draws])
    assert 0.7 * ASIDE_SHARE < share < 1.3 * ASIDE_SHARE
    for texts in ASIDES.values():
        for text in texts:
            assert sum(parse_direction(text).room_s) + 1 < ASIDE_LEAST_S


def test_arms_are_free_unless_a_gesture_is_held():
    assert talk_shot(Talk(**SMALL, fix=("framing=upper",)), 0).gesture == "rest"
    held = Talk(**SMALL, fix=("framing=upper", "gesture=clap"))
    assert talk_shot(held, 0).gesture == "clap"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"direction": "nods skyly"}, "'skyly'"),
        ({"direction": "waves"}, "framing=upper"),
        ({"direction": "yawns, then yawns, then sighs", "max_s": 3}, "--max-s 3"),
        ({"song": "star"}, "WORD:NOTE"),
        ({"tempo_bpm": 500.0}, "--tempo-bpm 500"),
        ({"emotion": "hapy"}, "--emotion hapy: unknown emotion 'hapy'; did you mean 'happy'"),
        ({"emotion": "sad:2"}, "--emotion sad:2: 2 is outside 0 to 1"),
        ({"emotion": "sad", "fix": ("emotion=happy",)}, "--emotion and --fix"),
    ],
)
def test_what_cannot_be_acted_is_refused_before_any_clip(options, names):
    with pytest.raises(ValueError, match=names) as error:
        check_options(Talk(**SMALL | options))
    assert "\n" not in str(error.value)


def test_the_command_line_directs_and_plays(tmp_path, capsys):
    score, sound, curves = (tmp_path / name for name in ("a.score", "a.wav", "a.csv"))
    words = ["direct", "Hello bear!", "--out", str(score), "--wav", str(sound), "--seed", "3"]
    main([*words, "--direction", "happily, then nods twice, then sighs"])
    audio, rate = soundfile.read(sound)
    read = from_text(score.read_text("utf-8"))
    assert read.length_s == pytest.approx(len(audio) / rate, abs=0.001)
    assert [cue.sound for cue in read.of(VocalCue)] == ["sigh"]
    main(["play", str(score), "--out", str(curves), "--rate-hz", "30"])
    assert "frames at 30 Hz" in capsys.readouterr().out
    assert len(curves.read_text().splitlines()) == 1 + int(np.ceil(read.length_s * 30 - 1e-6))


def test_a_broken_score_is_named_with_its_line(tmp_path):
    score = tmp_path / "broken.score"
    score.write_text("collodi-score 1 2\n0 1 gaze toi\n")
    with pytest.raises(ValueError, match=r"broken.score line 2: gaze target 'toi'"):
        main(["play", str(score), "--out", str(tmp_path / "x.csv")])
