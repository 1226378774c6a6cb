"""The whole way to an Arm board: upload, run under qemu, fetch; answers as on this machine.

The roots are those of `make virtual-pi`; without them these tests are skipped.
"""

import os
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from device.bench import Options, bench
from device.boards import board_named
from device.remote import Remote
from device.report import Report
from device.ssh import BoardError
from device.table import report_text

np = pytest.importorskip("numpy")
ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
LOOPBACK = runpy.run_path(str(TESTS / "make_loopback.py"))
VIRTUAL = runpy.run_path(str(TESTS / "make_virtual_pi.py"))
PLACE = Path(os.environ.get("COLLODI_VIRTUAL_PI") or "~/.cache/collodi/virtual-pi").expanduser()
QUICK = Options(runs=4, seconds=1.0, rounds=1, work=("front end", "model"))


def board(bits: int, place: Path) -> Any:
    """Return the virtual board, or skip with the reason."""
    root = PLACE / VIRTUAL["KINDS"][bits].arch
    reason = LOOPBACK["WHY_NOT"] or VIRTUAL["why_not"](root, bits)
    if reason:
        pytest.skip(reason)
    return LOOPBACK["loopback"](place, root, VIRTUAL["KINDS"][bits].cpu)


@pytest.fixture
def scored(tmp_path: Path) -> tuple[Path, Path]:
    """A bundle, and samples of it with the float file's answers."""
    for name in ("onnx", "onnxruntime", "ai_edge_litert", "flatbuffers"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    from device.backends import open_model
    from device.backends.scoring import packed
    from device.bundle import MANIFEST, read_bundle
    from device.files import sha256_of
    from device.samples import Samples

    folder, path = tmp_path / "tiny", tmp_path / "samples.npz"
    runpy.run_path(str(TESTS / "make_tiny_bundle.py"))["make_tiny_bundle"](folder)
    bundle = read_bundle(folder)
    inputs = np.random.default_rng(5).uniform(-1, 1, (16, 50, 40, 1)).astype(np.float32)
    answers = open_model(folder, bundle.file("onnx")).run([inputs])[0]
    expected = {"tiny.onnx": None, "tiny.tflite": None}
    header = Samples(bundle.name, sha256_of(folder / MANIFEST), "kws", len(inputs), expected)
    path.write_bytes(packed(header, inputs, answers))
    return folder, path


def decibels(report: Report) -> dict[str, float]:
    """Return the signal to noise of each file that a TFLite runtime ran."""
    return {
        run.file: run.accuracy.value
        for run in report.runs
        if run.accuracy is not None and run.file.endswith("tflite") and "tflm" not in run.runtime
        and "micro" not in run.runtime
    }  # fmt: skip


def checked(report: Report, here: Report, runtimes: set[str]) -> None:
    """Answers as here within 1 dB; no time, no telemetry, and both said."""
    ran = [run for run in report.runs if run.status == "ran"]
    assert runtimes <= {run.runtime.split()[0] for run in ran}, report_text(report)
    assert report.board.emulation and not report.telemetry
    for run in ran:
        assert not run.latency_ns and not run.warmup_ns and run.load_ms is None
        assert any(doubt.startswith("emulation") for doubt in run.doubts)
    text = report_text(report)
    assert "emulation" in text and " ms\n" not in text
    near, far = decibels(here), decibels(report)
    assert set(far) == set(near) == {"tiny.tflite"}
    assert abs(far["tiny.tflite"] - near["tiny.tflite"]) < 1.0
    assert all(run.energy_mj is None for run in report.runs)


@pytest.mark.parametrize(
    ("bits", "machine", "runtimes"),
    [
        (64, "aarch64", {"numpy", "onnxruntime", "ai-edge-litert"}),
        (32, "armv7l", {"numpy", "tflite-runtime"}),
    ],
)
def test_the_whole_way_to_an_arm_board(
    scored: tuple[Path, Path], tmp_path: Path, bits: int, machine: str, runtimes: set[str]
) -> None:
    folder, samples = scored
    said: list[str] = []
    options = replace(QUICK, samples=(samples,))
    here = bench(folder, options)
    with board(bits, tmp_path / "board") as pi:
        before = set(pi.left())  # of a test that was killed
        pi.write_configs(machines=[machine], runtimes=["litert"])
        report = Remote(board_named("desk"), said.append).bench([folder], options)
        assert set(pi.left()) <= before
    assert report.created.host.machine == machine
    assert any("running" in line for line in said)
    checked(report, here, runtimes)


def test_an_arm_board_is_not_an_x86_one(scored: tuple[Path, Path], tmp_path: Path) -> None:
    with board(64, tmp_path / "board") as pi:
        pi.write_configs(machines=["x86_64"])
        with pytest.raises(BoardError, match="instruction set is aarch64, its entry says x86_64"):
            Remote(board_named("desk"), print).bench([scored[0]], QUICK)
        assert not any("collodi" in name for name in pi.left())
