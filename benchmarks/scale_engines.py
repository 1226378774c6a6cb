"""Clips a second of each engine at one and two workers, taking turns on the same shards.

Figures: two_workers (rate of the pool with two workers over that with one), ray_vs_pool (rate of
a local Ray over the pool, both with two workers); medians over the turns. A rate counts from the
first clip that is done to the last shard that is written. The same with the start and the end of
all processes in it: two_workers_whole, ray_vs_pool_whole. The rows hold each run: start_s until
the first clip, cpu_s of this process and the pool's (of Ray's it cannot be told).

    python benchmarks/scale_engines.py --clips 1200 --shards 50 --turns 2
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from bench_scale import Measured, alone

from generate.engine import run
from generate.make import make_shard
from generate.presets import Stills

TURN = (("pool", 1), ("pool", 2), ("ray", 2))
"""What takes turns; loop and Ray with one worker run once."""


def parser() -> argparse.ArgumentParser:
    """Options of this part."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clips", type=int, default=1200)
    options.add_argument("--shards", type=int, default=50)
    options.add_argument("--turns", type=int, default=2)
    return options


def cpu_s() -> float:
    """Processor time of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed_shard(options: Stills, folder: str, shard: int, tick: Callable[[], None]) -> None:
    """Make a shard; the first clip of the run leaves the time at which it was done."""

    def tock() -> None:
        with suppress(FileExistsError), open(Path(folder) / "first", "x"):
            pass
        tick()

    make_shard(options, folder, shard, tock)


def row_of(engine: str, workers: int, options: argparse.Namespace) -> dict[str, Any]:
    """One run of an engine on all shards."""
    shard_clips = -(-options.clips // options.shards)
    stills = Stills(clips=options.clips, shard_clips=shard_clips, seed=1, view="numba")
    n_shards = -(-options.clips // shard_clips)
    with tempfile.TemporaryDirectory(prefix="collodi-scale-") as folder:
        before, begun = cpu_s(), time.time()
        run(engine, partial(timed_shard, stills, folder), range(n_shards), options.clips, workers)
        whole, used = time.time() - begun, cpu_s() - before
        first = (Path(folder) / "first").stat().st_mtime
        ended = [path.stat().st_mtime for path in Path(folder).glob("shard-*.tar")]
    if len(ended) != n_shards:
        raise RuntimeError(f"{engine} made {len(ended)} of {n_shards} shards")
    row = {"engine": engine, "workers": workers, "clips": options.clips, "shards": n_shards}
    row |= {"whole_s": whole, "start_s": first - begun, "made_s": max(ended) - first}
    row |= {"clips_per_s": (options.clips - 1) / row["made_s"]}
    row |= {"cpu_s": None if engine == "ray" else used}
    told = f"{row['clips_per_s']:.2f} clips/s, {whole:.0f} s, start {row['start_s']:.1f} s"
    print(f"  {engine} {workers}: {told}", flush=True)
    return row


def measure(options: argparse.Namespace) -> Measured:
    """Rows of all runs; null figures where Ray is not installed."""
    with_ray = find_spec("ray") is not None
    row_of("loop", 1, argparse.Namespace(clips=8, shards=2))  # compiles, where nothing is cached
    runs = [(turn, *what) for turn in range(options.turns) for what in TURN]
    runs += [(0, "loop", 1), (0, "ray", 1)]
    rows = [
        {"turn": turn} | row_of(engine, workers, options)
        for turn, engine, workers in runs
        if with_ray or engine != "ray"
    ]
    figures: dict[str, float | None] = {}
    for end, value in (("", "clips_per_s"), ("_whole", "whole_s")):
        figures[f"two_workers{end}"] = ratio(rows, value, ("pool", 2), ("pool", 1))
        figures[f"ray_vs_pool{end}"] = ratio(rows, value, ("ray", 2), ("pool", 2))
    return rows, figures


def ratio(
    rows: list[dict[str, Any]], value: str, one: tuple[str, int], other: tuple[str, int]
) -> float | None:
    """How many times as fast `one` is as `other`: median over turns; None where one did not run."""
    first, second = (
        {row["turn"]: row[value] for row in rows if (row["engine"], row["workers"]) == what}
        for what in (one, other)
    )
    ratios = [first[turn] / second[turn] for turn in sorted(first.keys() & second.keys())]
    if not ratios:
        return None
    return 1 / median(ratios) if value == "whole_s" else median(ratios)


if __name__ == "__main__":
    alone(parser(), measure)
