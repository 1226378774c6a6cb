"""Places outdoors behind the child: leaves and skies of noise, streets and playgrounds of boxes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.render.furniture import DIM, SKY, TOYS, WALLS, WOODS, Colors, chance, pick
from generate.render.stage import Color, Stage, noise

F32 = NDArray[np.float32]

LEAVES: Colors = (
    *((0.10, 0.16, 0.05), (0.14, 0.20, 0.07), (0.20, 0.22, 0.09), (0.07, 0.12, 0.05)),
    *((0.24, 0.20, 0.08), (0.12, 0.17, 0.10)),
)
GROUNDS: Colors = ((0.33, 0.29, 0.23), (0.42, 0.36, 0.27), (0.20, 0.20, 0.20), (0.15, 0.20, 0.08))


def around(ground: Color, sides: Color, level: float) -> F32:
    """Sides under an open sky."""
    sky = SKY * 1.5 * level
    return np.array([sides, sides, sky, ground, np.asarray(sides) * 1.2, sides], np.float32)


def heaven(s: Stage) -> float:
    """Fill the canvas with sky, hazy towards the horizon; how bright it is, over white paper."""
    rng, n = s.rng, s.n
    dusk = s.light.name == "dusk"
    level = s.light.level * rng.uniform(0.6, 1.15) * (0.05 if s.light.name in DIM else 1.0)
    horizon = s.row(0.0, -200.0)
    up = np.clip(horizon - np.linspace(0, 1, n, dtype=np.float32), 0, 1)[:, None, None]
    high = (np.array([0.42, 0.60, 1.0]) if chance(rng, 0.5) else SKY * 0.85) * level
    low = np.array([1.25, 0.85, 0.55] if dusk else [1.05, 1.05, 1.02]) * level
    blend = 1 - np.exp(-up * np.float32(rng.uniform(1.5, 4.0)))
    clouds = 0.3 * np.clip(noise(rng, n, 1.5) - np.float32(rng.uniform(-1.0, 1.0)), 0, 2)
    clear = (low + (high - low) * blend).astype(np.float32)
    white = (1.1 * level - high * blend).astype(np.float32)
    s.image[:] = clear + clouds[..., None] * white
    return float(level)


def foliage(s: Stage, color: Color, crown: float, sharp: float, gaps: float = 0.12) -> None:
    """Cover what lies below row `crown` (0 top to 1 bottom) with leaves of one colour."""
    rng, n = s.rng, s.n
    rows = np.linspace(0, 1, n, dtype=np.float32)[:, None]
    edge = noise(rng, n, 1.25) * np.float32(gaps) + rows - np.float32(crown)
    cover = np.clip(edge * np.float32(sharp) + 0.5, 0, 1)[..., None]
    broad, fine = noise(rng, n, 1.2), noise(rng, n, 0.75)
    light = np.exp(0.45 * broad + 0.35 * fine)[..., None]
    tone = s.lit(color, "Z") * 0.6 + s.lit(color, "Y") * 0.6
    sunny = tone * np.array([1.0, 0.3, -0.5], np.float32) * np.float32(0.1)
    s.image += cover * (light * np.maximum(tone + broad[..., None] * sunny, 0) - s.image)


def ground(s: Stage, color: Color, top: float) -> None:
    """Ground below row `top`, its texture finer towards the horizon."""
    rng, n = s.rng, s.n
    rows = np.linspace(0, 1, n, dtype=np.float32)[:, None]
    cover = np.clip((rows - np.float32(top)) * 30, 0, 1)[..., None]
    lift = np.clip(rows - np.float32(top), 0, 1)
    texture = noise(rng, n, 1.0) * (0.12 + 0.35 * lift) + 0.12 * noise(rng, n, 0.6)
    s.image += cover * (s.lit(color, "Y") * np.exp(texture)[..., None] - s.image)


def garden(s: Stage) -> F32:
    """Bushes and trees at several depths before the sky, a lawn, sometimes a fence."""
    rng = s.rng
    level = heaven(s)
    horizon = s.row(0.0, -40.0)
    leaf = pick(rng, LEAVES) * 1.6
    for depth in np.linspace(0, 1, int(rng.integers(2, 4))).tolist():
        crown = horizon - (1.1 - depth) * rng.uniform(0.1, 0.75) + 0.05 * depth
        shade = pick(rng, LEAVES) * np.float32(2.3 - 1.1 * depth)
        foliage(s, shade, crown, rng.uniform(6, 20), rng.uniform(0.08, 0.2))
    lawn = pick(rng, LEAVES) * 1.7
    ground(s, lawn, s.row(-s.height_m, -rng.uniform(3, 12)))
    if chance(rng, 0.35):
        fence(s, -rng.uniform(1.5, 5))
    if chance(rng, 0.4):
        trunk(s, -rng.uniform(1, 4))
    sparkle(s)
    return around(lawn, leaf, max(level, 0.1))


def fence(s: Stage, z: float) -> None:
    rng, y, wood = s.rng, -s.height_m, pick(s.rng, WOODS + WALLS)
    high, step = rng.uniform(0.6, 1.4), rng.uniform(0.1, 0.2)
    half = 1.1 * s.half_m(z)
    for x in np.arange(-half, half, step).tolist():
        top = y + high + rng.normal(0, 0.01)
        s.box((x, x + step * 0.8), (y, top), (z, z + 0.02), wood * rng.uniform(0.8, 1.15))
    s.flush()


def trunk(s: Stage, z: float) -> None:
    rng, y = s.rng, -s.height_m
    x, w = rng.uniform(-1, 1) * s.half_m(z), rng.uniform(0.1, 0.3)
    bark = np.array([0.16, 0.12, 0.09]) * rng.uniform(0.6, 1.6)
    for k, shade in enumerate((0.7, 1.0, 1.2)):
        a = x + w * k / 3
        s.box((a, a + w / 3), (y, y + 6), (z, z), bark * shade)
    s.flush()


def sparkle(s: Stage) -> None:
    """Bits of sky through leaves and wet glints: what an open lens turns into discs."""
    rng, n = s.rng, s.n
    if s.light.name in DIM:
        return
    spots = rng.uniform(0, 0.65, (int(rng.integers(0, 30)), 2)) * n
    rows, columns = np.minimum(spots.T.astype(int) * [[1], [1.5]], n - 1).astype(int)
    s.image[rows, columns] += np.float32(s.light.level * 2.0) * rng.uniform(0.5, 2, (len(rows), 1))


def street(s: Stage) -> F32:
    """Houses with windows, a road, cars and poles; lights in the dusk."""
    rng = s.rng
    level = heaven(s)
    far = -rng.uniform(5, 16)
    road = np.full(3, rng.uniform(0.14, 0.30))
    if chance(rng, 0.5):
        foliage(s, pick(rng, LEAVES) * 1.5, s.row(rng.uniform(1, 6), far * 1.5), 14)
    s.floor(road, far - 1)
    half, x = 1.1 * s.half_m(far), 0.0
    x = -half - rng.uniform(0, 4)
    while x < half:
        w = rng.uniform(3, 8)
        house(s, x, w, far)
        x += w + (rng.uniform(0.5, 3) if chance(rng, 0.4) else 0)
    s.flush()
    for z in sorted(rng.uniform(far + 1, -2.5, int(rng.integers(1, 4))).tolist()):
        parked(s, rng.uniform(-1.2, 1.2) * s.half_m(z), z)
    if chance(rng, 0.5):
        z = -rng.uniform(2, 5)
        x = rng.uniform(-1, 1) * s.half_m(z)
        s.box((x, x + 0.09), (-s.height_m, 4), (z, z + 0.09), np.full(3, rng.uniform(0.1, 0.5)))
    s.flush()
    if s.light.name in ("dusk", *DIM):
        lights(s, far)
    s.grain(0.10, 1.2)
    return around(road, pick(rng, WALLS) * 0.8, max(level, 0.1))


def house(s: Stage, x: float, w: float, z: float) -> None:
    rng, y = s.rng, -s.height_m
    facade, h = pick(rng, WALLS) * 0.8, rng.uniform(3, 11)
    s.box((x, x + w), (y, y + h), (z - 3, z), facade)
    step, floor = rng.uniform(1.3, 2.2), rng.uniform(2.5, 3.2)
    wide, high = step * rng.uniform(0.4, 0.6), floor * rng.uniform(0.4, 0.6)
    glow = s.light.name in ("dusk", *DIM)
    for a in np.arange(x + 0.4, x + w - step * 0.6, step).tolist():
        for b in np.arange(y + 0.9, min(y + h - 1.0, 7.0), floor).tolist():
            span = ((a, a + wide), (b, b + high))
            s.box(
                (a - 0.1, a + wide + 0.1), (b - 0.1, b + high + 0.1), (z, z + 0.03), facade * 1.25
            )
            if glow and chance(rng, 0.35):
                s.shine(*span, z + 0.06, np.array([1.3, 0.9, 0.5]) * rng.uniform(0.3, 1.3))
            else:
                s.box(*span, (z, z + 0.06), np.array([0.16, 0.19, 0.22]) * rng.uniform(0.5, 2.2))


def parked(s: Stage, x: float, z: float) -> None:
    """A car from its side."""
    y, paint = -s.height_m, pick(s.rng, TOYS)
    s.box((x, x + 4.0), (y + 0.25, y + 0.85), (z - 1.6, z), paint)
    s.box((x + 0.9, x + 3.3), (y + 0.85, y + 1.4), (z - 1.5, z - 0.1), np.full(3, 0.1))
    s.box((x + 1.0, x + 3.2), (y + 1.38, y + 1.45), (z - 1.5, z - 0.1), paint)
    for wheel in (x + 0.5, x + 2.9):
        s.box((wheel, wheel + 0.6), (y, y + 0.5), (z, z + 0.02), np.full(3, 0.03))
    s.shine((x + 0.2, x + 3.8), (y + 0.78, y + 0.81), z + 0.02, paint * 0.5 + s.light.level * 0.5)


def lights(s: Stage, far: float) -> None:
    """Street lamps and headlights, small and bright."""
    rng = s.rng
    for _ in range(int(rng.integers(3, 14))):
        z = rng.uniform(far, -3)
        x, y = rng.uniform(-1, 1) * s.half_m(z), rng.uniform(-0.3, 2.5)
        warm = np.array([[2.2, 1.5, 0.8], [2.0, 1.9, 1.7], [2.2, 0.3, 0.2]])[int(rng.integers(3))]
        s.shine((x, x + 0.12), (y, y + 0.12), z, warm * rng.uniform(0.8, 3.0))
    s.flush()


def playground(s: Stage) -> F32:
    """Bright bars, a slide and swings on sand, rubber or grass, with trees behind."""
    rng, y = s.rng, -s.height_m
    level = heaven(s)
    leaf, soil = pick(rng, LEAVES) * 1.6, pick(rng, GROUNDS)
    foliage(s, leaf, s.row(rng.uniform(1.0, 5.0), -20.0), rng.uniform(8, 20))
    ground(s, soil, s.row(y, -rng.uniform(10, 30)))
    for z in sorted(rng.uniform(-7, -2, int(rng.integers(2, 5))).tolist()):
        x, paint, high = rng.uniform(-1, 1) * s.half_m(z), pick(rng, TOYS), rng.uniform(1.2, 2.4)
        w = rng.uniform(0.8, 2.2)
        for a in (x, x + w):
            for b in (z, z - 0.9):
                s.box((a, a + 0.07), (y, y + high), (b, b + 0.07), paint)
        s.box((x, x + w), (y + high, y + high + 0.08), (z - 0.9, z), paint * 1.1)
        if chance(rng, 0.5):
            s.box((x, x + w), (y + high * 0.5, y + high * 0.55), (z - 0.9, z), pick(rng, TOYS))
            s.box((x, x + w), (y + high, y + high + 0.5), (z - 0.9, z - 0.85), pick(rng, TOYS))
        if chance(rng, 0.5):
            slide(s, x + w, high, z)
    s.flush()
    s.grain(0.06, 1.2)
    return around(soil, leaf, max(level, 0.1))


def slide(s: Stage, x: float, high: float, z: float) -> None:
    rng, y, paint = s.rng, -s.height_m, pick(s.rng, TOYS)
    for k in range(6):
        a, top = x + k * 0.28, y + high * (1 - (k + 0.5) / 6.3)
        s.box((a, a + 0.28), (top - 0.15, top), (z - 0.6, z), paint * rng.uniform(0.95, 1.05))


def sky(s: Stage) -> F32:
    """Open sky and clouds with a low line of hills or trees, as a toy on the ground sees it."""
    rng = s.rng
    level = heaven(s)
    leaf = pick(rng, LEAVES) * 1.3
    if chance(rng, 0.7):
        haze = leaf * 0.6 + 0.12
        foliage(s, haze, s.row(rng.uniform(4, 25), -200.0), rng.uniform(20, 50), 0.03)
    field = pick(rng, LEAVES + GROUNDS) * 1.3
    ground(s, field, s.row(-s.height_m, -60.0))
    return around(field, np.asarray(SKY * 0.9), max(level, 0.1))
