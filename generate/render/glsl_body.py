"""One function of a kernel on its way to GLSL: its statements."""

# mypy: allow-untyped-defs
from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from generate.render.glsl_expressions import Expressions
from generate.render.glsl_values import Array, Scalar, Value, join

if TYPE_CHECKING:
    from generate.render.glsl import Program


class AsKernel:
    """Marks a function whose outermost loop is left out: its variable is the one parameter."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = getattr(function, "py_func", function)
        self.__name__ = self.function.__name__


def parsed(function: Callable[..., Any]) -> tuple[ast.FunctionDef, int]:
    lines, first = inspect.getsourcelines(function)
    tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree, first


class Body(Expressions):
    """One function on its way to GLSL. It is written anew until the types of all names hold."""

    def __init__(
        self, program: Program, function: Callable[..., Any] | AsKernel, arguments: Sequence[Value]
    ) -> None:
        self.program, self.arguments = program, arguments
        self.kernel = isinstance(function, AsKernel)
        self.python = function.function if isinstance(function, AsKernel) else function
        self.tree, self.first_line = parsed(self.python)
        self.types: dict[str, str] = {}
        self.result: Any = None
        self.names: dict[str, Value] = {}
        self.lines: list[str] = []
        self.outer: list[str] = []
        self.temporaries = 0

    def write(self, name: str) -> Any:
        """Append the function to the program; return its return type."""
        for _ in range(8):
            before = (dict(self.types), self.result)
            parameters = self._start()
            for statement in self.tree.body:
                self._statement(statement)
            if before == (self.types, self.result):
                break
        kind = self.result
        kind = self.program.record(kind) if isinstance(kind, tuple) else kind or "void"
        local = sorted(set(self.types) - set(self.inputs))
        declared = [f"{self.types[n]} v_{n};" for n in local]
        text = "\n  ".join(declared + self.outer + self.lines)
        self.program.texts.append(f"{kind} {name}({', '.join(parameters)}) {{\n  {text}\n}}")
        return self.result

    def _start(self) -> list[str]:
        """Forget all names but the parameters; return their GLSL."""
        self.names, self.lines, self.outer, self.temporaries = {}, [], [], 0
        self.inputs: list[str] = []
        out = []
        for argument, value in zip(self.tree.args.args, self.arguments, strict=True):
            name = argument.arg
            if isinstance(value, Array) and value.local:
                size = value.shape[0]
                out.append(f"inout {value.type} v_{name}[{size}]")
                self.names[name] = Array(f"v_{name}[{{0}}]", value.type, value.shape, local=True)
            elif isinstance(value, Scalar) and not self.kernel:
                self.inputs.append(name)
                self._set_type(name, value.type)
                out.append(f"{self.types[name]} v_{name}")
            else:
                self.names[name] = value
        if self.kernel:
            variable = self.tree.body[-1].target.id  # type: ignore[attr-defined]
            self.inputs.append(variable)
            self._set_type(variable, "int")
            out.append(f"int v_{variable}")
        return out

    def _set_type(self, name: str, kind: str) -> None:
        self.types[name] = join(self.types.get(name), kind)
        self.names[name] = Scalar(f"v_{name}", self.types[name])

    def _statement(self, node: ast.stmt) -> None:
        write = getattr(self, "_do_" + type(node).__name__.lower(), None)
        if write is None:
            raise self.refuse(node, "GLSL has no such statement")
        write(node)

    def _block(self, head: str, body: Sequence[ast.stmt]) -> None:
        self.lines.append(head + " {")
        for statement in body:
            self._statement(statement)
        self.lines.append("}")

    def _do_pass(self, _: ast.Pass) -> None: ...

    def _do_break(self, _: ast.Break) -> None:
        self.lines.append("break;")

    def _do_continue(self, _: ast.Continue) -> None:
        self.lines.append("return;" if self.kernel and self.depth == 0 else "continue;")

    depth = 0
    """Loops about the statement, not counting the kernel's own."""

    def _do_expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return
        value = self.value(node.value)
        if isinstance(value, Scalar):
            self.lines.append(value.code + ";")

    def _do_assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self._assign(target, value)

    def _do_augassign(self, node: ast.AugAssign) -> None:
        value = ast.BinOp(_read(node.target), node.op, node.value)
        self._assign(node.target, self.value(ast.copy_location(value, node)))

    def _assign(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, tuple):
            held = [self._held(v) if len(value) > 1 else v for v in value]
            for part, item in zip(target.elts, held, strict=True):
                self._assign(part, item)
        elif isinstance(target, ast.Name) and not isinstance(value, Scalar):
            self._name_array(target.id, value)
        elif isinstance(target, ast.Name) and isinstance(value, Scalar):
            self._set_type(target.id, value.type)
            self.lines.append(f"v_{target.id} = {value.as_type(self.types[target.id])};")
        elif isinstance(target, ast.Subscript) and isinstance(value, Scalar):
            place = self.value(_read(target))
            if not isinstance(place, Scalar):
                raise self.refuse(target, "cannot be written to")
            self.lines.append(f"{place.code} = {value.as_type(place.type)};")
        else:
            raise self.refuse(target, "cannot be assigned to")

    def _name_array(self, name: str, value: Value) -> None:
        if isinstance(value, Array) and value.read == "new":
            size = int(np.prod([int(n) for n in value.shape]))
            self.outer.append(f"{value.type} v_{name}[{size}];")
            self.lines.append(f"for (int i = 0; i < {size}; i++) v_{name}[i] = {value.type}(0);")
            value = Array(f"v_{name}[{{0}}]", value.type, value.shape, local=True)
        self.names[name] = value

    def _held(self, value: Value) -> Value:
        """The value in a variable of its own, so that it may be assigned over."""
        if not isinstance(value, Scalar):
            return value
        self.temporaries += 1
        name = f"t{self.temporaries}"
        self.lines.append(f"{value.type} {name} = {value.code};")
        return Scalar(name, value.type)

    def _do_if(self, node: ast.If) -> None:
        test = self.truth(node.test)
        self._block(f"if ({test})", node.body)
        if node.orelse:
            self._block("else", node.orelse)

    def _do_while(self, node: ast.While) -> None:
        self.depth += 1
        self.lines.append("while (true) {")
        self.lines.append(f"if (!({self.truth(node.test)})) break;")
        for statement in node.body:
            self._statement(statement)
        self.lines.append("}")
        self.depth -= 1

    def _do_for(self, node: ast.For) -> None:
        if self.kernel and node is self.tree.body[-1]:
            for statement in node.body:
                self._statement(statement)
            return
        call = node.iter
        if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "range"):
            raise self.refuse(node, "GLSL counts over range only")
        bounds = [self._held(self.scalar(a)) for a in call.args]
        codes = [b.as_type("int") for b in bounds if isinstance(b, Scalar)]
        first, last = ("0", codes[0]) if len(codes) == 1 else codes[:2]
        step = codes[2] if len(codes) == 3 else "1"
        assert isinstance(node.target, ast.Name)
        self._set_type(node.target.id, "int")
        self.temporaries += 1
        i = f"i{self.temporaries}"
        self.depth += 1
        self.lines.append(f"for (int {i} = {first}; {i} < {last}; {i} += {step}) {{")
        count = Scalar(i, "int").as_type(self.types[node.target.id])
        self.lines.append(f"v_{node.target.id} = {count};")
        for statement in node.body:
            self._statement(statement)
        self.lines.append("}")
        self.depth -= 1

    def _do_return(self, node: ast.Return) -> None:
        if node.value is None:
            self.lines.append("return;")
            return
        value = self.value(node.value)
        if isinstance(value, tuple):
            old = self.result or (None,) * len(value)
            self.result = tuple(join(o, v.type) for o, v in zip(old, value, strict=True))
            cells = ", ".join(v.as_type(t) for v, t in zip(value, self.result, strict=True))
            self.lines.append(f"return {self.program.record(self.result)}({cells});")
        elif isinstance(value, Scalar):
            self.result = join(self.result, value.type)
            self.lines.append(f"return {value.as_type(self.result)};")
        else:
            raise self.refuse(node, "only numbers and tuples of them are returned")


def _read(target: ast.expr) -> ast.expr:
    """The target of an assignment as an expression."""
    return ast.copy_location(ast.parse(ast.unparse(target), mode="eval").body, target)
