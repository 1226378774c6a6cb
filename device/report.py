"""Report: what one `collodi bench` saw, raw. Statistics are computed when asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from device.files import write_atomic
from device.stamp import Stamp
from device.strict import FormatError, check_format, decode, dumps, load_json

FORMAT = "collodi.report"
VERSION = 1


@dataclass(frozen=True)
class Board:
    """The machine that ran the models."""

    name: str
    """Name given with `--board`, `local` for this machine."""
    model: str
    """Model text of the board or CPU."""
    os: str
    """Name and version of the system, e.g. `Debian GNU/Linux 12 (bookworm)`."""
    kernel: str
    """Kernel's name and release numbers, e.g. `Linux 6.6.20`."""
    power_mode: str | None
    """Power mode where the board has such a thing (Jetson nvpmodel); null elsewhere."""
    emulation: str | None
    """Emulator that runs this program (`qemu`), null on real hardware. Its times mean nothing."""
    virtual: str | None
    """Hypervisor below this system (`kvm`), null where none shows."""


@dataclass(frozen=True)
class Conditions:
    """State of the board at one moment. Null or empty: the board does not tell."""

    load_1min: float | None
    """Runnable processes, mean of the last minute."""
    governor: str | None
    """cpufreq governor of the first core, e.g. `performance`."""
    clocks_mhz: tuple[float, ...]
    """Present clock of each core."""
    temperatures_c: dict[str, float]
    """Thermal zone to degrees Celsius."""
    throttled: tuple[str, ...]
    """What held the clocks back, now or since boot, e.g. `under-voltage now`."""


@dataclass(frozen=True)
class FileRun:
    """One model file on one runtime, or the front end."""

    file: str
    """Path inside the bundle, or `front end: NAME`."""
    bytes: int
    """Size of the file, 0 for the front end."""
    target: str
    """Target of the file, `front-end` for the front end."""
    runtime: str
    """Runtime that ran it, with its version where it ran."""
    status: Literal["ran", "not run", "failed"]
    """`failed`: the runtime is here and did not run the file."""
    reason: str | None
    """Why it did not run; null where it ran."""
    threads: int
    """Threads that the runtime was allowed."""
    load_ms: float | None
    """Time from file to ready model, without the import of the runtime."""
    warmup_ns: tuple[int, ...]
    """Latency of each run before the measured ones, in order."""
    latency_ns: tuple[int, ...]
    """Latency of each measured run, in order; empty under emulation."""
    cpu_ns: int | None
    """CPU time of the process over the measured runs, all threads."""
    runtime_rss_bytes: int | None
    """Resident memory with the runtime imported and no model loaded."""
    peak_rss_bytes: int | None
    """Largest resident memory of the process that ran this file."""
    arena_bytes: int | None
    """Working memory that TFLite Micro used, or that the bundle states."""
    energy_mj: float | None
    """Energy of one run, millijoule; null where nothing measures it."""
    doubts: tuple[str, ...]
    """Why not to trust the row, one phrase each."""


@dataclass(frozen=True)
class Report:
    """One run of `collodi bench`."""

    created: Stamp
    """Who measured, with what."""
    bundle: str
    """Name of the bundle."""
    manifest_sha256: str
    """Hash of the bundle's manifest, and so of all its files."""
    task: str
    """Task of the bundle."""
    board: Board
    """Where it ran."""
    before: Conditions
    """Just before the first run."""
    after: Conditions
    """Just after the last run."""
    runs: tuple[FileRun, ...]
    """Front end first, then every file of the bundle."""
    format: str = FORMAT
    """Always `collodi.report`."""
    version: int = VERSION
    """Version of this format."""


def percentile_ms(latency_ns: Sequence[int], percent: float) -> float:
    """Return the nearest-rank percentile (0 < percent <= 100) of raw latencies, in ms."""
    if not latency_ns or not 0 < percent <= 100:
        raise ValueError(f"percentile {percent} of {len(latency_ns)} latencies does not exist")
    ordered = sorted(latency_ns)
    return ordered[math.ceil(percent / 100 * len(ordered)) - 1] / 1e6


def read_report(path: Path) -> Report:
    """Read a report; FormatError names file and key of whatever is wrong."""
    data = load_json(path)
    check_format(data, FORMAT, VERSION, str(path))
    report = decode(Report, data, str(path))
    for run in report.runs:
        if (run.status == "ran") != (run.reason is None):
            raise FormatError(f"{path}: run of '{run.file}' is '{run.status}', reason {run.reason}")
    return report


def write_report(path: Path, report: Report) -> None:
    """Write a report atomically."""
    write_atomic(path, dumps(report))
