"""A face detector against data: the share of faces found, by size and turn, and false ones.

Pictures are seen as by a toy: fitted into the field of the network. Real crops are also set small
into an empty field, as if their people stood farther away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.find import Face, placed
from generate.shards import Dataset
from train_edge.faces import face_square
from train_edge.find_cast import face_in, is_clear
from train_edge.find_score import Box, Found, match
from train_edge.predictor import Predictor
from train_edge.real_folders import check_inside, load_image, read_landmarks

HEIGHTS = (1.0, 0.6, 0.4)
"""Heights of a real crop in the field; the first is the one that counts."""
AROUND = 128
"""Grey of the field about a crop."""
SIDES_PX = (0.0, 16.0, 24.0, 40.0, 64.0, 1000.0)
"""Edges of the bands of size, px that the network sees."""
TURNS = {"front": (0.0, 0.25), "half": (0.25, 0.5), "side": (0.5, 10.0)}
"""Bands of a turn: how far the nose is from the middle between the jaw's ends, 1 is at one end."""
YAWS_DEG = {"front": (0.0, 20.0), "half": (20.0, 45.0), "side": (45.0, 100.0)}
BATCH = 64
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """One picture and what is known of it."""

    picture: Picture
    """(H, W, 3) RGB."""
    face: Box | None
    """x, y, side, px; None where there is no face."""
    turn: str = "front"


def score_find(model: Predictor, shown: Iterator[Shown]) -> dict[str, Any]:
    """Recall, overlap, false faces; recall by band of size and of turn."""
    all_, empty = Found(), Found()
    by_size: dict[str, Found] = {}
    by_turn: dict[str, Found] = {}
    n_faces = n_empty = 0
    for one, faces in asked(model, shown):
        if one.face is None:
            n_empty += 1
            empty.add(match(faces, []))
            continue
        n_faces += 1
        found = match(faces, [one.face])
        height, width = one.picture.shape[:2]
        side_px = one.face[2] * placed(width, height, model.front_end).scale
        for counts in (all_, by_size.setdefault(_band(side_px), Found()),
                       by_turn.setdefault(one.turn, Found())):  # fmt: skip
            counts.add(found)
    scores: dict[str, Any] = {"n": n_faces + n_empty, "threshold": model.finder.threshold}
    if n_faces:
        scores |= {"faces": n_faces, "recall": all_.recall, "mean_overlap": all_.mean_overlap}
        scores |= {"false_beside_100": 100 * all_.false / n_faces}
        scores |= {"by_size": {name: by_size[name].recall for name in sorted(by_size)}}
        scores |= {"by_turn": {name: by_turn[name].recall for name in sorted(by_turn)}}
    if n_empty:
        scores |= {"empty": n_empty, "false_per_100": 100 * empty.false / n_empty}
    return scores


def score_folder(model: Predictor, folder: Path) -> dict[str, Any]:
    """Recall on the crops of a face folder, fitted into the field; and of smaller ones beside it.

    `recall` is that of the fitted ones, `by_height` that of each of HEIGHTS.
    """
    recalls = {f"{h:g}": score_find(model, show_folder(folder, model, h)) for h in HEIGHTS}
    first = recalls[f"{HEIGHTS[0]:g}"]
    return first | {"by_height": {name: one["recall"] for name, one in recalls.items()}}


def show_clips(dataset: Dataset, numbers: list[int]) -> Iterator[Shown]:
    """First frames of clips, with the one face that they plainly show, or plainly none."""
    for clip in dataset.clips(("frames", "labels"), numbers):
        if clip.frames is None or not len(clip.frames) or not is_clear(clip, 0):
            continue
        face = face_in(clip, 0)
        box = (face.x, face.y, face.side) if face else None
        turn = _named(abs(face.yaw_deg), YAWS_DEG) if face else ""
        yield Shown(clip.frames[0], box, turn)


def show_folder(folder: Path, model: Predictor, height: float) -> Iterator[Shown]:
    """Crops of a face folder, `height` of the field high, somewhere in it (always the same).

    A wide one is only so high that the field holds it. ValueError as `check_inside`.
    """
    rng = np.random.default_rng(0)
    for row in read_landmarks(folder):
        picture = load_image(row.path)
        check_inside(row, picture.shape[1], picture.shape[0])
        middle, side = face_square(row.points.astype(np.float32))
        whole = Shown(picture, (float(middle[0]), float(middle[1]), side), _turn(row.points))
        yield whole if height == 1 else _far(whole, model, height, rng)


def _far(one: Shown, model: Predictor, height: float, rng: np.random.Generator) -> Shown:
    """The picture set small into an empty field."""
    width, rows = model.front_end["width_px"], model.front_end["height_px"]
    high, wide = one.picture.shape[:2]
    scale = min(height * rows / high, width / wide)
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    small = cv2.resize(one.picture, size, interpolation=cv2.INTER_AREA)
    field = np.full((rows, width, 3), AROUND, np.uint8)
    left, top = rng.integers(0, width - size[0] + 1), rng.integers(0, rows - size[1] + 1)
    field[top : top + size[1], left : left + size[0]] = small
    assert one.face
    x, y, side = one.face
    return replace(one, picture=field, face=(x * scale + left, y * scale + top, side * scale))


def asked(model: Predictor, shown: Iterator[Shown]) -> Iterator[tuple[Shown, list[Face]]]:
    """Each picture with the faces that are found in it."""
    waiting: list[Shown] = []
    for one in shown:
        waiting.append(one)
        if len(waiting) == BATCH:
            yield from _answers(model, waiting)
            waiting = []
    if waiting:
        yield from _answers(model, waiting)


def _answers(model: Predictor, shown: list[Shown]) -> Iterator[tuple[Shown, list[Face]]]:
    found = model.find([one.picture for one in shown], model.finder)
    return zip(shown, found, strict=True)


def _band(side_px: float) -> str:
    place = int(np.searchsorted(SIDES_PX, side_px, side="right"))
    return f"{SIDES_PX[place - 1]:03.0f} px and more"


def _turn(points: NDArray[np.float64]) -> str:
    """Band of how far a real face is turned, from where the nose lies between the jaw's ends."""
    ends = points[[0, 16]].mean(0)
    along = points[16] - points[0]
    off = (points[30] - ends) @ along / max(float(along @ along), 1e-6)
    return _named(abs(2 * float(off)), TURNS)


def _named(value: float, bands: dict[str, tuple[float, float]]) -> str:
    return next((name for name, (low, high) in bands.items() if low <= value < high), "side")
