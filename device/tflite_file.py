"""Whether a TFLite file is one that a runtime may be given, told from its bytes alone.

Reads FlatBuffers (https://flatbuffers.dev/internals/) with the field numbers of the TFLite schema,
version 3. LiteRT verifies offsets itself; TFLite Micro does not: it follows them wherever they
lead, and takes weights to be as long as their shape says. Options of operators are not looked into.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from device import limits
from device.strict import FormatError

BITS = {0: 32, 1: 16, 2: 32, 3: 8, 4: 64, 6: 8, 7: 16, 8: 64, 9: 8, 10: 64, 11: 128, 12: 64, 15: 32,
        16: 16, 17: 4}  # fmt: skip
"""TensorType to the bits of a number; strings, resources and variants have no size of their own."""
MODEL_LISTS = {1: "operator codes", 2: "subgraphs", 4: "buffers"}


class _Reader:
    """Places in a flatbuffer, none of which is outside of the file.

    How many numbers are listed has an end: lists may lie at one place, so that few bytes are many.
    """

    def __init__(self, data: Any, where: str) -> None:
        self.data, self.where, self.left = data, where, limits.MODEL_PARTS

    def wrong(self, what: str) -> FormatError:
        return FormatError(f"{self.where}: {what}")

    def spend(self, count: int) -> None:
        """Count what is about to be listed."""
        self.left -= count
        if self.left < 0:
            raise self.wrong(f"has over {limits.MODEL_PARTS} parts")

    def number(self, kind: str, at: int) -> int:
        """A little-endian number of struct's kind."""
        if at < 0 or at + struct.calcsize(kind) > len(self.data):
            raise self.wrong("damaged: an offset leads out of the file")
        return int(struct.unpack_from("<" + kind, self.data, at)[0])

    def field(self, table: int, slot: int) -> int:
        """Place of a field of a table; 0 where it is not there."""
        listed = table - self.number("i", table)
        size = self.number("H", listed)
        if size < 4 or listed + size > len(self.data):
            raise self.wrong("damaged: a table without a list of fields")
        at = 4 + 2 * slot
        offset = self.number("H", listed + at) if at + 2 <= size else 0
        return table + offset if offset else 0

    def scalar(self, table: int, slot: int, kind: str, default: int = 0) -> int:
        """A field that is a number."""
        at = self.field(table, slot)
        return self.number(kind, at) if at else default

    def vector(self, table: int, slot: int, width: int) -> tuple[int, int]:
        """Place of the first number of a list, `width` bytes each, and how many; (0, 0): none."""
        at = self.field(table, slot)
        if not at:
            return 0, 0
        start = at + self.number("I", at)
        count = self.number("I", start)
        if start + 4 + count * width > len(self.data):
            raise self.wrong("damaged: a list goes on behind the end of the file")
        return start + 4, count

    def numbers(self, table: int, slot: int, kind: str = "i") -> tuple[int, ...]:
        """A field that is a list of numbers."""
        start, count = self.vector(table, slot, struct.calcsize(kind))
        self.spend(count)
        return struct.unpack_from(f"<{count}{kind}", self.data, start) if count else ()

    def tables(self, table: int, slot: int) -> list[int]:
        """Places of the tables that a field lists."""
        start, count = self.vector(table, slot, 4)
        self.spend(count)
        return [at + self.number("I", at) for at in range(start, start + 4 * count, 4)]


def check_tflite(data: Any, where: str) -> None:
    """Look at a TFLite model in anything like bytes; FormatError says `where` and what is wrong."""
    if len(data) < 12 or bytes(data[4:8]) != b"TFL3":
        raise FormatError(f"{where}: not a TFLite model (it has no TFL3 at its beginning)")
    reader = _Reader(data, where)
    model = reader.number("I", 0)
    lists = {slot: reader.tables(model, slot) for slot in MODEL_LISTS}
    for slot, name in MODEL_LISTS.items():
        if not lists[slot]:
            raise reader.wrong(f"has no {name}")
    held = [_buffer(reader, table) for table in lists[4]]
    for graph in lists[2]:
        _check_graph(reader, graph, len(lists[1]), held)


def _buffer(reader: _Reader, table: int) -> int:
    """Bytes that a buffer holds, in the flatbuffer or behind it."""
    offset, size = reader.scalar(table, 1, "Q"), reader.scalar(table, 2, "Q")
    if offset > 1:  # 1: the writer did not say where
        if offset + size > len(reader.data):
            raise reader.wrong("damaged: weights lie behind the end of the file")
        return size
    return reader.vector(table, 0, 1)[1]


def _check_graph(reader: _Reader, graph: int, codes: int, held: list[int]) -> None:
    """Check tensors, operators, inputs and outputs."""
    tensors, operators = reader.tables(graph, 0), reader.tables(graph, 3)
    for table in tensors:
        _check_tensor(reader, table, held)
    known = _among(reader, len(tensors), "tensor")
    for slot in (1, 2):
        known(reader.numbers(graph, slot), 0)
    for table in operators:
        if reader.scalar(table, 0, "I") >= codes:
            raise reader.wrong("damaged: an operator of a kind that is not listed")
        known(reader.numbers(table, 1), -1)  # -1: an input that is left out
        known(reader.numbers(table, 2), 0)
        if options := reader.field(table, 4):
            reader.field(options + reader.number("I", options), 0)


def _among(reader: _Reader, count: int, what: str) -> Callable[[tuple[int, ...], int], None]:
    def check(numbers: tuple[int, ...], least: int) -> None:
        for number in numbers:
            if not least <= number < count:
                raise reader.wrong(f"damaged: {what} {number} of {count}")

    return check


def _check_tensor(reader: _Reader, table: int, held: list[int]) -> None:
    """Refuse tensors without a buffer, too large ones, and weights shorter than their shape."""
    shape, kind = reader.numbers(table, 0), reader.scalar(table, 1, "b")
    buffer = reader.scalar(table, 2, "I")
    if buffer >= len(held):
        raise reader.wrong(f"damaged: buffer {buffer} of {len(held)}")
    elements = 1
    for size in shape:
        if size < 0:
            raise reader.wrong(f"a tensor has {size} elements along an axis")
        elements = min(elements * size, 1 << 62)
    size = (elements * BITS.get(kind, 0) + 7) // 8
    if size > limits.TENSOR_BYTES:
        raise reader.wrong(f"a tensor of {list(shape)} takes over {limits.TENSOR_BYTES} bytes")
    sparse = reader.field(table, 6)
    if held[buffer] and not sparse and kind in BITS and held[buffer] < size:
        raise reader.wrong(f"a tensor of {list(shape)} needs {size} bytes and has {held[buffer]}")
    if quantized := reader.field(table, 4):
        _check_scales(reader, quantized + reader.number("I", quantized), shape)


def _check_scales(reader: _Reader, table: int, shape: tuple[int, ...]) -> None:
    """One scale, or one for each element along an axis; as many zero points."""
    scales, zeros = reader.vector(table, 2, 4)[1], reader.vector(table, 3, 8)[1]
    axis = reader.scalar(table, 6, "i")
    if scales > 1 and not (0 <= axis < len(shape) and scales == shape[axis]):
        raise reader.wrong(f"{scales} scales do not fit a tensor of {list(shape)}")
    if scales and zeros not in (scales, 1):
        raise reader.wrong(f"{zeros} zero points for {scales} scales")
