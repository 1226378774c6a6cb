"""Who and what a clip shows, as plain data; everything that renders or speaks is a view of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Sex = Literal["female", "male"]
SEXES: tuple[Sex, ...] = ("female", "male")
Speakers = Literal["train", "tune", "test"]
"""Groups of voices: no voice is in two of them."""
ANCESTRIES = ("african", "asian", "european")
EMOTIONS = ("neutral", "happy", "sad", "angry", "afraid", "disgusted", "surprised")


FRAMINGS = ("face", "upper")


def _in_range(spec: object, names: tuple[str, ...], low: float, high: float) -> None:
    for name in names:
        value = getattr(spec, name)
        if not low <= value <= high:
            raise ValueError(f"{name} {value:g} is outside {low:g} to {high:g}")


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

    age_years: float = 6.0
    """0.5 to 90."""
    sex: Sex = "female"
    ancestry: tuple[float, float, float] = (0.3, 0.3, 0.4)
    """Mix of ANCESTRIES, each 0 to 1, sum 1."""
    skin_tone: int = 4
    """Monk scale, 1 (lightest) to 10 (darkest)."""
    face_seed: int = 1
    """Identity: face shape and skin detail."""
    hair_style: str = "cropped"
    hair_color: str = "brown"
    eye_color: str = "brown"
    garment: str = "tee"
    garment_color: tuple[float, float, float] = (0.2, 0.3, 0.5)
    """Linear RGB, 0 to 1."""
    garment_pattern: str = "plain"
    freckles: float = 0.0
    """0 (none) to 1 (many)."""
    face_shape: float = 0.0
    """-1 (long, narrow) through 0 (as `face_seed` has it) to 1 (round, wide)."""
    birthmarks: float = 0.0
    """0 (none) to 1: moles and birthmarks."""
    wrinkling: float = 0.5
    """0 to 1: how much the skin folds and flushes with the expression."""
    face_paint: str = "none"
    glasses: str = "none"
    headwear: str = "none"
    held: str = "none"
    """What is held before or beside the face, covering part of it: a hand, a toy, a cup."""
    held_seed: int = 0
    """Where it is held, and its colours."""

    def __post_init__(self) -> None:
        if not 0.5 <= self.age_years <= 90:
            raise ValueError(f"age_years {self.age_years:g} is outside 0.5 to 90")
        if self.sex not in SEXES:
            raise ValueError(f"sex {self.sex!r} is not one of {', '.join(SEXES)}")
        if not 1 <= self.skin_tone <= 10:
            raise ValueError(f"skin_tone {self.skin_tone} is outside the Monk scale 1 to 10")
        if min(self.ancestry) < 0 or abs(sum(self.ancestry) - 1) > 1e-6:
            raise ValueError(f"ancestry {self.ancestry} is not three shares that sum to 1")
        _in_range(self, ("freckles", "birthmarks", "wrinkling"), 0, 1)
        _in_range(self, ("face_shape",), -1, 1)


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
    light: str = "any"
    """A kind of light (render/light.py); "any" draws one from `light_seed`."""
    backdrop: str = "any"
    """A kind of place (render/backdrop.py); "any" draws one that suits the light."""
    camera: str = "good"
    """A kind of camera (render/camera.py)."""
    aperture_mm: float = 0.0
    """Diameter of the lens opening: what is off the face's distance blurs; 0 all sharp."""
    shutter: float = 0.0
    """Share of the frame's time that the shutter is open, 0 to 1: motion blur in clips."""
    distortion: float = 0.0
    """Radial term k1 of the Brown-Conrady lens model; negative is the barrel of a wide lens."""
    turn_deg: float = 0.0
    """How far the person stands turned away from the camera, 180 shows the back; + is to the
    person's own left."""
    framing: str = "face"
    """"face" (head and shoulders) or "upper" (clothed upper body, for gestures)."""

    def __post_init__(self) -> None:
        _in_range(self, ("shutter",), 0, 1)
        _in_range(self, ("aperture_mm",), 0, 20)
        _in_range(self, ("distortion",), -0.3, 0.3)
        _in_range(self, ("turn_deg",), -180, 180)
        if self.framing not in FRAMINGS:
            raise ValueError(f"framing {self.framing!r} is not one of {', '.join(FRAMINGS)}")
        if not 32 <= self.size_px <= 2048:
            raise ValueError(f"size_px {self.size_px} is outside 32 to 2048")
        if not 0.1 <= self.distance_m <= 10:
            raise ValueError(f"distance_m {self.distance_m:g} is outside 0.1 to 10")


@dataclass(frozen=True)
class VoiceSpec:
    """One synthetic voice: a text-to-speech voice and where the child transform moves it."""

    engine: str
    """Text-to-speech backend: espeak, flite or festival."""
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
    formant_bend: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """F1, F2 and F3 times this besides."""
    language: str = "en"
    """What it speaks: an espeak-ng language, "en" for any English."""
    emotion: str = "neutral"
    """One of EMOTIONS; the numbers above are those of the neutral voice."""
    intensity: float = 0.0
    """Of the emotion, 0 to 1."""


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
    body: NDArray[np.float32] | None = None
    """(T, 25) angles and shares of the joints in the upper framing, columns as arms.BODY; without
    it the arms hang relaxed."""

    def __len__(self) -> int:
        return len(self.arkit)
