"""Providers and delegates: what is not here is `not run`, and nothing falls back in silence."""

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from device.backends import VARIANTS, NotHere, open_model, parts
from device.bench import Options, bench
from device.bundle import read_bundle
from device.main import main

np = pytest.importorskip("numpy")
for library in ("onnx", "onnxruntime", "ai_edge_litert", "flatbuffers"):
    pytest.importorskip(library)
TINY = runpy.run_path(str(Path(__file__).with_name("make_tiny_bundle.py")))
QUICK: dict[str, Any] = {"runs": 2, "seconds": 0.1, "work": ("model",)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("variants") / "tiny"
    TINY["make_tiny_bundle"](place)
    return place


@pytest.mark.parametrize("runtime", ["onnxruntime:metal", "litert:off", "tflm:cpu", "caffe", ""])
def test_unknown_runtimes_and_variants_name_the_known(runtime: str) -> None:
    with pytest.raises(ValueError, match=r"(has no|no runtime) '.*(, it has|, there are) "):
        parts(runtime)


def test_every_variant_is_a_row_or_says_why_not(folder: Path) -> None:
    variants = tuple(f"{name}:{kind}" for name, kinds in VARIANTS.items() for kind in kinds)
    assert len(variants) == 6
    report = bench(folder, Options(variants=variants, tensorrt=True, **QUICK))
    rows = {(run.file, run.runtime.split(" ")[0].split(":")[0]) for run in report.runs}
    assert ("tiny.onnx", "onnxruntime") in rows and ("tiny.onnx", "tensorrt") in rows
    assert sum(run.file == "tiny.onnx" for run in report.runs) == 5
    for run in report.runs:
        assert run.status != "failed", run.reason
        if run.status == "not run":
            assert run.reason and run.latency_ns == ()
    ran = {run.runtime for run in report.runs if run.status == "ran"}
    assert any(name.endswith("cpu") for name in ran)
    assert any(name.endswith("without XNNPACK") for name in ran)


def test_kernels_with_and_without_xnnpack_agree(folder: Path) -> None:
    entry = read_bundle(folder).file("tflite-int8")
    inputs = np.random.default_rng(0).uniform(-1, 1, (4, 50, 40, 1)).astype(np.float32)
    with_, without = (
        open_model(folder, entry, 2, f"litert:{kind}").run([inputs])[0]
        for kind in ("xnnpack", "no-xnnpack")
    )
    assert np.abs(with_ - without).max() <= 2 * (entry.outputs[0].scale or 0) + 1e-6


def test_a_provider_that_does_not_start_is_not_the_cpu(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX Runtime drops a provider whose libraries are missing and goes on without it."""
    import onnxruntime

    entry = read_bundle(folder).file("onnx")
    monkeypatch.setattr(
        onnxruntime, "get_available_providers",
        lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"],
    )  # fmt: skip
    session = SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *_, **__: session)
    with pytest.raises(NotHere, match="does not start here"):
        open_model(folder, entry, 1, "onnxruntime:cuda")


@pytest.mark.parametrize(
    "words", [["--provider", "gpu"], ["--xnnpack", "maybe"], ["--work", "all"], ["--mode", "fast"],
              ["--in-flight", "0"], ["--rounds", "0"]],
)  # fmt: skip
def test_wrong_words_exit_2(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["bench", str(folder), *words])
    assert end.value.code == 2 and capsys.readouterr().err.count("\n") == 1


def test_two_bundles_throughput_and_the_front_end(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--runs", "12", "--seconds", "0.2", "--mode", "throughput", "--in-flight", "2"]
    assert main(["bench", str(folder), str(folder), *words, "--file", "onnx"]) == 0
    shown = capsys.readouterr().out
    assert "tiny-kws#2/tiny.onnx" in shown and "runs/s" in shown and " x2" in shown
    whole = {**QUICK, "file": "onnx", "work": ("front end and model",)}
    report = bench([folder, folder], Options(**whole))
    assert [run.bundle for run in report.runs] == ["tiny-kws", "tiny-kws#2"]
    assert all(run.work == "front end and model" for run in report.runs)
    assert report.runs[0].status == "ran" and len(report.runs[0].latency_ns) == 2


def test_the_front_end_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--runs", "2", "--seconds", "0.1", "--work", "front-end"]
    assert main(["bench", str(folder), *words]) == 0
    shown = capsys.readouterr().out
    assert "front end: logmel" in shown and "tiny." not in shown


def test_with_too_little_memory_the_rows_take_no_turns_and_say_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = Options(**{**QUICK, "runs": 4, "rounds": 2, "file": "tflite-int8"})
    pytest.importorskip("tflite_micro")  # the second row
    for free, crowded in ((1 << 20, True), (None, False)):
        monkeypatch.setattr("device.bench.available_bytes", lambda free=free: free)
        ran = [run for run in bench(folder, options).runs if run.status == "ran"]
        assert len(ran) == 2 and all(len(run.latency_ns) == 4 for run in ran)
        for run in ran:
            assert any(text.startswith("no turns") for text in run.doubts) == crowded
        spans = [(run.started_s[0], run.started_s[-1] + run.took_s[-1]) for run in ran]
        apart = all(a[1] <= b[0] or b[1] <= a[0] for a in spans for b in spans if a is not b)
        assert apart == crowded
