"""Training of a generator: losses, augmentation, pictures, resume, many processes as one."""

import json
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
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
from generate.gan import ada, runs
from generate.gan import pictures as pictures_module
from generate.gan.architecture import Architecture
from generate.gan.begun import begun
from generate.gan.cli import _enough_memory
from generate.gan.losses import path_lengths, r1
from generate.gan.pictures import Pictures, face_square, load_pictures
from generate.gan.recipe import Recipe, check_recipe
from generate.gan.runs import run
from generate.gan.sheet import sample
from generate.gan.state import begin
from generate.gan.store import load_average, load_checkpoint
from generate.gan.train import Trainer
from generate.processes import Processes

SIZES = Architecture(16, 256, 16, 16, 16, 2)
ROOT = Path(__file__).parent.parent
CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _pictures(count: int = 16, color: tuple[int, int, int] | None = None) -> Pictures:
    pixels = _rng().integers(0, 256, (count, 16, 16, 3)).astype(np.uint8)
    if color:
        pixels = (pixels // 16 + np.array(color)).astype(np.uint8)
    return Pictures(pixels, np.arange(count) % 2, ("boys", "girls"))


def _folder(path: Path, count: int = 6, side: int = 16) -> Path:
    for number in range(count):
        place = path / ("boys", "girls")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        picture = _rng(number).integers(0, 256, (side, side, 3)).astype(np.uint8)
        cv2.imwrite(str(place / f"{number}.png"), picture)
    return path


# ---- losses


def test_r1_is_half_the_squared_slope() -> None:
    images, slope = torch.randn(3, 3, 4, 4, requires_grad=True), torch.randn(3, 4, 4)
    logits = (images * slope).sum((1, 2, 3))
    assert float(r1(images, logits)) == pytest.approx(float(slope.square().sum()) / 2, rel=1e-5)


def test_path_length_of_a_linear_map_is_its_mean_stretch() -> None:
    ws = torch.randn(1000, 2, 5, requires_grad=True)
    images = (ws.sum(1) @ torch.eye(5, 12) * 3).view(-1, 3, 2, 2)
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    got = path_lengths(images, ws, noise).square().mean()
    # each of the 5 directions of w moves one colour by 3: 5 * 3^2 / 4 pixels
    assert float(got) == pytest.approx(5 * 9 / 4, rel=0.1)


# ---- augmentation


def _smooth(batch: int = 4, side: int = 32) -> torch.Tensor:
    small = torch.randn(batch, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    return torch.nn.functional.interpolate(small, size=(side, side), mode="bicubic").clamp(-1, 1)


def test_augmentation_of_strength_zero_is_nothing_and_takes_the_asked_share() -> None:
    images = _smooth(64)
    assert ada.augment(images, 0.0, _rng()) is images
    changed = ada.augment(images, 0.3, _rng(), ("brightness",)) - images
    share = float((changed.abs().amax((1, 2, 3)) > 1e-6).float().mean())
    assert 0.15 < share < 0.45


def test_flips_and_turns_are_exact() -> None:
    images = _smooth(16)
    known = [images, images.flip(3)]
    for got in ada.augment(images, 1.0, _rng(), ("flip",)).unbind():
        assert min(float((got - k).abs().amax((1, 2, 3)).min()) for k in known) < 1e-4
    images = _smooth(64)
    known = [torch.rot90(images, n, (2, 3)) for n in range(4)]
    seen = set()
    for number, got in enumerate(ada.augment(images, 1.0, _rng(), ("turn",)).unbind()):
        away = [float((got - k[number]).abs().max()) for k in known]
        assert min(away) < 1e-4
        seen.add(int(np.argmin(away)))
    assert seen == {0, 1, 2, 3}


def test_whole_shifts_move_whole_pixels() -> None:
    images = _smooth(8)
    for got, image in zip(ada.augment(images, 1.0, _rng(), ("shift",)), images, strict=True):
        inner = got[:, 8:24, 8:24]
        shifts = [(dy, dx) for dy in range(-4, 5) for dx in range(-4, 5)]
        best = min(
            float((inner - image[:, 8 + dy : 24 + dy, 8 + dx : 24 + dx]).abs().max())
            for dy, dx in shifts
        )
        assert best < 1e-4


@pytest.mark.parametrize("kind", ["scale", "rotate", "stretch", "slide"])
def test_warps_keep_what_they_should(kind: str) -> None:
    for m in ada.warps(50, 1.0, _rng(), (kind,), 32):
        area = np.linalg.det(m)
        assert (abs(area - 1) < 1e-9) == (kind != "scale")
        assert (np.abs(m[:2, 2]).max() > 0) == (kind == "slide")
        turned = np.allclose(m[:2, :2] @ m[:2, :2].T, np.eye(2)) and kind == "rotate"
        assert turned == (kind == "rotate")


def test_colours_keep_luma_or_hue_as_their_names_say() -> None:
    grey, color = np.array([0.3, 0.3, 0.3, 1]), np.array([0.5, -0.2, 0.1, 1])
    for kind in ("hue", "saturation"):
        m = ada.colours(20, 1.0, _rng(), (kind,))
        np.testing.assert_allclose(m @ grey, np.tile(grey, (20, 1)), atol=1e-12)
        np.testing.assert_allclose((m @ color)[:, :3].sum(1), color[:3].sum(), atol=1e-12)
    turned = ada.colours(20, 1.0, _rng(), ("hue",)) @ color
    np.testing.assert_allclose(np.linalg.norm(turned[:, :3], axis=1), np.linalg.norm(color[:3]))
    flipped = ada.colours(20, 1.0, _rng(), ("luma_flip",)) @ grey
    np.testing.assert_allclose(np.abs(flipped[:, :3]), 0.3)
    assert {round(x, 6) for x in flipped[:, 0]} == {0.3, -0.3}
    np.testing.assert_allclose(ada.colours(20, 1.0, _rng(), ("contrast",))[:, 3, 3], 1)


def test_augmentation_passes_gradients_and_follows_its_seed() -> None:
    images = _smooth().requires_grad_()
    out = ada.augment(images, 1.0, _rng(3))
    out.square().sum().backward()
    assert images.grad is not None and float(images.grad.abs().sum()) > 0
    assert torch.equal(out, ada.augment(images, 1.0, _rng(3)))


def test_strength_goes_up_where_the_judge_is_too_sure_and_stays_in_range() -> None:
    assert ada.next_p(0.2, 0.9, 0.6, 64, 640) == pytest.approx(0.3)
    assert ada.next_p(0.2, 0.1, 0.6, 64, 640) == pytest.approx(0.1)
    assert ada.next_p(0.0, 0.1, 0.6, 64, 640) == 0
    assert ada.next_p(1.0, 0.9, 0.6, 64, 640) == 1


# ---- pictures


def test_classes_are_shown_as_often_however_many_pictures_they_have(tmp_path: Path) -> None:
    _folder(tmp_path, 6)
    for path in list((tmp_path / "girls").iterdir())[1:]:
        path.unlink()
    pictures = load_pictures(tmp_path, 16)
    assert pictures.names == ("boys", "girls")
    assert pictures.classes.tolist() == [0, 0, 0, 1]
    batch = pictures.draw(_rng(), 400, mirror=False)
    assert batch.shape == (400, 3, 16, 16) and -1 <= batch.min() < batch.max() <= 1
    girl = pictures.pixels[3].astype(np.float32).transpose(2, 0, 1) / 127.5 - 1
    share = np.mean([np.allclose(one, girl) for one in batch])
    assert 0.4 < share < 0.6
    mirrored = pictures.draw(_rng(), 400, mirror=True)
    share = np.mean([np.allclose(one, girl[..., ::-1]) for one in mirrored])
    assert 0.15 < share < 0.35


@pytest.mark.parametrize(
    "fault, line",
    [("broken", "no readable image"), ("grey", "is grey"), ("tiny", "want at least 16"),
     ("wide", "not square: 30 x 16; --crop"), ("empty", "no readable image")],
)  # fmt: skip
def test_pictures_that_cannot_be_used_are_named(tmp_path: Path, fault: str, line: str) -> None:
    _folder(tmp_path)
    path, rng = tmp_path / "boys" / "bad.png", _rng()
    if fault in ("broken", "empty"):
        path.write_bytes(b"\x89PNG" * (fault == "broken"))
    else:
        shape = {"grey": (20, 20, 1), "tiny": (8, 8, 3), "wide": (16, 30, 3)}[fault]
        cv2.imwrite(str(path), rng.integers(0, 256, shape).astype(np.uint8))
    with pytest.raises(ValueError, match=f"bad.png .*{line}"):
        load_pictures(tmp_path, 16)
    assert len(load_pictures(tmp_path, 16, skip_bad=True).pixels) == 6
    if fault == "wide":
        assert len(load_pictures(tmp_path, 16, crop=True).pixels) == 7


def test_all_faults_of_a_folder_are_counted_and_what_is_left_out_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _folder(tmp_path)
    rng = _rng()
    for name, shape in (("a", (8, 8, 3)), ("b", (9, 9, 3)), ("c", (20, 20, 1))):
        cv2.imwrite(str(tmp_path / f"{name}.png"), rng.integers(0, 256, shape).astype(np.uint8))
    said = r"a.png is too small: 8 x 8; .*in all 2 too small, 1 grey"
    with pytest.raises(ValueError, match=said + "; --skip-bad leaves them out"):
        load_pictures(tmp_path, 16)
    load_pictures(tmp_path, 16, skip_bad=True)
    assert re.search("left out: .*" + said, capsys.readouterr().err)


def test_too_little_memory_for_a_training_is_one_line() -> None:
    with pytest.raises(ValueError, match="lower --micro"), _enough_memory():
        torch.empty(1 << 58)
    with pytest.raises(RuntimeError, match="another"), _enough_memory():
        raise RuntimeError("another fault")


def test_folders_that_cannot_be_used_are_named(tmp_path: Path, monkeypatch: Any) -> None:
    with pytest.raises(ValueError, match="no such folder"):
        load_pictures(tmp_path / "absent", 16)
    with pytest.raises(ValueError, match="no .png"):
        load_pictures(tmp_path, 16)
    _folder(tmp_path)
    (tmp_path / "toddlers").mkdir()
    with pytest.raises(ValueError, match="toddlers: a class without a picture"):
        load_pictures(tmp_path, 16)
    (tmp_path / "toddlers").rmdir()
    monkeypatch.setattr(pictures_module, "available_bytes", lambda: 1600)
    with pytest.raises(ValueError, match="6 of 16 px take .* are free"):
        load_pictures(tmp_path, 16)


def test_faces_of_a_data_set_are_cut_with_level_eyes(tmp_path: Path) -> None:
    pictures = load_pictures(CLIPS["faces_data"](tmp_path / "data", 4, 64), 32)
    assert pictures.pixels.shape == (4, 32, 32, 3)
    points = np.zeros((68, 2))
    angle = np.radians(25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    marks = {36: (-15, 0), 42: (15, 0), 48: (-10, 30), 54: (10, 30)}
    frame = np.zeros((200, 200, 3), np.uint8)
    for start, at in marks.items():
        place = turn @ at + 100
        points[start : start + (6 if start < 48 else 1)] = place
        if start < 48:
            cv2.circle(frame, tuple(int(x) for x in place.round()), 3, (255, 255, 255), -1)
    cut = face_square(frame, points, 96).astype(float).mean(2)
    rows, columns = np.nonzero(cut > 100)
    left, right = columns < 48, columns >= 48
    assert rows[left].mean() == pytest.approx(rows[right].mean(), abs=1)
    assert (columns[left].mean() + columns[right].mean()) / 2 == pytest.approx(47.5, abs=1)


# ---- the loop


def _trainer(recipe: Recipe, pictures: Pictures) -> Trainer:
    recipe, micro = begun(recipe, None), check_recipe(recipe)
    state = begin(SIZES, recipe, torch.device("cpu"))
    return Trainer(recipe, state, pictures, Processes(), micro)


def test_training_moves_the_pictures_towards_the_data() -> None:
    torch.set_num_threads(1)
    recipe = Recipe(batch=8, learning_rate=0.01, average_images=50, ada_images=2000)
    trainer = _trainer(recipe, _pictures(32, color=(200, 40, 60)))
    goal = np.array([207.5, 47.5, 67.5])
    before = np.abs(sample(trainer.state.average, 0, 8, 1.0).mean((0, 1, 2)) - goal).mean()
    for _ in range(40):
        figures = trainer.step()
    after = np.abs(sample(trainer.state.average, 0, 8, 1.0).mean((0, 1, 2)) - goal).mean()
    assert after < 0.5 * before
    assert trainer.state.path_mean > 0 and 0 <= figures["p"] <= 1
    average = trainer.state.generator.mapping.average
    assert float(average.abs().sum()) > 0


@contextmanager
def _asked(*_: signal.Signals) -> Iterator[threading.Event]:
    event = threading.Event()
    event.set()
    yield event


def test_a_run_goes_on_to_the_same_numbers_after_ctrl_c(tmp_path: Path, monkeypatch: Any) -> None:
    recipe = Recipe(images=48, batch=8, micro=4, r1_interval=3, snapshot_images=1000, ada_images=99)
    pictures = _pictures()

    def go(out: Path) -> None:
        run(out, SIZES, recipe, pictures, "photos", Processes())

    go(tmp_path / "whole")
    monkeypatch.setattr(runs, "interrupted", _asked)
    for _ in range(5):
        with pytest.raises(runs.Stopped, match="the same command goes on"):
            go(tmp_path / "parts")
    monkeypatch.undo()
    go(tmp_path / "parts")
    (whole, facts), (parts, _) = (load_checkpoint(tmp_path / n) for n in ("whole", "parts"))
    assert facts["step"] == 6 and facts["p"] > 0
    for name, tensor in whole.items():
        assert torch.equal(tensor, parts[name]), name
    rows = [json.loads(x) for x in (tmp_path / "parts" / "stats.jsonl").read_text().splitlines()]
    assert [row["images"] for row in rows] == [8, 16, 24, 32, 40, 48]
    assert (tmp_path / "parts" / "sheets" / "000000048.png").is_file()
    go(tmp_path / "parts")  # done: nothing to do
    longer = replace(recipe, images=56)
    run(tmp_path / "parts", SIZES, longer, pictures, "photos", Processes())
    assert load_checkpoint(tmp_path / "parts")[1]["step"] == 7
    with pytest.raises(ValueError, match="a run with seed = 0, not 1"):
        run(tmp_path / "parts", SIZES, Recipe(seed=1, images=48, batch=8, r1_interval=3,
            snapshot_images=1000, ada_images=99), pictures, "photos", Processes())  # fmt: skip


def test_two_processes_train_as_one(tmp_path: Path, monkeypatch: Any) -> None:
    data = _folder(tmp_path / "photos")
    words = ["gan", "train", "--data", str(data), "--like", "16", "--images", "16", "--batch", "8"]
    words += ["--micro", "4", "--r1-interval", "2", "--path-interval", "2", "--crop"]
    assert main([*words, "--out", str(tmp_path / "one")]) == 0
    # What torchrun sets, for another process and for this one: one more import of torch, not three.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        world = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    world |= {"WORLD_SIZE": "2", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    world["CUDA_VISIBLE_DEVICES"] = ""
    words += ["--out", str(tmp_path / "two")]
    start = "import sys; from device.main import main; sys.exit(main(sys.argv[1:]))"
    other = subprocess.Popen(
        [sys.executable, "-c", start, *words],
        env=os.environ | world | {"RANK": "1", "LOCAL_RANK": "1"},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name, value in (world | {"RANK": "0", "LOCAL_RANK": "0"}).items():
        monkeypatch.setenv(name, value)
    try:
        assert main(words) == 0
        assert other.wait(120) == 0, other.communicate()[1]
    finally:
        other.kill()
        other.communicate()
    (one, facts), (two, facts_two) = (load_checkpoint(tmp_path / n) for n in ("one", "two"))
    assert facts["step"] == facts_two["step"] == 2
    assert facts["path_mean"] == pytest.approx(facts_two["path_mean"], rel=1e-4)
    for name, tensor in one.items():
        if name.startswith(("generator", "discriminator", "exp_avg.")):
            torch.testing.assert_close(two[name], tensor, rtol=1e-3, atol=1e-4, msg=name)
    assert load_average(tmp_path / "two").sizes.size_px == 16


def test_fine_tuning_begins_from_the_weights_of_another_generator(tmp_path: Path) -> None:
    recipe = Recipe(images=8, batch=8)
    run(tmp_path / "first", SIZES, recipe, _pictures(), "photos", Processes())
    slow = Recipe(images=8, batch=8, learning_rate=1e-9, average_images=10**9, average_ramp=0)
    start = tmp_path / "first"
    run(tmp_path / "second", SIZES, slow, _pictures(), "photos", Processes(), start)
    first, second = (load_average(tmp_path / n) for n in ("first", "second"))
    for name, tensor in first.named_parameters():
        torch.testing.assert_close(second.get_parameter(name), tensor)


@pytest.mark.parametrize(
    "change, line",
    [({"batch": 6, "micro": 4}, "--batch 6: want a multiple of --micro 4"),
     ({"images": 0}, "--images 0: at least 1"), ({"mixing": 1.5}, "--mixing 1.5: want 0 to 1"),
     ({"learning_rate": 0.0}, "--learning-rate 0"), ({"r1_gamma": float("nan")}, "r1-gamma nan")],
)  # fmt: skip
def test_options_that_cannot_be_are_named(change: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        check_recipe(Recipe(**change))
    with pytest.raises(ValueError, match="3 processes do not divide it"):
        check_recipe(Recipe(batch=16), 3)


def test_command_line_says_what_is_wrong_in_one_line(tmp_path: Path, capsys: Any) -> None:
    data = _folder(tmp_path / "photos")
    words = ["gan", "train", "--data", str(data), "--out", str(tmp_path / "run")]
    for more, line in [
        (["--like", "65"], "no generator preset '65'"),
        (["--like", "64"], "want at least 64"),
        (["--batch", "0"], "--batch 0: at least 1"),
        (["--begin", str(tmp_path)], "no gan.json"),
    ]:
        assert main([*words, *more]) == 2
        err = capsys.readouterr().err
        assert line in err and err.count("\n") == 1
    assert not (tmp_path / "run").exists()
