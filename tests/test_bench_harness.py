"""The benchmark of the harness: both sides answer, with as many runs as they were asked for."""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

for library in ("numpy", "onnxruntime", "ai_edge_litert"):
    pytest.importorskip(library)
BENCHMARKS = str(Path(__file__).parent.parent / "benchmarks")


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [BENCHMARKS, *sys.path])
    return import_module("bench_harness")


@pytest.mark.parametrize("figure", ["vs_bare_ort", "vs_litert_tool"])
def test_both_sides_take_the_same_turns(harness: Any, figure: str) -> None:
    args = argparse.Namespace(bundle=["kws-toy"], turns=5, runs=3, threads=1)
    rows, figures = harness.FIGURES[figure](args)
    if figures[figure] is None:
        pytest.skip("this ai-edge-litert has no benchmark tool")
    (row,) = rows
    for side in ("ours_ns", "other_ns"):
        turns = [[int(word) for word in turn.split()] for turn in row[side]]
        assert [len(turn) for turn in turns] == [3] * 5
        assert all(value > 0 for turn in turns for value in turn)
    assert figures[figure] == row["ratio"] and row["low"] <= row["ratio"] <= row["high"]


def test_a_side_that_ends_is_said(harness: Any, tmp_path: Path) -> None:
    other = harness.Other("import sys; sys.exit(3)", tmp_path / "a", 1)
    with pytest.raises((RuntimeError, BrokenPipeError)):
        other.round(1)
    other.close()


def test_a_script_that_writes_nothing_gives_no_figure(harness: Any) -> None:
    assert harness._of_script("common.py", "faults_clean") == ([], {"faults_clean": None})
