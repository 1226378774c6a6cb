"""What the inputs and outputs of a bundle mean, task by task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from device.bundle import Tensor
from generate.face_outputs import PARTS

INPUT = {
    "kws": ("B T L C", "log-mel / 2, loudest cell near 0 (device/front_end.py, logmel)"),
    "voice": ("B T L C", "log-mel / 2, loudest cell near 0 (device/front_end.py, logmel)"),
    "find": ("B H W C", "grey / 127.5 - 1 (device/front_end.py, scene)"),
    "talking": (
        "B T row C",
        "a picture's two log-mel frames, then its pixels (device/front_end.py, audiovisual)",
    ),
    "face": ("B H W C", "RGB as the image front end makes it (device/front_end.py, image)"),
}
"""Task to axes and unit of the input."""
OUTPUT = {
    "kws": ("B C", "logit"),
    "voice": ("B C", "logit of speech, logit of a child, one logit an emotion"),
    "find": ("B P C", "score, x, y, side of each cell (device/find.py)"),
    "talking": ("B C", "logit of this face speaks, logit of this head faces the camera"),
    "face": (
        "B C",
        "; ".join(
            f"{part.name}: ({part.unit} - {part.center:g}) / {part.divisor:g}" for part in PARTS
        ),
    ),
}
"""Task to axes and unit of the output."""


def float_tensors(
    task: str, in_shape: tuple[int, ...], answer: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Input and output of a float32 file for one clip; in_shape (1, H, W, C), answer without B."""
    (in_axes, in_unit), (out_axes, out_unit) = INPUT[task], OUTPUT[task]
    return (
        Tensor("input", in_shape, "float32", in_unit, in_axes),
        Tensor("output", (1, *answer), "float32", out_unit, out_axes),
    )


def raw_tensors(task: str, front_end: dict[str, Any], n_outputs: int) -> tuple[Tensor, Tensor]:
    """Input and output of a file with its front end inside, for one clip."""
    unit = f"sound at {front_end['sample_rate']} Hz, -1..1"
    out_axes, out_unit = OUTPUT[task]
    return (
        Tensor("samples", (1, front_end["samples"]), "float32", unit, "B N"),
        Tensor("output", (1, n_outputs), "float32", out_unit, out_axes),
    )


def int8_tensors(path: Path, task: str) -> tuple[Tensor, Tensor]:
    """Input and output of an int8 TFLite file, with its scales and zero points."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    graph = model.subgraphs[0]
    return (
        _int8("input", graph.tensors[graph.inputs[0]], *INPUT[task]),
        _int8("output", graph.tensors[graph.outputs[0]], *OUTPUT[task]),
    )


def _int8(name: str, tensor: Any, axes: str, unit: str) -> Tensor:
    quantized = tensor.quantization
    scale, zero = float(quantized.scale[0]), int(quantized.zeroPoint[0])
    return Tensor(name, tuple(int(n) for n in tensor.shape), "int8", unit, axes, scale, zero)
