"""What stands in rooms, built of boxes at its size in metres, and the colours of things."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.render.stage import Stage

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
DIM = ("lamp", "hard", "screen")
"""Lights after dark: windows show the night."""


def pick(rng: Rng, colors: Colors, spread: float = 0.15) -> F32:
    """One of the colours, a little lighter or darker and off its hue."""
    rgb = np.array(colors[int(rng.integers(len(colors)))])
    vary = np.exp(rng.normal(0, spread, 3) * 0.5 + rng.normal(0, spread))
    return np.asarray(np.clip(rgb * vary, 0.01, 0.85), np.float32)


def chance(rng: Rng, share: float) -> bool:
    return bool(rng.uniform() < share)


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


def window(s: Stage, x: float, z: float) -> None:
    """A window with what is seen through it, its bars, and curtains beside it."""
    rng = s.rng
    w, y0, y1 = rng.uniform(0.5, 1.3), rng.uniform(-0.4, 0.2), rng.uniform(0.9, 1.5)
    outside = max(s.light.level, 0.05) * (0.12 if s.light.name in DIM else 1.0)
    sky = SKY * (rng.uniform(1.3, 2.6) * outside)
    frame = pick(rng, WALLS) * 1.2
    s.box((x - 0.07, x + w + 0.07), (y0 - 0.07, y1 + 0.07), (z, z + 0.03), frame)
    s.shine((x, x + w), (y0, y1), z + 0.031, sky)
    green, crown = np.array([0.26, 0.34, 0.19]) * outside, rng.uniform(0.1, 0.55)
    for k in range(5):
        top = y0 + (y1 - y0) * np.clip(crown + rng.normal(0, 0.12), 0.02, 0.9)
        tone = green * rng.uniform(0.6, 1.3)
        s.shine((x + w * k / 5, x + w * (k + 1) / 5), (y0, top), z + 0.032, tone)
    s.box((x + w / 2 - 0.02, x + w / 2 + 0.02), (y0, y1), (z, z + 0.05), frame)
    if chance(rng, 0.6):
        cloth = pick(rng, CLOTHS + WALLS)
        for left in (x - 0.3, x + w):
            for fold in np.linspace(0, 0.25, 5).tolist():
                shade = cloth * rng.uniform(0.75, 1.15)
                s.box(
                    (left + fold, left + fold + 0.05), (-1, y1 + 0.1), (z + 0.06, z + 0.08), shade
                )


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
    for _ in range(34):
        b = y + h * rng.uniform(0.3, 1.0)
        a = x + rng.normal(0, 0.05 + 0.12 * h * (1.05 - abs(b - y - 0.7 * h) / h))
        w, tall = rng.uniform(0.015, 0.05), rng.uniform(0.02, 0.09)
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
