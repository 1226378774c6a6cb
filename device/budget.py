"""Budgets: what a measured row may cost at most or must reach at least, and by how much it misses.

A budget that cannot be judged is missed: what was not measured, emulated times and a percentile of
too few runs never pass. Units are those of SI: 1 kB is 1000 bytes, 1 KiB is 1024.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from device.ratio import per_second
from device.report import FileRun, Report, percentile_ms
from device.strict import nearest

TIMES = {"us": 1e3, "ms": 1e6, "s": 1e9}
SIZES = {"kb": 1e3, "kib": 1024.0, "mb": 1e6, "mib": 2.0**20}
UNITS = {
    "p": TIMES,
    "median": TIMES,
    "cold": TIMES,
    "load": TIMES,
    "rss": SIZES,
    "arena": SIZES,
    "bytes": SIZES,
    "energy": {"uj": 1e-3, "mj": 1.0, "j": 1e3},
    "throughput": {"per_s": 1.0},
    "accuracy": {"": 1.0},
    "agreement": {"percent": 0.01},
    "doubts": {"": 1.0},
}
"""Quantity to its units, each with what it is in the unit of the report (ns, bytes, mJ)."""
AT_LEAST = ("throughput", "accuracy", "agreement")
"""Here more is better."""
OF_THE_FILE = ("arena", "bytes")
"""Known without a run of the file."""
TIMED = ("p", "median", "cold", "load", "throughput", "energy")
"""Nothing under emulation, nor on kernels that stand for another machine."""
NAMES = (
    "p50_ms, p90_ms, p99_ms, median_ms, cold_ms, load_ms, rss_mb, arena_kb, bytes_kb, energy_mj, "
    "throughput_per_s, accuracy, agreement_percent, doubts (times also in us and s, sizes in kb, "
    "kib, mb and mib, energy in uj and j)"
)
HARDLY_TIMED = ("tflm", "tflite-micro")
"""TFLite Micro's portable kernels run here as an estimate; its times are of no board."""


@dataclass(frozen=True)
class Budget:
    """One limit, e.g. `p99_ms=20` or `tflite-int8:p99_ms=20`."""

    scope: str
    """Path or target of a file, or runtime, that it holds for; empty: every model."""
    name: str
    """Quantity and unit as written, e.g. `p99_ms`."""
    quantity: str
    """Key of UNITS."""
    percent: float
    """Percentile of `p`, 0 elsewhere."""
    factor: float
    """One of its unit in the unit of the report."""
    limit: float
    """In the unit of the name: a floor for AT_LEAST, a ceiling elsewhere."""


@dataclass(frozen=True)
class Verdict:
    """One budget on one row."""

    budget: Budget
    bundle: str
    """Label of the bundle; empty where no row is meant."""
    row: str
    """File, runtime and what tells the row from others."""
    outcome: Literal["kept", "missed", "not shown", "does not apply"]
    """`not shown`: nobody can say, which fails too."""
    text: str
    """The figure and by how much it keeps or misses the limit, or why it is not shown."""

    @property
    def failed(self) -> bool:
        """Whether the gate stays shut."""
        return self.outcome in ("missed", "not shown")


def parse_budgets(text: str, where: str = "--budget") -> tuple[Budget, ...]:
    """Read `p99_ms=20,tflite-int8:arena_kb=40`; ValueError names what is wrong and right names."""
    found: dict[tuple[str, str], Budget] = {}
    for item in text.split(","):
        budget = _parse_item(item.strip(), where)
        if (budget.scope, budget.name) in found:
            raise ValueError(f"{where} '{text}': '{item.strip()}' is the second limit of its kind")
        found[budget.scope, budget.name] = budget
    return tuple(found.values())


def table_budgets(table: Mapping[str, float], where: str) -> tuple[Budget, ...]:
    """Read the budgets of a board's entry, e.g. `{"p99_ms": 20, "tflite-int8:arena_kb": 40}`."""
    return tuple(_parse_item(f"{name}={limit:.12g}", where) for name, limit in table.items())


def _parse_item(item: str, where: str) -> Budget:
    left, equals, value = item.rpartition("=")
    scope, _, name = left.rpartition(":")
    if not equals or not name:
        raise ValueError(f"{where} '{item}' is not NAME=LIMIT, e.g. p99_ms=20; names are {NAMES}")
    number = re.fullmatch(r"\d+(\.\d*)?(e[+-]?\d{1,2})?|\.\d+", value.strip())
    if not number:
        raise ValueError(f"{where} '{item}': the limit '{value}' is not a number >= 0")
    quantity, percent, factor = _quantity(name.strip(), item, where)
    return Budget(scope.strip(), name.strip(), quantity, percent, factor, float(value))


def _quantity(name: str, item: str, where: str) -> tuple[str, float, float]:
    """Return (quantity, percentile or 0, factor) of a name such as `p99_ms`."""
    parsed = re.fullmatch(r"(p(?=\d)|[a-z]+)(\d{1,2}(?:\.\d+)?)?(?:_([a-z_]+))?", name)
    quantity = parsed.group(1) if parsed else ""
    percent = float(parsed.group(2) or 0) if parsed else 0.0
    unit = parsed.group(3) or "" if parsed else ""
    if quantity not in UNITS or (quantity == "p") != (percent > 0):
        close = nearest(name, re.findall(r"\w+_\w+|accuracy|doubts", NAMES))
        raise ValueError(f"{where} '{item}': no quantity '{name}'{close or ';'} names are {NAMES}")
    units = UNITS[quantity]
    if unit not in units:
        stem = name.split("_")[0]
        right = ", ".join(f"{stem}_{known}" if known else stem for known in units)
        raise ValueError(f"{where} '{item}': '{name}' has the wrong unit; use {right}")
    return quantity, percent, units[unit]


def judge(report: Report, budgets: Sequence[Budget]) -> tuple[Verdict, ...]:
    """Return the verdict of each budget on each row that it holds for, one or more a budget.

    With several bundles a row's name begins with the label of its own.
    """
    found = tuple(verdict for budget in budgets for verdict in _judge(report, budget))
    if len(report.bundles) < 2:
        return found
    return tuple(replace(one, row=f"{one.bundle}/{one.row}" if one.row else "") for one in found)


def _judge(report: Report, budget: Budget) -> Iterator[Verdict]:
    files: dict[tuple[object, ...], list[FileRun]] = {}
    for run in report.runs:
        if _meant(run, budget.scope):
            files.setdefault((run.bundle, run.file, run.work, run.mode), []).append(run)
    found = [verdict for rows in files.values() for verdict in _of_file(report, budget, rows)]
    yield from found
    if all(verdict.outcome == "does not apply" for verdict in found):
        which = f"no row of '{budget.scope}'" if budget.scope else "no model"
        yield Verdict(budget, "", "", "not shown", f"{which} in this report can show it")


def _meant(run: FileRun, scope: str) -> bool:
    if not scope:
        return run.work != "front end"
    return scope in (run.file, run.target, run.runtime.split(" ")[0])


def _of_file(report: Report, budget: Budget, rows: list[FileRun]) -> Iterator[Verdict]:
    """Judge the rows of one file: each that shows the figure; where none does, say why."""
    shown = False
    for run in rows:
        value = value_of(run, budget, report.board.emulation)
        if value is not None:
            shown = True
            yield _compared(run, budget, value)
        elif run.status == "failed":
            shown = True
            yield Verdict(budget, run.bundle, row_name(run), "not shown", f"failed: {run.reason}")
    if not shown:
        reason = _why_not_shown(report, budget, rows)
        none = not budget.scope and _never(budget, rows)
        outcome: Literal["does not apply", "not shown"] = "does not apply" if none else "not shown"
        yield Verdict(budget, rows[0].bundle, row_name(rows[0]), outcome, reason)


def value_of(run: FileRun, budget: Budget, emulation: str | None) -> float | None:
    """Return what the row shows of a budget's quantity, in its unit; None: nothing."""
    quantity = budget.quantity
    if quantity in TIMED and (emulation or run.runtime.startswith(HARDLY_TIMED)):
        return None
    if quantity == "doubts" and run.runtime.startswith(HARDLY_TIMED):
        return None
    if quantity not in OF_THE_FILE and run.status != "ran":
        return None
    if quantity == "throughput" and run.mode != "throughput":
        return None
    if quantity == "p":
        raw = percentile_ms(run.latency_ns, budget.percent) * 1e6 if run.latency_ns else None
    else:
        raw = _raw(run, quantity)
    return None if raw is None else raw / budget.factor


def _raw(run: FileRun, quantity: str) -> float | None:
    accuracy = run.accuracy
    values = {
        "median": median(run.latency_ns) if run.latency_ns else None,
        "cold": run.cold_ns,
        "load": None if run.load_ms is None else run.load_ms * 1e6,
        "rss": run.peak_rss_bytes,
        "arena": run.arena_bytes,
        "bytes": run.bytes or None,
        "energy": run.energy_mj,
        "throughput": per_second(run),
        "accuracy": accuracy.value if accuracy else None,
        "agreement": accuracy.agreement if accuracy else None,
        "doubts": len(run.doubts),
    }
    return values[quantity]


def _compared(run: FileRun, budget: Budget, value: float) -> Verdict:
    most = budget.quantity not in AT_LEAST
    over = value - budget.limit if most else budget.limit - value
    share = f" ({over / budget.limit:.1%})" if budget.limit else ""
    limit = f"{value:.4g}, {'at most' if most else 'at least'} {budget.limit:g}"
    needed = math.ceil(100 / (100 - budget.percent) - 1e-6) if budget.quantity == "p" else 0
    if over > 0:
        outcome, text = "missed", f"{limit}: misses by {over:.4g}{share}"
    elif len(run.latency_ns) < needed:
        few = f"{len(run.latency_ns)} runs do not show it, {needed} would: --runs, --seconds"
        outcome, text = "not shown", f"{limit}: {few}"
    else:
        outcome, text = "kept", limit
    return Verdict(budget, run.bundle, row_name(run), outcome, text)  # type: ignore[arg-type]


def _never(budget: Budget, rows: list[FileRun]) -> bool:
    """Say whether no board at all could show this figure of this file."""
    if budget.quantity == "arena":
        return not any(run.target in ("tflite-int8", "c") for run in rows)
    if budget.quantity == "throughput":
        return rows[0].mode != "throughput" or all(run.runtime == "-" for run in rows)
    return all(run.runtime == "-" for run in rows)


def _why_not_shown(report: Report, budget: Budget, rows: list[FileRun]) -> str:
    if report.board.emulation and budget.quantity in TIMED:
        return f"not measured: emulated ({report.board.emulation}), its times mean nothing"
    reasons = dict.fromkeys(run.reason for run in rows if run.reason)
    if reasons:
        return f"not measured: {'; '.join(filter(None, reasons))}"
    if all(run.runtime.startswith(HARDLY_TIMED) for run in rows) and budget.quantity in TIMED:
        return "not measured: TFLite Micro's portable kernels give no time of a board"
    how = {
        "energy": "no power sensor and no meter told it",
        "accuracy": "no samples were given",
        "agreement": "no samples with labels were given",
        "throughput": "runs one by one only",
        "arena": "only TFLite Micro and C have an arena",
    }
    return f"not measured{': ' if budget.quantity in how else ''}{how.get(budget.quantity, '')}"


def row_name(run: FileRun) -> str:
    """Return what tells a row from the others of its bundle."""
    extras = [] if run.threads == 1 else [f"{run.threads} threads"]
    extras += [] if run.work in ("model", "front end") else ["with front end"]
    extras += [] if run.mode == "single-stream" else [run.mode]
    return f"{run.file} ({', '.join([run.runtime, *extras])})"
