"""How a voice sounds when it feels: one row for each emotion that faces have (motion/emotion.py).

Directions are those on which studies agree (Juslin and Laukka, "Communication of emotions in vocal
expression and music performance", Psychological Bulletin 129, 2003, table 7; Scherer, "Vocal
communication of emotion", Speech Communication 40, 2003), sizes are moderate readings of Banse and
Scherer (1996): happy and angry voices are high, wide, fast, loud and bright, sad ones the opposite,
afraid ones high and fast but narrow and soft.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from generate.spec import EMOTIONS, VoiceSpec

STEP = 0.009
"""Log F0 of one step of an engine's pitch."""


@dataclass(frozen=True)
class Prosody:
    """What a feeling changes in a voice; the defaults change nothing."""

    f0_level: float = 1.0
    """Median F0 times this."""
    f0_range: float = 1.0
    """Excursions of log F0 times this."""
    tempo: float = 1.0
    """Speaking rate times this."""
    level_db: float = 0.0
    """Loudness."""
    breath: float = 0.0
    """Added share of noise in the voice, 0 to 1."""
    tilt_db: float = 0.0
    """Added gain at half the sample rate relative to 0 Hz."""


PROSODY: dict[str, Prosody] = {
    "neutral": Prosody(),
    "happy": Prosody(1.2, 1.45, 1.12, 2.5, 0.0, 3.0),
    "sad": Prosody(0.9, 0.6, 0.8, -6.0, 0.15, -8.0),
    "angry": Prosody(1.15, 1.35, 1.1, 2.9, 0.0, 6.0),
    "afraid": Prosody(1.25, 0.8, 1.18, -2.0, 0.1, -2.0),
    "disgusted": Prosody(0.93, 0.85, 0.88, -2.0, 0.05, -1.0),
    "surprised": Prosody(1.3, 1.7, 1.05, 2.0, 0.0, 2.0),
}
"""At intensity 1."""


def prosody_of(emotion: str, intensity: float) -> Prosody:
    """An emotion at an intensity of 0 (neutral) to 1, in even steps of ratios, dB and shares.

    Raises ValueError for an unknown emotion or an intensity out of range.
    """
    if emotion not in PROSODY:
        raise ValueError(f"emotion {emotion!r} is not one of {', '.join(EMOTIONS)}")
    if not 0 <= intensity <= 1:
        raise ValueError(f"emotion intensity {intensity:g} is outside 0 to 1")
    full = PROSODY[emotion]
    return Prosody(
        full.f0_level**intensity,
        full.f0_range**intensity,
        full.tempo**intensity,
        full.level_db * intensity,
        full.breath * intensity,
        full.tilt_db * intensity,
    )


@lru_cache(maxsize=16)
def felt(voice: VoiceSpec) -> VoiceSpec:
    """The voice with the settings that its own emotion asks of engine and transform."""
    mood = prosody_of(voice.emotion, voice.intensity)
    rate_wpm = int(np.clip(round(voice.rate_wpm * mood.tempo), 80, 450))
    pitch, pitch_range = voice.pitch, voice.pitch_range
    if not voice.child:
        pitch = int(np.clip(round(pitch + np.log(mood.f0_level) / STEP), 0, 99))
        pitch_range = int(np.clip(round(pitch_range * mood.f0_range), 0, 99))
    f0_hz = round(voice.f0_hz * mood.f0_level, 1)
    return replace(voice, rate_wpm=rate_wpm, pitch=pitch, pitch_range=pitch_range, f0_hz=f0_hz)
