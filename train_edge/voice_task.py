"""Who speaks and how, one small network with three heads on the front end of keyword spotting.

Outputs (B, 2 + E): a logit of speech, a logit of a child's voice, and one of each emotion.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from device.front_end import LOGMEL
from generate.spec import EMOTIONS
from train_edge.augment_sound import augment
from train_edge.kws_task import centred, voice_weight
from train_edge.metrics import balanced
from train_edge.networks import build
from train_edge.options import Options
from train_edge.spectra import features
from train_edge.voices import NONE, SPOKEN, Voices

LABELS: tuple[str, ...] = ("speech", "child", *EMOTIONS)
SPEECH, CHILD, EMOTION = slice(0, 1), slice(1, 2), slice(2, None)
"""Columns of the output."""
QUIET_SHARE = 0.35
"""Share of seconds in which nobody speaks; in 0.4 of them only what augmentation adds is heard."""
ADDED_SHARE = 0.4
HOUSES = (1000, 1001, 1002)
"""Seeds of the noises that it learns from; validation and evaluation take others."""
HELD_HOUSES = (2000,)


class VoiceTask:
    """Draws seconds of speech and of none, and scores the three heads."""

    front_end = LOGMEL
    labels = LABELS

    def __init__(self, options: Options, kept: Voices, held: Voices) -> None:
        self.options, self.kept, self.held = options, kept, held
        spoken = kept.sounds.classes == SPOKEN
        kinds = np.stack([kept.child, kept.emotion], 1)
        self.groups = [
            np.flatnonzero(spoken & (kinds == kind).all(1))
            for kind in np.unique(kinds[spoken], axis=0)
        ]
        weight = voice_weight(kept.sounds)
        self.weights = [weight[group] / weight[group].sum() for group in self.groups]
        self.quiet = np.flatnonzero(kept.sounds.classes == NONE)

    def module(self) -> nn.Module:
        """The untrained network."""
        return build(self.options, self.labels)

    def batch(self, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """input (B, 1, L, mel), speech, child, emotion (B,); -1 is not known."""
        picks = np.full(size, -1)
        for j in range(size):
            if rng.random() >= QUIET_SHARE:
                group = int(rng.integers(len(self.groups)))
                picks[j] = rng.choice(self.groups[group], p=self.weights[group])
            elif len(self.quiet) and rng.random() >= ADDED_SHARE:
                picks[j] = rng.choice(self.quiet)
        straight = np.zeros(size, bool)
        power = augment(self.kept.sounds, picks, straight, rng, self.options.sound)
        truth = {
            "speech": np.where(picks >= 0, self.kept.sounds.classes[picks], NONE),
            "child": np.where(picks >= 0, self.kept.child[picks], -1),
            "emotion": np.where(picks >= 0, self.kept.emotion[picks], -1),
        }
        return {"input": features(power)} | {k: torch.from_numpy(v) for k, v in truth.items()}

    def loss(self, outputs: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """Sum of three cross-entropies, each over the seconds whose truth is known."""
        speech = functional.binary_cross_entropy_with_logits(
            outputs[:, SPEECH][:, 0], batch["speech"].float()
        )
        known = batch["child"] >= 0
        child = functional.binary_cross_entropy_with_logits(
            outputs[known, CHILD][:, 0], batch["child"][known].float(), reduction="sum"
        ) / known.sum().clamp(min=1)  # fmt: skip
        emotion = functional.cross_entropy(
            outputs[:, EMOTION], batch["emotion"], ignore_index=-1, reduction="sum"
        ) / (batch["emotion"] >= 0).sum().clamp(min=1)
        return speech + child + emotion

    def validate(self, module: nn.Module) -> dict[str, float]:
        """Balanced accuracy of each head on held-out clips and noises, as they are."""
        numbers = np.arange(len(self.held.sounds))
        with torch.no_grad():
            outputs = torch.cat([
                module(features(centred(self.held.sounds, part)))
                for part in np.array_split(numbers, -(-len(numbers) // 256))
            ]).numpy()  # fmt: skip
        held = self.held
        found = scores(outputs, held.sounds.classes, held.child, held.emotion)
        return {f"val_{name}": value for name, value in found.items()}


def scores(
    outputs: NDArray[np.float32],
    speech: NDArray[np.int64],
    child: NDArray[np.int64],
    emotion: NDArray[np.int64],
) -> dict[str, float]:
    """Balanced accuracy (mean over the classes, 0..1) of each head whose truth has two classes.

    outputs (K, 2 + E); truths (K,), -1 where not known.
    """
    answers = {
        "speech": (outputs[:, SPEECH][:, 0] > 0, speech),
        "child": (outputs[:, CHILD][:, 0] > 0, child),
        "emotion": (outputs[:, EMOTION].argmax(1), emotion),
    }
    return {
        name: balanced(truth[truth >= 0], found.astype(np.int64)[truth >= 0])
        for name, (found, truth) in answers.items()
        if len(np.unique(truth[truth >= 0])) > 1
    }
