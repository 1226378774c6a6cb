"""The TensorRT target: rules of its QDQ file, and no claim without its machine."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.errors import ExportError
from export.quantize import quantize_for_tensorrt, quantize_onnx
from export.to_tensorrt import NOT_RUN, broken_rules, to_tensorrt

CLIPS = np.random.default_rng(0).normal(size=(8, 6, 6, 2)).astype(np.float32) + 1


@pytest.fixture
def float_onnx(tmp_path: Path) -> Path:
    """Transpose, convolution with bias, relu."""
    rng = np.random.default_rng(1)
    weights = {
        "w": rng.normal(size=(4, 2, 3, 3)).astype(np.float32),
        "b": rng.normal(size=4).astype(np.float32),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["input"], ["x"], "turn", perm=[0, 3, 1, 2]),
            helper.make_node("Conv", ["x", "w", "b"], ["y"], "conv"),
            helper.make_node("Relu", ["y"], ["output"], "relu"),
        ],
        "g",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 6, 6, 2])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 4, 4, 4])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    path = tmp_path / "float.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_file_for_tensorrt_keeps_its_rules_and_the_one_for_x86_does_not(
    float_onnx: Path, tmp_path: Path
) -> None:
    quantize_for_tensorrt(float_onnx, tmp_path / "trt.onnx", CLIPS)
    assert broken_rules(tmp_path / "trt.onnx") == []
    quantize_onnx(float_onnx, tmp_path / "x86.onnx", CLIPS, "kws")
    broken = broken_rules(tmp_path / "x86.onnx")
    assert any("uint8" in rule for rule in broken)
    assert any("int32" in rule for rule in broken)
    assert broken_rules(float_onnx) == ["no QuantizeLinear: nothing is int8"]


def test_not_run_without_tensorrt(
    float_onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    before = set(tmp_path.iterdir())
    assert to_tensorrt(float_onnx, CLIPS, tmp_path) == NOT_RUN
    assert set(tmp_path.iterdir()) == before


def fake_tensorrt(parses: bool) -> Any:
    """The few calls that `to_tensorrt` makes; the engine holds the flags of the network."""

    class Builder:
        def __init__(self, logger: object) -> None:
            self.logger = logger

        def create_network(self, flags: int) -> SimpleNamespace:
            return SimpleNamespace(flags=flags, num_inputs=0)

        def create_builder_config(self) -> object:
            return object()

        def build_serialized_network(self, network: SimpleNamespace, _: object) -> bytes:
            return b"engine %d" % network.flags

    class Parser:
        def __init__(self, _network: object, _logger: object) -> None:
            pass

        def parse(self, data: bytes) -> bool:
            return parses and len(data) > 0

        def get_error(self, _number: int) -> str:
            return "node 3 is odd"

    class Logger:
        ERROR = 1

        def __init__(self, level: int) -> None:
            self.level = level

    flag = SimpleNamespace(STRONGLY_TYPED=2)
    return SimpleNamespace(
        Builder=Builder, OnnxParser=Parser, Logger=Logger, NetworkDefinitionCreationFlag=flag
    )


def test_engine_is_strongly_typed_and_a_refused_file_is_named(
    float_onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", fake_tensorrt(parses=True))
    made = to_tensorrt(float_onnx, CLIPS, tmp_path)
    assert isinstance(made, Path)
    assert made.read_bytes() == b"engine 4"
    monkeypatch.setitem(sys.modules, "tensorrt", fake_tensorrt(parses=False))
    with pytest.raises(ExportError, match=r"model\.tensorrt\.onnx.*node 3 is odd"):
        to_tensorrt(float_onnx, CLIPS, tmp_path)
