"""Damaged files of every kind, the short version of benchmarks/bench_fuzz.py; and it can fail."""

import random
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def fuzz() -> dict[str, Any]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return runpy.run_path(str(BENCHMARKS / "bench_fuzz.py"))
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_a_few_hundred_damaged_files_are_refused_in_a_line_or_harmless(
    fuzz: dict[str, Any],
) -> None:
    rows, clean = fuzz["run_cases"](list(fuzz["KINDS"]), 100_000, 420)
    assert clean == 1.0, [row["faults"][:3] for row in rows]
    assert {row["cases"] for row in rows} == {70}
    read = {row["kind"]: row["read"] for row in rows}
    assert all(count < 70 for kind, count in read.items() if kind != "telemetry")
    assert all(count > 0 for kind, count in read.items() if kind != "bundle"), read


def test_undamaged_files_are_read_so_that_refusals_mean_something(
    fuzz: dict[str, Any], tmp_path: Path
) -> None:
    for kind, run in fuzz["KINDS"].items():
        run.__globals__["mutated_json"] = run.__globals__["mutated_bytes"] = lambda raw, _: raw
        if kind != "bundle":
            place = tmp_path / kind
            place.mkdir()
            run(place, random.Random(1))


def test_a_case_is_a_pure_function_of_its_number(fuzz: dict[str, Any]) -> None:
    raw = (BENCHMARKS.parent / "tests" / "data" / "device_report.json").read_bytes()
    mutate = fuzz["mutated_json"]
    assert mutate(raw, random.Random("report 5")) == mutate(raw, random.Random("report 5"))


def test_what_goes_wrong_is_seen(
    fuzz: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that checks no hash, one that crashes, and one that looks outside are all caught."""
    case, watch, number = fuzz["one_case"], fuzz["outside_opens"](), 0

    def faults() -> list[str]:
        nonlocal number
        found = []
        for _ in range(12):
            place = tmp_path / str(number)
            place.mkdir()
            wrong = case("bundle", number, place, watch)[1]
            found += [wrong] if wrong else []
            number += 1
        return found

    assert faults() == []
    monkeypatch.setattr("device.bundle.verify", lambda *_: None)
    assert any("accepted" in text for text in faults())
    monkeypatch.undo()
    monkeypatch.setattr("device.bundle.inside", lambda *_: 1 / 0)
    assert any("ZeroDivisionError" in text for text in faults())
    monkeypatch.setattr("device.bundle.inside", lambda *_: Path("/etc/hostname").read_text())
    assert any("outside of the folder" in text or "Error" in text for text in faults())
