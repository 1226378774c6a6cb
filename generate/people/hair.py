"""Hair styles as data, and `grow_hair`: a style on one head as ribbons."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from generate.people.asset import Topology
from generate.people.hair_ribbons import joined, ribbons
from generate.people.hair_scalp import Scalp, scalp_of
from generate.people.hair_strands import baby_hairs, comb_strands, loop_strands, tail_strands
from generate.people.piece import Piece
from generate.spec import Person

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Tail:
    """Hair that hangs from, or is wound round, each tie."""

    count: int
    length_mm: float
    spread: float
    """Tangent of the half angle of the tuft."""
    gravity: float = 0.35
    wave_mm: float = 0.0
    bun_mm: float = 0.0
    """Radius of a bun; 0 for a tail."""
    puff_mm: float = 0.0
    """Radius of a ball of curls; 0 for a tail."""


@dataclass(frozen=True)
class Style:
    """How hair grows; lengths in mm on an adult's head, smaller heads scale them."""

    share: tuple[float, float]
    """How often girls and boys wear it, relative to the other styles."""
    count: int
    length_mm: float
    fringe_mm: float
    """How far hair hangs below the front hairline."""
    sides_mm: float
    """Length at and below the ears."""
    width_mm: float
    steps: int
    lift: float = 0.2
    """Start direction: 0 flat on the scalp, 1 at 45 degrees."""
    gravity: float = 0.35
    volume_mm: float = 10.0
    """How far off the scalp the outermost hair lies."""
    frizz: float = 0.05
    clump: float = 0.5
    """How far strands gather at their tips, 0..1."""
    sweep: float = 0.1
    """0 combs the fringe forward, 1 sideways from the parting."""
    part_mm: float = 8.0
    """Template x of the parting and the crown."""
    wave_mm: float = 0.0
    loop_mm: float = 0.0
    """Radius of curls that turn back on themselves; 0 for hair that is combed."""
    curtain_mm: float = 0.0
    """Half width of the face that long hair leaves free."""
    ties: tuple[tuple[float, float, float], ...] = ()
    """Template points in mm that the hair is pulled to."""
    tail: Tail | None = None
    baby: int = 260
    """Fine short hairs along the hairline."""


_TIED = Style((1, 0), 1500, 120, 0, 120, 2.6, 8, 0.06, 0.0, 4.0, 0.03, 0.25, baby=420)
STYLES: dict[str, Style] = {
    "cropped": Style((0.3, 3), 3000, 8, 3, 6, 1.2, 3, 0.5, 0.05, 4, 0.16, 0.0, baby=120),
    "short": Style(
        (0.7, 4), 2600, 36, 18, 18, 2.6, 6, 0.42, 0.18, 9, 0.10, 0.55, sweep=0.5, baby=200
    ),
    "bowl": Style((0.6, 2), 2700, 100, 34, 40, 2.7, 8, 0.2, 0.3, 10, 0.04, 0.45, part_mm=2),
    "bob": Style((2, 0.2), 2700, 172, 38, 92, 2.8, 10, 0.2, 0.4, 13, 0.035, 0.35),
    "long": Style(
        (2, 0.1), 2800, 285, 225, 215, 3.3, 12, 0.15, 0.4, 12, 0.03, 0.3,
        sweep=0.97, part_mm=5, curtain_mm=56,
    ),
    "wavy": Style(
        (1.5, 0.2), 2800, 215, 180, 155, 3.3, 12, 0.22, 0.35, 15, 0.045, 0.5,
        sweep=0.95, part_mm=-12, wave_mm=5, curtain_mm=52,
    ),
    "curly": Style(
        (1, 1), 2800, 62, 24, 46, 3.4, 9, 0.9, 0.05, 24, 0.25, 0.35, loop_mm=10, baby=300
    ),
    "ponytail": replace(
        _TIED, share=(1.5, 0), ties=((0, 782, -92),), tail=Tail(330, 190, 0.2, gravity=0.6)
    ),
    "pigtails": replace(
        _TIED, share=(1.2, 0), ties=((72, 772, -22), (-72, 772, -22)),
        tail=Tail(230, 130, 0.22, gravity=0.5, wave_mm=2.0),
    ),
    "bun": replace(
        _TIED, share=(0.8, 0), ties=((0, 822, -58),), tail=Tail(300, 60, 0.0, bun_mm=25)
    ),
    "puffs": replace(
        _TIED, share=(0.8, 0.1), ties=((62, 800, -20), (-62, 800, -20)),
        tail=Tail(520, 40, 0.0, puff_mm=34),
    ),
}  # fmt: skip


def grow_hair(
    person: Person, topology: Topology, points: F32, normals: F32, detail: float = 1.0
) -> Piece:
    """Grow the person's hair on the upright, neutral head `points` (V, 3) with `normals`.

    detail 0.2..1 thins the ribbons out and widens the rest to match, for small images. Raises
    ValueError for an unknown style.
    """
    if person.hair_style not in STYLES:
        raise ValueError(f"hair_style {person.hair_style!r} is not one of {', '.join(STYLES)}")
    if not 0.05 <= detail <= 1:
        raise ValueError(f"detail {detail:g} is outside 0.05 to 1")
    style = thinned(STYLES[person.hair_style], detail)
    rng = np.random.default_rng(np.random.SeedSequence(person.face_seed, spawn_key=(16,)))
    scalp = scalp_of(topology, points, normals)
    pieces = [_cover(rng, style, scalp)]
    if style.baby:
        pieces.append(ribbons(rng, baby_hairs(rng, scalp, style), scalp.centre))
    if style.tail is not None:
        for tie in style.ties:
            pieces.append(ribbons(rng, tail_strands(rng, scalp, style, tie), scalp.centre))
    return joined(pieces)


def _cover(rng: np.random.Generator, style: Style, scalp: Scalp) -> Piece:
    strands = loop_strands if style.loop_mm else comb_strands
    return ribbons(rng, strands(rng, scalp, style), scalp.centre)


def detail_of(size_px: int) -> float:
    """The `detail` that pictures of this size can show."""
    return float(np.interp(size_px, (64, 128, 256, 512), (0.4, 0.6, 0.85, 1.0)))


def thinned(style: Style, detail: float) -> Style:
    """Return the style with `detail` times the strands, wider so that they cover as much."""
    if detail == 1:
        return style
    if style.loop_mm:
        detail = detail**0.5  # curls that lie apart look like spikes
    tail = style.tail and replace(style.tail, count=max(30, round(style.tail.count * detail)))
    return replace(
        style,
        count=round(style.count * detail),
        baby=round(style.baby * detail),
        width_mm=style.width_mm * detail**-0.75,
        steps=max(3, round(style.steps * detail**0.3)),
        tail=tail,
    )
