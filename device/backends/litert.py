"""LiteRT, or tflite-runtime where LiteRT has no wheel (32-bit Arm)."""

from __future__ import annotations

from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.backends.model import Model, checked
from device.bundle import ModelFile, Tensor

if TYPE_CHECKING:
    from device.backends.model import Array


class LiteRtModel(Model):
    """A LiteRT interpreter with its tensors allocated."""

    def __init__(self, interpreter: Any, runtime: str) -> None:
        inputs = interpreter.get_input_details()
        outputs = interpreter.get_output_details()
        super().__init__(
            runtime,
            tuple(tensor_of(detail, detail["name"]) for detail in inputs),
            tuple(tensor_of(detail, detail["name"]) for detail in outputs),
        )
        self._interpreter = interpreter
        self._in = [detail["index"] for detail in inputs]
        self._out = [detail["index"] for detail in outputs]

    def invoke(self, stored: list[Array]) -> list[Array]:
        """Copy in, run once, copy out."""
        for index, array in zip(self._in, stored, strict=True):
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._out]


def open(path: Path, entry: ModelFile, threads: int = 1, variant: str = "") -> Model:
    """Load a TFLite file; ValueError where it is damaged or not what the manifest says.

    variant: `xnnpack`, which both runtimes use of their own accord, or `no-xnnpack`.
    """
    maker, runtime = interpreter_class()
    options = {}
    if variant == "no-xnnpack":
        options["experimental_op_resolver_type"] = _plain_resolver(maker)
        runtime += " without XNNPACK"
    try:
        interpreter = maker(model_path=str(path), num_threads=threads, **options)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        line = " ".join(str(error).split())
        raise ValueError(f"{path}: LiteRT cannot load it: {line}") from error
    return checked(LiteRtModel(interpreter, runtime), path, entry)


def _plain_resolver(maker: Any) -> Any:
    """Return the runtime's name for its own kernels, without any delegate."""
    kinds = import_module(maker.__module__).OpResolverType
    return kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES


def interpreter_class() -> tuple[Any, str]:
    """Return the interpreter that is installed here, with the name and version of its runtime."""
    try:
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter, f"ai-edge-litert {metadata.version('ai-edge-litert')}"
    except ModuleNotFoundError as error:
        if error.name != "ai_edge_litert":
            raise
    from tflite_runtime.interpreter import Interpreter as Older

    return Older, f"tflite-runtime {metadata.version('tflite-runtime')}"


def tensor_of(detail: dict[str, Any], name: str) -> Tensor:
    """Turn a TFLite tensor detail into a Tensor; one scale per tensor, as inputs have."""
    import numpy as np

    quantized = detail["quantization_parameters"]
    scales, zeros = quantized["scales"], quantized["zero_points"]
    one = len(scales) == 1 and scales[0] > 0
    return Tensor(
        name=name,
        shape=tuple(int(size) for size in detail["shape"]),
        dtype=np.dtype(detail["dtype"]).name,
        unit="",
        axes="",
        scale=float(scales[0]) if one else None,
        zero_point=int(zeros[0]) if one else None,
    )
