"""Indoor places behind the child, built of boxes at their size in metres.

Each draws on a Stage and returns the reflectance (6, 3) of what is on the six sides of the child,
as `environment.SIDES`; the last is read from the picture instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.render.stage import Color, Stage, noise

F32 = NDArray[np.float32]
Rng = np.random.Generator
Colors = tuple[tuple[float, float, float], ...]

WALLS: Colors = (
    *((0.62, 0.58, 0.52), (0.66, 0.64, 0.60), (0.52, 0.56, 0.58), (0.60, 0.53, 0.42)),
    *((0.45, 0.52, 0.44), (0.58, 0.47, 0.43), (0.36, 0.42, 0.50), (0.70, 0.66, 0.55)),
)
WOODS: Colors = ((0.30, 0.19, 0.11), (0.45, 0.31, 0.19), (0.18, 0.11, 0.07), (0.58, 0.45, 0.31))
TOYS: Colors = (
    *((0.55, 0.10, 0.08), (0.10, 0.22, 0.48), (0.62, 0.45, 0.08), (0.12, 0.35, 0.14)),
    *((0.60, 0.58, 0.54), (0.30, 0.28, 0.27), (0.48, 0.28, 0.36), (0.16, 0.38, 0.42)),
)
CLOTHS: Colors = (
    *((0.32, 0.31, 0.30), (0.50, 0.46, 0.40), (0.16, 0.22, 0.30), (0.36, 0.22, 0.18)),
    *((0.62, 0.60, 0.57), (0.22, 0.30, 0.24), (0.44, 0.36, 0.44), (0.12, 0.12, 0.14)),
)
CEILING = np.array([0.75, 0.74, 0.72])
SKY = np.array([0.80, 0.92, 1.08])


def pick(rng: Rng, colors: Colors, spread: float = 0.15) -> F32:
    """One of the colours, a little lighter or darker and off its hue."""
    rgb = np.array(colors[int(rng.integers(len(colors)))])
    vary = np.exp(rng.normal(0, spread, 3) * 0.5 + rng.normal(0, spread))
    return np.asarray(np.clip(rgb * vary, 0.01, 0.85), np.float32)


def chance(rng: Rng, share: float) -> bool:
    return bool(rng.uniform() < share)


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


def picture(s: Stage, x: float, y: float, z: float) -> None:
    """A framed picture or a child's drawing on the wall."""
    rng = s.rng
    w, h = rng.uniform(0.15, 0.5), rng.uniform(0.15, 0.45)
    edge = rng.uniform(0.012, 0.04)
    s.box((x, x + w), (y, y + h), (z, z + 0.02), pick(rng, WOODS + TOYS))
    mat = pick(rng, WALLS)
    s.box((x + edge, x + w - edge), (y + edge, y + h - edge), (z, z + 0.021), mat)
    for _ in range(int(rng.integers(1, 5))):
        a, b = x + edge + rng.uniform(0, 0.6) * w, y + edge + rng.uniform(0, 0.6) * h
        wide = min(rng.uniform(0.1, 0.5) * w, x + w - edge - a)
        high = min(rng.uniform(0.1, 0.5) * h, y + h - edge - b)
        s.box((a, a + wide), (b, b + high), (z, z + 0.022), pick(rng, TOYS))


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


def window(s: Stage, x: float, z: float) -> None:
    """A window with what is seen through it, its bars, and curtains beside it."""
    rng = s.rng
    w, y0, y1 = rng.uniform(0.5, 1.3), rng.uniform(-0.4, 0.2), rng.uniform(0.9, 1.5)
    outside = max(s.light.level, 0.05) * (0.12 if s.light.name in DIM else 1.0)
    sky = SKY * (rng.uniform(1.3, 2.6) * outside)
    frame = pick(rng, WALLS) * 1.2
    s.box((x - 0.07, x + w + 0.07), (y0 - 0.07, y1 + 0.07), (z, z + 0.03), frame)
    s.shine((x, x + w), (y0, y1), z + 0.031, sky)
    tree = y0 + (y1 - y0) * rng.uniform(0.15, 0.6)
    s.shine((x, x + w), (y0, tree), z + 0.032, np.array([0.3, 0.42, 0.2]) * outside)
    s.box((x + w / 2 - 0.02, x + w / 2 + 0.02), (y0, y1), (z, z + 0.05), frame)
    if chance(rng, 0.6):
        cloth = pick(rng, CLOTHS + WALLS)
        for left in (x - 0.3, x + w):
            for fold in np.linspace(0, 0.25, 5).tolist():
                shade = cloth * rng.uniform(0.75, 1.15)
                s.box(
                    (left + fold, left + fold + 0.05), (-1, y1 + 0.1), (z + 0.06, z + 0.08), shade
                )


DIM = ("lamp", "hard", "screen")
"""Lights after dark: windows show the night."""


def sofa(s: Stage, x: float, z: float) -> None:
    rng, y, w = s.rng, -s.height_m, s.rng.uniform(1.2, 2.2)
    cloth = pick(rng, CLOTHS)
    s.box((x - w / 2, x + w / 2), (y, y + 0.42), (z - 0.7, z), cloth)
    s.box((x - w / 2, x + w / 2), (y + 0.4, y + 0.85), (z - 0.7, z - 0.5), cloth * 0.95)
    for side in (-w / 2, w / 2 - 0.18):
        s.box((x + side, x + side + 0.18), (y, y + 0.6), (z - 0.7, z), cloth * 1.05)
    for _ in range(int(rng.integers(1, 4))):
        at = x + rng.uniform(-0.4, 0.3) * w
        s.box((at, at + 0.4), (y + 0.42, y + 0.8), (z - 0.5, z - 0.35), pick(rng, TOYS + CLOTHS))


def cabinet(s: Stage, x: float, z: float) -> None:
    rng, y = s.rng, -s.height_m
    w, h, deep = rng.uniform(0.5, 1.4), rng.uniform(0.5, 1.9), 0.4
    wood = pick(rng, WOODS + WALLS)
    s.box((x, x + w), (y, y + h), (z - deep, z), wood)
    doors = int(rng.integers(1, 4))
    for k in range(doors):
        a = x + k * w / doors
        edges = (a + 0.015, a + w / doors - 0.015)
        s.box(edges, (y + 0.06, y + h - 0.03), (z, z + 0.012), wood * rng.uniform(0.9, 1.15))
        s.box((edges[1] - 0.06, edges[1] - 0.04), (y + h / 2, y + h / 2 + 0.1), (z, z + 0.03), wood)
    for _ in range(int(rng.integers(0, 5))):
        thing(s, x + rng.uniform(0, 0.9) * w, y + h, z - deep / 2)


def thing(s: Stage, x: float, y: float, z: float) -> None:
    """A book, box, jar or toy that stands on something."""
    rng = s.rng
    w, h = rng.uniform(0.04, 0.2), rng.uniform(0.06, 0.3)
    s.box((x, x + w), (y, y + h), (z - w / 2, z + w / 2), pick(rng, TOYS + CLOTHS + WALLS, 0.3))


def table(s: Stage, x: float, z: float) -> None:
    rng, y = s.rng, -s.height_m
    w, h, deep, wood = rng.uniform(0.6, 1.5), rng.uniform(0.45, 0.75), 0.6, pick(rng, WOODS + WALLS)
    s.box((x, x + w), (y + h - 0.04, y + h), (z - deep, z), wood)
    for a in (x + 0.03, x + w - 0.08):
        for b in (z - deep + 0.02, z - 0.06):
            s.box((a, a + 0.05), (y, y + h - 0.04), (b, b + 0.05), wood * 0.85)
    for _ in range(int(rng.integers(1, 5))):
        thing(s, x + rng.uniform(0, 0.85) * w, y + h, z - rng.uniform(0.1, 0.5))


def chair(s: Stage, x: float, z: float) -> None:
    rng, y, color = s.rng, -s.height_m, pick(s.rng, WOODS + TOYS)
    top = y + rng.uniform(0.7, 1.0)
    s.box((x, x + 0.42), (y + 0.42, y + 0.46), (z - 0.4, z), color)
    for a in (x, x + 0.38):
        s.box((a, a + 0.04), (y, top), (z - 0.4, z - 0.36), color * 0.9)
        s.box((a, a + 0.04), (y, y + 0.42), (z - 0.04, z), color * 0.9)
    for rail in (0.12, 0.25):
        s.box((x, x + 0.42), (top - rail, top - rail + 0.07), (z - 0.4, z - 0.37), color)


def plant(s: Stage, x: float, z: float) -> None:
    rng, y = s.rng, -s.height_m
    h = rng.uniform(0.5, 1.3)
    s.box((x - 0.14, x + 0.14), (y, y + 0.3), (z - 0.14, z + 0.14), pick(rng, WOODS + WALLS))
    leaf = np.array([0.07, 0.15, 0.05]) * rng.uniform(0.7, 2.0)
    for _ in range(22):
        a, b = x + rng.normal(0, 0.16), y + h * rng.uniform(0.35, 1.05)
        w, tall = rng.uniform(0.02, 0.07), rng.uniform(0.06, 0.22)
        tone = leaf * rng.uniform(0.5, 1.6)
        s.box((a, a + w), (b, b + tall), (z + rng.normal(0, 0.1),) * 2, tone)


def lamp(s: Stage, x: float, z: float) -> None:
    rng, y = s.rng, -s.height_m
    h, on = rng.uniform(1.0, 1.6), s.light.name in (*DIM, "room", "dusk")
    s.box((x - 0.015, x + 0.015), (y, y + h), (z - 0.015, z + 0.015), np.full(3, 0.15))
    shade = np.array([1.0, 0.72, 0.42]) * rng.uniform(0.8, 2.2)
    span = ((x - 0.17, x + 0.17), (y + h, y + h + 0.26))
    if on:
        s.shine(*span, z, shade * max(s.light.level, 0.25))
    else:
        s.box(*span, (z - 0.15, z + 0.15), pick(rng, WALLS))


def toys(s: Stage, x: float, z: float) -> None:
    """Blocks and bright things scattered on the floor."""
    rng, y = s.rng, -s.height_m
    for _ in range(int(rng.integers(3, 10))):
        a, b, w = x + rng.normal(0, 0.4), z + rng.normal(0, 0.25), rng.uniform(0.06, 0.3)
        high = w * rng.uniform(0.5, 1.5)
        s.box((a, a + w), (y, y + high), (b - w / 2, b + w / 2), pick(rng, TOYS))


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
    sway = 0.02 * noise(rng, n, 1.6)
    turns = rng.uniform(3, 9)
    phase = (x[None] + sway) * np.float32(turns) + 0.5 * noise(rng, n, 1.5)[:1]
    fold = np.sin(2 * np.pi * phase) + 0.35 * np.sin(2 * np.pi * (phase * 2.3 + 0.4))
    color = pick(rng, WALLS + CLOTHS)
    shade = np.exp(0.28 * fold).astype(np.float32)
    s.image[:] = s.lit(color, "Z") * shade[..., None]
    s.grain(0.08, 1.3)
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
