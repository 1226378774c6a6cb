"""QDQ ONNX by the rules of TensorRT, and the engine where TensorRT really runs.

TensorRT 11 has no INT8 flag and no calibrator: explicit QDQ and a strongly typed network are the
one form that 10.3 to 11 share. An engine fits one GPU and one version, so it is built on the
machine that runs it; elsewhere this target is "not run".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.backends.trt import build
from device.files import write_atomic
from export.errors import ExportError
from export.quantize import quantize_for_tensorrt

NOT_RUN = "not run: needs an NVIDIA machine with TensorRT"
NOTHING_INT8 = "no QuantizeLinear: nothing is int8"
QDQ = ("QuantizeLinear", "DequantizeLinear")


def to_tensorrt(onnx: Path, clips: NDArray[np.float32], folder: Path) -> Path | str:
    """Build folder/model.plan from a float32 ONNX file; return it, or the reason why it was not.

    clips (B, H, W, C) float32 set the ranges. Raises ExportError where the QDQ file breaks a rule
    or the engine does not build.
    """
    tensorrt = _tensorrt()
    if tensorrt is None:
        return NOT_RUN
    quantized = folder / "model.tensorrt.onnx"
    quantize_for_tensorrt(onnx, quantized, clips)
    if broken := broken_rules(quantized):
        raise ExportError(f"{quantized.name}: {broken[0]}")
    plan = folder / "model.plan"
    plan.write_bytes(_build(tensorrt, quantized))
    quantized.unlink()
    return plan


def to_generator_engine(
    onnx: Path, plan: Path, batches: tuple[int, int, int] = (1, 1, 8)
) -> Path | str:
    """Build an engine from a generator.TARGET.onnx; return `plan`, or the reason why not.

    The types are those of the file: the network is strongly typed. batches: least, usual, most.
    Raises ValueError where these are not in order, ExportError where the file breaks a rule or the
    engine does not build.
    """
    least, usual, most = batches
    if not 1 <= least <= usual <= most:
        raise ValueError(f"batches {batches}: least, usual and most, from 1 on")
    tensorrt = _tensorrt()
    if tensorrt is None:
        return NOT_RUN
    if broken := [rule for rule in broken_rules(onnx) if rule != NOTHING_INT8]:
        raise ExportError(f"{onnx.name}: {broken[0]}")
    write_atomic(plan, _build(tensorrt, onnx, batches))
    return plan


def broken_rules(path: Path) -> list[str]:
    """What TensorRT would refuse in a QDQ ONNX file, one line each; empty where nothing.

    Rules: zero points are 0, no int32 bias behind a DequantizeLinear, int8 only.
    """
    import onnx

    graph = onnx.load(path).graph
    constants = {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}
    pairs = [node for node in graph.node if node.op_type in QDQ]
    if not pairs:
        return [NOTHING_INT8]
    broken = []
    for node in pairs:
        stored = constants.get(node.input[0])
        if stored is not None and stored.dtype == np.int32:
            broken.append(f"{node.name}: int32 constant, TensorRT takes float32 biases")
        zero = constants.get(node.input[2]) if len(node.input) > 2 else None
        if zero is not None and zero.any():
            broken.append(f"{node.name}: zero point {zero.ravel()[0]}, TensorRT takes 0")
        if zero is not None and zero.dtype != np.int8:
            broken.append(f"{node.name}: {zero.dtype}, TensorRT takes int8")
    return broken


def _tensorrt() -> Any:
    """The tensorrt module where it can build, else None (the wheel alone has no libraries)."""
    try:
        import tensorrt

        tensorrt.Builder(tensorrt.Logger(tensorrt.Logger.ERROR))
    except Exception:  # not installed, stub without libraries, no GPU: all the same answer
        return None
    return tensorrt


def _build(tensorrt: Any, onnx: Path, batches: tuple[int, int, int] = (1, 1, 1)) -> bytes:
    try:
        return build(tensorrt, onnx, batches=batches)
    except ValueError as error:
        raise ExportError(str(error)) from error
