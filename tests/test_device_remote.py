"""Runs on a board that is this machine through a real sshd: the whole way, and faults in it."""

import ast
import runpy
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from device.main import main
from device.pack import kit
from device.report import read_report
from device.strict import FormatError, decode, old_hints

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = runpy.run_path(str(ROOT / "tests/make_loopback.py"))
TINY = runpy.run_path(str(ROOT / "tests/make_tiny_bundle.py"))
needs_sshd = pytest.mark.skipif(LOOPBACK["WHY_NOT"] is not None, reason=str(LOOPBACK["WHY_NOT"]))
QUICK = ["host key changed", "key not accepted", "wrong architecture", "missing runtime",
         "missing python", "interrupted by the user"]  # fmt: skip


@pytest.fixture(scope="module")
def faults() -> Any:
    place = str(ROOT / "benchmarks")
    sys.path.insert(0, place)
    try:
        return runpy.run_path(f"{place}/bench_faults.py")
    finally:
        sys.path.remove(place)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in ("onnx", "onnxruntime", "ai_edge_litert", "flatbuffers"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    place = tmp_path_factory.mktemp("tiny") / "my 'bundle"
    TINY["make_tiny_bundle"](place)
    return place


@needs_sshd
def test_the_command_measures_on_a_board_and_leaves_nothing(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with LOOPBACK["loopback"](tmp_path / "board") as board:
        words = ["--file", "onnx", "--runs", "8", "--seconds", "0.5", "--json", "r.json"]
        assert main(["bench", str(folder), "--board", "desk", *words]) == 0
        report = read_report(Path("r.json"))
        assert board.left() == [] and "board desk: running" in capfd.readouterr().err
        assert main(["bench", "--board", "desk", "--resume"]) == 2
        assert "no run on board desk was begun from here" in capfd.readouterr().err
    assert report.board.name == "desk" and len(report.runs[0].latency_ns) == 8
    assert report.runs[0].status == "ran" and "onnxruntime" in report.created.libraries
    assert str(tmp_path) not in (tmp_path / "board/r.json").read_text()


@needs_sshd
@pytest.mark.parametrize("name", QUICK)
def test_a_fault_ends_as_it_should(name: str, faults: Any, folder: Path, tmp_path: Path) -> None:
    assert faults["try_fault"](name, tmp_path / "board", folder) is None


@needs_sshd
@pytest.mark.long
def test_every_fault_ends_as_it_should(faults: Any, folder: Path, tmp_path: Path) -> None:
    for number, name in enumerate(faults["FAULTS"]):
        wrong = faults["try_fault"](name, tmp_path / str(number), folder)
        assert wrong is None or wrong.startswith("not run"), (name, wrong)


def test_resume_needs_a_board_and_no_bundle(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--resume"], [], ["x", "--board", "pi5", "--resume"]):
        with pytest.raises(SystemExit) as end:
            main(["bench", *words])
        assert end.value.code == 2 and capsys.readouterr().err.count("\n") == 1


def test_the_kit_that_goes_over_is_the_same_bytes_each_time() -> None:
    assert kit() == kit() and len(kit()) < 1 << 20


def test_every_file_for_a_board_is_python_3_8() -> None:
    """What Python 3.8 cannot parse, and the words that it lacks."""
    lacking = {"removeprefix", "removesuffix", "is_relative_to", "pairwise", "bit_count"}
    for path in (ROOT / "device").rglob("*.py"):
        tree = ast.parse(path.read_text(), str(path), feature_version=(3, 8))
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not used & lacking, (path, used & lacking)
        assert not any(node.__class__.__name__ == "Match" for node in ast.walk(tree)), path
        assert "from __future__ import annotations" in path.read_text() or not any(
            isinstance(node, ast.AnnAssign) for node in ast.walk(tree)
        ), path


@dataclass(frozen=True)
class Inner:
    kind: "Literal['a', 'b']"


@dataclass(frozen=True)
class Outer:
    name: "str"
    size: "int | None"
    parts: "tuple[Inner, ...]"
    table: "dict[str, float | None]"
    either: "str | tuple[int, ...]" = ()


def test_the_hints_of_python_3_8_mean_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"name": "n", "size": None, "parts": [{"kind": "a"}], "table": {"x": None, "y": 1}}
    usual = decode(Outer, data, "f")
    monkeypatch.setattr("device.strict.hints_of", old_hints)
    assert decode(Outer, data, "f") == usual
    with pytest.raises(FormatError, match="parts\\[0\\].kind"):
        decode(Outer, {**data, "parts": [{"kind": "c"}]}, "f")
    with pytest.raises(FormatError, match="'size' should be a whole number"):
        decode(Outer, {**data, "size": "x"}, "f")
