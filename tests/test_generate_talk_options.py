"""Talking clips: quiet before and after the words, and voices that training never draws."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generate import make
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
