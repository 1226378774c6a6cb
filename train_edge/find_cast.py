"""Who and what a detector's training scenes are made of, in memory: people, backs, places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.clip import PARTS, Clip
from generate.progress import Progress
from generate.shards import Dataset
from train_edge.faces import JAW, face_square, seen_points

SIDE_PX = 128
"""Side of a picture in memory."""
MOST, MOST_HELD = 8000, 800
"""Pictures that are read of a data set, spread over it, to learn and to validate: 32 kB each."""
BACK_YAW_DEG = 100.0
"""Turned further than this a head shows no face."""
LEAST_SEEN = 0.15
"""A face of which fewer of the inner landmarks are seen is neither a face nor none."""
LEAST_SIDE_PX = 8.0
BACKGROUND = PARTS.index("background")

Grey = NDArray[np.uint8]


class Truth(NamedTuple):
    """The one face of a picture."""

    x: float
    """Middle of the square around the 68 points, px."""
    y: float
    side: float
    yaw_deg: float


@dataclass(frozen=True)
class Cast:
    """K grey pictures, some with one face, and what of them is a person."""

    pictures: Grey
    """(K, 128, 128)."""
    masks: Grey
    """(K, 128, 128) 255 where a person is."""
    boxes: NDArray[np.float32]
    """(K, 3) x, y, side of the face, px; side 0 where there is none."""

    @property
    def faces(self) -> NDArray[np.int64]:
        """Numbers of the pictures with a face."""
        return np.flatnonzero(self.boxes[:, 2] > 0)

    @property
    def others(self) -> NDArray[np.int64]:
        """Numbers of the pictures without one."""
        return np.flatnonzero(self.boxes[:, 2] == 0)


def face_in(clip: Clip, frame: int) -> Truth | None:
    """The face that a frame shows; None where nobody is there or only a back is seen."""
    if "landmarks_px" not in clip.labels:
        return None
    yaw_deg = float(clip.labels["head_pose_deg"][frame, 0])
    if abs(yaw_deg) > BACK_YAW_DEG:
        return None
    middle, side = face_square(seen_points(clip, frame))
    return Truth(float(middle[0]), float(middle[1]), side, yaw_deg)


def is_clear(clip: Clip, frame: int) -> bool:
    """Whether a frame plainly shows a face or none.

    Not where the face is hidden or tiny, nor where a ventriloquist's dummy is held: its face is
    neither.
    """
    face = face_in(clip, frame)
    if dict(clip.facts["look"] or {}).get("held") == "dummy":
        return False
    if face is None:
        return True
    seen = float(clip.labels["landmarks_visible"][frame, JAW:].mean())
    return seen >= LEAST_SEEN and face.side >= LEAST_SIDE_PX


def load_cast(dataset: Dataset, numbers: Sequence[int], most: int) -> Cast:
    """Read the first frame of some clips, at most `most` of them; ValueError where none has one."""
    picks = [numbers[k] for k in np.linspace(0, len(numbers) - 1, most).astype(int)]
    picks = picks if len(numbers) > most else list(numbers)
    found: list[tuple[Grey, Grey, tuple[float, float, float]]] = []
    progress = Progress(len(picks), "read")
    for count, clip in enumerate(dataset.clips(("frames", "labels"), picks)):
        if clip.frames is not None and len(clip.frames) and is_clear(clip, 0):
            found.append(_small(clip))
        progress.update(count + 1)
    progress.close()
    if not found:
        raise ValueError(f"data set {dataset.folder}: no pictures to learn from")
    pictures, masks, boxes = zip(*found, strict=True)
    return Cast(np.stack(pictures), np.stack(masks), np.array(boxes, np.float32))


def together(casts: Sequence[Cast]) -> Cast:
    """Several casts as one."""
    return Cast(
        np.concatenate([cast.pictures for cast in casts]),
        np.concatenate([cast.masks for cast in casts]),
        np.concatenate([cast.boxes for cast in casts]),
    )


def _small(clip: Clip) -> tuple[Grey, Grey, tuple[float, float, float]]:
    """Grey picture, mask and box of the first frame, scaled to SIDE_PX."""
    assert clip.frames is not None
    frame, person = clip.frames[0], clip.labels["parts"][0] != BACKGROUND
    scale, size = SIDE_PX / len(frame), (SIDE_PX, SIDE_PX)
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(person.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    face = face_in(clip, 0)
    box = (face.x * scale, face.y * scale, face.side * scale) if face else (0.0, 0.0, 0.0)
    return np.asarray(grey, np.uint8), np.asarray(mask, np.uint8), box
