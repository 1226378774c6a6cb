"""Latency of one of our int8 networks beside a reference network: same runtime, turn by turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from device.backends import open_model
from device.backends.litert import LiteRtModel, interpreter_class
from device.backends.model import Model
from device.bundle import read_bundle

TURNS, RUNS = 30, 40


def against(folder: Path, reference: Path, runs: int = RUNS) -> tuple[dict[str, Any], float]:
    """Raw latencies of a bundle's int8 TFLite file and of a reference file in LiteRT; their ratio.

    TURNS turns of `runs` calls each, one after the other, so that a slow moment meets both; the
    ratio is that of the medians. One thread. ValueError where the reference is not there.
    """
    if not reference.is_file():
        raise ValueError(f"{reference}: no such file; --reference wants MLPerf Tiny's int8 models")
    ours = open_model(folder, read_bundle(folder).file("tflite-int8"))
    maker, runtime = interpreter_class()
    interpreter = maker(model_path=str(reference), num_threads=1)
    interpreter.allocate_tensors()
    models: dict[str, Model] = {"ours": ours, "mlperf": LiteRtModel(interpreter, runtime)}
    calls = {name: _call(model) for name, model in models.items()}
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(TURNS):
        for name, call in calls.items():
            began_s = time.perf_counter()
            for _ in range(runs):
                call()
            taken[name].append((time.perf_counter() - began_s) / runs)
    row = {"runtime": runtime, "ms": {k: [1e3 * t for t in v] for k, v in taken.items()}}
    return row, median(taken["ours"]) / median(taken["mlperf"])


def _call(model: Model) -> Callable[[], Any]:
    rng = np.random.default_rng(1)
    stored = [rng.integers(-128, 128, tensor.shape).astype(np.int8) for tensor in model.inputs]
    model.invoke(stored)
    return lambda: model.invoke(stored)
