"""Turns numba kernels into GLSL, so that both engines shade from one source.

What is understood is what kernels are written in: numbers, `math`, min, max, tuples, named tuples
of arrays, if, for over range, while, and small local arrays. All else raises ValueError with file
and line. Functions are specialised on the types and the arrays that they are called with; integers
have 32 bits and wrap, floats have 32 bits.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from generate.render.glsl_body import AsKernel, Body, parsed
from generate.render.glsl_values import PRELUDE, Array, Scalar, Value, literal


class Program:
    """The functions of one shader, in an order in which each is known before it is called."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._known: dict[Any, tuple[str, Any]] = {}

    def source(self) -> str:
        return PRELUDE + "\n".join(self.texts) + "\n"

    def function(self, function: Any, arguments: Sequence[Value]) -> tuple[str, Any]:
        """Name and return type of a function for such arguments: None, a type, or a tuple."""
        function = getattr(function, "py_func", function)
        key = (function, tuple(_kind_of(a) for a in arguments))
        if key not in self._known:
            name = f"{function.__name__.strip('_')}_{len(self._known)}"
            self._known[key] = (name, None)
            self._known[key] = (name, Body(self, function, arguments).write(name))
        return self._known[key]

    def record(self, types: tuple[str, ...]) -> str:
        """The struct that a function returns a tuple of such types in."""
        name = "T" + "".join(t[0] for t in types)
        fields = " ".join(f"{t} m{i};" for i, t in enumerate(types))
        text = f"struct {name} {{ {fields} }};"
        if text not in self.texts:
            self.texts.append(text)
        return name

    def constant(self, name: str, value: Any) -> Array:
        """A tuple or array of numbers of a module."""
        table = np.asarray(value)
        kind = "float" if table.dtype.kind == "f" else "int"
        cells = ", ".join(literal(v).as_type(kind) for v in table.reshape(-1).tolist())
        text = f"const {kind} c_{name}[{table.size}] = {kind}[{table.size}]({cells});"
        if text not in self.texts:
            self.texts.append(text)
        return Array(f"c_{name}[{{0}}]", kind, tuple(map(str, table.shape)))


def kernel_loop(function: Callable[..., Any]) -> tuple[ast.FunctionDef, ast.For]:
    """A kernel's definition and its outermost loop, whose rounds run side by side."""
    tree, _ = parsed(getattr(function, "py_func", function))
    last = tree.body[-1]
    if not isinstance(last, ast.For):
        raise ValueError(f"{function.__name__}: a kernel ends in a for loop over range")
    return tree, last


def kernel_source(function: Callable[..., Any], arguments: Sequence[Value]) -> str:
    """Functions of a kernel and `main`; `P[0]` and `P[1]` hold the bounds of its loop."""
    program = Program()
    name, _ = program.function(AsKernel(function), arguments)
    main = (
        "void main() {\n  int k = P[0] + int(gl_GlobalInvocationID.x);\n"
        f"  if (k < P[1]) {name}(k);\n}}\n"
    )
    return program.source() + main


def _kind_of(value: Value) -> Any:
    """What a function is specialised on."""
    if isinstance(value, Scalar):
        return value.type
    if isinstance(value, Array) and value.local:
        return (value.type, value.shape)
    return value
