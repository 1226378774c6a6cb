"""Faces of a data set in memory: square crops with landmarks and pose, and crops without faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.clip import Clip
from generate.engine import Progress
from generate.shards import Dataset

CROP_PX = 128
"""Side of a crop in memory."""
MARGIN = 2.6
"""Side of a crop in memory, in sides of the face box: room for a jittered crop of VIEW."""
VIEW = 2.0
"""Side of what the model sees, in sides of the face box, as detectors and real folders crop."""
FRAMES_PER_CLIP = 4
"""Frames taken from a video; its neighbours show the same face again."""
JAW = 17

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Faces:
    """Crops of K faces and of M places without one."""

    crops: Pixels
    """(K, 128, 128, 3) RGB, the face box in the middle, MARGIN times as wide."""
    points: Floats
    """(K, 68, 2) px of the crop, pixel centres at +0.5; jaw points on the visible outline."""
    pose_deg: Floats
    """(K, 3) yaw, pitch, roll."""
    others: Pixels
    """(M, 128, 128, 3) RGB, places beside faces."""

    def __len__(self) -> int:
        return len(self.crops)


def load_faces(dataset: Dataset, numbers: Sequence[int], rng: np.random.Generator) -> Faces:
    """Read some clips; `rng` chooses the places without a face."""
    crops: list[Pixels] = []
    points: list[Floats] = []
    poses: list[Floats] = []
    others: list[Pixels] = []
    progress = Progress(len(numbers), "read")
    for count, number in enumerate(numbers):
        clip = dataset.clip(number, want=("frames", "labels"))
        for frame, landmarks, pose in frames_of(clip):
            middle, side = face_square(landmarks)
            crop, to_crop = square(frame, middle, side * MARGIN, CROP_PX)
            crops.append(crop)
            points.append(landmarks @ to_crop[:, :2].T + to_crop[:, 2])
            poses.append(pose)
            others.extend(beside(frame, middle, side, rng))
        progress.update(count + 1)
    progress.close()
    if not crops:
        raise ValueError(f"data set {dataset.folder}: no frame shows a face")
    none = np.zeros((0, CROP_PX, CROP_PX, 3), np.uint8)
    return Faces(
        crops=np.stack(crops),
        points=np.stack(points).astype(np.float32),
        pose_deg=np.stack(poses).astype(np.float32),
        others=np.stack(others) if others else none,
    )


def frames_of(clip: Clip) -> Iterator[tuple[Pixels, Floats, Floats]]:
    """Some frames of a clip: (H, W, 3), the 68 points with the outline jaw (68, 2), pose (3,)."""
    if clip.frames is None:
        return
    count = min(len(clip.frames), FRAMES_PER_CLIP)
    for t in np.linspace(0, len(clip.frames) - 1, count).astype(int):
        landmarks = clip.labels["landmarks_px"][t].copy()
        landmarks[:JAW] = clip.labels["contour_px"][t]
        if (face_square(landmarks)[1]) >= 8:
            yield clip.frames[t], landmarks, clip.labels["head_pose_deg"][t]


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


def beside(
    image: Pixels, middle: Floats, side: float, rng: np.random.Generator
) -> Iterator[Pixels]:
    """A square next to the face at a face's own scale, and one so close that it shows a patch.

    The first reaches past the picture where the face fills it; the repeated edge is no face either.
    """
    size = side * rng.uniform(0.8, 2.2)
    away = rng.uniform(-1, 1, 2)
    away *= (size + side) / 2 * rng.uniform(0.85, 1.2) / max(float(np.abs(away).max()), 1e-6)
    yield square(image, (middle + away).astype(np.float32), size, CROP_PX)[0]
    place = middle + rng.uniform(-0.35, 0.35, 2) * side
    yield square(image, place.astype(np.float32), side * rng.uniform(0.15, 0.3), CROP_PX)[0]
