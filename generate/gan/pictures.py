"""Square pictures to train on: a folder of images, by label, or the faces of a data set."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from device.measure import available_bytes
from generate.decode import decode_picture
from generate.progress import Progress
from generate.shards import open_dataset

Pixels = NDArray[np.uint8]
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
FILL = 0.8
"""Share of the free memory that pictures may take."""


@dataclass(frozen=True)
class Pictures:
    """All pictures in memory, by class."""

    pixels: Pixels
    """(N, H, W, 3) RGB."""
    classes: NDArray[np.int64]
    """Class of each picture."""
    names: tuple[str, ...]
    """Name of each class: the sub-folder, or the sex and age band of a data set."""

    def draw(self, rng: np.random.Generator, count: int, mirror: bool) -> NDArray[np.float32]:
        """`count` pictures, every class as often: (count, 3, H, W) in -1..1."""
        chosen = rng.integers(len(self.names), size=count)
        rows = [int(rng.choice(np.flatnonzero(self.classes == name))) for name in chosen]
        flipped = rng.random(count) < 0.5
        batch = self.pixels[rows].astype(np.float32) / 127.5 - 1
        if mirror:
            batch[flipped] = batch[flipped][:, :, ::-1]
        return np.ascontiguousarray(batch.transpose(0, 3, 1, 2))


def load_pictures(
    folder: Path, size_px: int, *, crop: bool = False, skip_bad: bool = False
) -> Pictures:
    """Read a folder of images, or a data set of the kit, at `size_px`.

    `crop` takes the middle square of a picture that is none; `skip_bad` leaves out what is broken,
    grey, tiny or not square. ValueError in one line for what cannot be trained on.
    """
    if not folder.is_dir():
        raise ValueError(f"pictures {folder}: no such folder")
    if (folder / "dataset.json").is_file():
        return _from_dataset(folder, size_px)
    return _from_folder(folder, size_px, crop, skip_bad)


def _from_folder(folder: Path, size_px: int, crop: bool, skip_bad: bool) -> Pictures:
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not files:
        raise ValueError(f"pictures {folder}: no {' '.join(SUFFIXES)} files")
    _check_memory(folder, len(files), size_px)
    pixels, labels, bad = list[Pixels](), list[str](), list[tuple[Path, str]]()
    progress = Progress(len(files), "read", "picture")
    for count, path in enumerate(files):
        picture, fault = read_square(path, size_px, crop)
        if picture is None:
            bad.append((path, fault))
        else:
            pixels.append(picture)
            labels.append(path.relative_to(folder).parent.as_posix())
        progress.update(count + 1)
    progress.close()
    if bad:
        _say_bad(bad, skip_bad)
    _check_classes(folder, labels)
    return _gathered(pixels, labels)


def _say_bad(bad: list[tuple[Path, str]], skip: bool) -> None:
    """ValueError, or a line of what is left out: the first file, and how many have which fault."""
    kinds = Counter(re.split("[:;]", fault)[0].removeprefix("is ") for _, fault in bad)
    path, fault = bad[0]
    said = f"{path} {fault}"
    if len(bad) > 1:
        counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        said += f"; in all {counts}"
    if not skip:
        raise ValueError(f"pictures: {said}; --skip-bad leaves them out")
    print(f"pictures: left out: {said}", file=sys.stderr)


def _check_classes(folder: Path, labels: list[str]) -> None:
    if not labels:
        raise ValueError(f"pictures {folder}: none can be used")
    for child in sorted(p for p in folder.rglob("*") if p.is_dir()):
        name = child.relative_to(folder).as_posix()
        if not any(label == name or label.startswith(name + "/") for label in labels):
            raise ValueError(f"pictures {child}: a class without a picture; delete it or fill it")


def read_square(path: Path, size_px: int, crop: bool) -> tuple[Pixels | None, str]:
    """(H, W, 3) RGB at `size_px`, or None and what is wrong with the file."""
    try:
        image = decode_picture(path.read_bytes(), str(path))
    except ValueError:
        return None, "is no readable image"
    height, width = image.shape[:2]
    if min(height, width) < size_px:
        return None, f"is too small: {width} x {height}; want at least {size_px} on both sides"
    if height != width and not crop:
        return None, f"is not square: {width} x {height}; --crop takes the middle"
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    image = image[top : top + side, left : left + side]
    if np.array_equal(image[..., 0], image[..., 1]) and np.array_equal(
        image[..., 1], image[..., 2]
    ):
        return None, "is grey; want colour"
    image = cv2.resize(image, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image, dtype=np.uint8), ""


def _from_dataset(folder: Path, size_px: int) -> Pictures:
    dataset = open_dataset(folder)
    _check_memory(folder, len(dataset), size_px)
    pixels, labels = list[Pixels](), list[str]()
    progress = Progress(len(dataset), "read", "picture")
    for number, clip in enumerate(dataset.clips(("frames", "labels"))):
        infrared = clip.facts["camera"].get("kind") == "infrared"  # grey: no colour to learn
        if clip.frames is not None and "landmarks_px" in clip.labels and not infrared:
            points = clip.labels["landmarks_px"][0].astype(np.float64)
            pixels.append(face_square(clip.frames[0], points, size_px))
            years = float(clip.facts["age_years"])
            labels.append(f"{clip.facts['sex'] or 'any'}/{_band(years)}")
        progress.update(number + 1)
    progress.close()
    if not pixels:
        raise ValueError(f"data set {folder}: no picture of a face; want one of `stills`")
    return _gathered(pixels, labels)


def _band(years: float) -> str:
    low = int(years // 3) * 3
    return f"{low}-{low + 2}" if years < 18 else "adult"


def face_square(frame: Pixels, points: NDArray[np.float64], size_px: int) -> Pixels:
    """Cut the square about a face, eyes level, as faces are cut for generators.

    frame (H, W, 3), points (68, 2) px, iBUG order -> (size_px, size_px, 3). Karras et al. 2018,
    appendix C: side and direction from the eyes' and the mouth's distance. What is outside the
    frame is mirrored.
    """
    left, right = points[36:42].mean(0), points[42:48].mean(0)
    eyes, mouth = (left + right) / 2, (points[48] + points[54]) / 2
    down = mouth - eyes
    across = right - left + np.array([down[1], -down[0]])
    across *= max(np.hypot(*(right - left)) * 2, np.hypot(*down) * 1.8) / np.hypot(*across)
    below = np.array([-across[1], across[0]])
    centre = eyes + down * 0.1
    corners = np.stack([centre - across - below, centre + across - below, centre - across + below])
    goal = np.array([[0, 0], [size_px, 0], [0, size_px]], np.float32) - 0.5
    matrix = cv2.getAffineTransform((corners - 0.5).astype(np.float32), goal)
    shrink = float(np.hypot(*across)) * 2 / size_px
    if shrink > 1:  # a plain average over the pixels that fall together
        frame = cv2.GaussianBlur(frame, (0, 0), 0.35 * shrink)
    cut = cv2.warpAffine(
        frame, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip
    return np.asarray(cut, np.uint8)


def _gathered(pixels: list[Pixels], labels: list[str]) -> Pictures:
    names = tuple(sorted(set(labels)))
    classes = np.array([names.index(label) for label in labels])
    return Pictures(np.stack(pixels), classes, names)


def _check_memory(folder: Path, count: int, size_px: int) -> None:
    need = 2 * count * size_px**2 * 3  # the pictures one by one, and then in one array
    free = available_bytes()
    if free is not None and need > FILL * free:
        have = f"{count} of {size_px} px take {need / 1e9:.1f} GB, {free / 1e9:.1f} are free"
        raise ValueError(f"pictures {folder}: {have}; take fewer or a smaller --like")
