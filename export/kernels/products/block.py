"""The innermost loop of a product, written in LLVM: all of its sums stay in registers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from export.kernels.simd import FLAGS, LANES, VECTOR, integers, pointer_to, repeated

INT, BYTE = ir.IntType(64), ir.IntType(8)


def block_of(rows: int, vectors: int) -> Callable[..., None]:
    """block(points, (p, r), panels, (p, panel), out, left, (begin, step)):
    out[p, r : r + rows, left : ] = points[p, r : r + rows] @ panels[p, panel], of `vectors` times
    LANES columns.

    points (P, T, in), panels (P, out / columns, in, columns), out (P, T, out). Meanwhile the cache
    fetches a share of the panel after this one: `step` bytes for each input, from begin * in on.
    """

    @intrinsic
    def block(
        _typing: Any, points: Any, at: Any, panels: Any, panel: Any, out: Any, left: Any, ahead: Any
    ) -> Any:
        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kinds = signature.args
            p, r = integers(context, builder, kinds[1], args[1])
            q, number = integers(context, builder, kinds[3], args[3])
            column = context.cast(builder, args[5], kinds[5], types.intp)
            zero = ir.Constant(INT, 0)
            places = [builder.add(r, ir.Constant(INT, row)) for row in range(rows)]

            def at_(array: int, *index: Any) -> Any:
                return pointer_to(context, builder, kinds[array], args[array], index)

            inputs = [at_(0, p, row, zero) for row in places]
            weights = builder.bitcast(at_(2, q, number, zero, zero), VECTOR.as_pointer())
            count = context.make_array(kinds[2])(context, builder, args[2]).shape
            count = cgutils.unpack_tuple(builder, count)[2]
            begin, step = integers(context, builder, kinds[6], args[6])
            begin = builder.add(begin, ir.Constant(INT, 4 * LANES * vectors))
            fetch = builder.gep(
                builder.bitcast(weights, BYTE.as_pointer()), [builder.mul(begin, count)]
            )
            sums = _loop(builder, inputs, weights, count, vectors, (fetch, step))
            for row, at_row in enumerate(places):
                start = builder.bitcast(at_(4, p, at_row, column), VECTOR.as_pointer())
                for vector in range(vectors):
                    place = builder.gep(start, [ir.Constant(INT, vector)])
                    builder.store(sums[row][vector], place).align = 4
            return context.get_dummy_value()

        return types.void(points, at, panels, panel, out, left, ahead), emit

    return block


def _loop(
    builder: Any, inputs: list[Any], weights: Any, count: Any, vectors: int, ahead: tuple[Any, Any]
) -> list[Any]:
    """Sums over k < count of inputs[row][k] times weights[k]; a row has `vectors` of them.

    ahead: pointer and bytes for each k of what the cache is to fetch.
    """
    before, body = builder.block, builder.append_basic_block("k")
    after = builder.append_basic_block("k.end")
    builder.branch(body)
    builder.position_at_end(body)
    k = builder.phi(INT)
    sums = [[builder.phi(VECTOR) for _ in range(vectors)] for _ in inputs]
    first = builder.mul(k, ir.Constant(INT, vectors))
    loaded = []
    for vector in range(vectors):
        place = builder.gep(weights, [builder.add(first, ir.Constant(INT, vector))])
        loaded.append(builder.load(place))
        loaded[-1].align = 4
    for line in (0, 64):  # with one alone, sixteen rows take 3 % longer, eight 10 to 20
        next_ = builder.add(builder.mul(k, ahead[1]), ir.Constant(INT, line))
        _fetch(builder, builder.gep(ahead[0], [next_]))
    fresh = []
    for pointer, row in zip(inputs, sums, strict=True):
        x = repeated(builder, builder.load(builder.gep(pointer, [k])))
        made = [builder.fmul(x, weight, flags=FLAGS) for weight in loaded]
        fresh.append([builder.fadd(*pair, flags=FLAGS) for pair in zip(row, made, strict=True)])
    following = builder.add(k, ir.Constant(INT, 1))
    k.add_incoming(ir.Constant(INT, 0), before)
    k.add_incoming(following, body)
    for row, next_row in zip(sums, fresh, strict=True):
        for one, made_one in zip(row, next_row, strict=True):
            one.add_incoming(ir.Constant(VECTOR, None), before)
            one.add_incoming(made_one, body)
    builder.cbranch(builder.icmp_signed("<", following, count), body, after)
    builder.position_at_end(after)
    return fresh


def _fetch(builder: Any, place: Any) -> None:
    """Asks for a line of the cache; an address outside all memory does no harm."""
    number = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), (place.type, number, number, number))
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    to_read, all_levels, data = (ir.Constant(number, value) for value in (0, 3, 1))
    builder.call(function, (place, to_read, all_levels, data))
