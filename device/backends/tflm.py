"""TFLite Micro, the interpreter of microcontrollers, through its Python wheel.

Its kernels here are the portable reference ones: the answers and the arena count, not the speed.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.backends.litert import tensor_of
from device.backends.model import Model, checked
from device.bundle import ModelFile

if TYPE_CHECKING:
    from device.backends.model import Array

LARGEST_ARENA = 64 << 20
"""Bytes; no microcontroller comes near."""


class TflmModel(Model):
    """A TFLite Micro interpreter."""

    def __init__(self, interpreter: Any, inputs: int, outputs: int) -> None:
        super().__init__(
            f"tflite-micro {metadata.version('tflite-micro')}",
            tuple(tensor_of(interpreter.get_input_details(i), f"{i}") for i in range(inputs)),
            tuple(tensor_of(interpreter.get_output_details(i), f"{i}") for i in range(outputs)),
        )
        self._interpreter = interpreter

    def invoke(self, stored: list[Array]) -> list[Array]:
        """Copy in, run once, copy out."""
        for index, array in enumerate(stored):
            self._interpreter.set_input(array, index)
        self._interpreter.invoke()
        return [self._interpreter.get_output(i).copy() for i in range(len(self.outputs))]

    def arena_bytes(self) -> int | None:
        """Return the arena of the last run, on this machine's pointer size (64-bit: an upper bound
        for a microcontroller)."""
        text = captured_stderr(self._interpreter.print_allocations)
        found = re.search(r"Arena allocation total (\d+) bytes", text)
        return int(found.group(1)) if found else None


def open(path: Path, entry: ModelFile, threads: int = 1, variant: str = "") -> Model:
    """Load a TFLite file; ValueError where an operator is missing or the manifest disagrees."""
    del threads, variant  # there is only ever one
    interpreter = _allocate(path)
    try:
        model = TflmModel(interpreter, len(entry.inputs), len(entry.outputs))
    except IndexError:
        raise ValueError(f"{path}: has fewer tensors than the manifest lists") from None
    return checked(model, path, entry)


def _allocate(path: Path) -> Any:
    """Double the arena until the model fits."""
    from tflite_micro.python.tflite_micro import runtime

    data = path.read_bytes()
    size = max(64 << 10, 4 * len(data))
    while True:
        made: list[Any] = []

        def attempt(size: int = size, made: list[Any] = made) -> None:
            try:
                made.append(runtime.Interpreter.from_bytes(data, arena_size=size))
            except RuntimeError as error:
                made.append(error)

        said = captured_stderr(attempt)
        if not isinstance(made[0], RuntimeError):
            return made[0]
        if size >= LARGEST_ARENA or "Failed to a" not in said:
            line = " ".join(said.split()) or str(made[0])
            raise ValueError(f"{path}: TFLite Micro cannot load it: {line:.300}") from made[0]
        size *= 2


def captured_stderr(work: Callable[[], object]) -> str:
    """Return what `work` writes to file descriptor 2, where native code prints."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as stream:
        os.dup2(stream.fileno(), 2)
        try:
            work()
        finally:
            os.dup2(saved, 2)
            os.close(saved)
        stream.seek(0)
        return stream.read().decode("utf-8", "replace")
