"""Hostile files for every reader of the kit: each refused in one line, or read and harmless.

    python benchmarks/scale_fuzz.py --cases 100000 --json benchmarks/results/scale_fuzz.json
    python benchmarks/scale_fuzz.py --kind npz --from 123 --cases 1          one case again
    python benchmarks/scale_fuzz.py --kind npz --from 123 --cases 1 --keep   and its file
    python benchmarks/scale_fuzz.py --guided facts --seconds 60              with atheris

Case N of a kind is a pure function of N: a sound file, damaged by a stream of random numbers that
kind and N seed. It is clean where nothing else is raised than a ValueError or OSError, which prints
as one line; where no file outside the case's folder is opened or changed, no program is run and no
code of the file executed; where the resident memory grows by no more than twice the file and
64 MiB; and where the process lives and answers within the time. Limits of device/limits.py are
lowered meanwhile, so that 64 MiB suffice. Figure `fuzz_clean`: the share of clean cases.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import time
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from bench_scale import alone
from fuzz_common import Kind, damaged
from fuzz_worker import kinds, work

from generate.progress import Progress

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "data" / "corpus"
WAITS = 10
"""A case that uses no processor time may take so many times as long: others use it then."""
START_S = 600.0
"""A worker may take so long until its first case, on a machine that does much else."""


class Worker:
    """A process and the case that it is at."""

    def __init__(self, names: list[str], numbers: range) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe(duplex=False)
        self.names, self.numbers, self.at = names, numbers, None
        self.at: int | None = None
        self.since, self.cpu_before_s = time.monotonic(), 0.0
        self.process = context.Process(target=work, args=(names, numbers, other), daemon=True)
        self.process.start()
        other.close()

    def left(self) -> range:
        """Cases behind the one that it is at."""
        if self.at is None:
            raise RuntimeError(f"a worker died before its first case ({self.ended()})")
        return range(self.at + self.numbers.step, self.numbers.stop, self.numbers.step)

    def ended(self) -> str:
        """How the process ended."""
        self.process.join(10)
        code = self.process.exitcode
        name = signal.Signals(-code).name if code and code < 0 else f"status {code}"
        return f"the process died: {name}"

    def late(self, case_s: float) -> bool:
        """Whether its case takes too long: its processor time counts, or it waits for ever."""
        if self.at is None:
            return time.monotonic() - self.since > START_S
        waits = time.monotonic() - self.since > WAITS * case_s
        return waits or self.cpu_s() - self.cpu_before_s > case_s

    def begins(self, number: int) -> None:
        """Note that it is at a case."""
        self.at, self.since, self.cpu_before_s = number, time.monotonic(), self.cpu_s()

    def cpu_s(self) -> float:
        """Processor time of the process, s; 0 where it is gone."""
        try:
            words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Tally:
    """What became of the cases, a row a kind."""

    def __init__(self, names: list[str], total: int) -> None:
        empty = {"cases": 0, "read": 0, "clean": 0, "slowest_s": 0.0}
        self.rows: dict[str, Any] = {n: {"kind": n, **empty, "faults": []} for n in names}
        self.names, self.progress, self.count = names, Progress(total, "fuzz", "case"), 0

    def add(self, number: int, read: bool, wrong: str | None, seconds: float) -> None:
        """One case."""
        row = self.rows[self.names[number % len(self.names)]]
        row["cases"] += 1
        row["read"] += read
        row["clean"] += wrong is None
        row["slowest_s"] = max(row["slowest_s"], round(seconds, 3))
        if wrong is not None:
            row["faults"].append({"case": number, "what": wrong[:1000]})
            print(f"\n{row['kind']} case {number}: {wrong[:400]}", file=sys.stderr, flush=True)
        self.count += 1
        self.progress.update(self.count)


def measure(options: argparse.Namespace) -> tuple[list[dict[str, Any]], dict[str, float | None]]:
    """Run the cases in worker processes; (a row a kind, the share of clean cases)."""
    names = _names(options)
    last, tally = options.first + options.cases, Tally(names, options.cases)
    workers = [
        Worker(names, range(options.first + n, last, options.workers))
        for n in range(min(options.workers, options.cases))
    ]
    try:
        while workers:
            workers = _followed(workers, tally, options.case_s)
    finally:
        for worker in workers:
            worker.process.kill()
    tally.progress.close()
    rows = list(tally.rows.values())
    clean = sum(row["clean"] for row in rows) / options.cases
    _say(rows)
    return rows, {"fuzz_clean": clean}


def _names(options: argparse.Namespace) -> list[str]:
    """The kinds that are asked for; SystemExit, in one line, for what cannot be run."""
    known = list(kinds())
    for name in options.kind:
        if name not in known:
            raise SystemExit(f"--kind {name}: have {', '.join(known)}")
    if min(options.cases, options.workers, options.first + 1) < 1 or options.case_s <= 0:
        raise SystemExit("--cases and --workers: at least 1; --from: at least 0; --case-s: above 0")
    return options.kind or known


def _followed(workers: list[Worker], tally: Tally, case_s: float) -> list[Worker]:
    """Take what the workers say; those that died or hang are replaced behind their case."""
    ready: list[Connection] = wait([w.pipe for w in workers], timeout=1.0)  # type: ignore[assignment]
    following = []
    for worker in workers:
        fault = ""
        if worker.pipe in ready:
            try:
                said = worker.pipe.recv()
                if said is None:
                    worker.process.join()
                    continue
                worker.begins(said[0])
                if said[1] is not None:
                    tally.add(*said)
            except EOFError:
                fault = worker.ended()
        elif worker.late(case_s):
            worker.process.kill()
            fault = f"took over {case_s:g} s"
        if fault:
            left = worker.left()
            tally.add(int(worker.at or 0), False, fault, case_s)
            worker = Worker(worker.names, left)
        following.append(worker)
    return following


def _say(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        many = f"{row['clean']} of {row['cases']} clean, {row['read']} were read"
        print(f"{row['kind']}: {many}, slowest {row['slowest_s']:.2f} s")
        for fault in row["faults"][:5]:
            print(f"  case {fault['case']}: {fault['what'][:700]}")


def keep(names: list[str], number: int) -> None:
    """Write the file of a case into the corpus that the tests replay."""
    kind = kinds().get(names[0]) if len(names) == 1 else None
    if not isinstance(kind, Kind):
        raise SystemExit("--keep: want one --kind, of those that change one file")
    path = CORPUS / names[0] / f"case-{number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(damaged(kind, names[0], number))
    print(f"{path}: {path.stat().st_size} bytes")


def parser() -> argparse.ArgumentParser:
    """Options, as bench_scale.py takes them."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--cases", type=int, default=100_000)
    made.add_argument("--from", type=int, default=0, dest="first", help="number of the first")
    made.add_argument("--kind", action="append", default=[], metavar="KIND")
    made.add_argument("--workers", type=int, default=2)
    made.add_argument("--case-s", type=float, default=20.0, help="longest time of a case")
    made.add_argument("--keep", action="store_true", help="keep the first case in the corpus")
    made.add_argument("--guided", metavar="KIND", help="by coverage, with atheris")
    made.add_argument("--seconds", type=int, default=60, help="of --guided")
    return made


def main() -> None:
    """Run what was asked for."""
    words, _ = parser().parse_known_args()
    if words.guided:
        from fuzz_guided import guide

        sys.exit(guide(words.guided, words.seconds))
    if words.keep:
        keep(words.kind, words.first)
    alone(parser(), measure)


if __name__ == "__main__":
    main()
