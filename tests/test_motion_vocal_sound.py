"""Laughter, sighs and songs: at the person's pitch, in step with the mouth, in tune."""

import numpy as np
import pytest

from generate.motion.cues import VOCALS, VocalCue
from generate.motion.player import play_score
from generate.motion.score import Score
from generate.motion.shapes import COLUMN
from generate.motion.singing import Note, parse_song, sing, song_sway
from generate.motion.vocal_sound import vocal_sound, with_vocals
from generate.voice.voices import sample_voice
from generate.voice.world import track_f0

RATE_HZ = 16000
SONG = "twinkle:C4,C4 twinkle:G4,G4 little:A4,A4 star:G4*2"


def level(audio, count):
    """RMS (count,) in even parts."""
    return np.array([np.sqrt(np.mean(part**2)) for part in np.array_split(audio, count)])


@pytest.mark.parametrize("sound", VOCALS)
def test_every_sound_is_heard_begins_and_ends_quietly_and_repeats(sound):
    one, other = (vocal_sound(sound, 1.5, 280, 1.4, np.random.default_rng(1)) for _ in range(2))
    assert one.tobytes() == other.tobytes()
    assert len(one) == 24000
    assert 0.1 < np.abs(one).max() < 0.8
    loud = level(one, 30)
    assert loud[0] < 0.3 * loud.max()
    assert loud[-1] < 0.3 * loud.max()
    assert np.isfinite(one).all()


@pytest.mark.parametrize("f0_hz", [220.0, 300.0])
def test_laughs_are_above_the_speaking_pitch_and_fall(f0_hz):
    audio = vocal_sound("laugh", 2.0, f0_hz, 1.4, np.random.default_rng(0))
    f0, times = track_f0(audio.astype(float), RATE_HZ)
    voiced = f0 > 0
    assert 1.1 < np.median(f0[voiced]) / f0_hz < 2.2
    middle = np.median(times[voiced])
    early, late = f0[voiced & (times < middle)], f0[voiced & (times > middle)]
    assert np.median(early) > np.median(late)


def test_breaths_have_no_voice():
    f0, _ = track_f0(vocal_sound("gasp", 0.7, 280, 1.4, np.random.default_rng(0)), RATE_HZ)
    assert np.mean(f0 > 0) < 0.1


@pytest.mark.parametrize("sound", ["laugh", "giggle"])
def test_the_jaw_beats_with_the_laughter(sound):
    cue = VocalCue(0.0, 1.6, sound, 1.0)
    audio = with_vocals(np.zeros(int(1.6 * RATE_HZ), np.float32), [cue], 280, 1.4,
                        np.random.default_rng(3))  # fmt: skip
    jaw = play_score(Score(1.6, (cue,)), 50).arkit[:, COLUMN["jawOpen"]]
    loud = level(audio, len(jaw))
    inside = slice(15, 55)
    beat = [np.diff(np.convolve(x, np.ones(3) / 3, "same"))[inside] for x in (jaw, loud)]
    assert np.corrcoef(*beat)[0, 1] > 0.4


def test_louder_amounts_are_louder_and_nothing_clips():
    quiet = np.zeros(RATE_HZ, np.float32)
    heard = [
        np.abs(with_vocals(quiet, [VocalCue(0.1, 0.9, "cough", a)], 280, 1.4,
                           np.random.default_rng(0))).max() for a in (0.3, 0.9)
    ]  # fmt: skip
    assert heard[1] == pytest.approx(3 * heard[0], rel=0.01)
    full = np.full(RATE_HZ, 0.9, np.float32)
    mixed = with_vocals(full, [VocalCue(0.1, 0.9, "laugh", 1.0)], 280, 1.4,
                        np.random.default_rng(0))  # fmt: skip
    assert np.abs(mixed).max() <= 0.98
    assert with_vocals(full, [], 280, 1.4, np.random.default_rng(0)).tobytes() == full.tobytes()


def cents_off(audio, notes):
    """How far the sung pitch is from each note, NaN where no pitch is found."""
    f0, times = track_f0(audio.astype(float), RATE_HZ)
    off = []
    for note in notes:
        skip = 0.08 + 0.15 * (note.end_s - note.start_s)
        inside = (times > note.start_s + skip) & (times < note.end_s - 0.05) & (f0 > 0)
        found = np.median(f0[inside]) if inside.any() else np.nan
        off.append(1200 * np.log2(found / 440) - 100 * (note.pitch_midi - 69))
    return np.array(off)


@pytest.mark.parametrize(("seed", "age"), [(1, 8), (2, 11), (3, 5)])
def test_songs_are_in_tune_within_30_cents(seed, age):
    """The tracker finds no pitch in some short notes; where it finds one, it is the note's."""
    rng = np.random.default_rng(seed)
    voice = sample_voice(rng, age, "female")
    said, notes = sing(parse_song(SONG), voice, rng)
    off = cents_off(said.audio, notes)
    assert np.isfinite(off).mean() >= 0.7
    assert np.abs(off[np.isfinite(off)]).max() < 30
    assert notes[-1].end_s - notes[-1].start_s > 1.6 * (notes[0].end_s - notes[0].start_s)
    assert said.phonemes[-1].end_s <= said.duration_s + 0.02


def test_vowels_begin_on_the_beat():
    rng = np.random.default_rng(2)
    _, notes = sing(parse_song(SONG), sample_voice(rng, 9, "female"), rng, 120)
    assert np.diff([note.start_s for note in notes]) == pytest.approx([0.5] * 6, abs=0.12)


def test_the_head_rocks_with_the_song():
    head = play_score(Score(8.0, tuple(song_sway(8.0, 120))), 50).head_deg[:, 2]
    assert np.ptp(head) > 6
    assert abs(np.abs(np.diff(np.sign(head))).sum() / 2 - 16) <= 2


def test_songs_are_read():
    first, second = parse_song("star:G#4*2,Bb3 oh:c4")
    assert first.notes == (Note(68, 2), Note(58))
    assert second.notes == (Note(60),)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "empty"),
        ("twinkle", "word 1: 'twinkle' is not WORD:NOTE"),
        ("oh:C4 la:H4", "word 2: 'H4' is no note"),
        ("la:C9", "outside G3 to C6"),
        ("la:C4*99", "99 beats"),
    ],
)
def test_wrong_songs_are_named(text, names):
    with pytest.raises(ValueError, match=names):
        parse_song(text)


def test_notes_and_vowels_must_agree():
    rng = np.random.default_rng(0)
    voice = sample_voice(rng, 6, "female")
    with pytest.raises(ValueError, match="1 notes for 2 vowels"):
        sing(parse_song("little:C4"), voice, rng)
    with pytest.raises(ValueError, match="tempo 400"):
        sing(parse_song("la:C4"), voice, rng, 400)
