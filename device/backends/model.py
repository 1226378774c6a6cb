"""A loaded model: float32 arrays in and out, whatever the file stores."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from device.bundle import ModelFile, Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class Runs(Protocol):
    """What is asked of a model wherever its runtime is (apart.py: in another process)."""

    runtime: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def run(self, inputs: list[Array]) -> list[Array]:
        """As Model.run."""
        ...


class Model(abc.ABC):
    """One model file on one runtime. `run` = `store`, then `invoke`, then `restore`."""

    def __init__(
        self, runtime: str, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
    ) -> None:
        self.runtime = runtime
        """Name and version of the runtime."""
        self.inputs = inputs
        """Inputs as the file has them."""
        self.outputs = outputs
        """Outputs as the file has them."""

    @abc.abstractmethod
    def invoke(self, stored: list[Array]) -> list[Array]:
        """Run once on arrays of the file's own types and shapes; a bench times this, or `bound`."""

    def bound(self, stored: list[Array]) -> Callable[[], list[Array]]:
        """Return one run on these arrays, with as little around it as the runtime allows."""
        return lambda: self.invoke(stored)

    def arena_bytes(self) -> int | None:
        """Return the working memory that the last run used, where the runtime tells."""
        return None

    def run(self, inputs: list[Array]) -> list[Array]:
        """Return the outputs as float32 for float32 inputs, one array each, axis 0 = batch.

        A file made for batch 1 is called once per item. ValueError names a wrong shape.
        """
        import numpy as np

        count = self._check(inputs)
        step = count if self.inputs[0].shape[0] == -1 else self.inputs[0].shape[0]
        parts = [
            self._fitting(self.restore(self.invoke(self.store([x[i : i + step] for x in inputs]))))
            for i in range(0, count, step)
        ]
        made = [np.concatenate(column) for column in zip(*parts, strict=True)]
        for y in made:
            if len(y) != count:
                raise ValueError(f"{len(y)} answers to {count} inputs; axis 0 has to be the batch")
        return made

    def store(self, inputs: list[Array]) -> list[Array]:
        """Return float32 arrays as the file stores them, int8 rounded and saturated."""
        return [to_stored(x, tensor) for x, tensor in zip(inputs, self.inputs, strict=True)]

    def restore(self, outputs: list[Array]) -> list[Array]:
        """Return stored outputs as float32."""
        return [to_real(y, tensor) for y, tensor in zip(outputs, self.outputs, strict=True)]

    def _fitting(self, outputs: list[Array]) -> list[Array]:
        for y, tensor in zip(outputs, self.outputs, strict=True):
            fits = y.ndim == len(tensor.shape) > 0
            if not fits or not all(map(_same_size, tensor.shape, y.shape)):
                raise ValueError(
                    f"output '{tensor.name}' has shape {y.shape}, the file says {tensor.shape}"
                )
        return outputs

    def _check(self, inputs: list[Array]) -> int:
        if len(inputs) != len(self.inputs):
            raise ValueError(f"{len(inputs)} inputs given, the model takes {len(self.inputs)}")
        for x, tensor in zip(inputs, self.inputs, strict=True):
            fits = x.ndim == len(tensor.shape) and x.shape[1:] == tensor.shape[1:]
            whole = fits and len(x) > 0 and (tensor.shape[0] == -1 or len(x) % tensor.shape[0] == 0)
            if not whole:
                raise ValueError(
                    f"input '{tensor.name}' has shape {x.shape}, the model takes {tensor.shape}"
                )
        return len(inputs[0])


def to_stored(real: Array, tensor: Tensor) -> Array:
    """Quantize to the tensor's type: round(real / scale) + zero_point, saturated."""
    import numpy as np

    if tensor.scale is None:
        return np.ascontiguousarray(real, dtype=tensor.dtype)
    limits = np.iinfo(tensor.dtype)
    steps = np.round(real / np.float32(tensor.scale)) + (tensor.zero_point or 0)
    return np.clip(steps, limits.min, limits.max).astype(tensor.dtype)


def to_real(stored: Array, tensor: Tensor) -> Array:
    """Return scale * (stored - zero_point) as float32."""
    import numpy as np

    if tensor.scale is None:
        return stored.astype(np.float32)
    return (stored.astype(np.float32) - (tensor.zero_point or 0)) * np.float32(tensor.scale)


def checked(model: Model, path: Path, entry: ModelFile) -> Model:
    """Return the model if its inputs and outputs are those of the manifest, else ValueError."""
    _agree(f"{path} inputs", entry.inputs, model.inputs)
    _agree(f"{path} outputs", entry.outputs, model.outputs)
    return model


def _agree(where: str, listed: Sequence[Tensor], found: Sequence[Tensor]) -> None:
    if len(listed) != len(found):
        raise ValueError(f"{where}: has {len(found)} tensors, the manifest lists {len(listed)}")
    for said, is_ in zip(listed, found, strict=True):
        same = said.dtype == is_.dtype and len(said.shape) == len(is_.shape)
        if not same or not all(map(_same_size, said.shape, is_.shape)):
            raise ValueError(
                f"{where}: tensor '{said.name}' is {is_.dtype} {list(is_.shape)}, "
                f"the manifest says {said.dtype} {list(said.shape)}"
            )
        if said.scale is not None and not _same_scale(said, is_):
            raise ValueError(
                f"{where}: tensor '{said.name}' has scale {is_.scale} and zero point "
                f"{is_.zero_point}, the manifest says {said.scale} and {said.zero_point}"
            )


def _same_size(a: int, b: int) -> bool:
    return a == b or -1 in (a, b)


def _same_scale(a: Tensor, b: Tensor) -> bool:
    close = math.isclose(a.scale or 0, b.scale or 0, rel_tol=1e-5)
    return close and a.zero_point == b.zero_point
