"""The only training loop: AdamW, one cycle of the learning rate, averaged weights.

Batch `s` is a pure function of (seed, s), so a resumed run goes on to the same numbers, and any
number of workers may prepare batches ahead.
"""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from device.files import NO_ROOM, write_atomic
from generate.interrupt import interrupted
from generate.progress import Progress
from generate.shards import digest_of
from train_edge.checkpoint import State, begin, load, save
from train_edge.options import Options, check_options
from train_edge.run import (
    CHECKPOINT,
    DONE,
    MODEL,
    STATS,
    new_folder,
    read_options,
    write_options,
)
from train_edge.tasks import Task, make_task

BATCH_STREAM, DROPOUT_STREAM, START_STREAM = 0, 1, 2
AHEAD = 3
WARM_UP = 0.15
"""Share of the steps over which the learning rate rises."""
ROWS = 50
"""Rows of stats.jsonl in a whole run, about."""


class Stopped(RuntimeError):
    """Training was interrupted after a step and left a checkpoint."""


def train(preset: str, options: Options, data: str | Path, root: Path) -> Path:
    """Train from the start in a new numbered folder below `root`; returns the folder."""
    check_options(options)
    task = make_task(options, data)
    folder = new_folder(
        root, preset, str(data), lambda new: write_options(new, preset, options, str(data), task)
    )
    train_in(folder, options, task)
    return folder


def train_in(folder: Path, options: Options, task: Task) -> None:
    """Do all steps of a task in a folder, from its checkpoint where it has one."""
    with settled(options.threads):
        state = _start(options, task)
        if (folder / CHECKPOINT).exists():
            load(state, folder)
        try:
            _go(folder, options, task, state)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            said = f"{error.strerror}; go on later with: collodi train --resume {folder}"
            raise OSError(error.errno, said, error.filename or str(folder)) from error


def resume(folder: Path, data: str | Path | None = None) -> Path:
    """Go on with an interrupted run to the same numbers; `data` if the data set has moved.

    A run that was killed before its first checkpoint begins again.
    """
    body = read_options(folder)
    if (folder / DONE).exists():
        raise ValueError(f"run {folder}: already done; start a new one with --data")
    if (folder / MODEL).exists() and not (folder / CHECKPOINT).exists():
        raise ValueError(f"run {folder}: {CHECKPOINT} is gone, nothing to resume; start a new run")
    source = str(data or body.data)
    task = make_task(body.options, source)
    for where, digest in (
        (source, body.data_sha256),
        (body.options.background, body.background_sha256),
        (body.options.voices, body.voices_sha256),
    ):
        if digest and digest_of(where) != digest:
            raise ValueError(f"run {folder}: data set {where} is not the one that it began with")
    train_in(folder, body.options, task)
    return folder


def _start(options: Options, task: Task) -> State:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(torch_seed(options.seed, 0, START_STREAM))
        module = task.module().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return begin(module, options)


def _go(folder: Path, options: Options, task: Task, state: State) -> None:
    """All steps that are left, with rows, checkpoints and the final figures."""
    _cut_stats(folder / STATS, state.step)
    every = max(1, options.steps // ROWS)
    progress = Progress(options.steps - state.step, f"train {options.task}", "step")
    first, begun = state.step, time.monotonic()
    with interrupted() as stop, _batches(task, options, state.step) as batches:
        for batch in batches:
            rate = step(state, options, task, batch)
            if state.step % every == 0 or state.step == options.steps:
                row: dict[str, Any] = {"step": state.step, "loss": _mean_loss(state)}
                row |= {"learning_rate": rate, "seconds": round(time.monotonic() - begun, 2)}
                _append(folder / STATS, row)
                progress.what = f"train {options.task}, loss {row['loss']:.4f}"
            progress.update(state.step - first)
            if stop.is_set() or state.step % options.checkpoint_steps == 0:
                save(state, folder)
            if stop.is_set() and state.step < options.steps:
                progress.close()
                raise Stopped(
                    f"stopped after step {state.step} of {options.steps}; "
                    f"go on with: collodi train --resume {folder}"
                )
    progress.close()
    save(state, folder)
    metrics = task.validate(averaged(state))
    _append(folder / STATS, {"step": state.step} | metrics)
    write_atomic(folder / DONE, json.dumps({"steps": state.step, "metrics": metrics}) + "\n")


def step(state: State, options: Options, task: Task, batch: dict[str, Tensor]) -> float:
    """One optimizer step; returns the learning rate. ValueError where the loss is not finite."""
    rate = one_cycle(state.step, options.steps, options.learning_rate)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    state.module.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(torch_seed(options.seed, state.step, DROPOUT_STREAM))
        outputs = state.module(batch["input"].contiguous(memory_format=torch.channels_last))
        loss = task.loss(outputs, batch)
    value = float(loss.detach())
    if not math.isfinite(value):
        raise ValueError(f"loss is {value} at step {state.step}: lower --learning-rate")
    state.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.module.parameters(), options.clip_norm)
    state.optimizer.step()
    _average(state, min(options.ema, (1 + state.step) / (10 + state.step)))
    state.step += 1
    state.loss_sum += value
    state.loss_count += 1
    return rate


def one_cycle(step_: int, steps: int, peak: float) -> float:
    """Learning rate of a step: cosine up from peak / 25, cosine down to about 0."""
    rise = max(1.0, WARM_UP * steps)
    if step_ < rise:
        return peak * (1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step_ / rise)) / 2)
    left = (step_ - rise) / max(1.0, steps - rise)
    return peak * max(1e-4, (1 + math.cos(math.pi * min(1.0, left))) / 2)


def averaged(state: State) -> nn.Module:
    """A copy of the module with the averaged weights, in eval mode."""
    module = copy.deepcopy(state.module)
    module.load_state_dict(state.average)
    return module.eval()


def torch_seed(seed: int, step_: int, stream: int) -> int:
    """Seed of torch's generator for one use at one step."""
    sequence = np.random.SeedSequence(seed, spawn_key=(step_, stream))
    return int(sequence.generate_state(1)[0])


def make_batch(task: Task, options: Options, step_: int) -> dict[str, Tensor]:
    """Batch of one step, a pure function of (seed, step)."""
    sequence = np.random.SeedSequence(options.seed, spawn_key=(step_, BATCH_STREAM))
    with torch.no_grad():
        return task.batch(np.random.default_rng(sequence), options.batch)


@contextmanager
def _batches(task: Task, options: Options, first: int) -> Iterator[Iterator[dict[str, Tensor]]]:
    """Batches of the steps from `first` on, prepared ahead by two threads."""
    # One torch thread each: the numbers must not depend on how many cores there are.
    pool = ThreadPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,))
    waiting: list[Future[dict[str, Tensor]]] = []

    def stream() -> Iterator[dict[str, Tensor]]:
        for number in range(first, options.steps + AHEAD):
            if number < options.steps:
                waiting.append(pool.submit(make_batch, task, options, number))
            if number >= first + AHEAD:
                yield waiting.pop(0).result()

    try:
        yield stream()
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def settled(threads: int) -> Iterator[None]:
    """Deterministic algorithms and the wanted number of threads, put back afterwards."""
    before, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    if threads:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(strict)


def _average(state: State, decay: float) -> None:
    with torch.no_grad():
        for name, tensor in state.module.state_dict().items():
            if tensor.dtype.is_floating_point:
                state.average[name].lerp_(tensor, 1 - decay)
            else:
                state.average[name].copy_(tensor)


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
