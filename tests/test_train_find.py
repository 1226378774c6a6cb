"""A detector's scenes, targets, scores and training, on drawn faces."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from device.find import CELL, LOGIT, Face, Finder, faces, placed
from device.front_end import SCENE
from generate.clip import Clip
from train_edge.batches import make_batch
from train_edge.data import open_clips
from train_edge.evaluate import evaluate
from train_edge.evaluate_cli import as_text
from train_edge.evaluate_find import Shown, _far, show_folder
from train_edge.find_cast import Cast, face_in, is_clear, load_cast
from train_edge.find_scenes import BARS, Scene, compose, fitted
from train_edge.find_score import match, threshold_for
from train_edge.find_task import SIZE, FindTask, targets
from train_edge.loop import train
from train_edge.options import ImageAugment
from train_edge.predictor import Predictor, load_model
from train_edge.presets import preset
from train_edge.run import load_run
from train_edge.tasks import calibration_batch

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))
OPTIONS = replace(preset("find-tiny"), steps=3, batch=4, threads=1)
PLAIN = ImageAugment(occlude=0, blur=0, light=0, noise=0, jpeg=0)


def places_data(folder: Path, clips: int = 12) -> Path:
    """Pictures that nobody is in."""
    made = []
    for number in range(clips):
        clip = CLIPS["face_clip"](number, 64)
        body = clip.facts | {"skin_tone": 0, "key": f"place-{number:08d}"}
        picture = np.random.default_rng(number).integers(0, 255, (1, 64, 64, 3)).astype(np.uint8)
        labels = {"parts": clip.labels["parts"], "speaking": clip.labels["speaking"]}
        made.append(Clip(body["key"], body, labels, picture))
    folder = CLIPS["write"](folder, made, {})
    assert isinstance(folder, Path)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = CLIPS["faces_data"](tmp_path_factory.mktemp("f") / "stills", 40)
    assert isinstance(folder, Path)
    return folder


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return places_data(tmp_path_factory.mktemp("p") / "places")


@pytest.fixture(scope="module")
def cast(data: Path) -> Cast:
    return load_cast(open_clips(data, "frames"), range(20), 100)


def test_a_cast_holds_the_faces_and_no_more_than_is_asked(data: Path, places: Path) -> None:
    assert len(load_cast(open_clips(data, "frames"), range(40), 7).faces) == 7
    empty = load_cast(open_clips(places, "frames"), range(12), 100)
    assert len(empty.others) == 12 and not len(empty.faces)


def test_a_back_is_no_face_and_a_hidden_face_is_left_out() -> None:
    clip = CLIPS["face_clip"](1, 64)
    assert face_in(clip, 0) and is_clear(clip, 0)
    hidden = replace(clip, labels=clip.labels | {"landmarks_visible": np.zeros((1, 68), np.uint8)})
    assert not is_clear(hidden, 0)
    pose = np.array([[170, 0, 0]], np.float32)
    back = replace(hidden, labels=hidden.labels | {"head_pose_deg": pose})
    assert face_in(back, 0) is None and is_clear(back, 0)
    dummy = replace(clip, facts=clip.facts | {"look": {"held": "dummy"}})
    assert not is_clear(dummy, 0)


def test_scenes_follow_from_their_seed_and_know_what_is_seen(cast: Cast) -> None:
    one, same = (compose(cast, np.random.default_rng(3), ImageAugment(), SIZE, True) for _ in "12")
    assert (one.picture == same.picture).all() and one.boxes == same.boxes
    rng = np.random.default_rng(0)
    scenes = [compose(cast, rng, PLAIN, SIZE, True) for _ in range(60)]
    assert all(scene.picture.shape == SIZE[::-1] for scene in scenes)
    shares = [share for scene in scenes for share in scene.seen]
    assert min(shares) < 0.7 < max(shares) and all(0 <= share <= 1 for share in shares)
    none = [compose(cast, rng, PLAIN, SIZE, False) for _ in range(20)]
    assert not any(scene.boxes for scene in none)


def test_a_square_scene_lies_where_the_front_end_puts_a_square_picture(cast: Cast) -> None:
    square = compose(cast, np.random.default_rng(1), PLAIN, (120, 120), True)
    square.boxes, square.seen = [(30.0, 40.0, 20.0)], [1.0]
    scene, at = fitted(square, SIZE), placed(120, 120, SCENE)
    inside = scene.picture[at.top_px :, at.left_px : at.left_px + at.width_px]
    assert scene.picture.shape == SIZE[::-1] and (inside == square.picture).all()
    assert (scene.picture[:, : at.left_px] == BARS).all() and scene.seen == [1.0]
    assert scene.boxes == [(30.0 + at.left_px, 40.0 + at.top_px, 20.0)]
    rng = np.random.default_rng(2)
    barred = [
        bool((compose(cast, rng, PLAIN, SIZE, True).picture[:, :20] == BARS).all())
        for _ in range(60)
    ]
    assert 8 < sum(barred) < 40


@pytest.mark.parametrize("side", [11.0, 20.0, 33.0, 50.0, 110.0])
def test_targets_read_back_are_the_faces(side: float) -> None:
    box = (71.0, 58.0, side)
    values, weight = targets(Scene(np.zeros(SIZE[::-1], np.uint8), [box], [1.0]))
    assert (weight[values[:, 0] > 0] == 1).all() and (weight == 0).any() and weight.sum() > 150
    said = values.copy()
    said[:, 0] = np.where(values[:, 0] > 0, 1, -1)
    (found,) = faces(said.tolist(), SCENE, Finder(), SIZE)
    assert found[:3] == pytest.approx(box, abs=1e-3)


def test_a_face_that_is_hardly_seen_asks_for_nothing() -> None:
    blank = np.zeros(SIZE[::-1], np.uint8)
    for share, free in ((0.1, 0), (0.4, 1)):
        values, weight = targets(Scene(blank, [(80.0, 60.0, 40.0)], [share]))
        assert not values[:, 0].any() and bool((weight == 0).any()) == bool(free)


def test_the_right_answer_costs_least(cast: Cast) -> None:
    task = FindTask(OPTIONS, cast, cast)
    batch = task.batch(np.random.default_rng(0), 8)
    right = batch["values"].clone()
    right[..., 0] = (2 * right[..., 0] - 1) * 8 / LOGIT
    shifted, turned = right.clone(), right.clone()
    shifted[..., 1] += 0.3
    turned[..., 0] *= -1
    best = float(task.loss(right, batch))
    assert best < 0.01 < float(task.loss(shifted, batch)) < float(task.loss(turned, batch))


def test_matches_take_the_best_box_once() -> None:
    truth = [(50.0, 50.0, 20.0), (90.0, 50.0, 20.0)]
    found = [Face(51, 50, 20, 3), Face(52, 50, 20, 2), Face(10, 10, 9, 1)]
    one = match(found, truth)
    assert one.overlaps[0] > 0.9 and one.overlaps[1] == 0 and one.false == 2
    assert match([], truth).overlaps == [0, 0] and match(found, []).false == 3


def test_the_threshold_allows_as_many_false_faces_as_asked() -> None:
    def empty(*scores: float) -> list[list[Face]]:
        return [[Face(0, 0, 9, score)] for score in scores] + [[]] * (100 - len(scores))

    high, alarms = threshold_for(empty(2.0, 1.0, -3.0), 2.0)
    assert -3 < high <= 1.0 and alarms == 2
    assert threshold_for(empty(2.0, 1.0), 1.0)[0] > 1.0
    with pytest.raises(ValueError, match="at any threshold"):
        threshold_for(empty(99.0, 99.0), 1.0)


def test_train_evaluate_and_again_the_same(data: Path, places: Path, tmp_path: Path) -> None:
    options = replace(OPTIONS, background=str(places))
    run = train("find-tiny", options, data, tmp_path)
    model = load_model(run)
    result = evaluate(model, data)
    assert result["faces"] == 4 and 0 <= result["recall"] <= 1
    false = evaluate(model, places)
    assert false["empty"] == 12 and "recall" not in false and "without a face" in as_text(false)
    one, same = (calibration_batch(load_run(run), data, 9) for _ in "12")
    assert one.shape == (9, 120, 160, 1) and np.array_equal(one, same)
    bare = replace(load_run(run), options=replace(options, background=""))
    assert not np.array_equal(one, calibration_batch(bare, data, 9)), "places are calibrated on"
    real = evaluate(model, CLIPS["faces_folder"](tmp_path / "real"))
    assert set(real["by_height"]) == {"1", "0.6", "0.4"} and real["n"] == 6
    assert "overlap" in as_text(real)
    task = FindTask(options, *(load_cast(open_clips(data, "frames"), range(9), 9) for _ in "12"))
    one, same = (make_batch(task, options, 5) for _ in "12")
    assert all(torch.equal(one[name], same[name]) for name in one)


@pytest.mark.parametrize("size", [(300, 40), (90, 120), (120, 120)])
@pytest.mark.parametrize("height", [1.0, 0.6, 0.4])
def test_a_face_set_far_away_is_where_its_box_says(size: tuple[int, int], height: float) -> None:
    width, high = size
    x, y, side = 0.7 * width, 0.5 * high, 20.0
    picture = np.full((high, width, 3), 128, np.uint8)
    picture[round(y) - 10 : round(y) + 10, round(x) - 10 : round(x) + 10] = 255
    model = Predictor("", "find", CELL, SCENE, lambda features: features)
    seen = _far(Shown(picture, (x, y, side)), model, height, np.random.default_rng(1))
    assert seen.picture.shape == (*SIZE[::-1], 3) and seen.face
    bright = np.clip(seen.picture[..., 0].astype(float) - 128, 0, None)
    middle = [
        float((bright.sum(k) * (np.arange(SIZE[k]) + 0.5)).sum() / bright.sum()) for k in (0, 1)
    ]
    assert middle == pytest.approx(seen.face[:2], abs=0.7)
    wide, down = ((bright.max(k) > 60).sum() for k in (0, 1))
    assert (wide, down) == (pytest.approx(seen.face[2], abs=2), pytest.approx(wide, abs=1))


def test_landmarks_beside_their_picture_are_refused(tmp_path: Path) -> None:
    folder = CLIPS["faces_folder"](tmp_path)
    cv2.imwrite(str(folder / "images" / "1.png"), np.zeros((20, 20, 3)))
    model = Predictor("", "find", CELL, SCENE, lambda features: features)
    with pytest.raises(ValueError, match=r"1\.png: \d+ of 68 landmarks lie outside"):
        list(show_folder(folder, model, 1.0))


def test_pictures_without_any_face_are_refused(places: Path) -> None:
    empty = load_cast(open_clips(places, "frames"), range(12), 100)
    with pytest.raises(ValueError, match="no picture shows a face"):
        FindTask(OPTIONS, empty, empty)
