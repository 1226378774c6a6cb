"""Reads checkpoints of PyTorch without executing anything that is in them.

A pickle is a program: it names functions and calls them. Here a name is looked up in a table of
our own functions, which rebuild tensors and plain records, and nothing is ever imported by name.
Names of network classes become records of their state; any other name is refused.

Three layouts: the zip of `torch.save`, its older stream, and a plain pickle whose tensors carry
that older stream inside (what `pickle.dump` of a module writes, the official releases among them).
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

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
SPARE_BYTES = 16 << 20
CONTAINER_BYTES = 64
"""What Python takes for an empty list or table, which is one byte of a file."""
MEMORY_FORMATS = ("contiguous_format", "channels_last")
RECORDS = ("torch_utils.", "dnnlib.", "training.", "torch.nn.", "torch.optim.", "argparse.")
"""Modules whose classes become records; they are not imported."""


class Record(dict[Any, Any]):
    """An object of a class that is not ours: what it was given, nothing that it would do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep the arguments; a mapping among them becomes the record's own keys."""
        super().__init__(*[a for a in args[:1] if isinstance(a, dict)], **kwargs)

    def __setstate__(self, state: Any) -> None:
        """Take over the attributes that the object had."""
        if isinstance(state, dict):
            self.update(state)

    def append(self, item: Any) -> None:
        """Items of a list-like object are dropped."""

    def extend(self, items: Any) -> None:
        """Items of a list-like object are dropped."""


class Call:
    """A function of ours that a file may call but, unlike a plain function, not set attributes of.

    The BUILD instruction of a pickle assigns attributes to whatever lies on the stack.
    """

    __slots__ = ("run",)

    def __init__(self, run: Callable[..., Any]) -> None:
        """Wrap `run`."""
        self.run = run

    def __call__(self, *args: Any) -> Any:
        """Call it."""
        return self.run(*args)

    def __setstate__(self, state: Any) -> None:
        """Refuse."""
        raise pickle.UnpicklingError("assigns to a function; nothing was run, file refused")


class Spender(Call):
    """A function of ours whose first argument is the budget of the file."""

    __slots__ = ()


class Dtype(str):
    """Name of a storage class; a token, not callable."""

    __slots__ = ()


class Budget:
    """What may be made of a file: it can name the same bytes, list or tensor again and again."""

    def __init__(self, bytes_: int) -> None:
        """`bytes_` for all that is made."""
        self.left = bytes_

    def take(self, bytes_: int) -> None:
        """Refuse where no more is left."""
        self.left -= bytes_
        if self.left < 0:
            raise pickle.UnpicklingError("makes several times as much as it holds; file refused")

    def take_for(self, arguments: Any) -> None:
        """Take what copies of the lists and tables among the arguments of a call need."""
        sized = (list, tuple, dict, set)
        self.take(sum(16 * len(item) for item in arguments if isinstance(item, sized)))


def read_checkpoint(path: Path) -> Any:
    """What a `.pkl` or `.pt` holds: dicts, lists, numbers, tensors and Records.

    ValueError, in one line with the file's name, where it is truncated, no checkpoint, or names
    anything that weights have no need of.
    """
    if not path.is_file():
        raise ValueError(f"checkpoint {path}: no such file")
    try:
        with open(path, "rb") as file:
            start = file.read(4)
            file.seek(0)
            budget = Budget(4 * path.stat().st_size + SPARE_BYTES)
            return _zip(path, budget) if start == b"PK\x03\x04" else _stream(file, budget)
    except pickle.UnpicklingError as error:
        raise ValueError(f"checkpoint {path}: {error}") from None
    except OSError:
        raise
    except RecursionError:
        raise ValueError(f"checkpoint {path}: nested too deeply") from None
    # A pickle of garbage may fail in any way that a stack machine can.
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"checkpoint {path}: truncated, or no checkpoint ({said:.120})") from None


# The reader in Python: that in C allots as much memory as a file asks for in one instruction.
class _Reader(pickle._Unpickler):  # type: ignore[name-defined,misc]
    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]

    def load_build(self) -> None:
        """Assign attributes to a record; a tensor would take a state over unchecked."""
        taker = self.stack[-2]  # type: ignore[attr-defined]
        if isinstance(taker, Call):
            taker.__setstate__(None)
        if not isinstance(taker, Record | OrderedDict):
            raise pickle.UnpicklingError("assigns to what is no record; nothing was run")
        self.budget.take_for(self.stack[-1:])  # type: ignore[attr-defined]
        super().load_build()  # type: ignore[misc]

    dispatch[pickle.BUILD[0]] = load_build

    def __init__(self, file: Any, storage: Callable[[Any], Tensor], budget: Budget) -> None:
        super().__init__(file, encoding="latin1")
        self.storage, self.budget = storage, budget

    def find_class(self, module: str, name: str) -> Any:
        """Our own function for a known name, a Record for a network's class, or a refusal."""
        if (module, name) in FUNCTIONS:
            found = FUNCTIONS[module, name]
            return Call(partial(found.run, self.budget)) if isinstance(found, Spender) else found
        if module == "torch" and name in DTYPES:
            return Dtype(name)
        if (module + ".").startswith(RECORDS) and "." not in name:
            return Record
        raise pickle.UnpicklingError(
            f"names {module}.{name}, which weights have no need of; nothing was run, file refused"
        )

    def persistent_load(self, pid: Any) -> Tensor:
        """The storage that a tensor refers to, as a flat tensor."""
        return self.storage(pid)


def _no_storage(pid: Any) -> Tensor:
    raise pickle.UnpicklingError(f"refers to a storage outside the file, by a {type(pid).__name__}")


def _reference(pid: Any) -> tuple[torch.dtype, str, int]:
    """(dtype, key, elements) of a persistent id."""
    if not (isinstance(pid, tuple) and len(pid) >= 5 and pid[0] == "storage"):
        raise pickle.UnpicklingError(f"unknown reference, a {type(pid).__name__}")
    if not isinstance(pid[1], Dtype):
        raise pickle.UnpicklingError(f"unknown kind of storage, a {type(pid[1]).__name__}")
    return DTYPES[pid[1]], str(pid[2]), int(pid[4])


def _have_pay(reader: type[_Reader]) -> None:
    """Have the reader pay for what it makes: calls with long arguments, and empty containers."""
    usual = pickle._Unpickler  # type: ignore[attr-defined]
    calls = (pickle.REDUCE, pickle.NEWOBJ, pickle.NEWOBJ_EX)
    for code in calls:
        reader.dispatch[code[0]] = _paid_call(usual.dispatch[code[0]])
    for code in (pickle.EMPTY_LIST, pickle.EMPTY_DICT, pickle.EMPTY_SET, pickle.MARK):
        reader.dispatch[code[0]] = _paid(usual.dispatch[code[0]])

    instantiate = getattr(usual, "_instantiate")  # noqa: B009

    def made(self: Any, klass: Any, arguments: Any) -> None:
        self.budget.take_for(arguments)
        instantiate(self, klass, arguments)

    setattr(reader, "_instantiate", made)  # noqa: B010


def _paid_call(usual: Callable[[Any], None]) -> Callable[[Any], None]:
    def called(self: Any) -> None:
        for given in self.stack[-2:]:
            if isinstance(given, tuple | dict):
                self.budget.take_for(given.values() if isinstance(given, dict) else given)
        usual(self)

    return called


def _paid(usual: Callable[[Any], None]) -> Callable[[Any], None]:
    def taken(self: Any) -> None:
        self.budget.take(CONTAINER_BYTES)
        usual(self)

    return taken


def _zip(path: Path, budget: Budget) -> Any:
    with zipfile.ZipFile(path) as archive:
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

        return _Reader(io.BytesIO(archive.read(pickles[0])), storage, budget).load()


def _stream(file: Any, budget: Budget) -> Any:
    """A plain pickle, or the older stream of torch.save, which begins with a magic number."""
    first = _Reader(file, _no_storage, budget).load()
    is_legacy = isinstance(first, int) and first == LEGACY_MAGIC
    return _legacy(file, budget) if is_legacy else first


def _legacy(file: Any, budget: Budget) -> Any:
    """The rest of the older stream: protocol, machine, object, keys, then the raw storages.

    The object comes before its storages, so it is read twice: first to learn their types.
    """
    if _Reader(file, _no_storage, budget).load() != LEGACY_PROTOCOL:
        raise pickle.UnpicklingError("an unknown protocol of torch.save")
    machine = _Reader(file, _no_storage, budget).load()
    if not machine.get("little_endian", True):
        raise pickle.UnpicklingError("written on a big-endian machine")
    begin, wanted = file.tell(), dict[str, tuple[torch.dtype, int]]()

    def learn(pid: Any) -> Tensor:
        dtype, key, count = _reference(pid)
        wanted[key] = (dtype, count)
        return torch.empty(0, dtype=dtype)

    _Reader(file, learn, budget).load()
    storages = {}
    for key in _Reader(file, _no_storage, budget).load():
        dtype, count = wanted[key]
        stored = int.from_bytes(file.read(8), "little")
        if stored != count:
            raise pickle.UnpicklingError(f"storage {key} has {stored} elements, not {count}")
        budget.take(count * dtype.itemsize)
        storages[key] = _flat(file.read(count * dtype.itemsize), dtype, count)
    file.seek(begin)
    return _Reader(file, lambda pid: storages[_reference(pid)[1]], budget).load()


def _flat(data: bytes, dtype: torch.dtype, count: int) -> Tensor:
    if count < 0 or len(data) != count * dtype.itemsize:
        need = count * dtype.itemsize
        raise pickle.UnpicklingError(f"truncated: a tensor of {need} bytes has {len(data)}")
    if not count:
        return torch.empty(0, dtype=dtype)
    return torch.frombuffer(bytearray(data), dtype=dtype)


def _tensor(
    budget: Budget, storage: Any, offset: Any, size: Any, stride: Any, *_rest: Any
) -> Tensor:
    if not isinstance(storage, Tensor):
        raise pickle.UnpicklingError("a tensor without a storage")
    if storage.numel() == 0 or 0 in size:
        return torch.empty(tuple(size), dtype=storage.dtype, device="meta")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    spread = math.prod(size) > storage.numel()  # stride 0: a few bytes could fill the memory
    if min((offset, *size, *stride), default=0) < 0 or last >= storage.numel() or spread:
        raise pickle.UnpicklingError(f"a tensor of shape {tuple(size)} leaves its storage")
    budget.take(math.prod(size) * storage.element_size())
    return torch.as_strided(storage, tuple(size), tuple(stride), offset).clone()


def _few(budget: Budget, kind: type, items: Any = ()) -> Any:
    """A set or a size of an argument that is no text: each of its items becomes one."""
    if not isinstance(items, list | tuple | set):
        raise pickle.UnpicklingError(f"a {kind.__name__} of a {type(items).__name__}")
    budget.take(64 * len(items))
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
    loaded = _stream(io.BytesIO(data), budget)
    if not isinstance(loaded, Tensor):
        raise pickle.UnpicklingError("a storage without numbers")
    return loaded


def _persistent(meta: Any) -> Record:
    """An object of the official release: its class name and state; its source text is not kept."""
    if not (isinstance(meta, dict) and isinstance(meta.get("state"), dict)):
        raise pickle.UnpicklingError("a network without a state")
    return Record(meta["state"], class_name=str(meta.get("class_name", "")))


def _nothing(*_args: Any) -> None:
    return None


FUNCTIONS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
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
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): Call(_persistent),
}
"""All that a checkpoint may call; the classes among them cannot be changed by BUILD."""
for _core in ("numpy.core.multiarray", "numpy._core.multiarray"):
    FUNCTIONS[_core, "scalar"] = Call(_nothing)  # run-time gains are kept as NumPy's numbers
    FUNCTIONS[_core, "_reconstruct"] = Call(lambda *_: Record())
for _name in (*(str(dtype).removeprefix("torch.") for dtype in DTYPES.values()), *MEMORY_FORMATS):
    FUNCTIONS["torch", _name] = Call(_nothing)


_have_pay(_Reader)
