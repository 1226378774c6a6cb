"""Sample sets: read without pickles, bound to one bundle, and a fast wrong file is caught."""

import json
import runpy
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from device.bench import Options, bench
from device.bundle import MANIFEST, describe, read_bundle, write_bundle
from device.files import sha256_of
from device.main import main
from device.samples import HEADER, Samples, for_bundle, read_header
from device.strict import FormatError, dumps

np = pytest.importorskip("numpy")
for library in ("onnx", "onnxruntime", "ai_edge_litert", "flatbuffers"):
    pytest.importorskip(library)
from device.backends import open_model  # noqa: E402
from device.backends.scoring import (  # noqa: E402
    agreement,
    packed,
    read_samples,
    signal_to_noise_db,
)

TINY = runpy.run_path(str(Path(__file__).with_name("make_tiny_bundle.py")))
RNG = np.random.default_rng(3)
INPUTS = RNG.uniform(-1, 1, (12, 50, 40, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("samples") / "tiny"
    TINY["make_tiny_bundle"](place)
    return place


def written(folder: Path, path: Path, **changes: object) -> Path:
    bundle = read_bundle(folder)
    answers = open_model(folder, bundle.file("onnx")).run([INPUTS])[0]
    expected = {"tiny.onnx": 200.0, "tiny.tflite": 25.0}
    header = Samples(bundle.name, sha256_of(folder / MANIFEST), "kws", len(INPUTS), expected)
    path.write_bytes(packed(replace(header, **changes), INPUTS, answers))  # type: ignore[arg-type]
    return path


QUICK = Options(runs=3, seconds=0.1, work=("model",))


def test_right_answers_are_scored_on_every_runtime(folder: Path, tmp_path: Path) -> None:
    path = written(folder, tmp_path / "s.npz")
    report = bench(folder, replace(QUICK, samples=(path,)))
    scored = {run.runtime.split()[0]: run for run in report.runs if run.status == "ran"}
    assert scored["onnxruntime"].accuracy is not None
    assert scored["onnxruntime"].accuracy.value > 100
    for name in ("ai-edge-litert", "tflite-micro"):
        if name in scored:
            seen = scored[name].accuracy
            assert seen is not None and seen.value > 22 and seen.reference == 25.0
            assert seen.samples == 12 and (seen.agreement or 0) > 0.8


def test_a_fast_wrong_file_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same file with two weights in the other's place runs as fast, and is no result."""
    wrong = tmp_path / "wrong"
    TINY["make_tiny_bundle"](wrong)
    model = bytearray((wrong / "tiny.tflite").read_bytes())
    weights = TINY["weights"]()[0].tobytes()
    at = model.find(weights)
    assert at > 0
    model[at : at + len(weights)] = weights[::-1]
    (wrong / "tiny.tflite").write_bytes(model)
    bundle = read_bundle(wrong, check_files=False)
    files = tuple(
        replace(e, sha256=describe(wrong, e.path)[0]) if e.path == "tiny.tflite" else e
        for e in bundle.files
    )
    write_bundle(wrong, replace(bundle, files=files))
    words = ["bench", str(wrong), "--runs", "3", "--seconds", "0.1", "--file", "tflite-int8"]
    assert main(words) == 0
    path = written(wrong, tmp_path / "s.npz")
    capsys.readouterr()
    assert main([*words, "--samples", str(path)]) == 1
    assert "failed: tiny.tflite" in (shown := capsys.readouterr().out) and "wrong answers" in shown


def test_samples_of_another_bundle_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(folder, tmp_path / "s.npz", manifest_sha256="ab" * 32)
    assert main(["bench", str(folder), "--samples", str(path)]) == 2
    assert "made for another bundle than tiny-kws" in capsys.readouterr().err
    assert for_bundle([path], "ab" * 32) is not None and for_bundle([path], "cd" * 32) is None


def test_the_same_samples_are_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    first, second = (written(folder, tmp_path / name) for name in ("a.npz", "b.npz"))
    assert first.read_bytes() == second.read_bytes()
    header, inputs, _ = read_samples(first)
    assert header == read_header(first) and np.array_equal(inputs, INPUTS)


@pytest.mark.parametrize("cut", [0, 1, 40, 400, -1, -30])
def test_a_damaged_file_is_one_line(folder: Path, tmp_path: Path, cut: int) -> None:
    path = written(folder, tmp_path / "s.npz")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FormatError, match="s.npz"):
        read_samples(path)


def test_pickles_and_wrong_shapes_are_refused(folder: Path, tmp_path: Path) -> None:
    header = read_header(written(folder, tmp_path / "s.npz"))
    objects = np.array([{"a": 1}] * 12, dtype=object)
    np.savez(tmp_path / "p.npz", inputs=objects, answers=objects)
    few = INPUTS[:5]
    (tmp_path / "f.npz").write_bytes(packed(header, few, few))
    (tmp_path / "d.npz").write_bytes(packed(header, INPUTS.astype(np.float64), INPUTS))
    with zipfile.ZipFile(tmp_path / "p.npz", "a") as archive:
        archive.writestr(HEADER, dumps(header))
    for name in ("p.npz", "f.npz", "d.npz"):
        with pytest.raises(FormatError, match=name):
            read_samples(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"version": 2}, "version"), ({"sample": 3}, "did you mean 'samples'"), ({"task": 1}, "task")],
)
def test_a_wrong_header_names_the_key(
    folder: Path, tmp_path: Path, change: dict[str, object], word: str
) -> None:
    header = json.loads(dumps(read_header(written(folder, tmp_path / "s.npz"))))
    with zipfile.ZipFile(tmp_path / "h.npz", "w") as archive:
        archive.writestr(HEADER, json.dumps({**header, **change}))
    with pytest.raises(FormatError, match=word):
        read_header(tmp_path / "h.npz")


def test_signal_to_noise_takes_the_mean_answer_off() -> None:
    """A network that says 100 plus a little: answering only the 100 is not 40 dB right."""
    said = RNG.normal(0, 1, (500, 3)).astype(np.float32)
    reference = 100 + said
    assert signal_to_noise_db(reference, reference) == 200.0
    assert signal_to_noise_db(reference, np.full_like(reference, 100)) == pytest.approx(0, abs=0.2)
    noisy = reference + 0.1 * RNG.normal(0, 1, said.shape).astype(np.float32)
    assert signal_to_noise_db(reference, noisy) == pytest.approx(20, abs=0.5)
    assert signal_to_noise_db(reference, reference * np.nan) == -200.0
    assert agreement(said, said) == 1.0 and agreement(said, -said) < 0.1


def test_a_row_whose_answers_nobody_checked_says_so(folder: Path, tmp_path: Path) -> None:
    path = written(folder, tmp_path / "s.npz", expected={"tiny.tflite": 25.0})
    alone = bench(folder, replace(QUICK, samples=(path,)))
    for run in (run for run in alone.runs if run.status == "ran"):
        unchecked = run.file == "tiny.onnx"
        assert (run.accuracy is None) == unchecked
        assert any(text.startswith("answers: not scored") for text in run.doubts) == unchecked
    both = bench(folder, replace(QUICK, file="onnx", samples=(written(folder, path),),
                                 work=("front end and model",)))  # fmt: skip
    ran = [run for run in both.runs if run.status == "ran"]
    assert ran and all("answers: not scored" in " ".join(run.doubts) for run in ran)
