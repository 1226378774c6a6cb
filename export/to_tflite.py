"""Trained network -> int8 TFLite (int8 in, int8 out) that LiteRT and TFLite Micro both read."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from export.layout import ChannelsLast, run_torch
from export.parity import distance
from export.quiet import quiet
from export.ranges import Ranges, tuned
from export.repack import repack

SIGNATURE = "serving_default"
ENOUGH_DB = 28.0
"""The gate asks for 25 on clips that were not seen; tuning takes seconds, so only near it."""
TUNING_CLIPS = 64


def to_tflite(
    network: ChannelsLast, task: str, clips: NDArray[np.float32], path: Path, tune: bool = True
) -> None:
    """Write the int8 file; clips (B, H, W, C) float32 set the ranges of the activations.

    Ranges are min-max; where that leaves less than ENOUGH_DB, they are tuned on the same clips,
    unless `tune` is false: a network that is hardly trained gains nothing from it.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "float.tflite"
        _convert(network, clips.shape[1:], source, path.name)
        with quiet(f"{path.name}: static quantization"):
            quantized = _quantize(source, clips, Target(task, run_torch(network, clips)), tune)
    repack(quantized, path)


def _convert(network: ChannelsLast, shape: tuple[int, ...], target: Path, name: str) -> None:
    with quiet(f"{name}: conversion from torch"):
        import litert_torch

        example = torch.zeros(1, *shape)
        litert_torch.convert(network, sample_kwargs={"input": example}).export(str(target))


@dataclass(frozen=True)
class Target:
    """What an int8 file should answer to the calibration clips."""

    task: str
    answers: NDArray[np.float32]

    def sqnr_db(self, answers: NDArray[np.float32]) -> float:
        """SQNR of the first answers, as the gate measures it."""
        expected = self.answers[: len(answers)]
        return distance(self.task, expected, answers, self.answers.mean(axis=0)).sqnr_db


def _quantize(source: Path, clips: NDArray[np.float32], target: Target, tune: bool) -> bytes:
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

    def make(found: Ranges) -> bytes:
        maker = quantizer.Quantizer(str(source))
        maker.load_quantization_recipe(rules)
        return bytes(maker.quantize(found).quantized_model)

    def error(found: Ranges) -> float:
        return 10 ** (-target.sqnr_db(_run(make(found), clips[:TUNING_CLIPS])) / 10)

    found = ranges.get_model_qsvs()
    if tune and target.sqnr_db(_run(make(found), clips)) < ENOUGH_DB:
        found = tuned(found, error)
    return make(found)


def _run(data: bytes, clips: NDArray[np.float32]) -> NDArray[np.float32]:
    """Answers (B, n) of an int8 TFLite file to float clips, on LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model_content=data, num_threads=1)
    runner.allocate_tensors()
    into, out = runner.get_input_details()[0], runner.get_output_details()[0]
    (scale, zero), (out_scale, out_zero) = into["quantization"], out["quantization"]
    stored = np.clip(np.round(clips / scale) + zero, -128, 127).astype(np.int8)
    answers = []
    for i in range(len(stored)):
        runner.set_tensor(into["index"], stored[i : i + 1])
        runner.invoke()
        answers.append(runner.get_tensor(out["index"]).astype(np.float32))
    real: NDArray[np.float32] = (np.concatenate(answers) - out_zero) * np.float32(out_scale)
    return real


def tflite_ops(path: Path) -> tuple[str, ...]:
    """Sorted operator names of a TFLite file, e.g. CONV_2D."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    names = {value: name for name, value in vars(schema.BuiltinOperator).items()}
    codes = model.operatorCodes
    used = {op.opcodeIndex for graph in model.subgraphs for op in graph.operators}
    numbers = {max(codes[i].builtinCode, codes[i].deprecatedBuiltinCode) for i in used}
    return tuple(sorted(names[number] for number in numbers))
