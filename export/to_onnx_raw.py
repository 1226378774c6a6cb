"""Front end and network as one ONNX file: sound in, answer out, nothing to compute outside.

The spectrum is one convolution with windowed cosines and sines. Every runtime has a convolution;
the operators DFT and STFT are missing in several. It costs 1 MB of constants.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.backends.frontend import EPSILON, hann, mel_bands
from export.to_onnx import strip_metadata

Floats = NDArray[np.float32]
SAMPLES = "samples"


def to_onnx_raw(network: Path, spec: dict[str, Any], path: Path) -> None:
    """Join the `logmel` front end `spec` and the float32 ONNX file `network` (input (1, T, L, 1)).

    The file has one input, samples (1, N) float32 in -1..1, and the outputs of the network.
    """
    import onnx
    from onnx import compose

    tail = onnx.load(network)
    opset = next(item.version for item in tail.opset_import if item.domain == "")
    head = front_end(spec, opset, tail.ir_version)
    joined = compose.merge_models(
        head, compose.add_prefix(tail, "net_", rename_inputs=True, rename_outputs=False),
        io_map=[("features", f"net_{tail.graph.input[0].name}")],
    )  # fmt: skip
    joined.producer_name, joined.graph.name = "collodi", "raw"
    strip_metadata(joined)
    onnx.checker.check_model(joined, full_check=True)
    path.write_bytes(joined.SerializeToString(deterministic=True))


def front_end(spec: dict[str, Any], opset: int, ir_version: int) -> Any:
    """The `logmel` front end as an onnx.ModelProto: samples (1, N) -> features (1, T, L, 1).

    opset at least 18, where ReduceMax takes its axes as an input.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    count, depth = spec["samples"], spec["floor_db"] / 10 * math.log(10)
    if count % spec["hop"]:
        raise ValueError(f"front end of {count} samples: a raw file takes whole hops only")
    frames, mels = count // spec["hop"], spec["n_mels"]
    side = (spec["window"] - spec["hop"]) // 2
    pads = [side, spec["window"] - spec["hop"] - side]
    bands = mel_bands(*(spec[k] for k in ("sample_rate", "n_fft", "n_mels", "fmin", "fmax")))
    used = np.flatnonzero(bands.sum(0) > 0)
    constants: dict[str, NDArray[Any]] = {
        "waves": waves(spec, used),
        "bands": np.concatenate([bands[:, used]] * 2, axis=1).astype(np.float32),
        "epsilon": np.array([EPSILON], np.float32),
        "least": np.array([math.log(EPSILON) + depth], np.float32),
        "slope": np.array([4 / depth], np.float32),
        "top": np.array([2], np.float32),
        "bottom": np.array([-2], np.float32),
        "axes": np.array([1, 2], np.int64),
        "channel": np.array([1], np.int64),
        "last": np.array([3], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Unsqueeze", ["samples", "channel"], ["sound"]),
        node("Conv", ["sound", "waves"], ["parts"], strides=[spec["hop"]], pads=pads),
        node("Mul", ["parts", "parts"], ["power"]),
        node("MatMul", ["bands", "power"], ["mels"]),
        node("Add", ["mels", "epsilon"], ["heard"]),
        node("Log", ["heard"], ["level"]),
        node("ReduceMax", ["level", "axes"], ["loudest"], keepdims=1),
        node("Max", ["loudest", "least"], ["ceiling"]),
        node("Sub", ["level", "ceiling"], ["below"]),
        node("Mul", ["below", "slope"], ["steps"]),
        node("Add", ["steps", "top"], ["open"]),
        node("Max", ["open", "bottom"], ["floored"]),
        node("Transpose", ["floored"], ["rows"], perm=[0, 2, 1]),
        node("Unsqueeze", ["rows", "last"], ["features"]),
    ]
    value, kind = helper.make_tensor_value_info, TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "front_end",
        [value(SAMPLES, kind, [1, count])],
        [value("features", kind, [1, frames, mels, 1])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version
    )
    onnx.checker.check_model(model)
    return model


def waves(spec: dict[str, Any], bins: NDArray[np.int64]) -> Floats:
    """Windowed cosines, then sines, of some frequency bins: (2 F, 1, window) float32."""
    angle = 2 * np.pi * np.outer(bins, np.arange(spec["window"])) / spec["n_fft"]
    both = np.concatenate([np.cos(angle), np.sin(angle)]) * hann(spec["window"])
    return both[:, None].astype(np.float32)
