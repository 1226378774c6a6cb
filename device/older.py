"""What the kit uses and Python 3.8 and 3.9 lack: they are what JetPack 5 and Debian 11 come with.

`device/__init__.py` applies it there, for a board's Python cannot be chosen and a few words missing
from its library are no reason to write worse code.
"""

from __future__ import annotations

import builtins
import collections.abc
import functools
import sys
from collections.abc import Iterator
from typing import Any

ABSENT = object()
plain_zip = builtins.zip


def zip_strict(*parts: Any, strict: bool = False) -> Iterator[tuple[Any, ...]]:
    """Do what `zip` does from 3.10 on: ValueError where `strict` parts differ in length."""
    return _strict(parts) if strict else plain_zip(*parts)


def _strict(parts: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    sources = [iter(part) for part in parts]
    while sources:
        items = tuple(next(source, ABSENT) for source in sources)
        absent = sum(item is ABSENT for item in items)
        if absent == len(items):
            return
        if absent:
            raise ValueError("zip() arguments differ in length")
        yield items


def apply() -> None:
    """Put them into the running Python."""
    builtins.zip = zip_strict  # type: ignore[assignment,misc]
    if sys.version_info < (3, 9):  # noqa: UP036
        for name in ("Callable", "Iterable", "Iterator", "Mapping", "Sequence"):
            kind = getattr(collections.abc, name)
            kind.__class_getitem__ = classmethod(lambda cls, _: cls)
    functools.cache = functools.lru_cache(maxsize=None)  # type: ignore[assignment]
