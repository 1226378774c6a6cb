"""Trained network -> float32 ONNX: BatchNorm folded, no trace of the machine that exported it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from export.errors import ExportError
from export.layout import ChannelsLast
from export.quiet import quiet

FORBIDDEN = ("BatchNormalization", "Dropout")
"""Operators of training that must be gone."""


def to_onnx(network: ChannelsLast, shape: tuple[int, ...], path: Path) -> None:
    """Write the network as ONNX with one input `input` and one output `output`, both float32.

    shape is that of the input, (1, H, W, C): a board hears or sees one clip at a time.
    Raises ExportError where the graph keeps operators of training.
    """
    import onnx

    example = torch.zeros(shape)
    with quiet(f"{path.name}: export from torch"):
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            input_names=["input"],
            output_names=["output"],
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    strip_metadata(model)
    onnx.checker.check_model(model, full_check=True)
    left = sorted({node.op_type for node in model.graph.node} & set(FORBIDDEN))
    if left:
        raise ExportError(f"{path.name}: {', '.join(left)} left in the graph; call eval() first")
    path.write_bytes(model.SerializeToString(deterministic=True))


def strip_metadata(model: Any) -> None:
    """Remove doc strings and metadata of an onnx.ModelProto: they hold source paths and stacks."""
    graph = model.graph
    parts: Iterable[Any] = (
        model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info,
        *graph.initializer, *model.functions,
    )  # fmt: skip
    for part in parts:
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


def onnx_ops(path: Path) -> tuple[str, ...]:
    """Sorted operator types of an ONNX file."""
    import onnx

    return tuple(sorted({node.op_type for node in onnx.load(path).graph.node}))
