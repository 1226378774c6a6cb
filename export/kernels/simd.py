"""Sixteen or eight float32 at once in numba: loads, stores and arithmetic of LLVM's vector type.

A loop over channels does not become vector code by itself where one iteration writes to many
places of one array: the compiler would have to prove that they never overlap. Here the program
says so. Sixteen lanes are a register of AVX-512; elsewhere eight are one of AVX or two of NEON. An
array of uint8 holds the numbers -43 to 212: a load takes ZERO off, a store rounds and cuts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import config, types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic, models, overload, register_model

FEATURES = (
    binding.get_host_cpu_features()
    if config.CPU_FEATURES is None
    else {name[1:]: name[0] == "+" for name in config.CPU_FEATURES.split(",") if name}
)
"""What numba compiles for: this processor, or what NUMBA_CPU_FEATURES names (+avx2,+fma)."""
LANES = 16 if FEATURES.get("avx512f") else 8
_FLOAT = ir.FloatType()
VECTOR = ir.VectorType(_FLOAT, LANES)
WHOLE = ir.VectorType(ir.IntType(32), LANES)
BYTES = ir.VectorType(ir.IntType(8), LANES)
ZERO = 43
"""What 0 is in bytes: leaky ReLU takes -M..M to -0.2 M..M, and 43 is 255 times 0.2 / 1.2."""
FLAGS = ("contract",)
"""A product and a sum may be one instruction."""


class Lanes(types.Type):
    """numba's name of LANES float32."""

    def __init__(self) -> None:
        super().__init__(f"float32x{LANES}")


LANES_TYPE = Lanes()


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, VECTOR)


def check_kind(array: Any, *kinds: Any) -> None:
    """TypingError for an array of other numbers: its bytes would be read as if they were these."""
    if array.dtype not in kinds:
        raise TypingError(f"array of {array.dtype}; want {' or '.join(map(str, kinds))}")


def pointer_to(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Pointer to array[index], unchecked; index are LLVM's integers."""
    view = context.make_array(kind)(context, builder, array)
    return cgutils.get_item_pointer(context, builder, kind, view, list(index), wraparound=False)


def integers(context: Any, builder: Any, kind: Any, value: Any) -> list[Any]:
    """The numbers of a tuple, as LLVM's integers."""
    parts = zip(cgutils.unpack_tuple(builder, value), kind.types, strict=True)
    return [context.cast(builder, part, one, types.intp) for part, one in parts]


def _pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Pointer to array[index] of an intrinsic's first two arguments."""
    array, index = signature.args[:2]
    parts = integers(context, builder, index, args[1])
    return pointer_to(context, builder, array, args[0], parts)


def lane_places(context: Any, builder: Any, signature: Any, args: Any, kind: Any = VECTOR) -> Any:
    """Pointer to the LANES values that start at an index of an array, along the last axis."""
    return builder.bitcast(_pointer(context, builder, signature, args), kind.as_pointer())


def repeated(builder: Any, one: Any, kind: Any = VECTOR) -> Any:
    """A vector of LANES times one number."""
    empty = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(empty, one, _index(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, empty, zeros)


@intrinsic
def load(_typing: Any, array: Any, index: Any) -> Any:
    """array[index] and the values behind it on the last axis, LANES in all."""
    check_kind(array, types.float32, types.uint8)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bytes_ = signature.args[0].dtype == types.uint8
        kind = BYTES if bytes_ else VECTOR
        value = builder.load(lane_places(context, builder, signature, args, kind))
        value.align = 1 if bytes_ else 4
        if not bytes_:
            return value
        numbers = builder.sub(builder.zext(value, WHOLE), _wholes(ZERO))
        return builder.sitofp(numbers, VECTOR)

    return LANES_TYPE(array, index), emit


@intrinsic
def store(_typing: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index] and the places behind it on the last axis = value."""
    check_kind(array, types.float32, types.uint8)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bytes_ = signature.args[0].dtype == types.uint8
        kind, value = (BYTES, _byte(builder, args[2])) if bytes_ else (VECTOR, args[2])
        done = builder.store(value, lane_places(context, builder, signature, args, kind))
        done.align = 1 if bytes_ else 4
        return context.get_dummy_value()

    return types.void(array, index, value), emit


@intrinsic
def splat(_typing: Any, number: Any) -> Any:
    """LANES times one number."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        one = context.cast(builder, args[0], signature.args[0], types.float32)
        return repeated(builder, one)

    return LANES_TYPE(number), emit


@intrinsic
def spread(_typing: Any, array: Any, index: Any) -> Any:
    """LANES times array[index]."""
    check_kind(array, types.float32)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return repeated(builder, builder.load(_pointer(context, builder, signature, args)))

    return LANES_TYPE(array, index), emit


@intrinsic
def total(_typing: Any, value: Any) -> Any:
    """Sum of the lanes."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        part, count = args[0], LANES // 2
        while count:
            places = ir.VectorType(ir.IntType(32), count)
            low = ir.Constant(places, list(range(count)))
            high = ir.Constant(places, list(range(count, 2 * count)))
            halves = (builder.shuffle_vector(part, part, half) for half in (low, high))
            part, count = builder.fadd(*halves), count // 2
        return builder.extract_element(part, _index(0))

    return types.float32(value), emit


@intrinsic
def larger(_typing: Any, left: Any, right: Any) -> Any:
    """The larger of two, lane by lane."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *args), *args)

    return LANES_TYPE(left, right), emit


def rounded(builder: Any, value: Any) -> Any:
    """float32 lanes as the nearest int32."""
    kind = ir.FunctionType(VECTOR, (VECTOR,))
    name = f"llvm.rint.v{LANES}f32"
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.fptosi(builder.call(function, (value,)), WHOLE)


def _byte(builder: Any, value: Any) -> Any:
    number = builder.add(rounded(builder, value), _wholes(ZERO))
    for symbol, limit in ((">", 0), ("<", 255)):
        inside = builder.icmp_signed(symbol, number, _wholes(limit))
        number = builder.select(inside, number, _wholes(limit))
    return builder.trunc(number, BYTES)


def _wholes(number: int) -> Any:
    return ir.Constant(WHOLE, [number] * LANES)


def _index(lane: int) -> Any:
    return ir.Constant(ir.IntType(32), lane)


def _binary(name: str) -> Callable[..., Any]:
    @intrinsic
    def apply(_typing: Any, left: Any, right: Any) -> Any:
        def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return getattr(builder, name)(*args, flags=FLAGS)

        return LANES_TYPE(left, right), emit

    return apply


def _overloaded(symbol: Callable[..., Any], name: str) -> None:
    apply = _binary(name)

    @overload(symbol)
    def pick(left, right):  # type: ignore[no-untyped-def] # numba compares the two signatures
        if isinstance(left, Lanes) and isinstance(right, Lanes):
            return lambda left, right: apply(left, right)
        return None


for _symbol, _name in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _overloaded(_symbol, _name)
