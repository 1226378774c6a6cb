"""Runs shard jobs: one after the other (`loop`) or in worker processes (`pool`), the same bytes.

A job is a pure function of (options, shard number). Workers count finished clips into shared
memory, from which the parent draws progress.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from generate.interrupt import interrupted

ENGINES = ("loop", "pool")
Job = Callable[[int, Callable[[], None]], None]
"""(shard number, tick after each clip)."""

_done: Synchronized[int] | None = None


class Progress:
    """Rate and time left: a tqdm bar on a terminal, a line every ten seconds otherwise."""

    def __init__(self, total: int, what: str, unit: str = "clip") -> None:
        self.total, self.what = total, what
        self.units = unit + ("es" if unit.endswith("ch") else "s")
        self.count, self.begun, self.spoke = 0, time.monotonic(), time.monotonic()
        self.bar: Any = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=total, desc=what, unit=unit, smoothing=0.1)

    def update(self, count: int) -> None:
        """Say that `count` of `total` are done."""
        if self.bar is not None:
            self.bar.update(count - self.count)
        self.count = count
        now = time.monotonic()
        if self.bar is None and now - self.spoke >= 10:
            self.spoke = now
            print(self._line(now), file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the bar."""
        if self.bar is not None:
            self.bar.close()

    def _line(self, now: float) -> str:
        rate = self.count / max(now - self.begun, 1e-9)
        left = (self.total - self.count) / rate if rate else float("inf")
        text = f"{self.what}: {self.count}/{self.total} {self.units}, {rate:.1f}/s"
        return text + (f", {left:.0f} s left" if self.count else "")


def run(engine: str, job: Job, shards: Sequence[int], clips: int, workers: int = 0) -> None:
    """Run `job` for each shard number; the first error stops the rest and is raised.

    `clips` is the number of clips in `shards`, for the progress; `workers` 0 means one a core.
    """
    progress = Progress(clips, "generate")
    try:
        if engine == "pool" and len(shards) > 1:
            _pool(job, shards, progress, workers or os.cpu_count() or 1)
        else:
            _loop(job, shards, progress)
    finally:
        progress.close()


def _loop(job: Job, shards: Sequence[int], progress: Progress) -> None:
    for shard in shards:
        job(shard, lambda: progress.update(progress.count + 1))


def _pool(job: Job, shards: Sequence[int], progress: Progress, workers: int) -> None:
    context = multiprocessing.get_context("spawn")
    done: Synchronized[int] = context.Value("q", 0)
    with ProcessPoolExecutor(
        min(workers, len(shards)), mp_context=context, initializer=_start, initargs=(done,)
    ) as pool:
        pending: set[Future[None]] = {pool.submit(_work, job, shard) for shard in shards}
        try:
            # An exception inside `wait` leaves futures locked, and the pool then never ends.
            with interrupted() as stop:
                while pending and not stop.is_set():
                    finished, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                    progress.update(done.value)
                    for future in finished:
                        future.result()
            if stop.is_set():
                raise KeyboardInterrupt
        except BrokenProcessPool as error:
            raise RuntimeError(
                "a worker process died (out of memory?); run again to go on"
            ) from error
        except BaseException:
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            raise


def _start(done: Synchronized[int]) -> None:
    global _done
    _done = done
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    os.environ["OMP_NUM_THREADS"] = "1"


def _work(job: Job, shard: int) -> None:
    job(shard, _tick)


def _tick() -> None:
    if _done is not None:
        with _done.get_lock():
            _done.value += 1
