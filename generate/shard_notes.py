"""What the writer of a shard knows of it, kept beside it until the index is written.

`shard-000007.tar.index` holds a JSON line with sha256, bytes and writer of the shard, then its rows
of index.jsonl. Without it, the end of a data set would read and hash every shard again: 0.4 TB for
a million talking clips.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from device.stamp import make_stamp
from generate.kit import kit_print
from generate.shard_names import may_hold
from generate.store import Location, write_whole


@dataclass(frozen=True)
class Note:
    """A shard as its writer saw it."""

    sha256: str
    bytes: int
    lines: Sequence[str]
    """Its lines of index.jsonl, without line ends."""
    writer: str = "an unknown writer"
    """What tells apart who makes shards at the same time."""


class Hashed:
    """A binary file that is only written to, front to back, and hashed on the way."""

    file: BinaryIO
    """Where it goes; set before anything is written."""

    def __init__(self) -> None:
        self.digest, self.bytes = hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """Write and hash."""
        self.digest.update(data)
        self.bytes += len(data)
        return self.file.write(data)

    def hexdigest(self) -> str:
        """SHA-256 of what was written."""
        return self.digest.hexdigest()

    def tell(self) -> int:
        """Bytes written."""
        return self.bytes


def index_line(row: dict[str, Any]) -> str:
    """A row of index.jsonl without its line end."""
    return json.dumps(row, sort_keys=True)


def note_path(shard: Location) -> Location:
    """Where the note of a shard lies."""
    return shard.parent / f"{shard.name}.index"


@cache
def this_writer() -> str:
    """This process among others that make shards, without the name of its machine."""
    kit = hashlib.sha256(json.dumps(kit_print(), sort_keys=True).encode()).hexdigest()
    model = make_stamp().host.cpu_model
    return f"process {os.getpid()} on {model} (kit and libraries {kit[:8]})"


def write_note(shard: Location, note: Note) -> None:
    """Keep what the writer of `shard` knows; only who gave it its final name may call this."""
    head = json.dumps({"sha256": note.sha256, "bytes": note.bytes, "writer": note.writer})
    write_whole(note_path(shard), "\n".join([head, *note.lines]) + "\n")


def read_note(shard: Location, size: int) -> Note | None:
    """The note of a shard of `size` bytes; None where there is none that fits it."""
    try:
        head, *lines = note_path(shard).read_bytes().decode("utf-8").splitlines()
        told = json.loads(head)
        note = Note(str(told["sha256"]), int(told["bytes"]), lines, str(told["writer"]))
        fits = note.bytes == size and may_hold(shard.name, note.sha256)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return note if fits else None
