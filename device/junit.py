"""JUnit XML, what continuous integration shows as tests: rows, budgets and comparisons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from device.budget import Verdict, row_name
from device.compare import Comparison
from device.report import FileRun, Report, percentile_ms

NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 file may hold."""


def report_xml(report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return a suite with one case a row (ran, failed, skipped) and one a budget and row."""
    suite = _suite("collodi bench", report)
    for run in report.runs:
        case = _case(suite, run.bundle, row_name(run))
        if run.latency_ns:
            case.set("time", f"{sum(run.latency_ns) / 1e9:.6f}")
        if run.status == "failed":
            _say(case, "error", run.reason or "failed")
        elif run.status == "not run":
            _say(case, "skipped", run.reason or "not run")
        else:
            SubElement(case, "system-out").text = _clean(_facts(run))
    for verdict in verdicts:
        name = f"{verdict.budget.name}: {verdict.row}" if verdict.row else verdict.budget.name
        case = _case(suite, verdict.bundle or "budget", name)
        if verdict.failed:
            _say(case, "failure", verdict.text)
        elif verdict.outcome == "does not apply":
            _say(case, "skipped", verdict.text)
        else:
            SubElement(case, "system-out").text = _clean(verdict.text)
    return _text(suite)


def comparison_xml(found: Comparison, new: Report) -> str:
    """Return a suite with one case a row of a comparison."""
    suite = _suite("collodi bench --compare", new)
    for row in found.rows:
        case = _case(suite, row.bundle, row.row)
        ratio = ""
        if row.shift is not None:
            shift = row.shift
            ratio = f", {shift.ratio:.3f} times (95 % {shift.low:.3f} to {shift.high:.3f})"
        text = "; ".join(filter(None, [row.outcome + ratio, row.reason, *row.also]))
        kind = "skipped" if row.shift is None else "system-out"
        _say(case, "failure" if row.over_limit else kind, text)
    if not any(row.shift for row in found.rows):
        _say(_case(suite, "compare", "rows"), "failure", "no row could be compared")
    return _text(suite)


def _suite(name: str, report: Report) -> Element:
    created, board = report.created, report.board
    suite = Element("testsuite", name=name, timestamp=_clean(created.created_utc.rstrip("Z")))
    facts = SubElement(suite, "properties")
    for key, value in (
        ("board", board.name), ("model", board.model), ("os", board.os),
        ("kernel", board.kernel), ("power mode", board.power_mode or ""),
        ("emulation", board.emulation or ""), ("kit", created.kit_version),
        ("commit", created.commit or ""), ("command", created.command),
    ):  # fmt: skip
        SubElement(facts, "property", name=key, value=_clean(value))
    return suite


def _case(suite: Element, group: str, name: str) -> Element:
    return SubElement(suite, "testcase", classname=_clean(group), name=_clean(name))


def _say(case: Element, kind: str, text: str) -> None:
    if kind == "system-out":
        SubElement(case, kind).text = _clean(text)
    else:
        SubElement(case, kind, message=_clean(text))


def _facts(run: FileRun) -> str:
    lines = [f"doubt: {doubt}" for doubt in run.doubts]
    if run.latency_ns:
        shown = [f"p{p} {percentile_ms(run.latency_ns, p):.4g} ms" for p in (50, 90, 99)]
        lines.insert(0, f"{', '.join(shown)} of {len(run.latency_ns)} runs")
    return "\n".join(lines)


def _clean(text: str) -> str:
    return NO_XML.sub("?", text)


def _text(suite: Element) -> str:
    cases = list(suite.iter("testcase"))
    suite.set("tests", str(len(cases)))
    for key, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(sum(case.find(kind) is not None for case in cases)))
    suites = Element("testsuites")
    suites.append(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, "unicode") + "\n"
