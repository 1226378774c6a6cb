"""A person that speaks, sings and makes sounds as asked: what is heard, and the score for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from generate.motion.cues import NoteCue, VocalCue, WhisperCue
from generate.motion.direction import NO_DIRECTION, Direction
from generate.motion.direction_cues import direction_cues
from generate.motion.director import USUAL, Manner, direct
from generate.motion.laying import laid_over
from generate.motion.phrasing import phrases
from generate.motion.score import Score
from generate.motion.singing import TEMPO_BPM, song_sway
from generate.motion.vocal_sound import with_vocals
from generate.spec import VoiceSpec
from generate.voice.norms import tract_scale
from generate.voice.speech import RATE_HZ, Utterance
from generate.voice.timed import later
from generate.voice.whisper import whispered


@dataclass(frozen=True)
class Asked:
    """What is asked beside the words."""

    direction: Direction = NO_DIRECTION
    notes: tuple[NoteCue, ...] = ()
    """Of what is sung, in times of the utterance."""
    tempo_bpm: float = TEMPO_BPM


def roomy(utterance: Utterance, direction: Direction) -> Utterance:
    """The utterance with the quiet before and after it that the direction's sounds need."""
    return padded(utterance, *direction.room_s)


def padded(utterance: Utterance, before_s: float, after_s: float) -> Utterance:
    """The utterance with quiet before and after it."""
    before, after = round(before_s * RATE_HZ), round(after_s * RATE_HZ)
    return replace(
        utterance,
        audio=np.pad(utterance.audio, (before, after)),
        phonemes=later(utterance.phonemes, before / RATE_HZ),
        words=later(utterance.words, before / RATE_HZ),
    )


def perform(
    utterance: Utterance,
    length_s: float,
    rng: np.random.Generator,
    emotion: str | None = "neutral",
    intensity: float = 0.0,
    gesture: str = "rest",
    manner: Manner = USUAL,
    asked: Asked = Asked(),
) -> Score:
    """`direct` with what is asked laid over what is drawn; `utterance` is `roomy` already.

    Raises ValueError as `direct` does, and for a direction that has no time in `length_s`.
    """
    score = direct(utterance, length_s, rng, emotion, intensity, gesture, manner)
    spoken = phrases(utterance.phonemes)
    score = laid_over(score, direction_cues(asked.direction, score.length_s, spoken))
    if not asked.notes:
        return score
    shift_s = asked.direction.room_s[0]
    notes = [
        replace(n, start_s=n.start_s + shift_s, end_s=min(n.end_s + shift_s, score.length_s))
        for n in asked.notes
        if n.start_s + shift_s < score.length_s - 0.02
    ]
    return laid_over(score, [*notes, *song_sway(score.length_s, asked.tempo_bpm)])


def sounded(
    utterance: Utterance, score: Score, voice: VoiceSpec, rng: np.random.Generator
) -> Utterance:
    """The utterance as the score has it sound: whispers, and vocal cues in the person's voice."""
    hushed = [(cue.start_s, cue.end_s) for cue in score.of(WhisperCue)]
    audio = whispered(utterance.audio, hushed, rng) if hushed else utterance.audio
    scale = tract_scale(voice.age_years, voice.sex)
    audio = with_vocals(audio, score.of(VocalCue), voice.f0_hz, scale, rng)
    return replace(utterance, audio=audio)
