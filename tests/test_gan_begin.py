"""A training that begins from a generator that only draws: its new discriminator learns alone."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from device.main import main
from generate.gan import runs
from generate.gan.architecture import Architecture
from generate.gan.begun import begin_from, begun
from generate.gan.networks import Generator
from generate.gan.pictures import Pictures
from generate.gan.recipe import Recipe
from generate.gan.runs import run
from generate.gan.state import begin
from generate.gan.store import (
    CHECKPOINT,
    Card,
    below,
    load_average,
    load_checkpoint,
    save_average,
    save_checkpoint,
    write_card,
)
from generate.processes import Processes

SIZES = Architecture(16, 256, 16, 16, 16, 2)
RECIPE = Recipe(images=40, batch=8, micro=4, warm_images=20, r1_interval=2, path_interval=2,
                snapshot_images=8)  # fmt: skip


def _pictures() -> Pictures:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 16, 3)).astype(np.uint8)
    return Pictures(pixels, np.zeros(16, np.int64), ("faces",))


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """A generator as it is packaged: without what only training needs."""
    folder = tmp_path / "drawer"
    folder.mkdir()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        save_average(folder, Generator(SIZES))
    write_card(folder, Card(SIZES, "made for a test", ""))
    return folder


def _go(out: Path, recipe: Recipe, start: Path) -> None:
    run(out, SIZES, recipe, _pictures(), "photos", Processes(), start)


@contextmanager
def _asked(*_: signal.Signals) -> Iterator[threading.Event]:
    """Ctrl-C before the first step is done."""
    event = threading.Event()
    event.set()
    yield event


def test_a_new_judge_learns_alone_while_the_generator_stands_still(
    start: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr(runs, "interrupted", _asked)
    out, first = tmp_path / "run", load_average(start).state_dict()
    seen = [begin(SIZES, RECIPE, torch.device("cpu")).discriminator.state_dict()]
    for step in range(1, 5):
        with pytest.raises(runs.Stopped):
            _go(out, RECIPE, start)
        tensors, facts = load_checkpoint(out)
        seen.append(below("discriminator", tensors))
        assert any(not torch.equal(seen[-1][name], seen[-2][name]) for name in seen[-1])
        for role in ("generator", "average"):
            got = below(role, tensors)
            same = all(torch.equal(got[name], tensor) for name, tensor in first.items())
            assert same == (step <= 3), (role, step)  # 20 images are three steps of 8
        assert (facts["path_mean"] != 0) == (step > 4)
    said = capsys.readouterr().err
    assert said.count("--begin drawer: no generator but the averaged one") == 1
    assert "no discriminator, a new one begins; it learns alone from the first 20 images" in said
    rows = [json.loads(line) for line in (out / runs.STATS).read_text().splitlines()]
    assert ["loss_generator" in row for row in rows] == [False, False, False, True]
    assert json.loads((out / "gan.json").read_text())["options"]["warm_images"] == 20


def test_a_run_with_a_new_judge_goes_on_to_the_same_numbers(
    start: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    _go(tmp_path / "whole", RECIPE, start)
    monkeypatch.setattr(runs, "interrupted", _asked)
    for _ in range(4):
        with pytest.raises(runs.Stopped):
            _go(tmp_path / "parts", RECIPE, start)
    _go(tmp_path / "parts", RECIPE, start)
    (whole, facts), (parts, told) = (load_checkpoint(tmp_path / n) for n in ("whole", "parts"))
    assert facts == told and facts["step"] == 5 and facts["path_mean"] > 0
    assert whole.keys() == parts.keys()
    for name, tensor in whole.items():
        assert torch.equal(tensor, parts[name]), name
    with pytest.raises(ValueError, match="a run with warm_images = 20, not 16"):
        _go(tmp_path / "parts", replace(RECIPE, warm_images=16), start)


def test_only_a_new_judge_learns_alone(start: Path, tmp_path: Path, capsys: Any) -> None:
    short = replace(RECIPE, images=8, warm_images=0)
    _go(tmp_path / "first", short, start)
    assert "learns alone" not in capsys.readouterr().err
    for path in (None, tmp_path / "first"):
        assert begun(RECIPE, path).warm_images == 0
    assert begun(RECIPE, None).average_ramp == RECIPE.average_ramp
    assert begun(RECIPE, start).warm_images == 20
    with pytest.raises(ValueError, match="--images 20: a new discriminator learns alone"):
        begun(replace(RECIPE, images=20), start)
    state = begin(SIZES, RECIPE, torch.device("cpu"))
    assert begin_from(state, tmp_path / "first") == ""
    kept = below("discriminator", load_checkpoint(tmp_path / "first")[0])
    for name, tensor in state.discriminator.state_dict().items():
        assert torch.equal(tensor, kept[name]), name


def test_the_average_keeps_what_it_began_as(start: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, images=16, warm_images=8, learning_rate=0.01, average_images=10**9)
    _go(tmp_path / "run", recipe, start)
    before, after = load_average(start), load_average(tmp_path / "run")
    for name, tensor in before.named_parameters():
        torch.testing.assert_close(after.get_parameter(name), tensor)


def test_an_import_with_the_average_alone_is_enough(start: Path, tmp_path: Path) -> None:
    tensors = {f"average.{k}": v for k, v in load_average(start).state_dict().items()}
    save_checkpoint(start, tensors, {"images": 0})
    _go(tmp_path / "run", replace(RECIPE, images=24, warm_images=16), start)
    assert load_checkpoint(tmp_path / "run")[1]["step"] == 3


def test_an_average_waits_too(start: Path, tmp_path: Path) -> None:
    average = load_average(start).state_dict()
    tensors = {f"average.{k}": v for k, v in average.items()}
    tensors |= {f"generator.{k}": v + 1 for k, v in average.items()}
    save_checkpoint(start, tensors, {"images": 0})
    _go(tmp_path / "run", replace(RECIPE, images=24, warm_images=23, average_images=1), start)
    after = load_checkpoint(tmp_path / "run")[0]
    for name, tensor in tensors.items():
        assert torch.equal(after[name], tensor), name


def test_a_run_from_before_there_was_a_warm_up_goes_on(tmp_path: Path) -> None:
    recipe = Recipe(images=8, batch=8)
    run(tmp_path / "run", SIZES, recipe, _pictures(), "photos", Processes())
    path = tmp_path / "run" / "gan.json"
    body = json.loads(path.read_text())
    del body["options"]["warm_images"]
    path.write_text(json.dumps(body))
    run(tmp_path / "run", SIZES, replace(recipe, images=16), _pictures(), "photos", Processes())
    assert load_checkpoint(tmp_path / "run")[1]["step"] == 2


def test_a_packaged_name_begins_a_run_and_wrong_beginnings_are_named(
    start: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(4):
        picture = np.random.default_rng(number).integers(0, 256, (64, 64, 3)).astype(np.uint8)
        cv2.imwrite(str(photos / f"{number}.png"), picture)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faces.pkl").write_bytes(b"")
    (start / CHECKPOINT).write_bytes(b"no tensors")
    words = ["gan", "train", "--data", "photos", "--out", "run", "--images", "8", "--batch", "4"]
    words += ["--path-weight", "0"]
    nowhere = ["nowhere" if word == "photos" else word for word in words]
    for more, line in [
        (["--begin", "toy-children-46"], "no packaged generator 'toy-children-46'"),
        (["--begin", "faces.pkl"], "first `collodi gan import faces.pkl"),
        (["--begin", "toy-children-64"], "from the first 20000; want more, or fewer --warm-images"),
        (["--begin", "drawer"], f"drawer/{CHECKPOINT}: not a whole safetensors file"),
        (["--begin", "toy-children-64", "--warm-images", "-1"], "--warm-images -1: at least 0"),
    ]:
        assert main([*nowhere, *more]) == 2  # before pictures are read
        err = capsys.readouterr().err
        assert line in err and err.count("\n") == 1, err
        assert not (tmp_path / "run").exists()
    assert main([*words, "--begin", "toy-children-64", "--warm-images", "4"]) == 0
    assert load_average(tmp_path / "run").sizes.size_px == 64
    told = json.loads((tmp_path / "run" / "gan.json").read_text())["options"]
    assert told["begin"] == "toy-children-64" and told["warm_images"] == 4


def test_begin_from_no_generator_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no gan.json"):
        runs.sizes_for("16", tmp_path)
