"""Zip archives from outside, with the standard library: what is in them is checked, then read."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device import limits
from device.strict import FormatError

ENTRY = b"PK\x01\x02"
"""Begins each entry of the list at the end of an archive."""
UNREADABLE = (
    *(ValueError, OSError, LookupError, EOFError, RuntimeError, NotImplementedError),
    *(TypeError, OverflowError, MemoryError, zlib.error, zipfile.BadZipFile),
)
"""What zipfile and zlib raise on damaged archives (found by mutation)."""


@contextmanager
def opened(source: bytes | Path, where: str) -> Iterator[zipfile.ZipFile]:
    """Open an archive of named parts, stored or deflated; FormatError names `where`.

    Refused: more than limits.MEMBERS parts, two of a name, parts that together unpack to more than
    limits.ARRAYS_BYTES, encrypted ones. Errors while it is open become a FormatError too.
    """
    try:
        data = (
            limits.read_bytes(source, limits.ARRAYS_BYTES) if isinstance(source, Path) else source
        )
        if data.count(ENTRY) > limits.MEMBERS:
            raise FormatError(f"{where}: more than {limits.MEMBERS} parts")
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check(archive.infolist(), where)
            yield archive
    except FormatError:
        raise
    except UNREADABLE as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise FormatError(f"{where}: cannot be read ({said:.200})") from None


def _check(entries: list[zipfile.ZipInfo], where: str) -> None:
    names = {entry.filename for entry in entries}
    if len(names) < len(entries):
        raise FormatError(f"{where}: two parts have one name")
    if sum(entry.file_size for entry in entries) > limits.ARRAYS_BYTES:
        raise FormatError(f"{where}: unpacks to over {limits.ARRAYS_BYTES} bytes")
    for entry in entries:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FormatError(f"{where}: '{entry.filename}' is packed by an unknown method")
        if entry.flag_bits & 1:
            raise FormatError(f"{where}: '{entry.filename}' is encrypted")


def read_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a part, unpacking no more than the archive says that it has.

    ZipFile.read would unpack 2 GiB before it looks at the size.
    """
    entry = archive.getinfo(name)
    with archive.open(entry) as stream:
        data = stream.read(entry.file_size)
    if len(data) != entry.file_size:
        raise EOFError(f"'{name}' ends too early")
    return data
