"""Engines of a generator: the calls that TensorRT gets, and no claim without its machine."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from export.errors import ExportError
from export.generator_graph import Form, Range8, write_graph
from export.to_tensorrt import NOT_RUN, broken_rules, to_generator_engine
from generate.gan.architecture import PRESETS
from generate.gan.networks import Generator


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A float16 file, one for TensorRT and one for x86."""
    folder = tmp_path_factory.mktemp("generator")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = Generator(PRESETS["16"])
    ranges = {4: Range8(4.0, np.ones(32, np.float32))}
    write_graph(generator, folder / "float16.onnx", Form(dtype="float16"))
    write_graph(generator, folder / "tensorrt.onnx", Form(ranges=ranges, signed=True))
    write_graph(generator, folder / "x86.onnx", Form(ranges=ranges))
    return folder


def fake_tensorrt(asked: dict[str, Any]) -> Any:
    """The calls that `to_generator_engine` makes, as TensorRT 10 and 11 have them."""

    class Builder:
        def __init__(self, _logger: object) -> None:
            pass

        def create_network(self, flags: int) -> Any:
            asked["flags"] = flags
            tensor = SimpleNamespace(name="ws", shape=(-1, 6, 32))
            return SimpleNamespace(num_inputs=1, get_input=lambda _number: tensor)

        def create_builder_config(self) -> Any:
            return SimpleNamespace(add_optimization_profile=lambda p: asked.update(profile=p))

        def create_optimization_profile(self) -> Any:
            shapes: dict[str, Any] = {}
            return SimpleNamespace(
                shapes=shapes,
                set_shape=lambda name, *sizes: shapes.update({name: sizes}),
            )

        def build_serialized_network(self, _network: object, _config: object) -> bytes:
            return b"engine"

    class Logger:
        ERROR = 1

        def __init__(self, _level: int) -> None:
            pass

    flag = SimpleNamespace(STRONGLY_TYPED=2)
    parser = SimpleNamespace(parse=lambda data: len(data) > 0)
    return SimpleNamespace(
        Builder=Builder,
        OnnxParser=lambda _network, _logger: parser,
        Logger=Logger,
        NetworkDefinitionCreationFlag=flag,
    )


@pytest.mark.parametrize("name", ["float16.onnx", "tensorrt.onnx"])
def test_engine_is_strongly_typed_and_takes_a_range_of_batches(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setitem(sys.modules, "tensorrt", fake_tensorrt(asked))
    plan = tmp_path / "model.plan"
    assert to_generator_engine(files / name, plan, (1, 2, 8)) == plan
    assert plan.read_bytes() == b"engine"
    assert asked["flags"] == 4
    assert asked["profile"].shapes == {"ws": ((1, 6, 32), (2, 6, 32), (8, 6, 32))}


def test_a_file_for_x86_is_refused_and_wrong_batches_are_named(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", fake_tensorrt({}))
    assert broken_rules(files / "tensorrt.onnx") == []
    with pytest.raises(ExportError, match=r"x86\.onnx: .*(zero point 128|uint8)"):
        to_generator_engine(files / "x86.onnx", tmp_path / "model.plan")
    with pytest.raises(ValueError, match=r"batches \(4, 1, 8\)"):
        to_generator_engine(files / "float16.onnx", tmp_path / "model.plan", (4, 1, 8))
    assert list(tmp_path.iterdir()) == []


def test_not_run_without_tensorrt(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    assert to_generator_engine(files / "float16.onnx", tmp_path / "model.plan") == NOT_RUN
    assert list(tmp_path.iterdir()) == []


def test_every_node_of_a_strongly_typed_file_has_one_type(files: Path) -> None:
    import onnx

    model = onnx.shape_inference.infer_shapes(onnx.load(files / "float16.onnx"), strict_mode=True)
    infos = [*model.graph.value_info, *model.graph.input, *model.graph.output]
    types = {info.name: info.type.tensor_type.elem_type for info in infos}
    types |= {item.name: item.data_type for item in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type in ("Mul", "Add", "Conv", "ConvTranspose", "MatMul", "Gemm"):
            assert len({types[name] for name in node.input}) == 1, node.name
