"""Dataclasses to JSON and back, refusing whatever the dataclass does not name.

The type hints of the dataclass are the schema. Known shapes: str, int, float, bool, None,
Literal, `X | None`, `tuple[X, ...]`, `dict[str, X]`, `list[X]` and other dataclasses.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import difflib
import json
import math
import sys
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

from device import limits

T = TypeVar("T")
UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))
OLD_NAMES = {"tuple": typing.Tuple, "list": typing.List, "dict": typing.Dict}  # noqa: UP006
"""Built-in containers to what Python 3.8 takes with brackets."""
JSON_TYPES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


class FormatError(ValueError):
    """A file of ours that cannot be trusted; the message is one line that names file and key."""


def nearest(word: str, known: typing.Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for a close known word, else an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def encode(value: object) -> Any:
    """Turn a dataclass into plain JSON values, every field written, in the order of the class."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    return value


def dumps(value: object) -> str:
    """Return indented JSON with a final newline; NaN and infinity are a FormatError."""
    try:
        return json.dumps(encode(value), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    except (TypeError, ValueError) as error:
        name = type(value).__name__
        raise FormatError(f"{name} does not fit into JSON: {error}") from None


def load_json(path: Path) -> Any:
    """Read a JSON file; broken text, a repeated key, NaN or a number that is none, and a file of
    over 32 MiB (device/limits.py) are a ValueError naming the file.
    """
    return loads(limits.read_bytes(path), str(path))


def loads(data: bytes, where: str) -> Any:
    """Read the bytes of a JSON file as `load_json` does; `where` is the file that messages name."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, item in items:
            if key in seen:
                raise FormatError(f"{where}: key '{key}' is given twice")
            seen[key] = item
        return seen

    def constant(text: str) -> Any:
        raise FormatError(f"{where}: {text} is not a number that JSON knows")

    def number(text: str) -> float:
        if math.isinf(value := float(text)):
            raise FormatError(f"{where}: {text:.30} is too large a number")
        return value

    if len(data) > limits.TEXT_BYTES:
        raise FormatError(f"{where}: longer than the {limits.TEXT_BYTES} bytes that are read here")
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=pairs, parse_constant=constant, parse_float=number
        )
        if "\\ud" in text.lower():  # half of a surrogate pair could never be written again
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:  # broken, not UTF-8, endless digits, too deep
        raise FormatError(f"{where}: not JSON: {error}") from None


def check_format(data: Any, expected: str, version: int, where: str) -> None:
    """Refuse data whose `format` or `version` is not the one that this kit reads."""
    if not isinstance(data, dict):
        raise FormatError(f"{where}: expected a JSON object")
    if data.get("format") != expected:
        raise FormatError(f"{where}: format is {data.get('format')!r}, this reads '{expected}'")
    found = data.get("version")
    if type(found) is not int or found != version:
        raise FormatError(f"{where}: version is {found!r}, this kit reads version {version}")


def decode(kind: type[T], data: Any, where: str, key: str = "") -> T:
    """Build dataclass `kind` from JSON values; `where` is the file that messages name.

    Raises FormatError for an unknown, missing or wrongly typed key, naming it by its full path.
    """
    if not isinstance(data, dict):
        raise FormatError(f"{where}: '{key or 'the file'}' should be a JSON object")
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in data:
        if name not in fields:
            raise FormatError(f"{where}: unknown key '{_join(key, name)}'{nearest(name, fields)}")
    hints = hints_of(kind)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _value(hints[name], data[name], where, _join(key, name))
        elif field.default is dataclasses.MISSING and (
            field.default_factory is dataclasses.MISSING
        ):
            raise FormatError(f"{where}: key '{_join(key, name)}' is missing")
    try:
        return kind(**values)
    except FormatError:
        raise
    except ValueError as error:
        raise FormatError(f"{where}: {error}") from None


def hints_of(kind: type) -> dict[str, Any]:
    """Return the type of each field; a board's Python 3.8 cannot evaluate `tuple[X] | None`."""
    return typing.get_type_hints(kind) if sys.version_info >= (3, 10) else old_hints(kind)


def old_hints(kind: type) -> dict[str, Any]:
    """Do what get_type_hints does, with the names that Python 3.8 has for the same types."""
    names = {**vars(builtins), **vars(sys.modules[kind.__module__]), **OLD_NAMES}
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    return {f.name: _type_of(ast.parse(str(f.type), mode="eval").body, names) for f in fields}


def _type_of(node: ast.AST, names: dict[str, Any]) -> Any:
    """Evaluate an annotation: names, `X | Y`, `X[Y, ...]`, Literal of constants, None."""
    if isinstance(node, ast.Name):
        return names[node.id]
    if isinstance(node, ast.Constant):
        return type(None) if node.value is None else node.value
    if isinstance(node, ast.Tuple):
        return tuple(_type_of(each, names) for each in node.elts)
    if isinstance(node, ast.BinOp):
        return typing.Union[_type_of(node.left, names), _type_of(node.right, names)]  # noqa: UP007
    if isinstance(node, ast.Subscript):
        return _type_of(node.value, names)[_type_of(node.slice, names)]
    return _type_of(node.value, names)  # type: ignore[attr-defined]  # ast.Index, until 3.8


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _value(hint: Any, data: Any, where: str, key: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return data
    if origin in UNIONS:
        return _union(args, data, where, key)
    if origin is typing.Literal:
        if not any(data == choice and type(data) is type(choice) for choice in args):
            hint_text = nearest(data, args) if isinstance(data, str) else ""
            names = ", ".join(repr(choice) for choice in args)
            raise FormatError(f"{where}: '{key}' is {data!r:.60}, one of {names}{hint_text}")
        return data
    if origin in (tuple, list):
        if not isinstance(data, list):
            raise FormatError(f"{where}: '{key}' should be a list, not {data!r:.60}")
        items = (_value(args[0], item, where, f"{key}[{i}]") for i, item in enumerate(data))
        return origin(items)
    if origin is dict:
        if not isinstance(data, dict):
            raise FormatError(f"{where}: '{key}' should be a JSON object, not {data!r:.60}")
        return {name: _value(args[1], item, where, _join(key, name)) for name, item in data.items()}
    if dataclasses.is_dataclass(hint):
        return decode(typing.cast("type[Any]", hint), data, where, key)
    return _scalar(hint, data, where, key)


def _union(args: tuple[Any, ...], data: Any, where: str, key: str) -> Any:
    others = [arg for arg in args if arg is not type(None)]
    if data is None and len(others) < len(args):
        return None
    if len(others) == 1:
        return _value(others[0], data, where, key)
    for arg in others:
        if arg in JSON_TYPES and type(data) is arg:
            return data
        if typing.get_origin(arg) in (tuple, list) and isinstance(data, list):
            return _value(arg, data, where, key)
    names = " or ".join(JSON_TYPES.get(arg, "a list") for arg in others)
    raise FormatError(f"{where}: '{key}' should be {names}, not {data!r:.60}")


def _scalar(hint: Any, data: Any, where: str, key: str) -> Any:
    if hint is float and type(data) is int and abs(data) < 1e300:
        data = float(data)
    if hint is int and type(data) is int and abs(data) >= 1 << 63:
        raise FormatError(f"{where}: '{key}' has more than 64 bits")
    if type(data) is not hint or (hint is float and not math.isfinite(data)):
        raise FormatError(f"{where}: '{key}' should be {JSON_TYPES[hint]}, not {data!r:.60}")
    return data
