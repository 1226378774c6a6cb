"""The words of text directions: what each does. direction.py has the grammar that joins them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from generate.motion.cues import (
    VOCALS,
    BlinkCue,
    BreathCue,
    BrowCue,
    Cue,
    FaceCue,
    GazeCue,
    GestureCue,
    HeadCue,
    SwayCue,
    VocalCue,
    WhisperCue,
)


@dataclass(frozen=True)
class Mood:
    """What an adverb or an adjective of feeling asks of a section."""

    emotion: str
    intensity: float
    pitch_deg: float = 0.0
    """Of the head, held."""
    roll_deg: float = 0.0
    averts: bool = False
    """The eyes go down, with glances up."""
    lids: float = 0.0
    """How far they droop."""


_SHY = Mood("happy", 0.3, -7.0, 5.0, True)
_SLEEPY = Mood("neutral", 0.0, -5.0, 4.0, False, 0.4)
_PROUD = Mood("happy", 0.4, 6.0)
_CURIOUS = Mood("surprised", 0.3, 1.0, 7.0)
_NERVOUS = Mood("afraid", 0.4, -3.0, 0.0, True)
MOODS: dict[str, Mood] = {
    **dict.fromkeys(("neutral", "neutrally", "calmly", "calm", "plainly"), Mood("neutral", 0.0)),
    **dict.fromkeys(("happily", "happy", "joyfully", "cheerfully", "glad"), Mood("happy", 0.7)),
    **dict.fromkeys(("excitedly", "excited", "overjoyed"), Mood("happy", 1.0, 3.0)),
    **dict.fromkeys(("sadly", "sad", "unhappily", "unhappy"), Mood("sad", 0.7, -6.0)),
    **dict.fromkeys(("angrily", "angry", "furiously", "crossly"), Mood("angry", 0.8, -3.0)),
    **dict.fromkeys(("grumpily", "grumpy", "sulkily", "cross"), Mood("angry", 0.5, -6.0)),
    **dict.fromkeys(("fearfully", "afraid", "scared", "frightened"), Mood("afraid", 0.8)),
    **dict.fromkeys(("disgustedly", "disgusted"), Mood("disgusted", 0.8)),
    **dict.fromkeys(("surprised", "surprisedly", "amazed"), Mood("surprised", 0.8, 2.0)),
    **dict.fromkeys(("shyly", "shy", "bashfully", "bashful"), _SHY),
    **dict.fromkeys(("sleepily", "sleepy", "tiredly", "tired"), _SLEEPY),
    **dict.fromkeys(("proudly", "proud"), _PROUD),
    **dict.fromkeys(("curiously", "curious", "thoughtfully", "thoughtful"), _CURIOUS),
    **dict.fromkeys(("nervously", "nervous", "anxiously", "anxious"), _NERVOUS),
}

Made = Callable[["Ask"], list[Cue]]


@dataclass(frozen=True)
class Ask:
    """An action with its time and modifiers."""

    start_s: float
    end_s: float
    count: int
    amount: float
    """1 is usual."""
    place: str
    """left, right, up, down, toy, camera, away or empty."""

    @property
    def ramp_s(self) -> float:
        return min(0.3, (self.end_s - self.start_s) / 3)

    @property
    def side(self) -> float:
        return -1.0 if self.place == "right" else 1.0

    def share(self, usual: float) -> float:
        return float(np.clip(usual * self.amount, 0, 1))


@dataclass(frozen=True)
class Action:
    """What a verb, or a verb with its object, does."""

    make: Made
    each_s: float
    """Time of one; an action that holds lasts as long as its section."""
    holds: bool = False
    places: tuple[str, ...] = ()
    """Words of place that it takes."""


def _face(holds: bool = True, each_s: float = 1.5, **shapes: float) -> Action:
    def make(ask: Ask) -> list[Cue]:
        scaled = tuple((name, ask.share(value)) for name, value in shapes.items())
        ramps = {"rise_s": ask.ramp_s, "fall_s": ask.ramp_s}
        return [FaceCue(ask.start_s, ask.end_s - ask.ramp_s, scaled, **ramps)]

    return Action(make, each_s, holds)


def _head(move: str, size_deg: float, each_s: float, places: tuple[str, ...] = ()) -> Action:
    def make(ask: Ask) -> list[Cue]:
        size = float(np.clip(size_deg * ask.amount * ask.side, -35, 35))
        count = 1 if move == "tilt" else ask.count * (2 if move == "shake" else 1)
        return [HeadCue(ask.start_s, ask.end_s, move, size, min(count, 12))]

    return Action(make, each_s, places=places)


def _gaze(target: str = "", each_s: float = 1.5, holds: bool = True) -> Action:
    def make(ask: Ask) -> list[Cue]:
        return [GazeCue(ask.start_s, ask.end_s, target or ask.place or "camera")]

    return Action(make, each_s, holds, () if target else PLACES)


def _turn() -> Action:
    def make(ask: Ask) -> list[Cue]:
        yaw, pitch = {"left": (16, 0), "right": (-16, 0), "up": (0, 12), "down": (0, -12)}.get(
            ask.place, (20, 2)
        )
        ramps = {"rise_s": 2 * ask.ramp_s, "fall_s": ask.ramp_s}
        angles = {"yaw_deg": float(yaw) * ask.amount, "pitch_deg": float(pitch) * ask.amount}
        return [still_sway(ask.start_s, ask.end_s - ask.ramp_s, **angles, **ramps)]

    return Action(make, 1.5, True, ("left", "right", "up", "down", "away"))


def still_sway(start_s: float, end_s: float, **values: float) -> SwayCue:
    """A wave that stands still at its top: an angle added to wherever the head points."""
    limited = {n: float(np.clip(v, -20, 20)) for n, v in values.items()}
    return SwayCue(start_s, end_s, 0.0, phase=0.25, **limited)


def _brow(move: str, amount: float) -> Action:
    return Action(lambda ask: [BrowCue(ask.start_s, ask.end_s, move, ask.share(amount))], 0.9)


ARM_S = 0.55
"""Way of an arm to its gesture, and back."""


def _gesture(name: str, each_s: float = 1.4, places: tuple[str, ...] = ()) -> Action:
    """places: what `name-PLACE` says; a wave without one is the right hand's."""

    def make(ask: Ask) -> list[Cue]:
        place = ask.place or ("right" if name == "wave" else "")
        word = f"{name}-{place}" if place else name
        way_s = min(ARM_S, (ask.end_s - ask.start_s) / 3)
        ramps = {"rise_s": way_s, "fall_s": way_s}
        reach = float(np.clip(ask.amount, 0.3, 1.0))
        return [GestureCue(ask.start_s, ask.end_s - way_s, word, reach, **ramps)]

    return Action(make, each_s, places=places)


def _blink(each_s: float) -> Action:
    def make(ask: Ask) -> list[Cue]:
        step = (ask.end_s - ask.start_s) / ask.count
        starts = [ask.start_s + i * step for i in range(ask.count)]
        return [BlinkCue(start, start + 0.75 * step, ask.share(1.0)) for start in starts]

    return Action(make, each_s)


def _wink() -> Action:
    def make(ask: Ask) -> list[Cue]:
        side = "Right" if ask.place == "right" else "Left"
        shapes = ((f"eyeBlink{side}", 1.0), (f"cheekSquint{side}", 0.6), (f"mouthSmile{side}", 0.3))
        return [FaceCue(ask.start_s, ask.end_s - 0.1, shapes, rise_s=0.1, fall_s=0.1)]

    return Action(make, 0.4, places=("left", "right"))


def _roll_eyes(ask: Ask) -> list[Cue]:
    """Up to one side, over to the other and back, the brows a little raised."""
    step = (ask.end_s - ask.start_s) / (3 * ask.count)
    turns = ((16.0 * ask.side, 14.0), (0.0, 20.0), (-16.0 * ask.side, 14.0)) * ask.count
    starts = [ask.start_s + i * step for i in range(len(turns))]
    looks = [GazeCue(s, s + step, "camera", *at) for s, at in zip(starts, turns, strict=True)]
    return [*looks, BrowCue(ask.start_s, ask.end_s, "raise", ask.share(0.4))]


def _whisper(ask: Ask) -> list[Cue]:
    """Without voice, bent a little towards whom it is for."""
    ramps = {"rise_s": 2 * ask.ramp_s, "fall_s": ask.ramp_s}
    lean = still_sway(ask.start_s, ask.end_s - ask.ramp_s, pitch_deg=-3 * ask.amount, **ramps)
    return [WhisperCue(ask.start_s, ask.end_s), lean]


def _vocal(sound: str, each_s: float) -> Action:
    def make(ask: Ask) -> list[Cue]:
        return [VocalCue(ask.start_s, ask.end_s, sound, ask.share(0.8))]

    return Action(make, each_s)


PLACES = ("down", "up", "left", "right", "away", "toy", "camera")
PLACE_WORDS: dict[str, str] = {
    **{name: name for name in PLACES},
    **dict.fromkeys(("listener", "me", "you", "us", "forward", "ahead"), "camera"),
    **dict.fromkeys(("bear", "teddy", "doll"), "toy"),
    **dict.fromkeys(("floor", "ground", "feet"), "down"),
    **dict.fromkeys(("sky", "ceiling"), "up"),
    **dict.fromkeys(("aside", "sideways"), "away"),
}
VOCAL_S = {
    **{"laugh": 1.6, "giggle": 1.3, "gasp": 0.7, "sigh": 1.3},
    **{"cough": 0.9, "yawn": 2.4, "sob": 1.6, "hum": 1.5},
}
ACTIONS: dict[str, Action] = {
    "nod": _head("nod", 9, 0.55),
    "shake": _head("shake", 11, 0.6),
    "tilt": _head("tilt", 11, 1.5, ("left", "right")),
    "bow": _head("dip", 18, 1.4),
    "turn": _turn(),
    "look": _gaze(),
    "glance": _gaze(each_s=0.7, holds=False),
    "raise brows": _brow("raise", 0.8),
    "frown": _face(browDown=0.7, mouthFrown=0.35, eyeSquint=0.2),
    "smile": _face(mouthSmile=0.6, cheekSquint=0.4, eyeSquint=0.15),
    "grin": _face(mouthSmile=0.85, cheekSquint=0.6, eyeSquint=0.3, mouthUpperUp=0.35),
    "pout": _face(mouthPucker=0.35, mouthShrugLower=0.7, mouthFrown=0.4, browInnerUp=0.3),
    "squint": _face(eyeSquint=0.9, cheekSquint=0.4),
    "puff cheeks": _face(False, cheekPuff=0.9, mouthPress=0.3),
    "stick tongue": _face(False, tongueOut=0.9, jawOpen=0.3, mouthLowerDown=0.2),
    "open mouth": _face(False, jawOpen=0.6, mouthFunnel=0.1),
    "wrinkle nose": _face(False, noseSneer=0.9, cheekSquint=0.4),
    "close eyes": Action(lambda ask: [BlinkCue(ask.start_s, ask.end_s)], 1.5),
    "blink": _blink(0.22),
    "wink": _wink(),
    "roll eyes": Action(_roll_eyes, 1.1, places=("left", "right")),
    "whisper": Action(_whisper, 1.5, True),
    "breathe": Action(
        lambda ask: [BreathCue(ask.start_s, ask.end_s, ask.share(0.9))], 2.4
    ),
    "wave": _gesture("wave", 1.8, ("left", "right")),
    "point": _gesture("point", places=("left", "right", "up")),
    "shrug": _gesture("shrug", 1.2),
    "raise hands": _gesture("hands-up", 1.6),
    "clap": _gesture("clap", 1.8),
    "hug": _gesture("hug", 2.0),
    "cover mouth": _gesture("hand-over-mouth", 1.6),
    "cover eyes": _gesture("hands-over-eyes", 1.8),
    **{sound: _vocal(sound, VOCAL_S[sound]) for sound in VOCALS},
}  # fmt: skip
"""By verb, or verb and object where the verb alone says too little."""
VERBS: dict[str, str] = {
    **{name: name for name in ACTIONS if " " not in name},
    **dict.fromkeys(("raise", "lift"), "raise"),
    **dict.fromkeys(("cover", "hide"), "cover"),
    **dict.fromkeys(("close", "shut"), "close"),
    **dict.fromkeys(("chuckle",), "giggle"),
    **dict.fromkeys(("cry", "weep"), "sob"),
    **dict.fromkeys(("gaze", "stare", "watch"), "look"),
    **dict.fromkeys(("peek",), "glance"),
    **dict.fromkeys(("applaud",), "clap"),
    **dict.fromkeys(("scowl",), "frown"),
    **dict.fromkeys(("inhale",), "breathe"),
    "open": "open",
    "roll": "roll",
    "puff": "puff",
    "stick": "stick",
    "wrinkle": "wrinkle",
}
OBJECTS: dict[str, str] = {
    **dict.fromkeys(("brow", "brows", "eyebrow", "eyebrows"), "brows"),
    **dict.fromkeys(("hand", "hands", "arm", "arms"), "hands"),
    **dict.fromkeys(("eye", "eyes"), "eyes"),
    **dict.fromkeys(("cheek", "cheeks"), "cheeks"),
    "tongue": "tongue",
    "mouth": "mouth",
    "nose": "nose",
    "head": "head",
    "shoulders": "shoulders",
}
TAKES: dict[str, tuple[str, ...]] = {
    "nod": ("head",),
    "shake": ("head",),
    "tilt": ("head",),
    "turn": ("head",),
    "bow": ("head",),
    "wave": ("hands",),
    "shrug": ("shoulders",),
    "clap": ("hands",),
    "blink": ("eyes",),
    "point": ("hands",),
}
"""Objects that may stand with a verb without changing it."""
COUNTS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        ("once one", "twice two", "thrice three", "four", "five", "six"), 1
    )
    for name in names.split()
}
SPEEDS: dict[str, float] = {
    **dict.fromkeys(("slowly", "slow", "lazily"), 1.7),
    **dict.fromkeys(("quickly", "fast", "briefly", "quick", "hastily"), 0.6),
}
"""Times of actions are multiplied by this."""
AMOUNTS: dict[str, float] = {
    **dict.fromkeys(("slightly", "little", "bit", "gently", "softly", "faintly"), 0.5),
    **dict.fromkeys(("very", "strongly", "widely", "deeply", "big", "wide", "hard"), 1.35),
    **dict.fromkeys(("vigorously", "extremely", "loudly"), 1.35),
    "quite": 0.85,
}
WHENS: dict[str, str] = {
    **dict.fromkeys(("start", "beginning", "first"), "start"),
    **dict.fromkeys(("end", "finally", "last"), "end"),
    "middle": "middle",
}
_FILLERS = """a an the at to in on of with for by his her their its my your both it is are be being
she he they who child out over from into towards toward time times second seconds s all and"""
FILLERS = frozenset(_FILLERS.split())
"""Words that change nothing."""
