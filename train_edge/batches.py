"""The stream of batches, each a pure function of (seed, step), prepared ahead of the steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from generate.processes import ALONE, Processes
from train_edge.options import Options
from train_edge.tasks import Task

BATCH_STREAM = 0
AHEAD = 3
"""Batches that a process prepares before they are needed."""

Batch = dict[str, Tensor]


def make_batch(task: Task, options: Options, step: int) -> Batch:
    """Batch of one step, a pure function of (seed, step)."""
    sequence = np.random.SeedSequence(options.seed, spawn_key=(step, BATCH_STREAM))
    with torch.no_grad():
        return task.batch(np.random.default_rng(sequence), options.batch)


@contextmanager
def batches(
    task: Task, options: Options, first: int, processes: Processes = ALONE
) -> Iterator[Iterator[Batch]]:
    """Whole batches of the steps from `first` on.

    Of several processes each prepares every size-th batch and sends it to the others, so together
    they prepare each once.
    """
    rank, size = processes.rank, processes.size
    # One torch thread each: the numbers must not depend on how many cores there are.
    workers = 2 if size == 1 else 1
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
    waiting: deque[Future[Batch]] = deque()

    def stream() -> Iterator[Batch]:
        ahead = AHEAD * size
        for number in range(first, options.steps + ahead):
            if number < options.steps and number % size == rank:
                waiting.append(pool.submit(make_batch, task, options, number))
            ready = number - ahead
            if ready >= first:
                own = waiting.popleft().result() if ready % size == rank else None
                yield _shared(own, ready % size, processes)

    try:
        yield stream()
    finally:
        pool.shutdown(cancel_futures=True)


def _shared(batch: Batch | None, source: int, processes: Processes) -> Batch:
    """The batch of process `source`."""
    if processes.size == 1:
        assert batch is not None
        return batch
    packed = None
    if batch is not None:
        packed = safetensors.torch.save({k: v.contiguous() for k, v in batch.items()})
    return safetensors.torch.load(processes.share(packed, source))
