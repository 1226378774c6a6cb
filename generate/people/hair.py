"""`grow_hair`: a style on one head, as one piece of ribbons, ropes and an inner layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from generate.people.asset import Topology
from generate.people.hair_ribbons import ribbons
from generate.people.hair_ropes import braid, ropes
from generate.people.hair_scalp import Scalp, density_of
from generate.people.hair_shell import shell
from generate.people.hair_strands import baby_hairs, comb_strands, loop_strands
from generate.people.hair_styles import STYLES, Style
from generate.people.hair_tied import tail_strands
from generate.people.piece import Piece, joined
from generate.spec import Person

F32 = NDArray[np.float32]

INFANT_YEARS, TODDLER_YEARS = 0.5, 2.5
"""Ages between which hair goes from sparse and fine to full."""
CHIN_MM = (0.0, 628.0, 130.0)
REST_M = 0.085
"""How far below the chin hair no longer turns with the head, on an adult."""


def grow_hair(
    person: Person, topology: Topology, points: F32, normals: F32, detail: float = 1.0
) -> Piece:
    """Grow the person's hair on the upright, neutral head `points` (V, 3) with `normals`.

    detail 0.05..1 thins the ribbons out and widens the rest to match, for small images. Raises
    ValueError for an unknown style.
    """
    if not 0.05 <= detail <= 1:
        raise ValueError(f"detail {detail:g} is outside 0.05 to 1")
    style = thinned(style_of(person), detail)
    rng = np.random.default_rng(np.random.SeedSequence(person.face_seed, spawn_key=(16,)))
    scalp = Scalp(topology, points, normals, density_of(topology, style, person.face_seed))
    pieces = _loose(rng, scalp, style)
    if style.baby:
        pieces.append(ribbons(rng, baby_hairs(rng, scalp, style), scalp))
    if style.tail is not None:
        for tie in style.ties:
            if style.tail.braid_mm:
                pieces.append(braid(rng, scalp, style, tie))
            else:
                pieces.append(ribbons(rng, tail_strands(rng, scalp, style, tie), scalp))
    if style.shell:
        pieces.append(shell(rng, scalp, style))
    return draped(joined(pieces), scalp)


def _loose(rng: np.random.Generator, scalp: Scalp, style: Style) -> list[Piece]:
    if style.ropes is not None:
        return [ropes(rng, scalp, style, style.ropes)]
    strands = loop_strands if style.loop_mm else comb_strands
    return [ribbons(rng, strands(rng, scalp, style), scalp)]


def draped(piece: Piece, scalp: Scalp) -> Piece:
    """Let hair below the chin stay on the shoulders when the head turns."""
    chin, _ = scalp.at(CHIN_MM)
    below = np.clip((chin[1] - piece.points[:, 1]) / (REST_M * scalp.scale), 0, 1)
    return replace(piece, follow=(1 - below * below * (3 - 2 * below)).astype(np.float32))


def style_of(person: Person) -> Style:
    """The style as the person's age lets it grow. Raises ValueError for an unknown style."""
    if person.hair_style not in STYLES:
        raise ValueError(f"hair_style {person.hair_style!r} is not one of {', '.join(STYLES)}")
    style = STYLES[person.hair_style]
    full = float(np.interp(person.age_years, (INFANT_YEARS, TODDLER_YEARS), (0, 1)))
    if full == 1 or person.hair_style in ("wisps", "buzz"):
        return style
    wisps = STYLES["wisps"]
    if person.age_years < 1.5:
        curl = 2.2 if style.texture == "coily" else 0.0
        return replace(wisps, wave_mm=style.wave_mm / 2, loop_mm=curl, volume_mm=5 - curl)
    thin = 0.5 + 0.5 * full
    return replace(
        style,
        count=round(style.count * thin),
        tint=style.tint * thin,
        shell=style.shell * full,
        level_mm=max(style.level_mm, 560.0) if style.level_mm else 0.0,
        length_mm=style.length_mm * thin,
    )


def hair_cover(person: Person, topology: Topology) -> F32:
    """How far hair colours the skin at each render point (V,), 0 to 1."""
    style = style_of(person)
    density = density_of(topology, style, person.face_seed)
    return np.asarray(density * density * (3 - 2 * density) * style.tint, np.float32)


def detail_of(size_px: int) -> float:
    """The `detail` that pictures of this size can show."""
    return float(np.interp(size_px, (64, 128, 256, 512), (0.3, 0.42, 0.68, 1.0)))


def thinned(style: Style, detail: float) -> Style:
    """Return the style with `detail` times the locks, wider so that they cover as much."""
    if detail == 1:
        return style
    if style.loop_mm:
        detail = detail**0.6  # curls that lie apart look like spikes
    tail = style.tail and replace(
        style.tail, count=min(style.tail.count, max(30, round(style.tail.count * detail)))
    )
    ropes_ = style.ropes and replace(style.ropes, plait_mm=style.ropes.plait_mm * detail**-0.5)
    return replace(
        style,
        count=round(style.count * detail),
        baby=round(style.baby * detail),
        width_mm=style.width_mm * detail**-0.75,
        steps=max(3, round(style.steps * detail**0.3)),
        tail=tail,
        ropes=ropes_,
    )
