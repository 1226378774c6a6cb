"""Talking clips: quiet before and after the words, and voices that training never draws."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generate import make
from generate.motion.asides import ASIDE_LEAST_S
from generate.motion.direction import parse_direction
from generate.preset_checks import check_options
from generate.presets import Talk
from generate.voice.voices import HELD_OUT

TALK = Talk(max_s=3, voices=("espeak",))


def said(options: Talk, number: int) -> tuple[float, float, float, str]:
    """First and last time of a word, length (s), and the voice of a clip, without its picture."""
    shot = make.talk_shot(options, number)
    voice = make.talk_voice(options, number, shot)
    utterance = make._voiced(options, number, voice)[0]
    first, last = utterance.words[0].start_s, utterance.words[-1].end_s
    return first, last, utterance.duration_s, voice.voice


def test_quiet_is_before_and_after_and_within_the_length() -> None:
    bare, quiet = said(TALK, 0), said(replace(TALK, quiet_s=1.0), 0)
    assert quiet[0] > bare[0] + 0.05 and quiet[2] - quiet[1] > bare[2] - bare[1]
    assert quiet[2] <= 3.01 and quiet[3] == bare[3]


def test_held_out_voices_are_asked_for_by_name() -> None:
    for number in range(3):
        assert said(replace(TALK, speakers="test"), number)[3].split("+")[1] in HELD_OUT["test"]
        assert said(TALK, number)[3].split("+")[1] not in HELD_OUT["test"]


def test_quiet_leaves_a_second_of_speech() -> None:
    check_options(replace(TALK, quiet_s=1.0))
    with pytest.raises(ValueError, match=r"--quiet-s 1\.1: want 0 to 1"):
        check_options(replace(TALK, quiet_s=1.1))


def test_sounds_beside_speech_leave_a_second_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "aside", lambda _emotion, _rng: parse_direction("yawns"))
    calm = replace(TALK, max_s=ASIDE_LEAST_S)
    taken = []
    for number in range(6):
        for options in (calm, replace(calm, quiet_s=1.5)):
            shot = make.talk_shot(options, number)
            voice = make.talk_voice(options, number, shot)
            utterance, _, asked = make._voiced(options, number, voice)
            first, last = utterance.words[0].start_s, utterance.words[-1].end_s
            assert utterance.duration_s <= options.max_s + 0.01 and last > first + 0.2
            taken.append(sum(asked.direction.room_s) > 0)
    assert all(taken[::2]) and not all(taken[1::2])


def test_a_direction_and_quiet_leave_a_second_of_speech() -> None:
    yawns = replace(TALK, direction="yawns", max_s=4.0)
    check_options(replace(yawns, quiet_s=0.2))
    with pytest.raises(ValueError, match=r"the .* --quiet-s take 4\.5 s of it; want 5\.6"):
        check_options(replace(yawns, quiet_s=1.0))
    check_options(replace(yawns, quiet_s=1.0, max_s=5.6))
