"""A run folder: its files, how a new one is numbered, and how a finished one is loaded.

runs/00012-kws-words/ holds options.json (what was asked), stats.jsonl (a row every few steps),
model.safetensors (averaged weights), checkpoint.safetensors (all that resume needs) and, written
last, done (the final figures).
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from device.files import install, lock, workplace, write_atomic
from device.front_end import check_front_end
from device.limits import read_text
from device.stamp import Stamp, make_stamp
from device.strict import check_format, decode, dumps, load_json
from generate.shards import digest_of, open_dataset
from generate.store import locate
from generate.weights import fill, read_tensors
from train_edge.options import Options
from train_edge.tasks import BUILD, Task

FORMAT = "collodi.run"
VERSION = 1
OPTIONS, STATS, DONE = "options.json", "stats.jsonl", "done"
MODEL, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"
NUMBERED = re.compile(r"\d{5}-")
SIZES = "the options of the run"
"""What the networks of a run are built by."""


@dataclass(frozen=True)
class RunFile:
    """options.json."""

    preset: str
    """Recipe that the options began with."""
    options: Options
    """All options."""
    data: str
    """Data set as it was named on the command line."""
    data_sha256: str
    """SHA-256 of its dataset.json."""
    labels: tuple[str, ...]
    """Name of each output."""
    front_end: dict[str, Any]
    """As in device/front_end.py."""
    stamp: Stamp
    """Who started the run, with what."""
    background_sha256: str = ""
    """SHA-256 of the dataset.json of --background; empty without one."""
    pseudo_labels: str = ""
    """Networks that told labels of the data sets; empty where all are exact."""
    voices_sha256: str = ""
    """SHA-256 of the dataset.json of --voices; empty without one."""
    format: str = FORMAT
    """Always `collodi.run`."""
    version: int = VERSION
    """Version of this format."""


@dataclass(frozen=True)
class Run:
    """A trained model."""

    folder: Path
    """The run folder."""
    task: str
    """kws, face, find, voice or talking."""
    options: Options
    """What it was trained with."""
    module: nn.Module
    """Averaged weights, eval mode: (B, C, H, W) features -> (B, outputs)."""
    labels: tuple[str, ...]
    """Name of each output."""
    front_end: dict[str, Any]
    """As in device/front_end.py."""
    data: str
    """Data set that it was trained on."""
    pseudo_labels: str
    """Networks that told labels of what it was trained on; empty where all are exact."""
    metrics: dict[str, float]
    """Figures on the held-out clips (`val_...`); empty for a run that is not done."""


def new_folder(
    root: Path, preset: str, data: str, fill: Callable[[Path], None] = lambda _: None
) -> Path:
    """Make the next numbered folder below `root`: 00012-kws-words.

    fill: writes its first files; the folder has its name only when they are in it.
    """
    source = re.sub(r"[^A-Za-z0-9._-]+", "-", _name_of(data)) or "data"
    with workplace(root / f"{preset}-{source}") as new:
        fill(new)
        with _numbering(root):
            taken = [int(path.name[:5]) for path in root.iterdir() if NUMBERED.match(path.name)]
            for number in itertools.count(max(taken, default=-1) + 1):
                folder = root / f"{number:05d}-{preset}-{source}"
                try:
                    install(new, folder)
                    return folder
                except OSError as error:  # without locks another run may take the name in between
                    if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                        raise
    raise AssertionError("numbers do not end")


@contextmanager
def _numbering(root: Path) -> Iterator[None]:
    """Let no other process number a folder below `root` meanwhile: names may differ, numbers not.

    Waits a minute at most, since two folders of one number are better than no run.
    """
    handle = os.open(root, os.O_RDONLY)
    try:
        for _ in range(6000):
            if lock(handle):
                break
            time.sleep(0.01)
        yield
    finally:
        os.close(handle)


def _name_of(data: str) -> str:
    place = locate(data)
    return place.resolve().name if isinstance(place, Path) else place.name


def write_options(folder: Path, preset: str, options: Options, data: str, task: Task) -> None:
    """Write options.json."""
    body = RunFile(
        preset=preset,
        options=options,
        data=data,
        data_sha256=digest_of(data),
        labels=task.labels,
        front_end=dict(task.front_end),
        stamp=make_stamp(),
        background_sha256=digest_of(options.background) if options.background else "",
        pseudo_labels=_told_by(options, data),
        voices_sha256=digest_of(options.voices) if options.voices else "",
    )
    write_atomic(folder / OPTIONS, dumps(body))


def _told_by(options: Options, data: str) -> str:
    """Networks that told labels of the data or of `--background`."""
    told = open_dataset(data).pseudo
    more = open_dataset(options.background).pseudo if options.background else ""
    return told or (f"{more}, for the faces of --background" if more else "")


def read_options(folder: str | Path) -> RunFile:
    """Read options.json; ValueError where the folder is no run or of another version."""
    path = Path(folder) / OPTIONS
    if not Path(folder).is_dir():
        raise ValueError(f"run {folder}: no such folder")
    if not path.is_file():
        raise ValueError(f"run {folder}: no {OPTIONS}; a run is a folder that `train` made")
    body = load_json(path)
    check_format(body, FORMAT, VERSION, str(path))
    run_file = decode(RunFile, body, str(path))
    check_front_end(run_file.front_end, str(path))
    return run_file


def load_run(folder: str | Path) -> Run:
    """Load the averaged weights of a run, in eval mode.

    ValueError where there are none yet, or where they do not fit the options.
    """
    folder = Path(folder)
    body = read_options(folder)
    module = BUILD[body.options.task](body.options, body.labels)
    tensors = read_tensors(folder / MODEL, "train has not reached a checkpoint yet")[0]
    fill(module, tensors, folder / MODEL, SIZES)
    return Run(
        folder=folder,
        task=body.options.task,
        options=body.options,
        module=module.eval(),
        labels=body.labels,
        front_end=body.front_end,
        data=body.data,
        pseudo_labels=body.pseudo_labels,
        metrics=read_metrics(folder),
    )


def read_metrics(folder: Path) -> dict[str, float]:
    """The figures of a finished run on its held-out clips; none of a run that is not done."""
    path = folder / DONE
    if not path.is_file():
        return {}
    try:
        body = json.loads(read_text(path))  # a figure may be NaN
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON ({error})") from None
    metrics = body.get("metrics", {}) if isinstance(body, dict) else None
    if not isinstance(metrics, dict) or any(type(v) not in (int, float) for v in metrics.values()):
        raise ValueError(f"{path}: 'metrics' should be numbers by name")
    return metrics
