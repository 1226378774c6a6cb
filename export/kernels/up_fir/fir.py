"""The FIR of doubled rows, and the epilogue, LANES channels at once."""

from __future__ import annotations

import numba

from export.kernels.epilogue.reference import Floats
from export.kernels.simd import LANES, load, splat, store
from export.kernels.winograd.kernel import activated

KEPT = 4
"""Rows of spread sums that the FIR of the next ones needs."""


@numba.njit(inline="always")
def _columns(spread, row, x, c):  # type: ignore[no-untyped-def]
    """The FIR down the places of one column, for two rows of results."""
    b, d = load(spread, (row + 1, x, c)), load(spread, (row + 3, x, c))
    m = load(spread, (row + 2, x, c))
    three = splat(3.0)
    return (
        load(spread, (row, x, c)) + d + three * (b + m),
        b + load(spread, (row + 4, x, c)) + three * (m + d),
    )


@numba.njit(cache=True, nogil=True)
def filter_rows(
    spread: Floats,
    top: int,
    begin: int,
    end: int,
    scale: Floats,
    bias: Floats,
    picture: Floats,
    after: Floats,
    out: Floats,
) -> None:
    """FIR and epilogue of spread sums: rows begin..end, even numbers, of out (2 H + 2, 2 W + 2, C).

    spread (rows, 2 W + 3, C), its first row is `top` of (2 H + 3, 2 W + 3, C); row y of the image
    takes rows y to y + 3, with border. scale, bias, after (C,), picture (2 H, 2 W).
    """
    three, share = splat(3.0), splat(1 / 16)
    for y in range(begin, end, 2):
        for c in range(0, out.shape[2], LANES):
            times, plus, then = load(scale, (c,)) * share, load(bias, (c,)), load(after, (c,))
            p = _columns(spread, y - top, 0, c)
            q = _columns(spread, y - top, 1, c)
            r = _columns(spread, y - top, 2, c)
            for x in range(picture.shape[1]):
                s = _columns(spread, y - top, x + 3, c)
                value = p[0] + s[0] + three * (q[0] + r[0])
                value = activated(value, times, plus, picture[y, x], then)
                store(out, (y + 1, x + 1, c), value)
                value = p[1] + s[1] + three * (q[1] + r[1])
                value = activated(value, times, plus, picture[y + 1, x], then)
                store(out, (y + 2, x + 1, c), value)
                p, q, r = q, r, s
