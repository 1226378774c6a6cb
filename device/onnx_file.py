"""Whether an ONNX file is one that a runtime may be given, told from its bytes alone.

Reads protobuf's wire format (https://protobuf.dev/programming-guides/encoding/) with the field
numbers of onnx.proto3, since boards have ONNX Runtime and not the package onnx. Runtimes check
types and shapes themselves; what they would do for the file and we do not want is refused here:
read other files, or make tensors that the file does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from device import limits
from device.strict import FormatError

NESTED = 60
"""Messages inside each other; protobuf itself stops at 100."""
EXTERNAL = 1
"""TensorProto.DataLocation."""
STRING = 8
"""TensorProto.DataType."""
CODED = b"EPContext"
"""The operator that holds, or names a file with, code for one accelerator."""
INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
"""Message to those of its fields that are messages and lead to nodes or tensors."""
NUMBERS = (4, 5, 7, 9, 10, 11)
"""Fields of a TensorProto that hold its numbers; 6 holds strings."""
Field = tuple[int, int, int, int]
"""Number, wire type, where its value begins and ends; of a varint twice the value."""


def check_onnx(data: Any, where: str) -> None:
    """Look at an ONNX model in anything like bytes; FormatError names `where` and what is wrong."""
    reader, graphs = _Reader(data, where), 0
    left = [("model", 0, len(data), 0)]
    while left:
        kind, start, end, depth = left.pop()
        if depth > NESTED:
            raise reader.wrong(f"graphs inside graphs, over {NESTED} messages deep")
        if kind == "tensor":
            _check_tensor(reader, start, end)
            continue
        for number, wire, first, last in reader.fields(start, end):
            graphs += kind == "model" and number == 7
            if kind == "node" and number == 4 and _same(data, first, last, CODED):
                raise reader.wrong(f"operator {CODED.decode()} holds code of an accelerator, which "
                                   "is not run; export the model itself")  # fmt: skip
            if wire == 2 and number in INSIDE[kind]:
                left.append((INSIDE[kind][number], first, last, depth + 1))
    if graphs != 1:
        raise reader.wrong("not an ONNX model (it needs one graph)")


def _same(data: Any, first: int, last: int, text: bytes) -> bool:
    return last - first == len(text) and bytes(data[first:last]) == text


def _check_tensor(reader: _Reader, start: int, end: int) -> None:
    """Refuse numbers that lie in another file, and sizes that the file has no bytes for."""
    elements, kind, held, strings = 1, 0, 0, 0
    for number, wire, first, last in reader.fields(start, end):
        if number == 1:
            for size in reader.numbers(wire, first, last):
                elements = min(elements * size, 1 << 62)
        elif number == 2:
            kind = first
        elif number == 6:
            strings += 1
        elif number in NUMBERS:
            held += last - first if wire == 2 else 8
        elif number == 13 or (number == 14 and first == EXTERNAL):
            raise reader.wrong("a tensor's numbers lie in another file, which no hash covers; "
                               "save the model as one file")  # fmt: skip
    if elements > (strings if kind == STRING else 2 * held):  # two of 4 bits in a byte
        raise reader.wrong(f"a tensor of {elements} numbers, of which {held} bytes are there")


class _Reader:
    """Fields of protobuf messages; how many are looked at has an end."""

    def __init__(self, data: Any, where: str) -> None:
        self.data, self.where, self.left = data, where, limits.MODEL_PARTS

    def wrong(self, what: str) -> FormatError:
        return FormatError(f"{self.where}: {what}")

    def fields(self, at: int, end: int) -> Iterator[Field]:
        """Fields of a message between two places."""
        while at < end:
            key, at = self.varint(at, end)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value, at = self.varint(at, end)
                yield number, wire, value, value
                continue
            size = {1: 8, 5: 4}.get(wire, -1)
            if wire == 2:
                size, at = self.varint(at, end)
            if size < 0 or number == 0 or at + size > end:
                raise self.wrong(f"not an ONNX model, or a damaged one (at byte {at})")
            yield number, wire, at, at + size
            at += size

    def numbers(self, wire: int, first: int, last: int) -> Iterator[int]:
        """One varint, or those of a packed field; a negative number is over 2**63."""
        if wire == 0:
            yield first
        while wire == 2 and first < last:
            value, first = self.varint(first, last)
            yield value

    def varint(self, at: int, end: int) -> tuple[int, int]:
        """A number of up to 64 bits, and the place behind it."""
        self.left -= 1
        if self.left < 0:
            raise self.wrong(f"has over {limits.MODEL_PARTS} parts")
        value = shift = 0
        while at < end and shift < 70:
            byte = self.data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value & (1 << 64) - 1, at
        raise self.wrong(f"not an ONNX model, or a damaged one (at byte {at})")
