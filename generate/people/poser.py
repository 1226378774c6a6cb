"""`Poser`: moves the vertices of one child, by kernels that an engine runs.

The engine is numba on the CPU, or the GL view's on a GPU. What a person's vertices need is handed
to the engine once; a pose is `Moves`, a few hundred numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from generate.people.asset import Rows, Topology, load_asset, load_topology
from generate.people.body import Body
from generate.people.head import Head
from generate.people.kernels import (
    add_shapes,
    blend_bones,
    face_normals,
    lift_cloth,
    mean_normals,
    pull_along,
    push_out,
    rows_times,
    take_rows,
    triangles_around,
    turn_about,
)
from generate.people.lips import OVERLAP_M, lip_seam
from generate.people.lips_kernels import close_gaps, gaps_to_close

F32 = NDArray[np.float32]


class Runner:
    """Runs kernels whose outermost loop is over what they write; here as numba compiled them."""

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> Any:
        """An array for kernels to write to."""
        return np.empty(shape, dtype)

    def upload(self, array: NDArray[Any]) -> Any:
        """A numpy array for kernels that are run more than once with it."""
        return array

    def fetch(self, array: Any) -> NDArray[Any]:
        """An array of the engine as numpy's."""
        return np.asarray(array)

    def run(self, kernel: Callable[..., None], *args: Any) -> None:
        kernel(*args)


class Moves(NamedTuple):
    """One moment of a child as numbers."""

    amounts: F32
    """(K,) of `Head.shapes`."""
    eyes: F32
    """(3, 3) turn of the eyeballs in the head."""
    reach_m: float
    """Gap between the lips that is shut, see `lips.closing_reach`."""
    bones: F32
    """(J, 3, 4) of the four bones of the neck, then of both arms where there is a body."""
    torso: F32 | None
    """(1, 3, 4) what bends all above the waist; None while upright."""


class Poser:
    """Calling it gives the points and the unit normals (V, 3) of a moment, as engine arrays."""

    def __init__(
        self, head: Head, topology: Topology, garment: str, body: Body | None, engine: Runner
    ) -> None:
        up, empty = engine.upload, engine.empty
        self.engine, self.body, self.scale = engine, body, head.scale
        self.count, self.n_tris = len(topology.material), len(topology.tris)
        self.cloth, cloth_tris = topology.parts["cloth"]
        self.cloth_tris = cloth_tris
        self._face = up(head.rest), up(head.slot), up(head.shapes)
        balls = [np.repeat(centre[None], len(ids), 0) for ids, centre, _ in head.eyes]
        self._eyes = up(np.concatenate([ids for ids, *_ in head.eyes])), up(np.concatenate(balls))
        self._rows = _uploaded(engine, topology.rows)
        self._lids = tuple(up(array) for array in head.lid_arrays)
        seam = lip_seam()
        self._lips = tuple(
            up(a) for a in (seam.upper, seam.upper_start, seam.lower, seam.lower_start)
        )
        self._lip_moves = up(seam.moved), up(seam.share), up(seam.place)
        self._neck = up(neck_weights(garment, "face" if body is None else "upper"))
        self._tris = up(topology.tris)
        self._around = tuple(up(a) for a in _around(garment, "face" if body is None else "upper"))
        self._lift = up(topology.normal_of), up(topology.offset_m)
        self._shift = up(topology.shift_m * np.float32(head.scale))
        self._base = empty(head.rest.shape, np.float32)
        self._upright = empty((len(topology.rows.start) - 1, 3), np.float32)
        self._close = empty((len(seam.upper_start) - 1,), np.float32)
        self._faces = empty(topology.tris.shape, np.float32)
        if body is not None:
            self._add_body(body)
        places = [topology.landmarks, topology.contour]
        shapes = [anchors.corner.shape[:-1] for anchors in places]
        self._anchor_shapes = shapes
        self._anchors = Rows(
            np.arange(0, 3 * sum(int(np.prod(s)) for s in shapes) + 1, 3, dtype=np.int32),
            np.concatenate([a.corner.ravel() for a in places]),
            np.concatenate([a.weight.ravel() for a in places]),
        )
        self._anchor_rows = _uploaded(engine, self._anchors)

    def _add_body(self, body: Body) -> None:
        up, collar = self.engine.upload, body.collar
        self._body = up(body.rest), up(body.weights)
        weights = np.ones((self.count, 1), np.float32)
        weights[self.count - len(body.rest) :] = body.trunk
        self._trunk = up(weights)
        self._collar = up(collar.ids.astype(np.int32)), up(collar.weights), up(collar.share)
        self._under = self.engine.empty((len(collar.ids), 3), np.float32)

    def __call__(self, moves: Moves) -> tuple[Any, Any]:
        """Points and unit normals (V, 3), in new arrays of the engine."""
        points, normals = (self.engine.empty((self.count, 3), np.float32) for _ in range(2))
        self._raise(moves)
        self._hang(moves, points)
        self._dress(points, normals)
        if moves.torso is not None:
            self.engine.run(blend_bones, points, self._trunk, moves.torso, 0, points)
            self._normals(points, slice(0, self.n_tris), slice(0, self.count), normals)
        return points, normals

    def _raise(self, moves: Moves) -> None:
        """The upright head, subdivided, with lids and lips that meet."""
        run, upright = self.engine.run, self._upright
        active = np.flatnonzero(moves.amounts).astype(np.int32)
        rest, slot, shapes = self._face
        run(add_shapes, rest, slot, shapes, active, moves.amounts[active], self._base)
        run(turn_about, self._base, *self._eyes, moves.eyes)
        run(rows_times, *self._rows, self._base, upright)
        run(push_out, upright, *self._lids)
        reach, overlap = np.float32(moves.reach_m), np.float32(OVERLAP_M)
        run(gaps_to_close, upright, *self._lips, reach, overlap, self._close)
        run(close_gaps, self._close, *self._lip_moves, upright)

    def _hang(self, moves: Moves, points: Any) -> None:
        """Hang head and body on their bones."""
        run = self.engine.run
        run(blend_bones, self._upright, self._neck, moves.bones[:4], 0, points)
        if self.body is None:
            return
        rest, weights = self._body
        run(blend_bones, rest, weights, moves.bones, self.count - len(rest), points)
        ids, weights, share = self._collar
        run(take_rows, self._upright, ids, self._under)
        run(blend_bones, self._under, weights, moves.bones, 0, self._under)
        run(pull_along, self._under, ids, share, points)

    def _dress(self, points: Any, normals: Any) -> None:
        """Lift the garment off the skin in place; normals of everything."""
        cloth, lift = self.cloth, (*self._lift, self._shift)
        self._normals(points, slice(0, self.n_tris), slice(0, self.count), normals)
        self.engine.run(lift_cloth, normals, *lift, cloth.start, cloth.stop, points)
        self._normals(points, self.cloth_tris, cloth, normals)

    def _normals(self, points: Any, tris: slice, which: slice, normals: Any) -> None:
        run, faces = self.engine.run, self._faces
        run(face_normals, points, self._tris, tris.start, tris.stop, faces)
        run(mean_normals, faces, *self._around, which.start, which.stop, normals)

    def anchored(self, points: Any) -> tuple[F32, F32]:
        """Landmarks (68, 3) and contour (17, S, 3) of points that this poser made."""
        total = len(self._anchors.start) - 1
        out = self.engine.empty((total, 3), np.float32)
        self.engine.run(rows_times, *self._anchor_rows, points, out)
        both, (marks, strips) = self.engine.fetch(out), self._anchor_shapes
        first = int(np.prod(marks))
        return both[:first].reshape(*marks, 3), both[first:].reshape(*strips, 3)


def _uploaded(engine: Runner, rows: Rows) -> tuple[Any, Any, Any]:
    return engine.upload(rows.start), engine.upload(rows.index), engine.upload(rows.weight)


@cache
def _around(garment: str, framing: str) -> tuple[Any, Any]:
    topology = load_topology(garment, framing)
    return triangles_around(topology.tris, len(topology.material))


@cache
def neck_weights(garment: str, framing: str) -> F32:
    """Neck and head bone weights (V, 4) of the render points that hang on the head's asset."""
    rows, base = load_topology(garment, framing).rows, load_asset().weights
    out = np.empty((len(rows.start) - 1, 4), np.float32)
    for columns in ([0, 1, 2], [1, 2, 3]):
        block = np.empty((len(out), 3), np.float32)
        some = np.ascontiguousarray(base[:, columns])
        rows_times(rows.start, rows.index, rows.weight, some, block)
        out[:, columns] = block
    return out
