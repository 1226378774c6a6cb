"""Folders and files of object stores, through fsspec: whole or absent, with errors in one line."""

from __future__ import annotations

import errno
import functools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from device.args import without_secrets

EXTRAS = {"s3": "s3", "s3a": "s3"}
"""Protocol to the extra that brings its library."""
BLOCK_BYTES = 16 << 20
EXISTS = ("PreconditionFailed", "ConditionalRequestConflict")
"""What S3 answers to a writer that comes second."""
SHA256 = "collodi-sha256"
"""Metadata of a shard in S3: what its bytes hash to."""


@dataclass(frozen=True)
class Remote:
    """A folder or file at an URL, without secrets in it and without a slash at its end."""

    url: str

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str) -> Remote:
        return Remote(f"{self.url}/{name}")

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def parent(self) -> Remote:
        """The folder that it is in."""
        return Remote(self.url.rsplit("/", 1)[0])

    def is_file(self) -> bool:
        """Whether an object of this name is there."""
        try:
            with self._asked() as (fs, path):
                return bool(fs.info(path, **_fresh(fs))["type"] == "file")
        except FileNotFoundError:
            return False

    def is_dir(self) -> bool:
        """Whether anything is in it."""
        return bool(self._entries())

    def exists(self) -> bool:
        """Whether it is an object or has some in it."""
        return self.is_file() or self.is_dir()

    def sizes(self) -> dict[str, int]:
        """Bytes of each object in it, by name, without those further down."""
        files = (entry for entry in self._entries() if entry["type"] == "file")
        return {str(file["name"]).rsplit("/", 1)[-1]: int(file["size"] or 0) for file in files}

    def _entries(self) -> list[dict[str, Any]]:
        try:
            with self._asked() as (fs, path):
                fs.invalidate_cache()
                return [entry for entry in fs.ls(path, detail=True)
                        if entry["name"].rstrip("/") != path.rstrip("/")]  # fmt: skip
        except FileNotFoundError:
            return []

    def read_bytes(self) -> bytes:
        """All of an object."""
        with self._asked() as (fs, path):
            return bytes(fs.cat_file(path))

    def read_part(self, offset: int, size: int) -> bytes:
        """`size` bytes from `offset`; fewer where it ends before."""
        if size <= 0:
            return b""
        with self._asked() as (fs, path):
            try:
                return bytes(fs.cat_file(path, start=offset, end=offset + size))
            except OSError as error:
                if "InvalidRange" in str(error):
                    return b""
                raise

    def blocks(self) -> Iterator[bytes]:
        """All of an object, some megabytes at a time."""
        offset = 0
        while block := self.read_part(offset, BLOCK_BYTES):
            offset += len(block)
            yield block
            if len(block) < BLOCK_BYTES:
                return

    def copy_to(self, file: BinaryIO) -> None:
        """Write all of an object to a file."""
        for block in self.blocks():
            file.write(block)

    def write_bytes(self, data: bytes) -> None:
        """Put an object in place of what was there."""
        with self._asked() as (fs, path):
            fs.pipe_file(path, data)

    def put(self, file: BinaryIO) -> None:
        """Put what is in an open local file in place of what was there."""
        with self._asked() as (fs, path):
            fs.put_file(_path_of(file), path)

    def create(self, file: BinaryIO, sha256: str) -> bool:
        """Put what is in an open local file unless something is there; whether it was put.

        A store that knows no conditional writes lets the last of two that come at the same moment
        stay: `sha256` tells which it was.
        """
        if self.is_file():
            return False
        with self._asked() as (fs, path):
            more = {"Metadata": {SHA256: sha256}} if _is_s3(fs) else {}
            try:
                fs.put_file(_path_of(file), path, mode="create", **more)
            except FileExistsError:
                return False
            except OSError as error:
                if any(word in str(error) for word in EXISTS):
                    return False
                if "NotImplemented" not in str(error):
                    raise
                fs.put_file(_path_of(file), path, **more)
        return True

    def told_sha256(self) -> str:
        """The SHA-256 that was put with the object; empty where the store keeps none."""
        with self._asked() as (fs, path):
            if not _is_s3(fs):
                return ""
            return str(fs.metadata(path, refresh=True).get(SHA256, ""))

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove an object."""
        with self._asked() as (fs, path):
            try:
                fs.rm_file(path)
            except FileNotFoundError:
                if not missing_ok:
                    raise

    @contextmanager
    def _asked(self) -> Iterator[tuple[Any, str]]:
        """The file system and the path in it; errors name the URL and what to do."""
        protocol = self.url.split("://", 1)[0]
        fs = _filesystem(protocol)
        try:
            yield fs, fs._strip_protocol(self.url)
        except (KeyboardInterrupt, MemoryError):
            raise
        except Exception as error:
            raise _plain(error, self.url) from error


@functools.cache
def _filesystem(protocol: str) -> Any:
    import fsspec

    try:
        return fsspec.filesystem(protocol)
    except ImportError as error:
        extra = EXTRAS.get(protocol)
        more = f": pip install 'collodi[{extra}]'" if extra else ""
        raise ValueError(f"{protocol}:// needs a library that is not installed{more} "
                         f"({error})") from error  # fmt: skip
    except ValueError as error:
        raise ValueError(f"{protocol}://: no such kind of store is known; want a folder or an URL "
                         "such as s3://bucket/data") from error  # fmt: skip


def _is_s3(fs: Any) -> bool:
    return "s3" in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol)


def _fresh(fs: Any) -> dict[str, bool]:
    """What keeps a store from answering out of its memory."""
    return {"refresh": True} if _is_s3(fs) else {}


def _path_of(file: BinaryIO) -> str:
    """A name under which a nameless temporary file can be opened: a killed process leaves none."""
    file.seek(0)
    return f"/dev/fd/{file.fileno()}"


def _plain(error: Exception, url: str) -> OSError:
    """One line that says what went wrong where, and what to do."""
    number = error.errno if isinstance(error, OSError) and error.errno else errno.EIO
    if isinstance(error, FileNotFoundError):
        text = "" if url.endswith(str(error)) or str(error) in url else f" ({_short(error)})"
        return FileNotFoundError(errno.ENOENT, f"not in the store{text}", url)
    if isinstance(error, PermissionError):
        said = f"the store denies it ({_short(error)}); check credentials and rights"
        return PermissionError(errno.EACCES, said, url)
    return OSError(number, f"the store does not do it ({_short(error)})", url)


def _short(error: Exception) -> str:
    text = str(error)
    with suppress(AttributeError):
        text = error.strerror or text  # type: ignore[attr-defined]
    return without_secrets(" ".join(f"{text or type(error).__name__}".split()))[:200]
