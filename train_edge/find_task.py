"""Find: scenes, targets of the cells, loss and metric of a face detector.

Outputs (B, P, 4), what device/find.py says of a cell. Faces go to the grid of their size, those of
middle size to both; a few cells about the middle of a face answer it, others near it are free.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from device.find import BASE_PX, CELL, LOGIT, OCTAVES, REACH, STRIDES, Finder, cells, faces
from device.front_end import SCENE
from generate.shards import Dataset
from train_edge.find_cast import Cast, load_cast, together
from train_edge.find_scenes import SEEN, UNSEEN, Scene, compose
from train_edge.find_score import THRESHOLDS, Found, match, threshold_for
from train_edge.models.findnet import FindNet
from train_edge.options import ImageAugment, Options

SIZE = (int(SCENE["width_px"]), int(SCENE["height_px"]))
SIDES_PX = ((0.0, 38.0), (28.0, 1000.0))
"""Faces that each grid must find."""
SLACK = 1.35
"""Faces beyond a grid's sides by this factor are free there: found or not, both are right."""
NEAR, LEAST_NEAR, MOST_NEAR = 0.17, 0.55, 1.1
"""A cell answers a face whose middle is nearer than NEAR sides, and LEAST_NEAR to MOST_NEAR
strides."""
FREE = 0.45
"""Cells this near to a face, in sides, are free."""
FOCUS = 2.0
"""Exponent of the focal loss (Lin et al. 2017)."""
BOX_WEIGHT = 4.0
EMPTY_SHARE = 0.2
"""Share of scenes without any face."""
VALIDATED = 150
"""Scenes with faces, and as many without, that validation looks at."""
HELD_SEED = 41


def build(options: Options, labels: tuple[str, ...]) -> nn.Module:  # noqa: ARG001
    """The untrained network."""
    return FindNet()


class FindTask:
    """Composes scenes of pictures in memory and scores outputs."""

    labels: tuple[str, ...] = CELL
    front_end: dict[str, Any] = SCENE

    def __init__(self, options: Options, kept: Cast, held: Cast) -> None:
        self.options, self.kept, self.held = options, kept, held
        if not len(kept.faces) or not len(held.faces):
            raise ValueError("no picture shows a face; want a data set of `stills`")

    def module(self) -> nn.Module:
        """The untrained network."""
        return FindNet()

    def batch(self, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """input (B, 1, H, W), values (B, P, 4), weight (B, P): 0 where an answer is free."""
        filled = rng.random(size) >= EMPTY_SHARE
        scenes = [compose(self.kept, rng, self.options.image, SIZE, bool(f)) for f in filled]
        marked = [targets(scene) for scene in scenes]
        return {
            "input": seen([scene.picture for scene in scenes]),
            "values": torch.from_numpy(np.stack([values for values, _ in marked])),
            "weight": torch.from_numpy(np.stack([weight for _, weight in marked])),
        }

    def loss(self, outputs: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """Focal loss of the scores over all cells, L1 of the boxes where there is a face."""
        values, weight = batch["values"], batch["weight"]
        face = values[..., 0]
        logit = LOGIT * outputs[..., 0]
        wrong = torch.sigmoid(torch.where(face > 0, -logit, logit))
        entropy = functional.binary_cross_entropy_with_logits(logit, face, reduction="none")
        count = face.sum().clamp(min=1)
        score = (entropy * wrong**FOCUS * weight).sum() / count
        box = functional.smooth_l1_loss(
            outputs[..., 1:], values[..., 1:], reduction="none", beta=0.05
        ).sum(-1)
        return score + BOX_WEIGHT * (box * face).sum() / count

    def validate(self, module: nn.Module) -> dict[str, float]:
        """Recall where VALIDATED scenes without a face show no false one, all of held-out clips."""
        rng = np.random.default_rng(HELD_SEED)
        how = ImageAugment(occlude=0.0)
        full = [compose(self.held, rng, how, SIZE, True) for _ in range(VALIDATED)]
        empty = [compose(self.held, rng, how, SIZE, False) for _ in range(VALIDATED)]
        ask = Finder(threshold=THRESHOLDS[0])
        nothing = [faces(a, SCENE, ask, SIZE) for a in predict(module, empty)]
        threshold, alarms = threshold_for(nothing)
        found, finder = Found(), Finder(threshold=threshold)
        for scene, answer in zip(full, predict(module, full), strict=True):
            clear = [box for box, part in zip(scene.boxes, scene.seen, strict=True) if part > SEEN]
            found.add(match(faces(answer, SCENE, finder, SIZE), clear))
        return {
            "val_recall": found.recall, "val_iou": found.mean_overlap,
            "val_false_per_100": alarms, "val_threshold": threshold,
        }  # fmt: skip


def load_casts(parts: Sequence[tuple[Dataset, list[int]]], most: int) -> Cast:
    """At most `most` clips of each of some data sets: people, and places without a face."""
    return together([load_cast(dataset, numbers, most) for dataset, numbers in parts])


def targets(scene: Scene) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the cells should answer (P, 4), score 0 or 1, and the weight of each score (P,)."""
    x, y, grid = (np.array(part) for part in zip(*cells(*SIZE), strict=True))
    stride = np.array(STRIDES, np.float32)[grid]
    base = np.array(BASE_PX, np.float32)[grid]
    low, high = (np.array(part)[grid] for part in zip(*SIDES_PX, strict=True))
    values = np.zeros((len(x), len(CELL)), np.float32)
    weight = np.ones(len(x), np.float32)
    nearest = np.full(len(x), np.inf)
    for (face_x, face_y, side), share in zip(scene.boxes, scene.seen, strict=True):
        if share < UNSEEN:
            continue
        off = np.maximum(abs(x - face_x), abs(y - face_y))
        weight[off < FREE * side] = 0
        fits = (side >= low) & (side < high)
        about = (side >= low / SLACK) & (side < high * SLACK)
        reach = np.clip(NEAR * side, LEAST_NEAR * stride, MOST_NEAR * stride)
        weight[(off < reach) & about] = 0
        mine = fits & (off < reach) & (off < nearest) & (share > SEEN)
        nearest[mine] = off[mine]
        values[mine, 0] = 1
        values[mine, 1] = (face_x - x[mine]) / (REACH * stride[mine])
        values[mine, 2] = (face_y - y[mine]) / (REACH * stride[mine])
        values[mine, 3] = np.log2(side / base[mine]) / OCTAVES
    weight[values[:, 0] > 0] = 1
    return values, weight


def seen(pictures: list[NDArray[np.uint8]]) -> Tensor:
    """The scene front end on pictures (H, W) that have its size: (B, 1, H, W) in -1..1."""
    stacked = np.stack(pictures)[:, None].astype(np.float32)
    return torch.from_numpy(stacked / np.float32(127.5) - 1)


def predict(module: nn.Module, scenes: list[Scene]) -> list[list[list[float]]]:
    """Answers (P, 4) of scenes, as plain lists."""
    answers: list[list[list[float]]] = []
    with torch.no_grad():
        for start in range(0, len(scenes), 50):
            part = seen([scene.picture for scene in scenes[start : start + 50]])
            answers += module(part).tolist()
    return answers
