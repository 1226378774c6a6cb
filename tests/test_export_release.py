"""A bundle of the zoo from nothing, at the smallest size, and what its card says of streams."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from device.bundle import CARD, read_bundle
from device.detect import Detector
from export.card import as_tuned, in_a_stream
from export.release import main
from export.release_kws import RECIPES
from export.tune_cli import main as tune_main


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release")
    assert main(["kws-toy", "--size", "tiny", "--out", str(out)]) == 0
    return out / "kws-toy"


def test_a_release_is_a_bundle_with_tuned_and_tested_thresholds(made: Path) -> None:
    bundle = read_bundle(made / "bundles" / "kws-toy")
    words = RECIPES["kws-toy"].words
    assert bundle.labels == (*words, "unknown", "silence")
    assert {entry.target for entry in bundle.files} == {"onnx", "onnx-int8", "tflite-int8", "c"}
    found = bundle.detector
    assert found is not None and set(found.thresholds) == set(words)
    assert found.tested_hours == pytest.approx(2 / 60, abs=1e-3)
    assert found.tested_words and 0 <= (found.tested_false_rejects or 0) <= 1
    card = (made / "bundles" / "kws-toy" / CARD).read_text()
    assert card.count("## In a stream") == 1 and in_a_stream(bundle) in card
    assert "Tested on 0.03 hours" in card and "\n\n## Use in Python" in card


def test_run_again_nothing_is_made_anew(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*") if path.is_file()}
    assert main(["kws-toy", "--size", "tiny", "--out", str(made.parent)]) == 0
    after = {path: path.stat().st_mtime_ns for path in made.rglob("*") if path.is_file()}
    assert {path.name for path in before if after[path] != before[path]} <= {"options.json"}
    with pytest.raises(ValueError, match="seed = 0, not 1"):
        main(["kws-toy", "--size", "tiny", "--seed", "1", "--out", str(made.parent)])


def test_tuning_again_forgets_the_test(made: Path, tmp_path: Path) -> None:
    folder, home = made / "bundles" / "kws-toy", made / "data" / "home-tune"
    before = read_bundle(folder).detector
    result = tmp_path / "found.json"
    assert tune_main([str(folder), "--data", str(home), "--dry-run", "--json", str(result)]) == 0
    found = json.loads(result.read_text())
    assert found["tested_per_hour"] is None and before and before.tested_per_hour is not None
    assert found["thresholds"] == before.thresholds
    assert read_bundle(folder).detector == before


def test_a_card_says_what_was_tuned_and_tested(made: Path) -> None:
    bundle = read_bundle(made / "bundles" / "kws-toy")
    bare = replace(bundle, detector=None)
    assert "not tuned" in in_a_stream(bare)
    assert "Tested" not in in_a_stream(replace(bundle, detector=Detector(
        thresholds={"go": 0.5}, false_accepts_per_hour=0.2, negative_hours=9)))  # fmt: skip
    assert as_tuned("# no such section\n", bundle) == "# no such section\n"


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["kws-digit"], "kws-digit"),
        (["kws-toy", "--size", "huge"], "huge"),
        (["kws-toy", "--size", "tiny", "--zoo"], "not for use"),
        (["kws-toy", "--real", "nowhere"], "no manifest.csv"),
    ],
)
def test_wrong_use_is_refused_before_any_work(argv: list[str], why: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=why):
        main([*argv, "--out", str(tmp_path / "o")])
    assert not (tmp_path / "o").exists()
