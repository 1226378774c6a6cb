"""The measuring process: it holds one piece of work and times it whenever it is asked to.

One question a line comes in on stdin as JSON, one answer a line goes out on what was stdout; what
the runtimes print goes to stderr. It ends with its stdin, and with whoever asked.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from device.bundle import Bundle, inside, read_bundle
from device.child import bound_memory
from device.model_files import check_model
from device.orphans import end_with_parent
from device.report import Accuracy
from device.strict import decode, encode

WARM_UP_S = 0.2
"""Warm-up ends after this time or WARM_UP_RUNS, whichever is first, but not before 2 runs."""
WARM_UP_RUNS = 200
SETTLE_S = 0.01
"""Each round begins with runs that do not count, for at least this time: while others had the
core, the caches were theirs."""

Work = Callable[[], object]


@dataclass(frozen=True)
class Job:
    """One piece of work on one runtime."""

    folder: str
    """Bundle folder."""
    file: str
    """Path of the model file inside it; empty for the front end alone."""
    runtime: str
    """Runtime of device/backends, with `:VARIANT` where it has some; `numpy` for the front end."""
    threads: int
    """Threads for the runtime."""
    front_end: bool = False
    """Whether one run of a model file begins with the front end."""
    in_flight: int = 1
    """How many runs are under way at once, each in a thread of its own."""


@dataclass(frozen=True)
class Ask:
    """A question to the measuring process."""

    what: Literal["load", "round", "memory", "score"]
    runs: int = 0
    """Most runs of a round."""
    seconds: float = 0.0
    """Most time of a round; one run is made in any case."""
    samples: str = ""
    """File of samples to score."""


@dataclass(frozen=True)
class Loaded:
    """The work is ready and warm."""

    runtime: str
    load_ms: float
    cold_ns: int
    warmup_ns: tuple[int, ...]
    runtime_rss_bytes: int | None


@dataclass(frozen=True)
class Round:
    """One round of runs."""

    settle_ns: tuple[int, ...]
    latency_ns: tuple[int, ...]
    cpu_ns: int
    started_ns: int
    """Monotonic clock of the machine, which all its processes share."""
    took_s: float


@dataclass(frozen=True)
class Memory:
    """What the process used up to now."""

    peak_rss_bytes: int | None
    arena_bytes: int | None


def main(job_json: str) -> int:
    """Serve one job until stdin ends. What cannot be done is an answer, not an exit."""
    end_with_parent()
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(decode(Job, json.loads(job_json), "the job"))
    for line in iter(sys.stdin.readline, ""):
        answer = _answer(worker, decode(Ask, json.loads(line), "the question"))
        print(json.dumps(answer), file=replies, flush=True)
    return 0


def _answer(worker: Worker, ask: Ask) -> dict[str, Any]:
    from device.backends import NotHere

    try:
        return {"done": encode(worker.answer(ask))}
    except NotHere as error:
        return {"absent": " ".join(str(error).split())}
    except Exception as error:  # the runtimes' errors share no base class
        return {"failed": " ".join(str(error).split()) or type(error).__name__}


class Worker:
    """Answers questions about its job, `load` first."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._works: list[Work] = []
        self._models: list[Any] = []

    def answer(self, ask: Ask) -> Loaded | Round | Memory | Accuracy:
        """Return the answer; the errors are those of the runtimes and of the bundle."""
        if ask.what == "load":
            return self._load()
        if ask.what == "round":
            return self._round(ask.runs, ask.seconds)
        if ask.what == "score":
            from device.backends.scoring import score

            return score(self._models[0], Path(ask.samples), self.job.file)
        arena = self._models[0].arena_bytes() if self._models else None
        return Memory(rss_bytes("VmHWM"), arena)

    def _load(self) -> Loaded:
        bundle = read_bundle(Path(self.job.folder), check_files=False)
        opener = self._opener(bundle) if self.job.file else self._front_end(bundle)
        resident = rss_bytes("VmRSS")
        start = time.perf_counter_ns()
        runtime = opener()
        load_ms = (time.perf_counter_ns() - start) / 1e6
        for _ in range(self.job.in_flight - 1):
            opener()
        gc.collect()
        gc.disable()
        cold = [time_runs(work, 1, 0.0)[0] for work in self._works]
        warm = time_runs(self._works[0], WARM_UP_RUNS, WARM_UP_S, 2)
        return Loaded(runtime, load_ms, cold[0], tuple(warm), resident)

    def _round(self, runs: int, seconds: float) -> Round:
        gc.collect()  # walks through all objects, and so comes before the caches are filled again
        settle = time_runs(self._works[0], WARM_UP_RUNS, SETTLE_S)
        started, cpu = time.monotonic_ns(), time.process_time_ns()
        if len(self._works) > 1:
            latency, took_s = crowd(self._works, runs, seconds)
        else:
            latency = time_runs(self._works[0], runs, seconds)
            took_s = (time.monotonic_ns() - started) / 1e9
        cpu = time.process_time_ns() - cpu
        return Round(tuple(settle), tuple(latency), cpu, started, took_s)

    def _opener(self, bundle: Bundle) -> Callable[[], str]:
        from device.backends import import_runtime, open_path
        from device.backends.sample import invocation, whole

        job = self.job
        entry = bundle.file(job.file)
        path = inside(Path(job.folder), entry.path, job.folder)
        check_model(path, entry.target)
        import_runtime(job.runtime)
        bound_memory(job.runtime, job.threads * job.in_flight)

        def load() -> str:
            model = open_path(path, entry, job.threads, job.runtime)
            self._models.append(model)
            made = whole(model, bundle.front_end) if job.front_end else invocation(model)
            self._works.append(made)
            return str(model.runtime)

        return load

    def _front_end(self, bundle: Bundle) -> Callable[[], str]:
        from device.backends.sample import front_end_work

        made = [front_end_work(bundle.front_end) for _ in range(self.job.in_flight)]
        self._works = [work for _, work in made]
        return lambda: made[0][0]


def time_runs(work: Work, runs: int, seconds: float, least: int = 1) -> list[int]:
    """Return the latency of each run in ns, in order.

    Stops after `runs` or `seconds`, whichever is first, but not before `least`.
    """
    clock = time.perf_counter_ns
    end = clock() + int(seconds * 1e9)
    taken: list[int] = []
    while len(taken) < least or (len(taken) < runs and clock() < end):
        start = clock()
        work()
        taken.append(clock() - start)
    return taken


def crowd(works: Sequence[Work], runs: int, seconds: float) -> tuple[list[int], float]:
    """Run all works at once, a thread each, `runs` in all; return (latencies in ns, seconds).

    The seconds are runs over `rate_of`. Stops as time_runs does; raises what a work raised.
    """
    tickets, ready = itertools.count(), threading.Barrier(len(works))
    taken: list[list[int]] = [[] for _ in works]
    marks: list[list[int]] = [[] for _ in works]
    errors = []

    def serve(number: int) -> None:
        clock, mine = time.perf_counter_ns, taken[number]
        ready.wait()
        marks[number].append(clock())
        end = marks[number][0] + int(seconds * 1e9)
        try:
            while not mine or (next(tickets) < runs - len(works) and clock() < end):
                mine += time_runs(works[number], 1, 0.0)
                marks[number].append(clock())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=serve, args=(n,)) for n in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    flat = [latency for mine in taken for latency in mine]
    return flat, len(flat) / rate_of(marks) / 1e9


def rate_of(marks: Sequence[Sequence[int]]) -> float:
    """Return runs per ns of all threads together, each with its begin and the end of each run, ns.

    It counts from the first begin until the first thread has no more to do, of a run that goes on
    beyond that its part. A thread that had to wait for a core is charged for it: its own rate
    would be that of a board with a core more.
    """
    start, end = min(one[0] for one in marks), min(one[-1] for one in marks)
    runs = [(one[i], one[i + 1]) for one in marks for i in range(len(one) - 1)]
    done = sum(min(1.0, max(0.0, (end - a) / max(b - a, 1))) for a, b in runs)
    return done / max(end - start, 1)


def overhead_ns(runs: int = 2000) -> int:
    """Return the median time of an empty run through the loop that times all others."""
    taken = sorted(time_runs(lambda: None, runs, 1.0))
    return taken[len(taken) // 2]


def rss_bytes(key: str) -> int | None:
    """Return VmRSS (now) or VmHWM (peak) of this process in bytes.

    /proc first: ru_maxrss of a child starts at the memory of the parent that forked it.
    """
    try:
        text = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(rf"^{key}:\s+(\d+) kB$", text, re.MULTILINE)
    if found:
        return int(found.group(1)) * 1024
    if key != "VmHWM":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
