"""Things held before or beside the face, with the fist that holds them; a dummy in the mouth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from generate.people.ids import AUX_NAIL, AUX_PALM, CLOTH_PART, HAND, HAND_PART, THING_PART
from generate.people.piece import Piece, merged
from generate.people.rotation import head_rotation
from generate.people.things_face import Face
from generate.people.things_mesh import Stuff, blob, box, lathe, painted, placed, tube
from generate.spec import Person

F64 = NDArray[np.float64]
RGB = tuple[float, float, float]
MM = 0.001

TOY_COLORS: tuple[RGB, ...] = (
    *((0.60, 0.03, 0.03), (0.02, 0.12, 0.50), (0.72, 0.45, 0.02), (0.03, 0.32, 0.08)),
    *((0.65, 0.16, 0.30), (0.05, 0.42, 0.45), (0.62, 0.62, 0.60), (0.35, 0.12, 0.42)),
)
FURS: tuple[RGB, ...] = (
    *((0.30, 0.16, 0.07), (0.52, 0.36, 0.20), (0.62, 0.55, 0.45), (0.12, 0.07, 0.05)),
    (0.55, 0.38, 0.40),
)
DUMMY_UNDER_YEARS = 4.0


@dataclass(frozen=True)
class Toy:
    """A thing in its own frame: origin in its middle, y up, its front to +z, metres."""

    pieces: list[Piece]
    half: tuple[float, float]
    """Half width and half height of what it covers."""
    back: float
    """How far it reaches behind its origin."""
    grip: tuple[float, float, float] | None
    """Where the middle of the fist lies; None for what needs no hand."""


@dataclass(frozen=True)
class Sort:
    """One sort of thing."""

    share: float
    """How often it is held, relative to the others."""
    make: Callable[[np.random.Generator], Toy]
    """Builds it, size and colours from the stream."""
    places: tuple[str, ...]
    """Where it may be, of PLACES."""
    lean_deg: float = 20.0
    under_years: float = np.inf
    """Only younger children have it."""


def _pick(rng: np.random.Generator, colors: tuple[RGB, ...], count: int) -> list[RGB]:
    return [colors[int(i)] for i in rng.choice(len(colors), count, replace=False)]


def _bear(rng: np.random.Generator) -> Toy:
    fur = Stuff(FURS[int(rng.integers(len(FURS)))], THING_PART, 0.0, 1.0)
    light = fur.but(rgb=tuple(min(1.0, 1.5 * c + 0.08) for c in fur.rgb))
    dark = Stuff((0.012, 0.011, 0.010), THING_PART, 0.9)
    parts: list[tuple[tuple[float, float, float], tuple[float, float, float], Stuff, int]] = [
        ((34, 38, 27), (0, -34, 0), fur, 8),
        ((31, 28, 27), (0, 24, 3), fur, 10),
        ((13, 11, 10), (0, 17, 27), light, 6),
        ((4.5, 3.2, 3), (0, 21, 36), dark, 4),
        ((22, 26, 8), (0, -36, 21), light, 6),
    ]
    for sign in (1.0, -1.0):
        parts += [
            ((11, 11, 6), (sign * 25, 47, 2), fur, 6),
            ((7, 7, 3), (sign * 25, 47, 7), light, 4),
            ((3, 3.2, 2), (sign * 11, 29, 27.5), dark, 4),
            ((11, 24, 11), (sign * 38, -22, 10), fur, 6),
            ((14, 14, 22), (sign * 22, -66, 16), fur, 6),
        ]
    made = [
        placed(blob(np.array(radii) * MM, stuff, rows), np.eye(3), np.array(at) * MM)
        for radii, at, stuff, rows in parts
    ]
    return Toy(made, (0.045, 0.075), 0.028, (0, -0.05, 0))


def _ball(rng: np.random.Generator) -> Toy:
    radius = rng.uniform(0.026, 0.042)
    one, two, three = _pick(rng, TOY_COLORS, 3)
    ball = blob((radius,) * 3, Stuff(one, THING_PART, 0.55), 18)
    turn = np.arctan2(ball.points[:, 0], ball.points[:, 2])
    ball = painted(ball, two, np.sin(3 * turn + 0.26) > 0)
    ball = painted(ball, three, np.abs(ball.points[:, 1]) > 0.9 * radius)
    return Toy([ball], (radius, radius), radius, (0, -0.75 * radius, 0))


def _block(rng: np.random.Generator) -> Toy:
    half = rng.uniform(0.016, 0.024)
    one, two, three = _pick(rng, TOY_COLORS, 3)
    wood = box((half,) * 3, 0.12 * half, Stuff(one, THING_PART, 0.25))
    wood = painted(wood, two, np.abs(wood.normals[:, 0]) > 0.6)
    wood = painted(wood, three, np.abs(wood.normals[:, 1]) > 0.6)
    return Toy([wood], (half, half), half, (0, -0.6 * half, 0))


def _cup(rng: np.random.Generator) -> Toy:
    color = TOY_COLORS[int(rng.integers(len(TOY_COLORS)))]
    low, high, tall = 0.025, rng.uniform(0.030, 0.036), rng.uniform(0.065, 0.085)
    profile = [(0, 0.004), (low - 0.003, 0.004), (high - 0.003, tall), (high, tall)]
    profile += [(low + 0.5 * (high - low), tall / 2), (low, 0.002), (low - 0.002, 0), (0, 0)]
    stuff = Stuff(color, THING_PART, 0.55)
    mug = lathe(np.array(profile[::-1]) - [0, tall / 2], stuff, 28)
    angle = np.linspace(-1.3, 1.3, 12)
    handle = np.stack([high - 0.004 + 0.021 * np.cos(angle), 0.022 * np.sin(angle), 0 * angle], 1)
    return Toy([mug, tube(handle, 0.0038, stuff)], (high, tall / 2), high, (high + 0.012, 0, 0))


def _dummy(rng: np.random.Generator) -> Toy:
    color, ring = _pick(rng, TOY_COLORS, 2)
    shield = blob((0.0205, 0.0155, 0.0030), Stuff(color, THING_PART, 0.5), 16)
    bend = 5.0 * shield.points[:, 0] ** 2
    shield.points[:, 2] -= bend
    knob = blob((0.0095, 0.0095, 0.0045), Stuff(ring, THING_PART, 0.6), 8)
    knob = placed(knob, np.eye(3), (0, 0, 0.004))
    angle = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    hoop = np.stack([0.0105 * np.sin(angle), 0.0105 * np.cos(angle) - 0.010, 0 * angle + 0.0075], 1)
    loop = tube(hoop, 0.0016, Stuff(ring, THING_PART, 0.5), closed=True)
    return Toy([shield, knob, loop], (0.012, 0.006), 0.0012, None)


def _phone(rng: np.random.Generator) -> Toy:
    case = box((0.036, 0.073, 0.0045), 0.0035, Stuff((0.02, 0.02, 0.022), THING_PART, 0.5))
    back = (*TOY_COLORS, (0.02, 0.02, 0.02))[int(rng.integers(len(TOY_COLORS) + 1))]
    case = painted(case, back, case.points[:, 2] > 0.0)
    lens = Stuff((0.01, 0.01, 0.012), THING_PART, 0.95)
    eyes = [
        placed(blob((0.006, 0.006, 0.002), lens, 6), np.eye(3), (0.02, y, 0.0045))
        for y in (0.058, 0.042)
    ]
    return Toy([case, *eyes], (0.036, 0.073), 0.005, (0, -0.035, 0))


def _lollipop(rng: np.random.Generator) -> Toy:
    one, two = _pick(rng, TOY_COLORS, 2)
    radius = rng.uniform(0.015, 0.024)
    disc = blob((radius, radius, 0.45 * radius), Stuff(one, THING_PART, 0.85), 16)
    turn = np.arctan2(disc.points[:, 0], disc.points[:, 1])
    away = np.hypot(disc.points[:, 0], disc.points[:, 1]) / radius
    disc = painted(disc, two, np.sin(2 * turn + 7 * away) > 0)
    stick = tube(np.array([[0, 0, 0], [0, -0.05, 0.004], [0, -0.10, 0.008]]), 0.0019,
                 Stuff((0.65, 0.63, 0.58), THING_PART, 0.1))  # fmt: skip
    return Toy([disc, stick], (radius, radius), 0.45 * radius, (0, -0.085, 0.007))


def _spoon(rng: np.random.Generator) -> Toy:
    metal = Stuff((0.42, 0.41, 0.40), THING_PART, 0.9)
    if rng.uniform() < 0.5:
        metal = Stuff(TOY_COLORS[int(rng.integers(len(TOY_COLORS)))], THING_PART, 0.5)
    bowl = blob((0.0135, 0.0045, 0.018), metal, 10)
    path = np.array(
        [[0, 0, 0.016], [0.004, -0.002, 0.04], [0.012, -0.014, 0.085], [0.016, -0.022, 0.105]]
    )
    return Toy([bowl, tube(path, 0.0028, metal)], (0.012, 0.004), 0.012, (0.014, -0.02, 0.095))


def _book(rng: np.random.Generator) -> Toy:
    cover = Stuff(TOY_COLORS[int(rng.integers(len(TOY_COLORS)))], THING_PART, 0.35)
    wide, tall = rng.uniform(0.045, 0.062), rng.uniform(0.065, 0.09)
    made = []
    for sign in (1.0, -1.0):
        turn = head_rotation(sign * 16.0, 0)
        middle = turn @ np.array([sign * wide, 0, 0])
        leaf = placed(box((wide, tall, 0.0022), 0.0015, cover), turn, middle)
        paper = Stuff((0.7, 0.68, 0.62), THING_PART, 0.05)
        block = box((0.96 * wide, 0.96 * tall, 0.004), 0.001, paper)
        made += [leaf, placed(block, turn, middle - turn @ [0, 0, 0.0052])]
        if sign > 0:
            picture = Stuff(TOY_COLORS[int(rng.integers(len(TOY_COLORS)))], THING_PART, 0.4)
            art = blob((0.5 * wide, 0.4 * tall, 0.0008), picture, 10)
            made.append(placed(art, turn, middle + turn @ [0, 0.15 * tall, 0.0024]))
    return Toy(made, (2 * wide, tall), 0.04, (1.5 * wide, -0.75 * tall, -0.02))


PLACES = {
    "mouth": (0.0, 0.0),
    "chin": (0.0, -0.75),
    "cheek": (0.85, 0.15),
    "side": (1.75, -0.15),
    "low": (0.35, -1.25),
}
"""Where a thing's middle is: x in half face widths to either side, y in mouth-to-eye heights."""

HELD: dict[str, Sort] = {
    "bear": Sort(0.2, _bear, ("chin", "cheek", "side", "low"), 25.0),
    "ball": Sort(0.12, _ball, ("mouth", "chin", "cheek", "side"), 180.0),
    "block": Sort(0.1, _block, ("mouth", "cheek", "chin", "side"), 40.0),
    "cup": Sort(0.15, _cup, ("mouth",), 10.0),
    "dummy": Sort(0.2, _dummy, ("mouth",), 4.0, DUMMY_UNDER_YEARS),
    "phone": Sort(0.1, _phone, ("cheek", "side", "chin"), 20.0),
    "lollipop": Sort(0.12, _lollipop, ("mouth", "cheek"), 30.0),
    "spoon": Sort(0.08, _spoon, ("mouth",), 8.0),
    "book": Sort(0.08, _book, ("low",), 6.0),
}


def held(name: str, face: Face, person: Person) -> list[Piece]:
    """Build a thing of HELD and place it by `held_seed`, with the fist that holds it."""
    rng = np.random.default_rng([person.held_seed, 0x63])
    sort, side = HELD[name], float(rng.choice([-1.0, 1.0]))
    toy = sort.make(np.random.default_rng([person.held_seed, 0x64]))
    place = str(rng.choice(sort.places))
    lean = np.clip(rng.normal(0, 0.5, 3), -1, 1) * sort.lean_deg
    turn = head_rotation(float(lean[0]), 0.5 * float(lean[1]), float(lean[2]))
    follow = 1.0 if name == "dummy" else float(rng.uniform(0.75, 0.95))
    if name in ("cup", "spoon"):
        turn = turn @ head_rotation(0, 38.0 if name == "cup" else 0.0)
    at = _spot(face, toy, name, place, side, rng)
    made = list(toy.pieces)
    if toy.grip is not None:
        made += _fist(toy, face.scale, side)
    made = [placed(piece, turn, at) for piece in made]
    if toy.grip is not None:
        made.append(_sleeve(at + turn @ np.array(toy.grip), person, face, side))
    for piece in made:
        if piece.aux[0, 1] != CLOTH_PART:
            piece.follow[:] = follow
    return merged(made)


def _spot(
    face: Face, toy: Toy, name: str, place: str, side: float, rng: np.random.Generator
) -> F64:
    """Middle of the thing: clear of the skin behind it."""
    marks = face.marks
    mouth = (marks[62] + marks[66]) / 2
    width, height = (marks[15, 0] - marks[1, 0]) / 2, face.eyes[:, 1].mean() - mouth[1]
    x, y = PLACES[place]
    spot = np.array([side * x * width, mouth[1] + y * height, 0.0])
    if name != "dummy" and name not in ("cup", "spoon"):
        spot[:2] += rng.uniform(-0.12, 0.12, 2) * width
    if name == "cup":
        spot[1] -= 0.9 * toy.half[1]
    if name == "spoon":
        spot[1] -= 0.002
    skin = face.front_of(spot, (min(toy.half[0], 0.9 * width), toy.half[1]))
    floor = float(face.eyes[:, 2].mean()) - 0.03 * face.scale
    spot[2] = max(skin, floor) + toy.back + (0.0 if name == "dummy" else 0.003)
    if name in ("spoon", "lollipop") and place == "mouth":
        spot[2] = mouth[2] + 0.6 * toy.back
    return spot


def _fist(toy: Toy, size: float, side: float) -> list[Piece]:
    """Four fingers and a thumb round the thing's grip, a palm behind them."""
    skin = Stuff((0, 0, 0), HAND_PART, material=HAND)
    s = 0.92 * size**1.3
    grip = np.array(toy.grip)
    reach = min(toy.half[0], 0.024)
    palm = placed(
        blob(np.array([0.030, 0.034, 0.015]) * s, skin, 8),
        head_rotation(0, 0, 12 * side),
        grip + np.array([side * 0.012 * s, -0.014 * s, -max(toy.back, 0.012) * 0.4 + 0.002]),
    )
    made = [palm]
    front = toy.back * 0.9 + 0.006 * s
    for k in range(4):
        y = (0.018 - 0.0135 * k) * s
        length = (0.9, 1.0, 0.95, 0.75)[k] * 0.030 * s
        path = grip + np.array(
            [
                [side * (reach + 0.006), y, 0.0],
                [side * (reach + 0.004), y + 0.001, 0.6 * front],
                [side * (reach - 0.35 * length), y + 0.001, front + 0.002],
                [side * (reach - length), y, front],
            ]
        )
        made.append(_finger(path, np.array([7.4, 7.2, 6.8, 5.6]) * s * MM * (1 - 0.05 * k), skin))
    thumb = grip + np.array(
        [
            [side * 0.004, 0.0, front * 0.6],
            [-side * 0.008, 0.016 * s, front + 0.001],
            [-side * 0.010, 0.036 * s, front * 0.95],
        ]
    )
    made.append(_finger(thumb, np.array([8.5, 7.6, 6.0]) * s * MM, skin))
    return [_skinned(piece) for piece in made]


def _skinned(piece: Piece) -> Piece:
    """The piece as `shade_hand` reads it: the back of a hand, no palm, knuckle or nail."""
    aux = piece.aux.copy()
    aux[:, AUX_PALM : AUX_NAIL + 1] = 0
    return replace(piece, canon=piece.points * np.float32(1000), aux=aux)


def _finger(path: F64, radius: F64, stuff: Stuff) -> Piece:
    """A rounded tube through the joints `path`."""
    t = np.linspace(0, len(path) - 1, 9)
    smooth = np.stack([np.interp(t, range(len(path)), path[:, k]) for k in range(3)], 1)
    smooth[1:-1] = (smooth[:-2] + 2 * smooth[1:-1] + smooth[2:]) / 4
    thick = np.interp(t, range(len(path)), radius)
    ahead = smooth[-1] - smooth[-2]
    ahead /= np.linalg.norm(ahead)
    cap = [smooth[-1] + ahead * thick[-1] * k for k in (0.5, 0.85)]
    points = np.concatenate([smooth, cap])
    thick = np.concatenate([thick, thick[-1] * np.array([0.85, 0.5])])
    return tube(points, thick, stuff, sides=8)


def _sleeve(start: F64, person: Person, face: Face, side: float) -> Piece:
    """The clothed forearm from the fist down out of the picture; its far end stays put."""
    size = face.scale
    stuff = Stuff(person.garment_color, CLOTH_PART, 0.0, 0.3)
    wrist = start + np.array([side * 0.016, -0.030, -0.002]) * size
    elbow = np.array([side * 0.16, min(start[1], -0.09 * size) - 0.20, 0.03 * size])
    share = np.linspace(0, 1, 8)
    path = wrist + share[:, None] * (elbow - wrist)
    path[:, 0] += side * 0.02 * np.sin(np.pi * share) * size
    arm = tube(path, np.interp(share, (0, 0.06, 1), (0.020, 0.024, 0.036)) * size, stuff, 14)
    arm.follow[:] = np.clip(1 - (wrist[1] - arm.points[:, 1]) / 0.12, 0, 1) * 0.85
    return arm
