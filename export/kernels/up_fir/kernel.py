"""Sum of the nine products, FIR and epilogue, LANES channels at once, row by row."""

from __future__ import annotations

import numba

from export.kernels.epilogue.reference import Floats
from export.kernels.simd import LANES, load, splat, store
from export.kernels.winograd.kernel import activated


@numba.njit(inline="always")
def _spread(products, row, column, tap, c, joined):  # type: ignore[no-untyped-def]
    """A product of row `row` and, where two rows meet, of the row before by tap + 6."""
    value = load(products, (row, column, tap, c))
    if joined:
        value = value + load(products, (row - 1, column, tap + 6, c))
    return value


@numba.njit(inline="always")
def _filtered_row(products, row, tap, joined, out):  # type: ignore[no-untyped-def]
    """FIR along one row of the spread products: products[row], taps `tap`.. -> out (2 w, C)."""
    three, quarter = splat(3.0), splat(0.25)
    for column in range(1, products.shape[1] - 1):
        for c in range(0, products.shape[3], LANES):
            before = _spread(products, row, column - 1, tap + 1, c, joined)
            even = _spread(products, row, column, tap, c, joined)
            even = even + _spread(products, row, column - 1, tap + 2, c, joined)
            odd = _spread(products, row, column, tap + 1, c, joined)
            next_even = _spread(products, row, column + 1, tap, c, joined)
            next_even = next_even + _spread(products, row, column, tap + 2, c, joined)
            next_odd = _spread(products, row, column + 1, tap + 1, c, joined)
            first = quarter * (before + next_even + three * (even + odd))
            second = quarter * (even + next_odd + three * (odd + next_even))
            store(out, (2 * column - 2, c), first)
            store(out, (2 * column - 1, c), second)


@numba.njit(cache=True, nogil=True)
def double(
    products: Floats,
    first: int,
    scale: Floats,
    bias: Floats,
    picture: Floats,
    after: Floats,
    rows: Floats,
    out: Floats,
) -> None:
    """products (r + 2, w + 2, 9, C) -> 2 r rows of out (2 h + 2, 2 w + 2, C) from row 2 first on.

    Row 0 of products is that before `first`; rows and columns outside the image are zero. scale,
    bias, after (C,), picture (2 h, 2 w): the epilogue. rows (4, 2 w, C) is scratch. C is a multiple
    of LANES.
    """
    three, quarter = splat(3.0), splat(0.25)
    for m in range(1, 2 * products.shape[0]):
        if m % 2:
            _filtered_row(products, m // 2, 3, False, rows[m % 4])
        else:
            _filtered_row(products, m // 2, 0, True, rows[m % 4])
        if m < 4:
            continue
        y = 2 * first + m - 4
        for x in range(rows.shape[1]):
            for c in range(0, out.shape[2], LANES):
                near = load(rows, ((m - 2) % 4, x, c)) + load(rows, ((m - 1) % 4, x, c))
                far = load(rows, ((m - 3) % 4, x, c)) + load(rows, (m % 4, x, c))
                value = quarter * (far + three * near)
                value = activated(
                    value, load(scale, (c,)), load(bias, (c,)), picture[y, x], load(after, (c,))
                )
                store(out, (y + 1, x + 1, c), value)
