"""Two reports side by side: which rows became slower, faster, or show no difference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from device.budget import row_name
from device.ratio import of_rounds, per_second
from device.report import FileRun, Report, percentile_ms
from device.shift import Shift, blocks_of, compare_runs, holm, least_p

if TYPE_CHECKING:
    Key = tuple[object, ...]

LEVEL = 0.05
"""Chance that any row of a comparison of equal reports is called different."""
SAME = 0.01
"""Relative change of memory, load time or energy that is not worth a line."""


@dataclass(frozen=True)
class Row:
    """One row that both reports have, or that only one has."""

    bundle: str
    row: str
    outcome: Literal[
        "slower", "faster", "no difference shown", "not compared", "gone", "only in new"
    ]
    reason: str | None
    """Why it was not compared; null where it was."""
    old_p50_ms: float | None
    new_p50_ms: float | None
    shift: Shift | None
    """Ratio with interval; null where it was not compared."""
    p_corrected: float | None
    """Holm's p over all rows compared."""
    over_limit: bool
    """Whether this row shuts the gate: slower by more than the limit, or gone. A row that could
    not be compared is slower where its median is."""
    also: tuple[str, ...]
    """What else changed: memory, load time, energy, accuracy; no test stands behind these."""


@dataclass(frozen=True)
class Comparison:
    """What `--compare` found; `--json` writes it."""

    limit: float
    """Slower by more than this fraction shuts the gate."""
    differences: tuple[str, ...]
    """What makes the two reports hard to compare, allowed by `--anyway` or worth knowing."""
    rows: tuple[Row, ...]

    @property
    def failed(self) -> bool:
        """Whether the gate stays shut: a row over the limit or gone, or nothing compared."""
        compared = any(row.shift for row in self.rows)
        return not compared or any(row.over_limit for row in self.rows)


def obstacles(old: Report, new: Report) -> list[str]:
    """Return why the two should not be compared: board, power mode, emulation, model."""
    found = []
    for what, key in (("board", "model"), ("power mode", "power_mode"), ("hypervisor", "virtual")):
        before, after = getattr(old.board, key), getattr(new.board, key)
        if before != after:
            found.append(f"different {what}: '{before or 'none'}' and '{after or 'none'}'")
    for name, report in (("old", old), ("new", new)):
        if report.board.emulation:
            found.append(f"the {name} report is emulated ({report.board.emulation})")
    hashes = {subject.label: subject.manifest_sha256 for subject in old.bundles}
    for subject in new.bundles:
        if hashes.get(subject.label, subject.manifest_sha256) != subject.manifest_sha256:
            found.append(f"different models: the manifest of '{subject.label}' has changed")
    return found


def notes(old: Report, new: Report) -> list[str]:
    """Return what differs beside the models and may move times."""
    pairs = [
        ("system", old.board.os, new.board.os),
        ("kernel", old.board.kernel, new.board.kernel),
        ("governor", old.before.governor, new.before.governor),
        ("cores", old.created.host.cores, new.created.host.cores),
        ("Python", old.created.python, new.created.python),
    ]
    found = [f"{what} was {a or 'unknown'}, is {b or 'unknown'}" for what, a, b in pairs if a != b]
    for name, report in (("old", old), ("new", new)):
        doubted = sum(bool(run.doubts) for run in report.runs if run.status == "ran")
        if doubted:
            found.append(f"{doubted} rows of the {name} report have doubts")
    return found


def compare(old: Report, new: Report, limit: float, anyway: bool = False) -> Comparison:
    """Compare rows of the same bundle, file, runtime, threads, work and mode.

    limit: fraction, e.g. 0.05. ValueError names what forbids a comparison, unless `anyway`.
    """
    against = obstacles(old, new)
    if against and not anyway:
        raise ValueError(f"not comparable: {'; '.join(against)}; --anyway compares all the same")
    before, after = _keyed(old), _keyed(new)
    shifts = _able({key: _shift(before[key], after[key]) for key in after if key in before})
    tested = {key: shift.p for key, shift in shifts.items() if isinstance(shift, Shift)}
    p_values = holm(list(tested.values()))
    corrected = {key: p_values[i] for i, key in enumerate(tested)}
    rows = [
        _row(before[key], after[key], shift, corrected.get(key), limit)
        for key, shift in shifts.items()
        if _worth(before[key], after[key])
    ]
    rows += _unmatched(before, after)
    if len({row.bundle for row in rows}) > 1:
        rows = [replace(row, row=f"{row.bundle}/{row.row}") for row in rows]
    return Comparison(limit, (*against, *notes(old, new)), tuple(rows))


def _able(shifts: dict[Key, Shift | str]) -> dict[Key, Shift | str]:
    """Return the shifts without those whose rounds are too few for any p over so many rows."""
    tested = sum(isinstance(shift, Shift) for shift in shifts.values())

    def able(shift: Shift | str) -> Shift | str:
        if isinstance(shift, str) or least_p(shift.blocks) * tested <= LEVEL:
            return shift
        few = " and ".join(map(str, shift.blocks))
        return f"{few} independent rounds show nothing among {tested} rows: measure more --rounds"

    return {key: able(shift) for key, shift in shifts.items()}


def _keyed(report: Report) -> dict[Key, FileRun]:
    """Return the rows by what makes two of them the same work; versions of runtimes may differ."""
    return {
        (
            run.bundle, run.file, re.sub(r"\s\d[\w.+-]*", "", run.runtime), run.threads,
            run.work, run.mode, run.in_flight,
        ): run
        for run in report.runs
    }  # fmt: skip


def _worth(old: FileRun, new: FileRun) -> bool:
    return "ran" in (old.status, new.status)


def _shift(old: FileRun, new: FileRun) -> Shift | str:
    for name, run in (("old", old), ("new", new)):
        if run.status != "ran":
            return f"{run.status} in the {name} report: {run.reason}"
        if not run.latency_ns:
            return f"the {name} report has no latencies"
    blocks = [_blocks(run) for run in (old, new)]
    shift = compare_runs(blocks[0], blocks[1])
    return shift or "too few independent rounds, or they drift: measure longer"


def _blocks(run: FileRun) -> list[list[int]]:
    """Return the samples of a row: its runs, or where several are in flight the time for each run
    in each round, since a latency does not tell how many ended beside it."""
    if run.mode == "single-stream":
        return blocks_of(run.latency_ns, run.rounds)
    times = [max(1, round(ns)) for ns in of_rounds(run)]
    return blocks_of(times, (1,) * len(times))


def _typical_ms(run: FileRun) -> float | None:
    """Return the median latency, or the time for each run where several are in flight."""
    if not run.latency_ns:
        return None
    rate = per_second(run)
    if run.mode == "single-stream":
        return percentile_ms(run.latency_ns, 50)
    return 1e3 / rate if rate else None


def _row(
    old: FileRun, new: FileRun, shift: Shift | str, corrected: float | None, limit: float
) -> Row:
    p50 = [_typical_ms(run) for run in (old, new)]
    reason = shift if isinstance(shift, str) else None
    outcome, over = "not compared", old.status == "ran" and new.status != "ran"
    if isinstance(shift, Shift) and corrected is not None:
        found = corrected <= LEVEL
        outcome = "no difference shown"
        if found:
            outcome = "slower" if shift.ratio > 1 else "faster"
        over = found and shift.ratio > 1 + limit
    elif over:
        outcome = "gone"
    elif p50[0] is not None and p50[1] is not None:
        over = p50[1] / p50[0] > 1 + limit
    return Row(
        bundle=new.bundle,
        row=row_name(new),
        outcome=outcome,  # type: ignore[arg-type]
        reason=reason,
        old_p50_ms=p50[0],
        new_p50_ms=p50[1],
        shift=None if isinstance(shift, str) else shift,
        p_corrected=corrected,
        over_limit=over,
        also=tuple(_also(old, new)),
    )


def _also(old: FileRun, new: FileRun) -> Iterator[str]:
    """Yield what changed beside the latency, without a test."""
    if old.status != "ran" or new.status != "ran":
        return
    if old.runtime != new.runtime:
        yield f"{old.runtime} is now {new.runtime}"
    figures = [
        ("size", old.bytes, new.bytes),
        ("peak memory", old.peak_rss_bytes, new.peak_rss_bytes),
        ("arena", old.arena_bytes, new.arena_bytes),
        ("energy", old.energy_mj, new.energy_mj),
    ]
    for what, a, b in figures:
        if a and b and abs(b / a - 1) > SAME:
            yield f"{what} {b / a - 1:+.1%}"
        elif (a is None) != (b is None):
            yield f"{what} is {'no longer' if b is None else 'now'} measured"
    if (old.accuracy is None) != (new.accuracy is None):
        yield f"accuracy is {'no longer' if new.accuracy is None else 'now'} measured"
    if old.accuracy and new.accuracy and old.accuracy.value != new.accuracy.value:
        yield f"{old.accuracy.what}: {old.accuracy.value:.4g}, now {new.accuracy.value:.4g}"


def _unmatched(before: dict[Key, FileRun], after: dict[Key, FileRun]) -> Iterator[Row]:
    for key, run in before.items():
        if key not in after and run.status == "ran":
            yield _lonely(run, "gone", "only the old report has it", True)
    for key, run in after.items():
        if key not in before and run.status == "ran":
            yield _lonely(run, "only in new", "nothing to compare with", False)


def _lonely(run: FileRun, outcome: Literal["gone", "only in new"], why: str, over: bool) -> Row:
    return Row(run.bundle, row_name(run), outcome, why, None, None, None, None, over, ())
