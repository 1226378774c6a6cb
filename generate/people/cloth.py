"""How the cloth of a garment looks: colours, weave, folds and prints, as what shading reads.

Folds and prints lie on the template: x to the left, y up, in mm, seen from the front.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generate.people.second_cloth import second_cloth
from generate.spec import Person

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

PATTERNS: dict[str, float] = {
    "plain": 0.34, "stripes": 0.14, "bars": 0.06, "dots": 0.10, "checks": 0.10,
    "animal": 0.08, "number": 0.06, "stars": 0.06, "hearts": 0.06,
}  # fmt: skip
"""Names of prints and how often each is worn; the first five repeat and are computed in place."""
TILED = ("stars", "hearts")
"""Prints of small figures in rows; the pictures that are no rows lie once on the chest."""
WEAVES = ("jersey", "knit", "denim", "woven")
WEAVE_SHARES = (0.5, 0.2, 0.12, 0.18)

FOLD_TEXEL_MM = 6.0
FOLD_LOW_MM = (-460.0, 100.0)
"""Template x and y of the fold map's first texel."""
FOLD_SHAPE = (88, 154)
"""Rows (y) and columns (x)."""
PRINT_SIZE = 96
FOLD_SLOPE = 0.65
"""Steepest slope of the folds, about."""


class ClothLook(NamedTuple):
    color: F32
    ink: F32
    pattern: int
    """Index in PATTERNS."""
    scale: float
    """Size of the pattern: 1 is two stripes in 45 mm, 2 is finer."""
    seed: float
    weave: int
    """Index in WEAVES."""
    folds: F32
    """(FOLD_SHAPE, 3) slope along x, slope along y, height -1 (valley) to 1."""
    print: F32
    """(PRINT_SIZE, PRINT_SIZE) cover of a figure, rows from its top."""
    tiled: bool
    second: F32
    """Trousers, dungarees."""


def cloth_look(person: Person, rng: np.random.Generator) -> ClothLook:
    """The garment's cloth; `rng` draws ink and sizes. Raises ValueError on an unknown pattern."""
    names = tuple(PATTERNS)
    if person.garment_pattern not in names:
        raise ValueError(
            f"garment_pattern {person.garment_pattern!r} is not one of {', '.join(names)}"
        )
    color = np.array(person.garment_color, np.float32)
    light = float(color @ [0.2126, 0.7152, 0.0722]) > 0.3
    ink = color * 0.25 if light else 0.72 - 0.2 * rng.uniform(0, 1, 3) * (1 - color)
    own = np.random.default_rng([person.face_seed, 0x65])
    return ClothLook(
        color,
        np.asarray(ink, np.float32),
        names.index(person.garment_pattern),
        rng.uniform(0.7, 2.2),
        rng.uniform(0, 50),
        int(own.choice(len(WEAVES), p=WEAVE_SHARES)),
        fold_map(own),
        print_map(person.garment_pattern, int(own.integers(10))),
        person.garment_pattern in TILED,
        second_cloth(person.face_seed),
    )


# Folds -----------------------------------------------------------------------------------------


def fold_map(rng: np.random.Generator) -> F32:
    """Draw the folds of a loose top: from the armpits, under the collar, over belly and sleeves."""
    height = np.zeros(FOLD_SHAPE)
    for side in (1.0, -1.0):
        for angle in np.radians(np.linspace(-75, 95, 6) + rng.uniform(-10, 10, 6)):
            # towards the middle: the armpit's tension lines
            start = np.array([side * 158.0, 425.0]) + rng.normal(0, 8, 2)
            toward = np.array([-side * np.cos(angle), np.sin(angle)])
            _crease(height, rng, start, toward, rng.uniform(70, 150), rng.uniform(7, 12))
        for along in np.linspace(0.1, 1.1, 7) + rng.uniform(-0.05, 0.05, 7):
            # the arm leaves the shoulder at (175, 520) towards (450, 250)
            start = np.array([side * (175 + 275 * along), 520 - 270 * along])
            toward = np.array([-side * 0.55, -0.85]) + rng.normal(0, 0.25, 2)
            _crease(height, rng, start, toward, rng.uniform(60, 110), rng.uniform(6, 10))
        start = np.array([side * 120.0, 560.0])
        toward = np.array([-side * 0.9, -0.55]) + rng.normal(0, 0.15, 2)
        _crease(height, rng, start, toward, rng.uniform(60, 110), rng.uniform(8, 13))
    for _ in range(9):
        start = np.array([rng.uniform(-130, 130), rng.uniform(130, 380)])
        toward = np.array([rng.choice([-1.0, 1.0]), rng.normal(0.25, 0.5)])
        _crease(height, rng, start, toward, rng.uniform(90, 180), rng.uniform(11, 20))
    for low in (35.0, 62.0):
        # drapes that hang from both shoulders under the collar
        start = np.array([-80.0, 556.0 - 0.5 * low])
        _crease(height, rng, start, np.array([1.0, 0.0]), 160.0, 9.0, bow=low, share=0.5)
    slope_y, slope_x = np.gradient(height, FOLD_TEXEL_MM)
    steep = float(np.percentile(np.hypot(slope_x, slope_y), 99))
    high = float(np.percentile(np.abs(height), 99))
    out = np.stack([slope_x * FOLD_SLOPE / steep, slope_y * FOLD_SLOPE / steep, height / high], -1)
    return np.clip(out, -1.2, 1.2).astype(np.float32)


def _crease(
    height: F64, rng: np.random.Generator, start: F64, toward: F64, length: float, width: float,
    bow: float | None = None, share: float = 1.0,
) -> None:  # fmt: skip
    """Add one soft ridge with a valley beside it, from `start` (mm); `bow`: sag of its middle."""
    toward = toward / np.linalg.norm(toward)
    sag = float(rng.normal(0, 0.08) * length) if bow is None else bow
    reach = length / 2 + 3 * width + abs(sag)
    middle = (start + toward * length / 2 - FOLD_LOW_MM) / FOLD_TEXEL_MM
    texels = int(reach / FOLD_TEXEL_MM) + 1
    j0, j1 = np.clip([middle[0] - texels, middle[0] + texels], 0, FOLD_SHAPE[1]).astype(int)
    i0, i1 = np.clip([middle[1] - texels, middle[1] + texels], 0, FOLD_SHAPE[0]).astype(int)
    if j0 >= j1 or i0 >= i1:
        return
    x = FOLD_LOW_MM[0] + FOLD_TEXEL_MM * np.arange(j0, j1)[None] - start[0]
    y = FOLD_LOW_MM[1] + FOLD_TEXEL_MM * np.arange(i0, i1)[:, None] - start[1]
    along = np.clip((x * toward[0] + y * toward[1]) / length, -0.3, 1.3)
    across = y * toward[0] - x * toward[1] + sag * 4 * along * (1 - along)
    fade = np.maximum(1 - ((along - 0.45) / 0.62) ** 2, 0) ** 2
    v = across / (width * (0.7 + 0.6 * along))
    ridge = np.exp(-v * v) - 0.6 * np.exp(-((v - 1.5) ** 2))
    height[i0:i1, j0:j1] += share * rng.uniform(0.4, 1.0) * width * fade * ridge


# Prints ----------------------------------------------------------------------------------------

_DIGITS = {
    "0": ((-1, -1.6, -1, 1.6), (-1, 1.6, 1, 1.6), (1, 1.6, 1, -1.6), (1, -1.6, -1, -1.6)),
    "1": ((0, -1.6, 0, 1.6), (0, 1.6, -0.7, 1.0)),
    "2": ((-1, 1.6, 1, 1.6), (1, 1.6, 1, 0.1), (1, 0.1, -1, -1.6), (-1, -1.6, 1, -1.6)),
    "3": ((-1, 1.6, 1, 1.6), (1, 1.6, 0, 0.2), (0, 0.2, 1, -0.4), (1, -0.4, 1, -1.6),
          (1, -1.6, -1, -1.6)),
    "4": ((0.6, -1.6, 0.6, 1.6), (0.6, 1.6, -1, -0.5), (-1, -0.5, 1.1, -0.5)),
    "7": ((-1, 1.6, 1, 1.6), (1, 1.6, -0.3, -1.6)),
    "A": ((-1, -1.6, 0, 1.6), (0, 1.6, 1, -1.6), (-0.55, -0.4, 0.55, -0.4)),
    "K": ((-1, -1.6, -1, 1.6), (-1, 0, 1, 1.6), (-0.4, 0.4, 1, -1.6)),
    "M": ((-1, -1.6, -1, 1.6), (-1, 1.6, 0, 0), (0, 0, 1, 1.6), (1, 1.6, 1, -1.6)),
    "Z": ((-1, 1.6, 1, 1.6), (1, 1.6, -1, -1.6), (-1, -1.6, 1, -1.6)),
}  # fmt: skip
"""Strokes x0, y0, x1, y1 of the letters and numbers that are printed."""


@cache
def print_map(pattern: str, number: int) -> F32:
    """Cover (PRINT_SIZE, PRINT_SIZE) of a figure, 0 to 1; `number` 0 to 9 picks among variants."""
    at = (np.arange(PRINT_SIZE) + 0.5) / PRINT_SIZE * 2 - 1
    x, y = np.meshgrid(at, -at)
    if pattern == "stars":
        inside = _star(x, y)
    elif pattern == "hearts":
        inside = _heart(x, y)
    elif pattern == "animal":
        inside = _animal(x, y, number)
    elif pattern == "number":
        inside = _sign(x, y, number)
    else:
        return np.zeros((PRINT_SIZE, PRINT_SIZE), np.float32)
    texel = 2 / PRINT_SIZE
    return np.clip(0.5 - inside / (1.5 * texel), 0, 1).astype(np.float32)


def _star(x: F64, y: F64) -> F64:
    """Signed distance to a star of five points, about."""
    angle = np.arctan2(x, y) % (2 * np.pi / 5)
    angle = np.minimum(angle, 2 * np.pi / 5 - angle)
    reach = np.hypot(x, y)
    return np.asarray(reach * np.cos(angle - np.radians(54)) - 0.44)


def _heart(x: F64, y: F64) -> F64:
    lobes = np.hypot(np.abs(x) - 0.26, y - 0.22) - 0.32
    tip = np.maximum(0.74 * np.abs(x) - 0.67 * y - 0.37, y - 0.24)
    return np.asarray(np.minimum(lobes, tip))


def _oval(x: F64, y: F64, cx: float, cy: float, rx: float, ry: float) -> F64:
    """Distance to an ellipse mirrored about x = 0, about."""
    return np.asarray((np.hypot((np.abs(x) - cx) / rx, (y - cy) / ry) - 1) * min(rx, ry))


def _animal(x: F64, y: F64, number: int) -> F64:
    """A bear, a rabbit or a cat: head and ears, with eyes, nose and mouth left free."""
    ears = (
        _oval(x, y, 0.52, 0.52, 0.24, 0.24),
        _oval(x, y, 0.27, 0.63, 0.13, 0.30),
        np.maximum(2.4 * np.abs(np.abs(x) - 0.40) + y - 0.90, 0.25 - y) / 2,
    )[number % 3]
    body = np.minimum(_oval(x, y, 0, -0.12, 0.70, 0.60), ears)
    mouth = np.abs(_oval(x, y, 0.11, -0.33, 0.11, 0.10)) - 0.022
    holes = np.minimum(_oval(x, y, 0.28, 0.02, 0.075, 0.10), _oval(x, y, 0, -0.19, 0.10, 0.065))
    holes = np.minimum(holes, np.maximum(mouth, y + 0.32))
    return np.asarray(np.maximum(body, -holes))


def _sign(x: F64, y: F64, number: int) -> F64:
    """A letter or a number of broad strokes."""
    out = np.full(x.shape, np.inf)
    for x0, y0, x1, y1 in list(_DIGITS.values())[number]:
        ax, ay, dx, dy = 0.42 * x0, 0.42 * y0, 0.42 * (x1 - x0), 0.42 * (y1 - y0)
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0, 1)
        out = np.minimum(out, np.hypot(x - ax - t * dx, y - ay - t * dy))
    return out - 0.16
