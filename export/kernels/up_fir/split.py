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
from export.kernels.products.kernel import multiply, planes_of
from export.kernels.simd import LANES, load, splat, store
from export.kernels.up_fir.fir import KEPT, filter_rows

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


@numba.njit(cache=True, nogil=True)
def _multiply(points: Floats, answers: Floats, tiles: int, panels: Floats, n_out: int) -> None:
    """81 planes of points by 36 weights in panels; planes of one weight are one product."""
    n_in, plane = panels.shape[2], 0
    for first, last, share in ((0, 25, 1), (25, 35, 4), (35, 36, 16)):
        count, rows = last - first, share * tiles
        end = plane + count * share
        some = planes_of(points, plane, count * share, tiles, n_in)
        made = planes_of(answers, plane, count * share, tiles, n_out)
        some = some.reshape(count, rows, n_in + LANES)
        made = made.reshape(count, rows, n_out + LANES)
        multiply(some, rows, panels[first:last], made)
        plane = end


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
def _pixel_column(x, times, top, left, c):  # type: ignore[no-untyped-def]
    return (
        load(x, (top, left, c)) * times,
        load(x, (top + 1, left, c)) * times,
        load(x, (top + 2, left, c)) * times,
        load(x, (top + 3, left, c)) * times,
    )


@numba.njit(cache=True, nogil=True)
def to_split(x: Floats, style: Floats, first: int, tiles: int, out: Floats) -> None:
    """x (H + 2, W + 2, C) * style (C,) -> out (81, T, C or more), tiles from `first` on.

    H and W are multiples of 4, C of LANES.
    """
    across = (x.shape[1] - 2) // 4
    for tile in range(tiles):
        top, left = 4 * ((first + tile) // across) + 1, 4 * ((first + tile) % across) + 1
        for c in range(0, x.shape[2], LANES):
            times = load(style, (c,))
            k = _pixel_column(x, times, top, left, c)
            l = _pixel_column(x, times, top, left + 1, c)
            m = _pixel_column(x, times, top, left + 2, c)
            n = _pixel_column(x, times, top, left + 3, c)
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
    """points (81, T, C or more) -> spread sums of `tiles` tiles, from tile `first` of row KEPT on.

    out (rows, 2 W + 3, C), border included. Its row KEPT - 1 holds what the tiles above have added,
    and column 1 zeros.
    """
    across = (out.shape[1] - 3) // 8
    for tile in range(tiles):
        top = 8 * ((first + tile) // across) + KEPT - 1
        left = 8 * ((first + tile) % across) + 1
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
def double_by_tiles(
    x: Floats,
    style: Floats,
    panels: Floats,
    strip: int,
    memory: tuple[Floats, Floats, Floats],
    scale: Floats,
    bias: Floats,
    picture: Floats,
    after: Floats,
    out: Floats,
) -> None:
    """x (H + 2, W + 2, in) * style (in,) -> out (2 H + 2, 2 W + 2, out), `strip` tiles at once.

    strip: whole rows of tiles, or a part of a row that divides it. memory: room for 81 planes of
    points, of answers, and spread rows (8 rows of tiles + KEPT + 1, 2 W + 3, out). scale, bias,
    after (out,), picture (2 H, 2 W): the epilogue.
    """
    height, width = picture.shape
    across, spread = width // 8, memory[2]
    total = height // 8 * across
    spread[:KEPT], spread[:, 0], spread[:, -1] = 0, 0, 0
    begin = 0
    for first in range(0, total, strip):
        tiles = min(strip, total - first)
        points = planes_of(memory[0], 0, PLANES, tiles, x.shape[2])
        answers = planes_of(memory[1], 0, PLANES, tiles, out.shape[2])
        to_split(x, style, first, tiles, points)
        _multiply(memory[0], memory[1], tiles, panels, out.shape[2])
        if first % across == 0:
            spread[KEPT:, 1] = 0
        from_split(answers, first % across, tiles, spread)
        if (first + tiles) % across == 0:
            bottom = 8 * ((first + tiles) // across)
            rows = 8 * (bottom // 8 - first // across)
            # The FIR reaches two places on, and the last row of a tile still waits for the next.
            end, top = bottom - 2, bottom - rows - 2
            if bottom == height:
                end = height
                spread[rows + KEPT] = 0
            filter_rows(spread, top, begin, end, scale, bias, picture, after, out)
            spread[:KEPT] = spread[rows : rows + KEPT]
            begin = end
