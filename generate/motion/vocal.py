"""What the face does in sounds that are not speech, as data, and how it is played.

Laughs after Ruch and Ekman, "The expressive pattern of laughter" (2001): Duchenne smile, open jaw,
about five pulses a second (Bachorowski, Smoski and Owren, JASA 110, 2001: 4.4 in adults).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from generate.motion.cues import VocalCue
from generate.motion.envelope import bell
from generate.motion.shapes import columns, shape

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Vocal:
    """One sound's face."""

    face: dict[str, float]
    """Shapes at full amount, held from `attack` to `release` (shares of its time)."""
    pulse: dict[str, float] = field(default_factory=dict)
    """Shapes that beat, added at each pulse."""
    pulse_hz: float = 0.0
    pitch_deg: float = 0.0
    """Of the head, held."""
    bounce_deg: float = 0.0
    """Of the head, at each pulse."""
    attack: float = 0.2
    hold: float = 0.5


OPEN_JAW = 0.1
"""Sounds with at least this jawOpen part the lips."""
_SEALS = columns("mouthClose", "mouthPress", "mouthRollLower", "mouthRollUpper", "mouthShrugLower")
_DUCHENNE = {"mouthSmile": 0.9, "cheekSquint": 0.8, "eyeSquint": 0.75, "mouthUpperUp": 0.35}
PLAYED: dict[str, Vocal] = {
    "laugh": Vocal(
        _DUCHENNE | {"jawOpen": 0.4, "mouthLowerDown": 0.4, "browInnerUp": 0.15, "eyeBlink": 0.15},
        {"jawOpen": 0.2, "cheekSquint": 0.1}, 4.8, 5.0, -2.0, 0.15, 0.45,
    ),
    "giggle": Vocal(
        _DUCHENNE | {"jawOpen": 0.12, "mouthLowerDown": 0.2, "mouthPress": 0.1},
        {"jawOpen": 0.08}, 5.8, -4.0, -1.2, 0.15, 0.5,
    ),
    "gasp": Vocal(
        {"jawOpen": 0.5, "browInnerUp": 0.7, "browOuterUp": 0.6, "eyeWide": 0.7,
         "mouthFunnel": 0.2},
        pitch_deg=3.0, attack=0.2, hold=0.4,
    ),
    "sigh": Vocal(
        {"jawOpen": 0.3, "mouthFunnel": 0.25, "mouthLowerDown": 0.25, "browInnerUp": 0.3,
         "eyeBlink": 0.25},
        pitch_deg=-4.0, attack=0.3, hold=0.25,
    ),
    "cough": Vocal(
        {"jawOpen": 0.16, "eyeSquint": 0.6, "eyeBlink": 0.45, "browDown": 0.4, "mouthFunnel": 0.2},
        {"jawOpen": 0.22, "mouthFunnel": 0.15}, 3.0, -5.0, -4.0, 0.12, 0.6,
    ),
    "yawn": Vocal(
        {"jawOpen": 0.95, "eyeBlink": 0.85, "browInnerUp": 0.5, "mouthStretch": 0.3,
         "noseSneer": 0.25, "cheekSquint": 0.3},
        pitch_deg=7.0, attack=0.45, hold=0.25,
    ),
    "sob": Vocal(
        {"browInnerUp": 1.0, "mouthFrown": 0.8, "mouthShrugLower": 0.5, "eyeSquint": 0.7,
         "cheekSquint": 0.5, "mouthStretch": 0.4, "jawOpen": 0.2},
        {"jawOpen": 0.1}, 3.2, -5.0, 1.5, 0.2, 0.6,
    ),
    "hum": Vocal({"mouthPress": 0.2, "jawOpen": 0.06, "mouthClose": 0.06}, attack=0.15, hold=0.7),
}  # fmt: skip


def sounding(cues: Sequence[VocalCue], times_s: F64, arkit: F64) -> F64:
    """Put the faces of sounds over `arkit` (T, 52), in place; return (T,) the head's pitch, deg.

    Where a sound and the rest of the face want the same shape, the stronger wins; what would press
    the lips shut gives way to sounds that come out of an open mouth.
    """
    pitch = np.zeros(len(times_s))
    for cue in cues:
        vocal = PLAYED[cue.sound]
        shown = cue.amount * bell(cue.start_s, cue.end_s, times_s, vocal.attack, vocal.hold)
        phase = 2 * np.pi * vocal.pulse_hz * (times_s - cue.start_s)
        beat = 0.5 - 0.5 * np.cos(phase)
        face = shape(vocal.face) + beat[:, None] * shape(vocal.pulse)
        if vocal.face.get("jawOpen", 0) >= OPEN_JAW:
            arkit[:, _SEALS] *= 1 - shown[:, None]
        np.maximum(arkit, shown[:, None] * face, out=arkit)
        pitch += shown * (vocal.pitch_deg + vocal.bounce_deg * beat)
    return pitch
