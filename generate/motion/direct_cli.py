"""`collodi motion direct|play`: words to a score and a sound, a score to curves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from generate.spec import Sex


@dataclass(frozen=True)
class Direct:
    """Say or sing something, and write how it is acted as a score to read, edit and play.

    Example: collodi motion direct "Hello bear, where are you?" --out hello.score --wav hello.wav
             --direction "shyly, looking down, then nods twice"
    """

    text: Annotated[str, tyro.conf.Positional]
    """What is said; with --song what is sung, such as "twinkle:C4,C4 star:G4*2"."""
    out: Path
    """The score, as text."""
    wav: Path | None = None
    """The sound, 16 kHz."""
    direction: str = ""
    """How it is acted; words in docs/directions.md."""
    song: bool = False
    """Whether the text is a song."""
    tempo_bpm: float = 108.0
    """Beats a minute of a song."""
    emotion: str = "neutral"
    """neutral happy sad angry afraid disgusted surprised; a mood in --direction comes first."""
    intensity: float = 0.7
    """Of the emotion, 0 to 1."""
    age_years: float = 6.0
    """Of the voice, and of blinks and breath."""
    sex: Sex = "female"
    """female or male."""
    gestures: bool = False
    """Whether arms and hands join in."""
    seed: int = 0
    """Another seed, another take."""


@dataclass(frozen=True)
class Play:
    """Play a score, edited or not, as a CSV of ARKit curves.

    Example: collodi motion play hello.score --out hello.csv --rate-hz 60
    """

    source: Annotated[Path, tyro.conf.Positional]
    """A score as text."""
    out: Path
    """The CSV."""
    rate_hz: float = 60.0
    """Frames a second, 1 to 240."""
    style: Path | None = None
    """Who plays it, from `collodi motion style`; else the style that the score names."""


def direct_score(options: Direct) -> None:
    """Run `collodi motion direct`."""
    from device.files import write_atomic
    from generate.media import audio_to_wav
    from generate.motion.cues import NoteCue
    from generate.motion.direction import NO_DIRECTION, parse_direction
    from generate.motion.director import Manner
    from generate.motion.performance import Asked, perform, roomy, sounded
    from generate.motion.score_text import to_text
    from generate.motion.singing import parse_song, sing
    from generate.options import choose
    from generate.provenance import of_voice
    from generate.spec import EMOTIONS
    from generate.voice.speech import RATE_HZ, speak
    from generate.voice.voices import sample_voice

    choose(options.emotion, EMOTIONS, "emotion")
    plan = parse_direction(options.direction) if options.direction else NO_DIRECTION
    felt = options.emotion, options.intensity if options.emotion != "neutral" else 0.0
    if plan.mood:
        felt = plan.mood.emotion, plan.mood.intensity
    voices, sounds, moves = (np.random.default_rng([options.seed, n]) for n in range(3))
    voice = sample_voice(voices, options.age_years, options.sex, child=options.age_years < 18)
    voice = replace(voice, emotion=felt[0], intensity=felt[1])
    notes: list[NoteCue] = []
    if options.song:
        utterance, notes = sing(parse_song(options.text), voice, sounds, options.tempo_bpm)
    else:
        utterance = speak(options.text, voice, sounds)
    utterance = roomy(utterance, plan)
    manner = Manner(options.age_years, gestures=options.gestures)
    asked = Asked(plan, tuple(notes), options.tempo_bpm)
    score = perform(utterance, utterance.duration_s, moves, *felt, manner=manner, asked=asked)
    utterance = sounded(utterance, score, voice, sounds)
    if options.wav is not None:
        said = of_voice(str(utterance.facts["engine"]), options.seed)
        write_atomic(options.wav, audio_to_wav(utterance.audio, RATE_HZ, said))
    write_atomic(options.out, to_text(score))
    print(f"{options.out}: {len(score.cues)} cues, {score.length_s:.1f} s, {felt[0]} {felt[1]:g}")


def play_file(options: Play) -> None:
    """Run `collodi motion play`."""
    from device.limits import read_text
    from generate.motion.arkit_csv import write_csv
    from generate.motion.player import play_score
    from generate.motion.score_text import from_text
    from generate.motion.style import restyled
    from generate.motion.style_json import read_style

    text = read_text(options.source)
    score = from_text(text, options.source.name)
    if options.style is not None:
        score = restyled(score, read_style(options.style))
    motion = play_score(score, options.rate_hz)
    write_csv(options.out, motion, {"score": options.source.name}, True)
    print(f"{options.out}: {len(motion)} frames at {motion.rate_hz:g} Hz, {score.length_s:.1f} s")
