"""Streams: every word has its time, keywords are there as often as asked, and never by accident."""

from dataclasses import replace

import numpy as np
import pytest

from device.main import main
from export.tune_cli import said_in
from generate.clip import check
from generate.make import make_clip
from generate.preset_checks import check_options
from generate.presets import Stream
from generate.shards import open_dataset
from generate.sound.lines import LINES, SPEAKERS, free_line, played, stock
from generate.sound.streams import APART_S, PLAN, PROGRAMS, make_minute
from generate.voice.words import holds

WORDS = ("two", "stop", "good night", "yes=yes|yeah")
OPTIONS = Stream(seed=4, clip_s=12.0, words=WORDS, voices=("espeak",), hours=0.05)
PLAIN = replace(OPTIONS, scene=("room=none", "noise=none", "band=wide", "codec=none", "clip=0"))


@pytest.fixture(autouse=True)
def few_lines(monkeypatch):
    """A small stock: what is tested is not how much there is to hear."""
    monkeypatch.setattr("generate.sound.lines.LINES", 2)
    stock.cache_clear()
    yield
    stock.cache_clear()


def test_no_line_holds_a_keyword_or_what_sounds_like_one():
    rng = np.random.default_rng(0)
    for _ in range(60):
        text = free_line(WORDS, rng)
        assert not holds(text, WORDS)
        assert not {"to", "too", "two", "stop", "yes", "yeah"} & set(text.lower().split())
    lines = stock(1, 0, WORDS, ("espeak",), False)
    assert len(lines) == SPEAKERS * 2
    assert len({line.facts["voice"] for line in lines}) > SPEAKERS // 2
    assert sum(line.duration_s for line in lines) / len(lines) * LINES * SPEAKERS > 72


def test_a_line_at_another_speed_keeps_its_words_in_place():
    line = stock(1, 0, WORDS, ("espeak",), False)[0]
    for speed in (0.92, 1.0, 1.09):
        again = played(line, speed, 0.5)
        assert again.duration_s == pytest.approx(line.duration_s / speed, abs=1e-3)
        assert np.abs(again.audio).max() == pytest.approx(0.5, rel=1e-3)
        before, after = line.words[-1], again.words[-1]
        assert after.start_s * speed == pytest.approx(before.start_s)
        loud = [
            np.square(x.audio[int(w.start_s * 16000) : int(w.end_s * 16000)]).sum()
            / np.square(x.audio).sum()
            for x, w in ((line, before), (again, after))
        ]
        assert loud[0] == pytest.approx(loud[1], rel=0.1)


def test_without_keywords_none_is_said():
    for number in range(4):
        said, scene = make_minute(OPTIONS, number)
        assert scene["program"] in PROGRAMS
        assert scene["echo_db"] == 99
        assert not any(holds(word.text, WORDS) for word in said.words)
        assert len(said.audio) == 12 * 16000
        assert said.audio.std() > 1e-4


def test_placed_keywords_sound_where_they_say():
    asked = replace(PLAIN, keywords_per_minute=15.0)
    names = {"two", "stop", "good night", "yes"}
    placed = 0
    for number in range(6):
        said, _ = make_minute(asked, number)
        keywords = [w for w in said.words if w.text in names]
        placed += len(keywords)
        loudest = np.abs(said.audio).max()
        for word in keywords:
            assert 0 <= word.start_s < word.end_s <= 12
            sound = said.audio[int(word.start_s * 16000) : int(word.end_s * 16000)]
            assert np.abs(sound).max() > 0.05 * loudest
        assert [w.start_s for w in said.words] == sorted(w.start_s for w in said.words)
    assert 6 <= placed <= 32


def test_who_tunes_a_detector_finds_every_placed_keyword():
    asked = replace(PLAIN, keywords_per_minute=15.0, words=("good night", "yes=yeah|yep"))
    labels = ("good night", "yes", "unknown", "silence")
    found = []
    for number in range(4):
        clip = make_clip(asked, number)
        placed = [str(w) for w in clip.labels["word"] if w in labels]
        said = said_in(clip, labels)
        assert sorted(placed) == sorted(word for word, _, _ in said)
        found += placed
    assert set(found) == {"good night", "yes"}


def test_people_near_leave_a_keyword_alone():
    asked = replace(PLAIN, keywords_per_minute=10.0, seed=9)
    names = {"two", "stop", "good night", "yes"}
    for number in range(4):
        said, scene = make_minute(asked, number)
        if scene["program"] == "television":
            continue
        for word in (w for w in said.words if w.text in names):
            others = [w for w in said.words if w is not word]
            gaps = [max(w.start_s - word.end_s, word.start_s - w.end_s) for w in others]
            assert not gaps or min(gaps) > APART_S / 2


def test_the_same_minute_whatever_was_made_before():
    first = make_minute(OPTIONS, 3)[0]
    make_minute(OPTIONS, 2)
    stock.cache_clear()
    again = make_minute(OPTIONS, 3)[0]
    assert first.audio.tobytes() == again.audio.tobytes()
    assert first.words == again.words
    other = make_minute(replace(OPTIONS, seed=5), 3)[0]
    assert first.audio.tobytes() != other.audio.tobytes()


def test_held_out_voices_and_facts_are_kept():
    from generate.voice.voices import HELD_OUT

    lines = stock(1, 1, WORDS, ("espeak",), "test")
    assert {str(line.facts["voice"]).split("+")[1] for line in lines} <= HELD_OUT["test"]
    held = replace(OPTIONS, scene=("room=kitchen", "snr_db=3", "noise=fan"))
    clip = make_clip(held, 0)
    check(clip)
    scene = clip.facts["scene"]
    assert (scene["room"], scene["snr_db"], scene["noise"]) == ("kitchen", 3, "fan")
    assert set(PLAN) == set(PROGRAMS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": 0.0}, {"hours": float("nan")}, {"clip_s": 1.0}, {"keywords_per_minute": -1.0},
        {"keywords_per_minute": 100.0}, {"words": ()}, {"words": ("xkcd",)}, {"scene": ("room",)},
    ],
)  # fmt: skip
def test_bad_options_are_refused_in_one_line(wrong):
    with pytest.raises(ValueError) as caught:
        check_options(replace(OPTIONS, **wrong))
    assert "\n" not in str(caught.value)


def test_hours_become_clips():
    assert Stream(hours=10).clips == 600
    assert Stream(hours=0.001).clips == 1
    assert replace(OPTIONS, hours=0.01).clips == 3


def test_the_command_writes_a_data_set(tmp_path):
    argv = ["generate", "stream", "--out", str(tmp_path / "s"), "--hours", "0.003", "--clip-s", "5"]
    more = ["--words", "hello", "--voices", "espeak", "--engine", "loop", "--scene", "noise=quiet"]
    assert main(argv + more) == 0
    dataset = open_dataset(tmp_path / "s")
    assert len(dataset) == 3
    assert all(row["n_samples"] == 80000 for row in dataset.rows)
