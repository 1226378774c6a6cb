"""What an expression of a kernel is while it is turned into GLSL, and how names map over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

RANKS = ("bool", "int", "uint", "float")


@dataclass(frozen=True)
class Scalar:
    code: str
    type: str
    """One of RANKS."""

    def as_type(self, want: str) -> str:
        """The expression converted to another type."""
        return self.code if self.type == want else f"{want}({self.code})"


@dataclass(frozen=True)
class Array:
    """Something that is indexed: a buffer, a texture, a constant or a local array."""

    read: str
    """Expression with {0} for the flat index, or {0}, {1} for row and column of a texture."""
    type: str
    shape: tuple[str, ...]
    flat: bool = True
    local: bool = False
    """Local arrays are handed to functions by reference."""

    def at(self, index: Sequence[Scalar]) -> Scalar:
        """One element; raises ValueError where the number of indices is wrong."""
        if len(index) != len(self.shape):
            raise ValueError(f"{len(index)} indices for an array of {len(self.shape)} axes")
        codes = [f"({i.as_type('int')})" for i in index]
        if not self.flat:
            return Scalar(self.read.format(*codes), self.type)
        place = codes[0]
        for code, size in zip(codes[1:], self.shape[1:], strict=True):
            place = f"({place} * {size} + {code})"
        return Scalar(self.read.format(place), self.type)


@dataclass(frozen=True)
class Record:
    """A named tuple."""

    fields: tuple[tuple[str, Value], ...]

    def field(self, name: str) -> Value:
        return dict(self.fields)[name]


Value = Scalar | Array | Record | tuple[Any, ...]
"""Tuples hold values; anything else a name can stand for is left as the Python object it is."""


def join(a: str | None, b: str) -> str:
    """The type that holds both."""
    return b if a is None else RANKS[max(RANKS.index(a), RANKS.index(b))]


def literal(value: Any) -> Scalar:
    """A Python number; raises ValueError for anything else."""
    if isinstance(value, bool):
        return Scalar("true" if value else "false", "bool")
    if isinstance(value, int):
        if -(2**31) <= value < 2**31:
            return Scalar(str(value) if value >= 0 else f"({value})", "int")
        return Scalar(f"{value & 0xFFFFFFFF}u", "uint")
    if isinstance(value, float):
        return Scalar(repr(value) if value >= 0 else f"({value!r})", "float")
    raise ValueError(f"no GLSL for a {type(value).__name__}")


FUNCTIONS = {
    "math.sin": "sin", "math.cos": "cos", "math.tan": "tan", "math.asin": "asin",
    "math.acos": "acos", "math.atan": "atan", "math.atan2": "atan", "math.sqrt": "sqrt",
    "math.exp": "exp", "math.log": "log", "math.tanh": "tanh", "math.pow": "pow",
}  # fmt: skip
"""Functions of floats alone."""
CASTS = {
    "int": "int", "float": "float", "bool": "bool", "np.float32": "float", "np.float64": "float",
    "np.int32": "int", "np.int64": "int", "np.uint32": "int", "np.uint64": "int", "np.uint8": "int",
}  # fmt: skip
"""Indices stay signed: nothing that kernels index has 2**31 elements."""
SYMBOLS = {
    "Add": "+", "Sub": "-", "Mult": "*", "BitAnd": "&", "BitOr": "|", "BitXor": "^",
    "LShift": "<<", "RShift": ">>", "Eq": "==", "NotEq": "!=", "Lt": "<", "LtE": "<=",
    "Gt": ">", "GtE": ">=",
}  # fmt: skip
PRELUDE = """
int floor_div(int a, int b) {
  int q = a / b;
  return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}
int floor_mod(int a, int b) { return a - b * floor_div(a, b); }
float power(float x, int n) { float r = 1.0; for (int i = 0; i < n; i++) r *= x; return r; }
"""
