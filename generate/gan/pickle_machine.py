"""The stack machine of a pickle, with nothing in it that could run or outgrow its file.

A pickle is a program: it names functions and calls them. Here a name is looked up in a table of
our own functions, and nothing is ever imported by name. Names of network classes become records
of their state; any other name is refused. Each instruction is paid for, since one byte can make a
hundred; and keys of tables are words or numbers, since the hash of nested tuples takes a time that
doubles with each of them, or more of the stack of C than there is.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

SPARE_BYTES = 32 << 20
OPCODE_BYTES, ITEM_BYTES = 96, 64
"""What an instruction makes at most, and an item of a table that is copied."""
LARGEST_KEY = 1 << 60
"""Whole numbers beyond can be made to have one hash, and a table of them is as slow as a list."""
RECORDS = ("torch_utils.", "dnnlib.", "training.", "torch.nn.", "torch.optim.", "argparse.")
"""Modules whose classes become records; they are not imported."""
SAID = 80
"""Letters of a file's own words in a message."""


def shown(words: str) -> str:
    """Words of a file for a message: short, in one line, nothing that a terminal would obey."""
    short = words if len(words) <= SAID else words[:SAID] + "..."
    return "".join(letter if letter.isprintable() else "?" for letter in short)


class Record(dict[Any, Any]):
    """An object of a class that is not ours: what it was given, nothing that it would do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep the arguments; a mapping among them becomes the record's own keys."""
        super().__init__(*[a for a in args[:1] if isinstance(a, dict)], **kwargs)

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


class Spender(Call):
    """A function of ours whose first argument is the budget of the file."""

    __slots__ = ()


class Budget:
    """What may be made of a file: it can name the same bytes, list or tensor again and again."""

    def __init__(self, file_bytes: int) -> None:
        """For all that is made of a file of that size."""
        self.left = file_bytes + SPARE_BYTES

    def take(self, bytes_: int) -> None:
        """Refuse where no more is left."""
        self.left -= bytes_
        if self.left < 0:
            raise pickle.UnpicklingError("makes several times as much as it holds; file refused")

    def take_for(self, arguments: Iterable[Any]) -> None:
        """Take what copies of the lists and tables among the arguments of a call need."""
        sized = (list, tuple, dict, set)
        self.take(sum(ITEM_BYTES * len(item) for item in arguments if isinstance(item, sized)))


def check_keys(keys: Iterable[Any]) -> None:
    """Refuse keys of a table or items of a set that are neither words nor moderate numbers."""
    for key in keys:
        small = isinstance(key, int) and abs(key) < LARGEST_KEY
        if not (small or key is None or isinstance(key, str)):
            raise pickle.UnpicklingError(f"a table with a {type(key).__name__} as key")


def _refused(code: bytes) -> Callable[[Any], None]:
    def refuse(self: Any) -> None:  # noqa: ARG001
        raise pickle.UnpicklingError(f"instruction {code[0]:#x}, which weights have no need of")

    return refuse


def _paid(usual: Callable[[Any], None]) -> Callable[[Any], None]:
    def pay(self: Any) -> None:
        self.budget.take(OPCODE_BYTES)
        usual(self)

    return pay


# The reader in Python: that in C allots as much memory as a file asks for in one instruction.
class Machine(pickle._Unpickler):  # type: ignore[name-defined,misc]
    """Reads one pickle of a file."""

    usual: ClassVar[Any] = pickle._Unpickler  # type: ignore[attr-defined]
    dispatch: ClassVar[dict[int, Any]] = {}

    def __init__(
        self, file: Any, functions: Mapping[tuple[str, str], Any],
        storage: Callable[[Any], Any], budget: Budget,
    ) -> None:  # fmt: skip
        """`functions`: what may be called, by module and name; `storage` answers references."""
        super().__init__(file, encoding="latin1")
        self.functions, self.storage, self.budget = functions, storage, budget

    def find_class(self, module: str, name: str) -> Any:
        """Our own function for a known name, a Record for a network's class, or a refusal."""
        if (module, name) in self.functions:
            found = self.functions[module, name]
            return Call(partial(found.run, self.budget)) if isinstance(found, Spender) else found
        if (module + ".").startswith(RECORDS) and "." not in name:
            return Record
        named = f"{shown(module)}.{shown(name)}"
        need = "which weights have no need of; nothing was run, file refused"
        raise pickle.UnpicklingError(f"names {named}, {need}")

    def persistent_load(self, pid: Any) -> Any:
        """The storage that a tensor refers to."""
        return self.storage(pid)

    def load_build(self) -> None:
        """Give a record the attributes that the object had; those of a plain table are dropped."""
        state, taker = self.stack.pop(), self.stack[-1]  # type: ignore[attr-defined]
        if isinstance(taker, Call):
            raise pickle.UnpicklingError("assigns to a function; nothing was run, file refused")
        if not isinstance(taker, dict):
            raise pickle.UnpicklingError("assigns to what is no record; nothing was run")
        if isinstance(taker, Record) and isinstance(state, dict):
            self.budget.take_for([state])
            taker.update(state)

    def load_reduce(self) -> None:
        """Call one of our functions, by REDUCE, NEWOBJ or NEWOBJ_EX."""
        self._pay_for_arguments()
        self.usual.load_reduce(self)

    def load_newobj(self) -> None:
        """As `load_reduce`."""
        self._pay_for_arguments()
        self.usual.load_newobj(self)

    def load_newobj_ex(self) -> None:
        """As `load_reduce`."""
        self._pay_for_arguments()
        self.usual.load_newobj_ex(self)

    def _pay_for_arguments(self) -> None:
        for given in self.stack[-2:]:  # type: ignore[attr-defined]
            if isinstance(given, tuple | list | dict):
                inner = given.values() if isinstance(given, dict) else given
                self.budget.take_for([given, *inner])

    def _instantiate(self, klass: Any, arguments: Any) -> None:
        self.budget.take_for(arguments)
        self.usual._instantiate(self, klass, arguments)

    def load_setitem(self) -> None:
        """One item of a table: below it and the key."""
        self._check(self.stack[-3], dict)  # type: ignore[attr-defined]
        check_keys(self.stack[-2:-1])  # type: ignore[attr-defined]
        self.usual.load_setitem(self)

    def load_setitems(self) -> None:
        """Items of a table: since the last mark, keys and values in turn."""
        self._check(self.metastack[-1][-1], dict)  # type: ignore[attr-defined]
        check_keys(self.stack[::2])  # type: ignore[attr-defined]
        self.usual.load_setitems(self)

    def load_dict(self) -> None:
        """A table of all since the last mark."""
        check_keys(self.stack[::2])  # type: ignore[attr-defined]
        self.usual.load_dict(self)

    def load_additems(self) -> None:
        """Items of a set: all since the last mark."""
        self._check(self.metastack[-1][-1], set)  # type: ignore[attr-defined]
        check_keys(self.stack)  # type: ignore[attr-defined]
        self.usual.load_additems(self)

    def load_append(self) -> None:
        """One item of a list."""
        self._check(self.stack[-2], list | Record)  # type: ignore[attr-defined]
        self.usual.load_append(self)

    def load_appends(self) -> None:
        """Items of a list: all since the last mark."""
        self._check(self.metastack[-1][-1], list | Record)  # type: ignore[attr-defined]
        self.usual.load_appends(self)

    def _check(self, taker: Any, kind: Any) -> None:
        """A tensor has methods and items too."""
        if not isinstance(taker, kind):
            raise pickle.UnpicklingError(f"adds items to a {type(taker).__name__}")


OWN = {
    "BUILD": Machine.load_build, "REDUCE": Machine.load_reduce, "NEWOBJ": Machine.load_newobj,
    "NEWOBJ_EX": Machine.load_newobj_ex, "SETITEM": Machine.load_setitem,
    "SETITEMS": Machine.load_setitems, "DICT": Machine.load_dict,
    "ADDITEMS": Machine.load_additems, "APPEND": Machine.load_append,
    "APPENDS": Machine.load_appends,
}  # fmt: skip
NEVER = ("EXT1", "EXT2", "EXT4", "FROZENSET", "BYTEARRAY8", "NEXT_BUFFER", "READONLY_BUFFER")
"""BYTEARRAY8 fills the memory that it asks for before it reads; weights have none of them."""
for _code, _usual in Machine.usual.dispatch.items():
    Machine.dispatch[_code] = _paid(_usual)
for _name, _own in OWN.items():
    Machine.dispatch[getattr(pickle, _name)[0]] = _paid(_own)
for _name in NEVER:
    Machine.dispatch[getattr(pickle, _name)[0]] = _refused(getattr(pickle, _name))
