"""Wrong use of `collodi export` is one line that says what would be right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from export.calibrate import split
from export.cli import bundle_name, main
from export.evaluations import read_accuracy
from export.presets import TARGETS, check_targets
from export.to_c import c_name


def test_unknown_target_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'onnx-int4'.*'onnx-int8'"):
        main(["run", "--out", str(tmp_path / "b"), "--targets", "onnx,onnx-int4"])
    assert check_targets(["c", "onnx", "c"]) == ("onnx", "c")
    assert check_targets(TARGETS) == TARGETS


def test_folder_that_is_there_is_refused_before_the_run_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="already there; --force"):
        main([str(tmp_path / "no-run"), "--out", str(tmp_path)])


def test_missing_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no-run"):
        main([str(tmp_path / "no-run"), "--out", str(tmp_path / "b")])
    assert not list(tmp_path.iterdir())


def test_names_of_bundle_and_c_symbols() -> None:
    assert bundle_name(Path("out/my digits (1)")) == "my-digits-1"
    assert c_name("My-digits.v2") == "my_digits_v2"
    assert c_name("96px") == "model_96px"
    with pytest.raises(ValueError, match="letters or digits"):
        bundle_name(Path("/"))


def evaluation(folder: Path, **changes: object) -> Path:
    """An evaluation file of keywords on real speech."""
    body = {"task": "kws", "data": "real", "n": 30, "accuracy": 0.8, "by_speaker": {}, "stamp": {}}
    path = folder / f"{len(list(folder.iterdir()))}.json"
    path.write_text(json.dumps(body | changes))
    return path


def test_evaluations_become_figures_of_their_kind(tmp_path: Path) -> None:
    real, made = evaluation(tmp_path), evaluation(tmp_path, data="synthetic", accuracy=0.9)
    accuracy = read_accuracy([real, made], "kws", {"val_accuracy": 0.7})
    assert accuracy.real == {"n": 30, "accuracy": 0.8}
    assert accuracy.synthetic == {"n": 30, "accuracy": 0.9}
    assert read_accuracy([], "kws", {"val_accuracy": 0.7}).synthetic == {"accuracy": 0.7}
    assert read_accuracy([], "kws", {}).synthetic is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task": "face"}, "task 'face'"),
        ({"accuracy": "high"}, "no number 'accuracy'"),
        ({"data": "dream"}, "'dream'"),
    ],
)
def test_foreign_evaluation_is_refused(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    path = evaluation(tmp_path, **changes)
    with pytest.raises(ValueError, match=rf"{path.name}.*{said}"):
        read_accuracy([path], "kws", {})


def test_two_evaluations_of_one_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="second evaluation on real data"):
        read_accuracy([evaluation(tmp_path), evaluation(tmp_path)], "kws", {})


def test_a_quarter_of_the_inputs_calibrates_and_the_hash_tells_them_apart() -> None:
    inputs = np.random.default_rng(0).normal(size=(32, 5, 4, 1)).astype(np.float32)
    first = split(inputs)
    assert np.array_equal(first.clips[:, 1:], inputs[::4, 1:])
    assert len(first.held_out) == 24
    assert not any((clip == inputs[::4]).all((1, 2, 3)).any() for clip in first.held_out)
    assert split(inputs.copy()).sha256 == first.sha256
    inputs[0, 2, 0, 0] += 1e-3
    assert split(inputs).sha256 != first.sha256
    with pytest.raises(ValueError, match="not finite"):
        split(np.full((32, 1, 1, 1), np.nan, np.float32))
    with pytest.raises(ValueError, match="at least 16"):
        split(inputs[:10])


@pytest.mark.parametrize("peak", [1.0, 2.0, 0.3])
def test_zero_and_the_ends_of_the_range_are_steps_of_int8(peak: float) -> None:
    inputs = np.random.default_rng(0).uniform(-peak, peak, (32, 5, 4, 1)).astype(np.float32)
    inputs[4, 2] = -peak
    before = inputs.copy()
    low, high = (split(inputs).clips.min(), split(inputs).clips.max())
    scale = (high - low) / 255
    zero_point = np.round(-128 - low / scale)
    assert zero_point == 0
    for value in (-high, 0, high):
        assert scale * np.round(value / scale) == pytest.approx(value, abs=1e-6)
    assert (inputs == before).all()
