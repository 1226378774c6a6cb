"""Folders of real recordings and faces, to test on, and for arms of a transfer report that say so.

speech: manifest.csv with file,label,speaker, and wav or flac files of any rate.
faces: landmarks.csv with file,person,split,x0,y0,...,x67,y67 (iBUG-68, px), and images/.
Names of people stay in those tables: the kit numbers them by their first row, so that no result,
page, folder or line on the terminal names anybody, and no list of names tells who is meant.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.limits import read_bytes, read_text
from generate.clip import SAMPLE_RATE_HZ
from generate.decode import decode_picture, decode_sound
from train_edge.metrics import OUTER_EYES

SPEECH, FACES = "manifest.csv", "landmarks.csv"
POINTS = 68
LEAST_PX = 8
WHOLE = {b"\xff\xd8": b"\xff\xd9", b"\x89PNG": b"IEND"}
"""How a JPEG and a PNG file begin and end."""
LARGEST_PICTURE = 1 << 28
"""Bytes of a file."""
TRAILING_BYTES = 1024
"""Some cameras write so much behind the end."""
COORDINATES = tuple(f"{axis}{k}" for k in range(POINTS) for axis in "xy")


@dataclass(frozen=True)
class Recording:
    """One row of manifest.csv."""

    path: Path
    label: str
    speaker: str
    """`speaker 1` is whoever comes first in the table."""


@dataclass(frozen=True)
class Portrait:
    """One row of landmarks.csv."""

    path: Path
    person: str
    """`person 1` is whoever comes first in the table."""
    points: NDArray[np.float64]
    """(68, 2) px of the image."""


def read_manifest(folder: Path) -> list[Recording]:
    """Rows of a speech folder; every file is there."""
    path = folder / SPEECH
    rows = _rows(path, ("file", "label", "speaker"))
    who = numbered("speaker", [row["speaker"] for _, row in rows])
    return [
        Recording(_file(folder, row["file"], path, line), row["label"], who[row["speaker"]])
        for line, row in rows
    ]


def read_landmarks(folder: Path) -> list[Portrait]:
    """Rows of a face folder; every image is there and every coordinate is a number."""
    path = folder / FACES
    rows = _rows(path, ("file", "person", "split", *COORDINATES))
    who = numbered("person", [row["person"] for _, row in rows])
    return [
        Portrait(
            _file(folder / "images", row["file"], path, line), who[row["person"]],
            _points(row, path, line),
        )
        for line, row in rows
    ]  # fmt: skip


def numbered(word: str, names: Sequence[str]) -> dict[str, str]:
    """Name to pseudonym, numbered by first appearance, as wide as the last number is.

    >>> numbered("speaker", ["Zoe", "Al", "Zoe"])
    {'Zoe': 'speaker 1', 'Al': 'speaker 2'}
    """
    order = list(dict.fromkeys(names))
    width = len(str(len(order)))
    return {name: f"{word} {number:0{width}d}" for number, name in enumerate(order, 1)}


def load_sound(path: Path) -> NDArray[np.float32]:
    """Sound (N,) at 16 kHz, mono, about -1..1, of a wav or flac file of any rate."""
    import soxr

    audio, rate_hz = decode_sound(path, str(path), "float32")
    if not len(audio):
        raise ValueError(f"{path}: no samples")
    if not np.isfinite(audio).all():
        raise ValueError(f"{path}: has samples that are not finite")
    mono = audio.mean(1)
    if rate_hz != SAMPLE_RATE_HZ:
        mono = soxr.resample(mono, rate_hz, SAMPLE_RATE_HZ)
    return np.asarray(mono, np.float32)


def load_image(path: Path) -> NDArray[np.uint8]:
    """Picture (H, W, 3) RGB of a JPEG or PNG file; grey and 16-bit are converted, alpha is dropped.

    ValueError where it is no picture, ends too early (OpenCV would fill the rest with grey), or is
    too small to show a face.
    """
    raw = read_bytes(path, LARGEST_PICTURE)
    for start, end in WHOLE.items():
        if raw.startswith(start) and end not in raw[-TRAILING_BYTES:]:
            raise ValueError(f"{path}: the file ends before the picture does; copy it again")
    picture = decode_picture(raw, str(path))
    if min(picture.shape[:2]) < LEAST_PX:
        height, width = picture.shape[:2]
        raise ValueError(f"{path}: {width} x {height} px; a face needs {LEAST_PX} px at least")
    return picture


def check_inside(row: Portrait, width: int, height: int) -> None:
    """Raise ValueError where half of the landmarks lie outside the picture, or eyes have no width.

    Some may: crops of faces at the edge of a photograph end before the jaw does.
    """
    inside = ((row.points >= 0) & (row.points <= [width, height])).all(1).sum()
    if inside < POINTS / 2:
        size = f"{width} x {height} px"
        raise ValueError(
            f"{row.path}: {POINTS - inside} of {POINTS} landmarks lie outside its {size}; is it "
            "the picture that the row is for?"
        )
    if np.allclose(*row.points[list(OUTER_EYES)]):
        raise ValueError(f"{row.path}: landmarks 36 and 45, the outer eye corners, are one point")


def one_second(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sound in the middle of 16000 samples; of a longer one, its loudest second."""
    extra = len(audio) - SAMPLE_RATE_HZ
    if extra <= 0:
        return np.pad(audio, (-extra // 2, -extra - -extra // 2))
    energy = np.concatenate([[0.0], np.cumsum(audio.astype(np.float64) ** 2)])
    start = int(np.argmax(energy[SAMPLE_RATE_HZ:] - energy[:-SAMPLE_RATE_HZ]))
    return audio[start : start + SAMPLE_RATE_HZ]


def _rows(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """(line number, row) of a CSV file that has the columns and at least one row."""
    try:
        reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise ValueError(f"{path}: column {missing[0]!r} is missing{more}")
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ValueError(f"{path}: not a CSV file ({error})") from error
    if not rows:
        raise ValueError(f"{path}: has no rows")
    for line, row in rows:
        empty = [name for name in columns if not row[name]]
        if empty:
            raise ValueError(f"{path} line {line}: {empty[0]!r} is empty")
    return rows


def _file(folder: Path, name: str, table: Path, line: int) -> Path:
    if "\0" in name:
        raise ValueError(f"{table} line {line}: file {name!r:.60} is no name")
    path = folder / name
    if folder.resolve() not in path.resolve().parents:
        raise ValueError(f"{table} line {line}: file {name!r} lies outside the folder")
    if not path.is_file():
        raise ValueError(f"{table} line {line}: file {name!r} is missing")
    return path


def _points(row: dict[str, str], table: Path, line: int) -> NDArray[np.float64]:
    try:
        points = np.array([float(row[name]) for name in COORDINATES])
    except ValueError as error:
        raise ValueError(f"{table} line {line}: a coordinate is no number ({error})") from error
    if not np.isfinite(points).all():
        raise ValueError(f"{table} line {line}: a coordinate is not finite")
    return points.reshape(POINTS, 2)
