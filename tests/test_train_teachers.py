"""A run that learns from others: their answers go into the loss, other words are refused."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from train_edge.kws_task import KwsTask, synthetic_task
from train_edge.loop import train
from train_edge.presets import PRESETS
from train_edge.run import load_run
from train_edge.spectra import gather
from train_edge.teachers import load_teachers, mean_answer, taught

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))
TINY = replace(PRESETS["kws-tiny"], steps=6, batch=8)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("taught")
    CLIPS["words_data"](folder / "words")
    return train("kws-tiny", TINY, folder / "words", folder / "runs")


def test_the_loss_is_least_where_the_answer_is_the_teachers(teacher: Path) -> None:
    run = load_run(teacher)
    heard = torch.randn(5, 1, 50, 40, generator=torch.Generator().manual_seed(0))
    answer = mean_answer(load_teachers([str(teacher)] * 2, run.labels), heard)
    assert torch.allclose(answer.sum(1), torch.ones(5))
    with torch.no_grad():
        same = run.module(heard)
    zero, word = torch.zeros(5), torch.ones(5, dtype=torch.bool)
    right = taught(zero, same, answer, word)
    assert right < taught(zero, same.roll(1, dims=1), answer, word)
    assert right < taught(zero, -same, answer, word)
    assert taught(zero + 1, same, answer, word) - right == pytest.approx(0.2, rel=1e-4)
    assert taught(zero + 1, same, answer, ~word) == 1  # of what is no word, only the label counts


def test_a_run_learns_from_teachers_and_repeats_itself(teacher: Path, tmp_path: Path) -> None:
    options = replace(TINY, teachers=(str(teacher),), seed=1)
    data = load_run(teacher).data
    runs = [train("kws-tiny", options, data, tmp_path / name) for name in ("a", "b")]
    weights = [load_run(run).module.state_dict() for run in runs]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    alone = load_run(train("kws-tiny", replace(options, teachers=()), data, tmp_path / "c"))
    assert not torch.equal(alone.module.state_dict()["head.weight"], weights[0]["head.weight"])


def test_a_teacher_of_other_words_is_refused(teacher: Path) -> None:
    with pytest.raises(ValueError, match="want a b unknown silence"):
        load_teachers([str(teacher)], ("a", "b", "unknown", "silence"))
    sounds = gather([np.ones(3200, np.float32)] * 2, [0, 1], ["x", "y"])
    options = replace(TINY, teachers=("nowhere",))
    with pytest.raises(ValueError, match="no such folder"):
        synthetic_task(options, ("a", "b"), sounds, sounds)
    # What only draws inputs, as calibration does, needs the teachers no more.
    assert "answer" not in KwsTask(options, ("a", "b"), sounds, sounds).batch(
        np.random.default_rng(0), 4
    )
