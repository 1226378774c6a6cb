"""A model whose runtime is in a process of its own: a file that brings it down costs a line.

Model files come from anywhere, and runtimes were not built for hostile ones: docs/hostile.md says
how many damaged files ended each of them by a signal.
"""

from __future__ import annotations

import json
import math
import os
import sys
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from device.backends import import_runtime, open_path, runtime_for
from device.bundle import ModelFile, Tensor, inside, read_bundle
from device.child import Child, bound_memory
from device.limits import ARRAYS_BYTES
from device.measure import LOAD_PATIENCE_S, PATIENCE_S
from device.model_files import check_model
from device.orphans import end_with_parent
from device.strict import decode, encode

if TYPE_CHECKING:
    from device.backends.model import Array, Model


@dataclass(frozen=True)
class Opening:
    """Which file is opened, and with what."""

    folder: str
    file: str
    runtime: str
    threads: int = 1


@dataclass(frozen=True)
class Opened:
    """What the process says of the model that it holds."""

    runtime: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class Apart:
    """A model in a process that ends with it; see model.Runs."""

    def __init__(self, opening: Opening) -> None:
        """Start the process; ValueError in one line where the file or its runtime fails."""
        child = Child("device.backends.apart", json.dumps(encode(opening)), opening.folder,
                      opening.threads)  # fmt: skip
        self._child, self._where = child, f"{opening.folder.rstrip('/')}/{opening.file}"
        self._end = weakref.finalize(self, child.close)
        made = decode(Opened, self._asked(LOAD_PATIENCE_S), "the runtime's process")
        self.runtime, self.inputs, self.outputs = made.runtime, made.inputs, made.outputs

    def run(self, inputs: list[Array]) -> list[Array]:
        """As Model.run, for float32 arrays; ValueError in one line where the runtime fails."""
        import numpy as np

        arrays = [np.ascontiguousarray(array, np.float32) for array in inputs]
        header = json.dumps([array.shape for array in arrays]).encode() + b"\n"
        shapes = self._asked(PATIENCE_S, header, *(array.reshape(-1) for array in arrays))
        return [self._array(shape) for shape in shapes]

    def close(self) -> None:
        """End the process."""
        self._end()

    def _array(self, shape: list[int]) -> Array:
        import numpy as np

        size = 4 * math.prod(shape)
        if size > ARRAYS_BYTES:
            raise ValueError(f"{self._where}: answers {size} bytes; {ARRAYS_BYTES} are the most")
        data = self._child.exactly(size, PATIENCE_S)
        return np.frombuffer(data, np.float32).reshape(shape)

    def _asked(self, patience_s: float, *said: Any) -> Any:
        try:
            self._child.send(*said)
            answer = json.loads(self._child.line(patience_s))
        except RuntimeError as error:
            raise ValueError(f"{self._where}: {error}") from None
        if "failed" in answer:
            raise ValueError(str(answer["failed"]))
        return answer["done"]


def open_apart(folder: Path, entry: ModelFile, runtime: str | None = None) -> Apart:
    """Open one file of a bundle folder in a process of its own, by default as open_model does.

    ValueError, in one line, for a file that a runtime should not be given or does not take, and for
    a runtime that crashes, hangs or wants more than RUNTIME_BYTES, now or in `run`.
    """
    wanted = runtime or runtime_for(entry.target)
    return Apart(Opening(str(folder), entry.path, wanted))


def main(argument: str) -> int:
    """Hold the model until stdin ends; every question has an answer unless the process dies."""
    end_with_parent()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what runtimes print is no answer
    opening = decode(Opening, json.loads(argument), "the opening")
    model: Model | None = None
    asked = sys.stdin.buffer
    while model is None or (header := asked.readline()):
        made: list[Array] = []
        try:
            if model is None:
                model = _opened(opening)
                done: Any = encode(Opened(model.runtime, model.inputs, model.outputs))
            else:
                made = model.run([_read(asked, shape) for shape in json.loads(header)])
                done = [array.shape for array in made]
            answer = {"done": done}
        except Exception as error:  # the runtimes' errors share no base class
            answer = {"failed": " ".join(str(error).split()) or type(error).__name__}
        replies.write(json.dumps(answer).encode() + b"\n")
        for array in made:
            replies.write(array.tobytes())
        replies.flush()
        if model is None:
            return 0
    return 0


def _opened(opening: Opening) -> Model:
    entry = read_bundle(Path(opening.folder), check_files=False).file(opening.file)
    path = inside(Path(opening.folder), entry.path, opening.folder)
    check_model(path, entry.target)
    import_runtime(opening.runtime)
    bound_memory(opening.runtime)
    return open_path(path, entry, opening.threads, opening.runtime)


def _read(stream: IO[bytes], shape: list[int]) -> Array:
    import numpy as np

    return np.frombuffer(stream.read(4 * math.prod(shape)), np.float32).reshape(shape)
