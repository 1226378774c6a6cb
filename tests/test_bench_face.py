"""The face benchmark measures what it is given the means for, and says what it does not."""

import json
import runpy
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
BUNDLE = runpy.run_path(str(ROOT / "tests" / "make_tiny_bundle.py"))


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = import_module("bench_face")
    monkeypatch.setattr(module, "names", lambda: [])  # no bundle of the zoo
    return module


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    BUNDLE["make_tiny_bundle"](tmp_path / "bundle", ("onnx", "tflite-int8"))
    return tmp_path / "bundle"


def figures(path: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(path.read_text())
    assert set(body) == {"stamp", "rows", "figures"}
    return dict(body["figures"])


def test_a_transfer_report_alone_gives_its_two_figures(
    bench: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, out = tmp_path / "transfer.json", tmp_path / "out.json"
    body = {"task": "face", "ratio": 1.2, "synthetic": {"nme_68": 0.08}, "real": None}
    report.write_text(json.dumps(body))
    assert bench.main(["--transfer", str(report), "--json", str(out)]) == 0
    assert figures(out) == {"ratio": 1.2, "nme_68": 0.08}
    said = capsys.readouterr().out
    assert said.count("not run") == 6
    assert "face_vs_mlperf_latency     not run: needs --face and --reference" in said
    assert "find_recall                not run: needs --find and --real and --scenes" in said


def test_size_and_latency_need_no_data(bench: Any, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    reference = tmp_path / "reference"
    reference.mkdir()
    shutil.copy(next(bundle.glob("*.tflite")), reference / bench.REFERENCE)
    flags = ["--face", str(bundle), "--reference", str(reference), "--json", str(out)]
    assert bench.main(flags) == 0
    found = figures(out)
    assert found["face_bytes"] == next(bundle.glob("*.tflite")).stat().st_size
    assert found["face_vs_mlperf_latency"] > 0
    times = json.loads(out.read_text())["rows"][-1]["ms"]
    assert len(times["ours"]) == len(times["mlperf"]) == 30


def test_figures_of_evaluations_follow_their_rules(
    bench: Any, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("real", "stills", "scenes", "talk"):
        (tmp_path / name).mkdir()
    false: dict[str, float] = {"false_per_100": 0.9}

    def evaluated(file: str, folder: Path) -> dict[str, Any]:
        error = {"onnx": 0.100, "tflite-int8": 0.102}[file]
        groups = {"sex male": {"n": 40, "nme_68": 0.1275}, "few": {"n": 2, "nme_68": 0.9}}
        body = {"nme_68": error, "recall": 0.97, "accuracy": 0.96, "by_group": groups}
        return body | false | {"stamp": {}, "data": folder.name}

    monkeypatch.setattr(bench, "load_model", lambda _, file: file)
    monkeypatch.setattr(bench, "evaluate", evaluated)
    flags = [f"--{name}={tmp_path / name}" for name in ("real", "stills", "scenes", "talk")]
    flags += [f"--{name}={bundle}" for name in ("face", "find", "talking")]
    out = tmp_path / "out.json"
    assert bench.main([*flags, "--json", str(out)]) == 0
    found = figures(out)
    assert found.pop("face_bytes") > 0
    assert found == pytest.approx(
        {"int8_loss": 0.02, "find_recall": 0.97, "talking_accuracy": 0.96, "worst_group": 0.25}
    )
    false = {"false_per_100": 1.1}  # a detector that sees faces everywhere has no recall to show
    assert bench.main([*flags, "--json", str(out)]) == 0
    assert figures(out)["find_recall"] is None
    false = {}
    with pytest.raises(SystemExit, match="--scenes .*: every picture shows a face"):
        bench.main([*flags, "--json", str(out)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "want the JSON of collodi transfer face"),
        ('{"task": "face"}', "want the JSON of collodi transfer face"),
        ('{"task": "kws", "ratio": 1, "synthetic": {"nme_68": 1}}', "is of kws, want"),
        (None, "not there"),
    ],
)
def test_a_wrong_file_is_one_line(
    bench: Any, text: str | None, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "transfer.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SystemExit, match=message) as caught:
        bench.main(["--transfer", str(file)])
    assert "\n" not in str(caught.value)


def test_a_reference_folder_without_the_model_is_one_line(
    bench: Any, bundle: Path, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match="no such file; --reference wants MLPerf Tiny's"):
        bench.main(["--face", str(bundle), "--reference", str(tmp_path)])
