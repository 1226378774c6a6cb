"""`collodi bench`: every file of a bundle on every runtime that is here, one table, one report."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from device.args import Parser, one_or_more_of, positive_int, positive_seconds, shown
from device.backends import VARIANTS
from device.bench import Options, bench
from device.compare_cli import main as compare
from device.files import check_writable
from device.gates import add_gates, gate, read_gates
from device.probes.pulse import CHIP_S
from device.report import Report, Work, write_report
from device.table import report_text
from device.zoo.store import find

EXAMPLES = """\
  collodi bench out/quickstart/kws
  collodi bench my-bundle --file tflite-int8 --runs 500
  collodi bench old-bundle new-bundle --rounds 20 --json report.json
  collodi bench my-bundle --mode throughput --in-flight 4
  collodi bench my-bundle --work model,front-end,both --samples samples.npz
  collodi bench my-bundle --board pi5
  collodi bench --board pi5 --resume
  collodi bench my-bundle --provider cpu,xnnpack --xnnpack on,off
  collodi bench my-bundle --budget p99_ms=20,rss_mb=64 --junit bench.xml --html bench.html
  collodi bench --compare old.json new.json --limit 5%   see collodi bench --compare --help"""
WORKS: dict[str, Work] = {
    "model": "model", "front-end": "front end", "both": "front end and model",
}  # fmt: skip
SWITCH = {"on": "litert:xnnpack", "off": "litert:no-xnnpack"}
PROVIDERS = {name: f"onnxruntime:{name}" for name in VARIANTS["onnxruntime"]}


def main(argv: list[str]) -> int:
    """Run `collodi bench`; 0 where a file ran, none failed and every budget is kept, else 1."""
    if "--compare" in argv:
        return compare(argv)
    parser = _parser()
    words = parser.parse_args(argv)
    if words.resume == bool(words.bundle) or (words.resume and words.board == "local"):
        parser.error("name a bundle, or a board with --resume")
    budgets = read_gates(words)
    for path in filter(None, (words.json, words.junit, words.html)):
        check_writable(path)
    report = _bench(words)
    print(shown(report_text(report)))
    if words.json is not None:
        _write(words.json, report)
    kept = gate(report, budgets, words)
    return status(report) if kept else 1


def _write(path: Path, report: Report) -> None:
    """Write the report; where its disk is full now, among temporary files, and say so."""
    try:
        write_report(path, report)
    except OSError as error:
        handle, name = tempfile.mkstemp(prefix="collodi-report-", suffix=".json")
        os.close(handle)
        try:
            write_report(Path(name), report)
        except OSError:
            Path(name).unlink()
            raise error from None
        said = f"{error.strerror}; the report is in {name}, not in"
        raise OSError(error.errno, said, str(path)) from error


def _bench(words: argparse.Namespace) -> Report:
    """Measure here, or on a board over SSH."""
    if words.board == "local":
        return bench(words.bundle, _options(words))
    from device.remote import bench_on

    def say(line: str) -> None:
        print(shown(line), file=sys.stderr)

    folders = [find(name) for name in words.bundle]
    return bench_on(words.board, folders, _options(words), say, resume=words.resume)


def status(report: Report) -> int:
    """Return 0 where a file ran (or what else was asked for) and none failed, else 1."""
    models = [run for run in report.runs if run.target != "front-end"] or report.runs
    failed = any(run.status == "failed" for run in report.runs)
    return 0 if any(run.status == "ran" for run in models) and not failed else 1


def _options(words: argparse.Namespace) -> Options:
    return Options(
        file=words.file,
        runs=words.runs,
        seconds=words.seconds,
        threads=words.threads,
        rounds=words.rounds,
        work=tuple(WORKS[name] for name in words.work),
        mode=words.mode,
        in_flight=words.in_flight,
        variants=tuple(
            [PROVIDERS[name] for name in words.provider] + [SWITCH[name] for name in words.xnnpack]
        ),
        samples=tuple(words.samples),
        tensorrt=words.tensorrt,
        pulse=words.pulse or words.pulse_chip is not None,
        pulse_chip_s=words.pulse_chip or CHIP_S,
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser("collodi bench", "Measure bundles on this board, turn by turn.", EXAMPLES)
    add = parser.add_argument
    add("bundle", metavar="BUNDLE", nargs="*", help="bundle folder, or a name of the zoo")
    add("--file", metavar="NAME", help="only this file (path or target)")
    add("--runs", type=positive_int, default=200, metavar="N", help="most runs of a row (200)")
    add("--seconds", type=positive_seconds, default=5.0, metavar="S", help="most seconds a row (5)")
    add(
        "--rounds", type=positive_int, default=10, metavar="N",
        help="turns that the rows take (10); 1 measures them one after the other",
    )  # fmt: skip
    add("--threads", type=positive_int, default=1, metavar="N", help="threads of a runtime (1)")
    add(
        "--work", type=one_or_more_of(WORKS), default=["model", "front-end"], metavar="WHAT",
        help=f"comma list of {', '.join(WORKS)} (model,front-end)",
    )  # fmt: skip
    add(
        "--mode", choices=("single-stream", "throughput"), default="single-stream",
        help="one run after the other, or several at once and runs per second",
    )  # fmt: skip
    add(
        "--in-flight", type=positive_int, metavar="N",
        help="runs at once in throughput mode (one a core)",
    )  # fmt: skip
    add(
        "--provider", type=one_or_more_of(PROVIDERS), default=[], metavar="NAME",
        help=f"comma list of ONNX Runtime's {', '.join(PROVIDERS)} (cpu)",
    )  # fmt: skip
    add(
        "--xnnpack", type=one_or_more_of(SWITCH), default=[], metavar="on,off",
        help="comma list: LiteRT with XNNPACK, without, or both (on)",
    )  # fmt: skip
    add(
        "--samples", type=Path, action="append", default=[], metavar="FILE",
        help="also score the answers on these (collodi samples); repeat for several bundles",
    )  # fmt: skip
    add(
        "--tensorrt", action="store_true",
        help="also build a TensorRT engine of the ONNX file here; COLLODI_ENGINES=DIR keeps it",
    )  # fmt: skip
    add(
        "--pulse", action="store_true",
        help="play load patterns for an external power meter (collodi energy reads its file)",
    )  # fmt: skip
    add(
        "--pulse-chip", type=positive_seconds, metavar="S",
        help=f"the same with chips of this length, for slow meters ({CHIP_S:g})",
    )  # fmt: skip
    add("--board", default="local", metavar="NAME", help="a board of `collodi boards` (this one)")
    add("--resume", action="store_true", help="fetch the run that a lost connection left there")
    add("--json", type=Path, metavar="FILE", help="write the report here")
    add_gates(parser)
    return parser
