"""Face paint, as at a fair: shapes on places of the template, in colours of the person's own.

Shapes are given on the child's left in azimuth (degrees) and height (mm), and mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.people.skin_canvas import (
    ACROSS_MM,
    ATLAS_HEIGHT,
    ATLAS_WIDTH,
    UP_MM,
    canvas,
    fill,
    from_canvas,
    noise_bands,
    shifted,
    texel_at,
)

F32 = NDArray[np.float32]
Outline = tuple[tuple[float, float], ...]

BLACK, WHITE, RED, ORANGE = "black", "white", "red", "orange"
COLORS = {
    "black": (0.012, 0.011, 0.012),
    "white": (0.78, 0.77, 0.74),
    "red": (0.55, 0.025, 0.03),
    "orange": (0.62, 0.19, 0.02),
    "yellow": (0.72, 0.50, 0.03),
    "green": (0.05, 0.32, 0.07),
    "blue": (0.03, 0.10, 0.48),
    "violet": (0.20, 0.05, 0.36),
    "pink": (0.72, 0.22, 0.34),
    "turquoise": (0.03, 0.38, 0.40),
}
"""Linear RGB of theatrical paints."""
FREE = ("red", "orange", "yellow", "green", "blue", "violet", "pink", "turquoise")
"""What "first", "second" and "third" of a layer stand for, drawn per person."""
COVER = 0.93


@dataclass(frozen=True)
class Layer:
    """Shapes of one colour; a later layer covers the earlier ones."""

    color: str
    shapes: tuple[Outline, ...]


@dataclass(frozen=True)
class Paint:
    """One motif."""

    layers: tuple[Layer, ...]
    lips: str | None = None


@dataclass(frozen=True)
class Coat:
    """A motif on one face."""

    cover: F32
    """(H, W) 0 to 1 over the atlas."""
    color: F32
    """(H, W, 3) linear RGB where `cover` is above 0."""
    lips: F32 | None
    """(3,) colour of painted lips."""


def _disc(degrees: float, y: float, wide_mm: float, high_mm: float = 0.0) -> Outline:
    angle = np.linspace(0, 2 * np.pi, 33)[:-1]
    high = high_mm or wide_mm
    x, up = degrees + np.cos(angle) * wide_mm / 2.2, y + np.sin(angle) * high
    return tuple(zip(x.tolist(), up.tolist(), strict=True))


def _star(degrees: float, y: float, radius_mm: float, points: int = 5) -> Outline:
    angle = np.pi / 2 + np.arange(2 * points) * np.pi / points
    radius = np.where(np.arange(2 * points) % 2, 0.42, 1.0) * radius_mm
    x, up = degrees + np.cos(angle) * radius / 2.2, y + np.sin(angle) * radius
    return tuple(zip(x.tolist(), up.tolist(), strict=True))


def _stripe(a: tuple[float, float], b: tuple[float, float], width_mm: float) -> Outline:
    """A brush stroke from a to b: widest near its start, pointed at its end."""
    start, end = np.array(a), np.array(b)
    along = (end - start) * (2.2, 1.0)
    normal = np.array([-along[1] / 2.2, along[0]]) / np.hypot(*along) * width_mm / 2
    middle = start + 0.35 * (end - start)
    path = [start - 0.5 * normal, middle - normal, end, middle + normal, start + 0.5 * normal]
    return tuple((float(p[0]), float(p[1])) for p in path)


_NOSE = ((0, 683.0), (3.0, 688.0), (4.2, 693.0), (2.4, 698.0), (0, 699.0), (-1, 690.0))
_EYES = ((0, 726.0), (6, 737.0), (14, 744.0), (24, 742.0), (33, 733.0), (29, 722.0), (18, 712.0))
_MASK = (*_EYES, (7, 714.0), (0, 716.0))
_WING = ((4, 728.0), (9, 745), (19, 762), (31, 768), (39, 760), (38, 744), (30, 733), (22, 727))
_LOW_WING = ((5, 716.0), (13, 716), (24, 715), (33, 706), (33, 692), (25, 684), (15, 690), (8, 703))
_RING = ((4, 730.0), (8, 741), (16, 748), (25, 744), (29, 730), (24, 716), (16, 712), (8, 716))
_WHISKERS = tuple(
    _stripe(a, b, 2.0)
    for a, b in (((11, 677), (32, 686)), ((11, 673), (34, 673)), ((11, 669), (31, 661)))
)
_TIGER = tuple(
    _stripe(a, b, 6.0)
    for a, b in (
        *(((2, 772), (14, 779)), ((2, 763), (19, 768)), ((4, 755), (26, 760))),
        *(((47, 716), (24, 706)), ((48, 702), (22, 694)), ((45, 688), (20, 682))),
        *(((40, 672), (22, 668)), ((34, 655), (18, 650))),
    )
)
_BASE = (
    *((-1, 786.0), (14, 786), (30, 774), (44, 752), (50, 722), (48, 694), (42, 670)),
    *((32, 648), (18, 632), (0, 626), (-1, 700)),
)

PAINTS: dict[str, Paint] = {
    "none": Paint(()),
    "cat": Paint(
        (
            Layer(WHITE, (_disc(5.5, 672, 14, 11),)),
            Layer("pink", (((9, 757), (13, 783), (22, 760)),)),
            Layer(BLACK, (_NOSE, *_WHISKERS, _stripe((0, 686), (0, 673), 1.4))),
        )
    ),
    "tiger": Paint(
        (
            Layer(ORANGE, (_BASE,)),
            Layer(WHITE, (_disc(6.5, 668, 18, 14), _disc(13, 748, 19, 7))),
            Layer(BLACK, (*_TIGER, _NOSE, _stripe((0, 686), (0, 673), 1.6))),
        )
    ),
    "butterfly": Paint(
        (
            Layer(BLACK, (_WING, _LOW_WING)),
            Layer(
                "first", (tuple((23 + 0.86 * (x - 23), 746 + 0.86 * (y - 746)) for x, y in _WING),)
            ),
            Layer(
                "second",
                (tuple((20 + 0.84 * (x - 20), 702 + 0.84 * (y - 702)) for x, y in _LOW_WING),),
            ),
            Layer("third", (_disc(31, 756, 5), _disc(25, 698, 4))),
            Layer(WHITE, (_disc(38, 772, 2), _disc(42, 764, 1.6), _disc(35, 683, 1.6))),
            Layer(BLACK, (_disc(0, 722, 3.0, 17), _stripe((0, 738), (6, 766), 1.8))),
        )
    ),
    "clown": Paint(
        (
            Layer(WHITE, (_disc(0, 661, 37, 19), _RING)),
            Layer(RED, (_disc(0, 692, 11, 10), _disc(27, 692, 10))),
            Layer("blue", (_stripe((15, 745), (15, 772), 6), _stripe((16, 714), (16, 696), 5))),
        ),
        lips=RED,
    ),
    "stars": Paint(
        (
            Layer("first", (_star(27, 700, 8), _star(35, 735, 5.5))),
            Layer("second", (_star(36, 688, 5), _star(13, 772, 6.5), _star(20, 684, 3.5))),
            Layer(WHITE, (_disc(31, 714, 1.3), _disc(26, 762, 1.5), _disc(40, 718, 1.2))),
        )
    ),
    "flag": Paint(
        (
            Layer("first", (((18, 712), (36, 710), (36, 704), (18, 706)),)),
            Layer(WHITE, (((18, 706), (36, 704), (36, 698), (18, 700)),)),
            Layer("second", (((18, 700), (36, 698), (36, 692), (18, 694)),)),
        )
    ),
    "mask": Paint(
        (
            Layer("first", (_MASK,)),
            Layer("second", (_stripe((34, 734), (47, 752), 8), _stripe((33, 728), (46, 738), 6))),
        )
    ),
}


def coat_of(name: str, seed: int) -> Coat | None:
    """The motif `name` of PAINTS with colours from `seed`; None for "none".

    Raises ValueError for an unknown name.
    """
    if name not in PAINTS:
        raise ValueError(f"face_paint {name!r} is not one of {', '.join(PAINTS)}")
    paint = PAINTS[name]
    if not paint.layers:
        return None
    rng = np.random.default_rng([seed, 0xFA])
    drawn = dict(zip(("first", "second", "third"), rng.permutation(FREE), strict=False))
    cover = np.zeros((ATLAS_HEIGHT, ATLAS_WIDTH), np.float32)
    color = np.zeros((ATLAS_HEIGHT, ATLAS_WIDTH, 3), np.float32)
    fine, pores = (shifted(band, rng) for band in noise_bands()[2:])
    brush = np.clip(COVER + 0.05 * fine + 0.03 * pores, 0, 1)
    for layer in paint.layers:
        mask = _layer_mask(layer, rng) * brush
        rgb = np.array(COLORS[str(drawn.get(layer.color, layer.color))], np.float32)
        color += mask[..., None] * (rgb - color)
        cover += mask * (1 - cover)
    shown = np.asarray(color / np.maximum(cover, 1e-3)[..., None], np.float32)
    lips = None if paint.lips is None else np.array(COLORS[paint.lips], np.float32)
    return Coat(cover, shown, lips)


def _layer_mask(layer: Layer, rng: np.random.Generator) -> F32:
    """(H, W) 0 to 1, by an unsteady hand: both sides shift and stretch a little."""
    drawing = canvas()
    for side in (1.0, -1.0):
        slip, stretch = rng.normal(0, (0.25, 0.6)), rng.normal(1, 0.025, 2)
        for outline in layer.shapes:
            points = np.array(outline, float)
            center = points.mean(0)
            points = center + (points - center) * stretch + slip
            texel = texel_at(np.deg2rad(points[:, 0]) * side, points[:, 1])
            fill(drawing, texel, 1.0)
    soft = cv2.GaussianBlur(from_canvas(drawing), (0, 0), 0.35 / ACROSS_MM, sigmaY=0.35 / UP_MM)
    return np.asarray(soft, np.float32)
