"""Lips of stills: many more people than talk, for the eye of a talking model to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device.backends.audiovisual import lower_face
from generate.face_outputs import truth_columns
from generate.shards import Dataset
from train_edge.face_store import load_faces
from train_edge.faces import CROP_PX, MARGIN, Floats, Pixels, square
from train_edge.talking_clips import FILM_PX, ROOM, facing_of, mouth_of


@dataclass(frozen=True)
class Lips:
    """One picture each of K faces."""

    pictures: Pixels
    """(K, 48, 48) grey, as those of a `Film`."""
    apart: Floats
    """(K,) how far the lips are apart, as `mouth_of` has it; how wide a still cannot tell."""
    facing: NDArray[np.bool_]
    """(K,) whether the head is turned to the camera."""


def load_lips(dataset: Dataset, numbers: Sequence[int]) -> Lips:
    """The lower faces of some clips of a `stills` data set; ValueError where there is no face."""
    faces = load_faces(dataset, numbers)
    box = CROP_PX / MARGIN
    low, high = (CROP_PX - box) / 2, (CROP_PX + box) / 2
    x, y, side = lower_face((low, low, high, high))
    middle = np.array([x, y], np.float32)
    pictures = np.empty((len(faces), FILM_PX, FILM_PX), np.uint8)
    for k in range(len(faces)):
        cut = square(faces.crops[k], middle, side * ROOM, FILM_PX)[0]
        pictures[k] = cut.mean(2).round()
    pose = faces.truth[:, truth_columns("pose")]
    return Lips(pictures, mouth_of(faces.points)[:, 0], facing_of(pose))
