"""The face bundle from nothing, at the smallest size."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from device.bundle import CARD, read_bundle
from export.release import main
from generate.face_outputs import COLUMNS, LABELS

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release")
    real = CLIPS["faces_folder"](out / "real")
    argv = ["toy-face", "--size", "tiny", "--out", str(out), "--real", str(real)]
    assert main(argv) == 0
    return out / "toy-face"


@pytest.mark.long
def test_a_release_is_a_bundle_tested_on_other_people_and_on_real_ones(made: Path) -> None:
    bundle = read_bundle(made / "bundles" / "toy-face")
    assert bundle.labels == LABELS and bundle.task == "face"
    assert {entry.target for entry in bundle.files} == {"onnx", "onnx-int8", "tflite-int8", "c"}
    assert bundle.accuracy.real and bundle.accuracy.synthetic
    names = {f"evaluate-{place}-{file}.json" for place in ("synthetic", "real")
             for file in ("float32", "tflite-int8", "onnx-int8")}  # fmt: skip
    assert names == {path.name for path in made.glob("evaluate-*.json")}
    people = [json.loads((made / "data" / name / "dataset.json").read_text())["options"]
              for name in ("stills", "stills-test")]  # fmt: skip
    assert people[0]["seed"] != people[1]["seed"]
    assert people[0]["adult_share"] == people[1]["adult_share"] == 0.5


@pytest.mark.long
def test_the_card_tells_where_each_answer_is(made: Path) -> None:
    card = (made / "bundles" / "toy-face" / CARD).read_text()
    for name, columns in COLUMNS.items():
        assert f"| {name} | {columns.start}-{columns.stop - 1} |" in card


@pytest.mark.parametrize(
    ("argv", "why"), [(["toy-fac"], "toy-fac"), (["toy-face", "--real", "nowhere"], "no landmarks")]
)
def test_wrong_use_is_refused_before_any_work(argv: list[str], why: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=why):
        main([*argv, "--out", str(tmp_path / "o")])
    assert not (tmp_path / "o").exists()
