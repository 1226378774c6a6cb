"""Lips that meet: the gap between upper and lower lip is measured along the mouth and closed.

Head axes: metres, x the person's left, y up, z out of the face. The template's lips stand a
millimetre apart and those of grown or mixed heads up to three near the corners; an ARKit face of
`mouthClose` or `mouthPress` leaves gaps of its own. Real lips cling: a gap that is nearly shut is
shut (the "sticky lips" of facial rigs).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from generate.people.asset import load_asset
from generate.people.kernels import vertex_normals
from generate.spec import ARKIT

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

LINE_MM = 661.0
"""Height on the template at which the lips meet."""
CORNER_MM = 25.5
COLUMNS_MM = (0.0, 1.5, 3.0, 4.5, 6.0, 7.5, 9.0, 10.5, 12.0, 13.5, 14.8, 16.0, 17.0, 17.8, 18.6,
              19.4, 20.2, 21.0, 21.8, 22.6, 23.4, 24.2, 25.0)  # fmt: skip
"""Middles of the columns of one side: finer at the corner, where the line is bent."""
HALF_SHARE = 1.1
"""A column takes points this many times its distance to the next to either side."""
BAND_MM = 5.0
"""Points of the lips' undersides lie this near the line."""
FRONT_MM = 127.0
FADE_MM = (1.5, 9.0)
"""A point this near the line goes all the way, one this far stays."""
OVERLAP_M = 0.0005
"""Lips pass each other by this, or light would come through."""
CLING_M = 0.001
"""Gaps below this are shut in a face at rest; twice as wide and a half, they are left alone."""
PART_M = 0.0004
"""The same where the mouth means to open."""
PRESS_M = 0.004
"""The same at full intent to close the mouth."""
INTENT = 4.0
"""mouthClose, mouthPress or the rolling of both lips, times this, is the intent to close (up to 1);
jawOpen, mouthLowerDown and mouthUpperUp together, times this, the intent to open."""


@dataclass(frozen=True)
class Seam:
    """Where the lips meet, as ids of render points; C columns from the right corner to the left."""

    upper: I32
    """Points of the upper lip's underside, by column."""
    upper_start: I32
    """(C + 1,)"""
    lower: I32
    lower_start: I32
    moved: I32
    """(M,) points that the closing moves."""
    share: F32
    """(M,) of the gap that each moves along y: negative above the line, positive below."""
    place: F32
    """(M,) position among the columns."""


@cache
def lip_seam() -> Seam:
    """Find the seam on the template, once; the skin's points are the same in every garment."""
    arrays = load_asset().arrays
    count, faces = int(arrays["part_points"][1]), int(arrays["part_tris"][1])
    canon = np.ascontiguousarray(arrays["canon"][:count], np.float32)
    normals = vertex_normals(canon, arrays["tris"][:faces].astype(np.int32))
    x, rise = canon[:, 0], canon[:, 1] - LINE_MM
    near = (np.abs(x) < CORNER_MM) & (canon[:, 2] > FRONT_MM) & (np.abs(rise) < BAND_MM)
    upper, lower = near & (normals[:, 1] < -0.3), near & (normals[:, 1] > 0.3)
    side = np.array(COLUMNS_MM)
    middles = np.concatenate([-side[:0:-1], side])
    above, fade = _side(canon, normals, rise)
    moved = np.flatnonzero(fade > 0)
    share = np.where(above, -0.5, 0.5) * fade
    place = np.interp(x, middles, np.arange(len(middles)))
    return Seam(
        *_columns(np.flatnonzero(upper), x, middles),
        *_columns(np.flatnonzero(lower), x, middles),
        moved.astype(np.int32),
        share[moved].astype(np.float32),
        place[moved].astype(np.float32),
    )


def _side(canon: F32, normals: F32, rise: F32) -> tuple[NDArray[np.bool_], F32]:
    """Whether each point belongs to the upper lip, and how much it moves, 0..1."""
    low, high = FADE_MM
    above = rise + 0.6 * np.clip(-normals[:, 1], -1, 1) > 0
    fade = np.clip((high - np.abs(rise)) / (high - low), 0, 1)
    aside = np.clip((CORNER_MM + 1.0 - np.abs(canon[:, 0])) / 2.0, 0, 1)
    deep = np.clip((canon[:, 2] - FRONT_MM + 8) / 6.0, 0, 1)
    fade = fade * fade * (3 - 2 * fade) * aside * deep
    return above, np.asarray(fade, np.float32)


def _columns(ids: NDArray[np.int64], x: F32, middles: F64) -> tuple[I32, I32]:
    half = HALF_SHARE * np.gradient(middles)
    groups = [ids[np.abs(x[ids] - m) < h] for m, h in zip(middles, half, strict=True)]
    start = np.cumsum([0, *(len(group) for group in groups)])
    return np.concatenate(groups).astype(np.int32), start.astype(np.int32)


def gaps(points: F32) -> F32:
    """Return the gap (C,) in metres between the lips of each column, negative where they overlap.

    points (V, 3): upright render points.
    """
    seam = lip_seam()
    high = np.minimum.reduceat(points[seam.upper, 1], seam.upper_start[:-1])
    low = np.maximum.reduceat(points[seam.lower, 1], seam.lower_start[:-1])
    return np.asarray(high - low, np.float32)


def closing_reach(arkit: F64, scale: float) -> float:
    """Return the gap, metres, that this face shuts: more where it means to close the mouth, less
    where it means to open it."""
    intent = min(INTENT * float(max(arkit[_CLOSE], arkit[_PRESS].min(), arkit[_ROLL].min())), 1.0)
    opening = min(INTENT * float(arkit[_OPEN].sum()), 1.0)
    cling = CLING_M + (PART_M - CLING_M) * opening
    return scale * (cling + (PRESS_M - cling) * intent)


_CLOSE = ARKIT.index("mouthClose")
_OPEN = [ARKIT.index(n) for n in ("jawOpen", "mouthLowerDownLeft", "mouthUpperUpLeft")]
_PRESS = [ARKIT.index("mouthPressLeft"), ARKIT.index("mouthPressRight")]
_ROLL = [ARKIT.index("mouthRollLower"), ARKIT.index("mouthRollUpper")]
