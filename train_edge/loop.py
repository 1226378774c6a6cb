"""The only training loop: AdamW, one cycle of the learning rate, averaged weights.

Batch `s` is a pure function of (seed, s), so a resumed run goes on to the same numbers. Of several
processes (torchrun) each computes a part of every batch, and process 0 writes the files.
"""

from __future__ import annotations

import copy
import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from device.files import NO_ROOM
from generate.interrupt import interrupted
from generate.processes import ALONE, Processes
from generate.shards import digest_of
from train_edge.batches import batches
from train_edge.checkpoint import State, begin, load
from train_edge.options import Options, check_options
from train_edge.part import Part
from train_edge.record import Record, held
from train_edge.run import CHECKPOINT, DONE, MODEL, new_folder, read_options, write_options
from train_edge.tasks import Task, make_task

DROPOUT_STREAM, START_STREAM = 1, 2
"""Beside BATCH_STREAM of batches.py."""
WARM_UP = 0.15
"""Share of the steps over which the learning rate rises."""


class Stopped(RuntimeError):
    """Training was interrupted after a step and left a checkpoint."""


def train(
    preset: str, options: Options, data: str | Path, root: Path, processes: Processes = ALONE
) -> Path:
    """Train from the start in a new numbered folder below `root`; returns the folder."""
    check_options(options)
    task, name = make_task(options, data), None
    if processes.rank == 0:
        folder = new_folder(
            root, preset, str(data),
            lambda new: write_options(new, preset, options, str(data), task),
        )  # fmt: skip
        name = str(folder).encode()
    folder = Path(processes.share(name).decode())
    train_in(folder, options, task, processes)
    return folder


def train_in(folder: Path, options: Options, task: Task, processes: Processes = ALONE) -> None:
    """Do all steps of a task in a folder, from its checkpoint where it has one."""
    if options.batch < processes.size:
        raise ValueError(f"--batch {options.batch}: fewer than the {processes.size} processes")
    part = Part(processes)
    with settled(options.threads), held(folder) if processes.rank == 0 else nullcontext():
        state = _start(options, task)
        part.prepare(state.module)
        if (folder / CHECKPOINT).exists():
            load(state, folder)
        try:
            _go(folder, options, task, state, part)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            said = f"{error.strerror}; go on later with: collodi train --resume {folder}"
            raise OSError(error.errno, said, error.filename or str(folder)) from error


def resume(folder: Path, data: str | Path | None = None, processes: Processes = ALONE) -> Path:
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
    train_in(folder, body.options, task, processes)
    return folder


def _start(options: Options, task: Task) -> State:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(torch_seed(options.seed, 0, START_STREAM))
        module = task.module().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return begin(module, options)


def _go(folder: Path, options: Options, task: Task, state: State, part: Part) -> None:
    """All steps that are left, with rows, checkpoints and the final figures."""
    processes = part.processes
    record = Record(folder, options, state) if processes.rank == 0 else None
    with (
        interrupted(signal.SIGTERM) as stop,
        batches(task, options, state.step, processes) as stream,
    ):
        for batch in stream:
            rate = step(state, options, task, batch, part)
            stopping = processes.any(stop.is_set()) and state.step < options.steps
            if record:
                record.step(state, rate, stopping)
            if stopping:
                raise Stopped(
                    f"stopped after step {state.step} of {options.steps}; "
                    f"go on with: collodi train --resume {folder}"
                )
    if record:
        record.done(state, task.validate(averaged(state)))


def step(
    state: State, options: Options, task: Task, batch: dict[str, Tensor], part: Part | None = None
) -> float:
    """One optimizer step; returns the learning rate. ValueError where the loss is not finite.

    part: what this process computes of the whole batch; all of it without one.
    """
    part = part or Part()
    rate = one_cycle(state.step, options.steps, options.learning_rate)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    state.module.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(torch_seed(options.seed, state.step, DROPOUT_STREAM))
        loss = task.loss(part.answers(state.module, batch["input"]), batch)
    value = float(loss.detach())
    if not math.isfinite(value):
        raise ValueError(f"loss is {value} at step {state.step}: lower --learning-rate")
    state.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    part.sum_gradients(state.module.parameters())
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
