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
