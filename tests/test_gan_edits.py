"""Edits and scores: one attribute moved and the others held, distances between sets."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from device.main import main
from generate.gan.architecture import PRESETS
from generate.gan.distances import kit_fid, kit_kid
from generate.gan.edit_effects import Judge, effects, reach_of, ways
from generate.gan.edit_steps import FARTHEST, LONGEST, damped, distance, learnt, short, steer
from generate.gan.edit_store import load_edits, save_edits
from generate.gan.edits import closed_form, draw_w, fit, measured, pictures_of, solve
from generate.gan.labels import read_labels
from generate.gan.networks import Generator
from generate.gan.store import Card, save_average, write_card

NAMES = ("red", "green", "blue")
RANGES = dict.fromkeys(NAMES, (-0.2, 0.2))


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _colors(pictures: Tensor) -> Tensor:
    return pictures.mean((2, 3))


@pytest.fixture(scope="module")
def generator() -> Generator:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return Generator(PRESETS["16"]).eval()


# ---- distances


def test_kit_fid_of_normal_sets_is_the_formula() -> None:
    a = _rng().standard_normal((20000, 3))
    b = _rng(1).standard_normal((20000, 3)) * [1, 2, 3] + [2, 0, 0]
    assert kit_fid(a, b) == pytest.approx(4 + 1 + 4, rel=0.03)
    assert kit_fid(a, a) == pytest.approx(0, abs=1e-9)
    assert kit_fid(a, b) == pytest.approx(kit_fid(b, a), rel=1e-9)


def test_kit_kid_is_nothing_between_like_sets_in_the_mean_and_something_else_wise() -> None:
    like = [
        kit_kid(_rng(n).standard_normal((60, 8)), _rng(n + 99).standard_normal((60, 8)))
        for n in range(40)
    ]
    assert abs(np.mean(like)) < 3 * np.std(like) / np.sqrt(40) + 1e-3
    assert kit_kid(_rng().standard_normal((60, 8)), _rng(1).standard_normal((60, 8)) + 1) > 1
    with pytest.raises(ValueError, match="want .N, F. and .M, F."):
        kit_kid(np.zeros((3, 2)), np.zeros((3, 4)))


# ---- directions


def test_directions_of_a_linear_world_move_one_attribute_and_no_other() -> None:
    spread = np.linspace(2, 0.1, 12)
    w = _rng().standard_normal((4000, 12)) * spread
    slopes = _rng(1).standard_normal((12, 3))
    found = solve(w, w @ slopes + 5, NAMES)
    np.testing.assert_allclose(found.steps.T @ slopes, np.eye(3), atol=0.05)
    assert min(found.explained.values()) > 0.98
    # and of all such steps it is near the likeliest: little along what hardly varies
    plain = np.linalg.pinv(slopes.T)
    unlikely = [float(np.square(s / spread[:, None]).sum()) for s in (found.steps, plain)]
    assert unlikely[0] < unlikely[1]
    with pytest.raises(ValueError, match="4 samples for 3"):
        solve(w[:4], (w @ slopes)[:4], NAMES)


def test_an_edit_moves_its_own_attribute_as_asked_and_holds_the_others(
    generator: Generator,
) -> None:
    found = fit(generator, _colors, NAMES, 256)
    table = effects(generator, _colors, found, RANGES, 4)
    for row in table:
        assert row.gain == pytest.approx(1, abs=0.2), row
        assert max(row.leakage.values()) < 0.25, row
        assert all(abs(row.drift[name]) <= leak + 1e-4 for name, leak in row.leakage.items())
    # A judge that sees only red and green: what it is blind to does not move in its eyes.
    blind = effects(
        generator,
        _colors,
        found,
        RANGES,
        4,
        judge=Judge(lambda p: _colors(p) * torch.tensor([1, 1, 0])),
    )
    assert [row.gain > 0.5 for row in blind] == [True, True, False]
    w = draw_w(generator, 3, 4, 0.7)
    before = measured(generator, w, _colors)
    target = float(np.median(before[:, 0])) + 0.05
    after = measured(generator, steer(generator, _colors, found, w, {"red": target}), _colors)
    np.testing.assert_allclose(after[:, 0], target, atol=0.02)
    np.testing.assert_allclose(after[:, 1:], before[:, 1:], atol=0.03)
    with pytest.raises(ValueError, match="no attribute 'violet'; known: red"):
        steer(generator, _colors, found, w, {"violet": 1.0})


@pytest.mark.parametrize("low, high", [(0.0, 1.0), (-40.0, 40.0)])
def test_an_edit_is_asked_for_both_ways_and_never_beyond_the_range(low: float, high: float) -> None:
    values = _rng().uniform(low, high, 400)
    signs = ways(values, low, high)
    goals = values + signs * (high - low) / 4
    assert goals.min() >= low and goals.max() <= high
    inner = np.abs(values - (low + high) / 2) < (high - low) / 4
    assert (signs[inner] == np.resize([1, -1], 400)[inner]).all()
    assert set(ways(np.array([low - 9, high + 9]), low, high)) == {1, -1}


def test_steps_reach_the_root_of_a_curved_world_with_slopes_that_are_learnt() -> None:
    bend = _rng(1).standard_normal((2, 6))
    where, slopes = np.zeros((1, 6)), bend[None].copy()
    for _ in range(12):
        missing = [1.0, -0.5] - np.sinh(where @ bend.T)
        step = damped(slopes, missing, np.full(1, 1e-3))
        change = np.sinh((where + step) @ bend.T) - np.sinh(where @ bend.T)
        slopes, where = learnt(slopes, step, change), where + step
        np.testing.assert_allclose((slopes @ step[:, :, None])[:, :, 0], change, atol=1e-9)
    np.testing.assert_allclose(np.sinh(where @ bend.T), [[1.0, -0.5]], atol=1e-3)
    huge = damped(bend[None], np.ones((1, 2)), np.full(1, 1e6))[0]
    downhill = bend.sum(0)
    assert np.dot(huge, downhill) / np.linalg.norm(huge) / np.linalg.norm(downhill) > 0.999


def test_an_edit_reaches_as_far_as_a_third_network_must_see(generator: Generator) -> None:
    found = fit(generator, _colors, NAMES, 256)
    half = torch.tensor([0.8, 1.0, 1.25])
    table = effects(generator, _colors, found, RANGES, 4, judge=Judge(lambda p: _colors(p) * half))
    reach = reach_of(table)
    np.testing.assert_allclose(reach, [1.25, 1, 1], atol=0.05)
    further = replace(found, reach=reach)
    again = effects(generator, _colors, further, RANGES, 4, 2, Judge(lambda p: _colors(p) * half))
    assert [row.gain for row in again] == pytest.approx([1, 1, 1.25], abs=0.06)
    blind = [replace(row, gain=gain) for row, gain in zip(table, (0.1, -1, 0), strict=True)]
    assert list(reach_of(blind)) == [1.5, 1.5, 1.5]


def test_a_nearly_flat_slope_makes_no_long_step(generator: Generator) -> None:
    steps = _rng().standard_normal((50, 12)) * np.logspace(-4, 3, 50)[:, None]
    cut = short(steps)
    size = np.sqrt(np.square(steps).mean(1))
    np.testing.assert_allclose(np.sqrt(np.square(cut).mean(1)), np.minimum(size, LONGEST))
    np.testing.assert_allclose(cut * size[:, None], steps * np.minimum(size, LONGEST)[:, None])
    w, found = draw_w(generator, 0, 4, 0.7), fit(generator, _colors, NAMES, 256)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("generate.gan.edit_steps.ROUNDS", 1)
        gone = (steer(generator, _colors, found, w, {NAMES[0]: 1.0}) - w).double().numpy()
    white = np.linalg.cholesky(found.quiet)
    size = np.square(np.linalg.solve(white, gone.T)).mean(0) ** 0.5
    assert 0.9 * LONGEST < size.max() < 1.1 * LONGEST  # a tenth: pulled towards the average after


def test_an_edit_goes_no_further_than_samples_do(generator: Generator) -> None:
    directions = fit(generator, _colors, NAMES, count=400)
    w = draw_w(generator, 5, 6, 0.7)
    moved = steer(generator, _colors, directions, w, {"red": 5.0})
    room = np.maximum(distance(generator, directions, w), FARTHEST)
    assert (distance(generator, directions, moved) <= room * 1.0001).all()
    assert 0.8 < distance(generator, directions, draw_w(generator, 6, 400)).mean() < 1.2


def test_closed_form_directions_change_pictures_more_than_the_last_ones(
    generator: Generator,
) -> None:
    found = closed_form(generator, PRESETS["16"].w_dim)
    np.testing.assert_allclose(found.T @ found, np.eye(len(found)), atol=1e-9)
    w = draw_w(generator, 0, 8)

    def change(k: int) -> float:
        moved = pictures_of(generator, w + torch.from_numpy(found[:, k]).float())
        return float((moved - pictures_of(generator, w)).square().mean())

    assert np.mean([change(k) for k in range(4)]) > np.mean([change(-k) for k in range(1, 5)])


def test_directions_are_for_one_generator_and_one_measure(
    tmp_path: Path, generator: Generator
) -> None:
    found = fit(generator, _colors, NAMES, 64)
    save_average(tmp_path, generator)
    save_edits(tmp_path, found, [], "abc")
    again = load_edits(tmp_path, "abc")
    np.testing.assert_array_equal(again.steps, found.steps)
    assert list(again.reach) == [1] * len(NAMES)
    save_edits(tmp_path, replace(found, reach=np.array([1.25, 1, 1.5])), [], "abc")
    assert list(load_edits(tmp_path, "abc").reach) == [1.25, 1, 1.5]
    card = json.loads((tmp_path / "edits.json").read_text())
    for reach in ({}, card["reach"] | {NAMES[0]: 0}, card["reach"] | {"x": 1}):
        (tmp_path / "edits.json").write_text(json.dumps(card | {"reach": reach}))
        with pytest.raises(ValueError, match="reach wants a number of 0 to 10 for each name"):
            load_edits(tmp_path, "abc")
    save_edits(tmp_path, found, [], "abc")
    with pytest.raises(ValueError, match="another attribute network"):
        load_edits(tmp_path, "abd")
    older = (tmp_path / "edits.json").read_bytes()
    save_edits(tmp_path, fit(generator, _colors, NAMES, 64, 9), [], "abc")
    (tmp_path / "edits.json").write_bytes(older)
    with pytest.raises(ValueError, match="is of another making"):
        load_edits(tmp_path, "abc")
    with torch.no_grad():
        changed = Generator(PRESETS["16"])
    save_average(tmp_path, changed)
    with pytest.raises(ValueError, match="another generator"):
        load_edits(tmp_path, "abc")


# ---- a user's labels


def test_labels_give_a_direction_and_how_well_it_predicts_others(
    tmp_path: Path, generator: Generator, capsys: Any
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    write_card(model, Card(PRESETS["16"], "made for a test", ""))
    save_average(model, generator)
    colors = measured(generator, draw_w(generator, 0, 300), _colors)
    lines = [f"{n},{row[0]},{_rng(n).normal()}" for n, row in enumerate(colors)]
    (tmp_path / "labels.csv").write_text("\n".join(["sample,red,chance", *lines]))
    labels = ["--labels", str(tmp_path / "labels.csv")]
    assert main(["gan", "directions", str(model), *labels]) == 0
    found = load_edits(model, "")
    assert found.explained["red"] > 0.5 > 0.2 > found.explained["chance"]
    words = ["generate", "gan", str(model), "--count", "3", "--out"]
    for place, more in (("a", "red=0.05"), ("b", "red=-0.05")):
        assert main([*words, str(tmp_path / place), "--move", more]) == 0
    high, low = (cv2.imread(str(tmp_path / x / "sheet.png"))[..., 2].mean() for x in "ab")
    assert high > low + 4
    capsys.readouterr()
    for more, line in [
        (["--move", "blue=1"], "NAME one of red, chance"), (["--move", "red=x"], "a number after"),
        (["--move", "red=1", "--ladder", "age"], "nothing else can be asked"),
    ]:  # fmt: skip
        assert main([*words, str(tmp_path / "c"), *more]) == 2
        assert line in capsys.readouterr().err
    with pytest.raises(ValueError, match="directions are by labels: use --move"):
        load_edits(model, "abc")
    both = ["--labels", "labels.csv", "--attributes", "attributes"]
    assert main(["gan", "directions", str(model), *both]) == 2
    assert "leave out --attributes, --judge, --reach" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, line",
    [("", "a first line such as"), ("file,smile\n1,2", "a first line such as"),
     ("sample,a,a\n1,2,3", "two with the same"), ("sample,a\n1,x", "line 2: want numbers"),
     ("sample,a\n-1,2", "line 2: want 2 finite"), ("sample,a\n1,2", "1 rows; want at least 20"),
     ("sample,a\n" + "3,1\n" * 20, "two rows"), ("sample,a\n1,2,3", "want 2 finite"),
     ("sample,a\n" + "".join(f"{n},7\n" for n in range(20)), "'a' is 7 in every row")],
)  # fmt: skip
def test_labels_that_cannot_be_used_are_named(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(ValueError, match=line):
        read_labels(tmp_path / "labels.csv")
