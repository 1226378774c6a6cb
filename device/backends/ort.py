"""ONNX Runtime: on the CPU, or with another of its execution providers where it was built in.

What a provider does not take runs on the CPU, as the runtime always does it. A provider that does
not start is refused here: the runtime itself would go on with the CPU without a word.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from device.backends import NotHere
from device.backends.model import Model, checked
from device.bundle import Dtype, ModelFile, Tensor

if TYPE_CHECKING:
    from device.backends.model import Array

DTYPES = {
    "tensor(float)": "float32", "tensor(float16)": "float16", "tensor(int8)": "int8",
    "tensor(uint8)": "uint8", "tensor(int16)": "int16", "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}  # fmt: skip
PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "xnnpack": "XnnpackExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}


class OrtModel(Model):
    """An ONNX Runtime session."""

    def __init__(self, session: Any, runtime: str) -> None:
        super().__init__(
            runtime,
            tuple(_tensor(node) for node in session.get_inputs()),
            tuple(_tensor(node) for node in session.get_outputs()),
        )
        self._session = session
        self._names = [tensor.name for tensor in self.inputs]

    def invoke(self, stored: list[Array]) -> list[Array]:
        """Run the session once."""
        return self.bound(stored)()

    def bound(self, stored: list[Array]) -> Callable[[], list[Array]]:
        """Return a call of the session itself: 1 us of Python around it shows in a tiny model."""
        feed = dict(zip(self._names, stored, strict=True))
        return partial(self._session.run, None, feed)


def open(path: Path, entry: ModelFile, threads: int = 1, variant: str = "") -> Model:
    """Load an ONNX file; ValueError where the file is damaged or not what the manifest says.

    variant: one of PROVIDERS, empty for the CPU; NotHere where this runtime has no such provider or
    it does not start.
    """
    import onnxruntime as ort

    runtime = " ".join(filter(None, ["onnxruntime", ort.__version__, variant]))
    wanted = PROVIDERS[variant or "cpu"]
    here = ort.get_available_providers()
    if wanted not in here:
        raise NotHere(f"this onnxruntime {ort.__version__} has no {wanted}; it has {_listed(here)}")
    providers: list[Any] = [wanted]
    if variant == "xnnpack":  # it has threads of its own
        providers = [(wanted, {"intra_op_num_threads": str(threads)})]
    if wanted != PROVIDERS["cpu"]:
        providers.append(PROVIDERS["cpu"])
    try:
        # Without the flag, names that are no UTF-8 make it print to stdout and try again.
        session = ort.InferenceSession(
            str(path), _options(ort, threads), providers=providers, disable_fallback=1
        )
    except Exception as error:  # the runtime's errors share no base class of their own
        line = " ".join(str(error).split())
        raise ValueError(f"{path}: ONNX Runtime cannot load it: {line}") from error
    if wanted not in session.get_providers():
        raise NotHere(f"{wanted} is built in and does not start here: look for its libraries")
    return checked(OrtModel(session, runtime), path, entry)


def _options(ort: Any, threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.load_model_format", "ONNX")  # whatever its name says
    return options


def _listed(providers: list[str]) -> str:
    return ", ".join(sorted(providers))


def _tensor(node: Any) -> Tensor:
    shape = tuple(size if isinstance(size, int) else -1 for size in node.shape)
    return Tensor(node.name, shape, cast("Dtype", DTYPES.get(node.type, node.type)), "", "")
