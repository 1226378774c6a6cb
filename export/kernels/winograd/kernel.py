"""The two transforms of F(4 x 4, 3 x 3), LANES channels at once; between them are 36 products of
matrices. Layout is (H, W, C) with a border of zeros."""

from __future__ import annotations

import numba

from export.kernels.epilogue.reference import Floats
from export.kernels.products.kernel import multiply, planes_of
from export.kernels.simd import LANES, larger, load, splat, store


@numba.njit(inline="always")
def _six(a, b, c, d, e, f):  # type: ignore[no-untyped-def]
    """Six inputs of one axis to six points."""
    two, four, five = splat(2.0), splat(4.0), splat(5.0)
    even, odd = e - c, two * (d - b)
    return (
        four * a - five * c + e,
        d + e - four * (b + c),
        e - d + four * (b - c),
        even + odd,
        even - odd,
        four * b - five * d + f,
    )


@numba.njit(inline="always")
def _four(a, b, c, d, e, f):  # type: ignore[no-untyped-def]
    """Six points of one axis to four results."""
    near, near_odd, far, far_odd = b + c, b - c, d + e, d - e
    return (
        a + near + far,
        near_odd + splat(2.0) * far_odd,
        near + splat(4.0) * far,
        near_odd + splat(8.0) * far_odd + f,
    )


@numba.njit(inline="always")
def _column(x, top, left, c):  # type: ignore[no-untyped-def]
    return _six(
        load(x, (top, left, c)),
        load(x, (top + 1, left, c)),
        load(x, (top + 2, left, c)),
        load(x, (top + 3, left, c)),
        load(x, (top + 4, left, c)),
        load(x, (top + 5, left, c)),
    )


@numba.njit(inline="always")
def _put(out, row, tile, c, points):  # type: ignore[no-untyped-def]
    store(out, (6 * row, tile, c), points[0])
    store(out, (6 * row + 1, tile, c), points[1])
    store(out, (6 * row + 2, tile, c), points[2])
    store(out, (6 * row + 3, tile, c), points[3])
    store(out, (6 * row + 4, tile, c), points[4])
    store(out, (6 * row + 5, tile, c), points[5])


@numba.njit(cache=True, nogil=True)
def to_points(x: Floats, first: int, tiles: int, out: Floats) -> None:
    """x (H + 2, W + 2, C) -> out (36, T, C or more): 4 x 4 pixels each, from tile `first` on.

    H and W are multiples of 4, C of LANES.
    """
    across = (x.shape[1] - 2) // 4
    for tile in range(tiles):
        top, left = 4 * ((first + tile) // across), 4 * ((first + tile) % across)
        for c in range(0, x.shape[2], LANES):
            k = _column(x, top, left, c)
            l = _column(x, top, left + 1, c)
            m = _column(x, top, left + 2, c)
            n = _column(x, top, left + 3, c)
            o = _column(x, top, left + 4, c)
            p = _column(x, top, left + 5, c)
            _put(out, 0, tile, c, _six(k[0], l[0], m[0], n[0], o[0], p[0]))
            _put(out, 1, tile, c, _six(k[1], l[1], m[1], n[1], o[1], p[1]))
            _put(out, 2, tile, c, _six(k[2], l[2], m[2], n[2], o[2], p[2]))
            _put(out, 3, tile, c, _six(k[3], l[3], m[3], n[3], o[3], p[3]))
            _put(out, 4, tile, c, _six(k[4], l[4], m[4], n[4], o[4], p[4]))
            _put(out, 5, tile, c, _six(k[5], l[5], m[5], n[5], o[5], p[5]))


@numba.njit(inline="always")
def _point_column(points, column, tile, c):  # type: ignore[no-untyped-def]
    return _four(
        load(points, (column, tile, c)),
        load(points, (column + 6, tile, c)),
        load(points, (column + 12, tile, c)),
        load(points, (column + 18, tile, c)),
        load(points, (column + 24, tile, c)),
        load(points, (column + 30, tile, c)),
    )


@numba.njit(inline="always")
def activated(x, scale, bias, picture, after):  # type: ignore[no-untyped-def]
    """The epilogue of one pixel: leaky ReLU of x * scale + bias + picture, times `after`."""
    x = x * scale + (bias + splat(picture))
    return larger(x, splat(0.2) * x) * after


@numba.njit(cache=True, nogil=True)
def from_points(
    points: Floats,
    first: int,
    tiles: int,
    scale: Floats,
    bias: Floats,
    picture: Floats,
    after: Floats,
    out: Floats,
) -> None:
    """points (36, T, C or more) -> out (H + 2, W + 2, C), `tiles` tiles from `first` on.

    scale, bias, after (C,), picture (H, W): the epilogue of `finished`. The border is not touched.
    """
    across = (out.shape[1] - 2) // 4
    for tile in range(tiles):
        top, left = 4 * ((first + tile) // across), 4 * ((first + tile) % across)
        for c in range(0, out.shape[2], LANES):
            times, plus, then = load(scale, (c,)), load(bias, (c,)), load(after, (c,))
            k = _point_column(points, 0, tile, c)
            l = _point_column(points, 1, tile, c)
            m = _point_column(points, 2, tile, c)
            n = _point_column(points, 3, tile, c)
            o = _point_column(points, 4, tile, c)
            p = _point_column(points, 5, tile, c)
            rows = (
                _four(k[0], l[0], m[0], n[0], o[0], p[0]),
                _four(k[1], l[1], m[1], n[1], o[1], p[1]),
                _four(k[2], l[2], m[2], n[2], o[2], p[2]),
                _four(k[3], l[3], m[3], n[3], o[3], p[3]),
            )
            for y in range(4):
                row, at = rows[y], top + y
                a = activated(row[0], times, plus, picture[at, left], then)
                store(out, (at + 1, left + 1, c), a)
                a = activated(row[1], times, plus, picture[at, left + 1], then)
                store(out, (at + 1, left + 2, c), a)
                a = activated(row[2], times, plus, picture[at, left + 2], then)
                store(out, (at + 1, left + 3, c), a)
                a = activated(row[3], times, plus, picture[at, left + 3], then)
                store(out, (at + 1, left + 4, c), a)


@numba.njit(cache=True, nogil=True)
def convolve(
    x: Floats,
    panels: Floats,
    strip: int,
    memory: tuple[Floats, Floats],
    scale: Floats,
    bias: Floats,
    picture: Floats,
    after: Floats,
    out: Floats,
) -> None:
    """x (H + 2, W + 2, in) -> out (H + 2, W + 2, out) by weights in panels, `strip` tiles at once.

    memory: room for 36 planes of points and of answers. The rest is as `from_points` has it.
    """
    total = picture.shape[0] * picture.shape[1] // 16
    for first in range(0, total, strip):
        tiles = min(strip, total - first)
        points = planes_of(memory[0], 0, 36, tiles, x.shape[2])
        answers = planes_of(memory[1], 0, 36, tiles, out.shape[2])
        to_points(x, first, tiles, points)
        multiply(points, tiles, panels, answers)
        from_points(answers, first, tiles, scale, bias, picture, after, out)
