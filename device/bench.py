"""Measure bundles on this machine: what is measured (the plan), and the report that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from device.args import on_a_terminal
from device.backends import RUNTIMES, why_no_front_end, why_not
from device.beside import Beside
from device.bundle import MANIFEST, Bundle, ModelFile, read_bundle
from device.doubts import doubt, judged
from device.files import sha256_of
from device.measure import Absent, Effort, Measured, available_bytes, measure
from device.probes.emulation import emulation
from device.probes.linux import board, conditions
from device.probes.pulse import CHIP_S
from device.report import FileRun, Mode, Report, Subject, Work, labels_of
from device.samples import for_bundle
from device.stamp import Stamp, make_stamp
from device.worker import Job, overhead_ns
from device.zoo.store import find

ESTIMATE = (
    "estimate: TFLite Micro's portable kernels on this machine; the arena is that of its pointers, "
    "the time is not that of a microcontroller"
)
ONE_BY_ONE = "no turns: too little memory to keep all files loaded, they ran one after the other"
NOT_SCORED = "answers: not scored; the samples are for other files, or for --work model"
WORKER_BYTES = 120 << 20
"""Memory that a measuring process with its runtime takes, at a guess; decides on ONE_BY_ONE."""
EMULATED_RUNS = 3
"""Runs under emulation, where only the answers count."""


@dataclass(frozen=True)
class Options:
    """How to measure."""

    file: str | None = None
    """Only this path or target; all files where it is None."""
    runs: int = 200
    """Most measured runs of a row."""
    seconds: float = 5.0
    """Most measuring time of a row."""
    threads: int = 1
    """Threads for the runtimes."""
    rounds: int = 10
    """In how many turns the rows are measured."""
    work: tuple[Work, ...] = ("front end", "model")
    """What one run does; a row each."""
    mode: Mode = "single-stream"
    """One run after the other, or several at once."""
    in_flight: int | None = None
    """How many at once in throughput mode; None: one a core."""
    variants: tuple[str, ...] = ()
    """Variants of runtimes, e.g. `onnxruntime:xnnpack`; the default of a runtime without one."""
    tensorrt: bool = False
    """Also build a TensorRT engine of the float ONNX file here, and run it."""
    pulse: bool = False
    """Play load patterns before and after, by which an external meter's samples are aligned."""
    pulse_chip_s: float = CHIP_S
    """Length of a chip of those patterns."""
    samples: tuple[Path, ...] = ()
    """Sample sets to score the answers on, each for the bundle it was made of."""


@dataclass(frozen=True)
class Piece:
    """A row in the making."""

    row: FileRun
    """Its empty row, `not run` with the reason where there is no job."""
    job: Job | None
    samples: Path | None = None


def bench(
    bundles: str | Path | Sequence[str | Path], options: Options, stamp: Stamp | None = None
) -> Report:
    """Measure bundle folders (or names of packaged bundles) on this machine, turn by turn.

    Raises ValueError for a damaged bundle, an unknown file, or samples of another bundle.
    """
    named = [bundles] if isinstance(bundles, (str, Path)) else list(bundles)
    folders = [find(name) for name in named]
    manifests = [read_bundle(folder) for folder in folders]
    labels = labels_of([manifest.name for manifest in manifests])
    created, where = stamp or make_stamp(), board("local")
    cores = created.host.cores
    subjects = tuple(
        Subject(label, manifest.name, sha256_of(folder / MANIFEST), manifest.task)
        for folder, manifest, label in zip(folders, manifests, labels, strict=True)
    )
    pieces = [
        piece
        for folder, manifest, subject in zip(folders, manifests, subjects, strict=True)
        for piece in _pieces(folder, manifest, subject, _settled(options, cores))
    ]
    _check_samples(options.samples, subjects)
    before = conditions()
    with Beside(options.pulse_chip_s if options.pulse else None) as beside:
        rows = _measured(pieces, options, beside.begin)
    after = conditions()
    report = Report(
        created=created,
        bundles=subjects,
        board=where,
        before=before,
        after=after,
        runs=tuple(rows),
        overhead_ns=None if where.emulation else overhead_ns(),
    )
    report = beside.told(report)
    return replace(report, runs=tuple(doubt(row, report, cores) for row in report.runs))


def _settled(options: Options, cores: int) -> Options:
    """Return the options with `in_flight` decided."""
    if options.mode == "single-stream":
        return replace(options, in_flight=1)
    return replace(options, in_flight=options.in_flight or cores)


def _check_samples(paths: Sequence[Path], subjects: Sequence[Subject]) -> None:
    known = {subject.manifest_sha256 for subject in subjects}
    for path in paths:
        if all(for_bundle([path], sha256) is None for sha256 in known):
            names = ", ".join(subject.label for subject in subjects)
            raise ValueError(
                f"--samples {path}: made for another bundle than {names}: make them again with "
                "'collodi samples'"
            )


def _pieces(folder: Path, bundle: Bundle, subject: Subject, options: Options) -> Iterator[Piece]:
    """Yield every row of a bundle: the front end, then each file on each runtime."""
    files = bundle.files if options.file is None else (bundle.file(options.file),)
    empty = _empty(subject.label, options)
    if "front end" in options.work and options.file is None:
        row = replace(
            empty, file=f"front end: {bundle.front_end['name']}", target="front-end",
            runtime="numpy", work="front end",
        )  # fmt: skip
        absent = why_no_front_end()
        job = Job(str(folder), "", "numpy", options.threads, in_flight=empty.in_flight)
        yield Piece(replace(row, reason=absent), None) if absent else Piece(row, job)
    found = for_bundle(list(options.samples), subject.manifest_sha256)
    for entry in files:
        scored = found[0] if found and entry.path in found[1].expected else None
        unscored = found is not None and (scored is None or "model" not in options.work)
        row = replace(empty, file=entry.path, bytes=entry.bytes, target=entry.target)
        for piece in _of_file(folder, entry, row, options):
            doubts = (*piece.row.doubts, *([NOT_SCORED] if unscored and piece.job else ()))
            yield replace(
                piece,
                row=replace(piece.row, doubts=doubts),
                samples=scored if piece.row.work == "model" else None,
            )


def _of_file(folder: Path, entry: ModelFile, row: FileRun, options: Options) -> Iterator[Piece]:
    """Yield one row for each runtime that takes the file, or one that says why there is none."""
    works: list[Work] = [work for work in options.work if work != "front end"]
    if not works:
        return
    if entry.target == "onnx-raw":  # its front end is inside
        works = ["front end and model"]
    if not RUNTIMES[entry.target]:
        reason = "source code: a compiler puts it into the firmware"
        yield Piece(replace(row, runtime="-", reason=reason, arena_bytes=entry.arena_bytes), None)
    runtimes = _with_variants(RUNTIMES[entry.target], options.variants)
    if options.tensorrt and entry.target == "onnx":
        runtimes.append("tensorrt")
    for runtime in runtimes:
        absent = why_not(runtime)
        for work in works:
            named = replace(row, runtime=runtime, work=work)
            if runtime == "tflm":
                named = replace(named, threads=1, doubts=(ESTIMATE,), ops=entry.ops or ())
            job = Job(
                str(folder), entry.path, runtime, named.threads,
                front_end=work == "front end and model", in_flight=row.in_flight,
            )  # fmt: skip
            yield Piece(replace(named, reason=absent), None) if absent else Piece(named, job)


def _with_variants(runtimes: Sequence[str], variants: Sequence[str]) -> list[str]:
    """Put the variants that were asked for in the place of their runtime."""
    found = []
    for runtime in runtimes:
        asked = [variant for variant in variants if variant.split(":")[0] == runtime]
        found += asked or [runtime]
    return found


def _measured(
    pieces: Sequence[Piece], options: Options, begin: Callable[[], float]
) -> list[FileRun]:
    """Measure all pieces that have a job; the rows in the order of the pieces.

    begin: called once before the first round; returns the zero of the telemetry clock.
    """
    effort = Effort(options.runs, options.seconds, options.rounds)
    if emulation():
        effort = Effort(min(options.runs, EMULATED_RUNS), options.seconds, 1)
    active = [piece for piece in pieces if piece.job is not None]
    free = available_bytes()
    crowded = free is not None and len(active) * WORKER_BYTES > free and len(active) > 1
    groups = [[piece] for piece in active] if crowded or effort.rounds == 1 else [active]
    say = on_a_terminal()
    zeros: list[float] = []
    seen: dict[int, Measured] = {}
    for group in groups:
        jobs = [piece.job for piece in group if piece.job is not None]
        made = measure(
            jobs, effort, [piece.samples for piece in group], say,
            (lambda: None) if zeros else (lambda: zeros.append(begin())),
        )  # fmt: skip
        seen.update((id(piece), one) for piece, one in zip(group, made, strict=True))
    say("")
    rows = []
    for piece in pieces:
        row = replace(piece.row, doubts=(*piece.row.doubts, ONE_BY_ONE)) if crowded else piece.row
        rows.append(_row(row, seen[id(piece)], zeros[0]) if id(piece) in seen else piece.row)
    return rows


def _row(empty: FileRun, seen: Measured, zero_s: float) -> FileRun:
    """Return the row of what was seen of it; zero_s is where the telemetry clock starts."""
    if seen.trouble is not None or seen.loaded is None or seen.memory is None:
        reason = str(seen.trouble)
        if isinstance(seen.trouble, Absent):
            return replace(empty, status="not run", reason=reason, doubts=())
        return replace(empty, status="failed", reason=reason, doubts=())
    loaded, rounds = seen.loaded, seen.rounds
    return judged(replace(
        empty,
        status="ran",
        reason=None,
        runtime=loaded.runtime,
        load_ms=loaded.load_ms if empty.work != "front end" else None,
        cold_ns=loaded.cold_ns,
        warmup_ns=(*loaded.warmup_ns, *(ns for one in rounds for ns in one.settle_ns)),
        latency_ns=tuple(ns for one in rounds for ns in one.latency_ns),
        rounds=tuple(len(one.latency_ns) for one in rounds),
        started_s=tuple(one.started_ns / 1e9 - zero_s for one in rounds),
        took_s=tuple(one.took_s for one in rounds),
        cpu_ns=sum(one.cpu_ns for one in rounds),
        runtime_rss_bytes=loaded.runtime_rss_bytes,
        peak_rss_bytes=seen.memory.peak_rss_bytes,
        arena_bytes=seen.memory.arena_bytes,
        accuracy=seen.accuracy,
    ))  # fmt: skip


def _empty(label: str, options: Options) -> FileRun:
    return FileRun(
        bundle=label,
        file="",
        bytes=0,
        target="",
        runtime="",
        status="not run",
        reason="not tried",
        threads=options.threads,
        load_ms=None,
        warmup_ns=(),
        latency_ns=(),
        cpu_ns=None,
        runtime_rss_bytes=None,
        peak_rss_bytes=None,
        arena_bytes=None,
        energy_mj=None,
        doubts=(),
        mode=options.mode,
        in_flight=options.in_flight or 1,
    )
