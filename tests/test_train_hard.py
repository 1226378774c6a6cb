"""Hard negatives: what teachers take for a keyword is drawn more often, and the rest stays."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from train_edge.hard import EASY, SHARE, keyword_score, prefer
from train_edge.kws_task import KwsTask, prefer_hard
from train_edge.presets import PRESETS
from train_edge.spectra import gather


def test_hard_ones_share_their_part_and_the_sum_stays() -> None:
    weights = np.array([0.1, 0.2, 0.3, 0.1])
    found = prefer(weights, np.array([EASY, 0.9, 0.0, 0.5]))
    assert found.sum() == pytest.approx(weights.sum())
    assert found[[0, 2]] == pytest.approx(weights[[0, 2]] * (1 - SHARE))
    gain = found - weights * (1 - SHARE)
    assert gain[1] / gain[3] == pytest.approx(((0.9 - EASY) / (0.5 - EASY)) ** 2)


def test_without_a_hard_one_all_stays() -> None:
    weights = np.array([0.5, 0.5])
    assert (prefer(weights, np.zeros(2)) == weights).all()


def test_the_score_is_the_best_keyword_never_the_rest() -> None:
    table = torch.tensor([[0.7, 0.1, 0.2], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3]])
    clips = np.array([2, 0, 1] * 200)
    found = keyword_score(lambda part: table[torch.from_numpy(part)], clips, 2)
    assert found == pytest.approx(np.array([0.4, 0.7, 0.2] * 200), abs=1e-6)


class Loud(nn.Module):
    """Takes what has energy in its upper bands for the first word."""

    def forward(self, heard: Tensor) -> Tensor:
        high = heard[:, 0, :, 30:].amax((1, 2))
        return torch.stack([9 * high, torch.zeros_like(high), torch.zeros_like(high)], 1)


def test_the_unknown_that_a_teacher_falls_for_is_drawn_more_and_background_keeps_its_share() -> (
    None
):
    time_s = np.arange(8000) / 16000
    low, high = (np.sin(2 * np.pi * hz * time_s).astype(np.float32) for hz in (200, 6000))
    sounds = gather([low, low, high, low, high], [0, 1, 1, 1, 1], list("abcde"))
    task = KwsTask(PRESETS["kws"], ("a",), sounds, sounds)
    task.weights[1] = np.array([0.2, 0.2, 0.5, 0.1])
    task.teachers = (Loud(),)
    prefer_hard(task, 3)
    words, background = task.weights[1][:2], task.weights[1][2:]
    assert words.sum() == pytest.approx(0.4) and words[1] > 2 * words[0]
    assert background.sum() == pytest.approx(0.6) and background[1] > 0.3 > background[0] - 0.1
    assert task.weights[0] == pytest.approx([1.0])
