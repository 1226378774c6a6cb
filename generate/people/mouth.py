"""What the template has wrong in the mouth: where the teeth sit, how the tongue follows the jaw.

Head axes: metres, x the person's left, y up, z out of the face.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.people.transport import eye_vertices as part_vertices
from generate.spec import ARKIT

F32 = NDArray[np.float32]

EDGE_BELOW_LIPS_M = 0.0034
"""Upper incisors end this far below the line of the closed lips on an adult's head; the template
ends them 1.5 mm above it, where no smile shows them."""
UPPER_FORWARD_M = 0.0040
LOWER_FORWARD_M = 0.0025
"""How far the rows move towards the lips on an adult's head: the template's lie 10 mm behind."""
NARROW = 0.88
"""Width of the rows over the template's, whose sides show at the corners of closed lips."""
TONGUE_NARROW = 0.78
"""Width of the tongue over the template's, which fills an open mouth."""
TONGUE_FLAT = 0.9
"""Share of its thickness that the tongue loses at full jawOpen, on top of following the jaw."""
TONGUE_SINK = 0.12
"""Share of its largest thickness by which the whole tongue sinks then."""
TONGUE_SLICES = 9
TONGUE_SEAT_M = (0.0, -0.005, -0.004)
"""Where the tongue rests from where the template has it, on an adult's head: behind the teeth."""
MIDDLE_M = 0.005
"""Half width of the incisors."""


def seat_teeth(rest: F32, row: F32, landmarks: F32, scale: float) -> None:
    """Move the rows of teeth of `rest` (B, 3), in place, to where lips that part show them.

    row (R, 3): render points of the upper teeth; landmarks (68, 3) of the same head; scale: 1 on
    an adult's.
    """
    upper, lower = part_vertices("upper-teeth"), part_vertices("lower-teeth")
    line = landmarks[[61, 62, 63, 65, 66, 67]].mean(0)
    incisors = np.abs(row[:, 0] - line[0]) < MIDDLE_M * scale
    drop = line[1] - EDGE_BELOW_LIPS_M * scale - row[incisors, 1].min()
    rest[upper] += np.array([0, min(drop, 0.0), UPPER_FORWARD_M * scale], np.float32)
    rest[lower] += np.array([0, 0, LOWER_FORWARD_M * scale], np.float32)
    tongue = part_vertices("tongue")
    for part, share in ((upper, NARROW), (lower, NARROW), (tongue, TONGUE_NARROW)):
        rest[part, 0] = line[0] + share * (rest[part, 0] - line[0])


def tongue_drop(rest: F32, vertex: NDArray[np.int64], actions: F32) -> F32:
    """What jawOpen must add to the tongue so that it stays behind the lower teeth.

    actions (52, A, 3) move the base vertices `vertex` (A,). Returns (K, 3) for the K vertices of
    the tongue: the turn of the jaw, fitted to the lower teeth, less what jawOpen has already.
    """
    opened = np.zeros_like(rest)
    opened[vertex] = actions[ARKIT.index("jawOpen")]
    teeth, tongue = part_vertices("lower-teeth"), part_vertices("tongue")
    jaw = _with_jaw(rest[teeth], opened[teeth], rest[tongue])
    thick = _above_underside(rest[tongue])
    jaw[:, 1] -= TONGUE_FLAT * thick + TONGUE_SINK * thick.max()
    return np.asarray(jaw - opened[tongue], np.float32)


def _above_underside(tongue: F32) -> NDArray[np.float64]:
    """Height (K,) of each point over the lowest one as far back in the mouth."""
    z = tongue[:, 2].astype(np.float64)
    edges = np.linspace(z.min(), z.max() + 1e-6, TONGUE_SLICES + 1)
    of = np.searchsorted(edges, z, side="right") - 1
    low = np.array([tongue[of == i, 1].min(initial=np.inf) for i in range(TONGUE_SLICES)])
    known = np.isfinite(low)
    middle = (edges[:-1] + edges[1:]) / 2
    return np.asarray(np.maximum(tongue[:, 1] - np.interp(z, middle[known], low[known]), 0))


def _with_jaw(points: F32, moves: F32, others: F32) -> NDArray[np.float64]:
    """Small turn about x and shift (y, z) that best explain `moves` of `points`, at `others`."""
    n = len(points)
    zero, one = np.zeros(n), np.ones(n)
    rows = np.concatenate(
        [np.stack([-points[:, 2], one, zero], 1), np.stack([points[:, 1], zero, one], 1)]
    )
    turn, up, out = np.linalg.lstsq(rows, moves[:, 1:].T.ravel(), rcond=None)[0]
    y, z = others[:, 1], others[:, 2]
    return np.stack([np.zeros(len(others)), up - turn * z, out + turn * y], 1)
