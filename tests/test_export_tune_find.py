"""A detector's threshold: as few false faces as asked for, and nothing kept that it made untrue."""

from __future__ import annotations

import json
import runpy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.bundle import CARD, Accuracy, read_bundle, write_bundle
from device.find import CELL, Face, Finder
from device.front_end import SCENE
from export import tune_find
from export.card import card
from export.tune_cli import main
from generate.clip import Clip
from train_edge.data import open_clips
from train_edge.evaluate_find import show_clips

HERE = Path(__file__).parent
CLIPS = runpy.run_path(str(HERE / "make_tiny_clips.py"))
BUNDLE = runpy.run_path(str(HERE / "make_tiny_bundle.py"))
PLACES = 200
"""One of them may show a false face, two may not."""


@dataclass(frozen=True)
class Sees:
    """A detector that sees a face at `at` in each picture, as sure as its first pixel is bright."""

    at: dict[bytes, tuple[float, float, float]] = field(default_factory=dict)
    finder: Finder = field(default_factory=Finder)
    front_end: dict[str, Any] = field(default_factory=lambda: dict(SCENE))

    def find(self, pictures: list[np.ndarray], finder: Finder) -> list[list[Face]]:
        """Logits of -4.5, below every threshold, to 14.6."""
        boxes = [self.at.get(picture.tobytes(), (9, 9, 9)) for picture in pictures]
        sure = [0.075 * float(picture[0, 0, 0]) - 4.5 for picture in pictures]
        found = [Face(*box, logit) for box, logit in zip(boxes, sure, strict=True)]
        return [[one] if one.score >= finder.threshold else [] for one in found]


def places(folder: Path, bright: dict[int, int]) -> Path:
    """Pictures without a face; `bright` is the first pixel of some, that of the others is 0."""
    made, clip = [], CLIPS["face_clip"](0, 16)
    for number in range(PLACES):
        body = clip.facts | {"skin_tone": 0, "key": f"place-{number:08d}"}
        picture = np.full((1, 16, 16, 3), bright.get(number, 0), np.uint8)
        labels = {"parts": clip.labels["parts"], "speaking": clip.labels["speaking"]}
        made.append(Clip(body["key"], body, labels, picture))
    return Path(CLIPS["write"](folder, made, {}))


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Places with a false face of logit 3."""
    return places(tmp_path_factory.mktemp("one") / "places", {3: 100})


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Places with false faces of logits 3 and 1.5."""
    return places(tmp_path_factory.mktemp("two") / "places", {3: 100, 7: 80})


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(CLIPS["faces_data"](tmp_path_factory.mktemp("people") / "stills", 6))


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tune_find, "load_model", lambda *_: Sees())
    folder = tmp_path / "toy-find"
    tiny = BUNDLE["make_tiny_bundle"](folder, ("onnx",))
    made = replace(tiny, task="find", front_end=dict(SCENE), labels=CELL)
    write_bundle(folder, made)
    (folder / CARD).write_text(card(made, {}))
    return folder


def test_one_false_face_in_200_is_allowed_and_two_are_not(
    bundle: Path, one: Path, two: Path, people: Path
) -> None:
    for data, lowest, highest in ((one, -4, 1.5), (two, 1.5, 3)):
        assert main([str(bundle), "--data", str(data)]) == 0
        finder = read_bundle(bundle).finder
        assert finder and finder.negatives == PLACES and finder.false_per_100 == 0.5
        assert lowest <= finder.threshold < highest
    with pytest.raises(ValueError, match="0 pictures without a face, want 100"):
        main([str(bundle), "--data", str(people)])


def test_a_test_counts_at_the_threshold_and_brings_the_accuracy(
    bundle: Path,
    one: Path,
    two: Path,
    people: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = ["--test", "--data", str(two)]
    with pytest.raises(ValueError, match="no threshold to test"):
        main([str(bundle), *other])
    main([str(bundle), "--data", str(one)])
    tuned = read_bundle(bundle)
    write_bundle(bundle, replace(tuned, finder=replace(tuned.finder, threshold=2.0)))
    shown = list(show_clips(open_clips(people, "frames"), list(range(6))))
    right = {s.picture.tobytes(): s.face for s in shown[1:] if s.face}
    monkeypatch.setattr(tune_find, "load_model", lambda *_: Sees(right))
    sure = [float(s.picture[0, 0, 0]) * 0.075 - 4.5 >= 2 for s in shown[1:]]
    figures = tmp_path / "found.json"
    figures.write_text(json.dumps({"task": "find", "data": "real", "n": 50, "recall": 0.75}))
    assert (
        main([str(bundle), *other, "--positives", str(people), "--evaluation", str(figures)]) == 0
    )
    found = read_bundle(bundle)
    assert found.finder and found.finder.tested_false_per_100 == 0.5  # 3, not 1.5
    assert found.finder.tested_recall == pytest.approx(sum(sure) / len(shown), abs=1e-4)
    assert found.finder.tested_faces == len(shown) == 6 and any(sure)
    assert found.accuracy == Accuracy(None, {"n": 50.0, "recall": 0.75})
    assert "On real people (50 clips): faces found 75.0 %" in (bundle / CARD).read_text()
    with pytest.raises(ValueError, match="no picture shows a face"):
        main([str(bundle), *other, "--positives", str(one)])

    main([str(bundle), "--data", str(one)])  # another threshold: what was measured is not true
    again = read_bundle(bundle)
    assert again.accuracy == Accuracy() and again.finder and again.finder.tested_faces is None
    assert "On real people: not measured" in (bundle / CARD).read_text()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--fa-per-hour", "1"], "--fa-per-hour: for keyword models only"),
        (["--hop-frames", "5"], "--hop-frames: for keyword models only"),
        (["--smooth", "3"], "--smooth: for keyword models only"),
        (["--refractory-s", "1"], "--refractory-s: for keyword models only"),
        (["--positives", "people"], "--positives people: to find faces, only with --test"),
        (["--evaluation", "a.json"], "--evaluation a.json: only with --test"),
    ],
)
def test_what_a_detector_does_not_take_is_refused(
    bundle: Path, argv: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        main([str(bundle), "--data", "anywhere", *argv])
    assert "\n" not in str(caught.value)
