"""Cues: everything that a face, head, gaze or body can be told to do, each with its time.

A cue is plain data: when (`start_s` to `end_s`, seconds of the sound), what, and how much. All
chance is the director's, who writes it into cues; the player (player.py) adds none. Fields without
a default stand in order after the kind in the text of a score, the others by name
(score_text.py); their ranges are in the field's metadata. ALONE names the group in which no two
cues may overlap; cues of a kind that SPLITS can be cut in two by an edit (score.py).

Envelopes: a cue with `rise_s` and `fall_s` grows from its start on and fades after its end, so
that two cues that meet cross-fade. Nothing that a cue does reaches further than BLEND_S outside
its times.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar

from generate.motion.gesture import GESTURES
from generate.motion.shapes import columns
from generate.motion.visemes import unknown_symbols, visemes_of
from generate.spec import EMOTIONS

BLEND_S = 1.0
"""How far outside its times a cue reaches at most."""
GAZE_TARGETS: dict[str, tuple[float, float]] = {
    "camera": (0.0, 0.0),
    "toy": (-10.0, -16.0),
    "away": (24.0, 3.0),
    "down": (0.0, -20.0),
    "up": (0.0, 16.0),
    "left": (25.0, 0.0),
    "right": (-25.0, 0.0),
}
"""Yaw and pitch, degrees, of what can be looked at, seen from an upright head that faces the
camera; + is the child's own left and up."""
BROW_MOVES: dict[str, dict[str, float]] = {
    "raise": {"browInnerUp": 0.8, "browOuterUp": 1.0},
    "worry": {"browInnerUp": 1.0, "browDown": 0.2},
    "frown": {"browDown": 1.0},
    "left": {"browOuterUpLeft": 1.0, "browInnerUp": 0.25},
    "right": {"browOuterUpRight": 1.0, "browInnerUp": 0.25},
}
HEAD_MOVES = ("nod", "dip", "shake", "tilt")
VOCALS = ("laugh", "giggle", "gasp", "sigh", "cough", "yawn", "sob", "hum")
GESTURE_NAMES = tuple(name.replace(" ", "-") for name in GESTURES)


def _ranged(low: float, high: float, default: float | None = None) -> Any:
    if default is None:
        return field(metadata={"range": (low, high)})
    return field(default=default, metadata={"range": (low, high)})


def _one_of(names: tuple[str, ...]) -> Any:
    return field(metadata={"names": names})


def _ramp(default: float) -> Any:
    return _ranged(0.0, BLEND_S, default)


@dataclass(frozen=True)
class Cue:
    """One thing that happens from `start_s` to `end_s`; raises ValueError where a value is out of
    range or a name is unknown."""

    KIND: ClassVar[str] = ""
    ALONE: ClassVar[str] = ""
    SPLITS: ClassVar[bool] = False

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s:
            raise ValueError(
                f"{self.KIND} from {self.start_s:g} to {self.end_s:g} s: "
                "a cue starts at 0 s or later and ends after its start"
            )
        for item in fields(self):
            value = getattr(self, item.name)
            if "range" in item.metadata:
                low, high = item.metadata["range"]
                if not low <= value <= high:
                    raise ValueError(
                        f"{self.KIND} {item.name} {value:g} is outside {low:g} to {high:g}"
                    )
            names = item.metadata.get("names", ())
            if names and value not in names:
                raise ValueError(
                    f"{self.KIND} {item.name} {value!r} is not one of {', '.join(names)}"
                )

    @property
    def group(self) -> str:
        """Cues of one group must not overlap; empty where they may."""
        return self.ALONE


@dataclass(frozen=True)
class VisemeCue(Cue):
    """One phoneme of espeak's IPA, stress and length marks kept; diphthongs are one phoneme."""

    KIND: ClassVar[str] = "viseme"
    ALONE: ClassVar[str] = "viseme"
    phoneme: str
    effort: float = _ranged(0.1, 2.0, 1.0)
    """Jaw opening relative to ordinary: stressed, shouted or sung sounds go further."""

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = unknown_symbols(self.phoneme)
        if unknown or not visemes_of(self.phoneme):
            what = f"; unknown: {unknown}" if unknown else ""
            raise ValueError(f"viseme phoneme {self.phoneme!r} is no sound of the IPA{what}")


@dataclass(frozen=True)
class NoteCue(Cue):
    """A sung note: its vowel is opened and held, jaw and head swing with the vibrato. The sound
    that is sung is that of the viseme cues at this time."""

    KIND: ClassVar[str] = "note"
    ALONE: ClassVar[str] = "note"
    pitch_midi: float = _ranged(36, 96)
    """Semitones, 69 is 440 Hz."""
    vibrato_cents: float = _ranged(0, 200, 40)
    vibrato_hz: float = _ranged(0, 12, 5.5)


@dataclass(frozen=True)
class EmotionCue(Cue):
    """One of spec.EMOTIONS over the whole face; the mouth gives way to speech."""

    KIND: ClassVar[str] = "emotion"
    ALONE: ClassVar[str] = "emotion"
    SPLITS: ClassVar[bool] = True
    emotion: str = _one_of(EMOTIONS)
    intensity: float = _ranged(0, 1)
    rise_s: float = _ramp(0.35)
    fall_s: float = _ramp(0.35)


@dataclass(frozen=True)
class AffectCue(Cue):
    """A feeling as a point of Russell's circumplex instead of a name."""

    KIND: ClassVar[str] = "affect"
    ALONE: ClassVar[str] = "emotion"
    SPLITS: ClassVar[bool] = True
    valence: float = _ranged(-1, 1)
    arousal: float = _ranged(-1, 1)
    rise_s: float = _ramp(0.35)
    fall_s: float = _ramp(0.35)


@dataclass(frozen=True)
class FaceCue(Cue):
    """Blendshapes added as they are: a resting face, a habit, an animator's key."""

    KIND: ClassVar[str] = "face"
    SPLITS: ClassVar[bool] = True
    shapes: tuple[tuple[str, float], ...] = ()
    """Names of spec.ARKIT, or without Left and Right for both sides, and -1 to 1 of each."""
    rise_s: float = _ramp(0.25)
    fall_s: float = _ramp(0.25)

    def __post_init__(self) -> None:
        super().__post_init__()
        seen: set[int] = set()
        for name, value in self.shapes:
            if not -1 <= value <= 1:
                raise ValueError(f"face {name} {value:g} is outside -1 to 1")
            mine = set(columns(name))
            if mine & seen:
                raise ValueError(f"face {name} is given twice")
            seen |= mine


@dataclass(frozen=True)
class StyleCue(Cue):
    """How a person moves, as factors of what everyone does; 1 is the average child."""

    KIND: ClassVar[str] = "style"
    ALONE: ClassVar[str] = "style"
    SPLITS: ClassVar[bool] = True
    jaw: float = _ranged(0.3, 2, 1)
    lips: float = _ranged(0.3, 2, 1)
    expression: float = _ranged(0, 2, 1)
    """Of emotions and brows."""
    head: float = _ranged(0, 3, 1)
    """Of nods, shakes, dips and sway."""
    brow: float = _ranged(-0.5, 0.5, 0)
    """Habit: raised (+) or lowered (-) brows while speaking."""
    asymmetry: float = _ranged(-0.5, 0.5, 0)
    """The left side does this much more than the right, as a share."""
    tempo: float = _ranged(0.4, 2.5, 1)
    """Of the moves of head, brows and arms, about their middles, and of turns of the head; speech
    keeps its own. A director also draws blinks and glances this much more often."""
    rise_s: float = _ramp(0.25)
    fall_s: float = _ramp(0.25)


@dataclass(frozen=True)
class GazeCue(Cue):
    """Eyes on a target that stays in the room while the head moves; a saccade leads to it.

    Between gaze cues the eyes are on the camera.
    """

    KIND: ClassVar[str] = "gaze"
    ALONE: ClassVar[str] = "gaze"
    SPLITS: ClassVar[bool] = True
    target: str = _one_of(tuple(GAZE_TARGETS))
    yaw_deg: float = _ranged(-60, 60, 0)
    """Off the target's direction."""
    pitch_deg: float = _ranged(-40, 40, 0)


@dataclass(frozen=True)
class BlinkCue(Cue):
    """Lids down in the first part of its time, up in the rest; long ones are held shut."""

    KIND: ClassVar[str] = "blink"
    ALONE: ClassVar[str] = "blink"
    amount: float = _ranged(0, 1, 1)


@dataclass(frozen=True)
class BrowCue(Cue):
    """The brows move and come back within its time, as BROW_MOVES."""

    KIND: ClassVar[str] = "brow"
    ALONE: ClassVar[str] = "brow"
    move: str = _one_of(tuple(BROW_MOVES))
    amount: float = _ranged(0, 1, 0.5)


@dataclass(frozen=True)
class HeadCue(Cue):
    """A head gesture that begins and ends where the head was; added to poses and sway.

    nod: pitch down and back, `count` times; dip: once, the beat of a stressed syllable; shake: yaw
    to either side, `count` times; tilt: roll towards a side (+ the top of the head to the child's
    left) and back.
    """

    KIND: ClassVar[str] = "head"
    move: str = _one_of(HEAD_MOVES)
    size_deg: float = _ranged(-35, 35, 6)
    count: float = _ranged(1, 12, 1)
    """Whole."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.count != round(self.count):
            raise ValueError(f"head count {self.count:g} is not a whole number")

    @property
    def group(self) -> str:
        return "head tilt" if self.move == "tilt" else "head nod or shake"


@dataclass(frozen=True)
class PoseCue(Cue):
    """Where the head points: yaw, pitch, roll as spec.Motion; upright and forward between poses."""

    KIND: ClassVar[str] = "pose"
    ALONE: ClassVar[str] = "pose"
    SPLITS: ClassVar[bool] = True
    yaw_deg: float = _ranged(-55, 55)
    pitch_deg: float = _ranged(-35, 35)
    roll_deg: float = _ranged(-25, 25)
    rise_s: float = _ramp(0.5)
    fall_s: float = _ramp(0.5)


@dataclass(frozen=True)
class SwayCue(Cue):
    """A wave of the head, size × sin(2π (hz × time + phase)); several add up to a drift."""

    KIND: ClassVar[str] = "sway"
    SPLITS: ClassVar[bool] = True
    hz: float = _ranged(0, 8)
    phase: float = _ranged(-1, 1, 0)
    """In turns, at 0 s of the score."""
    yaw_deg: float = _ranged(-20, 20, 0)
    pitch_deg: float = _ranged(-20, 20, 0)
    roll_deg: float = _ranged(-20, 20, 0)
    rise_s: float = _ramp(0.5)
    fall_s: float = _ramp(0.5)


@dataclass(frozen=True)
class BreathCue(Cue):
    """One breath: in during the first 2/5 of its time, out in the rest."""

    KIND: ClassVar[str] = "breath"
    ALONE: ClassVar[str] = "breath"
    depth: float = _ranged(0, 1, 0.4)


@dataclass(frozen=True)
class VocalCue(Cue):
    """A sound that is not speech; its audio is the director's to make, at the same time."""

    KIND: ClassVar[str] = "vocal"
    ALONE: ClassVar[str] = "vocal"
    sound: str = _one_of(VOCALS)
    amount: float = _ranged(0, 1, 0.7)


@dataclass(frozen=True)
class WhisperCue(Cue):
    """Speech without voice; its sound is the director's to make, the player does not read it."""

    KIND: ClassVar[str] = "whisper"
    ALONE: ClassVar[str] = "whisper"
    SPLITS: ClassVar[bool] = True


@dataclass(frozen=True)
class GestureCue(Cue):
    """Arms and hands as gesture.GESTURES, spaces written as hyphens; seen in the upper framing."""

    KIND: ClassVar[str] = "gesture"
    ALONE: ClassVar[str] = "gesture"
    gesture: str = _one_of(GESTURE_NAMES)
    amount: float = _ranged(0, 1, 1)
    """Share of the way from hanging arms."""
    tempo: float = _ranged(0.3, 3, 1)
    """Of its swings."""
    rise_s: float = _ramp(0.5)
    fall_s: float = _ramp(0.5)


KINDS: dict[str, type[Cue]] = {
    kind.KIND: kind
    for kind in (
        *(StyleCue, FaceCue, EmotionCue, AffectCue, PoseCue, SwayCue, GazeCue, HeadCue, BrowCue),
        *(BlinkCue, BreathCue, NoteCue, VisemeCue, VocalCue, WhisperCue),
        GestureCue,
    )
}
"""Every kind by its word in the text."""


def required(kind: type[Cue]) -> list[str]:
    """Names of the fields that stand in order after the kind's word."""
    own = fields(kind)[2:]
    return [f.name for f in own if f.default is MISSING]


def optional(kind: type[Cue]) -> dict[str, Any]:
    """Names and defaults of the fields that are given by name; a face's `shapes` among them."""
    return {f.name: f.default for f in fields(kind)[2:] if f.default is not MISSING}
