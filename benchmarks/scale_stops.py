"""Hard stops of real commands: after a restart, is all as if nothing had happened?

Each case runs generate, train, export, bench or pull at a tiny size in a folder of its own, stops
it, looks at what is there, restarts it, and compares with a run that was not disturbed:

    moment   kill -9 of the whole process group at a random moment
    leader   kill -9 of the first process alone; its children must end too
    call     kill -9 at the Nth fsync, rename, link, open, write ... of a thread (strace)
    power    no process: the disk as a power cut at a random operation may leave it (stops_disk.py)

Right after the stop nothing unfinished has its final name. After the restart (in a fifth of the
cases stopped once more) files, hashes and weights are the same, nothing is left over, finished
shards and steps were not made again. A case follows from (seed, number) alone:

    python benchmarks/scale_stops.py --stops 200
    python benchmarks/scale_stops.py --only pull export --stops 20 --seed 3
    python benchmarks/scale_stops.py --seed 0 --case 17 --keep /tmp/case17

Figure `hard_stops_clean`: the share of cases in which all of that holds.
"""

from __future__ import annotations

import argparse
import os
import runpy
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from bench_scale import alone
from stops_commands import COMMANDS, JOBS, Job, listing, prepare
from stops_disk import after_cut, volatile, write_out
from stops_run import Ended, run, stop_at, stop_at_call
from stops_trace import Disk, strace

from device.args import positive_int

TESTS = Path(__file__).resolve().parent.parent / "tests"
HOWS = ("moment", "power", "call", "power", "leader", "call", "power", "call")
NAMES = ("move", "put", "take", "sync", "size")
"""Operations that are no writes of data; most cases are cut beside one."""


@dataclass(frozen=True)
class Known:
    """A job that ran without a stop."""

    job: Job
    case: Path
    """What it left."""
    seconds: float
    disk: Disk
    """What it did to the disk."""


def parser() -> argparse.ArgumentParser:
    """Options, and what the front takes."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--stops", type=positive_int, default=200, help="number of cases")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    made.add_argument("--case", type=int, help="only this number")
    made.add_argument("--keep", type=Path, help="keep the folders of cases below this new folder")
    made.add_argument("--jobs", type=positive_int, default=os.cpu_count(), help="cases at a time")
    return made


def measure(options: Any) -> tuple[list[dict[str, Any]], dict[str, float | None]]:
    """Run the cases; a row each."""
    if not shutil.which("strace"):
        raise SystemExit("scale_stops: needs strace (Debian: apt install strace)")
    numbers = range(options.stops) if options.case is None else [options.case]
    with ExitStack() as stack:
        if options.keep is None:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="collodi-stops-")))
        else:
            place = options.keep
            if place.exists():
                raise SystemExit(f"--keep {place} exists already; name a new folder")
            place.mkdir(parents=True)
        kitchen = Kitchen(place / "kitchen")
        jobs = [job for job in JOBS if job.command in options.only]
        wanted = dict.fromkeys(drawn(options.seed, number, jobs)[1] for number in numbers)
        known = {job: kitchen.known(job) for job in wanted}
        pool = stack.enter_context(ThreadPoolExecutor(options.jobs))
        rows = []

        def one(number: int) -> dict[str, Any]:
            row = one_case(options.seed, number, jobs, known, place)
            if options.keep is None:
                shutil.rmtree(place / f"case-{number:04d}", ignore_errors=True)
            return row

        for row in pool.map(one, numbers):
            rows.append(row)
            wrong = f"WRONG: {row['wrong']}" if row["wrong"] else "clean"
            print(f"{row['case']:4d} {row['job']:18s} {row['how']}: {wrong}", flush=True)
    clean = sum(row["wrong"] is None for row in rows)
    return rows, {"hard_stops": len(rows), "hard_stops_clean": clean / len(rows)}


class Kitchen:
    """Undisturbed runs, whose results are also the inputs of others."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()
        make = runpy.run_path(str(TESTS / "make_tiny_bundle.py"))
        make["make_tiny_bundle"](place / "tiny", ("onnx",))
        (place / "old").write_text("old\n")
        for words in ("--new-key key", "tiny --registry registry --key key"):
            ended = run(f"publish {words}", place)
            assert ended.status == 0, ended.text
        self._known: dict[str, Known] = {}

    def known(self, job: Job) -> Known:
        """Run a job and record it, after the jobs whose results it takes."""
        name = f"{job.command}-{job.name}"
        if name not in self._known:
            for other in JOBS:
                if any(part.startswith(f"{other.command}-{other.name}/") for part in job.inputs):
                    self.known(other)
            self._known[name] = self._run(job, name)
        return self._known[name]

    def _run(self, job: Job, name: str) -> Known:
        case, trace = self.place / name, self.place / f"{name}.trace"
        prepare(job, self.place, case)
        disk = Disk(case)
        ended = run(job.words, case, strace(trace))
        assert ended.status == 0, f"{job.words}: {ended.text}"
        disk.read(trace)
        trace.unlink()
        return Known(job, case, ended.seconds, disk)


def one_case(
    seed: int, number: int, jobs: list[Job], known: dict[Job, Known], place: Path
) -> dict[str, Any]:
    """Stop, look, restart, compare; the row says what was wrong."""
    rng, job, how = drawn(seed, number, jobs)
    case, begun = place / f"case-{number:04d}", time.monotonic()
    row: dict[str, Any] = {"case": number, "seed": seed, "job": f"{job.command} {job.name}",
                           "how": how, "wrong": None}  # fmt: skip
    try:
        row["how"] = stop(known[job], case, how, rng)
        restarted(known[job], case, rng)
    except (AssertionError, ValueError, OSError) as error:
        row["wrong"] = f"{type(error).__name__}: {error}"[:300]
    return row | {"seconds": round(time.monotonic() - begun, 2)}


def drawn(seed: int, number: int, jobs: list[Job]) -> tuple[np.random.Generator, Job, str]:
    """The random numbers of a case, what it stops, and how."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
    commands = list(dict.fromkeys(job.command for job in jobs))
    choice = [job for job in jobs if job.command == commands[number % len(commands)]]
    job = choice[int(rng.integers(0, len(choice)))]
    return rng, job, HOWS[number // len(commands) % len(HOWS)]


def stop(known: Known, case: Path, how: str, rng: np.random.Generator) -> str:
    """Leave a case as a stop leaves it, hold what has its final name to be whole; say where."""
    for attempt in range(8):
        shutil.rmtree(case, ignore_errors=True)
        if how == "power":
            where = cut(known, case, rng)
            break
        prepare(known.job, known.case.parent, case)
        if how == "call":
            op = known.disk.ops[chosen(known.disk, rng)]
            where = f"{op.kind} ({op.call[0]} {op.call[1]})"
            ended = stop_at_call(known.job.words, case, *op.call)
        else:
            share = float(rng.uniform(0.2, 1.0)) * 0.5**attempt
            where = f"{share:.2f}"
            ended = stop_at(known.job.words, case, share * known.seconds, how == "leader")
        if ended.stopped:
            break
    else:
        raise AssertionError("the command was always faster than the stop")
    known.job.whole(case, known.case)
    return f"{how} {where}"


def chosen(disk: Disk, rng: np.random.Generator) -> int:
    """Number of an operation to stop at, mostly one on names or a sync."""
    names = [number for number, op in enumerate(disk.ops) if op.kind in NAMES]
    if rng.random() < 0.7:
        return names[int(rng.integers(0, len(names)))]
    return int(rng.integers(0, len(disk.ops)))


def cut(known: Known, case: Path, rng: np.random.Generator) -> str:
    """Lay out the disk after a power cut; at most one shard or checkpoint may be missing on it."""
    disk = known.disk
    end = int(np.clip(chosen(disk, rng) + rng.integers(0, 2), 0, len(disk.ops)))
    write_out(volatile(disk.before, disk.ops[:end]), case)
    before = known.job.count(case)
    shutil.rmtree(case)
    write_out(after_cut(disk.before, disk.ops[:end], rng), case)
    (case / "tmp").mkdir(exist_ok=True)
    assert known.job.count(case) >= before - 1, f"{before} were finished before the cut"
    return f"before operation {end} of {len(disk.ops)}"


def restarted(known: Known, case: Path, rng: np.random.Generator) -> None:
    """Run the command again, perhaps stopped a second time, and compare with the reference."""
    job = known.job
    if rng.random() < 0.2 and (words := job.again(case, job.words)) is not None:
        share = float(rng.uniform(0.2, 1.0))
        stop_at(words, case, share * known.seconds, leader=False)
        job.whole(case, known.case)
    kept, words = job.kept(case), job.again(case, job.words)
    ended = Ended(0, "", 0.0, True) if words is None else run(words, case)
    assert ended.status == 0, f"restart exits {ended.status}: {ended.text}"
    assert "Traceback" not in ended.text, ended.text
    after = job.kept(case)
    assert {name: after.get(name) for name in kept} == kept, "finished work was done again"
    job.same(case, known.case)
    mine, want = listing(case), listing(known.case)
    assert mine == want, (
        f"left over {sorted(set(mine) - set(want))}, missing {sorted(set(want) - set(mine))}"
    )


if __name__ == "__main__":
    sys.exit(alone(parser(), measure))
