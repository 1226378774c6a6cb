"""`collodi bench --compare OLD NEW`: a gate on what became slower."""

from __future__ import annotations

import argparse
from pathlib import Path

from device.args import Parser, shown, to_float
from device.compare import Comparison, Row, compare
from device.files import write_atomic
from device.gates import check_folders
from device.junit import comparison_xml
from device.report import read_report
from device.strict import dumps
from device.table import table

EXAMPLES = """\
  collodi bench --compare monday.json tuesday.json
  collodi bench --compare release.json new.json --limit 3% --junit compare.xml
  collodi bench --compare pi4.json pi5.json --anyway"""
HEADS = ("row", "", "old ms", "new ms", "new/old", "95 % interval", "p")


def main(argv: list[str]) -> int:
    """Run `collodi bench --compare`; 1 where a row is slower by more than the limit or gone."""
    words = _parser().parse_args([word for word in argv if word != "--compare"])
    check_folders(words, ("json", "junit"))
    old, new = read_report(words.old), read_report(words.new)
    found = compare(old, new, words.limit, words.anyway)
    print(shown(comparison_text(found)))
    if words.json is not None:
        write_atomic(words.json, dumps(found))
    if words.junit is not None:
        write_atomic(words.junit, comparison_xml(found, new))
    return 1 if found.failed else 0


def comparison_text(found: Comparison) -> str:
    """Return the comparison as a table, with what else there is to know below it."""
    lines = table([HEADS, *map(_cells, found.rows)]) if found.rows else []
    for row in found.rows:
        notes = ([row.reason] if row.reason else []) + list(row.also)
        if notes:
            lines.append(f"{row.row}: {'; '.join(notes)}")
    lines += [f"note: {difference}" for difference in found.differences]
    return "\n".join([*lines, verdict(found)])


def verdict(found: Comparison) -> str:
    """Return the gate in one line."""
    shut = [row.row for row in found.rows if row.over_limit]
    compared = sum(row.shift is not None for row in found.rows)
    if shut:
        return f"failed: slower by more than {found.limit:.1%}, or gone: {', '.join(shut)}"
    if not compared:
        return "failed: no row could be compared"
    highest = max(row.shift.high for row in found.rows if row.shift is not None) - 1
    others = sum(row.outcome == "not compared" for row in found.rows)
    return (
        f"passed: none of {compared} rows is shown to be slower by more than {found.limit:.1%}"
        + (f"; up to {highest:.0%} is not excluded" if highest > found.limit else "")
        + (f"; {others} could not be compared" if others else "")
    )


def _cells(row: Row) -> tuple[str, ...]:
    times = ["-" if value is None else f"{value:.3f}" for value in (row.old_p50_ms, row.new_p50_ms)]
    if row.shift is None or row.p_corrected is None:
        return (row.row, row.outcome, *times, "-", "-", "-")
    shift = row.shift
    interval = f"{shift.low:.3f} to {shift.high:.3f}"
    return (
        row.row, row.outcome, *times, f"{shift.ratio:.3f}", interval, f"{row.p_corrected:.2g}",
    )  # fmt: skip


def percentage(text: str) -> float:
    """Read `5%` or `5` as 0.05; 0 to 1000 per cent."""
    value = to_float(text[:-1] if text.endswith("%") else text)
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a percentage such as 5%")
    return value / 100


def _parser() -> argparse.ArgumentParser:
    parser = Parser("collodi bench --compare", "Compare two reports of one board.", EXAMPLES)
    parser.add_argument("old", type=Path, metavar="OLD", help="report that --json wrote before")
    parser.add_argument("new", type=Path, metavar="NEW", help="report of the same board now")
    parser.add_argument(
        "--limit", type=percentage, default=0.05, metavar="5%", help="slower by more fails (5%%)"
    )
    parser.add_argument(
        "--anyway", action="store_true", help="compare different boards, modes or models too"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the comparison here")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML for a CI here")
    return parser
