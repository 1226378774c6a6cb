"""The page and the JUnit file of a report: well-formed whatever the report holds, and gated."""

import re
import runpy
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from device.budget import judge, parse_budgets
from device.charts import ticks
from device.compare import compare
from device.junit import comparison_xml, report_xml
from device.main import main
from device.page import report_page
from device.report import Report, write_report

MAKE = runpy.run_path(str(Path(__file__).with_name("make_report.py")))
row, report = MAKE["make_row"], MAKE["make_report"]
VOID = {"meta", "br"}
HOSTILE = "<script>alert(1)</script> & \"'\x00\ud800\x1b]]>"


class Nesting(HTMLParser):
    """Fails where a tag is closed that is not the open one."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        del attrs
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(page: str) -> list[str]:
    parser = Nesting()
    parser.feed(page)
    assert parser.open == [], parser.open
    return parser.seen


def page_of(about: Report, budgets: str = "p99_ms=3") -> str:
    return report_page(about, judge(about, parse_budgets(budgets)))


def test_the_page_shows_what_there_is_to_see() -> None:
    page = page_of(report())
    seen = tags(page)
    assert seen.count("svg") == 3 * 2 + 3 and "script" not in seen
    for word in ("Why not to trust this", "drift: the last third", "misses by", "Temperature",
                 "Power (pmic)", "cores 0, 1, 2, 3", "tensorrt is not installed", "cd" * 32,
                 "Raspberry Pi 5 Model B", "prefers-color-scheme: dark"):  # fmt: skip
        assert word in page, word
    assert page.index("Why not to trust") < page.index("Budgets") < page.index("Latencies")
    assert not re.search(r"https?:|nan|inf\b", page)


def test_a_report_without_anything_still_has_a_page() -> None:
    bare = report(MAKE["make_absent"]("a", "onnx", "onnxruntime", "gone"), telemetry=())
    page = page_of(bare)
    assert "svg" not in tags(page) and "No telemetry was taken" in page and "not shown" in page
    tags(report_page(replace(bare, runs=(), bundles=())))


@pytest.mark.parametrize(
    "values", [(5,), (5, 5), (1, 2), (1,) * 100 + (10**9,), tuple(range(1, 2000)), (1, 1, 1)]
)
def test_any_latencies_can_be_drawn(values: tuple[int, ...]) -> None:
    page = page_of(
        report(row(0, latency_ns=values, rounds=(len(values),), started_s=(), took_s=()))
    )
    assert tags(page).count("svg") == 5 and not re.search(r"\bnan\b|\binf\b", page)


def test_hostile_text_stays_text() -> None:
    bad = report(row(0, HOSTILE, doubts=(HOSTILE,), runtime=HOSTILE), row(1, reason=HOSTILE,
                 status="failed"))  # fmt: skip
    bad = replace(bad, board=replace(bad.board, model=HOSTILE, os=HOSTILE))
    assert "script" not in tags(page_of(bad))
    verdicts = judge(bad, parse_budgets("p99_ms=3"))
    for text in (report_xml(bad, verdicts), comparison_xml(compare(bad, bad, 0.05), bad)):
        ElementTree.fromstring(text.encode())


def test_junit_counts_what_failed() -> None:
    broken = row(3, "b.onnx", status="failed", reason="it crashed", latency_ns=())
    about = report(*report().runs, broken)
    verdicts = judge(about, parse_budgets("p99_ms=3,arena_kb=40"))
    suite = ElementTree.fromstring(report_xml(about, verdicts).encode())[0]
    assert suite.get("tests") == str(len(about.runs) + len(verdicts))
    assert suite.get("failures") == str(sum(verdict.failed for verdict in verdicts)) != "0"
    assert suite.get("errors") == "1" and int(suite.get("skipped", "0")) >= 2
    messages = [failure.get("message", "") for failure in suite.iter("failure")]
    assert any("misses by" in message for message in messages)


def test_junit_of_a_comparison_fails_like_the_command() -> None:
    slow = row(1, latency_ns=tuple(int(value * 1.2) for value in row(1).latency_ns))
    suite = ElementTree.fromstring(
        comparison_xml(compare(report(row(2)), report(slow), 0.05), report(slow)).encode()
    )[0]
    assert suite.get("failures") == "1" and suite.get("tests") == "1"


@pytest.mark.parametrize(("low", "high"), [(0, 1), (1e-9, 2e-9), (-5, 5), (1e9, 1e9 + 1), (0, 7e8)])
def test_ticks_are_few_and_inside(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 2 <= len(found) <= 8
    assert all(low - 1e-6 * (high - low) <= at <= high + 1e-6 * (high - low) for at in found)


def test_the_command_refuses_before_it_measures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong budget or folder costs no measuring time: the bundle is not even looked for."""
    for words, said in (
        (["--budget", "p99=3"], "p99_ms"), (["--html", "no/such/x.html"], "there is no folder"),
        (["--junit", "no/such/x.xml"], "there is no folder"),
    ):  # fmt: skip
        assert main(["bench", str(tmp_path / "none"), *words]) == 2
        shown = capsys.readouterr().err
        assert said in shown and shown.count("\n") == 1


def test_a_saved_report_reads_back_into_the_same_page(tmp_path: Path) -> None:
    from device.report import read_report

    write_report(tmp_path / "r.json", report())
    assert page_of(read_report(tmp_path / "r.json")) == page_of(report())
