"""A report as one HTML file: doubts and budgets first, then figures, histograms, the board in time.

Written with the standard library, because a bare board may write it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from device.budget import Verdict, row_name
from device.charts import COLOURS, colour, curves, histogram, in_order
from device.page_style import STYLE
from device.report import FileRun, Moment, Report, percentile_ms
from device.stamp import Stamp
from device.table import doubt_lines, heads_and_rows, note_lines, subjects

MOST_CURVES = 2 * COLOURS


def report_page(report: Report, verdicts: Sequence[Verdict] = ()) -> str:
    """Return the page of a report with the verdicts of its budgets."""
    board = report.board
    ran = [run for run in report.runs if run.status == "ran"]
    title = f"{subjects(report)} on {board.model or board.name}"
    about = [
        board.os, board.kernel, f"power mode {board.power_mode}" if board.power_mode else "",
        f"board '{board.name}'", report.created.created_utc,
    ]  # fmt: skip
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{escape(", ".join(filter(None, about)))}</p>',
        _gate(report, verdicts),
        _doubts(report),
        _budgets(verdicts),
        _figures(report),
        *_latencies(ran, len(report.bundles) > 1),
        *_telemetry(report),
        _absent(report),
        _stamp(report),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style>\n"
        f"<main>\n{''.join(parts)}</main>\n</html>\n"
    )


def _gate(report: Report, verdicts: Sequence[Verdict]) -> str:
    missed = sum(verdict.failed for verdict in verdicts)
    failed = sum(run.status == "failed" for run in report.runs)
    kept = sum(verdict.outcome == "kept" for verdict in verdicts)
    lines = [f"{failed} rows failed to run."] if failed else []
    if missed:
        lines.append(f"{missed} of {missed + kept} budgets are missed or not shown.")
    elif verdicts:
        lines.append(f"All {kept} budgets are kept.")
    elif not failed:
        return '<p class="panel">No budget was given: this page gates nothing.</p>'
    kind = "bad" if missed or failed else "good"
    return f'<p class="panel {kind}"><b>{" ".join(lines)}</b></p>'


def _doubts(report: Report) -> str:
    lines = [line[len("doubt: ") :] for line in doubt_lines(report)]
    if not lines:
        return '<p class="panel good">No doubt was raised about these measurements.</p>'
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<div class="panel doubt"><b>Why not to trust this</b><ul>{items}</ul></div>'


def _budgets(verdicts: Sequence[Verdict]) -> str:
    rows = [
        (verdict.outcome, verdict.budget.name, verdict.row or "-", verdict.text)
        for verdict in sorted(verdicts, key=lambda verdict: (not verdict.failed, verdict.outcome))
        if verdict.outcome != "does not apply"
    ]
    kinds = {"kept": "good", "missed": "bad", "not shown": "bad"}
    return _table("Budgets", ("", "budget", "row", "figure and limit"), rows, kinds, "words")


def _figures(report: Report) -> str:
    heads, rows = heads_and_rows(report)
    notes = "".join(f'<p class="soft">{escape(line)}</p>' for line in note_lines(report))
    return _table("Figures", heads, rows, {}) + notes


def _table(
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    kinds: dict[str, str],
    style: str = "",
) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join(
        "<tr>"
        + "".join(f'<td class="{kinds.get(cell, "")}">{escape(cell)}</td>' for cell in row)
        + "</tr>"
        for row in rows
    )
    rows_of = f'<table class="{style}"><tr>{head}</tr>{body}</table>'
    return f'<h2>{escape(title)}</h2><div class="scroll">{rows_of}</div>'


def _latencies(ran: list[FileRun], labels: bool) -> Iterator[str]:
    timed = [run for run in ran if run.latency_ns]
    if timed:
        yield "<h2>Latencies</h2>"
    for run in timed:
        values = [value / 1e6 for value in run.latency_ns]
        marks = {f"p{percent}": percentile_ms(run.latency_ns, percent) for percent in (50, 90, 99)}
        name = (f"{run.bundle}/" if labels else "") + row_name(run)
        yield (
            f"<h3>{escape(name)}</h3><div class='pair'>"
            f"<figure>{histogram(values, marks, 'ms', f'latencies of {name}')}</figure>"
            f"<figure>{in_order(values, run.rounds, 'ms', f'{name}, in order')}</figure></div>"
        )


def _telemetry(report: Report) -> Iterator[str]:
    moments = report.telemetry
    if not moments:
        yield "<h2>The board over time</h2><p class='soft'>No telemetry was taken.</p>"
        return
    yield (
        "<h2>The board over time</h2><p class='soft'>Shaded: rounds of measured runs. "
        "Red lines: the board held its clocks back.</p><div class='pair'>"
    )
    spans = [
        (start, start + took)
        for run in report.runs
        for start, took in zip(run.started_s, run.took_s, strict=False)
    ]
    alarms = [moment.at_s for moment in moments if moment.throttled]
    source = f" ({report.power_source})" if report.power_source else ""
    for title, unit, series in (
        ("Temperature", "°C", _by_name(moments, "temperatures_c")),
        (f"Power{source}", "mW", _by_name(moments, "power_mw")),
        ("Clocks", "MHz", _clocks(moments)),
    ):
        if not series:
            none = "<p class='soft'>The board tells none.</p>"
            yield f"<figure><h3>{escape(title)}</h3>{none}</figure>"
            continue
        chart = curves(series, spans, alarms, unit, title)
        yield f"<figure><h3>{escape(title)}</h3>{chart}{_legend(list(series))}</figure>"
    yield "</div>"


def _by_name(moments: Sequence[Moment], key: str) -> dict[str, list[tuple[float, float]]]:
    series: dict[str, list[tuple[float, float]]] = {}
    for moment in moments:
        for name, value in getattr(moment, key).items():
            series.setdefault(name, []).append((moment.at_s, value))
    return dict(list(series.items())[:MOST_CURVES])


def _clocks(moments: Sequence[Moment]) -> dict[str, list[tuple[float, float]]]:
    """Return a curve a core, cores that always agree as one."""
    cores: dict[int, list[tuple[float, float]]] = {}
    for moment in moments:
        for core, value in enumerate(moment.clocks_mhz):
            cores.setdefault(core, []).append((moment.at_s, value))
    alike: dict[tuple[tuple[float, float], ...], list[int]] = {}
    for core, curve in cores.items():
        alike.setdefault(tuple(curve), []).append(core)
    named = {
        ("core " if len(group) == 1 else "cores ") + ", ".join(map(str, group)): list(curve)
        for curve, group in alike.items()
    }
    return dict(list(named.items())[:MOST_CURVES])


def _legend(names: Sequence[str]) -> str:
    return (
        "<p class='legend'>"
        + "".join(
            f"<span><i style='background:{colour(index)}'></i>{escape(name)}</span>"
            for index, name in enumerate(names)
        )
        + "</p>"
    )


def _absent(report: Report) -> str:
    rows = [(run.status, row_name(run), run.reason or "") for run in report.runs if run.reason]
    return _table("Not measured", ("", "row", "why"), rows, {"failed": "bad"}, "words")


def _stamp(report: Report) -> str:
    sums = "".join(
        f"<br>{escape(subject.label)}: manifest {escape(subject.manifest_sha256)}"
        for subject in report.bundles
    )
    overhead = report.overhead_ns
    loop = "" if overhead is None else f"<br>An empty run through the same loop: {overhead} ns."
    return (
        f"<h2>How this was made</h2><pre>{escape(report.created.command)}</pre>"
        f'<p class="soft stamp">{escape(stamp_line(report.created))}{loop}{sums}</p>'
    )


def stamp_line(stamp: Stamp) -> str:
    """Return version, commit, time, machine and libraries in one line."""
    host = stamp.host
    libraries = ", ".join(f"{name} {version}" for name, version in stamp.libraries.items())
    return (
        f"Collodi {stamp.kit_version}, commit {stamp.commit or 'none'}, {stamp.created_utc}, "
        f"Python {stamp.python}, {host.cpu_model} ({host.cores} cores, {host.machine}); {libraries}"
    )
