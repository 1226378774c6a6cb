"""Singing: notes and lyrics -> a sung utterance and the notes of its score.

A song is words, each with a note for each of its vowels:

    twinkle:C4,C4 twinkle:G4,G4 little:A4,A4 star:G4*2

A note is a letter A to G, # or b, and the octave, then *BEATS where it lasts other than one beat.
The words are spoken by the voice, then stretched on
WORLD frames: a vowel begins on its beat and is held until the consonants before the next one
(Sundberg, The Science of the Singing Voice, 1987, ch. 7: vowel onsets are on the beat), F0 is
replaced by the notes with a glide between them and a vibrato that sets in late (Prame, JASA 96,
1994, and 102, 1997: 6 Hz, 70 cents in adults; children's is smaller).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from generate.motion.cues import Cue, NoteCue, SwayCue
from generate.motion.life import tidy
from generate.spec import VoiceSpec
from generate.voice.child import retimed
from generate.voice.speech import PEAK, RATE_HZ, VOWEL_LETTERS, Utterance, speak
from generate.voice.synthesis import synthesize
from generate.voice.timed import Timed, retime
from generate.voice.world import BINS, FRAME_S, analyse

F64 = NDArray[np.float64]

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
TEMPO_BPM = 108.0
TEMPOS_BPM = (40.0, 220.0)
LEAD_S = 0.3
GLIDE_S = 0.05
"""Time constant of the pitch's way to a new note."""
VIBRATO_HZ, VIBRATO_CENTS = 5.5, 30.0
LEAST_VOWEL_S = 0.07
SUNG_NOISE = np.linspace(0.05, 0.3, BINS, dtype=np.float32)
"""Most breath of a sung vowel, from 0 Hz to half the sample rate."""
SUNG_MIDI = (55.0, 84.0)
"""What a voice of the kit sings: G3 to C6."""
_NOTE = re.compile(r"([A-Ga-g])([#b]?)(-?\d)(?:\*(\d+(?:\.\d+)?))?")


@dataclass(frozen=True)
class Note:
    """One note of a song."""

    pitch_midi: float
    beats: float = 1.0


@dataclass(frozen=True)
class SungWord:
    """A word and the notes of its vowels."""

    text: str
    notes: tuple[Note, ...]


def parse_song(text: str) -> tuple[SungWord, ...]:
    """Read `word:NOTE,NOTE word:NOTE ...`. Raises ValueError that names what is wrong and where."""
    words = []
    for number, part in enumerate(text.split(), 1):
        word, colon, notes = part.rpartition(":")
        if not colon or not re.search(r"[a-zA-ZÀ-ÿ]", word):
            raise ValueError(f"song word {number}: {part!r} is not WORD:NOTE, such as star:G4*2")
        words.append(SungWord(word, tuple(_note(n, number) for n in notes.split(","))))
    if not words:
        raise ValueError("song is empty; try 'twinkle:C4,C4 star:G4*2'")
    return tuple(words)


def _note(text: str, number: int) -> Note:
    found = _NOTE.fullmatch(text)
    if not found:
        raise ValueError(f"song word {number}: {text!r} is no note; want such as C4, F#4 or Bb3*2")
    letter, sharp, octave, beats = found.groups()
    pitch = SEMITONES[letter.upper()] + {"": 0, "#": 1, "b": -1}[sharp] + 12 * (int(octave) + 1)
    if not SUNG_MIDI[0] <= pitch <= SUNG_MIDI[1]:
        raise ValueError(f"song word {number}: {text} is outside G3 to C6")
    length = float(beats or 1)
    if not 0.25 <= length <= 16:
        raise ValueError(f"song word {number}: {length:g} beats are outside 0.25 to 16")
    return Note(float(pitch), length)


def sing(
    song: Sequence[SungWord],
    voice: VoiceSpec,
    rng: np.random.Generator,
    tempo_bpm: float = TEMPO_BPM,
) -> tuple[Utterance, list[NoteCue]]:
    """The song in a voice, and its notes with the times of their vowels.

    Raises ValueError for a tempo outside TEMPOS_BPM, and where the words have another number of
    vowels than the song has notes.
    """
    if not TEMPOS_BPM[0] <= tempo_bpm <= TEMPOS_BPM[1]:
        raise ValueError(f"tempo {tempo_bpm:g} is outside {TEMPOS_BPM[0]:g} to {TEMPOS_BPM[1]:g}")
    said = speak(" ".join(word.text for word in song), replace(voice, emotion="neutral"), rng)
    vowels = _vowels(song, said)
    notes = [note for word in song for note in word.notes]
    old_s, new_s, cues = _timing(vowels, notes, said.duration_s, 60 / tempo_bpm)
    frames = retimed(analyse(np.asarray(said.audio, np.float64), RATE_HZ), old_s, new_s)
    f0 = _pitch(cues, len(frames.f0_hz), frames.f0_hz > 0, rng)
    vowel = _in_vowel(cues, len(f0))[:, None]
    noise = np.where(vowel, np.minimum(frames.noise, SUNG_NOISE), frames.noise)
    hop = round(FRAME_S * RATE_HZ)
    audio = synthesize(f0, frames.log_power, noise.astype(np.float32), RATE_HZ, hop, rng)
    audio = audio * np.float32(PEAK / max(float(np.abs(audio).max(initial=0.0)), 1e-6))
    phonemes = retime(said.phonemes, old_s, new_s)
    words = retime(said.words, old_s, new_s)
    return Utterance(audio.astype(np.float32), phonemes, words, said.facts), cues


def _vowels(song: Sequence[SungWord], said: Utterance) -> list[Timed]:
    """One vowel for each note."""
    vowels = [p for p in said.phonemes if p.text.lstrip("ˈˌ")[:1] in VOWEL_LETTERS]
    wanted = sum(len(word.notes) for word in song)
    if len(vowels) != wanted:
        heard = " ".join(p.text.lstrip("ˈˌ") for p in vowels)
        raise ValueError(
            f"song has {wanted} notes for {len(vowels)} vowels ({heard}); give each vowel its note"
        )
    return vowels


def _timing(
    vowels: Sequence[Timed], notes: Sequence[Note], length_s: float, beat_s: float
) -> tuple[F64, F64, list[NoteCue]]:
    """Knots of old and new times, and the notes: consonants keep their length, vowels wait."""
    onset = LEAD_S + vowels[0].start_s
    old, new, cues = [0.0], [LEAD_S], []
    for number, (vowel, note) in enumerate(zip(vowels, notes, strict=True)):
        last = number == len(vowels) - 1
        follows = length_s if last else vowels[number + 1].start_s
        consonants = max(follows - vowel.end_s, 0.0)
        room = note.beats * beat_s - (0.0 if last else consonants)
        held = max(room, LEAST_VOWEL_S)
        old += [vowel.start_s, vowel.end_s]
        new += [onset, onset + held]
        cues.append(
            NoteCue(tidy(onset), tidy(onset + held), note.pitch_midi, VIBRATO_CENTS, VIBRATO_HZ)
        )
        onset += max(note.beats * beat_s, held + consonants)
    old.append(length_s)
    new.append(new[-1] + max(length_s - vowels[-1].end_s, 0.05))
    grows = np.concatenate([[True], np.diff(old) > 1e-6])
    return np.array(old)[grows], np.array(new)[grows], cues


def _in_vowel(cues: Sequence[NoteCue], count: int) -> NDArray[np.bool_]:
    times = np.arange(count) * FRAME_S
    inside = [(times >= c.start_s) & (times < c.end_s) for c in cues]
    return np.asarray(np.any(inside, axis=0))


def _pitch(
    cues: Sequence[NoteCue], count: int, voiced: NDArray[np.bool_], rng: np.random.Generator
) -> F64:
    """F0 (count,) in Hz: each note from a glide's length before its vowel on, with vibrato."""
    times = np.arange(count) * FRAME_S
    midi = np.full(count, cues[0].pitch_midi)
    for cue in cues[1:]:
        since = times - (cue.start_s - 2 * GLIDE_S)
        way = np.where(since > 0, 1 - np.exp(-np.maximum(since, 0) / GLIDE_S), 0.0)
        midi = midi + way * (cue.pitch_midi - midi)
    for cue in cues:
        since = times - cue.start_s
        inside = (since >= 0) & (times < cue.end_s)
        onset = np.clip((since - 0.25) / 0.2, 0, 1)
        wave = np.sin(2 * np.pi * cue.vibrato_hz * since) * onset
        midi = midi + np.where(inside, wave * cue.vibrato_cents / 100, 0.0)
    midi = midi + 0.04 * rng.standard_normal(count)
    sung = voiced | _in_vowel(cues, count)
    return np.where(sung, 440.0 * 2 ** ((midi - 69) / 12), 0.0)


def song_sway(length_s: float, tempo_bpm: float, size: float = 1.0) -> list[Cue]:
    """The head rocks from side to side, one way a beat, and bobs a little on every beat."""
    hz = tempo_bpm / 120
    ramps = {"rise_s": 0.4, "fall_s": 0.4}
    return [
        SwayCue(0.0, length_s, tidy(hz), tidy(-LEAD_S * hz % 1), roll_deg=4.5 * size, **ramps),
        SwayCue(0.0, length_s, tidy(2 * hz), 0.0, pitch_deg=1.3 * size, **ramps),
    ]
