"""Doubling with fewer products: 81 for each tile of 4 x 4 pixels instead of 144.

On each axis a transposed kernel (a, b, c) puts x * (a + c u) on even places and x * b on odd ones,
where u moves by one pixel. The first is a product of polynomials of four and two terms, known from
its values at 0, 1, -1, 2 and infinity (Toom and Cook; Winograd 1980): five products instead of
eight. The second needs four. Both axes: (5 + 4)^2. Tiles overlap by one place and are added.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from export.kernels.epilogue.reference import Floats
from export.kernels.products import kernel as products
from export.kernels.simd import LANES, load, splat, store
from export.kernels.winograd.kernel import activated

KERNEL: NDArray[np.float64] = np.array(
    [[1, 0], [1 / 2, 1 / 2], [1 / 2, -1 / 2], [1 / 6, 1 / 3], [0, 1]]
)
"""Values of a + c u at the five points; the last step divides by 2 and 6, which is done here."""
PLANES = 81


def split_weights(weight: NDArray[Any]) -> Floats:
    """(out, in, 3, 3) -> (36, in, out) float32: 25 for even rows and columns, 5 for even rows and
    odd columns, 5 for odd rows and even columns, 1 for odd ones."""
    both = np.einsum("ak,oikl,bl->abio", KERNEL, weight[:, :, ::2, ::2], KERNEL, optimize=True)
    rows = np.einsum("ak,oik->aio", KERNEL, weight[:, :, ::2, 1])
    columns = np.einsum("bl,oil->bio", KERNEL, weight[:, :, 1, ::2])
    parts = [both.reshape(25, *both.shape[2:]), rows, columns, weight[:, :, 1, 1].T[None]]
    return np.ascontiguousarray(np.concatenate(parts), np.float32)


def multiply(points: Floats, tiles: int, panels: Floats, out: Floats) -> None:
    """points (81, T, in), `tiles` of them used, 36 weights in panels -> out (81, T, out)."""
    products.multiply(points[:25], tiles, panels[:25], out[:25])
    for first, used in ((25, panels[25:30]), (45, panels[30:35]), (65, panels[35:])):
        some, count = slice(first, first + (16 if first == 65 else 20)), len(used)
        merged = points[some].reshape(count, -1, points.shape[2])
        answers = out[some].reshape(count, -1, out.shape[2])
        products.multiply(merged, merged.shape[1], used, answers)


@numba.njit(inline="always")
def _five(a, b, c, d):  # type: ignore[no-untyped-def]
    """Four pixels to the five points."""
    even, odd = a + c, b + d
    return (
        a,
        even + odd,
        even - odd,
        a + splat(2.0) * b + splat(4.0) * c + splat(8.0) * d,
        d,
    )


@numba.njit(inline="always")
def _places(m, n, o, p, q):  # type: ignore[no-untyped-def]
    """Five products to the five places."""
    odd, second = n - o, n + o - m - q
    fourth = p - splat(1 / 6) * m - splat(2 / 3) * second - splat(8 / 3) * q
    fourth = fourth - splat(1 / 3) * odd
    return (m, odd - fourth, second, fourth, q)


@numba.njit(inline="always")
def _put(out, first, step, tile, c, values):  # type: ignore[no-untyped-def]
    store(out, (first, tile, c), values[0])
    store(out, (first + step, tile, c), values[1])
    store(out, (first + 2 * step, tile, c), values[2])
    store(out, (first + 3 * step, tile, c), values[3])
    store(out, (first + 4 * step, tile, c), values[4])


@numba.njit(inline="always")
def _pixel_column(x, top, left, c):  # type: ignore[no-untyped-def]
    return (
        load(x, (top, left, c)),
        load(x, (top + 1, left, c)),
        load(x, (top + 2, left, c)),
        load(x, (top + 3, left, c)),
    )


@numba.njit(cache=True, nogil=True)
def to_split(x: Floats, first: int, tiles: int, out: Floats) -> None:
    """x (H + 2, W + 2, C) -> out (81, T, C) for `tiles` tiles from row `first` of tiles on.

    H and W are multiples of 4, C of LANES.
    """
    across = (x.shape[1] - 2) // 4
    for tile in range(tiles):
        top, left = 4 * (first + tile // across) + 1, 4 * (tile % across) + 1
        for c in range(0, x.shape[2], LANES):
            k = _pixel_column(x, top, left, c)
            l = _pixel_column(x, top, left + 1, c)
            m = _pixel_column(x, top, left + 2, c)
            n = _pixel_column(x, top, left + 3, c)
            for row in range(4):
                _put(out, 45 + row, 4, tile, c, _five(k[row], l[row], m[row], n[row]))
                store(out, (65 + 4 * row, tile, c), k[row])
                store(out, (66 + 4 * row, tile, c), l[row])
                store(out, (67 + 4 * row, tile, c), m[row])
                store(out, (68 + 4 * row, tile, c), n[row])
            e = _five(k[0], k[1], k[2], k[3])
            f = _five(l[0], l[1], l[2], l[3])
            g = _five(m[0], m[1], m[2], m[3])
            h = _five(n[0], n[1], n[2], n[3])
            _put(out, 25, 4, tile, c, e)
            _put(out, 26, 4, tile, c, f)
            _put(out, 27, 4, tile, c, g)
            _put(out, 28, 4, tile, c, h)
            for row in range(5):
                _put(out, 5 * row, 1, tile, c, _five(e[row], f[row], g[row], h[row]))


@numba.njit(inline="always")
def _get(points, first, step, tile, c):  # type: ignore[no-untyped-def]
    return _places(
        load(points, (first, tile, c)),
        load(points, (first + step, tile, c)),
        load(points, (first + 2 * step, tile, c)),
        load(points, (first + 3 * step, tile, c)),
        load(points, (first + 4 * step, tile, c)),
    )


@numba.njit(inline="always")
def _add(out, y, x, c, value):  # type: ignore[no-untyped-def]
    store(out, (y, x, c), load(out, (y, x, c)) + value)


@numba.njit(inline="always")
def _put_row(out, y, x, c, values):  # type: ignore[no-untyped-def]
    """Five even places; the first belongs to the tile before too."""
    _add(out, y, x, c, values[0])
    store(out, (y, x + 2, c), values[1])
    store(out, (y, x + 4, c), values[2])
    store(out, (y, x + 6, c), values[3])
    store(out, (y, x + 8, c), values[4])


@numba.njit(cache=True, nogil=True)
def from_split(points: Floats, first: int, tiles: int, out: Floats) -> None:
    """points (81, T, C) -> the spread sums out (2 H + 3, 2 W + 3, C), border of zeros included.

    The first row and column inside the border must be zero before row 0 of tiles is written.
    """
    across = (out.shape[1] - 3) // 8
    for tile in range(tiles):
        top, left = 8 * (first + tile // across) + 1, 8 * (tile % across) + 1
        for c in range(0, out.shape[2], LANES):
            k = _get(points, 0, 5, tile, c)
            l = _get(points, 1, 5, tile, c)
            m = _get(points, 2, 5, tile, c)
            n = _get(points, 3, 5, tile, c)
            o = _get(points, 4, 5, tile, c)
            values = _places(k[0], l[0], m[0], n[0], o[0])
            _add(out, top, left, c, values[0])
            _add(out, top, left + 2, c, values[1])
            _add(out, top, left + 4, c, values[2])
            _add(out, top, left + 6, c, values[3])
            _add(out, top, left + 8, c, values[4])
            for row in range(1, 5):
                values = _places(k[row], l[row], m[row], n[row], o[row])
                _put_row(out, top + 2 * row, left, c, values)
            for column in range(4):
                values = _get(points, 25 + column, 4, tile, c)
                x = left + 2 * column + 1
                _add(out, top, x, c, values[0])
                store(out, (top + 2, x, c), values[1])
                store(out, (top + 4, x, c), values[2])
                store(out, (top + 6, x, c), values[3])
                store(out, (top + 8, x, c), values[4])
            for row in range(4):
                y = top + 2 * row + 1
                _put_row(out, y, left, c, _get(points, 45 + row, 4, tile, c))
                for column in range(4):
                    value = load(points, (65 + 4 * row + column, tile, c))
                    store(out, (y, left + 2 * column + 1, c), value)


@numba.njit(cache=True, nogil=True)
def filter_rows(
    spread: Floats,
    begin: int,
    end: int,
    scale: Floats,
    bias: Floats,
    picture: Floats,
    after: Floats,
    rows: Floats,
    out: Floats,
) -> None:
    """FIR and epilogue of spread (2 H + 3, 2 W + 3, C): rows begin..end of out, with its border.

    scale, bias, after (C,), picture (2 H, 2 W); rows (4, 2 W, C) is scratch.
    """
    three, quarter = splat(3.0), splat(0.25)
    for m in range(begin, end + 3):
        for x in range(rows.shape[1]):
            for c in range(0, out.shape[2], LANES):
                near = load(spread, (m, x + 1, c)) + load(spread, (m, x + 2, c))
                far = load(spread, (m, x, c)) + load(spread, (m, x + 3, c))
                store(rows, (m % 4, x, c), quarter * (far + three * near))
        y = m - 3
        if y < begin:
            continue
        for x in range(rows.shape[1]):
            for c in range(0, out.shape[2], LANES):
                near = load(rows, ((y + 1) % 4, x, c)) + load(rows, ((y + 2) % 4, x, c))
                far = load(rows, (y % 4, x, c)) + load(rows, (m % 4, x, c))
                value = quarter * (far + three * near)
                value = activated(
                    value, load(scale, (c,)), load(bias, (c,)), picture[y, x], load(after, (c,))
                )
                store(out, (y + 1, x + 1, c), value)
