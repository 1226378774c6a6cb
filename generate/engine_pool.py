"""Runs shard jobs in worker processes of this machine.

Workers count finished clips into shared memory, from which the parent draws progress.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.sharedctypes import Synchronized

from device.orphans import end_with_parent
from generate.interrupt import interrupted
from generate.progress import Progress

Job = Callable[[int, Callable[[], None]], None]
"""(shard number, tick after each clip)."""
DIED = "a worker process died (out of memory?); run again to go on"

END_S = 10.0
"""Time that a process has to end when it is told to."""

_done: Synchronized[int] | None = None


def run_pool(job: Job, shards: Sequence[int], progress: Progress, workers: int) -> None:
    """Run `job` for each shard in `workers` processes; the first error stops the rest."""
    context = multiprocessing.get_context("spawn")
    done: Synchronized[int] = context.Value("q", 0)
    with ProcessPoolExecutor(
        min(workers, len(shards)), mp_context=context, initializer=_start, initargs=(done,)
    ) as pool:
        waiting = iter(shards)
        pending: set[Future[None]] = set()
        try:
            # A look at all of 10,000 futures takes 20 ms: few are in flight.
            pending |= {pool.submit(_work, job, shard) for shard in islice(waiting, 2 * workers)}
            # An exception inside `wait` leaves futures locked, and the pool then never ends.
            with interrupted() as stop:
                while pending and not stop.is_set():
                    finished, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                    progress.update(done.value)
                    for future in finished:
                        future.result()
                    more = islice(waiting, len(finished))
                    pending |= {pool.submit(_work, job, shard) for shard in more}
            if stop.is_set():
                raise KeyboardInterrupt
        except BrokenProcessPool as error:
            raise RuntimeError(DIED) from error
        except BaseException:
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            for process in processes:  # what they were writing is theirs until they have ended
                process.join(END_S)
            raise


def _start(done: Synchronized[int]) -> None:
    global _done
    _done = done
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    parent = multiprocessing.parent_process()
    end_with_parent(parent.pid if parent else None)
    os.environ["OMP_NUM_THREADS"] = "1"


def _work(job: Job, shard: int) -> None:
    job(shard, _tick)


def _tick() -> None:
    if _done is not None:
        with _done.get_lock():
            _done.value += 1
