"""The controls of a child and its picture by name: what `--fix` sets and a ladder climbs.

Each control changes one thing and leaves the rest as it is; tests hold them to that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, get_type_hints

import numpy as np

from generate.motion.emotion import emotion_face, relaxed
from generate.motion.eyes import eye_shapes
from generate.motion.gesture import GESTURES
from generate.motion.shapes import columns
from generate.options import choose
from generate.people.things_held import HELD
from generate.sample import ANCESTRY_NAMES, upper_view
from generate.spec import ANCESTRIES, ARKIT, EMOTIONS, Motion, Person, View

LEVEL = 0.8
"""Intensity of an emotion that is asked for by its name alone."""


@dataclass(frozen=True)
class Shot:
    """All that one picture follows from."""

    person: Person
    view: View
    motion: Motion
    """One frame."""
    emotion: str = "neutral"
    intensity: float = 0.0
    gesture: str = "rest"
    """One of motion/gesture.GESTURES; others than rest need the framing "upper"."""


def at_rest() -> Motion:
    """One frame of a head that faces the camera and does nothing."""
    zero = [np.zeros((1, n), np.float32) for n in (len(ARKIT), 3, 2)]
    return Motion(1.0, zero[0], zero[1], zero[2])


Setter = Callable[[Shot, str], Shot]


def _turn(axis: int) -> Setter:
    def turn(shot: Shot, text: str) -> Shot:
        head = shot.motion.head_deg.copy()
        head[:, axis] = _number(text, -90, 90)
        return replace(shot, motion=replace(shot.motion, head_deg=head))

    return turn


def _look(axis: int) -> Setter:
    def look(shot: Shot, text: str) -> Shot:
        gaze, arkit = shot.motion.gaze_deg.astype(float), shot.motion.arkit.astype(float)
        gaze[:, axis] = _number(text, -35, 35)
        eye_shapes(gaze, arkit)
        gaze_deg, shapes = gaze.astype(np.float32), arkit.astype(np.float32)
        return replace(shot, motion=replace(shot.motion, gaze_deg=gaze_deg, arkit=shapes))

    return look


def _blink(shot: Shot, text: str) -> Shot:
    arkit = shot.motion.arkit.copy()
    closure = _number(text, 0, 1)
    arkit[:, columns("eyeBlink")] = closure
    arkit[:, columns("eyeWide", "eyeSquint")] *= 1 - closure
    return replace(shot, motion=replace(shot.motion, arkit=arkit))


def parse_emotion(text: str) -> tuple[str, float]:
    """Emotion and intensity of `happy` (LEVEL), or `happy:0.4`; ValueError where there is none."""
    name, _, level = text.partition(":")
    choose(name, EMOTIONS, "emotion")
    return name, 0.0 if name == "neutral" else _number(level or str(LEVEL), 0, 1)


def _emotion(shot: Shot, text: str) -> Shot:
    """The lids keep what blink and gaze made them."""
    name, intensity = parse_emotion(text)
    rng = np.random.default_rng([shot.person.face_seed, 0xE0])
    face = relaxed(rng) + emotion_face(name, intensity, rng)
    arkit = np.clip(np.broadcast_to(face, shot.motion.arkit.shape), 0, 1).astype(np.float32)
    kept = columns("eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp")
    arkit[:, kept] = shot.motion.arkit[:, kept]
    return replace(
        shot, motion=replace(shot.motion, arkit=arkit), emotion=name, intensity=intensity
    )


def _ancestry(shot: Shot, text: str) -> Shot:
    """A name of sample.ANCESTRY_NAMES (`mixed` is a third each), or three shares: `0.5,0.5,0`."""
    if text in ANCESTRIES:
        shares = tuple(float(name == text) for name in ANCESTRIES)
    elif text == "mixed":
        shares = (1 / 3, 1 / 3, 1 / 3)
    else:
        shares = _numbers(text)
    if len(shares) != len(ANCESTRIES):
        known = ", ".join(ANCESTRY_NAMES)
        raise ValueError(
            f"ancestry {text!r}: want one of {known}, or three shares such as 0.5,0.5,0"
        )
    mix = (shares[0], shares[1], shares[2])
    return replace(shot, person=replace(shot.person, ancestry=mix))


def _gesture(shot: Shot, text: str) -> Shot:
    return replace(shot, gesture=choose(text, GESTURES, "gesture"))


def _field(part: str, name: str, kind: Any) -> Setter:
    """Setter of a plain field of Person or View."""

    def put(shot: Shot, text: str) -> Shot:
        value: Any = text
        if kind in (int, float):
            value = _number(text, -np.inf, np.inf)
            if kind is int and value != int(value):
                raise ValueError(f"{name} {text}: want a whole number")
            value = kind(value)
        elif kind is not str and str(kind).startswith("tuple"):
            value = _numbers(text)
        return replace(shot, **{part: replace(getattr(shot, part), **{name: value})})

    return put


def _number(text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    if not low <= value <= high:
        raise ValueError(f"{text} is outside {low:g} to {high:g}")
    return value


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(_number(part, -np.inf, np.inf) for part in text.split(","))


def _setters() -> dict[str, Setter]:
    found: dict[str, Setter] = {}
    for part, kind in (("person", Person), ("view", View)):
        hints = get_type_hints(kind)
        for entry in fields(kind):
            if entry.name != "size_px":
                plain = str if entry.name == "sex" else hints[entry.name]
                found[entry.name] = _field(part, entry.name, plain)
    found |= {"ancestry": _ancestry, "emotion": _emotion, "blink": _blink}
    found |= {"gesture": _gesture}
    found |= {"yaw": _turn(0), "pitch": _turn(1), "roll": _turn(2)}
    return found | {"gaze_yaw": _look(0), "gaze_pitch": _look(1)}


SETTERS: dict[str, Setter] = _setters()
"""Every control by name; numbers are written as text, as on the command line."""
POSE_CONTROLS = ("blink", "yaw", "pitch", "roll", "gaze_yaw", "gaze_pitch")
"""What a still's pose follows from; a talking clip's motion is its own."""


def set_control(shot: Shot, name: str, text: str) -> Shot:
    """The shot with one control at a value; ValueError names both where it cannot be."""
    setter = SETTERS[choose(name, SETTERS, "control")]
    try:
        return setter(shot, text)
    except ValueError as error:
        said = str(error)
        raise ValueError(said if name in said else f"{name}: {said}") from None


def parse_fixed(pairs: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` texts as a table; ValueError for other shapes, unknown or repeated names."""
    fixed: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not value:
            raise ValueError(f"--fix {pair}: want NAME=VALUE, such as glasses=round")
        choose(name, SETTERS, "control")
        if name in fixed:
            raise ValueError(f"--fix sets {name} twice: {fixed[name]} and {value}")
        fixed[name] = value
    return fixed


def set_controls(shot: Shot, fixed: Mapping[str, str]) -> Shot:
    """Set several controls, the emotion first: what is asked of lids and eyes comes after it."""
    for name in sorted(fixed, key=lambda name: name != "emotion"):
        shot = set_control(shot, name, fixed[name])
    return shot


def framed(shot: Shot, fixed: Mapping[str, str], rng: np.random.Generator) -> Shot:
    """The shot with its fixed controls; an upper body is seen whole and does something.

    Its own arms are there, so things that come with a fist and a sleeve are put down. Raises
    ValueError for a gesture where arms are not seen, and for such a thing asked for by name.
    """
    shot = set_controls(shot, fixed)
    if shot.view.framing != "upper":
        if shot.gesture != "rest":
            raise ValueError(f"gesture {shot.gesture!r} needs framing=upper, not face")
        return shot
    if shot.person.held in HELD and shot.person.held != "dummy":
        if "held" in fixed:
            raise ValueError(
                f"held {shot.person.held!r} needs framing=face: its hand is drawn there"
            )
        shot = replace(shot, person=replace(shot.person, held="none"))
    if "face_fraction" not in fixed:
        shot = replace(shot, view=upper_view(shot.view))
    if "gesture" not in fixed and shot.person.held == "none":
        shot = replace(shot, gesture=str(rng.choice(list(GESTURES))))
    return shot
