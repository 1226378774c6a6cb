"""Indoor places behind the child, built of boxes at their size in metres.

Each draws on a Stage and returns the reflectance (6, 3) of what is on the six sides of the child,
as `environment.SIDES`; the last is read from the picture instead.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.render.furniture import (
    CEILING,
    CLOTHS,
    DIM,
    TOYS,
    WALLS,
    WOODS,
    cabinet,
    chair,
    chance,
    lamp,
    pick,
    picture,
    plant,
    sofa,
    table,
    thing,
    toys,
    window,
)
from generate.render.stage import Color, Stage, noise

F32 = NDArray[np.float32]


def inside(walls: Color, floor: Color, seen: Color | None = None) -> F32:
    """Sides of a room of such walls and floor; `seen` is the wall behind the child."""
    back = walls if seen is None else seen
    return np.array([walls, walls, CEILING, floor, np.asarray(walls) * 0.8, back], np.float32)


def wall(s: Stage) -> F32:
    """A wall close behind: bare, or with pictures, a dado, a switch, the top of a chair."""
    rng, z = s.rng, -s.rng.uniform(0.25, 1.6)
    color = pick(rng, WALLS)
    s.back(color, z)
    half = s.half_m(z)
    if chance(rng, 0.3):
        y = rng.uniform(-0.7, -0.1)
        s.box((-9, 9), (-9, y), (z, z + 0.01), pick(rng, WALLS) * 0.85)
        s.box((-9, 9), (y, y + 0.04), (z, z + 0.025), color * 1.15)
    for _ in range(int(rng.integers(0, 4))):
        picture(s, rng.uniform(-1.2, 1.2) * half, rng.uniform(-0.2, 0.6), z)
    if chance(rng, 0.2):
        x, y = rng.uniform(-1, 1) * half, rng.uniform(-0.3, 0.1)
        s.box((x, x + 0.08), (y, y + 0.08), (z, z + 0.015), np.full(3, 0.7))
    s.flush(z)
    if chance(rng, 0.3):
        chair(s, rng.uniform(-0.9, 0.9) * half, z + 0.3)
        s.flush()
    s.grain(0.05, 1.6)
    return inside(color, pick(rng, WOODS))


def room(s: Stage) -> F32:
    """A living room or nursery: floor, walls, a window perhaps, furniture at several depths."""
    rng, z = s.rng, -s.rng.uniform(1.2, 4.0)
    color, ground = pick(rng, WALLS), pick(rng, WOODS + CLOTHS)
    s.floor(ground, z)
    _boards(s, ground, z)
    s.back(color, z)
    if chance(rng, 0.5):
        side = float(rng.choice([-1, 1])) * rng.uniform(0.5, 1.1) * s.half_m(z)
        s.side(pick(rng, WALLS) if chance(rng, 0.3) else color, side, z)
    if chance(rng, 0.6):
        s.ceiling(CEILING, rng.uniform(1.4, 1.9), z)
    y = -s.height_m
    s.box((-30, 30), (y, y + 0.08), (z, z + 0.015), color * 1.15)
    s.darken(np.array([[-30, y, z], [30, y, z], [30, y, z + 0.2], [-30, y, z + 0.2]]), 0.6)
    half = s.half_m(z)
    if chance(rng, 0.45):
        window(s, (float(np.sign(s.key[0])) * rng.uniform(0.1, 1.1)) * half, z)
    for _ in range(int(rng.integers(0, 4))):
        picture(s, rng.uniform(-1.1, 1.1) * half, rng.uniform(0.0, 0.7), z)
    makers = (sofa, cabinet, cabinet, table, plant, lamp, toys)
    for far in sorted(rng.uniform(z + 0.4, -0.5, int(rng.integers(2, 6))).tolist()):
        x = rng.uniform(-1.15, 1.15) * s.half_m(far)
        makers[int(rng.integers(len(makers)))](s, x, far)
    s.flush(z)
    s.grain(0.06, 1.5)
    return inside(color, ground)


def _boards(s: Stage, color: Color, far: float) -> None:
    """Seams of floorboards, running away from the camera, or a rug."""
    rng, y = s.rng, -s.height_m
    if chance(rng, 0.5):
        x, w = rng.uniform(-1.5, 0.5), rng.uniform(1, 2.5)
        s.box((x, x + w), (y, y + 0.005), (far * 0.8, far * 0.2), pick(rng, CLOTHS + TOYS))
        return
    step = rng.uniform(0.1, 0.3)
    for x in np.arange(-1.5, 1.5, step).tolist():
        place, _ = s.project(
            np.array([[x, y, far], [x + 0.02, y, far], [x + 0.02, y, 0], [x, y, 0]])
        )
        s.fill(place, s.lit(color, "Y") * np.float32(rng.uniform(0.6, 0.95)))


def shelf(s: Stage) -> F32:
    """A bookcase: rows of books, toys and gaps in the shade between its boards."""
    rng, z = s.rng, -s.rng.uniform(0.5, 1.6)
    wood, color = pick(rng, WOODS + WALLS), pick(rng, WALLS)
    s.back(wood * 0.45, z - 0.28)
    half = 1.1 * s.half_m(z)
    tall = rng.uniform(0.26, 0.38)
    low, high = (-rng.uniform(0.0, 0.3) + k * half for k in (-1.0, 1.0))
    for y in np.arange(np.floor(low / tall) * tall, high, tall).tolist():
        x = -half
        while x < half:
            w = rng.uniform(0.018, 0.055)
            kind = rng.uniform()
            if kind < 0.8:
                h = tall * rng.uniform(0.5, 0.88)
                rgb = pick(rng, TOYS + CLOTHS, 0.35)
                rgb = rgb.mean() + rng.uniform(0.3, 0.9) * (rgb - rgb.mean())
                front = z - rng.uniform(0.02, 0.1)
                s.box((x, x + w), (y, y + h), (front - 0.01, front), rgb)
            elif kind < 0.9:
                w = rng.uniform(0.08, 0.2)
                thing(s, x, y, z - 0.15)
            x += w + 0.003 + (0.07 if chance(rng, 0.12) else 0)
        s.box((-half, half), (y - 0.025, y), (z - 0.25, z), wood)
    for x in np.arange(-half + rng.uniform(0, 0.6), half, rng.uniform(0.6, 1.0)).tolist():
        s.box((x, x + 0.03), (-9, 9), (z - 0.25, z + 0.001), wood)
    s.flush(z - 0.28)
    s.grain(0.06, 1.5)
    return inside(color, pick(rng, WOODS), wood * 0.6)


def curtain(s: Stage) -> F32:
    """A curtain's folds, wide and narrow, straight but not quite; light may come through."""
    rng, n = s.rng, s.n
    x = np.linspace(0, 1, n, dtype=np.float32)
    sway = 0.012 * cv2.GaussianBlur(noise(rng, n, 1.8), (0, 0), n / 24)
    turns = rng.uniform(3, 9)
    phase = (x[None] + sway) * np.float32(turns) + 0.12 * noise(rng, n, 1.8)[:1]
    fold = np.sin(2 * np.pi * phase) + 0.3 * np.sin(2 * np.pi * (phase * 1.7 + 0.4))
    color = pick(rng, WALLS + CLOTHS)
    shade = np.exp(0.28 * fold).astype(np.float32)
    s.image[:] = s.lit(color, "Z") * shade[..., None]
    s.grain(0.04, 1.3)
    return inside(pick(rng, WALLS), pick(rng, WOODS), color)


def kitchen(s: Stage) -> F32:
    """Base and wall cabinets with a worktop, tiles, a fridge, jars; sometimes a window."""
    rng, z = s.rng, -s.rng.uniform(1.0, 3.2)
    color, front, top = pick(rng, WALLS), pick(rng, WALLS + WOODS), pick(rng, WOODS + CLOTHS)
    y, half = -s.height_m, 1.2 * s.half_m(z)
    ground = pick(rng, WALLS + WOODS) * 0.7
    s.floor(ground, z)
    s.back(color, z)
    for row in np.arange(y + 0.9, y + 1.45, 0.15).tolist():
        s.box((-9, 9), (row, row + 0.012), (z, z + 0.002), color * 0.8)
    x = -half - rng.uniform(0, 0.6)
    fridge = int(rng.integers(0, 6))
    number = 0
    while x < half:
        w = rng.uniform(0.4, 0.65)
        if number == fridge:
            steel = np.full(3, rng.uniform(0.3, 0.7))
            s.box((x, x + w), (y, y + 1.8), (z, z + 0.62), steel)
            s.box((x + 0.04, x + 0.06), (y + 0.8, y + 1.3), (z + 0.62, z + 0.66), steel * 0.5)
        else:
            _unit(s, x, w, z, front, top)
        x, number = x + w, number + 1
    if chance(rng, 0.4):
        window(s, rng.uniform(-0.8, 0.3) * half, z)
    s.flush(z)
    s.grain(0.05, 1.5)
    return inside(color, ground, front)


def _unit(s: Stage, x: float, w: float, z: float, front: Color, top: Color) -> None:
    """One base cabinet with its stretch of worktop and what hangs above it."""
    rng, y = s.rng, -s.height_m
    s.box((x, x + w), (y + 0.1, y + 0.86), (z, z + 0.56), np.asarray(front) * 0.7)
    s.box((x + 0.01, x + w - 0.01), (y + 0.12, y + 0.85), (z, z + 0.58), front)
    s.box((x, x + w), (y + 0.86, y + 0.9), (z, z + 0.6), top)
    if chance(rng, 0.7):
        s.box((x + 0.005, x + w - 0.005), (y + 1.45, y + 2.1), (z, z + 0.33), front)
    for _ in range(int(rng.integers(0, 3))):
        thing(s, x + rng.uniform(0, 0.8) * w, y + 0.9, z + rng.uniform(0.1, 0.4))


def bed(s: Stage) -> F32:
    """Headboard, pillows and soft toys against a wall; in the dark a string of small lights."""
    rng, z = s.rng, -s.rng.uniform(0.35, 1.2)
    color, sheet = pick(rng, WALLS), pick(rng, WALLS + CLOTHS)
    s.back(color, z)
    half, y = s.half_m(z), -rng.uniform(0.0, 0.35)
    if chance(rng, 0.7):
        s.box((-9, 9), (-9, y + 0.2), (z, z + 0.06), pick(rng, WOODS + CLOTHS))
    s.flush(z)
    for _ in range(int(rng.integers(2, 6))):
        at = (rng.uniform(-1.2, 1.2) * half, y - rng.uniform(0.0, 0.2), z + 0.15)
        s.ball(at, rng.uniform(0.12, 0.2), sheet * np.float32(rng.uniform(0.8, 1.2)))
    for _ in range(int(rng.integers(0, 4))):
        at = (rng.uniform(-1.0, 1.0) * half, y + rng.uniform(-0.1, 0.1), z + 0.25)
        plush, r = pick(rng, WOODS + TOYS + WALLS), rng.uniform(0.05, 0.11)
        s.ball(at, r, plush)
        for side in (-0.7, 0.7):
            s.ball((at[0] + side * r, at[1] + 0.8 * r, at[2]), r * 0.4, plush * 0.8)
    if s.light.name in (*DIM, "dusk") or chance(rng, 0.15):
        for x in np.linspace(-half, half, int(rng.integers(6, 14))).tolist():
            up, warm = 0.3 + 0.06 * np.cos(9 * x) + rng.normal(0, 0.03), np.array([1.7, 1.1, 0.5])
            s.shine((x, x + 0.02), (up, up + 0.02), z + 0.01, warm * rng.uniform(0.6, 1.6))
        s.flush()
    s.grain(0.09, 1.4)
    return inside(color, sheet)


def studio(s: Stage) -> F32:
    """A plain paper roll, any colour, with a pool of light on it."""
    rng, n = s.rng, s.n
    any_color = rng.uniform(0.04, 0.75) * (1 - rng.uniform(0, 0.8) * rng.uniform(0, 1, 3))
    color = pick(rng, WALLS + CLOTHS) if chance(rng, 0.5) else any_color
    s.back(color, -rng.uniform(0.8, 2.0))
    axis = np.linspace(-1, 1, n, dtype=np.float32)
    x, y, r = rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6), rng.uniform(0.6, 1.3)
    pool = np.exp(-((axis[None] - x) ** 2 + (axis[:, None] - y) ** 2) / (2 * r * r))
    s.image *= (0.6 + 0.7 * pool)[..., None].astype(np.float32)
    return inside(np.full(3, 0.3), np.full(3, 0.3), color)


def classroom(s: Stage) -> F32:
    """A board, posters and rows of desks and chairs; nobody is there."""
    rng, z = s.rng, -s.rng.uniform(2.5, 5.5)
    color, ground, wood = pick(rng, WALLS), pick(rng, WOODS + CLOTHS), pick(rng, WOODS)
    s.floor(ground, z)
    s.back(color, z)
    s.ceiling(CEILING, rng.uniform(1.7, 2.2), z)
    y, half = -s.height_m, s.half_m(z)
    x = rng.uniform(-1.3, -0.1) * half
    board = np.array([0.05, 0.11, 0.08]) if chance(rng, 0.5) else np.full(3, 0.75)
    s.box((x - 0.05, x + 2.45), (y + 0.85, y + 2.05), (z, z + 0.03), wood)
    s.box((x, x + 2.4), (y + 0.9, y + 2.0), (z, z + 0.035), board)
    for _ in range(int(rng.integers(2, 7))):
        picture(s, rng.uniform(-1.2, 1.2) * half, rng.uniform(-0.1, 0.8), z)
    if chance(rng, 0.5):
        cabinet(s, rng.uniform(-1, 1) * half, z + 0.5)
    for far in np.arange(z + 1.0, -0.9, 1.1).tolist():
        shift = rng.uniform(-0.5, 0.5)
        for k in (-1, 0, 1):
            table(s, k * 1.7 + shift, far)
            chair(s, k * 1.7 + shift + 0.3, far + 0.35)
    s.flush(z)
    s.grain(0.05, 1.5)
    return inside(color, ground)


def car(s: Stage) -> F32:
    """The back seat: seat, headrests, bright windows to the sides and behind, dark roof."""
    rng, z = s.rng, -s.rng.uniform(0.2, 0.4)
    cloth, trim = pick(rng, CLOTHS) * 0.7, pick(rng, CLOTHS) * 0.35
    s.back(trim, z - 1.0)
    outside = np.array([0.9, 1.0, 1.05]) * rng.uniform(0.8, 2.2) * s.light.level
    if s.light.name in DIM:
        outside = outside * 0.1
    w, y = rng.uniform(0.6, 0.75), rng.uniform(-0.05, 0.1)
    s.shine((-w + 0.1, w - 0.1), (y, y + 0.32), z - 0.6, outside)
    s.shine((-w + 0.1, w - 0.1), (y, y + rng.uniform(0.05, 0.15)), z - 0.59, outside * 0.4)
    for side in (-1, 1):
        x = side * w
        s.box((x, x + 0.001), (-2, 2), (z - 0.7, 0.1), trim)
        inner = x - side * 0.001
        s.box((inner, inner), (y - 0.05, y + 0.33), (z - 0.45, 0.1), -outside)
        s.box((inner - side * 0.01,) * 2, (-2, 2), (z - 0.05, z + 0.03), trim)
    s.box((-w, w), (y + 0.36, y + 0.38), (z - 0.7, 0.1), np.full(3, 0.4))
    s.box((-w, w), (-2, y - 0.12), (z - 0.15, z), cloth)
    for x in np.arange(-w, w, 0.16).tolist():
        s.box((x, x + 0.012), (-2, y - 0.12), (z, z + 0.002), cloth * 0.6)
    for x in (-0.42, 0.02, 0.46):
        at = x + rng.normal(0, 0.03)
        s.box((at - 0.13, at + 0.13), (y - 0.14, y + 0.05), (z - 0.1, z - 0.01), cloth * 1.1)
    s.flush()
    s.grain(0.05, 1.4)
    glass = outside / max(s.light.level, 0.05)
    return np.array([glass, glass, [0.3] * 3, trim, [0.4] * 3, cloth], np.float32)
