"""Teachers: a small network learns the mean answer of finished runs, and keeps what several know.

After Hinton, Vinyals & Dean 2015, "Distilling the knowledge in a neural network".
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

HEAT = 2.0
"""Answers are divided by this before their softmax: what is nearly right counts too."""
SHARE = 0.8
"""Weight of the teachers' answers in the loss; the labels have the rest."""


def load_teachers(folders: Sequence[str], labels: Sequence[str]) -> list[nn.Module]:
    """The networks of finished runs; ValueError where one has other labels than `labels`."""
    from train_edge.run import load_run

    found = []
    for folder in folders:
        run = load_run(folder)
        if run.labels != tuple(labels):
            raise ValueError(
                f"--teachers {folder}: answers {' '.join(run.labels)}; want {' '.join(labels)}"
            )
        found.append(run.module.to(memory_format=torch.channels_last))  # type: ignore[call-overload]
    return found


def mean_answer(teachers: Sequence[nn.Module], features: Tensor, heat: float = HEAT) -> Tensor:
    """Mean softmax at a heat of features (B, 1, L, mel) -> (B, C), rows sum to 1."""
    heard = features.contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        return torch.stack([(one(heard) / heat).softmax(1) for one in teachers]).mean(0)


def taught(hard: Tensor, logits: Tensor, answer: Tensor, of_word: Tensor) -> Tensor:
    """Loss of logits (B, C) with the losses to the labels `hard` (B,) and to the answer (B, C).

    Only where a keyword is said, `of_word` (B,) bool: of what is none the label knows better, and
    the sounds that teachers take for a keyword are drawn most often.
    """
    soft = -(answer * (logits / HEAT).log_softmax(1)).sum(1)
    share = SHARE * of_word.float()
    return ((1 - share) * hard + share * HEAT**2 * soft).mean()
