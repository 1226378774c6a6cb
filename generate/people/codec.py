"""Byte format of the baked asset: sparse integer deltas and an archive with fixed dates."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTUM_M = 4e-6
"""Smallest step of a stored displacement; a shape that reaches past 131 mm takes a coarser one."""

STEPPED = ("tris", "row_start", "normal_of")
"""Integer arrays stored as steps along their first axis, low bytes apart from high bytes, under
their name, a tilde and their type."""

_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Shapes:
    """K sparse displacement fields over the base vertices, and what they do to the bone heads."""

    start: NDArray[np.int64]
    """(K + 1,) shape k owns the entries start[k] to start[k + 1]."""
    vertex: NDArray[np.int64]
    """(E,) base vertex of each entry."""
    delta: NDArray[np.float32]
    """(E, 3) metres, kit axes (x the person's left, y up, z forward)."""
    shift: NDArray[np.float32]
    """(K, 3) metres, added to every vertex."""
    bones: NDArray[np.float32]
    """(K, J, 3) metres, displacement of the bone heads."""

    def __len__(self) -> int:
        return len(self.start) - 1

    def add(
        self, out: NDArray[np.float32], weights: NDArray[np.float64], first: int = 0
    ) -> NDArray[np.float32]:
        """Add `weights[i]` times shape `first + i` to `out` (V, 3) in place; returns `out`."""
        for index in np.flatnonzero(weights):
            shape = first + int(index)
            span = slice(int(self.start[shape]), int(self.start[shape + 1]))
            weight = np.float32(weights[index])
            out[self.vertex[span]] += weight * self.delta[span]
            out += weight * self.shift[shape]
        return out


def pack_shapes(dense: list[NDArray[np.float32]], shared: int) -> dict[str, NDArray[Any]]:
    """Quantise displacement fields (V, 3).

    The first `shared` shapes move all vertices: their mean is stored once, as `shape_shift`.
    Entries are stored as differences along the vertices, low bytes apart from high bytes, which
    deflate packs to about a third.
    """
    shifts = [field.mean(0) if i < shared else np.zeros(3) for i, field in enumerate(dense)]
    counts, steps, codes, scales = [0], [], [], []
    for field, shift in zip(dense, shifts, strict=True):
        moved = field.astype(np.float64) - shift.astype(np.float32)
        scale = max(QUANTUM_M, float(np.abs(moved).max(initial=0.0)) / 32767)
        code = np.round(moved / scale).astype(np.int16)
        rows = np.flatnonzero(code.any(1))
        counts.append(len(rows))
        steps.append(np.diff(rows, prepend=0))
        codes.append(code[rows])
        scales.append(scale)
    stream = np.diff(np.concatenate(codes).T, prepend=np.int16(0), axis=1).astype("<i2")
    planes = np.ascontiguousarray(stream).view(np.uint8).reshape(3, -1, 2)
    return {
        "shape_start": np.cumsum(counts).astype(np.int32),
        "shape_step": np.concatenate(steps).astype(np.uint16),
        "shape_low": np.ascontiguousarray(planes[..., 0]),
        "shape_high": np.ascontiguousarray(planes[..., 1]),
        "shape_scale": np.array(scales, np.float64),
        "shape_shift": np.array(shifts, np.float32),
    }


def unpack_shapes(arrays: dict[str, NDArray[Any]]) -> Shapes:
    """Undo `pack_shapes`."""
    start = arrays["shape_start"].astype(np.int64)
    steps = arrays["shape_step"].astype(np.int64)
    vertex = np.cumsum(steps)
    owner = np.repeat(np.arange(len(start) - 1), np.diff(start))
    before = np.concatenate([[0], vertex])[start[:-1]]
    vertex -= before[owner]
    planes = np.stack([arrays["shape_low"], arrays["shape_high"]], -1)
    stream = np.ascontiguousarray(planes).view("<i2")[..., 0]
    codes = np.cumsum(stream, axis=1, dtype=np.int16).T
    delta = codes.astype(np.float32) * arrays["shape_scale"][owner, None].astype(np.float32)
    return Shapes(start, vertex, delta, arrays["shape_shift"], arrays["shape_bones"])


def archive(arrays: dict[str, NDArray[Any]]) -> bytes:
    """Return the bytes of an npz archive that depend on the arrays alone."""
    file = io.BytesIO()
    packed = dict(_stepped(name, array) for name, array in arrays.items())
    with zipfile.ZipFile(file, "w") as out:
        for name, array in sorted(packed.items()):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", _ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            out.writestr(info, member.getvalue(), compresslevel=9)
    return file.getvalue()


def read_archive(data: bytes) -> dict[str, NDArray[Any]]:
    """Read the arrays of an npz archive."""
    with np.load(io.BytesIO(data), allow_pickle=False) as npz:
        return dict(_whole(name, npz[name]) for name in npz.files)


def _stepped(name: str, array: NDArray[Any]) -> tuple[str, NDArray[Any]]:
    if name not in STEPPED:
        return name, array
    steps = np.diff(array, axis=0, prepend=np.zeros_like(array[:1]))
    size = array.dtype.itemsize
    planes = np.ascontiguousarray(steps).view(np.uint8).reshape(*array.shape, size)
    return f"{name}~{array.dtype.str[1:]}", np.moveaxis(planes, -1, 0)


def _whole(name: str, array: NDArray[Any]) -> tuple[str, NDArray[Any]]:
    name, _, kind = name.partition("~")
    if not kind:
        return name, array
    steps = np.ascontiguousarray(np.moveaxis(array, 0, -1)).view(f"<{kind}")[..., 0]
    return name, np.cumsum(steps, axis=0, dtype=steps.dtype)


def asset_path() -> Path:
    """Return where the baked asset lies."""
    return Path(__file__).parent / "data" / "head.npz"
