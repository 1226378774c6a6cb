"""Trained network -> int8 TFLite (int8 in, int8 out) that LiteRT and TFLite Micro both read."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from export.layout import ChannelsLast
from export.quiet import quiet
from export.repack import repack

SIGNATURE = "serving_default"


def to_tflite(network: ChannelsLast, clips: NDArray[np.float32], path: Path) -> None:
    """Write the int8 file; clips (B, H, W, C) float32 set the ranges of the activations."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "float.tflite"
        _convert(network, clips.shape[1:], source, path.name)
        with quiet(f"{path.name}: static quantization"):
            quantized = _quantize(source, clips)
    repack(quantized, path)


def _convert(network: ChannelsLast, shape: tuple[int, ...], target: Path, name: str) -> None:
    with quiet(f"{name}: conversion from torch"):
        import litert_torch

        example = torch.zeros(1, *shape)
        litert_torch.convert(network, sample_kwargs={"input": example}).export(str(target))


def _quantize(source: Path, clips: NDArray[np.float32]) -> bytes:
    """Min-max ranges: the quantizer's own calibrate() keeps a moving average, 5-16 dB worse."""
    from ai_edge_quantizer import calibrator, quantizer, recipe, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    rules = recipe.static_wi8_ai8()
    manager = recipe_manager.RecipeManager()
    manager.load_quantization_recipe(rules)
    ranges: Any = calibrator.Calibrator(
        str(source), num_threads=1, qsv_update_func=qsv_utils.min_max_update
    )
    feeds = [{"input": clips[i : i + 1]} for i in range(len(clips))]
    ranges.calibrate({SIGNATURE: feeds}, manager)
    maker = quantizer.Quantizer(str(source))
    maker.load_quantization_recipe(rules)
    return bytes(maker.quantize(ranges.get_model_qsvs()).quantized_model)


def tflite_ops(path: Path) -> tuple[str, ...]:
    """Sorted operator names of a TFLite file, e.g. CONV_2D."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    names = {value: name for name, value in vars(schema.BuiltinOperator).items()}
    codes = model.operatorCodes
    used = {op.opcodeIndex for graph in model.subgraphs for op in graph.operators}
    numbers = {max(codes[i].builtinCode, codes[i].deprecatedBuiltinCode) for i in used}
    return tuple(sorted(names[number] for number in numbers))
