"""Make a tiny but real keyword bundle: one linear layer as ONNX and as int8 TFLite, random weights.

    python tests/make_tiny_bundle.py FOLDER

Both files hold the same weights, so their answers agree up to the int8 rounding.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from device.bundle import Bundle, ModelFile, Tensor, describe, write_bundle
from device.front_end import LOGMEL
from device.stamp import Host, Stamp

LABELS = ("yes", "no", "other")
SHAPE = (1, 50, 40, 1)
IN_SCALE, IN_ZERO = 4 / 255, 0
OUT_SCALE, OUT_ZERO = 0.05, 3
WEIGHT_SCALE = 0.001


def make_tiny_bundle(
    folder: Path, targets: tuple[str, ...] = ("onnx", "tflite-int8", "c")
) -> Bundle:
    """Write model files and the manifest into `folder`; returns the bundle."""
    folder.mkdir(parents=True, exist_ok=True)
    makers = {"onnx": write_onnx, "tflite-int8": write_tflite, "c": write_c}
    files = [makers[target](folder) for target in targets]
    bundle = Bundle("tiny-kws", "kws", "CC0-1.0", STAMP, dict(LOGMEL), LABELS, tuple(files))
    write_bundle(folder, bundle)
    return bundle


STAMP = Stamp(
    kit_version="0.1.0",
    commit=None,
    command="make_tiny_bundle.py",
    created_utc="2026-01-31T12:00:00Z",
    python="3.11.7",
    libraries={},
    host=Host("x86_64", "Linux", "a CPU", 2),
)


def weights() -> tuple[Any, Any]:
    """Return the stored weights (3, 2000) int8 and bias (3,) int32."""
    import numpy as np

    rng = np.random.default_rng(7)
    return rng.integers(-127, 128, (3, 2000), dtype=np.int8), np.array([500, -900, 40], np.int32)


def write_onnx(folder: Path) -> ModelFile:
    """Write tiny.onnx: float32, free batch axis."""
    import numpy as np
    from onnx import TensorProto, checker, helper, numpy_helper

    stored, bias = weights()
    real = (stored.T.astype(np.float32)) * np.float32(WEIGHT_SCALE)
    offset = bias.astype(np.float32) * np.float32(WEIGHT_SCALE * IN_SCALE)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["input"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weight", "bias"], ["logits"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", *SHAPE[1:]])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 3])],
        [numpy_helper.from_array(real, "weight"), numpy_helper.from_array(offset, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(model)
    (folder / "tiny.onnx").write_bytes(model.SerializeToString())
    tensors = (
        Tensor("input", (-1, *SHAPE[1:]), "float32", "log-mel", "B T L C"),
        Tensor("logits", (-1, 3), "float32", "logit", "B label"),
    )
    return _entry(folder, "tiny.onnx", "onnx", "onnxruntime", *tensors)


def write_tflite(folder: Path) -> ModelFile:
    """Write tiny.tflite: one int8 FULLY_CONNECTED, built with the schema of the format."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    stored, bias = weights()
    options = schema.FullyConnectedOptionsT()
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [0, 1, 2], [3]
    operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    operator.builtinOptions = options
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 4
    graph = schema.SubGraphT()
    int8, int32 = schema.TensorType.INT8, schema.TensorType.INT32
    graph.tensors = [
        _tensor(schema, "input", SHAPE, int8, 0, IN_SCALE, IN_ZERO),
        _tensor(schema, "weight", stored.shape, int8, 1, WEIGHT_SCALE, 0),
        _tensor(schema, "bias", bias.shape, int32, 2, WEIGHT_SCALE * IN_SCALE, 0),
        _tensor(schema, "logits", (1, 3), int8, 0, OUT_SCALE, OUT_ZERO),
    ]
    graph.inputs, graph.outputs, graph.operators = [0], [3], [operator]
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [code]
    model.buffers = [_buffer(schema, data) for data in (b"", stored.tobytes(), bias.tobytes())]
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    (folder / "tiny.tflite").write_bytes(bytes(builder.Output()))
    tensors = (
        Tensor("input", SHAPE, "int8", "log-mel", "B T L C", IN_SCALE, IN_ZERO),
        Tensor("logits", (1, 3), "int8", "logit", "B label", OUT_SCALE, OUT_ZERO),
    )
    return _entry(folder, "tiny.tflite", "tflite-int8", "ai-edge-litert", *tensors)


def write_c(folder: Path) -> ModelFile:
    """Write a line of C, to have a file that no runtime takes."""
    (folder / "tiny.c").write_text("const int tiny = 1;\n", encoding="utf-8")
    tensor = Tensor("input", SHAPE, "int8", "log-mel", "B T L C", IN_SCALE, IN_ZERO)
    return _entry(folder, "tiny.c", "c", "gcc", tensor, tensor)


def _tensor(
    schema: Any, name: str, shape: Any, kind: int, buffer: int, scale: float, zero: int
) -> Any:
    quantization = schema.QuantizationParametersT()
    quantization.scale, quantization.zeroPoint = [scale], [zero]
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, buffer
    tensor.quantization = quantization
    return tensor


def _buffer(schema: Any, data: bytes) -> Any:
    buffer = schema.BufferT()
    buffer.data = list(data) if data else None
    return buffer


def _entry(
    folder: Path, path: str, target: Any, runtime: str, given: Tensor, made: Tensor
) -> ModelFile:
    sha256, size = describe(folder, path)
    return ModelFile(path, sha256, size, target, runtime, (given,), (made,))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    print(make_tiny_bundle(Path(sys.argv[1])).name)
