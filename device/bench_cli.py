"""`collodi bench`: every file of a bundle on every runtime that is here, one table, one report."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from device.args import Parser, positive_int, positive_seconds
from device.backends import RUNTIMES, why_no_front_end, why_not
from device.bundle import MANIFEST, Bundle, ModelFile, read_bundle
from device.doubts import doubt
from device.files import sha256_of
from device.measure import Request, measure
from device.probes.linux import board, conditions
from device.report import FileRun, Report, Subject, write_report
from device.stamp import Stamp, make_stamp
from device.table import report_text
from device.zoo.store import find

EXAMPLES = """\
  collodi bench out/quickstart/kws
  collodi bench my-bundle --file tflite-int8 --runs 500
  collodi bench my-bundle --threads 4 --json report.json"""
REFERENCE_KERNELS = (
    "TFLite Micro's portable kernels: its time here is not that of a microcontroller"
)


@dataclass(frozen=True)
class Options:
    """How to measure."""

    file: str | None = None
    """Only this path or target; all files where it is None."""
    runs: int = 200
    """Most measured runs of a file."""
    seconds: float = 5.0
    """Most measuring time of a file."""
    threads: int = 1
    """Threads for the runtimes."""
    board: str = "local"
    """Where: only `local` so far."""


def main(argv: list[str]) -> int:
    """Run `collodi bench`; 0 where at least one file ran and none failed, else 1."""
    words = _parser().parse_args(argv)
    options = Options(words.file, words.runs, words.seconds, words.threads, words.board)
    if words.json is not None and not words.json.resolve().parent.is_dir():
        raise ValueError(f"--json {words.json}: there is no folder {words.json.parent}")
    report = bench(words.bundle, options)
    print(report_text(report))
    if words.json is not None:
        write_report(words.json, report)
    models = [run for run in report.runs if run.target != "front-end"]
    failed = any(run.status == "failed" for run in report.runs)
    return 0 if any(run.status == "ran" for run in models) and not failed else 1


def bench(bundle: str | Path, options: Options, stamp: Stamp | None = None) -> Report:
    """Measure a bundle folder (or the name of a packaged bundle) on this machine.

    Raises ValueError for a damaged bundle, an unknown file or a board other than `local`.
    """
    if options.board != "local":
        raise ValueError(f"--board {options.board}: not yet; this version measures only 'local'")
    folder = find(bundle)
    manifest = read_bundle(folder)
    created = stamp or make_stamp()
    before = conditions()
    raw = list(_runs(folder, manifest, options))
    after, where, cores = conditions(), board(options.board), created.host.cores
    return Report(
        created=created,
        bundles=(
            Subject(manifest.name, manifest.name, sha256_of(folder / MANIFEST), manifest.task),
        ),
        board=where,
        before=before,
        after=after,
        runs=tuple(doubt(run, where, before, after, cores) for run in raw),
    )


def _runs(folder: Path, bundle: Bundle, options: Options) -> Iterator[FileRun]:
    files = bundle.files if options.file is None else (bundle.file(options.file),)
    if options.file is None:
        name = bundle.front_end["name"]
        empty = _empty(bundle, f"front end: {name}", 0, "front-end", "numpy", options)
        absent = why_no_front_end()
        request = Request(str(folder), "", "numpy", *_effort(options))
        yield replace(empty, reason=absent) if absent else _measured(empty, request)
    for entry in files:
        yield from _file_runs(folder, bundle, entry, options)


def _file_runs(
    folder: Path, bundle: Bundle, entry: ModelFile, options: Options
) -> Iterator[FileRun]:
    """Yield one row for each runtime that takes the file, or one that says why there is none."""
    runtimes = RUNTIMES[entry.target]
    if not runtimes:
        empty = _empty(bundle, entry.path, entry.bytes, entry.target, "-", options)
        reason = "source code: a compiler puts it into the firmware"
        yield replace(empty, reason=reason, arena_bytes=entry.arena_bytes)
    for runtime in runtimes:
        empty = _empty(bundle, entry.path, entry.bytes, entry.target, runtime, options)
        absent = why_not(runtime)
        if absent:
            yield replace(empty, reason=absent)
            continue
        if runtime == "tflm":
            empty = replace(empty, threads=1, doubts=(REFERENCE_KERNELS,))
        yield _measured(empty, Request(str(folder), entry.path, runtime, *_effort(options)))


def _measured(empty: FileRun, request: Request) -> FileRun:
    try:
        seen = measure(request)
    except RuntimeError as error:
        return replace(empty, status="failed", reason=str(error), doubts=())
    return replace(
        empty,
        status="ran",
        reason=None,
        runtime=seen.runtime,
        load_ms=seen.load_ms if request.file else None,
        warmup_ns=seen.warmup_ns,
        latency_ns=seen.latency_ns,
        rounds=(len(seen.latency_ns),),
        cpu_ns=seen.cpu_ns,
        runtime_rss_bytes=seen.runtime_rss_bytes,
        peak_rss_bytes=seen.peak_rss_bytes,
        arena_bytes=seen.arena_bytes,
    )


def _effort(options: Options) -> tuple[int, int, float]:
    return options.threads, options.runs, options.seconds


def _empty(
    bundle: Bundle, file: str, size: int, target: str, runtime: str, options: Options
) -> FileRun:
    return FileRun(
        bundle=bundle.name,
        work="front end" if target == "front-end" else "model",
        file=file,
        bytes=size,
        target=target,
        runtime=runtime,
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
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser("collodi bench", "Measure a bundle on this board.", EXAMPLES)
    parser.add_argument("bundle", metavar="BUNDLE", help="bundle folder, or a name of the zoo")
    parser.add_argument("--file", metavar="NAME", help="only this file (path or target)")
    parser.add_argument(
        "--runs", type=positive_int, default=200, metavar="N", help="most runs of a file (200)"
    )
    parser.add_argument(
        "--seconds", type=positive_seconds, default=5.0, metavar="S", help="most seconds a file (5)"
    )
    parser.add_argument(
        "--threads", type=positive_int, default=1, metavar="N", help="threads of a runtime (1)"
    )
    parser.add_argument("--board", default="local", metavar="NAME", help="only 'local' so far")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report here")
    return parser
