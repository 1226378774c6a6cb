"""What `collodi bench` does with a finished report: budgets, JUnit XML, an HTML page."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from device.args import shown
from device.budget import Budget, Verdict, judge, parse_budgets, table_budgets
from device.files import write_atomic
from device.junit import report_xml
from device.report import Report


def add_gates(parser: argparse.ArgumentParser) -> None:
    """Add --budget, --junit and --html to the command."""
    parser.add_argument(
        "--budget",
        action="append",
        default=[],
        metavar="LIST",
        help="fail above these, e.g. p99_ms=20,rss_mb=64 or tflite-int8:arena_kb=40; repeatable",
    )
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML for a CI here")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page for people here")


def check_folders(words: argparse.Namespace, options: Sequence[str]) -> None:
    """ValueError where the folder of a file to be written is not there: before the measurement."""
    for option in options:
        path = getattr(words, option)
        if path is not None and not path.resolve().parent.is_dir():
            raise ValueError(f"--{option} {path}: there is no folder {path.parent}")


def read_gates(words: argparse.Namespace) -> tuple[Budget, ...]:
    """Return the budgets of the board's entry and of the command line, which goes first.

    ValueError for wrong ones, or where the folder of a file to be written is missing.
    """
    check_folders(words, ("json", "junit", "html"))
    given = [budget for text in words.budget for budget in parse_budgets(text)]
    return with_board(words.board, given)


def with_board(board: str, given: Sequence[Budget]) -> tuple[Budget, ...]:
    """Return the budgets of a board's entry below those that were given."""
    if board == "local":
        return tuple(given)
    from device.boards import board_named

    own = table_budgets(board_named(board).budgets, f"board '{board}': budgets")
    limits = {(budget.scope, budget.name): budget for budget in (*own, *given)}
    return tuple(limits.values())


def gate(report: Report, budgets: Sequence[Budget], words: argparse.Namespace) -> bool:
    """Print the verdicts, write --junit and --html; say whether every budget is kept."""
    verdicts = judge(report, budgets)
    for line in verdict_lines(verdicts):
        print(shown(line))
    if words.junit is not None:
        write_atomic(words.junit, report_xml(report, verdicts))
    if words.html is not None:
        from device.page import report_page

        write_atomic(words.html, report_page(report, verdicts))
    return not any(verdict.failed for verdict in verdicts)


def verdict_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """Return one line a verdict, those that fail first; one a reason for what does not apply."""
    judged = [verdict for verdict in verdicts if verdict.outcome != "does not apply"]
    lines = [
        f"budget {verdict.outcome}: {verdict.row + ': ' if verdict.row else ''}"
        f"{verdict.budget.name} {verdict.text}"
        for verdict in sorted(judged, key=lambda verdict: not verdict.failed)
    ]
    others: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for verdict in verdicts:
        if verdict.outcome == "does not apply":
            names, rows = others.setdefault(verdict.text, ({}, {}))
            names[verdict.budget.name] = rows[verdict.row] = None
    return lines + [
        f"budget does not apply: {', '.join(names)}: {', '.join(rows)}: {text}"
        for text, (names, rows) in others.items()
    ]
