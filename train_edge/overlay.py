"""Pictures of what a face model answers: dots on crops."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.face_outputs import points_of
from generate.shards import Dataset
from train_edge.evaluate import see_clips
from train_edge.predictor import load_model

CELL_PX = 160
DOT, TRUTH_DOT = (60, 255, 90), (255, 255, 255)


def overlay_sheet(
    model: str | Path, dataset: Dataset, file: str | None = None, count: int = 16, columns: int = 8
) -> NDArray[np.uint8]:
    """(H, W, 3) RGB grid of `count` crops spread over a data set, with the model's 68 points."""
    numbers = [int(k) for k in np.linspace(0, len(dataset) - 1, min(count, len(dataset)))]
    pictures = see_clips(dataset, numbers).pictures[:count]
    found = points_of(load_model(model, file).see(pictures))
    return grid([cell(*pair) for pair in zip(pictures, found, strict=True)], columns)


def grid(cells: list[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    """(H, W, 3) of cells (S, S, 3) row by row; white where they end."""
    columns = min(columns, len(cells))
    cells = cells + [np.full_like(cells[0], 255)] * (-len(cells) % columns)
    rows = [np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return np.vstack(rows)


def cell(
    picture: NDArray[np.uint8],
    points: NDArray[np.floating],
    truth: NDArray[np.floating] | None = None,
) -> NDArray[np.uint8]:
    """One crop of CELL_PX with green points (68, 2), fractions of the crop, on white true ones."""
    made = np.asarray(cv2.resize(picture, (CELL_PX, CELL_PX), interpolation=cv2.INTER_AREA))
    for colour, dots in ((TRUTH_DOT, truth), (DOT, points)):
        for x, y in () if dots is None else dots * CELL_PX * 8:
            if np.isfinite([x, y]).all():  # cv2 takes eighths of a pixel with shift 3
                at = int(np.clip(x - 4, -9999, 9999)), int(np.clip(y - 4, -9999, 9999))
                cv2.circle(made, at, 10, colour, -1, cv2.LINE_AA, shift=3)
    return made
