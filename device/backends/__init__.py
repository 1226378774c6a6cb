"""Runtimes that run model files, each imported only when it is asked for.

model = open_model(folder, bundle.file("tflite-int8"))
outputs = model.run([features])          # float32 in, float32 out, whatever the file stores
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from device.bundle import ModelFile, inside

if TYPE_CHECKING:
    from device.backends.model import Model

RUNTIMES: dict[str, tuple[str, ...]] = {
    "onnx": ("onnxruntime",),
    "onnx-int8": ("onnxruntime",),
    "onnx-raw": ("onnxruntime",),
    "tflite-int8": ("litert", "tflm"),
    "tensorrt": ("tensorrt",),
    "c": (),
}
"""Target of a file to the runtimes that take it, the preferred one first."""

MODULES = {
    "onnxruntime": ("ort", ("onnxruntime",)),
    "litert": ("litert", ("ai_edge_litert", "tflite_runtime")),
    "tflm": ("tflm", ("tflite_micro",)),
    "tensorrt": ("trt", ("tensorrt",)),
}
"""Runtime to its module here and to the packages of which it needs one."""

LIBRARIES = {
    "onnxruntime": "onnxruntime",
    "ai_edge_litert": "ai_edge_litert.interpreter",
    "tflite_runtime": "tflite_runtime.interpreter",
    "tflite_micro": "tflite_micro.python.tflite_micro.runtime",
}
"""Package to the module of it that does the work."""

NO_NUMPY = "numpy is not installed: pip install 'collodi[run]'"

INSTALL = {"tflm": "tflite-micro", "tensorrt": "collodi[tensorrt]"}


class Backend(Protocol):
    """What each module of a runtime offers."""

    def open(self, path: Path, entry: ModelFile, threads: int = 1) -> Model:
        """Load a model file; ValueError where it is not what the manifest says."""
        ...


def why_not(runtime: str) -> str | None:
    """Return why a runtime cannot run here, None where its package is installed."""
    if runtime not in MODULES:
        known = ", ".join(MODULES)
        raise ValueError(f"no runtime '{runtime}', there are {known}")
    packages = MODULES[runtime][1]
    if not any(find_spec(name) for name in packages):
        wanted = INSTALL.get(runtime, "collodi[run]")
        return f"{packages[0]} is not installed: pip install '{wanted}'"
    if not find_spec("numpy"):
        return NO_NUMPY
    if runtime == "tensorrt":
        return "this version of the kit does not run TensorRT engines"
    return None


def why_no_front_end() -> str | None:
    """Return why the front end cannot run here, None where numpy is installed."""
    return None if find_spec("numpy") else NO_NUMPY


def backend(runtime: str) -> Backend:
    """Return the module of a runtime by name; it imports the runtime only in `open`."""
    reason = why_not(runtime)
    if reason:
        raise ValueError(f"runtime '{runtime}': {reason}")
    return cast("Backend", import_module(f"device.backends.{MODULES[runtime][0]}"))


def backend_for(target: str) -> Backend:
    """Return the preferred installed runtime for a target; ValueError says why there is none."""
    if target not in RUNTIMES:
        raise ValueError(f"no target '{target}', there are {', '.join(RUNTIMES)}")
    reasons = []
    for runtime in RUNTIMES[target]:
        reason = why_not(runtime)
        if reason is None:
            return backend(runtime)
        reasons.append(reason)
    why = "; ".join(reasons) or "it is source code that a compiler takes"
    raise ValueError(f"nothing here runs a '{target}' file: {why}")


def import_runtime(runtime: str) -> None:
    """Import the library of a runtime, so that its cost is not counted as that of a model."""
    backend(runtime)
    for package in MODULES[runtime][1]:
        if find_spec(package):
            import_module(LIBRARIES[package])
            return


def open_model(
    folder: Path, entry: ModelFile, threads: int = 1, runtime: str | None = None
) -> Model:
    """Load one file of a bundle folder with a named runtime, by default the preferred one."""
    path = inside(folder, entry.path, str(folder))
    chosen = backend(runtime) if runtime else backend_for(entry.target)
    return chosen.open(path, entry, threads)
