"""A report as text for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from device.ratio import base_of, per_second, ratio
from device.report import FileRun, Report, percentile_ms


class Column(NamedTuple):
    """A column of the table; it is left out where all of its cells are a dash."""

    head: str
    cell: Callable[[FileRun, Report], str]


def _latency(percent: float) -> Callable[[FileRun, Report], str]:
    def cell(run: FileRun, report: Report) -> str:
        del report
        return f"{percentile_ms(run.latency_ns, percent):.3f}" if run.latency_ns else "-"

    return cell


def _file(run: FileRun, report: Report) -> str:
    inside = " with front end" if run.work == "front end and model" else ""
    return (f"{run.bundle}/" if len(report.bundles) > 1 else "") + run.file + inside


def _rate(run: FileRun, report: Report) -> str:
    del report
    rate = per_second(run) if run.mode == "throughput" else None
    return "-" if rate is None else f"{rate:.1f} x{run.in_flight}"


def _ratio(run: FileRun, report: Report) -> str:
    base = base_of(run, report)
    found = ratio(run, base) if base is not None else None
    return "-" if found is None else str(found)


def _agreement(run: FileRun, report: Report) -> str:
    del report
    seen = run.accuracy
    return "-" if seen is None or seen.agreement is None else f"{seen.agreement:.1%}"


COLUMNS = (
    Column("file", _file),
    Column("runtime", lambda run, _: run.runtime),
    Column("size", lambda run, _: size_text(run.bytes) if run.bytes else "-"),
    Column("load ms", lambda run, _: "-" if run.load_ms is None else f"{run.load_ms:.1f}"),
    Column("cold ms", lambda run, _: "-" if run.cold_ns is None else f"{run.cold_ns / 1e6:.3f}"),
    Column("p50 ms", _latency(50)),
    Column("p90 ms", _latency(90)),
    Column("p99 ms", _latency(99)),
    Column("runs/s", _rate),
    Column("x first", _ratio),
    Column("SNR dB", lambda run, _: f"{run.accuracy.value:.1f}" if run.accuracy else "-"),
    Column("same top", _agreement),
    Column("mJ", lambda run, _: "-" if run.energy_mj is None else f"{run.energy_mj:.3g}"),
    Column(
        "peak MiB",
        lambda run, _: f"{run.peak_rss_bytes / 2**20:.0f}" if run.peak_rss_bytes else "-",
    ),
    Column("arena", lambda run, _: size_text(run.arena_bytes) if run.arena_bytes else "-"),
)


def report_text(report: Report) -> str:
    """Return the table of a report with its doubts and what did not run below it."""
    board = report.board
    heads, rows = heads_and_rows(report)
    lines = [
        f"{subjects(report)} on {board.model or board.name}, {board.os}",
        "",
        *([*table([heads, *rows]), ""] if rows else []),
    ]
    lines += absent_lines(report)
    return "\n".join([*lines, *note_lines(report), *doubt_lines(report)]).rstrip()


def heads_and_rows(report: Report) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the heads of the columns that say something, and a row for each run that ran."""
    ran = [run for run in report.runs if run.status == "ran"]
    cells = {column.head: [column.cell(run, report) for run in ran] for column in COLUMNS}
    heads = tuple(head for head, column in cells.items() if set(column) - {"-"})
    return heads, [tuple(cells[head][i] for head in heads) for i in range(len(ran))]


def subjects(report: Report) -> str:
    """Return what was measured, e.g. `kws-en (kws), kws-en#2 (kws)`."""
    return ", ".join(f"{subject.label} ({subject.task})" for subject in report.bundles)


def note_lines(report: Report) -> list[str]:
    """Return what the numbers of the table include: the harness, idle power, operators."""
    ran = [run for run in report.runs if run.latency_ns]
    lines = []
    if report.overhead_ns is not None and ran:
        fastest = min(median(run.latency_ns) for run in ran)
        lines.append(
            f"harness: an empty run takes {report.overhead_ns} ns, "
            f"{report.overhead_ns / fastest:.2%} of the fastest row"
        )
    if any(run.energy_mj is not None for run in ran):
        idle = "" if report.idle_mw is None else f"; idle it drew {report.idle_mw / 1000:.2f} W"
        lines.append(f"energy: all of {report.power_source}, idle power included{idle}")
    for run in report.runs:
        if run.ops:
            lines.append(f"operators of {_file(run, report)}: {', '.join(run.ops)}")
    return lines


def size_text(count: int) -> str:
    """Return a number of bytes in KiB or MiB."""
    return f"{count / 1024:.1f} KiB" if count < 1 << 20 else f"{count / 2**20:.1f} MiB"


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return aligned lines, the first two columns to the left and the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            text.ljust(width) if i < 2 else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def absent_lines(report: Report) -> list[str]:
    """Return what did not run, one line a reason."""
    files: dict[tuple[str, str], list[str]] = {}
    for run in report.runs:
        if run.status != "ran":
            name = _file(run, report) + (f" ({run.runtime})" if run.runtime != "-" else "")
            files.setdefault((run.status, run.reason or ""), []).append(name)
    return [f"{status}: {', '.join(names)}: {why}" for (status, why), names in files.items()]


def doubt_lines(report: Report) -> list[str]:
    """Return one line for each kind of doubt: its first phrase, and the rows that have one."""
    ran = [run for run in report.runs if run.status == "ran"]
    kinds: dict[str, list[tuple[str, str]]] = {}
    for run in ran:
        for phrase in run.doubts:
            name = f"{_file(run, report)} ({run.runtime.split()[0]})"
            kinds.setdefault(phrase.split(":")[0], []).append((phrase, name))
    return [_doubt_line(said, len(ran)) for said in kinds.values()]


def _doubt_line(said: Sequence[tuple[str, str]], rows: int) -> str:
    phrase, name = said[0]
    if len(said) == rows and len({text for text, _ in said}) == 1:
        return f"doubt: {phrase}"
    others = f" and {len(said) - 1} other rows" if len(said) > 2 else ""
    others = f" and {said[1][1]}" if len(said) == 2 else others
    return f"doubt: {phrase}: {name}{others}"
