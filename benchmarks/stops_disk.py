"""The disks that a power cut may leave of recorded file operations.

After ALICE (Pillai et al., OSDI 2014): data is only certain when its file was synced, a name only
when its folder was. What is pending may be on the disk in part, as zeros, or not at all; renames
are atomic, and what was synced stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

PAGE = 4096
Nodes = dict[int, "Node"]


@dataclass
class Node:
    """A file or a folder of the model."""

    data: bytearray = field(default_factory=bytearray)
    names: dict[str, int] | None = None
    """Name to node of a folder; None for a file."""


@dataclass(frozen=True)
class Op:
    """One change of nodes, or a sync; and the system call that did it."""

    kind: str
    """write, size, put (a name), take (a name), move, sync."""
    node: int
    """The file that is changed, or what is named."""
    call: tuple[str, int] = ("", 0)
    """Name of the system call, and how many of it its thread made before, this one counted."""
    at: int = 0
    """Offset or size, bytes."""
    data: bytes = b""
    source: tuple[int, str] = (0, "")
    """Folder and name that go."""
    target: tuple[int, str] = (0, "")
    """Folder and name that come."""


def copied(nodes: Nodes) -> Nodes:
    return {
        number: Node(bytearray(node.data), None if node.names is None else dict(node.names))
        for number, node in nodes.items()
    }


def apply(nodes: Nodes, op: Op) -> None:
    """Do an operation to the nodes."""
    if op.kind == "write":
        data = nodes[op.node].data
        data.extend(bytes(max(0, op.at - len(data))))
        data[op.at : op.at + len(op.data)] = op.data
    elif op.kind == "size":
        data = nodes[op.node].data
        data.extend(bytes(max(0, op.at - len(data))))
        del data[op.at :]
    if op.kind in ("take", "move"):
        names = nodes[op.source[0]].names
        if names is not None and names.get(op.source[1]) == op.node:
            del names[op.source[1]]
    if op.kind in ("put", "move"):
        names = nodes[op.target[0]].names
        if names is not None:
            names[op.target[1]] = op.node


def after_cut(before: Nodes, ops: Sequence[Op], rng: np.random.Generator) -> Nodes:
    """Nodes as the disk may have them when the power goes before operation `end`."""
    nodes, pending = copied(before), list[Op]()
    for op in ops:
        if op.kind == "sync":
            for done in [one for one in pending if _settles(op.node, one)]:
                apply(nodes, done)
                pending.remove(done)
        else:
            pending.append(op)
    data = [op for op in pending if op.kind in ("write", "size")]
    names = [op for op in pending if op.kind not in ("write", "size")]
    for number in sorted({op.node for op in data}):
        _part_of_data(nodes, [op for op in data if op.node == number], rng)
    if rng.random() < 0.5:  # a journal keeps the order of names
        kept = names[: int(rng.integers(0, len(names) + 1))]
    else:
        kept = [op for op in names if rng.random() < 0.5]
    for op in kept:
        apply(nodes, op)
    return nodes


def _settles(node: int, op: Op) -> bool:
    """Whether a sync of a node brings an operation to the disk."""
    if op.kind in ("write", "size"):
        return op.node == node
    return node in (
        op.source[0] if op.kind != "put" else -1,
        op.target[0] if op.kind != "take" else -1,
    )


def _part_of_data(nodes: Nodes, ops: list[Op], rng: np.random.Generator) -> None:
    """Bring all, a torn beginning, or the length with pages of zeros of unsynced data."""
    number, way = ops[0].node, rng.integers(0, 4)
    if way == 0:
        return
    end = int(rng.integers(0, len(ops) + 1)) if way == 1 else len(ops)
    for op in ops[:end]:
        apply(nodes, op)
    data = nodes[number].data
    if way == 1 and end < len(ops) and ops[end].kind == "write":
        whole = ops[end]
        part = whole.data[: int(rng.integers(0, len(whole.data) + 1))]
        apply(nodes, Op("write", number, at=whole.at, data=part))
    if way == 2:
        for start in range(0, len(data), PAGE):
            if rng.random() < 0.7:
                data[start : start + PAGE] = bytes(len(data[start : start + PAGE]))


def volatile(before: Nodes, ops: Sequence[Op]) -> Nodes:
    """Nodes as a reader saw them before operation `end`."""
    nodes = copied(before)
    for op in ops:
        apply(nodes, op)
    return nodes


def write_out(nodes: Nodes, place: Path, number: int = 0) -> None:
    """Make the files and folders of nodes at a place that is not there yet."""
    node = nodes[number]
    if node.names is None:
        place.write_bytes(node.data)
        return
    place.mkdir()
    for name, child in node.names.items():
        write_out(nodes, place / name, child)
