"""Faces in memory: square crops with all that is true of them, and crops without faces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.clip import Clip
from generate.face_outputs import AGE_YEARS, CODE, EXPRESSION, TRUTH, truth_columns
from generate.spec import ARKIT, EMOTIONS

CROP_PX = 128
"""Side of a crop in memory."""
MARGIN = 2.6
"""Side of a crop in memory, in sides of the face box: room for a jittered crop of VIEW."""
VIEW = 2.0
"""Side of what the model sees, in sides of the face box, as detectors and real folders crop."""
FRAMES_PER_CLIP = 4
"""Frames taken from a video; its neighbours show the same face again."""
JAW = 17
LEAST_PX = 8
"""Smaller faces are left out."""

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


class Crops(Protocol):
    """Pictures (128, 128, 3) RGB by number, in memory or on disk."""

    def __len__(self) -> int: ...
    def __getitem__(self, k: int, /) -> Any: ...


class Rows:
    """Some rows of an array that is too large to copy."""

    def __init__(self, array: Pixels, rows: NDArray[np.int64]) -> None:
        self.array, self.rows = array, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, k: int, /) -> Pixels:
        if not 0 <= k < len(self.rows):
            raise IndexError(k)
        return np.asarray(self.array[self.rows[k]])


class Chain:
    """Pictures of two sources, one after the other."""

    def __init__(self, first: Crops, second: Crops) -> None:
        self.first, self.second = first, second

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def __getitem__(self, k: int, /) -> Pixels:
        count = len(self.first)
        return np.asarray(self.first[k] if k < count else self.second[k - count])


@dataclass(frozen=True)
class Faces:
    """Crops of K faces and of M places without one."""

    crops: Crops
    """(K, 128, 128, 3) RGB, the face box in the middle, MARGIN times as wide."""
    points: Floats
    """(K, 68, 2) px of the crop, pixel centres at +0.5; jaw points on the visible outline."""
    truth: Floats
    """(K, TRUTH) as in face_outputs.py; NaN is not known."""
    others: Crops
    """(M, 128, 128, 3) RGB, places beside faces."""

    def __len__(self) -> int:
        return len(self.crops)


def both(first: Faces, second: Faces) -> Faces:
    """The faces and places of two data sets."""
    return Faces(
        Chain(first.crops, second.crops),
        np.concatenate([first.points, second.points]),
        np.concatenate([first.truth, second.truth]),
        Chain(first.others, second.others),
    )


def frames_of(clip: Clip) -> Iterator[tuple[int, Floats]]:
    """Some frames of a clip with a face: number, and 68 points with the outline jaw (68, 2)."""
    if clip.frames is None or "landmarks_px" not in clip.labels:
        return
    count = min(len(clip.frames), FRAMES_PER_CLIP)
    for t in np.linspace(0, len(clip.frames) - 1, count).astype(int):
        landmarks = seen_points(clip, int(t))
        if face_square(landmarks)[1] >= LEAST_PX:
            yield int(t), landmarks


def seen_points(clip: Clip, t: int) -> Floats:
    """The 68 points (68, 2) px of frame t as people annotate them: the jaw on the outline."""
    points: Floats = clip.labels["landmarks_px"][t].copy()
    points[:JAW] = clip.labels["contour_px"][t]
    return points


def truth_of(clip: Clip, t: int) -> Floats:
    """Truth (TRUTH,) of frame t; NaN where a pseudo-label does not tell."""
    labels = clip.labels
    truth = np.full(TRUTH, np.nan, np.float32)
    truth[truth_columns("pose")] = labels["head_pose_deg"][t]
    truth[truth_columns("gaze")] = labels["gaze_deg"][t]
    truth[truth_columns("open")] = (
        labels["openness"][t] if "openness" in labels else openness(labels["landmarks_mm"][t])
    )
    truth[truth_columns("code")] = labels["arkit"][t][[ARKIT.index(name) for name in CODE]]
    if clip.facts["emotion"] in EMOTIONS:
        truth[EXPRESSION] = EMOTIONS.index(clip.facts["emotion"])
    truth[AGE_YEARS] = clip.facts["age_years"]
    return truth


def openness(points_mm: Floats) -> Floats:
    """How far left eye, right eye and mouth are open (3,), of 68 points in space (68, 3).

    Eyes: gap of the lids over the width, the aspect ratio of Soukupova & Cech 2016 but in space,
    so that turning the head does not change it. Mouth: gap of the inner lips over the distance of
    the outer eye corners. NaN where the points fall together.
    """

    def gap(*pairs: tuple[int, int]) -> float:
        return float(np.mean([np.linalg.norm(points_mm[a] - points_mm[b]) for a, b in pairs]))

    over = gap((42, 45)), gap((36, 39)), gap((36, 45))
    gaps = gap((43, 47), (44, 46)), gap((37, 41), (38, 40)), gap((61, 67), (62, 66), (63, 65))
    return np.array([a / b if b > 0 else np.nan for a, b in zip(gaps, over, strict=True)], "f4")


def face_square(points: Floats) -> tuple[Floats, float]:
    """Middle (2,) and side of the square around the box of the points (68, 2)."""
    low, high = points.min(0), points.max(0)
    return (low + high) / 2, float((high - low).max())


def square(image: Pixels, middle: Floats, side: float, size: int) -> tuple[Pixels, Floats]:
    """Cut a square out of (H, W, 3) and scale it to `size`; edges are repeated outwards.

    Returns the crop and the (2, 3) map from image px to crop px (pixel centres at +0.5).
    """
    scale = size / side
    shrink = np.ones(3)
    if scale < 0.75:  # area averaging first: linear sampling alone would alias
        shape = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        shrink[:2] = shape[0] / image.shape[1], shape[1] / image.shape[0]
        image = cv2.resize(image, shape, interpolation=cv2.INTER_AREA)
    to_crop = np.eye(2, 3) * scale
    to_crop[:, 2] = size / 2 - scale * middle
    return sample(image, to_crop / shrink, size), to_crop.astype(np.float32)


def sample(image: Pixels, to_crop: NDArray[np.floating], size: int) -> Pixels:
    """Draw the affine map (2, 3) of an image; both sides count pixel centres at +0.5."""
    corner = np.asarray(to_crop, np.float64).copy()
    corner[:, 2] += corner[:, :2] @ [0.5, 0.5] - 0.5  # OpenCV counts centres at integers
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(image, corner, (size, size), flags=flags, borderMode=border))


def beside(image: Pixels, middle: Floats, side: float, rng: np.random.Generator) -> Pixels:
    """A square (128, 128, 3) next to the face at a face's own scale, or one so close that it shows
    a patch.

    The first reaches past the picture where the face fills it; the repeated edge is no face either.
    """
    if rng.random() < 0.5:
        place = middle + rng.uniform(-0.35, 0.35, 2) * side
        size = side * rng.uniform(0.15, 0.3)
        return square(image, place.astype(np.float32), size, CROP_PX)[0]
    size = side * rng.uniform(0.8, 2.2)
    away = rng.uniform(-1, 1, 2)
    away *= (size + side) / 2 * rng.uniform(0.85, 1.2) / max(float(np.abs(away).max()), 1e-6)
    return square(image, (middle + away).astype(np.float32), size, CROP_PX)[0]
