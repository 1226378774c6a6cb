"""Whether the harness measures what it should: one function a figure.

Figures: vs_bare_ort (median time of `collodi bench` over that of a bare loop around ONNX Runtime's
own `run`), vs_litert_tool (the same against the benchmark tool that comes with LiteRT,
`litert-benchmark`). Both sides have the same file and threads, each in a process of its own, and
take turns, so that a slow moment meets both. The ratio is the median over the turns of the ratio of
medians; the figure is that of the model whose ratio is furthest from 1. Every raw latency is in the
rows. faults_clean and fuzz_clean are those of bench_faults.py and bench_fuzz.py, which this calls.

    python benchmarks/bench_harness.py --json benchmarks/results/bench_harness.json
    python benchmarks/bench_harness.py --only vs_litert_tool --turns 40
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from common import finish

from device.bundle import read_bundle
from device.measure import Process
from device.ratio import ratio
from device.report import FileRun
from device.worker import Ask, Job, Loaded, Round
from device.zoo.store import find

Measured = tuple[list[dict[str, Any]], dict[str, float | None]]
BUNDLES = ("kws-digits", "toy-face", "toy-find")
SETTLE = 20
"""Runs that do not count at the start of the other side's turn; the harness has its own."""

BARE_LOOP = """
import json, sys, time
import numpy, onnxruntime
path, threads = sys.argv[1], int(sys.argv[2])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
rng = numpy.random.default_rng(0)
feed = {
    node.name: rng.uniform(-1, 1, [n if isinstance(n, int) else 1 for n in node.shape])
    .astype(numpy.float32)
    for node in session.get_inputs()
}
for line in sys.stdin:
    settle, runs = map(int, line.split())
    taken = []
    for _ in range(settle + runs):
        start = time.perf_counter_ns()
        session.run(None, feed)
        taken.append(time.perf_counter_ns() - start)
    print(json.dumps(taken[settle:]), flush=True)
"""
"""What one writes to time a model without a harness."""

LITERT_TOOL = """
import json, statistics, sys, types
from ai_edge_litert.tools import benchmark_litert_model as tool
noted = []
def median(values):
    noted.append(list(values))
    return statistics.median(values)
tool.statistics = types.SimpleNamespace(mean=statistics.mean, stdev=statistics.stdev, median=median)
answers, sys.stdout = sys.stdout, sys.stderr
path, threads = sys.argv[1], sys.argv[2]
for line in sys.stdin:
    settle, runs = line.split()
    sys.argv[1:] = ["--model", path, "--num_threads", threads, "--warmup_runs", settle,
                    "--num_runs", runs]
    tool.run_benchmark(tool.parse_args())
    print(json.dumps([round(ms * 1e6) for ms in noted[-1]]), file=answers, flush=True)
"""
"""The tool itself; it prints its median to 0.01 ms only, so the list is noted on its way there."""


class Other:
    """The other side: a program that answers `SETTLE RUNS` with a list of ns."""

    def __init__(self, program: str, path: Path, threads: int) -> None:
        words = [sys.executable, "-c", program, str(path), str(threads)]
        self._child = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip

    def round(self, runs: int) -> list[int]:
        """Return the latencies of one turn."""
        assert self._child.stdin is not None and self._child.stdout is not None
        self._child.stdin.write(f"{SETTLE} {runs}\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError(f"the other side ended with status {self._child.wait()}")
        return list(json.loads(line))

    def close(self) -> None:
        """End it."""
        self._child.kill()
        self._child.communicate()


def vs_bare_ort(args: argparse.Namespace) -> Measured:
    """The float32 ONNX files of the zoo."""
    return _against("vs_bare_ort", "onnx", "onnxruntime", BARE_LOOP, args)


def vs_litert_tool(args: argparse.Namespace) -> Measured:
    """The int8 TFLite files of the zoo, XNNPACK on both sides."""
    if find_spec("ai_edge_litert.tools") is None:
        print("vs_litert_tool: not run: this ai-edge-litert has no benchmark tool")
        return [], {"vs_litert_tool": None}
    return _against("vs_litert_tool", "tflite-int8", "litert", LITERT_TOOL, args)


def faults_clean(_: argparse.Namespace) -> Measured:
    """Injected faults that end in the right error or a correct report, a fraction."""
    return _of_script("bench_faults.py", "faults_clean")


def fuzz_clean(_: argparse.Namespace) -> Measured:
    """Mutated files that end in one line, escape nowhere and pass no wrong hash, a fraction."""
    return _of_script("bench_fuzz.py", "fuzz_clean")


def _of_script(name: str, figure: str) -> Measured:
    """Run another benchmark of this folder; its rows and this figure of it."""
    script = Path(__file__).with_name(name)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        status = subprocess.run([sys.executable, str(script), "--json", str(out)]).returncode
        if not out.is_file():
            print(f"{figure}: not run: {name} ended with status {status} and wrote nothing")
            return [], {figure: None}
        data = json.loads(out.read_text())
    return [{**row, "figure": figure} for row in data["rows"]], {figure: data["figures"][figure]}


def _against(
    name: str, target: str, runtime: str, program: str, args: argparse.Namespace
) -> Measured:
    rows = [_turns(bundle, target, runtime, program, args) for bundle in args.bundle]
    for row in rows:
        row["figure"] = name
        interval = f"{row['ratio']:.4f} ({row['low']:.4f}-{row['high']:.4f})"
        print(f"{name:16} {row['bundle']:12} {interval}", end="  ")
        print(f"ours {row['ours_ms']:.4f} ms, other {row['other_ms']:.4f} ms")
    return rows, {name: max((row["ratio"] for row in rows), key=lambda r: abs(math.log(r)))}


def _turns(
    bundle: str, target: str, runtime: str, program: str, args: argparse.Namespace
) -> dict[str, Any]:
    """Measure one file by both sides, turn by turn, who is first alternating."""
    folder = find(bundle)
    entry = read_bundle(folder).file(target)
    other = Other(program, folder / entry.path, args.threads)
    ours: list[list[int]] = []
    theirs: list[list[int]] = []
    try:
        with Process(Job(str(folder), entry.path, runtime, args.threads)) as process:
            loaded = process.ask(Ask("load"), Loaded)
            other.round(args.runs)
            for turn in range(args.turns):
                for side in ("ours", "other")[:: -1 if turn % 2 else 1]:
                    if side == "ours":
                        made = process.ask(Ask("round", args.runs, 60.0), Round)
                        ours.append(list(made.latency_ns))
                    else:
                        theirs.append(other.round(args.runs))
    finally:
        other.close()
    found = ratio(_row(ours), _row(theirs))
    assert found is not None
    ours_ns, other_ns = (median(ns for turn in side for ns in turn) for side in (ours, theirs))
    return {
        "bundle": bundle, "file": entry.path, "runtime": loaded.runtime, "threads": args.threads,
        "ratio": found.value, "low": found.low, "high": found.high,
        "ratio_of_all_runs": ours_ns / other_ns,
        "ours_ms": ours_ns / 1e6, "other_ms": other_ns / 1e6,
        "ours_ns": [_words(turn) for turn in ours], "other_ns": [_words(turn) for turn in theirs],
    }  # fmt: skip


def _words(turn: list[int]) -> str:
    """Return the latencies of a turn in one line of JSON, not in one line each."""
    return " ".join(map(str, turn))


def _row(turns: list[list[int]]) -> FileRun:
    """Return a row of a report with these turns, for what device/ratio.py computes."""
    return replace(
        EMPTY,
        latency_ns=tuple(ns for turn in turns for ns in turn),
        rounds=tuple(len(turn) for turn in turns),
    )


EMPTY = FileRun(
    bundle="", file="", bytes=0, target="", runtime="", status="ran", reason=None, threads=1,
    load_ms=None, warmup_ns=(), latency_ns=(), cpu_ns=None, runtime_rss_bytes=None,
    peak_rss_bytes=None, arena_bytes=None, energy_mj=None, doubts=(),
)  # fmt: skip

FIGURES: dict[str, Callable[[argparse.Namespace], Measured]] = {
    "vs_bare_ort": vs_bare_ort,
    "vs_litert_tool": vs_litert_tool,
    "faults_clean": faults_clean,
    "fuzz_clean": fuzz_clean,
}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", choices=FIGURES, action="append")
    parser.add_argument("--bundle", action="append", help=f"bundle or zoo name ({BUNDLES})")
    parser.add_argument("--turns", type=int, default=80)
    parser.add_argument("--runs", type=int, default=30, help="runs of a turn")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    args.bundle = args.bundle or list(BUNDLES)
    rows: list[dict[str, Any]] = []
    figures: dict[str, float | None] = {}
    for name in args.only or FIGURES:
        more, found = FIGURES[name](args)
        rows += more
        figures |= found
    finish(rows, figures, args.json)


if __name__ == "__main__":
    main()
