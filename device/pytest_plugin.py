"""pytest's fixture `board`: hardware-in-the-loop tests of bundles. Only pytest loads this module.

def test_it_is_fast_enough(board):
    report = board.bench("my-bundle", budget="p99_ms=20,rss_mb=64", file="tflite-int8")
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # the plugin is loaded by every pytest of the environment: nothing heavy
    from device.report import Report

NO_BOARD = "no board: name one with --collodi-board or COLLODI_BOARD ('local' is this machine)"


class BoardUnderTest:
    """A board of boards.toml, or `local`."""

    def __init__(self, name: str, reports: Path | None) -> None:
        self.name = name
        """Name of the board."""
        self._reports, self._count = reports, 0

    def bench(self, *bundles: str | Path, budget: str = "", **options: Any) -> Report:
        """Measure bundles on the board and return the report.

        budget: as `--budget` takes it, on top of the budgets of the board's entry; options: those
        of device.bench.Options, e.g. `file`, `runs`, `threads`. The test fails, with the lines of
        the command, where a file fails to run, none runs, or a budget is missed or not shown.
        """
        from device.budget import judge, parse_budgets
        from device.gates import verdict_lines, with_board
        from device.table import absent_lines

        budgets = with_board(self.name, parse_budgets(budget) if budget else ())
        report = self._measure(bundles, options)
        self._save(report)
        missed = [verdict for verdict in judge(report, budgets) if verdict.failed]
        lines = verdict_lines(missed)
        models = [run.status for run in report.runs if run.work != "front end"]
        if "ran" not in models or any(run.status == "failed" for run in report.runs):
            lines += absent_lines(report)
        if lines:
            pytest.fail(f"board '{self.name}':\n" + "\n".join(lines), pytrace=False)
        return report

    def _measure(self, bundles: tuple[str | Path, ...], options: dict[str, Any]) -> Report:
        from device.bench import Options, bench
        from device.zoo.store import find

        how = Options(**options)
        if self.name == "local":
            return bench(bundles, how)
        from device.remote import bench_on

        folders = [find(bundle) for bundle in bundles]
        return bench_on(self.name, folders, how, lambda _: None, resume=False)

    def _save(self, report: Report) -> None:
        """Keep the report where --collodi-reports says, one file a measurement."""
        if self._reports is None:
            return
        from device.report import write_report

        self._reports.mkdir(parents=True, exist_ok=True)
        self._count += 1
        write_report(self._reports / f"{self.name}-{self._count:03d}.json", report)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --collodi-board and --collodi-reports."""
    group = parser.getgroup("collodi", "models on boards")
    group.addoption("--collodi-board", metavar="NAME", help="board of the fixture `board`")
    group.addoption("--collodi-reports", metavar="DIR", type=Path, help="keep its reports here")


@pytest.fixture(scope="session")
def board(request: pytest.FixtureRequest) -> BoardUnderTest:
    """Return the board of --collodi-board or COLLODI_BOARD; without one the test is skipped."""
    name = request.config.getoption("--collodi-board") or os.environ.get("COLLODI_BOARD")
    if not name:
        pytest.skip(NO_BOARD)
    if name != "local":
        from device.boards import board_named

        try:
            board_named(name)
        except ValueError as error:
            pytest.fail(str(error), pytrace=False)
    return BoardUnderTest(name, request.config.getoption("--collodi-reports"))
