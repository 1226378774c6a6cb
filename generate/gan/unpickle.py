"""Reads checkpoints of PyTorch without executing anything that is in them.

Three layouts: the zip of `torch.save`, its older stream, and a plain pickle whose tensors carry
that older stream inside (what `pickle.dump` of a module writes, the official releases among them).
What a file may call, all of it here, rebuilds tensors and plain records; `pickle_machine` runs it.
"""

from __future__ import annotations

import io
import math
import pickle
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from generate.gan.pickle_machine import Budget, Call, Machine, Record, Spender, check_keys, shown

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
MOST_AXES, LARGEST = 8, 1 << 48
"""Of a tensor: axes, and any number that says its size or place."""
TENSOR_BYTES = 512
"""What a tensor takes beside its numbers, which lie in its storage."""
PART, MOST_PARTS = b"PK\x01\x02", 10_000
"""What begins a part's entry in a zip; a reader of zips makes 600 bytes of an entry of 47."""
MEMORY_FORMATS = ("contiguous_format", "channels_last")


class Dtype(str):
    """Name of a storage class; a token, not callable."""

    __slots__ = ()


def read_checkpoint(path: Path) -> Any:
    """What a `.pkl` or `.pt` holds: dicts, lists, numbers, tensors and Records.

    Tensors are to be read, not written to. Takes at most about twice the size of the file.
    ValueError, in one line with the file's name, where it is truncated, no checkpoint, or names
    anything that weights have no need of.
    """
    if not path.is_file():
        raise ValueError(f"checkpoint {path}: no such file")
    with open(path, "rb") as file:
        try:
            start = file.read(4)
            file.seek(0)
            budget = Budget(path.stat().st_size)
            return _zip(file, budget) if start == b"PK\x03\x04" else _stream(file, budget)
        except pickle.UnpicklingError as error:
            raise ValueError(f"checkpoint {path}: {error}") from None
        except RecursionError:
            raise ValueError(f"checkpoint {path}: nested too deeply") from None
        except MemoryError:
            raise ValueError(f"checkpoint {path}: asks for more memory than there is") from None
        # A pickle of garbage may fail in any way that a stack machine can.
        except Exception as error:
            said = shown(" ".join(str(error).split()) or type(error).__name__)
            raise ValueError(f"checkpoint {path}: truncated, or no checkpoint ({said})") from None


def _machine(file: BinaryIO, storage: Callable[[Any], Tensor], budget: Budget) -> Machine:
    return Machine(file, FUNCTIONS, storage, budget)


def _no_storage(pid: Any) -> Tensor:
    raise pickle.UnpicklingError(f"refers to a storage outside the file, by a {type(pid).__name__}")


def _reference(pid: Any) -> tuple[torch.dtype, str, int]:
    """(dtype, key, elements) of a persistent id."""
    if not (isinstance(pid, tuple) and len(pid) >= 5 and isinstance(pid[0], str)):
        raise pickle.UnpicklingError(f"unknown reference, a {type(pid).__name__}")
    if not isinstance(pid[1], Dtype):
        raise pickle.UnpicklingError(f"unknown kind of storage, a {type(pid[1]).__name__}")
    key, count = pid[2], pid[4]
    if not (isinstance(key, str) and isinstance(count, int) and 0 <= count < LARGEST):
        raise pickle.UnpicklingError("a storage without a key and a size")
    return DTYPES[pid[1]], key, count


def _zip(file: BinaryIO, budget: Budget) -> Any:
    if _parts(file) > MOST_PARTS:
        raise pickle.UnpicklingError(f"a zip of more than {MOST_PARTS} parts")
    with zipfile.ZipFile(file) as archive:
        names = {info.filename: info for info in archive.infolist()}
        if any(info.compress_type != zipfile.ZIP_STORED for info in names.values()):
            raise pickle.UnpicklingError("compressed parts; torch.save writes none")
        pickles = [name for name in names if name.endswith("data.pkl") and name.count("/") <= 1]
        if len(pickles) != 1:
            raise pickle.UnpicklingError("a zip without one data.pkl; not written by torch.save")
        root = pickles[0].removesuffix("data.pkl")
        order = root + "byteorder"
        if order in names and archive.read(order) != b"little":
            raise pickle.UnpicklingError("written on a big-endian machine")
        cache: dict[str, Tensor] = {}

        def storage(pid: Any) -> Tensor:
            dtype, key, count = _reference(pid)
            if key not in cache:
                budget.take(names[f"{root}data/{key}"].file_size)
                cache[key] = _flat(archive.read(names[f"{root}data/{key}"]), dtype, count)
            return cache[key]

        return _machine(io.BytesIO(archive.read(pickles[0])), storage, budget).load()


def _parts(file: BinaryIO) -> int:
    """How often the mark of a part is in a file, which is left at its beginning."""
    count, end = 0, b""
    for piece in iter(partial(file.read, 1 << 20), b""):
        count += (end + piece).count(PART)
        end = piece[-len(PART) + 1 :]
    file.seek(0)
    return count


def _stream(file: BinaryIO, budget: Budget) -> Any:
    """A plain pickle, or the older stream of torch.save, which begins with a magic number."""
    first = _machine(file, _no_storage, budget).load()
    is_legacy = isinstance(first, int) and first == LEGACY_MAGIC
    return _legacy(file, budget) if is_legacy else first


def _legacy(file: BinaryIO, budget: Budget) -> Any:
    """The rest of the older stream: protocol, machine, object, keys, then the raw storages.

    The object comes before its storages, so it is read twice: first to learn their types.
    """
    if _machine(file, _no_storage, budget).load() != LEGACY_PROTOCOL:
        raise pickle.UnpicklingError("an unknown protocol of torch.save")
    machine = _machine(file, _no_storage, budget).load()
    if not machine.get("little_endian", True):
        raise pickle.UnpicklingError("written on a big-endian machine")
    begin, wanted = file.tell(), dict[str, tuple[torch.dtype, int]]()

    def learn(pid: Any) -> Tensor:
        dtype, key, count = _reference(pid)
        wanted[key] = (dtype, count)
        return torch.empty(count, dtype=dtype, device="meta")

    _machine(file, learn, budget).load()
    keys = _machine(file, _no_storage, budget).load()
    check_keys(keys)
    storages = {}
    for key in keys:
        dtype, count = wanted[key]
        stored = int.from_bytes(file.read(8), "little")
        if stored != count:
            raise pickle.UnpicklingError(f"a storage has {stored} elements, not {count}")
        storages[key] = _flat(file.read(count * dtype.itemsize), dtype, count)
    file.seek(begin)
    return _machine(file, lambda pid: storages[_reference(pid)[1]], budget).load()


def _flat(data: bytes, dtype: torch.dtype, count: int) -> Tensor:
    if len(data) != count * dtype.itemsize:
        need = count * dtype.itemsize
        raise pickle.UnpicklingError(f"truncated: a tensor of {need} bytes has {len(data)}")
    if not count:
        return torch.empty(0, dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that bytes cannot be written to: nothing does
        return torch.frombuffer(data, dtype=dtype)


def _tensor(
    budget: Budget, storage: Any, offset: Any, size: Any, stride: Any, *_rest: Any
) -> Tensor:
    """A view of a storage: the same bytes, however many tensors name them."""
    if not isinstance(storage, Tensor):
        raise pickle.UnpicklingError("a tensor without a storage")
    size, stride = _whole(size), _whole(stride)
    (offset,) = _whole((offset,))
    budget.take(TENSOR_BYTES)
    if 0 in size:
        return torch.empty(size, dtype=storage.dtype)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    spread = math.prod(size) > storage.numel()  # stride 0: a few bytes could fill the memory
    if last >= storage.numel() or spread:
        raise pickle.UnpicklingError(f"a tensor of shape {size} leaves its storage")
    return torch.as_strided(storage, size, stride, offset)


def _whole(numbers: Any) -> tuple[int, ...]:
    """Whole numbers of a tensor's size or place."""
    if not (isinstance(numbers, tuple | list) and len(numbers) <= MOST_AXES):
        raise pickle.UnpicklingError(f"a tensor whose size is a {type(numbers).__name__}")
    if not all(isinstance(n, int) and 0 <= n < LARGEST for n in numbers):
        raise pickle.UnpicklingError("a tensor whose size is not of whole numbers")
    return tuple(numbers)


def _ordered(budget: Budget, items: Any = ()) -> dict[Any, Any]:
    """An OrderedDict: nothing yet, or pairs; a plain table, whose methods no file can replace."""
    if not isinstance(items, list | tuple) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in items
    ):
        raise pickle.UnpicklingError(f"a table of a {type(items).__name__}")
    budget.take_for([items])
    check_keys(pair[0] for pair in items)
    return dict(items)


def _few(budget: Budget, kind: type, items: Any = ()) -> Any:
    """A set or a size of an argument that is no text: each of its items becomes one."""
    if not isinstance(items, list | tuple | set):
        raise pickle.UnpicklingError(f"a {kind.__name__} of a {type(items).__name__}")
    budget.take_for([items])
    check_keys(items)
    return kind(items)


def _set(budget: Budget, items: Any = ()) -> Any:
    return _few(budget, set, items)


def _size(budget: Budget, items: Any = ()) -> Any:
    return _few(budget, tuple, items)


def _parameter(data: Any, *_rest: Any) -> Tensor:
    if not isinstance(data, Tensor):
        raise pickle.UnpicklingError("a parameter without a tensor")
    return data


def _from_bytes(budget: Budget, data: Any) -> Tensor:
    """A storage that `pickle.dump` wrote: the older stream of torch.save in a string of bytes."""
    if not isinstance(data, bytes):
        raise pickle.UnpicklingError(f"a storage of a {type(data).__name__}")
    budget.take(len(data))
    loaded = _stream(io.BytesIO(data), budget)
    if not isinstance(loaded, Tensor):
        raise pickle.UnpicklingError("a storage without numbers")
    return loaded


def _persistent(budget: Budget, meta: Any) -> Record:
    """An object of the official release: its state; its source text is not kept."""
    if not (isinstance(meta, dict) and isinstance(meta.get("state"), dict)):
        raise pickle.UnpicklingError("a network without a state")
    budget.take_for([meta["state"]])
    return Record(meta["state"])


def _nothing(*_args: Any) -> None:
    return None


FUNCTIONS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): Spender(_ordered),
    ("builtins", "set"): Spender(_set),
    ("__builtin__", "set"): Spender(_set),
    ("torch", "Size"): Spender(_size),
    ("torch._utils", "_rebuild_tensor_v2"): Spender(_tensor),
    ("torch._utils", "_rebuild_parameter"): Call(_parameter),
    ("torch.storage", "_load_from_bytes"): Spender(_from_bytes),
    ("torch", "device"): Call(_nothing),
    ("numpy", "dtype"): Record,
    ("numpy", "ndarray"): Record,
    ("_codecs", "encode"): Call(_nothing),
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): Spender(_persistent),
}
"""All that a checkpoint may call, by module and name."""
for _core in ("numpy.core.multiarray", "numpy._core.multiarray"):
    FUNCTIONS[_core, "scalar"] = Call(_nothing)  # run-time gains are kept as NumPy's numbers
    FUNCTIONS[_core, "_reconstruct"] = Call(lambda *_: Record())
for _name in (*(str(dtype).removeprefix("torch.") for dtype in DTYPES.values()), *MEMORY_FORMATS):
    FUNCTIONS["torch", _name] = Call(_nothing)

for _name in DTYPES:
    FUNCTIONS["torch", _name] = Dtype(_name)
