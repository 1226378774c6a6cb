"""Arrays from npy and npz files from outside: numbers and text of the size that they claim.

numpy.load makes room for any shape that a header claims, and takes object arrays, which are
pickles, where it is told to. Here the bytes must be there first.
"""

from __future__ import annotations

import io
import math
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.strict import FormatError
from device.zipped import opened, read_part

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = "biufU"
"""Truth values, whole numbers, floats and text, as numpy's dtype.kind."""
HEADER_ERRORS = (
    *(ValueError, TypeError, SyntaxError, RecursionError, MemoryError, OverflowError),
    tokenize.TokenError,
)
"""What numpy raises on headers that are none (found by mutation)."""
HEADER_BYTES = 1 << 16
LAST_CHARACTER = 0x10FFFF
SURROGATES = (0xD800, 0xDFFF)


def read_npz(source: bytes | Path, where: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an npz by name; parts that are no .npy are left out.

    FormatError, naming `where`, for what device/zipped.py and `read_npy` refuse.
    """
    with opened(source, where) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        return {
            name[: -len(".npy")]: read_npy(read_part(archive, name), f"{where}: '{name}'")
            for name in names
        }


def read_npy(data: bytes, where: str) -> NDArray[Any]:
    """Return the array of an npy file's bytes.

    FormatError, naming `where`, for objects (which are pickles), structures, another length than
    the header claims, and text that is not Unicode.
    """
    import numpy as np

    shape, fortran, dtype, start = _header(data, where)
    _check_size(shape, dtype, len(data) - start, where)
    count = math.prod(shape)
    if not count or not dtype.itemsize:
        return _empty(shape, dtype, where)
    flat = np.frombuffer(data, dtype, count, start)
    _check_values(flat, where)
    return flat.reshape(shape, order="F" if fortran else "C").copy()


def map_npy(path: Path, where: str) -> NDArray[Any]:
    """Return the array of an npy file as it lies on the disk, read-only; refused as by `read_npy`.

    Of text and truth values the values are not looked at.
    """
    import numpy as np

    with path.open("rb") as stream:
        head, size = stream.read(HEADER_BYTES), path.stat().st_size
    shape, fortran, dtype, start = _header(head, where)
    _check_size(shape, dtype, size - start, where)
    if not math.prod(shape):
        return _empty(shape, dtype, where)
    return np.memmap(path, dtype, "r", start, shape, "F" if fortran else "C")


def _check_size(shape: tuple[int, ...], dtype: Any, bytes_: int, where: str) -> None:
    if dtype.hasobject or dtype.kind not in KINDS:
        raise FormatError(f"{where}: holds {dtype.str}; want numbers or text, and never a pickle")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != bytes_:
        size = f"{dtype.str} of shape {shape}"
        raise FormatError(f"{where}: {bytes_} bytes are no {size:.200}")


def _header(data: bytes, where: str) -> tuple[tuple[int, ...], bool, Any, int]:
    """Return (shape, whether the first axis runs fastest, dtype, where the numbers begin)."""
    from numpy.lib import format as npy

    stream = io.BytesIO(data)
    try:
        version = npy.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"version {version}")
        reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        return (*reader(stream), stream.tell())
    except HEADER_ERRORS as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise FormatError(f"{where}: no array ({said:.120})") from None


def _empty(shape: tuple[int, ...], dtype: Any, where: str) -> NDArray[Any]:
    import numpy as np

    if math.prod(shape):
        raise FormatError(f"{where}: a claim of text without a character")
    try:
        return np.zeros(shape, dtype)
    except (ValueError, OverflowError, MemoryError):
        raise FormatError(f"{where}: no array has shape {shape!s:.200}") from None


def _check_values(flat: NDArray[Any], where: str) -> None:
    import numpy as np

    if flat.dtype.kind == "b" and flat.view(np.uint8).max() > 1:
        raise FormatError(f"{where}: a truth value that is neither 0 nor 1")
    if flat.dtype.kind == "U":
        codes = flat.view(np.dtype(np.uint32).newbyteorder(flat.dtype.byteorder))
        low, high = SURROGATES
        if codes.max() > LAST_CHARACTER or ((codes >= low) & (codes <= high)).any():
            raise FormatError(f"{where}: text that is not Unicode")
