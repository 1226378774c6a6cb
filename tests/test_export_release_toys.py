"""toy-find and toy-talking from nothing, at the smallest size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from device.bundle import read_bundle
from export.release import main


def made(name: str, out: Path) -> dict[str, float]:
    """Figures of the int8 file on other people, of a bundle that is made."""
    assert main([name, "--size", "tiny", "--out", str(out)]) == 0
    bundle = read_bundle(out / name / "bundles" / name)
    assert bundle.task == name.removeprefix("toy-")
    assert {"onnx", "tflite-int8"} <= {entry.target for entry in bundle.files}
    result = out / name / "evaluate-synthetic-tflite-int8.json"
    figures: dict[str, float] = json.loads(result.read_text())
    return figures


@pytest.mark.long
def test_a_detector_is_made_and_tuned(tmp_path: Path) -> None:
    assert 0 <= made("toy-find", tmp_path)["recall"] <= 1
    bundle = read_bundle(tmp_path / "toy-find" / "bundles" / "toy-find")
    assert bundle.finder and bundle.finder.negatives == 100
    assert json.loads((tmp_path / "toy-find" / "test.json").read_text())


@pytest.mark.long
def test_who_speaks_is_made_and_tested_with_other_voices(tmp_path: Path) -> None:
    assert 0 <= made("toy-talking", tmp_path)["accuracy"] <= 1
    data = tmp_path / "toy-talking" / "data"
    learn, test = (json.loads((data / name / "dataset.json").read_text())["options"]
                   for name in ("talk", "talk-test"))  # fmt: skip
    assert test["speakers"] == "test" != learn["speakers"] and learn["seed"] != test["seed"]
    assert test["sentences"] and not learn["sentences"]
