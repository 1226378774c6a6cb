"""`collodi samples`: inputs of a real folder and answers of the float file, for one bundle."""

import csv
import runpy
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
for library in ("onnx", "onnxruntime", "ai_edge_litert", "flatbuffers", "torch", "soundfile"):
    pytest.importorskip(library)
import soundfile  # noqa: E402

from device.backends.scoring import read_samples, signal_to_noise_db  # noqa: E402
from device.bundle import MANIFEST, read_bundle  # noqa: E402
from device.files import sha256_of  # noqa: E402
from device.main import main  # noqa: E402
from train_edge.predictor import load_model  # noqa: E402
from train_edge.real_folders import load_sound, one_second  # noqa: E402

TINY = runpy.run_path(str(Path(__file__).with_name("make_tiny_bundle.py")))


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("speech")
    rng = np.random.default_rng(1)
    with (place / "manifest.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(("file", "label", "speaker"))
        for n in range(9):
            tone = np.sin(np.arange(12000) * (0.02 + 0.05 * n)) * 0.3
            sound = tone + rng.normal(0, 0.01, 12000)
            soundfile.write(place / f"{n}.wav", sound, 16000)
            table.writerow((f"{n}.wav", "yes" if n % 2 else "no", "s"))
    return place


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bundle") / "tiny"
    TINY["make_tiny_bundle"](place)
    return place


def test_the_samples_are_what_evaluate_feeds_the_model(
    folder: Path, speech: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.npz"
    words = ["samples", str(folder), "--data", str(speech), "--out", str(out)]
    assert main([*words, "--count", "5"]) == 0
    header, inputs, answers = read_samples(out)
    assert header.manifest_sha256 == sha256_of(folder / MANIFEST) and header.samples == 5
    model = load_model(folder, "onnx")
    sounds = np.stack([one_second(load_sound(speech / f"{n}.wav")) for n in (0, 2, 4, 6, 8)])
    np.testing.assert_allclose(answers, model.hear(sounds), atol=1e-5)
    int8 = load_model(folder, "tflite-int8").run(inputs)
    assert header.expected["tiny.tflite"] == pytest.approx(
        signal_to_noise_db(answers, int8), abs=0.01
    )
    assert header.expected["tiny.onnx"] == 200.0 and "tiny.c" not in header.expected
    assert "tiny.tflite" in capsys.readouterr().out
    assert main([*words, "--count", "100"]) == 0 and read_samples(out)[0].samples == 9


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--count", "1"], "--count 1"), (["--out", "s.txt"], "s.txt"),
        (["--out", "no/such/s.npz"], "folder"), (["--data", "gone"], "no such folder"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_line(
    folder: Path, speech: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    words: list[str], line: str,
) -> None:  # fmt: skip
    given = {"--data": str(speech), "--out": str(tmp_path / "s.npz"), **dict([words])}
    assert main(["samples", str(folder), *(word for pair in given.items() for word in pair)]) == 2
    shown = capsys.readouterr().err.strip().splitlines()
    assert line in shown[-1] and not (tmp_path / "s.npz").exists()


def test_a_bundle_without_a_float_file_is_refused(
    speech: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "int8"
    TINY["make_tiny_bundle"](place, ("tflite-int8",))
    assert read_bundle(place).files[0].target == "tflite-int8"
    words = ["samples", str(place), "--data", str(speech), "--out", str(tmp_path / "s.npz")]
    assert main(words) == 2 and "no float file" in capsys.readouterr().err
