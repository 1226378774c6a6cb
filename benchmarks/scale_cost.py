"""What clips cost: whether 10,000 are linear, and what a million of each kind would take.

Figures: linearity (rate of the last thousand of 10,000 spoken words over that of the first, by the
clock), linearity_cpu (the same by processor time, which other work on the machine disturbs less),
memory_growth (resident memory after the last thousand over that after the first), lookup (time
to find and read a clip's facts among 10,000 over that among 1,000), finish_s (index and
dataset.json of 10,000 clips). Words are cheap but whole: text, voice, sound, labels, shards.

The model: processor seconds and bytes of a sample of each kind on one core, after a warm-up, times
a million; prices are options. Not in it: requests to a store, transfer out of it, idle machines.

    python benchmarks/scale_cost.py --clips 10000
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from bench_scale import Measured, alone
from cost_lines import cost_lines

from generate.cli import resolved_voices
from generate.dataset_ends import finish, write_header
from generate.engine import run
from generate.make import make_clip, make_shard
from generate.presets import Options, Stills, Talk, Words
from generate.shards import clip_members, open_dataset

THOUSAND = 1000
SHARD_CLIPS = 100
MILLION = 1_000_000
LOOKUPS = 300
KINDS: dict[str, tuple[Options, int]] = {
    "stills": (Stills(seed=11, view="numba"), 300),
    "words": (Words(seed=11), 600),
    "talk": (Talk(seed=11, view="numba"), 16),
}
"""What is sampled, with its default options, and how many clips of it."""


def parser() -> argparse.ArgumentParser:
    """Options of this part."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clips", type=int, default=10_000)
    options.add_argument("--core-hour", type=float, default=0.04, help="price of a core hour, USD")
    options.add_argument("--gb-month", type=float, default=0.023, help="of 10^9 bytes a month, USD")
    options.add_argument("--sample", type=float, default=1.0, help="size of the samples, times")
    return options


def measure(options: argparse.Namespace) -> Measured:
    """Rows of thousands, lookups and kinds."""
    rows, figures = linear(options.clips)
    kinds = [kind_row(name, options) for name in KINDS]
    print("\n".join(cost_lines(kinds)))
    return rows + kinds, figures


def linear(clips: int) -> Measured:
    """Make `clips` words one after the other in this process, then find some of them."""
    words = resolved_voices(Words(clips=clips, shard_clips=SHARD_CLIPS, seed=3))
    for number in range(50):
        clip_members(make_clip(words, clips + number))  # loads what the first clips load
    with tempfile.TemporaryDirectory(prefix="collodi-scale-") as name:
        folder, rows = Path(name), list[dict[str, Any]]()
        run("loop", partial(counted, words, name, rows), range(clips // SHARD_CLIPS), clips)
        looked = [lookup_row(folder, count) for count in (THOUSAND, clips)]
    first, last = rows[0], rows[-1]
    figures: dict[str, float | None] = {
        "linearity": first["seconds"] / last["seconds"],
        "linearity_cpu": first["cpu_s"] / last["cpu_s"],
        "memory_growth": last["resident_bytes"] / first["resident_bytes"],
        "lookup": looked[1]["median_us"] / looked[0]["median_us"],
        "finish_s": looked[1]["finish_s"],
    }
    return rows + looked, figures


def counted(
    options: Options, folder: str, rows: list[dict[str, Any]], shard: int,
    tick: Callable[[], None],
) -> None:  # fmt: skip
    """Make a shard; a row for each thousand clips that is whole."""
    if shard * SHARD_CLIPS % THOUSAND == 0:
        rows.append({"what": "thousand", "clips": shard * SHARD_CLIPS + THOUSAND} | now())
    make_shard(options, folder, shard, tick)
    if (shard + 1) * SHARD_CLIPS % THOUSAND == 0:
        begun, ended = rows[-1], now()
        begun |= {key: ended[key] - begun[key] for key in ("seconds", "cpu_s")}
        begun |= {"resident_bytes": ended["resident_bytes"]}
        told = f"{THOUSAND / begun['seconds']:.1f}/s, {begun['resident_bytes'] / 1e6:.0f} MB"
        print(f"  {begun['clips']}: {told}", flush=True)


def cpu_s() -> float:
    """Processor time of this process and of its children, such as voices, dead or alive."""
    dead = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = time.process_time() + dead.ru_utime + dead.ru_stime
    for listed in Path("/proc/self/task").glob("*/children"):
        for child in listed.read_text().split():
            with suppress(OSError):
                stat = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                used += (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
    return used


def now() -> dict[str, Any]:
    """Clock, processor time and resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"seconds": time.monotonic(), "cpu_s": cpu_s(),
            "resident_bytes": pages * os.sysconf("SC_PAGE_SIZE")}  # fmt: skip


def lookup_row(folder: Path, clips: int) -> dict[str, Any]:
    """Finish the first `clips` of the shards as a data set; find and read facts at random."""
    write_header(folder, {}, {})
    begun = time.monotonic()
    keep = {path: path.read_bytes() for path in folder.glob("*.index")}
    finish(folder, {}, {}, clips // SHARD_CLIPS)
    finish_s = time.monotonic() - begun
    for path, data in keep.items():
        path.write_bytes(data)  # the next data set needs the writers' notes again
    begun, before = time.monotonic(), now()["resident_bytes"]
    dataset = open_dataset(folder)
    row = {"what": "lookup", "clips": clips, "finish_s": finish_s}
    row |= {"open_s": time.monotonic() - begun, "rows_bytes": now()["resident_bytes"] - before}
    took = []
    for number in random.Random(1).choices(range(clips), k=LOOKUPS):
        begun = time.perf_counter()
        dataset.clip(number, want=())
        took.append(1e6 * (time.perf_counter() - begun))
    row |= {"median_us": median(took), "index_bytes": (folder / "index.jsonl").stat().st_size}
    print(f"  {clips} clips: found in {row['median_us']:.0f} us, opened in {row['open_s']:.2f} s")
    return row


def kind_row(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Processor seconds and bytes of a clip of one kind, and a million of them."""
    kind, sample = KINDS[name]
    sample = max(2, round(sample * options.sample))
    made = resolved_voices(kind)
    for number in range(3):
        clip_members(make_clip(made, MILLION + number))
    took, sizes = [], []
    for number in range(sample):
        begun = cpu_s()
        members = clip_members(make_clip(made, number))
        took.append(cpu_s() - begun)
        sizes.append(sum(512 + -(-len(data) // 512) * 512 for data in members.values()))
    core_hours = mean(took) * MILLION / 3600
    gigabytes = mean(sizes) * MILLION / 1e9
    row = {"what": "kind", "kind": name, "sample": sample, "cpu_s_per_clip": mean(took)}
    row |= {"error_s": stdev(took) / sample**0.5, "bytes_per_clip": mean(sizes)}
    row |= {"core_hours": core_hours, "gigabytes": gigabytes}
    row |= {"usd_compute": core_hours * options.core_hour, "core_hour_usd": options.core_hour}
    row |= {"usd_month": gigabytes * options.gb_month, "gb_month_usd": options.gb_month}
    print(f"  {name}: {mean(took):.3f} s and {mean(sizes) / 1000:.1f} kB a clip", flush=True)
    return row


if __name__ == "__main__":
    alone(parser(), measure)
