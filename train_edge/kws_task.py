"""Keyword spotting: batches, loss and metric. Logits (B, C): the words, unknown, silence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from device.front_end import LOGMEL
from train_edge.augment_sound import augment
from train_edge.background import SHARE, load_background
from train_edge.data import class_names
from train_edge.hard import keyword_score, prefer
from train_edge.networks import build
from train_edge.options import Options
from train_edge.spectra import BINS, FRAMES, Spectra, features, joined
from train_edge.teachers import load_teachers, mean_answer, taught

SILENCE_SHARE = 0.05
BACKWARDS_SHARE = 0.25
"""Share of the unknown that is a word played backwards: speech that is no word at all."""
SMOOTHING = 0.05
SYNTHESIZER, SYNTHESIZER_SPEAKERS = "espeak:", 9.0
"""The engine that no speaker was recorded for, and how many of those that were it weighs. Drawn by
voice alone, espeak-ng's hundreds of variants were 88 % of a batch: 81.8 % on real digits against
87.4 with 40 % (1,500 steps, same seed)."""


class KwsTask:
    """Draws batches from sounds in memory and scores logits."""

    front_end = LOGMEL

    def __init__(
        self, options: Options, words: tuple[str, ...], kept: Spectra, held: Spectra
    ) -> None:
        self.options, self.kept, self.held = options, kept, held
        self.labels = class_names(words)
        weight = voice_weight(kept)
        self.members = [np.flatnonzero(kept.classes == c) for c in range(len(self.labels))]
        self.weights = [weight[m] / weight[m].sum() for m in self.members]
        self.teachers: Sequence[nn.Module] = ()
        """Networks whose mean answer is learned too; `synthetic_task` names them."""

    def module(self) -> nn.Module:
        """The untrained network."""
        return build(self.options, self.labels)

    def batch(self, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """input (B, 1, L, mel), label (B,); with teachers also their answer (B, C)."""
        label, picks, backwards = self._draw(rng, size)
        power = augment(self.kept, picks, backwards, rng, self.options.sound)
        heard = {"input": features(power), "label": torch.from_numpy(label)}
        if self.teachers:
            heard["answer"] = mean_answer(self.teachers, heard["input"])
        return heard

    def loss(self, logits: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """Cross-entropy of logits (B, C) to the labels, and to the teachers' answer if any."""
        label = batch["label"]
        if "answer" not in batch:
            return functional.cross_entropy(logits, label, label_smoothing=SMOOTHING)
        hard = functional.cross_entropy(logits, label, label_smoothing=SMOOTHING, reduction="none")
        return taught(hard, logits, batch["answer"], label < len(self.labels) - 2)

    def validate(self, module: nn.Module) -> dict[str, float]:
        """Accuracy (fraction) on the held-out clips, centred and unvaried."""
        label = torch.from_numpy(self.held.classes)
        numbers = np.arange(len(self.held))
        right = 0
        with torch.no_grad():
            for part in np.array_split(numbers, -(-len(numbers) // 256)):
                logits = module(features(centred(self.held, part)))
                right += int((logits.argmax(1) == label[part]).sum())
        return {"val_accuracy": right / len(numbers)}

    def _draw(
        self, rng: np.random.Generator, size: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Class, clip (-1 none) and direction of each sample; voices are evened out."""
        n_words = len(self.labels) - 2
        kind = rng.random(size)
        label = rng.integers(0, n_words, size)
        label[kind < self.options.unknown_share + SILENCE_SHARE] = n_words
        label[kind < SILENCE_SHARE] = n_words + 1
        backwards = (label == n_words) & (rng.random(size) < BACKWARDS_SHARE)
        backwards |= (label == n_words) & (len(self.members[n_words]) == 0)
        recorded = rng.random(size) < 0.3
        picks = np.full(size, -1)
        for j, number in enumerate(label):
            source = int(rng.integers(0, n_words)) if backwards[j] else int(number)
            silent = number == n_words + 1 and not recorded[j]
            if len(self.members[source]) and not silent:
                picks[j] = rng.choice(self.members[source], p=self.weights[source])
        return label, picks, backwards


def synthetic_task(
    options: Options, words: tuple[str, ...], kept: Spectra, held: Spectra
) -> KwsTask:
    """A task of words, with the background and the teachers that the options name."""
    around = load_background(options.background, words) if options.background else None
    task = KwsTask(options, words, joined(kept, around) if around else kept, held)
    task.teachers = load_teachers(options.teachers, task.labels)
    if around:
        share_out(task, np.arange(len(kept), len(kept) + len(around)), SHARE)
    if task.teachers:
        prefer_hard(task, len(kept))
    return task


def prefer_hard(task: KwsTask, n_kept: int) -> None:
    """Draw the unknown that the teachers take for a keyword more often.

    Clips from number `n_kept` on are background, and keep their share.
    """
    number = len(task.labels) - 2
    members, weights = task.members[number], task.weights[number]

    def hear(picks: NDArray[np.int64]) -> Tensor:
        return mean_answer(task.teachers, features(centred(task.kept, picks)), heat=1.0)

    for chosen in (members < n_kept, members >= n_kept):
        if chosen.any():
            score = keyword_score(hear, members[chosen], number)
            weights[chosen] = prefer(weights[chosen], score)


def share_out(task: KwsTask, clips: NDArray[np.int64], share: float) -> None:
    """Give some clips this share of the draws of each class that has some of them, and others."""
    for members, weights in zip(task.members, task.weights, strict=True):
        chosen = np.isin(members, clips)
        if chosen.any() and not chosen.all():
            weights[chosen] *= share / weights[chosen].sum()
            weights[~chosen] *= (1 - share) / weights[~chosen].sum()


def centred(spectra: Spectra, picks: NDArray[np.int64]) -> Tensor:
    """Power (B, L, F) of clips as they are, in the middle of the second, zero around."""
    out = np.zeros((len(picks), FRAMES, BINS), np.float32)
    for j, pick in enumerate(picks):
        start, length = int(spectra.starts[pick]), int(spectra.lengths[pick])
        used = min(length, FRAMES)
        start += (length - used) // 2
        to = (FRAMES - used) // 2
        out[j, to : to + used] = spectra.magnitude[start : start + used]
    return torch.from_numpy(out**2)


def voice_weight(spectra: Spectra) -> NDArray[np.float64]:
    """(K,) how often each sound is drawn: every recorded speaker equally often.

    The many voices of a synthesizer count as SYNTHESIZER_SPEAKERS together, and common ones among
    them less: each by the inverse square root of how many clips it has.
    """
    names, voice, count = np.unique(spectra.voices, return_inverse=True, return_counts=True)
    weight = 1 / np.sqrt(count[voice].astype(np.float64))
    made = np.array([name.startswith(SYNTHESIZER) for name in names])[voice]
    weight[made] *= SYNTHESIZER_SPEAKERS / max(weight[made].sum(), 1e-12)
    weight[~made] = 1 / count[voice[~made]]
    return weight
