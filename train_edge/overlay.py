"""A picture of what a face model answers: dots on held-out crops."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.shards import Dataset
from train_edge.evaluate import see_clips
from train_edge.face_outputs import points_of
from train_edge.predictor import load_model

CELL_PX = 160
DOT = (60, 255, 90)


def overlay_sheet(
    model: str | Path, dataset: Dataset, file: str | None = None, count: int = 16, columns: int = 8
) -> NDArray[np.uint8]:
    """(H, W, 3) RGB grid of `count` crops spread over a data set, with the model's 68 points."""
    numbers = [int(k) for k in np.linspace(0, len(dataset) - 1, min(count, len(dataset)))]
    pictures = see_clips(dataset, numbers).pictures[:count]
    found = points_of(load_model(model, file).see(pictures))
    cells = [_cell(picture, points) for picture, points in zip(pictures, found, strict=True)]
    columns = min(columns, len(cells))
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % columns)
    rows = [np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return np.vstack(rows)


def _cell(picture: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.uint8]:
    """One crop of CELL_PX with points (68, 2), fractions of the crop."""
    cell = np.asarray(cv2.resize(picture, (CELL_PX, CELL_PX), interpolation=cv2.INTER_AREA))
    for x, y in points * CELL_PX * 8:  # cv2 takes eighths of a pixel with shift 3
        cv2.circle(cell, (int(x - 4), int(y - 4)), 10, DOT, -1, cv2.LINE_AA, shift=3)
    return cell
