"""Whether the kit holds at scale: engines, cost, hard stops, hostile files; one module a part.

Figures: two_workers (throughput of two workers over that of one), ray_vs_pool (a local Ray over the
pool on 50 shards), linearity (rate of the last thousand of 10,000 clips over the first),
hard_stops_clean and fuzz_clean (stops and hostile files that ended as they should).

A part is `scale_PART.py` beside this file, with two functions:

    parser() -> argparse.ArgumentParser      options with the defaults this front takes
    measure(options) -> (rows, figures)      list of dicts for JSON; name to number or None

and `alone(parser(), measure)` as its main, so that `python benchmarks/scale_PART.py --help` runs it
by itself. With an existing --json the parts that were not asked for keep their rows and figures.

    python benchmarks/bench_scale.py --json benchmarks/results/bench_scale.json
    python benchmarks/bench_scale.py --only engines cost --json benchmarks/results/bench_scale.json
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from common import finish

from device.stamp import make_stamp

Measured = tuple[list[dict[str, Any]], dict[str, float | None]]
PARTS = {
    "engines": ("two_workers", "ray_vs_pool"),
    "cost": ("linearity",),
    "stops": ("hard_stops_clean",),
    "fuzz": ("fuzz_clean",),
}
"""Part to the figures that it must give."""


def measured(part: str, measure: Callable[[Any], Measured], options: Any) -> Measured:
    """Rows and figures of one part; each row says its part, commit, time and the part's seconds."""
    stamp, begun = make_stamp(), time.monotonic()
    rows, figures = measure(options)
    about = {"part": part, "commit": stamp.commit, "measured_utc": stamp.created_utc}
    about |= {"part_s": round(time.monotonic() - begun, 1)}
    missing = [name for name in PARTS[part] if name not in figures]
    if missing:
        raise RuntimeError(f"scale_{part}.py gave no figure {missing[0]}")
    return [about | row for row in rows], figures


def merged(path: Path | None, part: str, found: Measured) -> Measured:
    """`found` beside what `path` holds of the other parts."""
    rows: list[dict[str, Any]] = []
    figures: dict[str, float | None] = {name: None for names in PARTS.values() for name in names}
    if path and path.exists():
        before = json.loads(path.read_text())
        rows = [row for row in before["rows"] if row["part"] != part]
        figures |= before["figures"]
    return rows + found[0], figures | found[1]


def alone(parser: argparse.ArgumentParser, measure: Callable[[Any], Measured]) -> None:
    """The main of a part: measure it by itself, print, and write it where --json says."""
    parser.formatter_class = argparse.RawTextHelpFormatter
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows, figures = measure(options)
    finish(rows, figures, options.json)


def main() -> None:
    """Measure the parts that were asked for; each is kept as soon as it is measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    for part in args.only:
        print(f"{part}:", flush=True)
        module = import_module(f"scale_{part}")
        found = measured(part, module.measure, module.parser().parse_args([]))
        finish(*merged(args.json, part, found), args.json)


if __name__ == "__main__":
    main()
