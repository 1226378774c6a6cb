"""The last residual addition of a QDQ file is done in float32, and nothing else is."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from export import quantize
from export.bias import run_onnx
from export.float_head import PASS_ON, keep_float_sum
from export.layout import ChannelsLast
from export.quantize import quantize_onnx
from export.to_onnx import to_onnx
from train_edge.models.facenet import Residual
from train_edge.models.findnet import FindNet


class Blocks(nn.Module):
    """Two residual blocks and a head."""

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*(Residual(8, 8) for _ in range(blocks)))
        self.head = nn.Conv2d(8, 4, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 8, 6, 6) -> (B, 4)."""
        return self.head(self.body(x)).flatten(1)


@pytest.mark.parametrize("enough_db", [-99.0, 99.0])
def test_the_first_way_that_is_good_enough_stays_else_the_best(
    enough_db: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize, "ENOUGH_DB", enough_db)
    monkeypatch.setattr(quantize, "FEW_FLIPS", 1.0)
    torch.manual_seed(0)
    source = tmp_path / "a.onnx"
    to_onnx(ChannelsLast(Blocks(2).eval()), (1, 6, 6, 8), source)
    clips = np.random.default_rng(0).normal(size=(16, 6, 6, 8)).astype(np.float32)
    wanted = run_onnx(source, clips)

    def error(ways: tuple[quantize.Way, ...]) -> float:
        monkeypatch.setattr(quantize, "WAYS", ways)
        quantize.quantize_onnx(source, tmp_path / "b.onnx", clips, "kws")
        return float(np.square(run_onnx(tmp_path / "b.onnx", clips) - wanted).mean())

    ways = quantize.WAYS
    each = [error((way,)) for way in ways]
    assert len(set(each)) == len(ways)
    assert error(ways) == pytest.approx(each[0] if enough_db < 0 else min(each))


@pytest.fixture(scope="module")
def qdq(tmp_path_factory: pytest.TempPathFactory) -> onnx.ModelProto:
    """What two blocks become."""
    folder: Path = tmp_path_factory.mktemp("qdq")
    torch.manual_seed(0)
    to_onnx(ChannelsLast(Blocks(2).eval()), (1, 6, 6, 8), folder / "float.onnx")
    clips = np.random.default_rng(0).normal(size=(16, 6, 6, 8)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantize, "WAYS", quantize.WAYS[:2])
        quantize_onnx(folder / "float.onnx", folder / "int8.onnx", clips, "kws")
    return onnx.load(folder / "int8.onnx")


def rounded(model: onnx.ModelProto) -> list[int]:
    """For each addition, how many of its inputs come from a DequantizeLinear."""
    made = {name: node.op_type for node in model.graph.node for name in node.output}
    return [
        sum(made.get(name) == "DequantizeLinear" for name in node.input)
        for node in model.graph.node
        if node.op_type == "Add"
    ]


def test_only_the_last_addition_is_done_in_float(qdq: onnx.ModelProto) -> None:
    assert rounded(qdq) == [2, 0]


def test_a_network_without_rounded_additions_stays_as_it_is(qdq: onnx.ModelProto) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(qdq)
    assert keep_float_sum(model) == 2  # the first addition is now the last that is rounded
    assert keep_float_sum(model) == 0
    assert rounded(model) == [0, 0]


def test_the_last_layers_of_a_detector_answer_in_float(tmp_path: Path) -> None:
    torch.manual_seed(0)
    to_onnx(ChannelsLast(FindNet().eval()), (1, 32, 32, 1), tmp_path / "a.onnx")
    clips = np.random.default_rng(0).uniform(-1, 1, (8, 32, 32, 1)).astype(np.float32)
    quantize_onnx(tmp_path / "a.onnx", tmp_path / "b.onnx", clips, "find")
    graph = onnx.load(tmp_path / "b.onnx").graph
    makers = {name: node for node in graph.node for name in node.output}
    todo, ends = [graph.output[0].name], []
    while todo:
        node = makers[todo.pop()]
        if node.op_type in PASS_ON:
            todo += [name for name in node.input if name in makers]
        else:
            ends.append(node.op_type)
    assert ends == ["Conv", "Conv"]
