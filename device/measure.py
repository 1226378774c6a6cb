"""Measure one model file in a process of its own.

A fresh process gives each file its own peak memory, and a runtime that crashes takes only its row
with it. The parent (`measure`) imports no runtime; the child (`child`) does.
"""

from __future__ import annotations

import gc
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.bundle import Bundle, inside, read_bundle
from device.strict import decode, dumps, load_json

LEAST_RUNS = 5
"""Measured runs even when the time is up."""
WARM_UP_S = 0.2
"""Warm-up ends after this time or WARM_UP_RUNS, whichever is first, but not before 2 runs."""
WARM_UP_RUNS = 200
PATIENCE_S = 300.0
"""Time for import, load and the least runs, on top of the measuring time."""


@dataclass(frozen=True)
class Request:
    """What the child shall do."""

    folder: str
    """Bundle folder."""
    file: str
    """Path of the model file inside it; empty for the front end."""
    runtime: str
    """Runtime name of device/backends; `numpy` for the front end."""
    threads: int
    """Threads for the runtime."""
    runs: int
    """Most measured runs."""
    seconds: float
    """Most measuring time."""


@dataclass(frozen=True)
class Measured:
    """What the child saw; the fields are those of FileRun."""

    runtime: str
    load_ms: float
    warmup_ns: tuple[int, ...]
    latency_ns: tuple[int, ...]
    cpu_ns: int
    runtime_rss_bytes: int | None
    peak_rss_bytes: int | None
    arena_bytes: int | None


def measure(request: Request) -> Measured:
    """Run the request in a fresh process; RuntimeError with one line where it fails or crashes."""
    code = "import sys; from device.measure import child; sys.exit(child(sys.argv[1], sys.argv[2]))"
    with tempfile.TemporaryDirectory(prefix="collodi-") as folder:
        result = Path(folder) / "measured.json"
        words = [sys.executable, "-c", code, dumps(request), str(result)]
        try:
            done = subprocess.run(
                words,
                env=_environment(request.threads),
                capture_output=True,
                text=True,
                errors="replace",
                timeout=request.seconds + PATIENCE_S,
            )
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"no answer after {request.seconds + PATIENCE_S:.0f} s") from None
        if done.returncode != 0 or not result.exists():
            raise RuntimeError(_why(done.returncode, done.stderr, request.folder))
        return decode(Measured, load_json(result), "the measuring process")


def child(request_json: str, result: str) -> int:
    """Entry of the child process: measure, write the result, return the exit status."""
    request = decode(Request, json.loads(request_json), "the request")
    try:
        bundle = read_bundle(Path(request.folder), check_files=False)
        load = _model(request, bundle) if request.file else _front_end(bundle)
        measured = _measure_here(request, load)
    except (ValueError, RuntimeError, OSError, ImportError, MemoryError) as error:
        print(" ".join(str(error).split()) or type(error).__name__, file=sys.stderr)
        return 1
    Path(result).write_text(dumps(measured), encoding="utf-8")
    return 0


def time_runs(
    work: Callable[[], object], runs: int, seconds: float
) -> tuple[list[int], list[int], int]:
    """Return (warm-up ns, latency ns, CPU ns of the measured runs), one entry a run, in order.

    Stops after `runs` or `seconds`, whichever is first, but not before LEAST_RUNS.
    """
    warm = _time_until(work, WARM_UP_RUNS, WARM_UP_S, 2)
    collecting = gc.isenabled()
    gc.disable()
    try:
        start = time.process_time_ns()
        latency = _time_until(work, runs, seconds, min(runs, LEAST_RUNS))
        return warm, latency, time.process_time_ns() - start
    finally:
        if collecting:
            gc.enable()


def _time_until(work: Callable[[], object], most: int, seconds: float, least: int) -> list[int]:
    clock = time.perf_counter_ns
    end = clock() + int(seconds * 1e9)
    taken: list[int] = []
    while len(taken) < least or (len(taken) < most and clock() < end):
        start = clock()
        work()
        taken.append(clock() - start)
    return taken


Work = Callable[[], object]
Loaded = tuple[str, Callable[[], Work], Callable[[], "int | None"]]
"""Runtime with version, what makes the work of one run, and how to ask for the arena at the end."""


def _measure_here(request: Request, load: Callable[[], Loaded]) -> Measured:
    runtime_rss = rss_bytes("VmRSS")
    start = time.perf_counter_ns()
    runtime, make_work, arena = load()
    load_ms = (time.perf_counter_ns() - start) / 1e6
    warm, latency, cpu_ns = time_runs(make_work(), request.runs, request.seconds)
    return Measured(
        runtime=runtime,
        load_ms=load_ms,
        warmup_ns=tuple(warm),
        latency_ns=tuple(latency),
        cpu_ns=cpu_ns,
        runtime_rss_bytes=runtime_rss,
        peak_rss_bytes=rss_bytes("VmHWM"),
        arena_bytes=arena(),
    )


def _model(request: Request, bundle: Bundle) -> Callable[[], Loaded]:
    from device.backends import backend, import_runtime
    from device.backends.sample import invocation

    import_runtime(request.runtime)
    opener = backend(request.runtime)
    entry = bundle.file(request.file)
    path = inside(Path(request.folder), entry.path, request.folder)

    def load() -> Loaded:
        model = opener.open(path, entry, request.threads)
        return model.runtime, lambda: invocation(model), model.arena_bytes

    return load


def _front_end(bundle: Bundle) -> Callable[[], Loaded]:
    from device.backends.sample import front_end_work

    runtime, work = front_end_work(bundle.front_end)
    return lambda: (runtime, lambda: work, lambda: None)


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
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _environment(threads: int) -> dict[str, Any]:
    home = str(Path(__file__).resolve().parent.parent)
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        **os.environ,
        **dict.fromkeys(pools, str(threads)),
        "PYTHONPATH": os.pathsep.join(paths),
    }


def _why(returncode: int, stderr: str, folder: str) -> str:
    """Return one line on a failed child, without the path of the bundle."""
    if returncode < 0:
        return f"the runtime crashed: {signal.Signals(-returncode).name}"
    lines = [line for line in stderr.splitlines() if line.strip()]
    text = lines[-1] if lines else f"exit status {returncode}"
    for path in (str(Path(folder).resolve()), folder):
        text = text.replace(path.rstrip("/") + "/", "")
    return text[:400]
