"""espeak-ng is a pure function here: same request, same bytes, whatever was said before."""

import hashlib
import itertools
import multiprocessing as mp

import numpy as np
import pytest

from generate.voice import espeak_library
from generate.voice.espeak import check_voice, mnemonics, synth

TEXT = "The happy baby pushes my blue cup. Don't stop!"
REQUESTS = [
    (TEXT, {"voice": "en-us+f3", "pitch": 70}),
    ("five", {"voice": "en+klatt2", "rate_wpm": 120}),
    ("zero", {"voice": "en-gb-scotland+Annie", "pitch_range": 90}),
    ("seven [[Tr'i:]]", {"voice": "en-us+m3", "seed": 5}),
]


def digest(number: int) -> str:
    text, options = REQUESTS[number]
    said = synth(text, **options)
    return hashlib.sha256(said.pcm.tobytes() + repr(said.phonemes).encode()).hexdigest()


def test_same_request_same_sound_after_other_requests():
    first = [digest(i) for i in range(len(REQUESTS))]
    for order in ((3, 1, 0, 2), (2, 2, 0, 1, 3, 0)):
        assert [digest(i) for i in order] == [first[i] for i in order]


def test_a_voice_by_its_file_sounds_as_it_does_by_its_name(monkeypatch):
    voices = ("en-us+f3", "en", "en-029+Annie", "pt-br+m3", "de")
    by_file = [synth("papa", voice).pcm for voice in voices]
    monkeypatch.setattr(espeak_library, "_OPEN_FILES", "/no/such/folder")
    by_name = [synth("papa", voice).pcm for voice in voices]
    assert all(np.array_equal(*both) for both in zip(by_file, by_name, strict=True))


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_same_request_same_sound_in_other_processes(method):
    here = [digest(i) for i in range(len(REQUESTS))]
    with mp.get_context(method).Pool(2) as pool:
        there = pool.map(digest, [3, 2, 1, 0, 0, 1, 2, 3], chunksize=1)
    assert there == [here[i] for i in (3, 2, 1, 0, 0, 1, 2, 3)]


def test_settings_change_the_sound_and_do_not_stay():
    plain = synth("hello").pcm
    assert not np.array_equal(synth("hello", pitch=90).pcm, plain)
    assert len(synth("hello", rate_wpm=300).pcm) < len(plain)
    assert np.array_equal(synth("hello").pcm, plain)


@pytest.mark.parametrize("voice", ["en-us", "en-us+f3", "en-gb-x-rp+m5", "en-029+klatt4"])
def test_times_are_ordered_and_inside_the_sound(voice):
    said = synth(TEXT, voice)
    for timed in (said.phonemes, said.words):
        for one, after in itertools.pairwise(timed):
            assert one.start_s < one.end_s <= after.start_s + 1e-9
        assert timed[0].start_s >= 0
        assert timed[-1].end_s <= len(said.pcm) / said.rate_hz
    assert [w.text for w in said.words] == TEXT.replace(".", "").strip("!").split()


def test_words_hold_their_phonemes():
    said = synth("bad moon", "en-us")
    sounds = [
        "".join(p.text for p in said.phonemes if w.start_s <= p.start_s < w.end_s)
        for w in said.words
    ]
    assert sounds == ["bˈæd", "mˈuːn"]


def test_closure_of_a_stop_is_silent_and_belongs_to_it():
    said = synth("a happy puppy", "en-us")
    loudest = np.abs(said.pcm.astype(int)).max()
    stops = [p for p in said.phonemes if p.text == "p"]
    assert len(stops) == 3
    for stop in stops:
        begin = int((stop.start_s + 0.006) * said.rate_hz)
        middle = said.pcm[begin : begin + int(0.02 * said.rate_hz)]
        assert np.abs(middle.astype(int)).max() < 0.05 * loudest
        assert stop.end_s - stop.start_s > 0.045


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("漢字", "漢"),
        ("xkcd", "xkcd"),
        ("!!!", "no word"),
        ("[[ ]]", "no word"),
        ("a\x01", "x01"),
        ("a " * 2000, "4000 characters"),
        ("😀", "cannot say"),
    ],
)
def test_text_that_cannot_be_said_is_refused_in_one_line(text, names):
    with pytest.raises(ValueError, match=names) as caught:
        synth(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("voice", ["klingon", "en-us+nobody", "", "+f3"])
def test_unknown_voice_is_refused(voice):
    with pytest.raises(ValueError, match="espeak-ng has no"):
        check_voice(voice)


@pytest.mark.parametrize("options", [{"rate_wpm": 20}, {"pitch": 100}, {"pitch_range": -1}])
def test_setting_out_of_range_is_refused(options):
    with pytest.raises(ValueError, match="is outside"):
        synth("hello", **options)


def test_mnemonics_split_phonemes():
    assert mnemonics("three") == ("T", "r", "'i:")
