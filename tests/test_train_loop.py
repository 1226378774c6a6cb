"""The loop learns, repeats itself and resumes to the same numbers."""

import json
import os
import runpy
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from generate.weights import read_tensors
from train_edge import loop
from train_edge.checkpoint import CHECKPOINT
from train_edge.cli import main
from train_edge.loop import Stopped, one_cycle, resume, train
from train_edge.options import ImageAugment, Options, SoundAugment, check_options
from train_edge.presets import PRESETS, preset
from train_edge.run import load_run, new_folder, read_options
from train_edge.tasks import calibration_batch

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))
QUIET = SoundAugment(**dict.fromkeys(SoundAugment.__dataclass_fields__, 0.0))
PLAIN = ImageAugment(**dict.fromkeys(ImageAugment.__dataclass_fields__, 0.0))
SHORT = {"steps": 12, "threads": 1, "checkpoint_steps": 6}
TINY = {
    "kws": replace(PRESETS["kws"], batch=8, **SHORT),
    "face": replace(PRESETS["face"], batch=4, **SHORT),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("data")
    return {
        "kws": CLIPS["words_data"](folder / "words"),
        "face": CLIPS["faces_data"](folder / "stills"),
    }


def rows(run: Path) -> list[dict[str, Any]]:
    """Rows of stats.jsonl without their times."""
    lines = [json.loads(line) for line in (run / "stats.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def same(a: Path, b: Path, name: str) -> bool:
    left, right = read_tensors(a / name, "")[0], read_tensors(b / name, "")[0]
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)


@pytest.mark.parametrize("task", ["kws", "face"])
def test_resume_goes_on_to_the_same_bits(
    task: str, data: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = train(task, TINY[task], data[task], tmp_path)
    taken = []

    def step_then_stop(*args: Any) -> float:
        rate = real_step(*args)
        taken.append(rate)
        if len(taken) == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return rate

    real_step = loop.step
    monkeypatch.setattr(loop, "step", step_then_stop)
    with pytest.raises(Stopped, match="stopped after step 5 of 12; go on with: collodi train"):
        train(task, TINY[task], data[task], tmp_path)
    monkeypatch.setattr(loop, "step", real_step)
    broken = sorted(tmp_path.iterdir())[-1]
    assert not (broken / "done").exists()
    assert broken.name.startswith("00001-")
    assert main(["--resume", str(broken)]) == 0
    assert rows(broken) == rows(straight)
    for name in ("model.safetensors", CHECKPOINT):
        assert same(straight, broken, name)
    with pytest.raises(ValueError, match="already done"):
        resume(broken)


@pytest.mark.parametrize(("task", "steps"), [("kws", 60), ("face", 60)])
def test_it_learns_eight_clips_by_heart(task: str, steps: int, tmp_path: Path) -> None:
    make = {"kws": CLIPS["words_data"], "face": CLIPS["faces_data"]}[task]
    options = replace(
        TINY[task], steps=steps, batch=8, sound=QUIET, image=PLAIN, dropout=0.0, ema=0.9
    )
    run = load_run(train(task, options, make(tmp_path / "data", clips=8), tmp_path / "runs"))
    if task == "kws":
        assert run.metrics["val_accuracy"] == 1.0
    else:
        assert run.metrics["val_nme_68"] < 0.05
        assert run.metrics["val_present"] == 1.0


@pytest.mark.parametrize("task", ["kws", "face"])
def test_calibration_inputs_are_channels_last_and_always_the_same(
    task: str, data: dict[str, Path], tmp_path: Path
) -> None:
    run = load_run(train(task, replace(TINY[task], steps=1), data[task], tmp_path))
    inputs = calibration_batch(run, data[task], 5)
    assert inputs.shape == {"kws": (5, 50, 40, 1), "face": (5, 96, 96, 3)}[task]
    assert inputs.dtype == np.float32
    assert np.array_equal(inputs, calibration_batch(run, data[task], 5))
    with torch.no_grad():
        outputs = run.module(torch.from_numpy(inputs).permute(0, 3, 1, 2))
    assert outputs.shape == (5, len(run.labels))


def test_models_fit_their_budgets() -> None:
    from generate.face_outputs import LABELS
    from train_edge.models.dscnn import DSCNN
    from train_edge.models.facenet import BODIES, FaceNet

    faces = [FaceNet(len(LABELS), 68, body) for body in BODIES.values()]
    sizes = [sum(p.numel() for p in net.parameters()) for net in (DSCNN(12), *faces)]
    assert sizes[0] < 30_000
    assert max(sizes[1:]) < 580_000  # a byte each, and what a file adds, is 600 kB


def test_one_cycle_rises_and_falls() -> None:
    rates = [one_cycle(step, 100, 0.01) for step in range(100)]
    assert max(rates) == rates[15] == 0.01
    assert rates[:16] == sorted(rates[:16])
    assert rates[15:] == sorted(rates[15:], reverse=True)
    assert rates[-1] < 1e-4


def test_folders_are_numbered(tmp_path: Path) -> None:
    names = [new_folder(tmp_path, "kws", "some/my words").name for _ in range(2)]
    assert names == ["00000-kws-my-words", "00001-kws-my-words"]


def test_broken_runs_say_what_is_wrong(data: dict[str, Path], tmp_path: Path) -> None:
    run = train("kws", replace(TINY["kws"], steps=2), data["kws"], tmp_path)
    (run / "done").unlink()
    with pytest.raises(ValueError, match=r"is not the one that it began with"):
        resume(run, CLIPS["words_data"](tmp_path / "other", clips=16))
    (run / CHECKPOINT).write_bytes((run / CHECKPOINT).read_bytes()[:500])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        resume(run)
    (run / CHECKPOINT).unlink()
    with pytest.raises(ValueError, match="nothing to resume"):
        resume(run)
    body = json.loads((run / "options.json").read_text())
    for change, message in (
        ({"version": 9}, "version is 9, this kit reads version 1"),
        ({"colour": 1}, "unknown key 'colour'"),
        ({"labels": ["a", "b"]}, "does not fit the options"),
    ):
        (run / "options.json").write_text(json.dumps(body | change))
        with pytest.raises(ValueError, match=message):
            load_run(run)
    with pytest.raises(ValueError, match=r"no options\.json"):
        read_options(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "--steps 0: at least 1"),
        ({"batch": 1}, "--batch 1: at least 2"),
        ({"learning_rate": -1.0}, "--learning-rate -1.0"),
        ({"ema": 1.0}, "--ema 1.0"),
        ({"words": ("a", "a")}, "a word is given twice"),
    ],
)
def test_options_that_cannot_work_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_options(replace(TINY["kws"], **change))


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'kws'"):
        preset("kwss")


def test_a_loss_that_is_not_finite_stops(data: dict[str, Path], tmp_path: Path) -> None:
    wild: Options = replace(TINY["kws"], learning_rate=9e5, steps=40)
    with pytest.raises(ValueError, match="lower --learning-rate"):
        train("kws", wild, data["kws"], tmp_path)
