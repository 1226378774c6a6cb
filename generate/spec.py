"""Who and what a clip shows, as plain data; everything that renders or speaks is a view of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Sex = Literal["female", "male"]
SEXES: tuple[Sex, ...] = ("female", "male")
ANCESTRIES = ("african", "asian", "european")
EMOTIONS = ("neutral", "happy", "sad", "angry", "afraid", "disgusted", "surprised")


def _sides(*names: str) -> list[str]:
    return [name + side for name in names for side in ("Left", "Right")]


_EYE = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
ARKIT: tuple[str, ...] = (
    *(f"eye{name}Left" for name in _EYE),
    *(f"eye{name}Right" for name in _EYE),
    *("jawForward", "jawLeft", "jawRight", "jawOpen"),
    *("mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight"),
    *_sides("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *_sides("mouthPress", "mouthLowerDown", "mouthUpperUp", "browDown"),
    *("browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff"),
    *_sides("cheekSquint", "noseSneer"),
    "tongueOut",
)
"""The 52 blendshapes of Apple's ARFaceAnchor.BlendShapeLocation, in its documentation's order."""


@dataclass(frozen=True)
class Person:
    """One synthetic person; the same `face_seed` at another age is the same person grown."""

    age_years: float
    """0.5 to 90."""
    sex: Sex
    ancestry: tuple[float, float, float]
    """Mix of ANCESTRIES, each 0 to 1, sum 1."""
    skin_tone: int
    """Monk scale, 1 (lightest) to 10 (darkest)."""
    face_seed: int
    """Identity: face shape and skin detail."""
    hair_style: str
    hair_color: str
    eye_color: str
    garment: str
    garment_color: tuple[float, float, float]
    """Linear RGB, 0 to 1."""
    garment_pattern: str
    freckles: float
    """0 (none) to 1 (many)."""

    def __post_init__(self) -> None:
        if not 0.5 <= self.age_years <= 90:
            raise ValueError(f"age_years {self.age_years:g} is outside 0.5 to 90")
        if self.sex not in SEXES:
            raise ValueError(f"sex {self.sex!r} is not one of {', '.join(SEXES)}")
        if not 1 <= self.skin_tone <= 10:
            raise ValueError(f"skin_tone {self.skin_tone} is outside the Monk scale 1 to 10")
        if min(self.ancestry) < 0 or abs(sum(self.ancestry) - 1) > 1e-6:
            raise ValueError(f"ancestry {self.ancestry} is not three shares that sum to 1")


@dataclass(frozen=True)
class View:
    """How the camera sees the person; each seed drives one thing, so that one can change alone."""

    size_px: int
    """Square image side."""
    distance_m: float
    """Camera to the point between the eyes."""
    face_fraction: float
    """Face height (brow to chin) as a share of the image height."""
    offset: tuple[float, float]
    """Face centre from the image centre, share of the image side, x right y down."""
    light_seed: int
    backdrop_seed: int
    camera_seed: int
    """Exposure, blur and noise of the camera."""

    def __post_init__(self) -> None:
        if not 32 <= self.size_px <= 2048:
            raise ValueError(f"size_px {self.size_px} is outside 32 to 2048")
        if not 0.1 <= self.distance_m <= 10:
            raise ValueError(f"distance_m {self.distance_m:g} is outside 0.1 to 10")


@dataclass(frozen=True)
class VoiceSpec:
    """One synthetic voice: a text-to-speech voice and where the child transform moves it."""

    engine: str
    """Text-to-speech backend, "espeak"."""
    voice: str
    """The backend's name of the voice, such as "en-us+f3"."""
    age_years: float
    sex: Sex
    rate_wpm: int
    """Speaking rate, words a minute."""
    pitch: int
    """The backend's pitch, 0 to 99."""
    pitch_range: int
    """The backend's intonation range, 0 to 99."""
    seed: int
    child: bool
    """Apply the WORLD transform to `f0_hz` and `formant_scale`."""
    f0_hz: float
    """Median F0 after the transform."""
    formant_scale: float
    """Formants times this, relative to the backend's voice."""


@dataclass(frozen=True)
class Motion:
    """What face, head and eyes do over T frames.

    yaw > 0 turns to the child's own left (image right), pitch > 0 looks up, roll > 0 tilts the
    head clockwise as the viewer sees it.
    """

    rate_hz: float
    arkit: NDArray[np.float32]
    """(T, 52) 0 to 1, columns as ARKIT."""
    head_deg: NDArray[np.float32]
    """(T, 3) yaw, pitch, roll relative to the upright, forward-facing head."""
    gaze_deg: NDArray[np.float32]
    """(T, 2) yaw, pitch relative to the head."""

    def __len__(self) -> int:
        return len(self.arkit)
