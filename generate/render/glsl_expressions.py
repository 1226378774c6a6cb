"""One function of a kernel on its way to GLSL: its expressions."""

# mypy: allow-untyped-defs
from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from generate.render.glsl_values import (
    CASTS,
    FUNCTIONS,
    SYMBOLS,
    Array,
    Scalar,
    Value,
    join,
    literal,
)

if TYPE_CHECKING:
    from generate.render.glsl import Program


class Expressions:
    """What names stand for in one function, and GLSL for expressions of them."""

    program: Program
    python: Callable[..., Any]
    first_line: int
    names: dict[str, Value]
    lines: list[str]
    """Statements so far; a call that returns a tuple is one."""
    temporaries: int

    def refuse(self, node: ast.AST, why: str) -> ValueError:
        line = self.first_line + getattr(node, "lineno", 1) - 1
        place = f"{inspect.getsourcefile(self.python)}:{line}"
        return ValueError(f"{place}: {why}: `{ast.unparse(node).splitlines()[0]}`")

    def scalar(self, node: ast.expr) -> Scalar:
        value = self.value(node)
        if not isinstance(value, Scalar):
            raise self.refuse(node, "is no number")
        return value

    def truth(self, node: ast.expr) -> str:
        return self.scalar(node).as_type("bool")

    def value(self, node: ast.expr) -> Any:
        read = getattr(self, "_of_" + type(node).__name__.lower(), None)
        if read is None:
            raise self.refuse(node, "GLSL has no such expression")
        try:
            return read(node)
        except (KeyError, TypeError) as error:
            raise self.refuse(node, f"not understood ({error})") from error

    def _of_constant(self, node: ast.Constant) -> Scalar:
        return literal(node.value)

    def _of_name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        value = self.python.__globals__.get(node.id)
        if isinstance(value, (bool, int, float)):
            return literal(value)
        if isinstance(value, (tuple, np.ndarray)):
            module = self.python.__module__.split(".")[-1]
            return self.program.constant(f"{module}_{node.id}", value)
        raise self.refuse(node, "unknown name")

    def _of_tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(self.value(item) for item in node.elts)

    def _of_attribute(self, node: ast.Attribute) -> Any:
        if ast.unparse(node) in ("math.pi", "np.pi"):
            return literal(np.pi)
        owner = self.value(node.value)
        if isinstance(owner, Array) and node.attr == "shape":
            return tuple(Scalar(size, "int") for size in owner.shape)
        return owner.field(node.attr)

    def _of_subscript(self, node: ast.Subscript) -> Any:
        owner = self.value(node.value)
        if isinstance(owner, tuple):
            return owner[ast.literal_eval(node.slice)]
        index = self.value(node.slice)
        try:
            return owner.at(index if isinstance(index, tuple) else (index,))
        except ValueError as error:
            raise self.refuse(node, str(error)) from None

    def _of_unaryop(self, node: ast.UnaryOp) -> Scalar:
        if isinstance(node.op, ast.Not):
            return Scalar(f"(!{self.truth(node.operand)})", "bool")
        value = self.scalar(node.operand)
        sign = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}[type(node.op)]
        kind = join(value.type, "int")
        return Scalar(f"({sign}{value.as_type(kind)})", kind)

    def _of_boolop(self, node: ast.BoolOp) -> Scalar:
        symbol = " && " if isinstance(node.op, ast.And) else " || "
        return Scalar(f"({symbol.join(self.truth(v) for v in node.values)})", "bool")

    def _of_compare(self, node: ast.Compare) -> Scalar:
        sides = [self.scalar(v) for v in (node.left, *node.comparators)]
        parts = []
        for a, op, b in zip(sides, node.ops, sides[1:], strict=False):
            kind = join(join(a.type, b.type), "int")
            parts.append(f"({a.as_type(kind)} {SYMBOLS[type(op).__name__]} {b.as_type(kind)})")
        return Scalar(f"({' && '.join(parts)})", "bool")

    def _of_ifexp(self, node: ast.IfExp) -> Scalar:
        test, a, b = self.truth(node.test), self.scalar(node.body), self.scalar(node.orelse)
        kind = join(a.type, b.type)
        return Scalar(f"({test} ? {a.as_type(kind)} : {b.as_type(kind)})", kind)

    def _of_binop(self, node: ast.BinOp) -> Scalar:
        a, b, op = self.scalar(node.left), self.scalar(node.right), type(node.op).__name__
        kind = join(join(a.type, b.type), "int")
        left, right = a.as_type(kind), b.as_type(kind)
        if op == "Pow" and b.type == "int":
            return Scalar(f"power({a.as_type('float')}, {b.code})", "float")
        if op == "Pow":
            return Scalar(f"pow({a.as_type('float')}, {b.as_type('float')})", "float")
        if op == "Div":
            return Scalar(f"({a.as_type('float')} / {b.as_type('float')})", "float")
        if op in ("FloorDiv", "Mod") and kind == "float":
            whole = f"floor({left} / {right})"
            return Scalar(whole if op == "FloorDiv" else f"({left} - {right} * {whole})", kind)
        if op in ("FloorDiv", "Mod"):
            name = "floor_div" if op == "FloorDiv" else "floor_mod"
            return Scalar(f"{name}({a.as_type('int')}, {b.as_type('int')})", "int")
        if op in ("LShift", "RShift"):
            return Scalar(f"({a.as_type(join(a.type, 'int'))} {SYMBOLS[op]} {b.code})", a.type)
        return Scalar(f"({left} {SYMBOLS[op]} {right})", kind)

    def _of_call(self, node: ast.Call) -> Any:
        name = ast.unparse(node.func)
        if name in ("np.zeros", "np.empty"):
            return self._new_array(node)
        arguments = [self.value(a) for a in node.args]
        if name in ("min", "max", "abs") or name in CASTS or name in FUNCTIONS:
            return _builtin(name, arguments)
        if name in ("math.floor", "math.ceil"):
            return Scalar(f"int({name[5:]}({arguments[0].as_type('float')}))", "int")
        function = self.python.__globals__.get(name)
        if not callable(function):
            raise self.refuse(node, "unknown function")
        arguments = [_not_bool(a) for a in arguments]
        called, result = self.program.function(function, arguments)
        codes = [
            _handed(a) for a in arguments if isinstance(a, Scalar) or getattr(a, "local", False)
        ]
        call = f"{called}({', '.join(codes)})"
        if not isinstance(result, tuple):
            return Scalar(call, result or "void")
        self.temporaries += 1
        held = f"t{self.temporaries}"
        self.lines.append(f"{self.program.record(result)} {held} = {call};")
        return tuple(Scalar(f"{held}.m{i}", t) for i, t in enumerate(result))

    def _new_array(self, node: ast.Call) -> Array:
        shape = self.value(node.args[0])
        shape = shape if isinstance(shape, tuple) else (shape,)
        kind = "int" if len(node.args) > 1 and "int" in ast.unparse(node.args[1]) else "float"
        return Array("new", kind, tuple(size.code for size in shape))


def _not_bool(value: Any) -> Any:
    is_bool = isinstance(value, Scalar) and value.type == "bool"
    return Scalar(value.as_type("int"), "int") if is_bool else value


def _handed(value: Any) -> str:
    """An argument as it stands in a call."""
    return str(value.code if isinstance(value, Scalar) else value.read.removesuffix("[{0}]"))


def _builtin(name: str, arguments: Sequence[Scalar]) -> Scalar:
    if name in CASTS:
        return Scalar(arguments[0].as_type(CASTS[name]), CASTS[name])
    if name in FUNCTIONS:
        codes = ", ".join(a.as_type("float") for a in arguments)
        return Scalar(f"{FUNCTIONS[name]}({codes})", "float")
    kind = "int"
    for argument in arguments:
        kind = join(kind, argument.type)
    code = arguments[0].as_type(kind)
    if name == "abs":
        return Scalar(f"abs({code})", kind)
    for argument in arguments[1:]:
        code = f"{name}({code}, {argument.as_type(kind)})"
    return Scalar(code, kind)
