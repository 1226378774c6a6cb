"""Faces of a data set into memory, those of a large one from a folder that is written once.

The folder lies beside the shards, or in that of COLLODI_CACHE where those lie in a store, and later
runs map it: seconds instead of minutes, and no copy for each of them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from device.backends.arrays import map_npy, read_npy
from generate.clip import Clip
from generate.face_outputs import MEASURES
from generate.progress import Progress
from generate.shards import Dataset, digest_of
from generate.store_cache import cache_folder
from train_edge.faces import (
    CROP_PX,
    FRAMES_PER_CLIP,
    MARGIN,
    Faces,
    Floats,
    Pixels,
    Rows,
    beside,
    face_square,
    frames_of,
    square,
    truth_of,
)

FORMAT = 1
"""Of the folder; part of its name."""
OURS = re.compile(r"faces-[0-9a-f]{16}")
PART = re.compile(r"\.faces-[0-9a-f]{16}\.(\d+)\.part")
"""Names of such folders, and of those that a process is writing."""
WORTH_CLIPS = 200
"""Smaller data sets are read each time."""
OTHERS = 6000
"""Places without a face, about, of a data set."""
OTHERS_STREAM = 88
PICTURES, ARRAYS = ("crops", "others"), ("points", "truth", "clip", "others_clip")

SHAPES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "crops": (np.uint8, (CROP_PX, CROP_PX, 3)), "others": (np.uint8, (CROP_PX, CROP_PX, 3)),
    "points": (np.float32, (68, 2)), "truth": (np.float32, ()), "clip": (np.int64, ()),
    "others_clip": (np.int64, ()),
}  # fmt: skip
"""dtype, and the axes after the first, of each array."""


def load_faces(dataset: Dataset, numbers: Sequence[int]) -> Faces:
    """Faces of some clips, the same whether they come from the folder of the data set or not.

    The folder is made where most of a large data set is asked for and there is place to write.
    ValueError where no frame shows a face.
    """
    folder = folder_of(dataset)
    large = len(numbers) >= max(WORTH_CLIPS, len(dataset) // 2)
    if folder and not folder.is_dir() and large:
        _try_to_keep(dataset, folder)
    if not folder or not folder.is_dir():
        found = _read(dataset, numbers, None)
        counts = len(found["clip"]), len(found["others_clip"])
        crops, others = (found[name][:n] for name, n in zip(PICTURES, counts, strict=True))
        return Faces(crops, found["points"], found["truth"], others)
    found = stored(folder)
    rows, others = (np.flatnonzero(np.isin(found[n], numbers)) for n in ("clip", "others_clip"))
    _check_some(dataset, len(rows))
    return Faces(
        crops=Rows(found["crops"], rows),
        points=found["points"][rows],
        truth=found["truth"][rows],
        others=Rows(found["others"], others),
    )


def stored(folder: Path) -> dict[str, Any]:
    """Arrays of a folder that `load_faces` kept, pictures mapped; ValueError where they are no
    such arrays, or not one of each for every face.
    """
    try:
        found = {name: map_npy(folder / f"{name}.npy", name) for name in PICTURES}
        found |= {name: read_npy((folder / f"{name}.npy").read_bytes(), name) for name in ARRAYS}
    except (ValueError, OSError) as error:
        raise ValueError(f"{folder}: damaged; delete it to read again ({error!s:.200})") from None
    for name, (kind, sides) in SHAPES.items():
        found_sides = found[name].shape[1 : 1 + len(sides)]
        if found[name].dtype != kind or found_sides != sides or not found[name].ndim:
            raise ValueError(f"{folder}: {name}.npy is no array of faces; delete it to read again")
    counts = {name: len(array) for name, array in found.items()}
    faces, others = counts["clip"], counts["others_clip"]
    spare = counts["crops"] >= faces and counts["others"] >= others
    if not spare or {counts["points"], counts["truth"]} != {faces}:
        raise ValueError(f"{folder}: arrays of different lengths; delete it to read again")
    return found


def folder_of(dataset: Dataset) -> Path | None:
    """Where the faces of a data set are kept: by its contents and by how faces are cut.

    Those of a data set in a store lie in the folder of COLLODI_CACHE; None without one.
    """
    beside = dataset.folder if isinstance(dataset.folder, Path) else cache_folder()
    if beside is None:
        return None
    how = [digest_of(dataset.folder), FORMAT, CROP_PX, MARGIN, FRAMES_PER_CLIP]
    how += [OTHERS, *MEASURES]
    digest = hashlib.sha256(" ".join(map(str, how)).encode()).hexdigest()
    return beside / f"faces-{digest[:16]}"


def _try_to_keep(dataset: Dataset, folder: Path) -> None:
    """Write the folder, whole or not at all, in place of older ones; a full disk is no error."""
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        part.mkdir()
        found = _read(dataset, range(len(dataset)), part)
        for name in ARRAYS:
            np.save(part / f"{name}.npy", found[name])
        for old in folder.parent.iterdir():
            ours = folder.parent == dataset.folder and OURS.fullmatch(old.name)
            if ours or _left_behind(old.name):
                shutil.rmtree(old)
        part.rename(folder)
    except OSError:
        return
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _left_behind(name: str) -> bool:
    """Whether a folder is the unfinished one of a process that is no more."""
    found = PART.fullmatch(name)
    try:
        if found:
            os.kill(int(found[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:  # it runs, and is another user's
        return False
    return False


def _read(dataset: Dataset, numbers: Sequence[int], folder: Path | None) -> dict[str, Any]:
    """Arrays by name; pictures, with rows to spare at their end, are mapped to `folder`."""
    frames = sum(min(int(dataset.rows[n]["n_frames"]), FRAMES_PER_CLIP) for n in numbers)
    crops, others = _empty(folder, "crops", frames), _empty(folder, "others", len(numbers))
    points: list[Floats] = []
    truth: list[Floats] = []
    clips: list[int] = []
    empty: list[int] = []
    progress = Progress(len(numbers), "read")
    each = zip(numbers, dataset.clips(("frames", "labels"), numbers), strict=True)
    for count, (number, clip) in enumerate(each):
        for t, landmarks in frames_of(clip):
            crops[len(clips)], to_crop = _cut(clip, t, landmarks)
            points.append(landmarks @ to_crop[:, :2].T + to_crop[:, 2])
            truth.append(truth_of(clip, t))
            clips.append(number)
        if clips[-1:] == [number] and number % -(-len(dataset) // OTHERS) == 0:
            others[len(empty)] = _beside(clip, number)
            empty.append(number)
        progress.update(count + 1)
    progress.close()
    _check_some(dataset, len(clips))
    return {
        "crops": crops, "others": others, "clip": np.array(clips), "truth": np.stack(truth),
        "others_clip": np.array(empty, np.int64), "points": np.stack(points).astype(np.float32),
    }  # fmt: skip


def _cut(clip: Clip, t: int, landmarks: Floats) -> tuple[Pixels, Floats]:
    assert clip.frames is not None
    middle, side = face_square(landmarks)
    return square(clip.frames[t], middle, side * MARGIN, CROP_PX)


def _beside(clip: Clip, number: int) -> Pixels:
    assert clip.frames is not None
    t, landmarks = next(frames_of(clip))
    rng = np.random.default_rng(np.random.SeedSequence(number, spawn_key=(OTHERS_STREAM,)))
    return beside(clip.frames[t], *face_square(landmarks), rng)


def _empty(folder: Path | None, name: str, count: int) -> Pixels:
    shape = (count, CROP_PX, CROP_PX, 3)
    if folder is None:
        return np.zeros(shape, np.uint8)
    array: Pixels = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.uint8, shape)
    return array


def _check_some(dataset: Dataset, count: int) -> None:
    if not count:
        raise ValueError(f"data set {dataset.folder}: no frame shows a face")
