"""Visibility buffer: which triangle is nearest at each sample, exactly once at shared edges.

Vertices are snapped to 1/256 sample; edge functions are integers, so they are exact, and a sample
on a shared edge belongs to one of its two triangles (the top-left rule of Direct3D and OpenGL).
Samples lie at +0.5. Depth is 1/z (larger is nearer), which is linear on the screen.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math

import numba
import numpy as np

from generate.people.ids import AUX_ACROSS, AUX_ALONG, AUX_STRAND, HAIR, LASH, TONGUE
from generate.render.noise import hash_unit

SUBPIXEL = 256
FAR_OUT = 1 << 22
SOLID = 255
WIDE = 5
"""Bounding boxes wider than this are cut to the triangle's span in each row."""
TILE, BATCH = 8, 4096
"""Side of the tiles whose farthest depth is known, renewed after so many drawn triangles."""
STRANDS = 7
"""Hairs that a ribbon is cut into."""
LASHES = 60
"""Hairs that a lid's strip is cut into."""


@numba.njit
def _hair_is_cut(across, along, ribbon):
    """Whether a ribbon is open here: its hairs begin and end one by one, and taper to the tip."""
    if 0.15 < along < 0.45:
        return False
    place = (across * 0.5 + 0.5) * (STRANDS - 0.001)
    strand = int(place)
    ragged = hash_unit(int(ribbon * 65536.0) * 8 + strand)
    if along <= 0.15:
        return along < 0.15 * ragged
    left = (0.68 + 0.36 * ragged - 0.16 * across * across - along) * 2.6
    return left < 1.0 and abs(2.0 * (place - strand) - 1.0) > 0.15 + 0.85 * left


@numba.njit
def _lash_is_cut(place, along, hidden):
    number = int(place * LASHES + 4.0 * (hash_unit(int(place * 15.0)) - 0.5) * along)
    phase = place * LASHES - number
    gap = abs(phase - 0.2 - 0.6 * hash_unit(number * 3 + 1)) * 2.0
    length = 0.45 + 0.5 * hash_unit(number * 3 + 2)
    return hidden > 0.5 or along > length or gap > 1.0 - 0.9 * along / length


@numba.njit
def _is_cut(material, aux, a, b, c, wa, wb, wc):
    if material != HAIR and material != LASH:
        return False
    across = wa * aux[a, AUX_ACROSS] + wb * aux[b, AUX_ACROSS] + wc * aux[c, AUX_ACROSS]
    along = wa * aux[a, AUX_ALONG] + wb * aux[b, AUX_ALONG] + wc * aux[c, AUX_ALONG]
    if material == HAIR:
        return _hair_is_cut(across, along, aux[a, AUX_STRAND])
    return _lash_is_cut(across, along, aux[a, AUX_STRAND])


@numba.njit
def _owns_edge(dx, dy):
    return dy < 0 or (dy == 0 and dx > 0)


@numba.njit
def _bias(dx, dy):
    """0 where a sample on the edge belongs to the triangle, -1 where to its neighbour."""
    return 0 if _owns_edge(dx, dy) else -1


@numba.njit
def _first(low):
    """First sample whose centre is at or after `low` (1/256 sample)."""
    return (low + SUBPIXEL // 2 - 1) >> 8


@numba.njit
def _last(high):
    return (high - SUBPIXEL // 2) >> 8


@numba.njit
def _snapped(value):
    return math.floor(min(max(value * SUBPIXEL, -FAR_OUT), FAR_OUT) + 0.5)


@numba.njit(cache=True)
def project(moving, matrix, focal, center, near, k1, turning, xy, inverse_z):
    """Screen place of world points moving[0]: xy (V, 2) int32 in 1/256 sample, inverse_z (V,).

    matrix (3, 4): world -> camera axes; focal and center in samples; what lies nearer than `near`
    gets inverse_z 0 and is not drawn. focal 0 is a parallel view, whose depth is `matrix`'s own.
    k1 and turning: radial term of the lens and where it ends, as `camera.bent`.
    """
    for v in range(moving.shape[1]):
        px, py, pz = moving[0, v, 0], moving[0, v, 1], moving[0, v, 2]
        x = matrix[0, 0] * px + matrix[0, 1] * py + matrix[0, 2] * pz + matrix[0, 3]
        y = matrix[1, 0] * px + matrix[1, 1] * py + matrix[1, 2] * pz + matrix[1, 3]
        z = matrix[2, 0] * px + matrix[2, 1] * py + matrix[2, 2] * pz + matrix[2, 3]
        scale = 1.0
        inverse_z[v] = z if z > near else 0.0
        if focal > 0.0:
            inverse_z[v] = 1.0 / z if z > near else 0.0
            scale = focal * inverse_z[v]
            if k1 != 0.0:
                square = (x * x + y * y) * inverse_z[v] * inverse_z[v]
                scale *= 1.0 + k1 * min(square, turning)
        xy[v, 0] = _snapped(x * scale + center)
        xy[v, 1] = _snapped(y * scale + center)


@numba.njit
def _refresh(depth, far):
    """Farthest depth of each whole tile into `far`; tiles cut by the rim stay 0."""
    for j in range(depth.shape[0] // TILE):
        for i in range(depth.shape[1] // TILE):
            low = depth[j * TILE, i * TILE]
            for y in range(j * TILE, j * TILE + TILE):
                for x in range(i * TILE, i * TILE + TILE):
                    low = min(low, depth[np.uint64(y), np.uint64(x)])
            far[j, i] = low


@numba.njit
def _hidden(far, x0, x1, y0, y1, nearest):
    """True if all samples of the box are known to be nearer than `nearest`."""
    for j in range(y0 // TILE, y1 // TILE + 1):
        for i in range(x0 // TILE, x1 // TILE + 1):
            if far[j, i] < nearest:
                return False
    return True


@numba.njit
def _span(edge, rise, per_rise, left, right):
    """Narrow samples left..right to where `edge` + `rise` a sample is not negative, or wider."""
    if rise > 0:
        left = max(left, math.floor(-edge * per_rise))
    elif rise < 0:
        right = min(right, math.ceil(-edge * per_rise))
    return left, right


@numba.njit
def _per(rise):
    return 1.0 / rise if rise != 0 else 0.0


@numba.njit(cache=True)
def rasterize(xy, inverse_z, tris, material, aux, cut, depth, ids):
    """Draw all triangles into `depth` (H, W) 1/z and `ids` (H, W) triangle numbers.

    xy (V, 2) and inverse_z (V,) from `project`; tris (F, 3); material (F,) of triangles, of which
    skin, eyes, teeth and tongue show their outside alone; `cut` draws hair and lashes as single
    hairs rather than as whole ribbons. Call with depth 0 and ids -1.
    """
    height, width = depth.shape
    far = np.zeros((height // TILE + 1, width // TILE + 1), np.float32)
    drawn = 0
    for t in range(tris.shape[0]):
        a, b, c = np.uint64(tris[t, 0]), np.uint64(tris[t, 1]), np.uint64(tris[t, 2])
        ax, ay = np.int64(xy[a, 0]), np.int64(xy[a, 1])
        bx, by = np.int64(xy[b, 0]), np.int64(xy[b, 1])
        cx, cy = np.int64(xy[c, 0]), np.int64(xy[c, 1])
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        kind = material[t]
        if area == 0 or (area > 0 and kind <= TONGUE):
            continue
        x0, x1 = max(_first(min(ax, bx, cx)), 0), min(_last(max(ax, bx, cx)), width - 1)
        y0, y1 = max(_first(min(ay, by, cy)), 0), min(_last(max(ay, by, cy)), height - 1)
        if x0 > x1 or y0 > y1:
            continue
        za, zb, zc = float(inverse_z[a]), float(inverse_z[b]), float(inverse_z[c])
        if min(za, zb, zc) <= 0.0 or _hidden(far, x0, x1, y0, y1, max(za, zb, zc)):
            continue
        if area < 0:
            b, c, bx, by, cx, cy, zb, zc = c, b, cx, cy, bx, by, zc, zb
            area = -area
        bias_a, bias_b, bias_c = (
            _bias(cx - bx, cy - by),
            _bias(ax - cx, ay - cy),
            _bias(bx - ax, by - ay),
        )
        # Edge functions: value at the first sample, and change to the next column and row.
        px, py = x0 * SUBPIXEL + SUBPIXEL // 2, y0 * SUBPIXEL + SUBPIXEL // 2
        row_a = (cx - bx) * (py - by) - (cy - by) * (px - bx)
        row_b = (ax - cx) * (py - cy) - (ay - cy) * (px - cx)
        row_c = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
        inside = (row_a + bias_a) | (row_b + bias_b) | (row_c + bias_c)
        if x0 == x1 and y0 == y1 and inside < 0:
            continue
        drawn += 1
        if drawn % BATCH == 0:
            _refresh(depth, far)
        across_a, across_b, across_c = (
            (by - cy) * SUBPIXEL,
            (cy - ay) * SUBPIXEL,
            (ay - by) * SUBPIXEL,
        )
        scale = 1.0 / area
        z_across = (across_a * za + across_b * zb + across_c * zc) * scale
        per_a = per_b = per_c = 0.0
        wide = x1 - x0 > WIDE
        if wide:
            per_a, per_b, per_c = _per(across_a), _per(across_b), _per(across_c)
        hairy = cut and kind in (HAIR, LASH)
        for y in range(y0, y1 + 1):
            row, left, right = np.uint64(y), 0, x1 - x0
            if wide:
                left, right = _span(row_a, across_a, per_a, left, right)
                left, right = _span(row_b, across_b, per_b, left, right)
                left, right = _span(row_c, across_c, per_c, left, right)
            ea, eb, ec = row_a + across_a * left, row_b + across_b * left, row_c + across_c * left
            z = (ea * za + eb * zb + ec * zc) * scale
            for x in range(np.uint64(x0 + left), np.uint64(x0 + max(right + 1, left))):
                inside = (ea + bias_a) | (eb + bias_b) | (ec + bias_c)
                if inside >= 0 and z > depth[row, x]:
                    wa, wb, wc = ea * scale, eb * scale, ec * scale
                    if not hairy or not _is_cut(kind, aux, a, b, c, wa, wb, wc):
                        depth[row, x] = z
                        ids[row, x] = t
                ea, eb, ec, z = ea + across_a, eb + across_b, ec + across_c, z + z_across
            row_a += (cx - bx) * SUBPIXEL
            row_b += (ax - cx) * SUBPIXEL
            row_c += (bx - ax) * SUBPIXEL
