"""Trains the arms of a transfer report one after the other; what is finished stays finished.

OUT/arms/NAME/ holds one training: key.json (hash of options and data, labels), written first, then
the files of a run folder without its options.json, except for the synthetic arm, which is a run
like any other. A real-trained network can so be neither exported nor released by mistake.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import nn

from device.files import write_atomic
from device.strict import encode
from device.version import VERSION
from generate.weights import fill, read_tensors
from train_edge.batches import make_batch
from train_edge.checkpoint import begin
from train_edge.data import SPLIT
from train_edge.loop import Stopped, settled, step, train_in
from train_edge.options import Options
from train_edge.run import (
    CHECKPOINT,
    DONE,
    MODEL,
    OPTIONS,
    SIZES,
    STATS,
    write_options,
)
from train_edge.tasks import BUILD, Task
from train_edge.transfer import Training
from train_edge.transfer_tables import Told

KEY = "key.json"
TIMED_STEPS = 4
FINISHED = "finished before"


class Subject(Protocol):
    """What the arms need of a task: the data set and the real folder behind one face."""

    preset: str
    """Name of the recipe."""
    data: str | Path
    """The data set."""
    people: tuple[str, ...]
    """(K) whose each real sample is."""
    classes: tuple[str, ...]
    """(K) class of each real sample, of which k are picked."""
    who: str
    """The report's word for one of the people."""

    def check(self) -> None:
        """Read every real sample once; ValueError names the first that cannot be used."""

    def why_not(self, training: Training) -> str:
        """Why a training has nothing to learn from; empty where it has."""

    def recipe(self, training: Training, options: Options) -> Options:
        """The options of one training."""

    def material(self, training: Training) -> dict[str, Any]:
        """Hashes of everything that a training reads; plain JSON values."""

    def task(self, training: Training, options: Options) -> Task:
        """Read what a training is trained on, and nothing else."""

    def sample_task(self, options: Options) -> Task:
        """A task of the same shapes that reads nothing, to time a step with."""

    def answers(
        self, module: nn.Module, labels: tuple[str, ...], rows: Sequence[int]
    ) -> NDArray[np.float32]:
        """Answers (n rows, ...) on real samples; the same shape whatever the labels are."""

    def tell(
        self,
        options: Options,
        trainings: Sequence[Training],
        answers: Mapping[str, NDArray[np.float32]],
        out: Path,
    ) -> Told:
        """Figures and page from the answers (seeds, K, ...) of the arms below `out`."""


def run_arms(
    subject: Subject, options: Options, trainings: Sequence[Training], out: Path
) -> dict[str, NDArray[np.float32]]:
    """Train and test everything: arm -> answers (seeds, K real samples, ...).

    Stopped after Ctrl-C: the same call goes on from there.
    """
    found: dict[str, dict[int, dict[int, NDArray[np.float32]]]] = {}
    missing = [t for t in trainings if not _is_done(subject, options, t, out)]
    done, begun = 0, time.monotonic()
    for number, training in enumerate(trainings):
        left = (time.monotonic() - begun) / max(done, 1) * (len(missing) - done)
        soon = f"; about {duration(left)} left" if done and left else ""
        say(f"[{number + 1}/{len(trainings)}] {training.said}{soon}")
        module, labels = trained(subject, options, training, out)
        done += training in missing
        answers = subject.answers(module, labels, training.test)
        seeds = found.setdefault(training.arm, {}).setdefault(training.seed, {})
        seeds.update(zip(training.test, answers, strict=True))
    return {
        arm: np.stack([np.stack([rows[k] for k in sorted(rows)]) for rows in seeds.values()])
        for arm, seeds in found.items()
    }


def trained(
    subject: Subject, options: Options, training: Training, out: Path
) -> tuple[nn.Module, tuple[str, ...]]:
    """The network of one training, in eval mode, and its labels; trained if it is not yet."""
    folder, own = folder_of(training, out), subject.recipe(training, options)
    key = key_of(subject, own, training)
    if finished(folder, key):
        say(f"  {FINISHED}")
    else:
        _train(subject, own, training, folder, key)
    return reopened(folder, own)


def reopened(folder: Path, own: Options) -> tuple[nn.Module, tuple[str, ...]]:
    """The network of a finished training, in eval mode, and its labels."""
    labels = tuple(json.loads((folder / KEY).read_text())["labels"])
    module = BUILD[own.task](own, labels)
    tensors, _ = read_tensors(folder / MODEL, "delete the folder to train again")
    fill(module, tensors, folder / MODEL, SIZES)
    return module.eval(), labels


def folder_of(training: Training, out: Path) -> Path:
    """Where a training is kept."""
    return out / "arms" / training.name


def _train(subject: Subject, options: Options, training: Training, folder: Path, key: str) -> None:
    task = subject.task(training, options)
    if _key_in(folder) != key:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (KEY, DONE, CHECKPOINT, MODEL, STATS, OPTIONS):
            (folder / name).unlink(missing_ok=True)
        body = {"key": key, "labels": list(task.labels), "arm": training.arm}
        write_atomic(folder / KEY, json.dumps(body) + "\n")
        if not training.real:
            write_options(folder, subject.preset, options, str(subject.data), task)
    try:
        train_in(folder, options, task)
    except Stopped:
        raise Stopped(f"stopped in {training.said}; the same command goes on from there") from None


def finished(folder: Path, key: str) -> bool:
    """Whether a folder holds the whole training of this key."""
    return _key_in(folder) == key and (folder / DONE).is_file() and (folder / MODEL).is_file()


def _is_done(subject: Subject, options: Options, training: Training, out: Path) -> bool:
    key = key_of(subject, subject.recipe(training, options), training)
    return finished(folder_of(training, out), key)


def key_of(subject: Subject, options: Options, training: Training) -> str:
    """Hash of kit version, options and the content of all that is trained on, not tested on."""
    body = {"kit": VERSION, "split": SPLIT, "options": encode(options)}
    body["material"] = subject.material(training)
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def dry_run(
    subject: Subject, options: Options, trainings: Sequence[Training], out: Path
) -> list[str]:
    """What would be trained and about how long that takes, a line each."""
    one_step, left, lines = step_seconds(subject, options), 0.0, []
    for training in trainings:
        done = _is_done(subject, options, training, out)
        seconds = one_step * subject.recipe(training, options).steps
        left += 0 if done else seconds
        read = f"{len(training.real)} real samples" if training.real else "no real sample"
        read = f"the data set and {read}" if training.synthetic else read
        state = FINISHED if done else f"about {duration(seconds)}"
        lines.append(f"{training.said}: {read}; tested on {len(training.test)}; {state}")
    missing = sum(not line.endswith(FINISHED) for line in lines)
    lines.append(f"{missing} of {len(trainings)} to train, about {duration(left)} here")
    return lines


def step_seconds(subject: Subject, options: Options) -> float:
    """Time of one step here, of the fastest of a few on made-up data."""
    task, times = subject.sample_task(options), []
    with settled(options.threads):
        state = begin(task.module(), options)
        for number in range(TIMED_STEPS):
            begun = time.monotonic()
            step(state, options, task, make_batch(task, options, number))
            times.append(time.monotonic() - begun)
    return min(times)


def duration(seconds: float) -> str:
    """Seconds for people: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def say(text: str) -> None:
    """A line for the people who wait."""
    print(text, file=sys.stderr, flush=True)


def _key_in(folder: Path) -> str:
    try:
        return str(json.loads((folder / KEY).read_text())["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
