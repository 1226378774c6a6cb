"""What the writer of a shard knows of it, kept beside it until the index is written.

`shard-000007.tar.index` holds a JSON line with sha256 and bytes of the shard, then its rows of
index.jsonl. Without it, the end of a data set would read and hash every shard again: 0.4 TB for a
million talking clips.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO, TextIO

from device.files import replace, sync_folder, write_atomic


@dataclass(frozen=True)
class Note:
    """A shard as its writer saw it."""

    sha256: str
    bytes: int
    lines: Sequence[str]
    """Its lines of index.jsonl, without line ends."""


class Hashed:
    """A binary file that is only written to, front to back, and hashed on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest, self.bytes = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """Write and hash."""
        self.digest.update(data)
        self.bytes += len(data)
        return self.file.write(data)

    def tell(self) -> int:
        """Bytes written."""
        return self.bytes


def index_line(row: dict[str, Any]) -> str:
    """A row of index.jsonl without its line end."""
    return json.dumps(row, sort_keys=True)


def note_path(shard: Path) -> Path:
    """Where the note of a shard lies."""
    return shard.with_name(shard.name + ".index")


def part_path(path: Path) -> Path:
    """A name for `path` while it is written that no other process takes."""
    return path.with_name(f"{path.name}.{token_hex(4)}.part")


def publish(part: Path, path: Path) -> bool:
    """Give a whole file its final name unless one is there: the first stays, the answer is False.

    A file system without hard links lets the last of two that come at the same moment stay.
    """
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError:
        if path.exists():
            return False
        os.replace(part, path)
    sync_folder(path.parent)
    return True


def write_note(shard: Path, note: Note) -> None:
    """Keep what the writer of `shard` knows; only who gave it its final name may call this."""
    head = json.dumps({"sha256": note.sha256, "bytes": note.bytes})
    write_atomic(note_path(shard), "\n".join([head, *note.lines]) + "\n")


def read_note(shard: Path) -> Note | None:
    """The note of a shard; None where there is none that fits it."""
    try:
        head, *lines = note_path(shard).read_text("utf-8").splitlines()
        told = json.loads(head)
        note = Note(str(told["sha256"]), int(told["bytes"]), lines)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return note if note.bytes == shard.stat().st_size else None


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of `path` when all was written to it."""
    part = part_path(path)
    try:
        with open(part, "w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        replace(part, path)
    finally:
        part.unlink(missing_ok=True)
