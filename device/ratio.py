"""Ratio of two rows that took turns, with an interval.

Round by round the two ran within a second of each other, so the ratio of their medians in one round
is free of what the machine did to both. The rounds are resampled (percentile bootstrap, Efron and
Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13), not the runs: runs of one round are
not independent.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from statistics import median

from device.report import FileRun, Report

RESAMPLES = 2000
COVERED = 0.95
"""Share of the interval."""
LEAST_ROUNDS = 5
"""Fewer rounds give no interval."""


@dataclass(frozen=True)
class Ratio:
    """How much longer one row takes than another."""

    value: float
    low: float | None
    """Lower end of the 95 % interval, null with under LEAST_ROUNDS rounds or without turns."""
    high: float | None
    """Upper end of it."""

    def __str__(self) -> str:
        """As a table shows it: `0.52 (0.51-0.54)`."""
        if self.low is None or self.high is None:
            return f"{self.value:.3g}"
        return f"{self.value:.3g} ({self.low:.3g}-{self.high:.3g})"


def ratio(row: FileRun, base: FileRun) -> Ratio | None:
    """Return the time of one run of `row` over that of `base`; None without as many rounds.

    Rows that ran one after the other, for want of memory, get no interval: it would leave out what
    the machine did between them.
    """
    turns = [a / b for a, b in zip(of_rounds(row), of_rounds(base), strict=False)]
    if not turns or len(row.rounds) != len(base.rounds):
        return None
    if len(turns) < LEAST_ROUNDS or not took_turns(row, base):
        return Ratio(median(turns), None, None)
    rng = random.Random(0)
    draws = sorted(median(rng.choices(turns, k=len(turns))) for _ in range(RESAMPLES))
    outside = int(RESAMPLES * (1 - COVERED) / 2)
    return Ratio(median(turns), draws[outside], draws[-1 - outside])


def took_turns(row: FileRun, base: FileRun) -> bool:
    """Say whether each round of both began before the next one of either, as far as is known."""
    pairs = list(zip(row.started_s, base.started_s, strict=False))
    return all(max(pairs[i]) < min(pairs[i + 1]) for i in range(len(pairs) - 1))


def of_rounds(row: FileRun) -> list[float]:
    """Return the time of one run in each round, ns: the median latency of a single stream, or the
    time between two ends of runs where several are in flight."""
    if row.mode == "throughput":
        pairs = zip(row.took_s, row.rounds, strict=False)
        return [took / count * 1e9 for took, count in pairs if count]
    start, found = 0, []
    for count in row.rounds:
        found.append(median(row.latency_ns[start : start + count]))
        start += count
    return found


def per_second(row: FileRun) -> float | None:
    """Return runs per second over all rounds, None where they are not timed as a whole."""
    total = sum(row.took_s)
    return sum(row.rounds) / total if total > 0 else None


def base_of(row: FileRun, report: Report) -> FileRun | None:
    """Return the row that `row` is compared with.

    Of a later bundle: the first bundle's row of the same target and runtime. Otherwise the first
    row with the same work that ran. None for that row itself, and where there is none.
    """
    ran = [run for run in report.runs if run.status == "ran" and run.latency_ns]
    same = [run for run in ran if run.work == row.work]
    first = [run for run in same if run.bundle == report.bundles[0].label]
    if row.bundle != report.bundles[0].label:
        first = [run for run in first if (run.target, run.runtime) == (row.target, row.runtime)]
    return first[0] if first and first[0] is not row else None
