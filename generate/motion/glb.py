"""A small writer of binary glTF 2.0 (Khronos, ISO/IEC 12113): arrays in, the bytes of a .glb out.

Only what an animated head needs: dense and sparse accessors in one buffer, and the container.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC, CONTAINER_VERSION = 0x46546C67, 2
JSON_CHUNK, BIN_CHUNK = 0x4E4F534A, 0x004E4942
ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
_COMPONENT = {"float32": 5126, "uint32": 5125, "uint16": 5123, "uint8": 5121}
_TYPE = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


class Glb:
    """A glTF document that grows; `body` is its JSON, to which callers add nodes and meshes."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self._data = bytearray()
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []

    def add(self, name: str, entry: dict[str, Any]) -> int:
        """Append an entry to a list of the document, such as "meshes"; returns its index."""
        entries = self.body.setdefault(name, [])
        entries.append(entry)
        return len(entries) - 1

    def accessor(self, array: NDArray[Any], target: int | None = None, bounds: bool = False) -> int:
        """Index of an accessor of `array` (N,) or (N, K), K of 1, 2, 3, 4 or 16.

        target: ARRAY_BUFFER for vertices, ELEMENT_ARRAY_BUFFER for triangles, None for the rest;
        bounds: state least and greatest values, as positions and times must.
        """
        entry = self._entry(array) | {"bufferView": self._view(array, target)}
        if bounds:
            entry |= _bounds(array)
        self._accessors.append(entry)
        return len(self._accessors) - 1

    def sparse(self, array: NDArray[np.float32]) -> int:
        """Index of an accessor (N, 3) of which only the rows that are not 0 are stored."""
        rows = np.flatnonzero(array.any(1)).astype(np.uint32)
        entry = self._entry(array) | _bounds(array)
        if len(rows):
            entry["sparse"] = {
                "count": len(rows),
                "indices": {"bufferView": self._view(rows, None), "componentType": 5125},
                "values": {"bufferView": self._view(array[rows], None)},
            }
        self._accessors.append(entry)
        return len(self._accessors) - 1

    def to_bytes(self) -> bytes:
        """The .glb file."""
        body = self.body | {
            "buffers": [{"byteLength": len(self._data)}],
            "bufferViews": self._views,
            "accessors": self._accessors,
        }
        text = json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        data = bytes(self._data) + b"\0" * (-len(self._data) % 4)
        length = 12 + 8 + len(text) + 8 + len(data)
        return b"".join(
            [
                struct.pack("<3I", MAGIC, CONTAINER_VERSION, length),
                *(struct.pack("<2I", len(text), JSON_CHUNK), text),
                *(struct.pack("<2I", len(data), BIN_CHUNK), data),
            ]
        )

    def _entry(self, array: NDArray[Any]) -> dict[str, Any]:
        width = 1 if array.ndim == 1 else array.shape[1]
        kind = _COMPONENT[str(array.dtype)]
        return {"componentType": kind, "count": len(array), "type": _TYPE[width]}

    def _view(self, array: NDArray[Any], target: int | None) -> int:
        self._data += b"\0" * (-len(self._data) % 4)
        data = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        view = {"buffer": 0, "byteOffset": len(self._data), "byteLength": len(data)}
        self._data += data
        self._views.append(view if target is None else view | {"target": target})
        return len(self._views) - 1


def _bounds(array: NDArray[Any]) -> dict[str, Any]:
    columns = array.reshape(len(array), -1)
    return {"min": columns.min(0).tolist(), "max": columns.max(0).tolist()}
