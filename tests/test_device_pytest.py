"""The fixture `board` in a suite of its own: passes, fails with the lines of the command, skips."""

import runpy
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import tomllib

from device.report import read_report

pytest_plugins = "pytester"
ROOT = Path(__file__).resolve().parent.parent
TINY = runpy.run_path(str(Path(__file__).with_name("make_tiny_bundle.py")))
SUITE = """
def test_kept(board):
    report = board.bench({bundle!r}, budget="p50_ms=60000,bytes_kb=1000", file="onnx", runs=20)
    assert report.runs[0].status == "ran"

def test_missed(board):
    board.bench({bundle!r}, budget="onnx:bytes_kb=1,energy_mj=5", file="onnx", runs=5)

def test_wrong(board):
    board.bench({bundle!r}, budget="p50=3")
"""


def run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    known = any(entry.name == "collodi" for entry in entry_points(group="pytest11"))
    return pytester.runpytest_subprocess(*([] if known else ["-p", "device.pytest_plugin"]), *words)


def test_the_fixture_passes_fails_and_says_why(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLLODI_BOARD", "local")
    TINY["make_tiny_bundle"](pytester.path / "tiny", ("onnx",))
    pytester.makepyfile(SUITE.format(bundle=str(pytester.path / "tiny")))
    result = run(pytester, "--collodi-reports", "reports")
    result.assert_outcomes(passed=1, failed=2)
    shown = result.stdout.str()
    assert "onnx:bytes_kb" not in shown and "bytes_kb 24" in shown and "misses by" in shown
    assert "energy_mj not measured: no power sensor" in shown and "names are p50_ms" not in shown
    assert "p50_us, p50_ms, p50_s" in shown
    saved = sorted((pytester.path / "reports").glob("local-*.json"))
    assert [len(read_report(path).runs) for path in saved] == [1, 1]


def test_without_a_board_it_skips_and_a_wrong_board_fails(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("COLLODI_BOARD", raising=False)
    pytester.makepyfile("def test_it(board):\n    board.bench('x')\n")
    skipped = run(pytester, "-rs")
    skipped.assert_outcomes(skipped=1)
    assert "no board: name one with --collodi-board" in skipped.stdout.str()
    wrong = run(pytester, "--collodi-board", "pi55")
    wrong.assert_outcomes(errors=1)
    assert "there is no such board; did you mean 'pi5'?" in wrong.stdout.str()


def test_pytest_finds_the_plugin_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module = import_module(project["entry-points"]["pytest11"]["collodi"])
    assert callable(module.pytest_addoption) and module.board
