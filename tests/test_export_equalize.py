"""Equalisation and bias correction change ranges and means, never the float32 function."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from export.bias import run_onnx, shifted
from export.equalize import equalized, pairs
from export.layout import ChannelsLast, run_torch
from export.quantize import quantize_onnx
from export.to_onnx import to_onnx
from generate.face_outputs import LABELS
from train_edge.models.dscnn import DSCNN
from train_edge.models.facenet import Body, FaceNet

SMALL = Body(8, 8, 16, 16, 16, 1)


def uneven(network: nn.Module, seed: int) -> nn.Module:
    """Spread the channels of every BatchNorm over three decades, as training can."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, -2, 1)
            module.weight.data = 10**module.weight.data
            nn.init.normal_(module.running_mean)
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
    return network.eval()


def test_equalised_networks_answer_the_same() -> None:
    rng = np.random.default_rng(0)
    shapes = {(50, 40, 1): DSCNN(5, width=0.4), (96, 96, 3): FaceNet(140, 68, SMALL)}
    for shape, network in shapes.items():
        clips = rng.normal(size=(6, *shape)).astype(np.float32)
        before = run_torch(ChannelsLast(uneven(network, 1)), clips)
        even = equalized(network, clips)
        assert even is not network
        after = run_torch(ChannelsLast(even), clips)
        assert np.abs(after - before).max() < 1e-4 * np.abs(before).max()
        assert np.array_equal(run_torch(ChannelsLast(network), clips), before)  # left as it was


def channel_spread(network: nn.Module, layer: str, clips: np.ndarray) -> float:
    """Largest over median range of a layer's channels."""
    seen: list[torch.Tensor] = []
    hook = network.get_submodule(layer).register_forward_hook(lambda _m, _i, out: seen.append(out))
    run_torch(ChannelsLast(network), clips)
    hook.remove()
    ranges = torch.relu(seen[0]).amax((0, 2, 3))
    ranges = ranges[ranges > 0]
    return float(ranges.max() / ranges.median())


def test_ranges_before_a_depthwise_layer_become_even() -> None:
    clips = np.random.default_rng(0).normal(size=(8, 50, 40, 1)).astype(np.float32)
    network = uneven(DSCNN(5, width=0.4), 2)
    even = equalized(network, clips)
    first = pairs(even)[0][0]
    assert channel_spread(even, first, clips) < 1.5 < channel_spread(network, "body.2", clips)


def test_networks_that_cannot_be_traced_come_back() -> None:
    class Branching(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    network = Branching()
    assert equalized(network, np.zeros((1, 4, 4, 1), np.float32)) is network


def test_shift_goes_into_the_last_bias(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    weights = {
        "w": rng.normal(size=(3, 2, 1, 1)).astype(np.float32),
        "b": rng.normal(size=3).astype(np.float32),
        "s": np.array([1, 3], np.int64),
    }
    nodes = [
        helper.make_node("Transpose", ["input"], ["x"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["x", "w", "b"], ["y"]),
        helper.make_node("Reshape", ["y", "s"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 1, 1, 2])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    source, target = tmp_path / "a.onnx", tmp_path / "b.onnx"
    source.write_bytes(model.SerializeToString())
    clips = rng.normal(size=(4, 1, 1, 2)).astype(np.float32)
    shift = np.array([1, -2, 0.5], np.float32)
    assert shifted(source, target, shift)
    assert np.allclose(run_onnx(target, clips) - run_onnx(source, clips), shift, atol=1e-5)
    assert not shifted(source, tmp_path / "c.onnx", np.zeros(4, np.float32))
    assert not (tmp_path / "c.onnx").exists()


def test_head_of_an_int8_file_is_not_rounded(tmp_path: Path) -> None:
    """Two layers added into the output: no Q/DQ pair is left behind them, all before them stay."""
    torch.manual_seed(0)
    network = FaceNet(len(LABELS), 68, SMALL)
    nn.init.normal_(network.where.weight, std=0.02)
    nn.init.normal_(network.what.weight, std=0.1)
    clips = np.random.default_rng(0).normal(size=(8, 96, 96, 3)).astype(np.float32)
    last = ChannelsLast(network)
    to_onnx(last, (1, 96, 96, 3), tmp_path / "a.onnx")
    quantize_onnx(tmp_path / "a.onnx", tmp_path / "b.onnx", clips, "face")
    graph = onnx.load(tmp_path / "b.onnx").graph
    makers = {name: node for node in graph.node for name in node.output}
    assert [item.name for item in graph.output] == ["output"]
    points, others = makers["output"].input
    assert makers[makers[points].input[0]].op_type == "MatMul"
    head = makers[makers[others].input[0]]
    assert [makers[name].op_type for name in head.input] == ["Conv", "Conv"]
    assert all(makers[makers[name].input[0]].op_type == "DequantizeLinear" for name in head.input)
    answers = run_onnx(tmp_path / "b.onnx", clips)
    assert len(np.unique(answers)) > 256  # not on a grid of one byte
    assert np.abs(answers - run_torch(last, clips)).max() < 0.1 * np.ptp(answers)
