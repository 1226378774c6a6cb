"""`collodi bench` end to end on a tiny real bundle."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from device.bench import Options, bench
from device.front_end import IMAGE, LOGMEL
from device.main import main
from device.report import read_report

ROOT = Path(__file__).resolve().parent.parent
TINY = runpy.run_path(str(Path(__file__).with_name("make_tiny_bundle.py")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in ("onnx", "onnxruntime", "ai_edge_litert", "flatbuffers"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    place = tmp_path_factory.mktemp("tiny") / "my bundle"
    TINY["make_tiny_bundle"](place)
    return place


def test_the_whole_command(folder: Path, tmp_path: Path) -> None:
    """Table for people, report for machines, neither torch nor onnx imported."""
    code = (
        "import sys; from device.main import main; status = main(sys.argv[1:]);"
        "print('HEAVY', [n for n in ('torch', 'onnx', 'numpy') if n in sys.modules]);"
        "sys.exit(status)"
    )
    words = ["bench", str(folder), "--runs", "40", "--json", str(tmp_path / "r.json")]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "HEAVY []" in done.stdout and "not run: tiny.c" in done.stdout
    report = read_report(tmp_path / "r.json")
    ran = {(run.file, run.runtime.split()[0]): run for run in report.runs if run.status == "ran"}
    assert ("front end: logmel", "numpy") in ran and ("tiny.onnx", "onnxruntime") in ran
    for (file, _), run in ran.items():
        assert len(run.latency_ns) == 40 and min(run.latency_ns) > 0
        assert len(run.warmup_ns) >= 2 and (run.cold_ns or 0) > 0
        assert run.bytes == (0 if "front" in file else (folder / file).stat().st_size)
        assert (run.peak_rss_bytes or 0) >= (run.runtime_rss_bytes or 0) > 5 << 20
    assert str(tmp_path) not in (tmp_path / "r.json").read_text()


def test_the_measuring_process_never_imports_torch(folder: Path, tmp_path: Path) -> None:
    """A torch that fails on import stands first on the path of every child."""
    for name in ("torch", "onnx", "tyro"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')\n")
    code = "import sys; from device.main import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "bench", str(folder), "--runs", "2", "--seconds", "0.1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "failed" not in done.stdout, done.stdout + done.stderr


def test_a_bare_board_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("device.backends.find_spec", lambda _: None)
    assert main(["bench", str(folder)]) == 1
    shown = capsys.readouterr().out
    assert "not run: front end: logmel (numpy): numpy is not installed: pip install" in shown
    assert "not run: tiny.onnx (onnxruntime): onnxruntime is not installed" in shown


def test_one_file_by_target(folder: Path) -> None:
    report = bench(folder, Options(file="onnx", runs=3, seconds=0.1))
    assert [(run.file, run.status) for run in report.runs] == [("tiny.onnx", "ran")]
    assert any("few runs" in phrase for phrase in report.runs[0].doubts)


def test_emulated_times_are_not_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLLODI_EMULATION", "qemu")
    run = bench(folder, Options(file="onnx", runs=3, seconds=0.1)).runs[0]
    assert run.status == "ran" and run.latency_ns == () and run.load_ms is None


def test_a_file_that_fails_takes_only_its_row(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads((folder / "manifest.json").read_text())
    for name in ("tiny.onnx", "tiny.tflite", "tiny.c"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    data["files"][0]["inputs"][0]["shape"] = [-1, 7, 7, 1]
    (tmp_path / "manifest.json").write_text(json.dumps(data))
    assert main(["bench", str(tmp_path), "--runs", "2", "--seconds", "0.1"]) == 1
    shown = capsys.readouterr().out
    assert "failed: tiny.onnx" in shown and "the manifest says" in shown
    assert "ai-edge-litert" in shown and str(tmp_path) not in shown


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--board", "pi"], "there is no such board"), (["--file", "x"], "has no file 'x'"),
        (["--json", "no/such/r.json"], "there is no folder"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], line: str
) -> None:
    assert main(["bench", str(folder), *words]) == 2
    shown = capsys.readouterr()
    assert line in shown.err and shown.err.count("\n") == 1 and shown.out == ""


@pytest.mark.parametrize(
    "words", [["--runs", "0"], ["--run", "3"], ["--seconds", "nan"], ["--threads", "-1"], ["--x"]]
)
def test_wrong_options_exit_2(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["bench", str(folder), *words])
    assert end.value.code == 2 and capsys.readouterr().err.count("\n") == 1


def test_a_bundle_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(tmp_path / "gone")]) == 2
    assert main(["bench", str(tmp_path)]) == 2
    (tmp_path / "f").write_text("")
    assert main(["bench", str(tmp_path / "f")]) == 2
    assert capsys.readouterr().err.count("\n") == 3


@pytest.mark.parametrize("spec", [LOGMEL, IMAGE])
def test_either_front_end_is_a_piece_of_work(spec: dict[str, Any]) -> None:
    pytest.importorskip("numpy")
    from device.backends.sample import front_end_work

    runtime, work = front_end_work(spec)
    features: Any = work()
    assert runtime.startswith("numpy ")
    assert features.shape == ((50, 40) if spec is LOGMEL else (96, 96, 3))
