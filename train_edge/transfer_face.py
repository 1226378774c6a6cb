"""The face side of a transfer report: what each arm reads, and the landmarks of its network.

Labels of the real folder are used here for training by the arms that say so (`learned`), by the
label translation, and for testing; nowhere else in training.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from device.backends.frontend import image
from device.files import sha256_of
from device.strict import encode
from generate.face_outputs import TRUTH, points_of
from generate.shards import digest_of
from generate.weights import fill, read_tensors
from train_edge.data import open_clips, split
from train_edge.evaluate import Seen, see_clips
from train_edge.face_groups import by_group
from train_edge.face_task import FaceTask
from train_edge.faces import CROP_PX, MARGIN, VIEW, Faces, Pixels, square
from train_edge.metrics import OUTER_EYES
from train_edge.options import Options
from train_edge.real_folders import FACES, check_inside, load_image, read_landmarks
from train_edge.run import MODEL, SIZES
from train_edge.tasks import Task, make_task
from train_edge.transfer import REAL, SYNTHETIC, Training, seeded, twins
from train_edge.transfer_face_page import told
from train_edge.transfer_face_result import (
    FaceTruth,
    compared,
    figures,
    seed_errors,
    translated,
)
from train_edge.transfer_run import folder_of, reopened
from train_edge.transfer_tables import Told

FINE_STEPS, FINE_RATE = 0.2, 0.25
"""Of the recipe's steps and learning rate, where a synthetic-trained network is fine-tuned."""
BATCH = 64
RENDERS = 400
"""Held-out clips, at most, that networks are compared on."""


class Portraits:
    """A data set of faces and a folder of real ones.

    ValueError where a row of the folder cannot be used, before anything is trained.
    """

    who = "person"

    def __init__(
        self, preset: str, options: Options, data: str | Path, real: Path, out: Path
    ) -> None:
        self.preset, self.options = preset, options
        self.data, self.real, self.out = data, real, out
        self.dataset = open_clips(data, "frames")
        self.rows = read_landmarks(real)
        self.points = np.stack([row.points for row in self.rows])
        self.people = tuple(row.person for row in self.rows)
        self.classes = ("face",) * len(self.rows)
        self.hashes = [sha256_of(row.path) for row in self.rows]
        self._check_rows()

    def check(self) -> None:
        """Read every picture; ValueError names the first that cannot be, or is not its row's."""
        for row in self.rows:
            picture = load_image(row.path)
            check_inside(row, picture.shape[1], picture.shape[0])

    def why_not(self, training: Training) -> str:  # noqa: ARG002
        """Every face has all landmarks: nothing is ever missing."""
        return ""

    def recipe(self, training: Training, options: Options) -> Options:
        """The recipe with its seed; shorter and gentler where a trained network is fine-tuned."""
        options = seeded(options, training)
        if not (training.synthetic and training.real):
            return options
        steps = max(1, round(options.steps * FINE_STEPS))
        return replace(options, steps=steps, learning_rate=options.learning_rate * FINE_RATE)

    def material(self, training: Training) -> dict[str, Any]:
        """Hashes of everything that a training reads."""
        digest = digest_of(self.data) if training.synthetic else ""
        real = [[self.hashes[k], _digest(self.points[k]), self.people[k]] for k in training.real]
        began = encode(self.options) if training.synthetic and training.real else ""
        return {"data": digest, "real": real, "began with": began}

    def task(self, training: Training, options: Options) -> Task:
        """Read what a training is trained on, and nothing else."""
        if not training.real:
            return make_task(options, self.data)
        begun = replace(training, arm=SYNTHETIC, real=(), without=())
        start = folder_of(begun, self.out) / MODEL if training.synthetic else None
        pictures = [load_image(self.rows[k].path) for k in training.real]
        # Nothing is held out: no choice hangs on it, and the upper bound shall be one.
        return RealTask(options, learned(pictures, self.points[list(training.real)]), start)

    def sample_task(self, options: Options) -> Task:
        """A task of noise."""
        rng = np.random.default_rng(0)
        pictures = [rng.integers(0, 256, (96, 96, 3), np.uint8) for _ in range(4)]
        return RealTask(options, learned(pictures, rng.uniform(24, 72, (4, 68, 2))), None)

    def answers(
        self,
        module: nn.Module,
        labels: tuple[str, ...],  # noqa: ARG002
        rows: Sequence[int],
    ) -> NDArray[np.float32]:
        """Landmarks (n, 68, 2) in px of the real pictures."""
        parts = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
        return np.concatenate(
            [ask(module, [load_image(self.rows[k].path) for k in part]) for part in parts]
        )

    def tell(
        self,
        options: Options,
        trainings: Sequence[Training],
        answers: Mapping[str, NDArray[np.float32]],
        out: Path,
    ) -> Told:
        """Figures and page from the landmarks of the arms, on real faces and on renders."""
        held = split(self.dataset)[1]
        some = np.linspace(0, len(held) - 1, min(RENDERS, len(held))).astype(int)
        renders = see_clips(self.dataset, [held[k] for k in some])
        facts = [self.dataset.rows[number] for number in renders.clips]
        on_renders = {
            arm: np.stack([
                self._on_renders(options, training, out, renders)
                for training in trainings if training.arm == arm
            ])
            for arm in (SYNTHETIC, REAL) if arm in answers
        }  # fmt: skip
        truth = FaceTruth(self.points, self.people)
        more = translated(truth, answers[SYNTHETIC], trainings)
        result = figures(truth, answers, more)
        result |= compared(truth, answers, FaceTruth(renders.points, ()), on_renders)
        if SYNTHETIC in on_renders:
            result["groups"] = by_group(
                seed_errors(on_renders[SYNTHETIC], renders.points).mean((0, 2)), facts
            )
        return told(result, truth, answers, self.picture)

    def picture(self, row: int) -> Pixels:
        """A real picture (H, W, 3) RGB."""
        return load_image(self.rows[row].path)

    def _on_renders(
        self, options: Options, training: Training, out: Path, renders: Seen
    ) -> NDArray[np.float32]:
        module, _ = reopened(folder_of(training, out), self.recipe(training, options))
        parts = [renders.pictures[i : i + BATCH] for i in range(0, len(renders.pictures), BATCH)]
        return np.concatenate([ask(module, part) for part in parts])

    def _check_rows(self) -> None:
        table = self.real / FACES
        eyes = np.linalg.norm(np.subtract(*(self.points[:, k] for k in OUTER_EYES)), axis=1)
        if not eyes.all():
            name = self.rows[int(eyes.argmin())].path.name
            raise ValueError(f"{table}: {name}: points 36 and 45 coincide; errors have no unit")
        if both := twins(self.hashes, self.people):
            first, second = (self.rows[k] for k in both)
            raise ValueError(
                f"{table}: {first.path.name} and {second.path.name} are the same picture, of "
                f"{first.person} and {second.person}"
            )


class RealTask(FaceTask):
    """Faces of which only the landmarks are known; may begin with the weights in a file."""

    def __init__(self, options: Options, faces: Faces, start: Path | None) -> None:
        super().__init__(options, faces, faces)
        self.start = start

    def module(self) -> nn.Module:
        """The network to begin with."""
        module = super().module()
        if self.start:
            tensors, _ = read_tensors(self.start, "train the synthetic arm first")
            fill(module, tensors, self.start, SIZES)
        return module


def learned(pictures: Sequence[Pixels], points: NDArray[np.float64]) -> Faces:
    """Real pictures, any size, with points (K, 68, 2) px of them, as training has faces in memory.

    A whole picture is what the network sees; what lies beyond repeats its edge.
    """
    crops, at = [], []
    for picture, own in zip(pictures, points, strict=True):
        height, width = picture.shape[:2]
        side = max(height, width)
        even = picture if height == width else np.asarray(cv2.resize(picture, (side, side)), "u1")
        middle = np.full(2, side / 2, np.float32)
        crop, to_crop = square(even, middle, side * MARGIN / VIEW, CROP_PX)
        crops.append(crop)
        at.append(own * [side / width, side / height] @ to_crop[:, :2].T + to_crop[:, 2])
    return Faces(
        crops=np.stack(crops),
        points=np.stack(at).astype(np.float32),
        truth=np.full((len(crops), TRUTH), np.nan, np.float32),
        others=np.zeros((0, CROP_PX, CROP_PX, 3), np.uint8),
    )


def ask(module: nn.Module, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
    """Landmarks (n, 68, 2) in px of pictures (H, W, 3) of any sizes, as a board would see them."""
    seen = np.stack([image(picture, FaceTask.front_end) for picture in pictures])
    with torch.no_grad():
        outputs = module(torch.from_numpy(seen.transpose(0, 3, 1, 2).copy())).numpy()
    sizes = np.array([[picture.shape[1], picture.shape[0]] for picture in pictures], np.float32)
    return np.asarray(points_of(outputs) * sizes[:, None], np.float32)


def _digest(points: NDArray[np.float64]) -> str:
    return hashlib.sha256(np.ascontiguousarray(points).tobytes()).hexdigest()
