"""Vectors of whole numbers beside those of kernels/simd.py: sums of four products of bytes.

The instruction is VPDPBUSD of AVX-512 VNNI and AVX-VNNI: each lane adds four products of an
unsigned with a signed byte to 32 bits, without saturation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from export.kernels.simd import (
    FEATURES,
    LANES,
    LANES_TYPE,
    VECTOR,
    WHOLE,
    ZERO,
    check_kind,
    integers,
    lane_places,
    pointer_to,
    repeated,
    rounded,
)

VNNI = bool(FEATURES.get("avx512vnni" if LANES == 16 else "avxvnni"))
"""Whether this processor has the instruction."""
INT = ir.IntType(64)
FOURS = ir.VectorType(ir.IntType(8), 4 * LANES)


class Whole(types.Type):
    """numba's name of LANES int32."""

    def __init__(self) -> None:
        super().__init__(f"int32x{LANES}")


WHOLE_TYPE = Whole()


@register_model(Whole)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, WHOLE)


def dot(builder: Any, sums: Any, unsigned: Any, signed: Any) -> Any:
    """sums + four products a lane; unsigned and signed are LANES times 32 bits."""
    name = f"llvm.x86.avx512.vpdpbusd.{32 * LANES}"
    kind = ir.FunctionType(WHOLE, (WHOLE, FOURS, FOURS))
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    parts = [builder.bitcast(part, FOURS) for part in (unsigned, signed)]
    return builder.call(function, (sums, *parts))


@intrinsic
def load_whole(_typing: Any, array: Any, index: Any) -> Any:
    """LANES numbers of an int32 array, from array[index] on."""
    check_kind(array, types.int32)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = builder.load(lane_places(context, builder, signature, args, WHOLE))
        value.align = 4
        return value

    return WHOLE_TYPE(array, index), emit


@intrinsic
def store_whole(_typing: Any, array: Any, index: Any, value: Any) -> Any:
    """LANES places of an int32 array from array[index] on = value."""
    check_kind(array, types.int32)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = lane_places(context, builder, signature, args, WHOLE)
        builder.store(args[2], place).align = 4
        return context.get_dummy_value()

    return types.void(array, index, value), emit


@intrinsic
def to_float(_typing: Any, value: Any) -> Any:
    """int32 lanes as float32."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.sitofp(args[0], VECTOR)

    return LANES_TYPE(value), emit


@intrinsic
def whole(_typing: Any, value: Any) -> Any:
    """float32 lanes rounded to the nearest int32, halves to the even one."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return rounded(builder, args[0])

    return WHOLE_TYPE(value), emit


@intrinsic
def four_bytes(_typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """The low bytes of four int32 lanes in one, a lowest."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        low = ir.Constant(WHOLE, [255] * LANES)
        made = builder.and_(args[0], low)
        for place in (1, 2, 3):
            shift = ir.Constant(WHOLE, [8 * place] * LANES)
            made = builder.or_(made, builder.shl(builder.and_(args[place], low), shift))
        return made

    return WHOLE_TYPE(a, b, c, d), emit


@intrinsic
def zeros_of(_typing: Any, sums: Any, signed: Any) -> Any:
    """sums + four signed bytes a lane, ZERO times: what they make of an input of zeros."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        zeros = ir.Constant(WHOLE, [ZERO * 0x01010101] * LANES)
        return dot(builder, args[0], zeros, args[1])

    return WHOLE_TYPE(sums, signed), emit


def block_of(rows: int, vectors: int) -> Callable[..., None]:
    """block(x, (row, column), runs, steps, panels, (panel, start), sums): what a window makes.

    x (H, W, C) uint8; panels (out / columns, K / 4, columns) int32, four bytes each, of which
    runs * steps from `start` on are used; sums (rows, columns) int32, a row for each of `rows`
    pixels from (row, column) on. The window of a pixel is `runs` rows, 4 * steps bytes of each from
    the pixel on.
    """

    @intrinsic
    def block(
        _typing: Any, x: Any, at: Any, runs: Any, steps: Any, panels: Any, panel: Any, sums: Any
    ) -> Any:
        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kinds = signature.args
            counts = [context.cast(builder, args[i], kinds[i], types.intp) for i in (2, 3)]
            used = integers(context, builder, kinds[5], args[5])
            row, column = integers(context, builder, kinds[1], args[1])
            zero = ir.Constant(INT, 0)
            inputs = [
                pointer_to(
                    context, builder, kinds[0], args[0],
                    (row, builder.add(column, ir.Constant(INT, pixel)), zero),
                )
                for pixel in range(rows)
            ]  # fmt: skip
            strides = context.make_array(kinds[0])(context, builder, args[0]).strides
            stride = cgutils.unpack_tuple(builder, strides)[0]
            first = pointer_to(context, builder, kinds[4], args[4], (*used, zero))
            weights = builder.bitcast(first, WHOLE.as_pointer())
            made = _loops(builder, inputs, stride, weights, counts, vectors)
            for pixel, values in enumerate(made):
                index = (ir.Constant(INT, pixel), zero)
                place = pointer_to(context, builder, kinds[6], args[6], index)
                place = builder.bitcast(place, WHOLE.as_pointer())
                for vector, value in enumerate(values):
                    there = builder.gep(place, [ir.Constant(INT, vector)])
                    builder.store(value, there).align = 4
            return context.get_dummy_value()

        return types.void(x, at, runs, steps, panels, panel, sums), emit

    return block


def _loops(
    builder: Any, inputs: list[Any], stride: Any, weights: Any, counts: list[Any],
    vectors: int,
) -> list[list[Any]]:  # fmt: skip
    """Sums of all runs and steps; `stride` bytes lie between two runs of an input."""
    before, outer, inner, follow, after = (
        builder.block,
        *(builder.append_basic_block(name) for name in ("run", "step", "run.next", "run.end")),
    )
    one, zero = ir.Constant(INT, 1), ir.Constant(INT, 0)
    builder.branch(outer)
    builder.position_at_end(outer)
    run = builder.phi(INT)
    held = [[builder.phi(WHOLE) for _ in range(vectors)] for _ in inputs]
    start = builder.mul(run, stride)
    first = builder.mul(builder.mul(run, counts[1]), ir.Constant(INT, vectors))
    builder.branch(inner)
    builder.position_at_end(inner)
    step = builder.phi(INT)
    sums = [[builder.phi(WHOLE) for _ in range(vectors)] for _ in inputs]
    place = builder.add(first, builder.mul(step, ir.Constant(INT, vectors)))
    loaded = []
    for vector in range(vectors):
        there = builder.gep(weights, [builder.add(place, ir.Constant(INT, vector))])
        loaded.append(builder.load(there))
        loaded[-1].align = 4
    offset = builder.add(start, builder.shl(step, ir.Constant(INT, 2)))
    fresh = []
    for pointer, values in zip(inputs, sums, strict=True):
        four = builder.bitcast(builder.gep(pointer, [offset]), ir.IntType(32).as_pointer())
        x = builder.load(four)
        x.align = 1
        x = repeated(builder, x, WHOLE)
        fresh.append([dot(builder, s, x, w) for s, w in zip(values, loaded, strict=True)])
    next_step = builder.add(step, one)
    builder.cbranch(builder.icmp_signed("<", next_step, counts[1]), inner, follow)
    builder.position_at_end(follow)
    next_run = builder.add(run, one)
    builder.cbranch(builder.icmp_signed("<", next_run, counts[0]), outer, after)
    step.add_incoming(zero, outer)
    step.add_incoming(next_step, inner)
    run.add_incoming(zero, before)
    run.add_incoming(next_run, follow)
    for pixel in range(len(inputs)):
        for vector in range(vectors):
            held[pixel][vector].add_incoming(ir.Constant(WHOLE, None), before)
            held[pixel][vector].add_incoming(fresh[pixel][vector], follow)
            sums[pixel][vector].add_incoming(held[pixel][vector], outer)
            sums[pixel][vector].add_incoming(fresh[pixel][vector], inner)
    builder.position_at_end(after)
    return fresh
