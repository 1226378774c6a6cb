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

VARIANTS: dict[str, tuple[str, ...]] = {
    "onnxruntime": ("cpu", "xnnpack", "cuda", "tensorrt"),
    "litert": ("xnnpack", "no-xnnpack"),
}
"""Runtime to what may follow its name, as in `onnxruntime:cuda`; the first is its default."""

NO_NUMPY = "numpy is not installed: pip install 'collodi[run]'"

INSTALL = {"tflm": "tflite-micro", "tensorrt": "collodi[tensorrt]"}


class Backend(Protocol):
    """What each module of a runtime offers."""

    def open(self, path: Path, entry: ModelFile, threads: int = 1, variant: str = "") -> Model:
        """Load a model file; ValueError where it is not what the manifest says.

        variant: one of VARIANTS, empty for the runtime's own default; NotHere where this
        installation of the runtime lacks it.
        """
        ...


class NotHere(ValueError):
    """The runtime is installed and lacks what was asked for, such as a provider."""


def why_not(runtime: str) -> str | None:
    """Return why a runtime cannot run here, None where its package is installed."""
    runtime = parts(runtime)[0]
    packages = MODULES[runtime][1]
    if not any(find_spec(name) for name in packages):
        wanted = INSTALL.get(runtime, "collodi[run]")
        return f"{packages[0]} is not installed: pip install '{wanted}'"
    if not find_spec("numpy"):
        return NO_NUMPY
    return None


def parts(runtime: str) -> tuple[str, str]:
    """Split `onnxruntime:cuda` into name and variant (empty: its default); ValueError if unknown.

    >>> parts("litert:no-xnnpack")
    ('litert', 'no-xnnpack')
    """
    name, _, variant = runtime.partition(":")
    if name not in MODULES:
        raise ValueError(f"no runtime '{name}', there are {', '.join(MODULES)}")
    known = VARIANTS.get(name, ())
    if variant and variant not in known:
        raise ValueError(f"{name} has no '{variant}', it has {', '.join(known) or 'no variants'}")
    return name, variant


def why_no_front_end() -> str | None:
    """Return why the front end cannot run here, None where numpy is installed."""
    return None if find_spec("numpy") else NO_NUMPY


def backend(runtime: str) -> Backend:
    """Return the module of a runtime by name; it imports the runtime only in `open`."""
    reason = why_not(runtime)
    if reason:
        raise ValueError(f"runtime '{runtime}': {reason}")
    return cast("Backend", import_module(f"device.backends.{MODULES[parts(runtime)[0]][0]}"))


def backend_for(target: str) -> Backend:
    """Return the module of the preferred installed runtime, as `runtime_for` finds it."""
    return backend(runtime_for(target))


def runtime_for(target: str) -> str:
    """Return the preferred installed runtime for a target; ValueError says why there is none."""
    if target not in RUNTIMES:
        raise ValueError(f"no target '{target}', there are {', '.join(RUNTIMES)}")
    reasons = []
    for runtime in RUNTIMES[target]:
        reason = why_not(runtime)
        if reason is None:
            return runtime
        reasons.append(reason)
    why = "; ".join(reasons) or "it is source code that a compiler takes"
    raise ValueError(f"nothing here runs a '{target}' file: {why}")


def import_runtime(runtime: str) -> None:
    """Import the library of a runtime, so that its cost is not counted as that of a model."""
    backend(runtime)
    for package in MODULES[parts(runtime)[0]][1]:
        if find_spec(package):
            import_module(LIBRARIES[package])
            return


def open_model(
    folder: Path, entry: ModelFile, threads: int = 1, runtime: str | None = None
) -> Model:
    """Load one file of a bundle folder with a named runtime, by default the preferred one.

    The runtime is in this process: for a file that is not your own take apart.open_apart.
    """
    path = inside(folder, entry.path, str(folder))
    return open_path(path, entry, threads, runtime)


def open_path(path: Path, entry: ModelFile, threads: int = 1, runtime: str | None = None) -> Model:
    """Load a model file wherever it lies; as open_model does."""
    if runtime is None:
        runtime = runtime_for(entry.target)
    module = backend(runtime)
    try:
        return module.open(path, entry, threads, parts(runtime)[1])
    except (ValueError, OSError, ImportError, MemoryError):
        raise
    except Exception as error:  # what runtimes raise on damaged files shares no base class
        line = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path}: {runtime} cannot load it: {line:.300}") from error
