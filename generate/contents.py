"""What is in a data set: counts, balance, contact sheet."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from generate.clip import Clip
from generate.provenance import ALGORITHMIC, TRAINED, Provenance
from generate.sample import ancestry_group
from generate.shards import Dataset

SHEET_CELL_PX = 128


def counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Clips by keyword, emotion, sex, age band, Monk tone, main ancestry and hair style."""
    rows = dataset.rows
    tables = {
        "keyword": Counter(row["keyword"] for row in rows if row["keyword"]),
        "emotion": Counter(row["emotion"] or "not told" for row in rows if row["n_frames"]),
        "sex": Counter(row["sex"] for row in rows if row["sex"]),
        "age": Counter(_age_band(row["age_years"]) for row in rows if row["age_years"]),
        "skin tone": Counter(f"{row['skin_tone']:2d}" for row in rows if row["skin_tone"]),
        "ancestry": Counter(ancestry_group(row["ancestry"]) for row in rows if row["ancestry"]),
        "hair": Counter(row["hair_style"] for row in rows if row["hair_style"]),
    }
    return {name: dict(sorted(table.items())) for name, table in tables.items() if table}


def _age_band(age_years: float) -> str:
    return f"{int(age_years):2d}" if age_years < 18 else "18+"


def contact_sheet(dataset: Dataset, count: int = 60, columns: int = 10) -> NDArray[np.uint8] | None:
    """(H, W, 3) RGB of clips spread over the data set; None where there are no pictures."""
    seen = [number for number, row in enumerate(dataset.rows) if row["n_frames"]]
    if not seen:
        return None
    picks = [seen[i] for i in np.linspace(0, len(seen) - 1, min(count, len(seen))).astype(int)]
    cells = [_cell(clip) for clip in dataset.clips(("frames",), picks)]
    columns = min(columns, len(cells))
    cells += [np.full_like(cells[0], 255)] * (
        math.ceil(len(cells) / columns) * columns - len(cells)
    )
    rows = [np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return np.vstack(rows)


def of_sheet(dataset: Dataset) -> Provenance:
    """What a sheet of a data set's pictures says about itself."""
    source = TRAINED if dataset.pseudo else ALGORITHMIC
    return Provenance(source, dataset.header["options"].get("seed"))


def _cell(clip: Clip) -> NDArray[np.uint8]:
    import cv2

    frames = clip.frames
    assert frames is not None
    side = (SHEET_CELL_PX, SHEET_CELL_PX)
    cell = cv2.resize(frames[len(frames) // 2], side, interpolation=cv2.INTER_AREA)
    return np.asarray(cell, np.uint8)


def table_lines(tables: dict[str, dict[str, int]]) -> list[str]:
    """One line a table: name, then value count pairs."""
    return [
        f"{name:10s} " + "  ".join(f"{value.strip()} {count}" for value, count in table.items())
        for name, table in tables.items()
    ]
