"""What is felt: given by name, given as valence and arousal, or read from the voice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generate.motion.bearing import nearest_emotion
from generate.motion.emotion import CIRCUMPLEX
from generate.motion.phrasing import Heard, phrases, vowels
from generate.spec import EMOTIONS
from generate.voice.norms import f0_norm_hz
from generate.voice.prosody import PROSODY
from generate.voice.speech import Utterance


@dataclass(frozen=True)
class Feeling:
    """An emotion with its intensity, or a point of the circumplex."""

    emotion: str = "neutral"
    intensity: float = 0.0
    affect: tuple[float, float] | None = None
    """Valence and arousal, each -1 to 1: taken instead of the name where given."""

    def __post_init__(self) -> None:
        if self.emotion not in EMOTIONS:
            raise ValueError(f"emotion {self.emotion!r} is not one of {', '.join(EMOTIONS)}")
        if not 0 <= self.intensity <= 1:
            raise ValueError(f"emotion intensity {self.intensity:g} is outside 0 to 1")
        for name, value in zip(("valence", "arousal"), self.affect or (), strict=False):
            if not -1 <= value <= 1:
                raise ValueError(f"{name} {value:g} is outside -1 to 1")

    @property
    def named(self) -> tuple[str, float]:
        """The emotion and intensity that are nearest."""
        return nearest_emotion(*self.affect) if self.affect else (self.emotion, self.intensity)


USUAL_RANGE_ST, USUAL_RATE_HZ, USUAL_DB = 1.4, 4.05, -18.4
"""Of neutral voices of the kit: standard deviation of F0 in semitones, vowels a second within
phrases, level of the loudest half of the frames."""
SPREAD = np.array([0.16, 0.45, 0.2, 2.2])
"""Between neutral speakers, of log F0, log range, log rate, dB: what is no sign of emotion."""
CLEAR = 1.5
"""A neutral reading wins unless an emotion explains this much more, in squared spreads."""


def read_feeling(utterance: Utterance, heard: Heard, age_years: float) -> Feeling:
    """The emotion of a voice, from level and range of its F0, its rate and its loudness.

    Emotions move these four as Juslin and Laukka (Psychological Bulletin 129, 2003, table 7) say:
    voice/prosody.py's rows are read backwards. Of each row the intensity is taken that leaves
    least unexplained, distances in units of SPREAD; of all rows the one that leaves least. Valence
    is hard to hear (their listeners took disgust and fear for others most often), and so it is
    here: arousal is what can be relied on. A voice without F0 is neutral.
    """
    found = measured(utterance, heard, age_years)
    if found is None:
        return Feeling()
    best, best_left, level = "neutral", float(found @ found) - CLEAR, 0.0
    for emotion, row in PROSODY.items():
        moved = np.array([np.log(row.f0_level), np.log(row.f0_range), np.log(row.tempo)])
        way = np.append(moved, row.level_db) / SPREAD
        along = float(np.clip(found @ way / max(float(way @ way), 1e-9), 0, 1))
        left = float(((found - along * way) ** 2).sum())
        if emotion != "neutral" and left < best_left:
            best, best_left, level = emotion, left, along
    return Feeling(best, round(level, 3))


def measured(utterance: Utterance, heard: Heard, age_years: float) -> NDArray[np.float64] | None:
    """(4,) how far the voice is from a usual one of the age, in units of SPREAD; None without F0:
    log F0 level, log F0 range, log rate, level in dB."""
    f0 = heard.f0_hz[heard.f0_hz > 0]
    spoken = sum(p.end_s - p.start_s for p in phrases(utterance.phonemes))
    if len(f0) < 20 or spoken < 0.3:
        return None
    usual_hz = f0_norm_hz(age_years, "female") if age_years < 13 else 165.0
    semitones = 12 * np.log2(f0 / np.median(f0))
    range_st = float(np.subtract(*np.percentile(semitones, (84, 16)))) / 2
    rate_hz = len(vowels(utterance.phonemes)) / spoken
    usual_rate = USUAL_RATE_HZ * float(np.interp(age_years, (3, 6, 12), (0.78, 0.87, 1.0)))
    loud = heard.level_db[heard.level_db > np.median(heard.level_db)]
    from_usual = (
        np.log(float(np.median(f0)) / usual_hz),
        np.log(max(range_st, 0.1) / USUAL_RANGE_ST),
        np.log(max(rate_hz, 0.3) / usual_rate),
        float(np.mean(loud)) - USUAL_DB,
    )
    return np.array(from_usual) / SPREAD


def circumplex(feeling: Feeling) -> tuple[float, float]:
    """Valence and arousal of a feeling."""
    if feeling.affect:
        return feeling.affect
    valence, arousal = CIRCUMPLEX[feeling.emotion]
    return feeling.intensity * valence, feeling.intensity * arousal
