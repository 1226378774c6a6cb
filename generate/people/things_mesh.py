"""Solids that things are built of: tubes, lathed forms, blobs and boxes, as `Piece`s.

Lengths in metres, axes as in `child.Posed`; `rgb` is linear, 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from generate.people.ids import PROP
from generate.people.kernels import vertex_normals
from generate.people.piece import Piece

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


@dataclass(frozen=True)
class Stuff:
    """What a thing is made of."""

    rgb: tuple[float, float, float] | F64
    """(3,) or one colour per point (V, 3)."""
    part: int
    """Id in PARTS."""
    gloss: float = 0.25
    """0 matt to 1 mirror-like."""
    fuzz: float = 0.0
    """0 smooth to 1 wool or plush."""
    material: int = PROP
    follow: float = 1.0
    """1 turns with the head, 0 stays with the shoulders."""

    def but(self, **changes: object) -> Stuff:
        """The same stuff, changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


def solid(points: F64, tris: I32, stuff: Stuff, ao: float | F64 = 1.0) -> Piece:
    """A piece of one stuff; normals point to the outside of closed meshes. ao (V,) 0 to 1."""
    flat = np.ascontiguousarray(points.reshape(-1, 3), np.float32)
    if _volume(flat, tris) < 0:
        tris = np.ascontiguousarray(tris[:, ::-1])
    normals = vertex_normals(flat, tris)
    normals[np.abs(normals).sum(1) == 0] = (0, 0, 1)
    aux = np.empty((len(flat), 4), np.float32)
    aux[:, 0], aux[:, 1], aux[:, 2], aux[:, 3] = ao, stuff.part, stuff.gloss, stuff.fuzz
    return Piece(
        points=flat,
        normals=normals,
        canon=np.broadcast_to(np.asarray(stuff.rgb, np.float32), flat.shape).copy(),
        aux=aux,
        tris=tris.astype(np.int32),
        material=stuff.material,
        follow=np.full(len(flat), stuff.follow, np.float32),
    )


def _volume(points: NDArray[np.float32], tris: I32) -> float:
    a, b, c = np.moveaxis(points[tris] - points.mean(0), 1, 0)
    return float((a * np.cross(b, c)).sum())


def sheet(rows: int, columns: int, wrap: bool) -> I32:
    """Triangles of a grid of points (rows, columns); `wrap` joins the last column to the first."""
    i, j = np.meshgrid(
        np.arange(rows - 1), np.arange(columns if wrap else columns - 1), indexing="ij"
    )
    a, b = i * columns + j, i * columns + (j + 1) % columns
    c, d = a + columns, b + columns
    faces = np.stack([np.stack([a, b, c], -1), np.stack([b, d, c], -1)], 2)
    return faces.reshape(-1, 3).astype(np.int32)


def tube(
    path: F64, radius: float | F64, stuff: Stuff, sides: int = 6, closed: bool = False,
    flat: float = 1.0,
) -> Piece:  # fmt: skip
    """Sweep a circle along `path` (N, 3); radius (N,) in m; `flat` squeezes it along the up axis.

    Open tubes end in points, so that they are closed solids.
    """
    radii = np.broadcast_to(np.asarray(radius, np.float64), (len(path),))
    if not closed:
        path = np.concatenate([path[:1], path, path[-1:]])
        radii = np.concatenate([[1e-6], radii, [1e-6]])
    ahead = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    if not closed:
        ahead[0] = ahead[1] = path[2] - path[1]
        ahead[-1] = ahead[-2] = path[-2] - path[-3]
    ahead = _unit(ahead)
    up = np.where(np.abs(ahead[:, 1:2]) > 0.9, [[0.0, 0.0, 1.0]], [[0.0, 1.0, 0.0]])
    if len(np.unique(up, axis=0)) > 1:
        up = np.broadcast_to([[0.0, 0.0, 1.0]], path.shape) if closed else np.array([[1.0, 0, 0]])
    side = _unit(np.cross(ahead, up))
    over = np.cross(side, ahead)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    ring = np.cos(angle) * side[:, None] + flat * np.sin(angle) * over[:, None]
    points = path[:, None] + radii[:, None, None] * ring
    if closed:
        points = np.concatenate([points, points[:1]])
    return solid(points, sheet(len(points), sides, True), stuff)


def lathe(profile: F64, stuff: Stuff, sides: int = 24) -> Piece:
    """Turn a profile (N, 2) of radius and height about the y axis."""
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    around = np.stack([np.sin(angle), np.zeros(sides), np.cos(angle)], 1)
    points = profile[:, None, :1] * around + profile[:, None, 1:] * [0, 1, 0]
    return solid(points, sheet(len(profile), sides, True), stuff)


def blob(radii: tuple[float, float, float] | F64, stuff: Stuff, rows: int = 12) -> Piece:
    """An ellipsoid at the origin."""
    height = np.linspace(-np.pi / 2, np.pi / 2, rows + 1)
    profile = np.stack([np.cos(height), np.sin(height)], 1)
    round_ = lathe(profile, stuff, 2 * rows)
    normals = round_.points / np.asarray(radii)
    return replace(
        round_,
        points=(round_.points * np.asarray(radii)).astype(np.float32),
        normals=_unit(normals.astype(np.float64)).astype(np.float32),
    )


def box(radii: tuple[float, float, float], edge: float, stuff: Stuff) -> Piece:
    """A box with half sides `radii` and edges rounded to the radius `edge`, at the origin."""
    half = np.asarray(radii, np.float64)
    core = half - edge
    lines = [
        np.array([-h, -h + 0.3 * edge, -c, c, h - 0.3 * edge, h])
        for h, c in zip(half, core, strict=True)
    ]
    points, tris, first = [], [], 0
    for axis in range(3):
        u, v = np.meshgrid(lines[(axis + 1) % 3], lines[(axis + 2) % 3], indexing="ij")
        for side in (-1.0, 1.0):
            face = np.empty((6, 6, 3))
            face[..., axis], face[..., (axis + 1) % 3] = side * half[axis], u
            face[..., (axis + 2) % 3] = v
            points.append(face.reshape(-1, 3))
            quads = sheet(6, 6, False) + first
            tris.append(quads if side < 0 else quads[:, ::-1])
            first += 36
    cube = np.concatenate(points)
    inner = np.clip(cube, -core, core)
    out = _unit(cube - inner)
    made = solid(inner + edge * out, np.concatenate(tris), stuff)
    return replace(made, normals=out.astype(np.float32))


def placed(piece: Piece, turn: F64, shift: F64 | tuple[float, float, float]) -> Piece:
    """The piece turned by a rotation (3, 3), then moved."""
    matrix = turn.T.astype(np.float32)
    return replace(
        piece,
        points=piece.points @ matrix + np.asarray(shift, np.float32),
        normals=piece.normals @ matrix,
    )


def painted(piece: Piece, rgb: tuple[float, float, float], where: NDArray[np.bool_]) -> Piece:
    """The piece with another colour on the points `where`."""
    return replace(piece, canon=np.where(where[:, None], np.array(rgb, np.float32), piece.canon))


def _unit(vectors: F64) -> F64:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12))
