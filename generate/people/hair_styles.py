"""Hair styles as data: the names that `Person.hair_style` knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Texture = Literal["straight", "wavy", "curly", "coily"]


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
    braid_mm: float = 0.0
    """Radius of a braid; 0 for loose hair."""


@dataclass(frozen=True)
class Ropes:
    """Hair wound into ropes all over the head."""

    count: int
    radius_mm: float
    plait_mm: float
    """Length of one crossing of a braid; 0 for locs, which have none."""
    lanes: bool = False
    """Lie in rows on the scalp, from front to back, and hang from the nape."""


@dataclass(frozen=True)
class Style:
    """How hair grows; lengths in mm on an adult's head, smaller heads scale them."""

    texture: Texture
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
    coily_share: tuple[float, float] = (0.0, 0.0)
    """`share` among those whose hair is coily."""
    ages: tuple[float, float] = (1.5, 90)
    """Years at which it is sampled."""
    level_mm: float = 0.0
    """Template height that hanging hair is cut at; 0 where the lengths rule."""
    lift: float = 0.2
    """Start direction: 0 flat on the scalp, 1 at 45 degrees."""
    gravity: float = 0.35
    volume_mm: float = 10.0
    """How far off the scalp the outermost hair lies."""
    frizz: float = 0.05
    clump: float = 0.35
    """How far strands gather at their tips, 0..1."""
    sweep: float = 0.1
    """0 combs the fringe forward, 1 sideways from the parting."""
    back: float = 0.0
    """How far the front and sides are combed backwards, 0..1."""
    part_mm: float = 8.0
    """Template x of the parting and the crown."""
    wave_mm: float = 0.0
    ringlet_mm: float = 0.0
    """Radius of the helix that strands wind along; 0 for none."""
    loop_mm: float = 0.0
    """Radius of curls that turn back on themselves; 0 for hair that is combed."""
    taper_mm: float = 45.0
    """Length over which the hairs of a lock end one after the other: short for a blunt cut."""
    curtain_mm: float = 0.0
    """Half width of the face that long hair leaves free."""
    fade_mm: float = 0.0
    """Template height below which hair thins out to stubble; 0 for none."""
    bald: float = 0.0
    """How far the top of the head is bare, 0..1."""
    tint: float = 0.8
    """How far hair colours the scalp that it covers, 0..1."""
    shell: float = 0.35
    """Height of the opaque inner layer, share of `volume_mm`; 0 for none."""
    ties: tuple[tuple[float, float, float], ...] = ()
    """Template points in mm that the hair is pulled to."""
    tie_above_mm: float = 0.0
    """Template height below which hair is not tied but hangs."""
    tail: Tail | None = None
    ropes: Ropes | None = None
    fine: float = 0.3
    """Where less of the scalp than this is covered, single hairs let the skin through."""
    baby: int = 200
    """Fine short hairs along the hairline."""


_TIED = Style(
    "straight", (1, 0), 620, 120, 0, 120, 6.5, 7, lift=0.05, gravity=0.0, volume_mm=6.5,
    frizz=0.02, clump=0.1, shell=0.5, baby=320, ages=(2, 60),
)  # fmt: skip
_LONG = Style(
    "straight", (1.6, 0.1), 480, 300, 0, 200, 9.2, 12, level_mm=455, lift=0.12, gravity=0.4,
    volume_mm=11, frizz=0.02, clump=0.3, sweep=0.9, back=0.42, part_mm=4, curtain_mm=58,
    ages=(4, 90),
)  # fmt: skip
_BOY = Style(
    "straight", (0.6, 4), 1100, 36, 14, 16, 4.6, 5, lift=0.4, gravity=0.18, volume_mm=8,
    frizz=0.08, clump=0.5, sweep=0.45, baby=180,
)  # fmt: skip
STYLES: dict[str, Style] = {
    "buzz": replace(
        _BOY, share=(0.1, 1), coily_share=(0.3, 2), count=900, length_mm=4, fringe_mm=1,
        sides_mm=3, width_mm=2.4, steps=3, lift=0.8, gravity=0.0, volume_mm=2, frizz=0.2,
        clump=0.0, shell=0.0, tint=0.72, baby=120,
    ),
    "cropped": replace(
        _BOY, share=(0.2, 2.5), coily_share=(0.2, 0.6), count=1300, length_mm=11, fringe_mm=4,
        sides_mm=6, width_mm=3.0, steps=4, lift=0.6, gravity=0.05, volume_mm=4, frizz=0.14,
        clump=0.3, baby=160,
    ),
    "short": _BOY,
    "side-part": replace(
        _BOY, share=(0.3, 3), count=1000, length_mm=62, fringe_mm=0, sides_mm=16, width_mm=5.5,
        steps=7, lift=0.35, gravity=0.12, volume_mm=10, sweep=0.95, back=0.25, part_mm=30,
        frizz=0.04,
    ),
    "undercut": replace(
        _BOY, share=(0.1, 1.5), count=1000, length_mm=58, fringe_mm=0, sides_mm=4, width_mm=5.0,
        steps=7, lift=0.7, gravity=0.05, volume_mm=14, sweep=0.15, back=0.9, fade_mm=775,
        tint=0.6, ages=(6, 70),
    ),
    "tousled": replace(
        _BOY, texture="wavy", share=(0.5, 2), count=1000, length_mm=52, fringe_mm=24, sides_mm=30,
        width_mm=5.0, steps=8, lift=0.55, volume_mm=15, frizz=0.12, wave_mm=3.0, sweep=0.55,
        part_mm=-20,
    ),
    "pixie": replace(
        _BOY, share=(1, 0.2), count=1000, length_mm=55, fringe_mm=30, sides_mm=34, width_mm=5.0,
        steps=7, lift=0.25, gravity=0.25, volume_mm=9, sweep=0.8, part_mm=32, frizz=0.05,
    ),
    "bowl": Style(
        "straight", (0.6, 2), 760, 110, 32, 62, 7.4, 8, lift=0.2, gravity=0.35, volume_mm=9,
        frizz=0.02, clump=0.25, part_mm=2, sweep=0.05, curtain_mm=54, taper_mm=16,
    ),
    "bob": Style(
        "straight", (2, 0.2), 680, 172, 34, 92, 8.6, 10, level_mm=628, lift=0.2, gravity=0.4,
        volume_mm=12, frizz=0.02, clump=0.3, sweep=0.05, curtain_mm=56, taper_mm=16,
    ),
    "shoulder": replace(
        _LONG, share=(1.5, 0.4), count=480, level_mm=552, part_mm=24, ages=(2, 90), back=0.38,
        steps=11,
    ),
    "long": _LONG,
    "wavy": replace(
        _LONG, texture="wavy", share=(1.5, 0.2), level_mm=520, volume_mm=15, part_mm=-14,
        wave_mm=5.5, frizz=0.035, width_mm=8.5, steps=20, clump=0.12, count=430,
    ),
    "curly": Style(
        "curly", (1, 1.2), 720, 66, 20, 52, 5.0, 15, coily_share=(0.5, 0.4), lift=0.8,
        gravity=0.22, volume_mm=19, frizz=0.12, clump=0.25, ringlet_mm=5.5, sweep=0.3,
        shell=0.55, baby=220,
    ),
    "ringlets": replace(
        _LONG, texture="curly", share=(1, 0.1), coily_share=(0.8, 0.0), count=560, level_mm=575,
        volume_mm=17, lift=0.35, ringlet_mm=7.0, width_mm=4.6, steps=30, frizz=0.04, shell=0.5,
        back=0.2, clump=0.15,
    ),
    "afro": Style(
        "coily", (0.1, 0.1), 1900, 60, 0, 46, 4.0, 6, coily_share=(1.2, 1.2), lift=1.0,
        gravity=0.02, volume_mm=38, frizz=0.3, loop_mm=5.0, shell=0.86, baby=220, ages=(2, 90),
    ),
    "coils": Style(
        "coily", (0.05, 0.1), 2000, 30, 0, 24, 3.4, 6, coily_share=(0.8, 2.5), lift=0.9,
        gravity=0.02, volume_mm=11, frizz=0.3, loop_mm=3.6, shell=0.7, baby=200,
    ),
    "fade": Style(
        "coily", (0.0, 0.1), 1700, 30, 0, 12, 3.4, 6, coily_share=(0.1, 2.0), lift=0.9,
        gravity=0.02, volume_mm=17, frizz=0.3, loop_mm=4.2, shell=0.72, fade_mm=785, tint=0.7,
        baby=140, ages=(5, 60),
    ),
    "puffs": replace(
        _TIED, texture="coily", share=(0.2, 0.0), coily_share=(2, 0.1), ages=(1.5, 12),
        ties=((62, 800, -20), (-62, 800, -20)), tail=Tail(520, 40, 0.0, puff_mm=34),
    ),
    "box-braids": Style(
        "coily", (0, 0), 0, 0, 0, 0, 6, 12, coily_share=(1.8, 0.2), level_mm=520, lift=0.1,
        gravity=0.45, volume_mm=9, frizz=0.02, sweep=0.9, back=0.4, part_mm=4, curtain_mm=58,
        shell=0.1, tint=0.75, ropes=Ropes(95, 3.6, 10.0), ages=(3, 60), baby=120,
    ),
    "cornrows": Style(
        "coily", (0, 0), 0, 0, 0, 0, 6, 30, coily_share=(1.2, 1.0), level_mm=600, gravity=0.45,
        volume_mm=4, shell=0.0, tint=0.5, ropes=Ropes(14, 3.6, 8.0, lanes=True), baby=120,
    ),
    "locs": Style(
        "coily", (0.02, 0.05), 0, 0, 0, 0, 6, 11, coily_share=(0.4, 0.8), level_mm=600, lift=0.35,
        gravity=0.35, volume_mm=14, frizz=0.06, sweep=0.8, back=0.25, part_mm=-8, curtain_mm=50,
        shell=0.15, tint=0.8, ropes=Ropes(120, 4.2, 0.0), ages=(4, 70), baby=120,
    ),
    "ponytail": replace(
        _TIED, share=(1.5, 0), ties=((0, 782, -92),),
        tail=Tail(110, 190, 0.2, gravity=0.6),
    ),
    "pigtails": replace(
        _TIED, share=(1.2, 0), ties=((72, 772, -22), (-72, 772, -22)), ages=(2, 12),
        tail=Tail(80, 130, 0.22, gravity=0.5, wave_mm=2.0),
    ),
    "bun": replace(
        _TIED, share=(0.8, 0), coily_share=(0.6, 0), ties=((0, 822, -58),),
        tail=Tail(120, 60, 0.0, bun_mm=25),
    ),
    "half-up": replace(
        _LONG, share=(1.0, 0), ties=((0, 800, -82),), tie_above_mm=798, count=600, level_mm=500,
        tail=Tail(70, 150, 0.15, gravity=0.6), part_mm=0, ages=(3, 40),
    ),
    "braids": replace(
        _TIED, share=(1.2, 0), coily_share=(0.5, 0), ties=((60, 700, -48), (-60, 700, -48)),
        tail=Tail(1, 190, 0.0, gravity=0.8, braid_mm=10.5), ages=(3, 16),
    ),
    "wisps": Style(
        "straight", (3, 3), 1100, 26, 2, 20, 1.1, 5, coily_share=(1, 1), ages=(0.5, 1.5), lift=0.35,
        gravity=0.2, volume_mm=6, frizz=0.12, clump=0.3, shell=0.0, tint=0.42, fine=0.8, baby=260,
    ),
    "balding": replace(
        _BOY, share=(0, 1.5), coily_share=(0, 1), ages=(35, 90), length_mm=16, fringe_mm=0,
        sides_mm=14, count=800, back=0.3, bald=1.0, tint=0.6, volume_mm=5, baby=60,
    ),
}  # fmt: skip
"""`ages` below 1.5 years: only "wisps" is sampled; other styles are worn sparse at that age."""
