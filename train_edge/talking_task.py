"""Talking: is the child that is seen the one that speaks, now, and does its head face the toy?

Outputs (B, 2): a logit of "this face speaks" and one of "this head faces the camera", both of the
picture DECIDED of 1.6 s of rows. What is no "yes" to the first is made of the same clips: the
sound of another child, the child's own sound at another time, no sound, and noise without speech.
All of it goes through the same rooms and noises, so that nothing but synchrony tells a pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from device.backends.audiovisual import rows, standardized
from device.front_end import AUDIOVISUAL
from train_edge.augment_film import filmed, photographed
from train_edge.augment_sound import vary
from train_edge.evaluate_talking import SHIFT, score_films
from train_edge.faces import Floats
from train_edge.lips import Lips
from train_edge.models.talknet import PICTURES, SIZE_PX, TalkNet
from train_edge.options import Options
from train_edge.spectra import BINS, features, gather, joined
from train_edge.talking_clips import EACH, Film, Spoken, sounds_of
from train_edge.voices import noises

LABELS: tuple[str, ...] = ("speaking", "facing")
SPEAKING, FACING, SEEN = 0, 1, 2
SHARES = {"own": 0.45, "other": 0.18, "shifted": 0.2, "none": 0.1, "noise": 0.07}
"""Kinds of sound of a batch: only the child's own counts as its speaking. A shifted one has the
same voice, so that it is not enough to learn which voice belongs to which face."""
BUSY, BUSY_SHARE = 0.4, 0.7
"""Least share of speaking pictures in most windows of the negatives: silence is easy."""
SLIP = 1
"""Most pictures by which picture and sound of a true pair are apart: cameras are late."""
HOUSE = 1000
"""Seed of the noises that it learns from."""
LEARNED = slice(10, 38)
"""Pictures whose answers are learned: those at the edges know too little of the time around."""
FACING_WEIGHT, SHAPE_WEIGHT, MOVES_WEIGHT = 0.3, 1.0, 0.5
LIPS_SHARE = 0.5
"""Rows of stills for each of film."""
STILL, EPSILON = 0.03, 1e-3
"""Deviation of a shape below which lips do not move, and what keeps a correlation finite."""
YES_WEIGHT = 2.0
"""Of a picture that speaks: a third of those of a batch do, and half of the accuracy is theirs."""


def build(options: Options, labels: tuple[str, ...]) -> nn.Module:
    """The untrained network."""
    assert labels == LABELS
    return TalkNet(options.senses, options.dropout)


class TalkingTask:
    """Draws 1.6 s of film with a sound, and scores the two answers."""

    front_end = AUDIOVISUAL
    labels = LABELS

    def __init__(
        self,
        options: Options,
        kept: Sequence[Film],
        held: Sequence[Film],
        lips: Lips | None = None,
        unseen: Sequence[Spoken] = (),
    ) -> None:
        self.options, self.kept, self.held, self.lips = options, kept, held, lips
        self.sound = replace(options.sound, loudness_db=min(options.sound.loudness_db, 1.5))
        self.spoken: list[Spoken] = [*kept, *unseen]
        others = noises(HOUSE, PICTURES * EACH)
        quiet = gather([s.audio for s in others], [0] * len(others), [s.voice for s in others])
        self.sounds = joined(sounds_of(self.spoken), quiet)
        self.mouths = np.concatenate([one.mouth for one in self.spoken])

    def module(self) -> nn.Module:
        """The untrained network."""
        return build(self.options, self.labels)

    def batch(self, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """input (B, 1, T, 80 + S S); speaking, facing and seen (B, T); shapes (B, 4, T).

        shapes are of the lips that are seen and of those that made the sound, nan where none did.
        With lips of stills B is larger than `size`: behind the films are rows of them, with
        anybody's voice, which show nobody who speaks or not.
        """
        kinds = rng.choice(list(SHARES), size, p=list(SHARES.values()))
        total = size + (max(1, round(LIPS_SHARE * size)) if self.lips else 0)
        films = np.zeros((total, PICTURES, SIZE_PX, SIZE_PX), np.float32)
        power = np.zeros((total, 2 * PICTURES, BINS), np.float32)
        truth = np.zeros((3, total, PICTURES), np.float32)
        shapes = np.full((2, total, 2, PICTURES), np.nan, np.float32)
        for j, kind in enumerate(kinds):
            number = int(rng.integers(len(self.kept)))
            film = self.kept[number]
            start = self._start(film, rng, kind != "own")
            shown = slice(start, start + PICTURES)
            shapes[0, j] = film.mouth[shown].T
            heard = self._heard(number, start, str(kind), rng)
            if heard is not None:
                power[j] = self._power(heard)
                if kind != "noise":
                    shapes[1, j] = self.mouths[heard // 2 : heard // 2 + PICTURES].T
            films[j] = standardized(filmed(film.pictures[shown], SIZE_PX, rng, self.options.image))
            truth[SPEAKING, j] = film.speaking[shown] & (kind == "own")
            truth[FACING, j] = film.facing[shown]
            truth[SEEN, j] = film.seen[shown]
        for j in range(size, total):
            films[j], shapes[0, j, 0], truth[FACING, j] = self._lips(rng)
            heard = self._of_another(int(rng.integers(len(self.spoken))), rng)
            power[j] = self._power(heard)
            shapes[1, j] = self.mouths[heard // 2 : heard // 2 + PICTURES].T
        varied = vary(torch.from_numpy(power), rng, self.sound)
        inputs = rows(features(varied)[:, 0].numpy(), films)
        return {
            "input": torch.from_numpy(inputs)[:, None],
            "speaking": torch.from_numpy(truth[SPEAKING]),
            "facing": torch.from_numpy(truth[FACING]),
            "shapes": torch.from_numpy(shapes.transpose(1, 0, 2, 3).reshape(total, 4, PICTURES)),
            "seen": torch.from_numpy(truth[SEEN]),
        }

    def loss(self, outputs: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """Cross-entropy of both answers, and the mean error of the shapes of lips.

        outputs (B, 6, T) as TalkNet gives them. Who speaks is learned of the pictures LEARNED that
        show a mouth. Most heads face the camera; both sides of that answer count the same.
        """
        speaks = outputs[:, SPEAKING, LEARNED]
        entropy = functional.binary_cross_entropy_with_logits
        seen = batch["seen"][:, LEARNED]
        said = entropy(
            speaks, batch["speaking"][:, LEARNED], seen,
            pos_weight=torch.tensor(YES_WEIGHT), reduction="sum",
        ) / seen.sum().clamp(min=1)  # fmt: skip
        lips = _lips_loss(outputs[:, len(LABELS) :], batch["shapes"])
        front = batch["facing"]
        share = front.mean().clamp(0.05, 0.95)
        facing = entropy(
            outputs[:, FACING], front, torch.where(front > 0, 1 / share, 1 / (1 - share)) / 2
        )
        return said + FACING_WEIGHT * facing + lips

    def validate(self, module: nn.Module) -> dict[str, float]:
        """Figures of evaluate_talking.py on held-out clips."""

        def answer(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
            with torch.no_grad():
                found: NDArray[np.float32] = module(torch.from_numpy(inputs)[:, None]).numpy()
            return found

        found = score_films(answer, self.held)
        return {f"val_{name}": found[name] for name in ("accuracy", "speaking", "silent")}

    def _lips(self, rng: np.random.Generator) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """A row of stills: pictures (T, S, S), lips apart (T,), and facing (T,)."""
        assert self.lips
        picks = rng.integers(len(self.lips.apart), size=PICTURES)
        shown = photographed(self.lips.pictures[picks], SIZE_PX, rng, self.options.image)
        return standardized(shown[:, None])[:, 0], self.lips.apart[picks], self.lips.facing[picks]

    def _start(self, film: Spoken, rng: np.random.Generator, negative: bool) -> int:
        """First picture of what is shown or heard of a film."""
        starts = len(film) - PICTURES + 1
        start = int(rng.integers(starts))
        busy = negative and rng.random() < BUSY_SHARE
        for _ in range(3 if busy else 0):
            if film.speaking[start : start + PICTURES].mean() >= BUSY:
                break
            start = int(rng.integers(starts))
        return start

    def _heard(self, number: int, start: int, kind: str, rng: np.random.Generator) -> int | None:
        """First frame of the sounds that a part of film `number` is heard with, None for none."""
        begins, film = int(self.sounds.starts[number]), self.kept[number]
        last = len(film) - PICTURES
        if kind == "own":
            slip = int(rng.integers(-SLIP, SLIP + 1))
            return begins + 2 * int(np.clip(start + slip, 0, last))
        if kind == "shifted":
            shift = int(rng.integers(*SHIFT)) * int(rng.choice((-1, 1)))
            for moved in (start + shift, start - shift):
                if 0 <= moved <= last:
                    return begins + 2 * moved
        if kind == "none":
            return None
        if kind == "noise":
            quiet = int(rng.integers(len(self.spoken), len(self.sounds)))
            return int(self.sounds.starts[quiet])
        return self._of_another(number, rng)

    def _of_another(self, number: int, rng: np.random.Generator) -> int:
        """First frame of a busy part of anybody else's voice."""
        count = len(self.spoken)
        other = (number + int(rng.integers(1, count))) % count
        return int(self.sounds.starts[other]) + 2 * self._start(self.spoken[other], rng, True)

    def _power(self, first: int) -> Floats:
        """|FFT|^2 (2 T, F) of the time of one row."""
        part = self.sounds.magnitude[first : first + 2 * PICTURES]
        return part.astype(np.float32) ** 2


def _lips_loss(found: Tensor, shapes: Tensor) -> Tensor:
    """Mean error of shapes (B, 4, T), nan where unknown, and one less how they move together.

    The mean error alone has a cautious network move too little. What counts in the end is the
    correlation over time, so its mean over the rows whose lips move is learned besides.
    """
    known = ~shapes.isnan()
    truth = shapes.nan_to_num()
    off = ((found - truth).abs() * known).sum() / known.sum().clamp(min=1)
    whole = known.all(2)
    a, b = (x - x.mean(2, keepdim=True) for x in (found, truth))
    moving = whole & (b.square().mean(2) > STILL**2)
    alike = (a * b).sum(2) / (a.square().sum(2) * b.square().sum(2) + EPSILON).sqrt()
    apart = ((1 - alike) * moving).sum() / moving.sum().clamp(min=1)
    return SHAPE_WEIGHT * off + MOVES_WEIGHT * apart
