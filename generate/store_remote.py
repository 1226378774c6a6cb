"""Folders and files of object stores, through fsspec: whole or absent, with errors in one line."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from generate.store_errors import NO_RANGE, code_of, passes, plain, waits

EXTRAS = {"s3": "s3", "s3a": "s3"}
"""Protocol to the extra that brings its library."""
BLOCK_BYTES = 16 << 20
"""Of what is read, and of the parts of what is written, at a time."""
S3_CONFIG = {
    "connect_timeout": 5, "read_timeout": 15,
    "retries": {"mode": "standard", "total_max_attempts": 2},
}  # fmt: skip
"""A server that says nothing fails after half a minute; by itself s3fs took 424 s."""


@dataclass(frozen=True)
class Remote:
    """A folder or file at a URL, without secrets in it and without a slash at its end."""

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
            return bool(self._ask(lambda fs, path: fs.info(path, **_fresh(fs)))["type"] == "file")
        except FileNotFoundError:
            return False

    def is_dir(self) -> bool:
        """Whether anything is in it."""
        return bool(self._entries())

    def exists(self) -> bool:
        """Whether it is an object or has some in it."""
        return self.is_file() or self.is_dir()

    def sizes(self, prefix: str = "") -> dict[str, int]:
        """Bytes of each object in it whose name begins so, without those further down."""
        files = (entry for entry in self._entries(prefix) if entry["type"] == "file")
        named = {str(file["name"]).rsplit("/", 1)[-1]: int(file["size"] or 0) for file in files}
        return {name: size for name, size in named.items() if name.startswith(prefix)}

    def _entries(self, prefix: str = "") -> list[dict[str, Any]]:
        def listed(fs: Any, path: str) -> list[dict[str, Any]]:
            fs.invalidate_cache()
            if prefix and _is_s3(fs):
                return list(fs.find(path, maxdepth=1, prefix=prefix, detail=True).values())
            entries = fs.ls(path, detail=True)
            return [entry for entry in entries if entry["name"].strip("/") != path.strip("/")]

        try:
            return list(self._ask(listed))
        except FileNotFoundError:
            return []

    def read_bytes(self) -> bytes:
        """All of an object."""
        return bytes(self._ask(lambda fs, path: fs.cat_file(path)))

    def read_part(self, offset: int, size: int) -> bytes:
        """`size` bytes from `offset`; fewer where it ends before."""

        def part(fs: Any, path: str) -> bytes:
            try:
                return bytes(fs.cat_file(path, start=offset, end=offset + size))
            except OSError as error:
                if code_of(error) in NO_RANGE:
                    return b""
                raise

        return bytes(self._ask(part)) if size > 0 else b""

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
        self._ask(lambda fs, path: fs.pipe_file(path, data))

    def put(self, file: BinaryIO) -> None:
        """Put what is in an open local file in place of what was there."""
        self._ask(lambda fs, path: fs.put_file(_path_of(file), path, **_parts(fs)))

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove an object."""
        try:
            self._ask(lambda fs, path: fs.rm_file(path))
        except FileNotFoundError:
            if not missing_ok:
                raise

    def _ask(self, call: Callable[[Any, str], Any]) -> Any:
        """What `call` answers for the file system and the path in it.

        A store that has answered this process before is asked again for PATIENCE_S where it fails
        for a moment. Errors name the URL and what to do.
        """
        store = _store(self.url.split("://", 1)[0])
        for wait_s in waits():
            try:
                answer = call(store.fs, store.fs._strip_protocol(self.url))
            except MemoryError:
                raise
            except FileNotFoundError as error:
                store.answered = True
                raise plain(error, self.url) from error
            except Exception as error:
                if wait_s is None or not store.answered or not passes(error):
                    raise plain(error, self.url) from error
                time.sleep(wait_s)
            else:
                store.answered = True
                return answer
        raise AssertionError("the last wait is None")


@dataclass
class Store:
    """What reaches the stores of one protocol."""

    fs: Any
    """fsspec's file system."""
    answered: bool = False
    """Whether it has answered this process."""


@functools.cache
def _store(protocol: str) -> Store:
    import fsspec

    try:
        if protocol not in EXTRAS:
            return Store(fsspec.filesystem(protocol))
        fs = fsspec.filesystem(protocol, **_s3_options())
        fs.retries = 1  # of s3fs, each of which botocore would multiply; `_ask` tries again
        return Store(fs)
    except ImportError as error:
        extra = EXTRAS.get(protocol)
        more = f": pip install 'collodi[{extra}]'" if extra else ""
        raise ValueError(f"{protocol}:// needs a library that is not installed{more} "
                         f"({error})") from error  # fmt: skip
    except ValueError as error:
        raise ValueError(f"{protocol}://: no such kind of store is known; want a folder or a URL "
                         "such as s3://bucket/data") from error  # fmt: skip


def _s3_options() -> dict[str, Any]:
    """Limits of S3 that neither the environment nor fsspec's configuration has set."""
    from fsspec.config import conf

    config: dict[str, Any] = dict(S3_CONFIG)
    if "AWS_MAX_ATTEMPTS" in os.environ or "AWS_RETRY_MODE" in os.environ:
        del config["retries"]
    # Some stores send the checksum of the whole object with a part of it; ours is the SHA-256.
    if "AWS_RESPONSE_CHECKSUM_VALIDATION" not in os.environ:
        config["response_checksum_validation"] = "when_required"
    return {"config_kwargs": config | conf.get("s3", {}).get("config_kwargs", {})}


def _parts(fs: Any) -> dict[str, Any]:
    return {"chunksize": BLOCK_BYTES} if _is_s3(fs) else {}


def _is_s3(fs: Any) -> bool:
    return "s3" in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol)


def _fresh(fs: Any) -> dict[str, bool]:
    """What keeps a store from answering out of its memory."""
    return {"refresh": True} if _is_s3(fs) else {}


def _path_of(file: BinaryIO) -> str:
    """A name under which a nameless temporary file can be opened: a killed process leaves none."""
    file.seek(0)
    return f"/dev/fd/{file.fileno()}"
