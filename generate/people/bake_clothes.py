"""Cut garments out of the base mesh's tights helper, along smooth collar lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from generate.people.bake_mesh import Matrix, Surface, border_loops, split
from generate.people.bake_trims import dungarees, fold_collar, placket, roll_neck

SKIN_MARGIN_MM = 32.0
"""Body skin goes on this far below the lowest collar line, under the garment, and then ends."""
HEM_MM = 120.0
"""Template height where the garment ends, below every view of head and shoulders."""


@dataclass(frozen=True)
class Cut:
    """Collar line: template heights in mm at azimuths 0 (front), 50, 100, 140, 180 (nape)."""

    height_mm: tuple[float, ...]
    band_mm: float
    """Height of the ribbed band below the line."""
    band_out_mm: float
    """How far the band stands off the surface that the garment lies on."""
    hood_mm: float = 0.0
    """Radius of a hood that lies rolled on the shoulders, at the nape."""
    sleeve: str = "long"
    """Key of SLEEVES."""
    trim: str = ""
    """What is sewn on, see bake_trims.py: roll, shirt, dungarees."""


CUTS = {
    "tee": Cut((556.0, 572.0, 592.0, 594.0, 592.0), 11.0, 2.6, sleeve="short"),
    "collar": Cut((580.0, 588.0, 603.0, 605.0, 603.0), 22.0, 3.4, sleeve="short"),
    "hood": Cut((552.0, 568.0, 590.0, 592.0, 590.0), 11.0, 2.6, hood_mm=24.0),
    "turtleneck": Cut((594.0, 599.0, 605.0, 607.0, 605.0), 24.0, 3.6, trim="roll"),
    "shirt": Cut((566.0, 578.0, 597.0, 600.0, 598.0), 8.0, 1.6, trim="shirt"),
    "dungarees": Cut(
        (558.0, 574.0, 593.0, 595.0, 593.0), 10.0, 2.4, sleeve="short", trim="dungarees"
    ),
}
GARMENT_OUT_MM = 1.0
SLEEVES = {"short": 0.36, "long": 0.965}
"""Where sleeves end: share of the way from shoulder over the elbow to the wrist."""
SLEEVE_MARGIN_MM = 26.0
"""Skin of the arm goes on this far up the sleeve, and then ends."""
SHIRT_HEM_MM = 62.0
"""Template height of a whole garment's hem, at the hips."""
TUCK_MM = 30.0
"""Trousers begin this far above the hem, under the garment."""


@dataclass(frozen=True)
class ArmLine:
    """One arm of the template."""

    joints_mm: NDArray[np.float64]
    """(3, 3) shoulder, elbow, wrist."""

    def along(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Way in mm (V,) from the shoulder along the arm to each point; -1000 off the arm."""
        shoulder, elbow, wrist = self.joints_mm
        upper = float(np.linalg.norm(elbow - shoulder))
        best, out = np.full(len(points_mm), 95.0), np.full(len(points_mm), -1000.0)
        for start, end, before in ((shoulder, elbow, 0.0), (elbow, wrist, upper)):
            length = float(np.linalg.norm(end - start))
            way = (points_mm - start) @ (end - start) / length
            low, high = (0.0 if before else -length), (np.inf if before else length)
            near = start + np.clip(way, low, high)[:, None] * (end - start) / length
            gap = np.linalg.norm(points_mm - near, axis=1)
            closer = gap < best
            best, out = np.where(closer, gap, best), np.where(closer, before + way, out)
        return out

    def beyond(self, points_mm: NDArray[np.float64], sleeve: str) -> NDArray[np.float64]:
        """How far in mm (V,) each point lies beyond the end of the sleeve."""
        length = float(np.linalg.norm(np.diff(self.joints_mm, axis=0), axis=1).sum())
        return self.along(points_mm) - SLEEVES[sleeve] * length


@dataclass(frozen=True)
class Garment:
    """A cut and offset piece of cloth."""

    surface: Surface
    offset_mm: NDArray[np.float64]
    """How far each point stands off along the normal of the point `normal_of`."""
    normal_of: NDArray[np.int64]
    band: NDArray[np.float64]
    """1 on the ribbed band, 0 elsewhere."""
    second: NDArray[np.float64]
    """1 on what is cut from another cloth, such as trousers, 0 elsewhere."""
    shift_mm: NDArray[np.float64]
    """(V, 3) fixed displacement on an adult, kit axes: what stands away from the body."""


def collar_level(points_mm: NDArray[np.float64], cut: Cut) -> NDArray[np.float64]:
    """Height in mm above the collar line of each template point (V, 3)."""
    azimuth = np.abs(np.degrees(np.arctan2(points_mm[:, 0], points_mm[:, 2] - 10.0)))
    angles = np.array([-50.0, 0.0, 50.0, 100.0, 140.0, 180.0, 220.0])
    h = cut.height_mm
    line = PchipInterpolator(angles, np.array([h[1], *h, h[3]]))
    # the tops of the shoulders reach the line's height: sink them by their distance from the neck
    away = np.hypot(points_mm[:, 0], points_mm[:, 2] - 10.0) - 85.0
    away = np.maximum(away, 0.0) * np.clip((612.0 - points_mm[:, 1]) / 12.0, 0, 1)  # not the chin
    return np.asarray(points_mm[:, 1] - line(azimuth) - away, np.float64)


def skin_faces(points_mm: NDArray[np.float64], tris: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the body triangles that may be drawn: those above the lowest collar line's margin."""
    level = collar_level(points_mm, CUTS["hood"])
    return np.asarray((level[tris] > -SKIN_MARGIN_MM).all(1))


def garment(
    tights: Surface,
    template_mm: NDArray[np.float64],
    cut: Cut,
    arms: tuple[ArmLine, ...] = (),
) -> Garment:
    """Clip the tights at the collar, split off the band, roll its edge inwards.

    Without `arms` the cloth ends at HEM_MM, all that a face shows; with the left and the right
    arm it is a whole garment over trousers.
    """
    surface = _clip(tights, collar_level(tights.rows @ template_mm, cut))
    trousers = None
    for arm in arms:
        surface = _clip(surface, arm.beyond(surface.rows @ template_mm, cut.sleeve))
    if arms:
        height = (surface.rows @ template_mm)[:, 1]
        trousers = surface.keep((height[surface.tris] < SHIRT_HEM_MM + TUCK_MM).all(1))
        surface = _clip(surface, SHIRT_HEM_MM - height)
    level = collar_level(surface.rows @ template_mm, cut)
    surface, band_level = split(surface, level + cut.band_mm)
    height = (surface.rows @ template_mm)[:, 1]
    high = (height[surface.tris] > HEM_MM).all(1) | bool(arms)
    in_band = (band_level[surface.tris] > 1e-6).any(1)
    main = surface.keep(high & ~in_band)
    band = surface.keep(high & in_band)
    return _join(main, band, trousers, cut, template_mm, arms)


def _clip(surface: Surface, level: NDArray[np.float64]) -> Surface:
    """Cut along level = 0 and keep what is below."""
    surface, level = split(surface, level)
    return _below(surface, level, 0.0)[0]


def _below(
    surface: Surface, level: NDArray[np.float64], height: float
) -> tuple[Surface, NDArray[np.float64]]:
    faces = np.asarray((level[surface.tris] <= height + 1e-6).all(1))
    used = np.unique(surface.tris[faces])
    return surface.keep(faces), level[used]


def _join(
    main: Surface,
    band: Surface,
    trousers: Surface | None,
    cut: Cut,
    template_mm: NDArray[np.float64],
    arms: tuple[ArmLine, ...],
) -> Garment:
    """Sew main cloth, band and the band's rolled edge; the band stands off further."""
    sheets = Sheets()
    loose = GARMENT_OUT_MM + _looseness(main.rows @ template_mm, arms)
    sheets.add(main.rows, loose, 0.0, main.tris)
    for loop in border_loops(main.tris) if arms else ():
        if collar_level(main.rows[loop] @ template_mm, cut).mean() < -2 * cut.band_mm:
            last = sheets.ring(main.rows[loop], loose[loop] - 1.5, loop, loop, 0.0)
            sheets.ring(main.rows[loop], GARMENT_OUT_MM - 2.0, last, loop, 0.0)
    first = sheets.add(band.rows, cut.band_out_mm, 1.0, band.tris)
    for loop in border_loops(band.tris):
        top = collar_level(band.rows[loop] @ template_mm, cut).mean() > -cut.band_mm / 2
        # the edge rolls over the top down to the skin; below it meets the main cloth
        rings = (cut.band_out_mm - 1.2, -1.5, -7.0) if top else (GARMENT_OUT_MM - 0.6,)
        last = loop + first
        for ring in rings:
            last = sheets.ring(band.rows[loop], ring, last, loop + first)
        if top and cut.trim == "shirt":
            fold_collar(sheets, band.rows[loop], template_mm, loop + first)
        if top and cut.trim == "roll":
            roll_neck(sheets, band.rows[loop], template_mm, loop + first)
        if top and cut.hood_mm:
            _roll_hood(sheets, band.rows[loop], template_mm, loop + first, cut.hood_mm)
    if cut.trim == "shirt":
        placket(sheets, main, loose, template_mm)
    if cut.trim == "dungarees":
        points = main.rows @ template_mm
        on_arm = np.max([np.full(len(points), -1.0), *(arm.along(points) for arm in arms)], 0)
        dungarees(sheets, main, loose, template_mm, bool(arms), on_arm)
    if trousers is not None:
        sheets.add(trousers.rows, GARMENT_OUT_MM, 0.0, trousers.tris, second=1.0)
    return sheets.garment()


def _looseness(points_mm: NDArray[np.float64], arms: tuple[ArmLine, ...]) -> NDArray[np.float64]:
    """How much further off than GARMENT_OUT_MM a whole garment stands, (V,) mm."""
    out = np.zeros(len(points_mm))
    for arm in arms:
        out = np.maximum(out, 4.5 * np.clip(arm.along(points_mm) / 120.0, 0, 1))
    trunk = 9.0 * np.clip((450.0 - points_mm[:, 1]) / 150.0, 0, 1) if arms else 0.0
    return np.asarray(np.where(out > 4.4, out, np.maximum(out, trunk)), np.float64)


class Sheets:
    """Collects points and triangles of one garment."""

    def __init__(self) -> None:
        self.count = 0
        self.rows: list[Matrix] = []
        self.tris: list[NDArray[np.int64]] = []
        self.columns: list[tuple[NDArray[np.float64], ...]] = []
        self.normal_of: list[NDArray[np.int64]] = []

    def add(
        self,
        rows: Matrix,
        offset_mm: float | NDArray[np.float64],
        band: float,
        tris: NDArray[np.int64],
        normal_of: NDArray[np.int64] | None = None,
        shift_mm: NDArray[np.float64] | None = None,
        second: float = 0.0,
    ) -> int:
        """Add points; tris count from the first of them, which is returned."""
        first, more = self.count, rows.shape[0]
        self.rows.append(rows)
        self.tris.append(tris + first)
        shift = np.zeros((more, 3)) if shift_mm is None else shift_mm
        offset = np.broadcast_to(offset_mm, more).astype(np.float64)
        self.columns.append((offset, np.full(more, band), np.full(more, second), shift))
        self.normal_of.append(np.arange(first, first + more) if normal_of is None else normal_of)
        self.count += more
        return first

    def ring(
        self,
        rows: Matrix,
        offset_mm: float | NDArray[np.float64],
        last: NDArray[np.int64],
        source: NDArray[np.int64],
        band: float = 1.0,
    ) -> NDArray[np.int64]:
        """Add a copy of a border at another offset, joined to the points `last`."""
        first = self.add(rows, offset_mm, band, np.zeros((0, 3), np.int64), source)
        fresh = np.arange(first, self.count)
        self.tris.append(_strip(last, fresh))
        return fresh

    def garment(self) -> Garment:
        columns = (np.concatenate(column) for column in zip(*self.columns, strict=True))
        offset, band, second, shift = columns
        surface = Surface(sp.vstack(self.rows).tocsr(), np.concatenate(self.tris))
        return Garment(surface, offset, np.concatenate(self.normal_of), band, second, shift)


def _strip(last: NDArray[np.int64], fresh: NDArray[np.int64]) -> NDArray[np.int64]:
    """Triangles between two closed rings of equal length."""
    a, b = np.roll(last, -1), np.roll(fresh, -1)
    return np.concatenate([np.stack([last, fresh, a], 1), np.stack([a, fresh, b], 1)])


def _roll_hood(
    sheets: Sheets,
    rows: Matrix,
    template_mm: NDArray[np.float64],
    source: NDArray[np.int64],
    radius_mm: float,
) -> None:
    """Lay a tube round the neck: thin at the throat, thick at the nape."""
    edge = rows @ template_mm
    out = edge * [1, 0, 1] - [0, 0, 10.0]
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    azimuth = np.degrees(np.arccos(np.clip(out[:, 2], -1, 1)))
    share = np.clip((azimuth - 25) / 125, 0, 1)
    radius = (3.0 + (radius_mm - 3.0) * share**2 * (3 - 2 * share))[:, None]
    up = np.array([0.0, 1.0, 0.0])
    rings = []
    for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False):
        around = np.cos(angle) * out + np.sin(angle) * up
        shift = radius * (1.05 * out + 0.25 * up + around * [1, 0.8, 1])
        empty = np.zeros((0, 3), np.int64)
        first = sheets.add(rows, 1.0, 0.0, empty, source, shift)
        rings.append(np.arange(first, sheets.count))
    for k in range(len(rings)):
        sheets.tris.append(_strip(rings[k - 1], rings[k]))
