"""Where data sets lie: a local folder, or any place that fsspec reaches, such as s3://bucket/data.

A local place is a plain `Path`. A `Remote` has the few methods of one that data sets need; what the
two do not share stands here as functions of both.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, TypeVar
from urllib.parse import unquote, urlsplit

from device.files import lock, make_folder, replace, sha256_of, sync_folder, write_atomic
from generate.store_remote import Remote

T = TypeVar("T")
U = TypeVar("U")
Location = Path | Remote
LOCAL = ("file", "local")
URL = re.compile(r"[A-Za-z][\w+.-]+:/")
"""What begins a URL, also one whose slashes pathlib has joined; not a drive of Windows."""
AT_ONCE = 16
"""Small requests to a store that are under way together."""


def locate(where: str | Path | Remote) -> Location:
    """The place that a folder or a URL names.

    ValueError where the URL carries a secret: those come from the environment, as the library of
    the store reads it (for S3 AWS_ACCESS_KEY_ID, a profile, a role ...).
    """
    if isinstance(where, Path | Remote):
        return where
    if not is_url(where) and "://" not in where:
        return Path(where)
    parts = urlsplit(where)
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"{shown}: no passwords, queries or signatures in a URL; credentials "
                         "come from the environment, see docs/scale.md")  # fmt: skip
    local = parts.scheme.lower() in LOCAL
    if "::" in where or "://" not in where or not (parts.netloc or local):
        raise ValueError(f"{shown}: want a folder or a URL such as s3://bucket/data")
    if local:
        return Path(unquote(parts.netloc + parts.path))
    return Remote(where.rstrip("/"))


def is_url(text: str) -> bool:
    """Whether a text is a URL, not the path of a file."""
    return bool(URL.match(text))


@dataclass
class Draft:
    """A file that is being written."""

    file: BinaryIO
    path: Location | None = None
    """The final name that it got; none where another process was first."""


@contextmanager
def creating(path: Location, otherwise: Callable[[], str] | None = None) -> Iterator[Draft]:
    """A binary file that becomes `path` when the block ends well and nothing is there yet.

    A file with its final name is whole, and the first of several writers stays. A store, and a file
    system without hard links, cannot tell who was first: there its name becomes `otherwise()`,
    asked at the end, under which all writers put the same bytes. OSError (disk full, store out of
    reach) leaves nothing.
    """
    if isinstance(path, Remote):
        with tempfile.TemporaryFile(prefix="collodi-") as file:
            draft = Draft(file)
            yield draft
            file.flush()
            draft.path = place = path.parent / otherwise() if otherwise else path
            if not place.is_file():
                place.put(file)
        return
    part = part_path(path)
    try:
        with open(part, "xb") as file:
            lock(file.fileno())
            draft = Draft(file)
            yield draft
            file.flush()
            os.fsync(file.fileno())
            draft.path = publish(part, path, otherwise)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replacing(path: Location) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` when all was written to it."""
    if isinstance(path, Remote):
        with tempfile.TemporaryFile(prefix="collodi-") as file:
            yield file
            file.flush()
            path.put(file)
        return
    part = part_path(path)
    try:
        with open(part, "xb") as file:
            lock(file.fileno())
            yield file
            file.flush()
            os.fsync(file.fileno())
            replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def part_path(path: Path) -> Path:
    """A name for `path` while it is written that no other process takes."""
    return path.with_name(f"{path.name}.{token_hex(4)}.part")


def publish(part: Path, path: Path, otherwise: Callable[[], str] | None) -> Path | None:
    """Give a whole file its final name, which is the answer; None where `path` is there already."""
    try:
        os.link(part, path)
    except FileExistsError:
        return None
    except OSError:  # no hard links here
        if path.exists():
            return None
        path = path.with_name(otherwise()) if otherwise else path
        os.replace(part, path)
    sync_folder(path.parent)
    return path


def write_whole(path: Location, data: bytes | str) -> None:
    """Write a file or an object, so that a reader sees the old one or the new one, never a part."""
    if isinstance(path, Remote):
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    else:
        write_atomic(path, data)


def prepare(folder: Location) -> None:
    """Make a folder where one is needed, and clear what a killed process left half-written."""
    if isinstance(folder, Path):
        make_folder(folder)
        sweep(folder)


def sweep(folder: Location) -> None:
    """Remove files that are not whole and nobody writes any more; a store has none."""
    if isinstance(folder, Path):
        for part in folder.glob("*.part"):
            with suppress(FileNotFoundError), open(part, "rb") as file:
                if lock(file.fileno()):
                    part.unlink(missing_ok=True)


def sizes(folder: Location, prefix: str = "") -> dict[str, int]:
    """Bytes of each file in a folder whose name begins so; empty where there is no folder."""
    if isinstance(folder, Remote):
        return folder.sizes(prefix)
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        found = (entry for entry in entries if entry.name.startswith(prefix) and entry.is_file())
        return {entry.name: entry.stat().st_size for entry in found}


def read_part(path: Location, offset: int, size: int) -> bytes:
    """`size` bytes of a file from `offset`; fewer where it ends before."""
    if isinstance(path, Remote):
        return path.read_part(offset, size)
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(min(size, max(0, os.fstat(file.fileno()).st_size - offset)))


@contextmanager
def opened(path: Location) -> Iterator[BinaryIO]:
    """A file to read; that of a store is first copied to a temporary one."""
    if isinstance(path, Remote):
        with tempfile.TemporaryFile(prefix="collodi-") as file:
            path.copy_to(file)
            file.seek(0)
            yield file
        return
    with open(path, "rb") as file:
        yield file


def sha256_at(path: Location) -> str:
    """SHA-256 of a file or an object as 64 lowercase hex digits."""
    return sha256_in(path.blocks()) if isinstance(path, Remote) else sha256_of(path)


def sha256_in(blocks: Iterable[bytes]) -> str:
    """SHA-256 of blocks of bytes as 64 lowercase hex digits."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def ahead(work: Callable[[T], U], items: Iterable[T], many: int) -> Iterator[U]:
    """Results of `work` in order, up to `many` begun before they are asked for."""
    waiting: list[Future[U]] = []
    left = iter(items)
    pool = ThreadPoolExecutor(many, "collodi-ahead")
    try:
        while True:
            waiting += [pool.submit(work, item) for item in islice(left, many + 1 - len(waiting))]
            if not waiting:
                return
            yield waiting.pop(0).result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
