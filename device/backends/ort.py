"""ONNX Runtime on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from device.backends.model import Model, checked
from device.bundle import Dtype, ModelFile, Tensor

if TYPE_CHECKING:
    from device.backends.model import Array

DTYPES = {
    "tensor(float)": "float32", "tensor(float16)": "float16", "tensor(int8)": "int8",
    "tensor(uint8)": "uint8", "tensor(int16)": "int16", "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}  # fmt: skip


class OrtModel(Model):
    """An ONNX Runtime session."""

    def __init__(self, session: Any, version: str) -> None:
        super().__init__(
            f"onnxruntime {version}",
            tuple(_tensor(node) for node in session.get_inputs()),
            tuple(_tensor(node) for node in session.get_outputs()),
        )
        self._session = session
        self._names = [tensor.name for tensor in self.inputs]

    def invoke(self, stored: list[Array]) -> list[Array]:
        """Run the session once."""
        feed = dict(zip(self._names, stored, strict=True))
        return cast("list[Array]", self._session.run(None, feed))


def open(path: Path, entry: ModelFile, threads: int = 1) -> Model:
    """Load an ONNX file; ValueError where the file is damaged or not what the manifest says."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's errors share no base class of their own
        line = " ".join(str(error).split())
        raise ValueError(f"{path}: ONNX Runtime cannot load it: {line}") from error
    return checked(OrtModel(session, ort.__version__), path, entry)


def _tensor(node: Any) -> Tensor:
    shape = tuple(size if isinstance(size, int) else -1 for size in node.shape)
    return Tensor(node.name, shape, cast("Dtype", DTYPES.get(node.type, node.type)), "", "")
