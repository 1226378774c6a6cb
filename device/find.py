"""Faces from the answer of a detector: what each cell says, a threshold, one box a face.

A detector answers (P, 4) numbers: for every cell of a grid of STRIDES[0] px, row by row, then of
one of STRIDES[1] px: score, x, y and side, as `CELL` has them. Boxes are squares as faces are
cropped by the kit: the square around the 68 landmarks; a crop for `face` is twice as wide. Needs
no library: it runs on a bare board.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

STRIDES = (8, 16)
"""Px from cell to cell of the fine and the coarse grid."""
BASE_PX = (20.0, 64.0)
"""Side of a face whose `side` is 0, for each grid."""
CELL = ("score", "x", "y", "side")
"""score: logit of a face, over LOGIT. x, y: from the middle of the cell to that of the face, over
REACH strides. side: log2(side / BASE_PX) / OCTAVES."""
LOGIT, REACH, OCTAVES = 8.0, 2.0, 2.0
"""All values stay near -1 to 1, because one int8 scale serves the whole answer."""
LOWEST = -20.0
"""A threshold below this takes every cell for a face."""
MOST_CELLS = 60
"""Cells that are looked at, the surest: bounds the time of a frame."""


@dataclass(frozen=True)
class Finder:
    """When a detector's answer counts as a face, kept in a bundle's manifest."""

    threshold: float = 0.0
    """Logit from which a cell is a face."""
    overlap: float = 0.3
    """Of two boxes with a larger intersection over union the one with the lower score goes."""
    false_per_100: float | None = None
    """False faces in 100 pictures without one where the threshold was chosen; null: it was not."""
    negatives: int | None = None
    """Pictures without a face that it was chosen on."""
    tested_false_per_100: float | None = None
    """False faces in 100 pictures without one that neither training nor tuning saw."""
    tested_negatives: int | None = None
    """Pictures of that test."""
    tested_recall: float | None = None
    """Share 0..1 of the faces of other people that are found; null: not measured."""
    tested_faces: int | None = None
    """Faces of that test."""

    def __post_init__(self) -> None:
        if not LOWEST <= self.threshold <= -LOWEST:
            raise ValueError(f"finder.threshold is {self.threshold}, want {LOWEST:g} to 20")
        if not 0 <= self.overlap <= 1:
            raise ValueError(f"finder.overlap is {self.overlap}, want 0 to 1")


class Face(NamedTuple):
    """One face, a square."""

    x: float
    """Middle, px of the picture from its left edge."""
    y: float
    """Middle, px from the top edge."""
    side: float
    """Side of the square, px."""
    score: float
    """Logit."""


class Placed(NamedTuple):
    """Where a picture lies in what the detector sees."""

    scale: float
    """Px that the detector sees for each px of the picture."""
    left_px: int
    top_px: int
    width_px: int
    height_px: int


def placed(width: int, height: int, spec: dict[str, Any]) -> Placed:
    """Fit a picture into the field of the front end `scene`, its shape kept, in the middle."""
    across, down = spec["width_px"], spec["height_px"]
    scale = min(across / width, down / height)
    new_width = min(across, max(1, round(width * scale)))
    new_height = min(down, max(1, round(height * scale)))
    left, top = (across - new_width) // 2, (down - new_height) // 2
    return Placed(scale, left, top, new_width, new_height)


@lru_cache(maxsize=4)
def cells(width_px: int, height_px: int) -> tuple[tuple[float, float, int], ...]:
    """Middle x, y in px and number of the grid (0 fine, 1 coarse) of all P cells, in order."""
    return tuple(
        ((column + 0.5) * stride, (row + 0.5) * stride, grid)
        for grid, stride in enumerate(STRIDES)
        for row in range(-(-height_px // stride))
        for column in range(-(-width_px // stride))
    )


def faces(
    answer: Sequence[Sequence[float]], spec: dict[str, Any], finder: Finder, size: tuple[int, int]
) -> list[Face]:
    """Faces in a picture of `size` (width, height) px, the surest first.

    answer: (P, 4) of the detector to what the front end of `spec` made of the picture.
    """
    grid = cells(spec["width_px"], spec["height_px"])
    if len(answer) != len(grid):
        raise ValueError(f"an answer of {len(answer)} cells, want {len(grid)}")
    at = placed(*size, spec)
    found = [
        _face(values, cell, at)
        for values, cell in zip(answer, grid, strict=True)
        if values[0] * LOGIT >= finder.threshold
    ]
    return distinct(found, finder.overlap)


def _face(values: Sequence[float], cell: tuple[float, float, int], at: Placed) -> Face:
    middle_x, middle_y, grid = cell
    reach = REACH * STRIDES[grid]
    side = BASE_PX[grid] * 2.0 ** (OCTAVES * values[3])
    x, y = middle_x + reach * values[1], middle_y + reach * values[2]
    return Face(
        float((x - at.left_px) / at.scale), float((y - at.top_px) / at.scale),
        float(side / at.scale), float(values[0] * LOGIT),
    )  # fmt: skip


def distinct(found: Sequence[Face], overlap: float) -> list[Face]:
    """The surest of those that overlap (non-maximum suppression), the surest first."""
    kept: list[Face] = []
    for face in sorted(found, key=lambda one: -one.score)[:MOST_CELLS]:
        if all(shared(face, other) <= overlap for other in kept):
            kept.append(face)
    return kept


def shared(a: Face, b: Face) -> float:
    """Intersection over union of two squares, 0 to 1."""
    half = (a.side + b.side) / 2
    wide = min(a.side, b.side, max(0.0, half - abs(a.x - b.x)))
    high = min(a.side, b.side, max(0.0, half - abs(a.y - b.y)))
    both = wide * high
    return both / (a.side**2 + b.side**2 - both)
