"""A report as text for people."""

from __future__ import annotations

from device.report import FileRun, Report, percentile_ms

HEADS = ("file", "runtime", "size", "load ms", "p50 ms", "p90 ms", "p99 ms", "peak MiB", "arena")


def report_text(report: Report) -> str:
    """Return the table of a report with its doubts and what did not run below it."""
    board = report.board
    ran = [run for run in report.runs if run.status == "ran"]
    lines = [
        f"{subjects(report)} on {board.model or board.name}, {board.os}",
        "",
        *table([HEADS, *(cells(run) for run in ran)]),
        "",
    ]
    lines += [
        f"{run.status}: {run.file} ({run.runtime}): {run.reason}"
        for run in report.runs
        if run.status != "ran"
    ]
    return "\n".join([*lines, *doubt_lines(ran)]).rstrip()


def subjects(report: Report) -> str:
    """Return what was measured, e.g. `kws-en (kws), kws-en#2 (kws)`."""
    return ", ".join(f"{subject.label} ({subject.task})" for subject in report.bundles)


def cells(run: FileRun) -> tuple[str, ...]:
    """Return one row of the table; what was not measured is a dash."""
    latency = [
        f"{percentile_ms(run.latency_ns, percent):.3f}" if run.latency_ns else "-"
        for percent in (50, 90, 99)
    ]
    return (
        run.file,
        run.runtime,
        size_text(run.bytes) if run.bytes else "-",
        "-" if run.load_ms is None else f"{run.load_ms:.1f}",
        *latency,
        "-" if run.peak_rss_bytes is None else f"{run.peak_rss_bytes / 2**20:.0f}",
        "-" if run.arena_bytes is None else size_text(run.arena_bytes),
    )


def size_text(count: int) -> str:
    """Return a number of bytes in KiB or MiB."""
    return f"{count / 1024:.1f} KiB" if count < 1 << 20 else f"{count / 2**20:.1f} MiB"


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Return aligned lines, the first two columns to the left and the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            text.ljust(width) if i < 2 else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def doubt_lines(ran: list[FileRun]) -> list[str]:
    """Return each doubt once, with the rows that it concerns."""
    files: dict[str, list[str]] = {}
    for run in ran:
        for phrase in run.doubts:
            files.setdefault(phrase, []).append(f"{run.file} ({run.runtime.split()[0]})")
    return [
        f"doubt: {phrase}" + ("" if len(names) == len(ran) else f": {', '.join(names)}")
        for phrase, names in files.items()
    ]
