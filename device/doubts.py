"""Why not to trust a measurement, said by the tool itself. Each gate stands in one constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from device.report import Board, Conditions, FileRun, Report, spans_of

FEW_RUNS = 30
"""Below this a p99 is the maximum of a handful."""
SPREAD = 0.15
"""Interquartile range over median."""
TAIL = 2.0
"""p99 over median."""
DRIFT = 0.08
"""Change of the midmean from the first third of the runs to the last."""
BUSY = 0.9
"""CPU time over wall time, for one thread; below it something else had the core."""
LOAD_PER_CORE = 0.25
"""Load before the first run."""
NOISIER_DB = 1.0
"""Signal to noise of the answers, below that of the host."""
LOST_DB = 3.0
"""A row whose answers are this much noisier than where the samples were made has failed."""
ENOUGH_DB = 60.0
"""Above this the noise is that of the order of float additions, and no loss."""
LEAST_DB = 10.0
"""What a file needs that did not run where the samples were made."""
CLOCK_DROP = 0.9
"""Mean clock after over mean clock before."""
HOT_C = 80.0
"""Where a Raspberry Pi begins to lower its clock."""
HOT_START_C = 60.0
"""Before the first run; what follows starts nearer to the limit than it would on a cool board."""

NO_TIMES: dict[str, Any] = {
    **dict.fromkeys(("warmup_ns", "latency_ns", "rounds", "started_s", "took_s"), ()),
    **dict.fromkeys(("load_ms", "cold_ns", "cpu_ns", "energy_mj"), None),
}
"""Every field of a row that a time went into."""


def doubt(run: FileRun, report: Report, cores: int) -> FileRun:
    """Return the row with its doubts; under emulation also without its latencies.

    report: the one it is a row of, with the conditions and the telemetry. cores: of the board.
    """
    board, before, after = report.board, report.before, report.after
    if board.emulation:  # also of a row that failed
        run = replace(run, **NO_TIMES)
    if run.status != "ran":
        return run
    found = [*run.doubts, *of_answers(run)]
    if board.emulation:
        found.append(f"emulation: {board.emulation}; times mean nothing, none is given")
    else:
        found += [*of_latencies(run), *of_board(board, before, after, cores)]
        found += of_moments(run, report)
    return replace(run, doubts=tuple(found))


def judged(row: FileRun) -> FileRun:
    """Return the row, `failed` where it answers too wrongly for its speed to count."""
    seen = row.accuracy
    if seen is None:
        return row
    floor = LEAST_DB if seen.reference is None else min(seen.reference, ENOUGH_DB) - LOST_DB
    if seen.value >= floor:
        return row
    reason = f"wrong answers: {seen.value:.1f} dB on {seen.samples} samples, {floor:.1f} needed"
    return replace(row, status="failed", reason=reason)


def of_answers(run: FileRun) -> list[str]:
    """Return what the answers on a sample set give away, short of a failure."""
    seen = run.accuracy
    if seen is None:
        return []
    if seen.reference is None:
        return [f"answers: {seen.value:.1f} dB, and nothing to hold it to: it is new here"]
    lost = min(seen.reference, ENOUGH_DB) - seen.value
    if lost > NOISIER_DB:
        return [f"answers: {lost:.1f} dB noisier than where the samples were made"]
    return []


def of_latencies(run: FileRun) -> list[str]:
    """Return what the raw latencies themselves give away."""
    values = run.latency_ns
    found = []
    if len(values) < FEW_RUNS:
        found.append(f"few runs: {len(values)}, under {FEW_RUNS}")
    if len(values) < 4:
        return found
    ordered, middle = sorted(values), median(values)
    spread = (ordered[len(values) * 3 // 4] - ordered[len(values) // 4]) / middle
    tail = ordered[-max(1, len(values) // 100)] / middle
    if spread > SPREAD:
        found.append(f"deviation: half of the runs differ by over {spread:.0%} of the median")
    elif tail > TAIL:
        found.append(f"deviation: the slowest took {tail:.1f} x the median")
    third = len(values) // 3
    drift = midmean(values[-third:]) / midmean(values[:third]) - 1
    if abs(drift) > DRIFT:
        found.append(f"drift: the last third is {drift:+.0%} against the first")
    alone = run.threads == 1 and run.in_flight == 1
    if alone and run.cpu_ns is not None and run.cpu_ns / sum(values) < BUSY:
        share = run.cpu_ns / sum(values)
        found.append(f"interrupted: it had the core for {share:.0%} of the time")
    return found


def of_board(board: Board, before: Conditions, after: Conditions, cores: int) -> list[str]:
    """Return what the state of the board casts doubt on."""
    found = []
    if before.load_1min is not None and before.load_1min / cores > LOAD_PER_CORE:
        found.append(f"other load: {before.load_1min:.1f} on {cores} cores before the start")
    if before.governor is not None and before.governor != "performance":
        found.append(f"governor '{before.governor}' moves the clock; 'performance' does not")
    held = dict.fromkeys([*before.throttled, *after.throttled])
    if held:
        found.append(f"throttled: {', '.join(held)}")
    if before.clocks_mhz and after.clocks_mhz:
        ratio = _mean(after.clocks_mhz) / max(_mean(before.clocks_mhz), 1e-9)
        if ratio < CLOCK_DROP:
            found.append(f"clock fell to {ratio:.0%} of its start")
    start = max(before.temperatures_c.values(), default=0.0)
    if start >= HOT_START_C:
        found.append(f"hot start: {start:.0f} C before the first run")
    hottest = max(after.temperatures_c.values(), default=0.0)
    if hottest >= HOT_C:
        found.append(f"hot: {hottest:.0f} C")
    if board.virtual:
        found.append("virtual machine: it may share its cores")
    return found


def of_moments(run: FileRun, report: Report) -> list[str]:
    """Return what the telemetry of the row's own rounds casts doubt on."""
    inside = [moment for moment in report.telemetry if _within(moment.at_s, run)]
    found = []
    known = {*report.before.throttled, *report.after.throttled}
    held = dict.fromkeys(text for m in inside for text in m.throttled if text not in known)
    if held:
        found.append(f"throttled: {', '.join(held)}, during the runs")
    fastest = [max(moment.clocks_mhz) for moment in inside if moment.clocks_mhz]
    if fastest and min(fastest) < CLOCK_DROP * max(fastest):
        span = f"{min(fastest):.0f} to {max(fastest):.0f} MHz"
        found.append(f"clock: the fastest core ran at {span} during the runs")
    hottest = max((heat for m in inside for heat in m.temperatures_c.values()), default=0.0)
    if hottest >= HOT_C > max(report.after.temperatures_c.values(), default=0.0):
        found.append(f"hot: {hottest:.0f} C during the runs")
    if report.power_source is not None and run.energy_mj is None:
        found.append("energy: too few samples of power in the rounds; more --runs and --seconds")
    return found


def _within(at_s: float, run: FileRun) -> bool:
    return any(start <= at_s <= end for start, end in spans_of(run))


def midmean(values: Sequence[int]) -> float:
    """Return the mean of the middle half: as robust as the median, and steady on two modes."""
    quarter = len(values) // 4
    middle = sorted(values)[quarter : len(values) - quarter]
    return sum(middle) / len(middle)


def _mean(values: tuple[float, ...]) -> float:
    return sum(values) / len(values)
