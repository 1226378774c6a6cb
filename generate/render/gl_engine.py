"""The verbs of `numba_engine.Engine` on a GPU: OpenGL 4.3 through moderngl, without a window.

Vertices are moved and fragments shaded by compute shaders: kernels are the ones that numba runs,
turned into GLSL. Triangles are drawn to an image of (nearness, number + 1) per sample. What belongs
to a person stays on the GPU; a frame takes a few kilobytes there.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from generate.people.ids import N_MATERIALS
from generate.render.gl_driver import context
from generate.render.gl_shaders import (
    CORNERS,
    COUNT,
    GATHER,
    RESOLVE,
    SAMPLE_HEAD,
    SAMPLE_MAIN,
)
from generate.render.glsl import Program, kernel_loop, kernel_source
from generate.render.glsl_values import Array, Record, Scalar, Value
from generate.render.numba_engine import Engine, Target
from generate.render.raster import _is_cut
from generate.render.shade_fragments import SAMPLES, Fragments, Mesh

NEAREST = 50.0
"""Largest nearness that is drawn: 1/z at 20 mm."""
SMALL = 512
"""Arrays up to this size travel with the numbers of a call."""
LANES = 64
KEPT = 48
"""Uploads of arrays that do not change that are kept."""
FIXED = frozenset({"atlas", "owner", "relief", "folds", "print"})
"""Arguments of kernels that never change in place."""


class GlArray:
    """An array in a buffer of the GPU; integers have 32 bits there."""

    def __init__(self, buffer: Any, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.buffer, self.shape, self.dtype = buffer, shape, np.dtype(dtype)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def kind(self) -> str:
        return "float" if self.dtype.kind == "f" else "int"


class Channel(NamedTuple):
    """Nearness (0) or triangles (1) of a drawn image."""

    texture: Any
    which: int
    seen: Any
    """Framebuffer of image and depth test; `plain` has the image alone."""
    plain: Any

    @property
    def shape(self) -> tuple[int, int]:
        side = int(self.texture.size[0])
        return side, side


class GlEngine(Engine):
    """Draws with the first driver that EGL finds. Raises ValueError where there is none."""

    name = "gl"

    def __init__(self) -> None:
        self.context = context()
        self._compiled: dict[Any, Any] = {}
        self._kept: dict[int, tuple[Any, GlArray]] = {}
        self._words = self.context.buffer(reserve=4)
        self._slots: GlArray | None = None
        self._drawing = self._drawing_program()
        self._stages = {
            name: self.context.compute_shader(text.strip())
            for name, text in (("count", COUNT), ("gather", GATHER), ("resolve", RESOLVE))
        }

    def _drawing_program(self) -> Any:
        program = Program()
        whole = Scalar("", "int"), Array("aux[{0}]", "float", ("0", "4"))
        parts = (Scalar("", "int"),) * 3 + (Scalar("", "float"),) * 3
        name, _ = program.function(_is_cut, (*whole, *parts))
        body = SAMPLE_HEAD + program.source() + SAMPLE_MAIN.replace("IS_CUT", name)
        made = self.context.program(vertex_shader=CORNERS.strip(), fragment_shader=body.strip())
        return made, self.context.vertex_array(made, [])

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> GlArray:
        size = max(4 * int(np.prod(shape)), 4)
        return GlArray(self.context.buffer(reserve=size), shape, dtype)

    def upload(self, array: Any) -> GlArray:
        """A copy on the GPU, 32 bits an item."""
        if isinstance(array, GlArray):
            return array
        kind = np.float32 if array.dtype.kind == "f" else np.int32
        data = np.ascontiguousarray(array, kind)
        buffer = self.context.buffer(data if data.size else bytes(4))
        return GlArray(buffer, array.shape, array.dtype)

    def kept(self, array: Any) -> GlArray:
        """The copy of an array that never changes in place."""
        if isinstance(array, GlArray):
            return array
        if id(array) not in self._kept:
            if len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[id(array)] = (array, self.upload(array))
        return self._kept[id(array)][1]

    def fetch(self, array: Any) -> NDArray[Any]:
        if isinstance(array, Channel):
            both = np.frombuffer(array.texture.read(), np.float32).reshape(*array.shape, 2)
            return both[..., 0] if array.which == 0 else both[..., 1].astype(np.int32) - 1
        if not isinstance(array, GlArray):
            return np.asarray(array)
        wide = np.float32 if array.kind == "float" else np.int32
        size = int(np.prod(array.shape))
        data = np.frombuffer(array.buffer.read(4 * size) if size else b"", wide)
        return data.reshape(array.shape).astype(array.dtype)

    def target(self, side: int) -> Target:
        depth = self.context.depth_renderbuffer((side, side))
        return self._target(side, depth)

    def _target(self, side: int, depth: Any) -> Target:
        texture = self.context.texture((side, side), 2, dtype="f4")
        seen = self.context.framebuffer([texture], depth)
        plain = self.context.framebuffer([texture])
        return Target(Channel(texture, 0, seen, plain), Channel(texture, 1, seen, plain))

    def clear(self, target: Target) -> None:
        target.depth.seen.clear(depth=1.0)

    def above(self, target: Target) -> Target:
        """It shares the depths with `target`, which draws no more until it is cleared."""
        over = self._target(target.depth.shape[0], target.depth.seen.depth_attachment)
        over.depth.plain.clear()
        return over

    def run(self, kernel: Callable[..., None], *args: Any) -> None:
        call = _Call(self)
        names = _names(getattr(kernel, "py_func", kernel))
        values = tuple(call.value(n, a) for n, a in zip(names, args, strict=True))
        bounds = _bounds(kernel, dict(zip(names, args, strict=True)))
        count = bounds.stop - bounds.start
        if count <= 0:
            return
        key = (kernel, values)
        if key not in self._compiled:
            text = call.head() + kernel_source(kernel, values)
            self._compiled[key] = self.context.compute_shader(text)
        call.words[:2] = bounds.start, bounds.stop
        data = np.array(call.words, np.int64).astype(np.int32).tobytes()
        self._words.orphan(len(data))
        self._words.write(data)
        self._words.bind_to_storage_buffer(0)
        for place, array in enumerate(call.buffers):
            array.buffer.bind_to_storage_buffer(1 + place)
        for place, texture in enumerate(call.textures):
            texture.use(place)
        self._compiled[key].run((count + LANES - 1) // LANES)
        self.context.memory_barrier()

    def rasterize(
        self, xy: Any, inverse_z: Any, tris: Any, kinds: Any, aux: Any, cut: bool, target: Target
    ) -> None:
        program, corners = self._drawing
        arrays = (self.kept(tris), self.kept(kinds), xy, inverse_z, self.kept(aux))
        for place, array in enumerate(arrays):
            array.buffer.bind_to_storage_buffer(place)
        program["side"], program["nearest"] = target.depth.shape[0], NEAREST
        program["cut"] = int(cut)
        target.depth.seen.use()
        self.context.enable_only(self.context.DEPTH_TEST)
        corners.render(self.context.TRIANGLES, vertices=3 * len(tris))
        self.context.memory_barrier()

    def seen_at(
        self, target: Target, rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        depth, ids = self.empty(rows.shape, np.float32), self.empty(rows.shape, np.int32)
        self.run(_pick, target.depth, target.ids, rows, columns, depth, ids)
        return self.fetch(depth), self.fetch(ids)

    def gather(self, target: Target, xy: Any, inverse_z: Any, mesh: Mesh, albedo: bool) -> Any:
        side = target.depth.shape[0] // SAMPLES
        counts = self.upload(np.zeros(N_MATERIALS, np.int32))
        slots = self._slots = self.empty((side * side * SAMPLES**2,), np.int32)
        kinds = self.kept(mesh.kinds)
        self._pixels("count", side, target, kinds, counts, slots)
        first = np.zeros(N_MATERIALS + 1, np.int64)
        first[1:] = np.cumsum(self.fetch(counts))
        n, f4 = int(first[-1]), np.float32
        made: Any = Fragments
        fragments = made(
            first, self.empty((n,), np.int32), self.empty((n,), f4), self.empty((n,), f4),
            self.empty((n, 3), f4), self.empty((n, 3), f4), self.empty((n, 3), f4),
            self.empty((n, 4), f4), self.empty((n, 3), f4), self.empty((n,), np.uint8),
            self.empty((n if albedo else 0, 3), f4),
        )  # fmt: skip
        counts.buffer.write(first[:-1].astype(np.int32).tobytes())
        self._stages["gather"]["n_vertices"] = mesh.moving.shape[1]
        self._pixels(
            *("gather", side, target, kinds, counts, slots, self.kept(mesh.tris), xy, inverse_z),
            *(mesh.moving, self.kept(mesh.aux), *fragments[1:8]),
        )
        return fragments

    def _pixels(self, stage: str, side: int, target: Target, *arrays: Any) -> None:
        """Run a stage for every pixel."""
        for place, array in enumerate(arrays):
            array.buffer.bind_to_storage_buffer(place)
        target.depth.texture.use(0)
        self._stages[stage]["side"] = side
        self._stages[stage].run((side + 7) // 8, (side + 7) // 8)
        self.context.memory_barrier()

    def resolve(self, fragments: Fragments, backdrop: NDArray[np.float32]) -> tuple[Any, Any, Any]:
        n = backdrop.size // 3
        image = self.empty((n, 3), np.float32)
        self.context.copy_buffer(image.buffer, self.kept(backdrop).buffer)
        parts, depth = self.empty((n,), np.uint8), self.empty((n,), np.float32)
        arrays = (
            self._slots, fragments.weight, fragments.depth, fragments.color, fragments.part,
            image, parts, depth,
        )  # fmt: skip
        for place, array in enumerate(arrays):
            array.buffer.bind_to_storage_buffer(place)  # type: ignore[union-attr]
        self._stages["resolve"]["pixels"] = n
        self._stages["resolve"].run((n + LANES - 1) // LANES)
        self.context.memory_barrier()
        return image, parts, depth


def _pick(depth, ids, rows, columns, nearness, triangle):  # type: ignore[no-untyped-def]
    """A kernel: what a target holds at some samples."""
    for k in range(rows.shape[0]):
        nearness[k] = depth[rows[k], columns[k]]
        triangle[k] = ids[rows[k], columns[k]]


class _Call:
    """The arguments of one call: numbers and small arrays as words, the rest as buffers."""

    def __init__(self, engine: GlEngine) -> None:
        self.engine = engine
        self.words: list[int] = [0, 0]
        self.buffers: list[GlArray] = []
        self.textures: list[Any] = []

    def value(self, name: str, argument: Any) -> Value:
        """What stands for an argument in the shader."""
        if isinstance(argument, Channel):
            return self._texture(argument)
        if hasattr(argument, "_fields"):
            pairs = zip(argument._fields, argument, strict=True)
            return Record(tuple((field, self.value(field, item)) for field, item in pairs))
        if isinstance(argument, np.ndarray) and argument.size > SMALL:
            engine = self.engine
            argument = engine.kept(argument) if name in FIXED else engine.upload(argument)
        if isinstance(argument, GlArray):
            self.buffers.append(argument)
            read = f"b{len(self.buffers) - 1}[{{0}}]"
            return Array(read, argument.kind, self._sizes(argument.shape))
        return self._numbers(np.asarray(argument))

    def _numbers(self, values: NDArray[Any]) -> Value:
        first, is_float = len(self.words), values.dtype.kind == "f"
        bits = values.astype(np.float32).view(np.int32) if is_float else values.astype(np.int32)
        self.words += bits.reshape(-1).tolist()
        read = "intBitsToFloat(P[{0}])" if is_float else "P[{0}]"
        kind = "float" if is_float else "int"
        if values.ndim == 0:
            return Scalar(read.format(first), kind)
        return Array(read.format(f"{first} + {{0}}"), kind, tuple(map(str, values.shape)))

    def _texture(self, channel: Channel) -> Array:
        self.textures.append(channel.texture)
        fetch = f"texelFetch(t{len(self.textures) - 1}, ivec2({{1}}, {{0}}), 0)"
        read, kind = ((fetch + ".r"), "float") if channel.which == 0 else (fetch + ".g", "int")
        read = read if channel.which == 0 else f"(int({read}) - 1)"
        return Array(read, kind, self._sizes(channel.shape), flat=False)

    def _sizes(self, shape: tuple[int, ...]) -> tuple[str, ...]:
        """Sizes of axes; what is longer than a colour may differ from call to call."""
        sizes = []
        for axis, size in enumerate(shape):
            if axis and size <= 16:
                sizes.append(str(size))
            else:
                self.words.append(size)
                sizes.append(f"P[{len(self.words) - 1}]")
        return tuple(sizes)

    def head(self) -> str:
        lines = ["#version 430", f"layout(local_size_x={LANES}) in;"]
        lines.append("layout(std430, binding=0) buffer Words { int P[]; };")
        for i, array in enumerate(self.buffers):
            lines.append(f"layout(std430, binding={i + 1}) buffer B{i} {{ {array.kind} b{i}[]; }};")
        lines += [f"layout(binding={i}) uniform sampler2D t{i};" for i in range(len(self.textures))]
        return "\n".join(lines) + "\n"


def _bounds(kernel: Callable[..., None], arguments: dict[str, Any]) -> range:
    """Rounds of a kernel's outermost loop."""
    function = getattr(kernel, "py_func", kernel)
    code = _bounds_code(function)
    return eval(code, function.__globals__, arguments)  # type: ignore[no-any-return]


@cache
def _names(function: Callable[..., None]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


@cache
def _bounds_code(function: Callable[..., None]) -> Any:
    _, loop = kernel_loop(function)
    return compile(ast.Expression(loop.iter), "<bounds>", "eval")
