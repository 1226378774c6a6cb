"""Hostile model files: looked into as the kit does, and what is let through run by its runtime.

    python benchmarks/fuzz_models.py --cases 1000      which runtimes ended by a signal, how often

A runtime runs in a forked process with bounded memory and time, as device/backends/apart.py has
one. That it dies there is no fault, since the kit says so in a line; what the check of the file
does wrong is one.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import os
import random
import resource
import signal
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_bytes import mutated_binary, one_of
from fuzz_common import Kind, damaged

from device.backends import import_runtime, open_path
from device.bundle import ModelFile, Tensor
from device.model_files import check_model

ROOM_BYTES = 256 << 20
"""Memory that a runtime gets here beside that of the process it was forked from."""
LONGEST_S = 10
ZOO = Path(__file__).resolve().parent.parent / "device" / "zoo" / "bundles" / "kws-digits"
WORDS = (0, 1, -1, 2, 3, 4, 8, 100, 255, 65535, 1 << 20, (1 << 31) - 1, -(1 << 31), -100)
"""What a number of a flatbuffer is replaced by."""
VALUES = (0, 1, -1, 2, 7, 255, 1 << 20, 1 << 31, 1 << 40, (1 << 63) - 1, -(1 << 63))
NAMES = ("", "x", "input", "output", "Conv", "Reshape", "Loop", "If", "EPContext", "../outside.bin")


@cache
def onnx_seeds() -> tuple[bytes, ...]:
    """A network of the operators that the kit exports, and one with a graph inside a graph."""
    from onnx import TensorProto, helper, numpy_helper

    rng, flat = np.random.default_rng(0), [helper.make_opsetid("", 17)]
    values = {"w": (4, 2, 3, 3), "b": (4,), "m": (36, 3)}
    kept = [numpy_helper.from_array(rng.normal(size=s).astype(np.float32), n)
            for n, s in values.items()]  # fmt: skip
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 2, 8, 8])
    made = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3])
    arm = helper.make_graph(
        [helper.make_node("Relu", ["p"], ["q"])], "arm", [],
        [helper.make_tensor_value_info("q", TensorProto.FLOAT, None)],
    )  # fmt: skip
    true = helper.make_tensor("t", TensorProto.BOOL, [], [True])
    nodes = [
        helper.make_node("Conv", ["input", "w", "b"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2]),
        helper.make_node("Constant", [], ["yes"], value=true),
        helper.make_node("If", ["yes"], ["r"], then_branch=arm, else_branch=arm),
        helper.make_node("Flatten", ["r"], ["f"]),
        helper.make_node("MatMul", ["f", "m"], ["l"]),
        helper.make_node("Softmax", ["l"], ["output"]),
    ]
    graph = helper.make_graph(nodes, "g", [given], [made], kept)
    model = helper.make_model(graph, opset_imports=flat, ir_version=9)
    return model.SerializeToString(), (ZOO / "model.int8.onnx").read_bytes()


@cache
def tflite_seeds() -> tuple[bytes, ...]:
    """Of tests/make_tiny_bundle.py, and of a network that the kit exported."""
    import runpy

    tiny = runpy.run_path(str(Path(__file__).parent.parent / "tests" / "make_tiny_bundle.py"))
    with tempfile.TemporaryDirectory() as folder:
        tiny["write_tflite"](Path(folder))
        made = (Path(folder) / "tiny.tflite").read_bytes()
    return made, (ZOO / "model.int8.tflite").read_bytes()


def mutated_words(raw: bytes, rng: random.Random) -> bytes:
    """Return a flatbuffer with some of its small numbers replaced: offsets, sizes, indices."""
    out = bytearray(raw)
    places = [at for at in range(0, len(out) - 3, 4)
              if abs(struct.unpack_from("<i", out, at)[0]) < 5000]  # fmt: skip
    for at in rng.sample(places, min(rng.randint(1, 3), len(places))):
        value = struct.unpack_from("<i", out, at)[0]
        near = (value + 1, value - 1, value + 4, value - 4, value * 2)
        struct.pack_into("<i", out, at, rng.choice([*WORDS, *near]))
    return bytes(out)


def mutated_onnx(raw: bytes, rng: random.Random) -> bytes:
    """Return a model with some fields of its messages replaced, doubled or removed."""
    import onnx

    model = onnx.ModelProto.FromString(raw)
    fields: list[tuple[Any, str]] = []
    left: list[Any] = [model]
    while left:
        message = left.pop()
        for field, value in message.ListFields():
            several = not isinstance(value, (int, float, str, bytes)) and hasattr(value, "append")
            if field.message_type is None:
                fields.append((message, field.name))
            else:
                left += list(value) if several else [value]
    for message, name in rng.sample(fields, min(rng.randint(1, 3), len(fields))):
        with contextlib.suppress(ValueError):  # another range than the field's
            _change(message, name, rng)
    return bytes(model.SerializeToString())


def _change(message: Any, name: str, rng: random.Random) -> None:
    value = getattr(message, name)
    if isinstance(value, (int, float, str, bytes)):
        setattr(message, name, _other(value, rng))
    elif len(value):
        at = rng.randrange(len(value))
        how = rng.randrange(4)
        if how == 0:
            del value[at]
        elif how == 1:
            value.append(value[at])
        else:
            value[at] = _other(value[at], rng)


def _other(value: Any, rng: random.Random) -> Any:
    if isinstance(value, str):
        return rng.choice(NAMES)
    if isinstance(value, bytes):
        return rng.choice([b"", value[:-1], value * 2, value[: len(value) // 2], b"\xff\xfe"])
    if isinstance(value, float):
        return rng.choice([0.0, -1.0, 1e38, float("nan")])
    small = [number for number in VALUES if abs(number) < 1 << 31]
    return rng.choice(small if 0 <= value < 40 and rng.random() < 0.7 else VALUES)


def reader(runtime: str, target: str, suffix: str) -> Callable[[Path, bytes], None]:
    """Return what reads a model file as the kit does, for one runtime."""

    def read(place: Path, data: bytes) -> None:
        path = place / f"model{suffix}"
        path.write_bytes(data)
        check_model(path, target)
        import_runtime(runtime)
        _forked(lambda: _run(path, target, runtime))

    return read


def _run(path: Path, target: str, runtime: str) -> None:
    entry = ModelFile(path.name, "0" * 64, 1, target, "", (), ())  # type: ignore[arg-type]
    if runtime == "tflm":  # it is told how many there are
        one = Tensor("", (1,), "int8", "", "")
        entry = ModelFile(path.name, "0" * 64, 1, "tflite-int8", "", (one,), (one,))
    import device.backends.model as models

    models._agree = lambda *_: None  # a hostile manifest would say what the file says
    model = open_path(path, entry, 1, runtime)
    shapes = [tuple(max(size, 1) for size in tensor.shape) for tensor in model.inputs]
    if sum(4 * np.prod(shape, dtype=float) for shape in shapes) > ROOM_BYTES:
        raise ValueError(f"{path}: inputs of over {ROOM_BYTES} bytes")
    model.run([np.ones(shape, np.float32) for shape in shapes])


def _forked(work: Callable[[], None]) -> None:
    """Do the work in a process of its own; what it refuses, or how it ends, is a ValueError."""
    child = os.fork()
    if not child:
        _bounded()
        try:
            work()
        except BaseException:  # apart.py makes a line of each
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        raise ValueError(f"the runtime crashed: {signal.Signals(-code).name}")
    if code:
        raise ValueError("refused by the runtime")


def _bounded() -> None:
    faulthandler.disable()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    status = Path("/proc/self/status").read_text()
    most = int(status.split("VmData:")[1].split()[0]) * 1024 + ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LONGEST_S)


_onnx = one_of(mutated_onnx, mutated_onnx, mutated_binary)
_tflite = one_of(mutated_words, mutated_words, mutated_binary)
_tflite_files = ("device/model_files.py", "device/tflite_file.py", "device/backends/tflm.py")
KINDS = {
    "onnx": Kind(
        onnx_seeds, _onnx, reader("onnxruntime", "onnx", ".onnx"),
        ("device/model_files.py", "device/onnx_file.py", "device/backends/ort.py"),
    ),
    "litert": Kind(tflite_seeds, _tflite, reader("litert", "tflite-int8", ".tflite"),
                   _tflite_files),
    "tflm": Kind(tflite_seeds, _tflite, reader("tflm", "tflite-int8", ".tflite"), _tflite_files),
}  # fmt: skip


def main() -> None:
    """Print for each runtime how many cases ended how."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="of each runtime")
    parser.add_argument("--unchecked", action="store_true", help="without the kit's own check")
    words = parser.parse_args()
    if words.unchecked:
        globals()["check_model"] = lambda *_: None
    for name, kind in KINDS.items():
        ended: Counter[str] = Counter()
        with tempfile.TemporaryDirectory() as folder:
            for number in range(words.cases):
                try:
                    kind.read(Path(folder), damaged(kind, name, number))
                    ended["run"] += 1
                except ValueError as error:
                    said = str(error).removeprefix(folder)
                    crashed = "crashed" in said or "refused by" in said
                    if "crashed" in said:
                        print(f"  {name} case {number}: {said}")
                    ended[said if crashed else "refused by the kit"] += 1
        print(f"{name}: " + ", ".join(f"{count} {how}" for how, count in ended.most_common()))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
