"""What a training leaves in its run folder while it runs, and says to those who wait."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from device.files import lock, write_atomic
from generate.progress import Progress
from train_edge.checkpoint import State, save
from train_edge.options import Options
from train_edge.run import DONE, STATS

ROWS = 50
"""Rows of stats.jsonl in a whole run, about."""
SAVING_SHARE = 0.02
"""Share of the time that checkpoints may take."""


class Record:
    """Rows, checkpoints and progress of one training from where it is."""

    def __init__(self, folder: Path, options: Options, state: State) -> None:
        self.folder, self.options, self.first = folder, options, state.step
        self.begun = self.saved = time.monotonic()
        self.saving = 0.0
        """Seconds that the last checkpoint took."""
        self.progress = Progress(options.steps - state.step, f"train {options.task}", "step")
        _cut_stats(folder / STATS, state.step)

    def step(self, state: State, rate: float, stopping: bool) -> None:
        """A step is done, with this learning rate; `stopping`: no other comes."""
        every = max(1, self.options.steps // ROWS)
        if state.step % every == 0 or state.step == self.options.steps:
            row: dict[str, Any] = {"step": state.step, "loss": _mean_loss(state)}
            row |= {"learning_rate": rate, "seconds": round(time.monotonic() - self.begun, 2)}
            _append(self.folder / STATS, row)
            self.progress.what = f"train {self.options.task}, loss {row['loss']:.4f}"
        self.progress.update(state.step - self.first)
        if stopping or state.step == self.options.steps or self._is_due(state.step):
            begun = time.monotonic()
            save(state, self.folder)
            self.saved = time.monotonic()
            self.saving = self.saved - begun
        if stopping or state.step == self.options.steps:
            self.progress.close()

    def done(self, state: State, metrics: dict[str, float]) -> None:
        """All steps are done, with these figures."""
        _append(self.folder / STATS, {"step": state.step} | metrics)
        body = {"steps": state.step, "metrics": metrics}
        write_atomic(self.folder / DONE, json.dumps(body) + "\n")

    def _is_due(self, step: int) -> bool:
        if self.options.checkpoint_steps:
            return step % self.options.checkpoint_steps == 0
        return time.monotonic() - self.saved >= self.saving / SAVING_SHARE


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Let nobody else train in a run folder meanwhile; ValueError where somebody does."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        if not lock(handle):
            raise ValueError(f"run {folder}: another process is training it")
        yield
    finally:
        os.close(handle)


def _mean_loss(state: State) -> float:
    mean = state.loss_sum / state.loss_count
    state.loss_sum, state.loss_count = 0.0, 0
    return mean


def _append(path: Path, row: dict[str, Any]) -> None:
    with open(path, "a") as file:
        file.write(json.dumps(row) + "\n")
        file.flush()
        os.fsync(file.fileno())  # before the checkpoint that counts on it


def _cut_stats(path: Path, step_: int) -> None:
    """Drop the rows after the checkpoint that a run resumes from, and figures that come again."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    kept = [line for line in lines if _step_of(line) <= step_]
    write_atomic(path, "".join(line + "\n" for line in kept))


def _step_of(line: str) -> float:
    try:
        row = json.loads(line)
        return float(row["step"]) if "loss" in row else math.inf
    except (ValueError, KeyError, TypeError):  # a row that was cut off by a crash
        return math.inf
