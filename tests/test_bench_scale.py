"""The front of bench_scale: parts keep each other's rows, and say when they were measured."""

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = str(Path(__file__).parent.parent / "benchmarks")


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [BENCHMARKS, *sys.path])
    return import_module("bench_scale")


def test_a_part_replaces_its_own_rows_only(front: Any, tmp_path: Path) -> None:
    path = tmp_path / "scale.json"
    options = argparse.Namespace(count=2)
    stops = front.measured("stops", lambda o: ([{"n": o.count}], {"hard_stops_clean": 2}), options)
    rows, figures = front.merged(path, "stops", stops)
    assert rows[0]["part"] == "stops" and rows[0]["n"] == 2 and rows[0]["measured_utc"]
    assert figures["fuzz_clean"] is None and figures["hard_stops_clean"] == 2
    path.write_text(json.dumps({"rows": rows, "figures": figures}))
    fuzz = front.measured("fuzz", lambda _: ([{"n": 5}], {"fuzz_clean": 5}), options)
    again = front.measured("stops", lambda _: ([{"n": 7}], {"hard_stops_clean": 7}), options)
    for part, found in (("fuzz", fuzz), ("stops", again)):
        rows, figures = front.merged(path, part, found)
        path.write_text(json.dumps({"rows": rows, "figures": figures}))
    assert [(row["part"], row["n"]) for row in rows] == [("fuzz", 5), ("stops", 7)]
    assert figures["hard_stops_clean"] == 7 and figures["fuzz_clean"] == 5


def test_a_part_without_its_figure_is_named(front: Any) -> None:
    with pytest.raises(RuntimeError, match="scale_fuzz.py gave no figure fuzz_clean"):
        front.measured("fuzz", lambda _: ([], {}), argparse.Namespace())


@pytest.mark.usefixtures("front")
def test_a_ratio_of_rates_takes_turns_that_both_sides_ran() -> None:
    engines = import_module("scale_engines")
    rows = [
        {"turn": turn, "engine": "pool", "workers": workers, "whole_s": whole, "clips_per_s": rate}
        for turn, workers, whole, rate in ((0, 1, 10, 3), (0, 2, 5, 6), (1, 1, 12, 2), (2, 2, 9, 9))
    ]
    pair = ("pool", 2), ("pool", 1)
    assert engines.ratio(rows, "clips_per_s", *pair) == engines.ratio(rows, "whole_s", *pair) == 2
    assert engines.ratio(rows, "whole_s", ("ray", 2), ("pool", 2)) is None


@pytest.mark.usefixtures("front")
def test_the_cost_of_a_million_follows_from_a_sample(capsys: pytest.CaptureFixture[str]) -> None:
    cost = import_module("scale_cost")
    row = cost.kind_row("words", argparse.Namespace(core_hour=0.1, gb_month=0.02, sample=0.01))
    assert row["sample"] == 6 and row["cpu_s_per_clip"] > 0
    assert row["core_hours"] == pytest.approx(row["cpu_s_per_clip"] * 1e6 / 3600)
    assert row["usd_month"] == pytest.approx(row["bytes_per_clip"] * 1e6 / 1e9 * 0.02)
    assert "$0.1 a core hour" in cost.cost_lines([row])[-1]
    assert "words" in capsys.readouterr().out
