"""`collodi bench` on a board that measures its power: telemetry and energy in the report."""

import runpy
from pathlib import Path
from statistics import mean

import pytest

from device.bench import Options, bench
from device.probes.telemetry import Sampler
from device.report import read_report, write_report
from device.table import report_text

HERE = Path(__file__).parent
TINY = runpy.run_path(str(HERE / "make_tiny_bundle.py"))
BOARDS = runpy.run_path(str(HERE / "board_files.py"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in ("onnx", "onnxruntime", "ai_edge_litert", "flatbuffers"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    place = tmp_path_factory.mktemp("tiny") / "bundle"
    TINY["make_tiny_bundle"](place)
    return place


def on_board(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = BOARDS["build_tree"](name, root)
    monkeypatch.setattr("device.beside.IDLE_S", 0.2)
    monkeypatch.setattr("device.probes.energy.LONGEST_GAP", 1e3)  # the test machine may be busy
    monkeypatch.setattr("device.beside.Sampler", lambda: Sampler(0.02, tree))
    monkeypatch.delenv("COLLODI_EMULATION", raising=False)


def test_energy_of_a_run_is_power_times_time(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_board("orin-nano", tmp_path / "board", monkeypatch)
    report = bench(folder, Options(file="onnx", runs=10**6, seconds=0.6, rounds=3))
    assert report.power_source is not None and report.power_source.startswith("ina3221: VDD_IN (")
    assert report.idle_mw == pytest.approx(6020.96)
    (run,) = [run for run in report.runs if run.status == "ran"]
    assert run.energy_mj == pytest.approx(6020.96 * sum(run.took_s) / len(run.latency_ns))
    assert run.energy_mj == pytest.approx(6020.96 * mean(run.latency_ns) / 1e9, rel=0.3)
    times = [moment.at_s for moment in report.telemetry]
    assert times == sorted(times) and times[0] < 0 < times[-1]
    assert times[-1] > run.started_s[-1] + run.took_s[-1], "a moment after the last run"
    assert "VDD_IN" in report_text(report) and "idle it drew 6.02 W" in report_text(report)
    write_report(tmp_path / "report.json", report)
    assert read_report(tmp_path / "report.json") == report


def test_rounds_too_short_for_the_sensor_give_no_energy(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_board("orin-nano", tmp_path / "board", monkeypatch)
    report = bench(folder, Options(file="onnx", runs=3, seconds=0.1, rounds=1))
    assert all(run.energy_mj is None for run in report.runs)
    assert any("too few samples" in doubt for run in report.runs for doubt in run.doubts)


def test_a_board_without_a_sensor_has_telemetry_and_no_energy(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_board("pi4", tmp_path / "board", monkeypatch)
    report = bench(folder, Options(file="onnx", runs=5, seconds=0.1))
    assert report.telemetry and report.power_source is None and report.idle_mw is None
    assert all(run.energy_mj is None for run in report.runs)
    assert "energy" not in report_text(report)
