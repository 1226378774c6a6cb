"""Cut garments out of the base mesh's tights helper, along smooth collar lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from generate.people.bake_mesh import Matrix, Surface, border_loops, split

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


CUTS = {
    "tee": Cut((556.0, 572.0, 592.0, 594.0, 592.0), 11.0, 2.6),
    "collar": Cut((580.0, 588.0, 603.0, 605.0, 603.0), 22.0, 3.4),
}
GARMENT_OUT_MM = 1.0


@dataclass(frozen=True)
class Garment:
    """A cut and offset piece of cloth."""

    surface: Surface
    offset_mm: NDArray[np.float64]
    """How far each point stands off along the normal of the point `normal_of`."""
    normal_of: NDArray[np.int64]
    band: NDArray[np.float64]
    """1 on the ribbed band, 0 elsewhere."""


def collar_level(points_mm: NDArray[np.float64], cut: Cut) -> NDArray[np.float64]:
    """Height in mm above the collar line of each template point (V, 3)."""
    azimuth = np.abs(np.degrees(np.arctan2(points_mm[:, 0], points_mm[:, 2] - 10.0)))
    angles = np.array([-50.0, 0.0, 50.0, 100.0, 140.0, 180.0, 220.0])
    h = cut.height_mm
    line = PchipInterpolator(angles, np.array([h[1], *h, h[3]]))
    # the tops of the shoulders reach the line's height: sink them by their distance from the neck
    away = np.hypot(points_mm[:, 0], points_mm[:, 2] - 10.0) - 85.0
    return np.asarray(points_mm[:, 1] - line(azimuth) - np.maximum(away, 0.0), np.float64)


def skin_faces(points_mm: NDArray[np.float64], tris: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the body triangles that may be drawn: those above the lowest collar line's margin."""
    lowest = CUTS["tee"]
    level = collar_level(points_mm, lowest)
    return np.asarray((level[tris] > -SKIN_MARGIN_MM).all(1))


def garment(tights: Surface, template_mm: NDArray[np.float64], cut: Cut) -> Garment:
    """Clip the tights at the collar and the hem, split off the band, roll its edge inwards."""
    level = collar_level(tights.rows @ template_mm, cut)
    surface, level = split(tights, level)
    surface, level = _below(surface, level, 0.0)
    surface, band_level = split(surface, level + cut.band_mm)
    level = band_level - cut.band_mm
    hem = (surface.rows @ template_mm)[:, 1]
    high = (hem[surface.tris] > HEM_MM).all(1)
    in_band = (band_level[surface.tris] > 1e-6).any(1)
    main = surface.keep(high & ~in_band)
    band = surface.keep(high & in_band)
    return _join(main, band, cut, template_mm)


def _below(
    surface: Surface, level: NDArray[np.float64], height: float
) -> tuple[Surface, NDArray[np.float64]]:
    faces = (level[surface.tris] <= height + 1e-6).all(1)
    used = np.unique(surface.tris[faces])
    return surface.keep(faces), level[used]


def _join(main: Surface, band: Surface, cut: Cut, template_mm: NDArray[np.float64]) -> Garment:
    """Sew main cloth, band and the band's rolled edge; the band stands off further."""
    rows: list[Matrix] = [main.rows, band.rows]
    offset = [np.full(main.rows.shape[0], GARMENT_OUT_MM)]
    offset.append(np.full(band.rows.shape[0], cut.band_out_mm))
    tris = [main.tris, band.tris + main.rows.shape[0]]
    count = main.rows.shape[0] + band.rows.shape[0]
    normal_of = [np.arange(count)]
    for loop in border_loops(band.tris):
        top = collar_level(band.rows[loop] @ template_mm, cut).mean() > -cut.band_mm / 2
        # the edge rolls over the top down to the skin; below it meets the main cloth
        rings = (cut.band_out_mm - 1.2, -1.5, -7.0) if top else (GARMENT_OUT_MM - 0.6,)
        last = loop + main.rows.shape[0]
        for ring in rings:
            fresh = np.arange(count, count + len(loop))
            rows.append(band.rows[loop])
            offset.append(np.full(len(loop), ring))
            normal_of.append(loop + main.rows.shape[0])
            a, b = np.roll(last, -1), np.roll(fresh, -1)
            tris += [np.stack([last, fresh, a], 1), np.stack([a, fresh, b], 1)]
            last, count = fresh, count + len(loop)
    stacked = Surface(sp.vstack(rows).tocsr(), np.concatenate(tris))
    mask = np.ones(count)
    mask[: main.rows.shape[0]] = 0.0
    return Garment(stacked, np.concatenate(offset), np.concatenate(normal_of), mask)
