"""A few steps of several tasks in float64, alone or as one process of several: see torchrun's env.

    python tests/make_trainings.py DATA OUT

DATA has the sets of make_tiny_clips.py as `words`, `stills` and `talk`. In float64 rounding is too
small to grow into a difference, so what stays is a fault.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from generate.processes import Processes, joined
from train_edge.loop import train_in
from train_edge.options import Options
from train_edge.presets import PRESETS
from train_edge.tasks import Task, make_task

STEPS, BATCH = 4, 5
SHORT = {"steps": STEPS, "batch": BATCH, "threads": 1, "checkpoint_steps": STEPS}
RUNS: dict[str, tuple[str, Options]] = {
    "dscnn": ("words", replace(PRESETS["kws"], network="dscnn", dropout=0.3, **SHORT)),
    "bcresnet": ("words", replace(PRESETS["kws"], network="bcresnet", dropout=0.3, **SHORT)),
    "face": ("stills", replace(PRESETS["face"], **SHORT)),
    "find": ("stills", replace(PRESETS["find"], **SHORT)),
    "talking": ("talk", replace(PRESETS["talking"], dropout=0.3, **SHORT)),
}
"""Data set and options of each; the batch does not divide by two."""


class Exact:
    """A task in float64, without validation."""

    def __init__(self, task: Task) -> None:
        self.task, self.labels, self.front_end = task, task.labels, task.front_end

    def module(self) -> nn.Module:
        """The untrained network."""
        return self.task.module().double()

    def batch(self, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """The task's batch."""
        batch = self.task.batch(rng, size)
        return {k: v.double() if v.is_floating_point() else v for k, v in batch.items()}

    def loss(self, outputs: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """The task's loss."""
        return self.task.loss(outputs, batch)

    def validate(self, module: nn.Module) -> dict[str, float]:
        """Nothing."""
        assert not module.training
        return {}


def learn(data: Path, out: Path, processes: Processes) -> None:
    """Train all RUNS in folders below `out`."""
    for name, (source, options) in RUNS.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        train_in(out / name, options, Exact(make_task(options, data / source)), processes)


if __name__ == "__main__":
    with joined(gpu=False) as these:
        learn(Path(sys.argv[1]), Path(sys.argv[2]), these)
