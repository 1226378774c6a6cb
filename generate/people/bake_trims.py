"""What is sewn on to a garment: a folded collar, a placket, dungarees, buttons.

A trim is a sheet of the garment's own rows, or rings of a border with fixed displacements.
Template axes, mm: x the wearer's left, y up, z forward.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from generate.people.bake_mesh import Matrix, Surface, split

if TYPE_CHECKING:
    from generate.people.bake_clothes import Sheets

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

AZIMUTH_DEG = (0.0, 7.0, 22.0, 50.0, 90.0, 140.0, 180.0)
LEAF_DOWN_MM = (0.0, 6.0, 36.0, 25.0, 9.0, 12.0, 22.0)
LEAF_OUT_MM = (1.0, 4.0, 12.0, 19.0, 26.0, 20.0, 13.0)
"""How far the leaf of a folded collar falls and stands off, by azimuth: open at the throat,
pointed beside it, lying on the shoulders."""
STAND_MM = 9.0
ROLL_STEPS = ((0.5, 0.0), (2.0, 0.75), (3.5, 1.0))
"""Out in mm and up in shares of the stand: from the neck line to the fold."""
ROLL_NECK = ((3.2, 0.0), (4.6, 0.5), (3.8, 1.0), (1.0, 1.15), (-1.5, 0.9), (-3.0, 0.2))
"""The same for a rolled neck."""
ROLL_NECK_MM = 9.0
PLACKET_MM = 10.0
"""Half width."""
BUTTON_MM = 4.2
SECOND, BUTTON = 1.0, 2.0
STRAP_MM, STRAP_HALF_MM = 66.0, 13.0
BIB_HALF_MM, BIB_TOP_MM, BIB_WAIST_MM = 79.0, 448.0, 285.0


def fold_collar(sheets: Sheets, rows: Matrix, template_mm: F64, source: I64) -> None:
    """Stand a collar on a neck border and fold its leaf down over the garment."""
    azimuth, out = around(rows @ template_mm)
    down = np.interp(azimuth, AZIMUTH_DEG, LEAF_DOWN_MM)
    away = np.interp(azimuth, AZIMUTH_DEG, LEAF_OUT_MM)
    profile = [(np.full(len(out), o), np.full(len(out), u * STAND_MM)) for o, u in ROLL_STEPS]
    for share in (0.12, 0.4, 0.7, 1.0):
        bow = 3.0 * np.sin(np.pi * share) * np.minimum(down / 10, 1)
        profile.append((ROLL_STEPS[-1][0] + share * away + bow, STAND_MM - share * down))
    under = (profile[-1][0] - 2.0, profile[-1][1] + 0.5)
    _rings(sheets, rows, out, [*profile, under], source)


def roll_neck(sheets: Sheets, rows: Matrix, template_mm: F64, source: I64) -> None:
    """Stand a soft roll on a neck border."""
    _, out = around(rows @ template_mm)
    profile = [(np.full(len(out), o), np.full(len(out), u * ROLL_NECK_MM)) for o, u in ROLL_NECK]
    _rings(sheets, rows, out, profile, source, band=1.0)


def around(edge_mm: F64) -> tuple[F64, F64]:
    """Azimuth in degrees (V,), 0 in front, and the unit direction outwards (V, 3)."""
    out = edge_mm * [1, 0, 1] - [0, 0, 10.0]
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    return np.degrees(np.arccos(np.clip(out[:, 2], -1, 1))), out


def _rings(
    sheets: Sheets,
    rows: Matrix,
    out: F64,
    profile: list[tuple[F64, F64]],
    source: I64,
    band: float = 0.0,
) -> None:
    last = source
    for away, up in profile:
        shift = out * away[:, None] + up[:, None] * [0, 1, 0]
        first = sheets.add(rows, 2.0, band, np.zeros((0, 3), np.int64), source, shift)
        fresh = np.arange(first, sheets.count)
        a, b = np.roll(last, -1), np.roll(fresh, -1)
        sheets.tris += [np.stack([last, fresh, a], 1), np.stack([a, fresh, b], 1)]
        last = fresh


def placket(sheets: Sheets, main: Surface, loose_mm: F64, template_mm: F64) -> None:
    """Lay a strip with buttons down the front."""
    points = main.rows @ template_mm
    level = np.where(points[:, 2] > 20.0, np.abs(points[:, 0]) - PLACKET_MM, 50.0)
    _overlay(sheets, main, loose_mm, level, template_mm, 1.8, 0.0)
    low, high = points[points[:, 2] > 20.0, 1].min(), points[np.abs(points[:, 0]) < 5, 1].max()
    spots = [np.array([0.0, y]) for y in np.arange(high - 16.0, low + 15.0, -48.0)]
    _buttons(sheets, main, loose_mm, points, spots, BUTTON_MM)


def dungarees(
    sheets: Sheets, main: Surface, loose_mm: F64, template_mm: F64, whole: bool, on_arm: F64
) -> None:
    """Lay bib and straps of the second cloth over the garment; on a `whole` one the waist too.

    on_arm (V,): above 0 on the sleeves of `main`.
    """
    points = main.rows @ template_mm
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    strap = np.abs(x - STRAP_MM) - STRAP_HALF_MM
    bib = np.max([x - BIB_HALF_MM, y - BIB_TOP_MM, 15.0 - z], 0)
    level = np.minimum(strap, bib)
    if whole:
        level = np.minimum(level, y - BIB_WAIST_MM)
    level = np.where(on_arm > 5.0, 50.0, level)
    _overlay(sheets, main, loose_mm, level, template_mm, 2.6, SECOND)
    spots = [np.array([side * STRAP_MM, BIB_TOP_MM - 13.0]) for side in (-1, 1)]
    _buttons(sheets, main, loose_mm + 1.5, points, spots, 7.0)


def _overlay(
    sheets: Sheets,
    main: Surface,
    loose_mm: F64,
    level: F64,
    template_mm: F64,
    over_mm: float,
    second: float,
) -> None:
    """Add the part of `main` where level <= 0 as a sheet `over_mm` above it."""
    del template_mm
    surface, levels = split(main, level)
    extra = len(levels) - len(loose_mm)
    lifted = np.concatenate([loose_mm, np.zeros(extra)])
    if extra:  # new points lie on edges of the old ones: take the mean lift of the nearest
        lifted[len(loose_mm) :] = np.median(loose_mm[np.abs(level) < 30.0])
    inside = np.asarray((levels[surface.tris] <= 1e-6).all(1))
    used = np.unique(surface.tris[inside])
    patch = surface.keep(inside)
    sheets.add(patch.rows, lifted[used] + over_mm, 0.0, patch.tris, second=second)


def _buttons(
    sheets: Sheets,
    main: Surface,
    loose_mm: F64,
    points: F64,
    spots: list[F64],
    radius_mm: float,
) -> None:
    """Add flat discs at template places (x, y) of the front."""
    front = np.flatnonzero(points[:, 2] > 20.0)
    angles = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    rim = np.stack([np.cos(angles), np.sin(angles), np.zeros(8)], 1) * radius_mm
    shift = np.vstack([np.zeros(3), rim])
    shift[:, 2] += 1.2
    fan = np.stack([np.zeros(8, int), np.arange(1, 9), np.roll(np.arange(1, 9), -1)], 1)
    for spot in spots:
        near = int(front[np.linalg.norm(points[front, :2] - spot, axis=1).argmin()])
        place = np.append(spot - points[near, :2], 0.0) + shift
        rows = main.rows[[near] * 9]
        sheets.add(
            rows, float(loose_mm[near]) + 3.0, 0.0, fan, np.full(9, near), place, second=BUTTON
        )
