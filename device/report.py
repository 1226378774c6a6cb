"""Report: what one `collodi bench` saw, raw. Statistics are computed when asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from device.files import write_atomic
from device.probes.pulse import Pulse
from device.stamp import Stamp
from device.strict import FormatError, check_format, decode, dumps, load_json

FORMAT = "collodi.report"
VERSION = 2


Work = Literal["model", "front end", "front end and model"]
Mode = Literal["single-stream", "throughput"]


@dataclass(frozen=True)
class Subject:
    """A bundle that was measured."""

    label: str
    """What the rows call it: its name, with `#2` where two have the same."""
    name: str
    """Name of the bundle."""
    manifest_sha256: str
    """Hash of the bundle's manifest, and so of all its files."""
    task: str
    """Task of the bundle."""


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
class Moment:
    """State of the board at one instant beside the measurement. Empty: the board does not tell."""

    at_s: float
    """Seconds since the first measured run began, by a steady clock; negative before it."""
    temperatures_c: dict[str, float]
    """Thermal zone to degrees Celsius."""
    clocks_mhz: tuple[float, ...]
    """Clock of each core."""
    power_mw: dict[str, float]
    """Power rail to milliwatt."""
    throttled: tuple[str, ...]
    """What held the clocks back, as in Conditions."""


@dataclass(frozen=True)
class Accuracy:
    """How right the answers on a sample set were."""

    what: str
    """The figure and its unit, e.g. `signal to noise, dB`."""
    value: float
    """As measured here, against the answers of the bundle's float file."""
    reference: float | None
    """The same figure of the same file where the samples were made; null where unknown."""
    samples: int
    """How many samples."""
    agreement: float | None = None
    """Fraction 0..1 of samples with the top label of the float file; null without labels."""


@dataclass(frozen=True)
class FileRun:
    """One piece of work: a model file on one runtime, the front end, or both."""

    bundle: str
    """Label of the subject."""
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
    """Latency of each run that does not count: those before the first round, then those that
    begin each later round, in order."""
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
    """Total energy of one run, idle power included, millijoule; null where nothing measures it."""
    doubts: tuple[str, ...]
    """Why not to trust the row, one phrase each."""
    work: Work = "model"
    """What one run does."""
    mode: Mode = "single-stream"
    """One run after the other, or several at once."""
    in_flight: int = 1
    """How many runs are under way at once."""
    cold_ns: int | None = None
    """Latency of the very first run after loading, which `warmup_ns` leaves out."""
    rounds: tuple[int, ...] = ()
    """How many of `latency_ns` each round took, in order; rows took turns round by round."""
    started_s: tuple[float, ...] = ()
    """When each round began, on the clock of `telemetry`."""
    took_s: tuple[float, ...] = ()
    """How long each round took, seconds; runs per second are counted from it."""
    ops: tuple[str, ...] = ()
    """Operators that the firmware must register for this file; empty elsewhere."""
    accuracy: Accuracy | None = None
    """How right the answers were; null where no samples were given."""


@dataclass(frozen=True)
class Report:
    """One run of `collodi bench`."""

    created: Stamp
    """Who measured, with what."""
    bundles: tuple[Subject, ...]
    """What was measured, in the order of the command."""
    board: Board
    """Where it ran."""
    before: Conditions
    """Just before the first run."""
    after: Conditions
    """Just after the last run."""
    runs: tuple[FileRun, ...]
    """Bundle by bundle: the front end, then every file."""
    overhead_ns: int | None = None
    """Median time of an empty run through the same loop: what the harness itself adds to one."""
    telemetry: tuple[Moment, ...] = ()
    """The board beside the measurement, in order of time."""
    power_source: str | None = None
    """What measured the power, e.g. `ina3221`; null where nothing did."""
    pulses: tuple[Pulse, ...] = ()
    """Load patterns that the board played for an external meter, on the clock of `telemetry`."""
    idle_mw: float | None = None
    """Mean power just before the first run, milliwatt; null where nothing measures it."""
    format: str = FORMAT
    """Always `collodi.report`."""
    version: int = VERSION
    """Version of this format."""


def percentile_ms(latency_ns: Sequence[int], percent: float) -> float:
    """Return the nearest-rank percentile (0 < percent <= 100) of raw latencies, in ms."""
    if not latency_ns or not 0 < percent <= 100:
        raise ValueError(f"percentile {percent} of {len(latency_ns)} latencies does not exist")
    ordered = sorted(latency_ns)
    rank = math.ceil(percent * len(ordered) / 100 - 1e-9)  # 99.9 % of 1000 is exactly 999
    return ordered[max(rank, 1) - 1] / 1e6


def labels_of(names: Sequence[str]) -> list[str]:
    """Return one label a bundle: its name, with `#2`, `#3` for the later ones of the same name."""
    return [
        name + (f"#{names[: i + 1].count(name)}" if name in names[:i] else "")
        for i, name in enumerate(names)
    ]


def spans_of(run: FileRun) -> list[tuple[float, float]]:
    """Return (start, end) of each round of a row, s, on the clock of the telemetry."""
    pairs = zip(run.started_s, run.took_s, strict=False)
    return [(start, start + took) for start, took in pairs]


def read_report(path: Path) -> Report:
    """Read a report of this version or the one before.

    FormatError names file and key of whatever is wrong.
    """
    data = load_json(path)
    if isinstance(data, dict) and type(data.get("version")) is int and data["version"] == 1:
        check_format(data, FORMAT, 1, str(path))
        data = _from_version_1(data)
    check_format(data, FORMAT, VERSION, str(path))
    report = decode(Report, data, str(path))
    labels = [subject.label for subject in report.bundles]
    if len(set(labels)) != len(labels):
        raise FormatError(f"{path}: two of the bundles have the same label")
    for run in report.runs:
        _check(run, labels, str(path))
        if report.board.emulation and (run.latency_ns or run.cold_ns or run.load_ms):
            raise FormatError(f"{path}: run of '{run.file}' is emulated and has times")
    return report


def write_report(path: Path, report: Report) -> None:
    """Write a report atomically."""
    write_atomic(path, dumps(report))


def _check(run: FileRun, labels: Sequence[str], where: str) -> None:
    row = f"{where}: run of '{run.file}'"
    if not run.file.strip() or not run.runtime.strip():
        raise FormatError(f"{row} has no file or no runtime ({run.runtime!r}); '-' stands for none")
    if (run.status == "ran") != (run.reason is None):
        raise FormatError(f"{row} is '{run.status}', reason {run.reason}")
    if run.bundle not in labels:
        raise FormatError(f"{row}: 'bundle' is {run.bundle!r}, one of {', '.join(labels)}")
    if sum(run.rounds) != len(run.latency_ns) or min(run.rounds, default=1) < 1:
        raise FormatError(f"{row}: 'rounds' and 'latency_ns' disagree")
    if min(run.latency_ns, default=1) < 1:
        raise FormatError(
            f"{row}: 'latency_ns' has {min(run.latency_ns)}; a run takes 1 ns or more"
        )
    if min(run.took_s, default=1.0) <= 0:
        raise FormatError(f"{row}: 'took_s' has {min(run.took_s)}; a round takes time")
    for key, times in (("started_s", run.started_s), ("took_s", run.took_s)):
        if times and len(times) != len(run.rounds):
            raise FormatError(f"{row}: '{key}' has {len(times)} items, 'rounds' {len(run.rounds)}")


def _from_version_1(old: dict[str, Any]) -> dict[str, Any]:
    """Return version 1, which knew one bundle and one round a row, as the next version."""
    data = {**old, "version": VERSION}
    subject = {key: data.pop(key) for key in ("manifest_sha256", "task") if key in data}
    label = data.pop("bundle", None)
    data["bundles"] = [{"label": label, "name": label, **subject}]
    if isinstance(data.get("runs"), list):
        data["runs"] = [_row_from_version_1(row, label) for row in data["runs"]]
    return data


def _row_from_version_1(row: Any, label: object) -> Any:
    if not isinstance(row, dict):
        return row
    work = "front end" if row.get("target") == "front-end" else "model"
    taken = row.get("latency_ns")
    rounds = [len(taken)] if isinstance(taken, list) and taken else []
    return {**row, "bundle": label, "work": work, "rounds": rounds}
