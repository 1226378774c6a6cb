"""Named gestures of the arms as data: angles, or what the hand touches.

All values are for a left arm; a right arm mirrors them. `people/reach.py` turns them into joint
angles of one person.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Angles:
    """Columns by name, see `people/arms.ARM_COLUMNS`; those not named hang relaxed."""

    values: dict[str, float]
    sway: dict[str, float] = field(default_factory=dict)
    """How far columns swing to and fro while the gesture lasts."""


@dataclass(frozen=True)
class Touch:
    """The palm lies against a place; axes: x to the arm's own side, y up, z forward."""

    at: str
    """"mouth", "chin", "eye", "cheek": on the head, which it follows; "chest"."""
    offset: tuple[float, float, float]
    """From there: mm on an adult's head, or for the chest shares of the upper arm's length."""
    palm: tuple[float, float, float]
    """Where the palm faces."""
    fingers: tuple[float, float, float]
    """Where the fingers point."""
    along: float = 1.0
    """What touches: 0 the wrist, 1 the knuckles."""
    shape: dict[str, float] = field(default_factory=dict)
    """fist, spread, point."""
    sway: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """How far the place moves to and fro, in the units of `offset`."""


Pose = Angles | Touch | None
"""None hangs relaxed."""


@dataclass(frozen=True)
class Gesture:
    """What both arms do."""

    left: Pose
    right: Pose
    rate_hz: float = 0.0
    """Swings a second."""
    torso: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Lean, tilt, turn in degrees."""


_WAVE = Angles(
    {"lift": 52, "heading": 46, "roll": -72, "elbow": 124, "twist": 62, "bend": -8,
     "fist": 0.02, "spread": 0.7},
    {"roll": 26, "deviate": 14},
)  # fmt: skip
_BEAT = Angles(
    {"lift": 22, "heading": 62, "roll": -8, "elbow": 84, "twist": -8, "bend": 6,
     "fist": 0.12, "spread": 0.35},
    {"elbow": 15, "lift": 5, "bend": -12},
)  # fmt: skip
_POINT = Angles(
    {"lift": 78, "heading": 78, "roll": 5, "elbow": 12, "twist": 45, "fist": 0.9, "point": 1}
)
_ASIDE = Angles(
    {"lift": 40, "heading": 52, "roll": -34, "elbow": 112, "twist": 50, "fist": 0.9, "point": 1}
)
_POINT_UP = Angles(
    {"lift": 46, "heading": 50, "roll": -66, "elbow": 128, "twist": 50, "fist": 0.9, "point": 1}
)
_SHRUG = Angles(
    {"shrug": 24, "lift": 24, "heading": 38, "roll": -26, "elbow": 100, "twist": -60,
     "bend": -25, "fist": 0.08, "spread": 0.4}
)  # fmt: skip
_UP = Angles(
    {"lift": 104, "heading": 36, "roll": -72, "elbow": 92, "twist": 40, "fist": 0.02, "spread": 0.6}
)
_CLAP = Touch(
    "chest", (0.05, -0.25, 1.15), (-1, 0, 0), (-0.1, 0.6, 0.8), 0.9, {"fist": 0.05}, (0.22, 0, 0)
)
_HUG_OVER = Touch("chest", (-0.3, -0.42, 0.62), (0, 0.1, -1), (-1, 0.3, 0.1), 0.8, {"fist": 0.15})
_HUG_UNDER = Touch("chest", (-0.3, -0.78, 0.6), (0, 0.2, -1), (-1, 0.15, 0.1), 0.8, {"fist": 0.15})
_SELF = Touch("chest", (-0.05, -0.3, 0.62), (0, 0.1, -1), (-0.85, 0.5, 0.1), 0.8, {"fist": 0.12})
_CHIN = Touch("chin", (4, -6, 4), (-0.25, 0.35, -1), (-0.65, 0.75, 0.1), 1.05, {"fist": 0.62})
_MOUTH = Touch("mouth", (4, 0, 2), (-0.12, 0, -1), (-0.78, 0.62, 0.0), 1.15, {"fist": 0.06})
_EYE = Touch("eye", (2, 2, 4), (-0.1, 0.0, -1), (-0.5, 0.87, 0.0), 1.2, {"fist": 0.04})
_CHEEK = Touch("cheek", (0, 0, 0), (-0.85, 0.1, -0.45), (-0.15, 0.95, -0.3), 0.85, {"fist": 0.1})

GESTURES: dict[str, Gesture] = {
    "rest": Gesture(None, None),
    "wave left": Gesture(_WAVE, None, 2.0),
    "wave right": Gesture(None, _WAVE, 2.0),
    "point": Gesture(None, _POINT),
    "point left": Gesture(_ASIDE, None),
    "point right": Gesture(None, _ASIDE),
    "point up": Gesture(None, _POINT_UP),
    "hand on chest": Gesture(None, _SELF),
    "beat left": Gesture(_BEAT, None, 1.6),
    "beat right": Gesture(None, _BEAT, 1.6),
    "beat both": Gesture(_BEAT, _BEAT, 1.6),
    "shrug": Gesture(_SHRUG, _SHRUG),
    "hands up": Gesture(_UP, _UP),
    "clap": Gesture(_CLAP, _CLAP, 2.5),
    "hug": Gesture(_HUG_OVER, _HUG_UNDER),
    "hand to chin": Gesture(None, _CHIN),
    "hand over mouth": Gesture(None, _MOUTH),
    "hands over eyes": Gesture(_EYE, _EYE),
    "hand on cheek": Gesture(_CHEEK, None),
}
GESTURES |= {
    "hands on cheeks": Gesture(_CHEEK, _CHEEK),
    "hands over mouth": Gesture(
        Touch("mouth", (10, -8, 3), (-0.2, 0, -1), (-0.6, 0.8, 0.0), 1.0, {"fist": 0.08}),
        Touch("mouth", (8, 4, 12), (-0.2, 0, -1), (-0.6, 0.8, 0.0), 1.0, {"fist": 0.08}),
    ),
}


@dataclass(frozen=True)
class Hands:
    """What the own hands may do at the face: a value of `Person.held`."""

    share: float
    """How often, relative to all else that is held."""
    gestures: tuple[str, ...]
    """One is drawn from `held_seed`."""


HELD_HANDS = {
    "hand": Hands(0.20, ("hand to chin", "hand over mouth", "hand on cheek")),
    "two hands": Hands(0.08, ("hands over eyes", "hands on cheeks", "hands over mouth")),
}


def named(name: str) -> Gesture:
    """Return a gesture; raises ValueError for an unknown name."""
    if name not in GESTURES:
        raise ValueError(f"gesture {name!r} is not one of {', '.join(GESTURES)}")
    return GESTURES[name]
