"""A training in its folder: begin or go on, snapshots, sheets, statistics, Ctrl-C."""

from __future__ import annotations

import json
import signal
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from device.files import write_atomic
from generate.gan.architecture import Architecture, architecture_of
from generate.gan.begun import begin_from, begun
from generate.gan.pictures import Pictures
from generate.gan.recipe import Recipe, check_recipe
from generate.gan.sheet import sample, sheet, write_picture
from generate.gan.state import State, begin, load, save
from generate.gan.store import CARD, CHECKPOINT, Card, read_card, write_card
from generate.gan.train import Trainer
from generate.interrupt import interrupted
from generate.processes import Processes
from generate.progress import Progress

STATS, DONE = "stats.jsonl", "done"
SHEET = 16
"""Pictures on a sheet of a snapshot."""
MAY_CHANGE = ("images", "snapshot_images", "micro", "half")
"""Options that a run may go on with other values of: how long, how often, and the hardware's."""

OLD = {"warm_images": 0}
"""What runs did that were begun before there was such an option."""


class Stopped(RuntimeError):
    """Training was interrupted after a step and left a snapshot."""


def sizes_for(like: str, start: Path | None) -> Architecture:
    """Sizes of a generator to start from, or of a preset; ValueError where it is none."""
    if start and start.is_file():
        raise ValueError(
            f"--begin {start}: a file; first `collodi gan import {start} --out FOLDER`"
        )
    return read_card(start).sizes if start else architecture_of(like)


def run(
    out: Path,
    sizes: Architecture,
    recipe: Recipe,
    pictures: Pictures,
    data: str,
    processes: Processes,
    start: Path | None = None,
) -> None:
    """Train in `out` from where it is until all images were shown; Stopped after Ctrl-C.

    start: folder of a generator to begin from.
    """
    recipe = begun(recipe, start)
    micro = check_recipe(recipe, processes.size)
    _open(out, sizes, recipe, data, processes, start)
    state = begin(sizes, recipe, processes.device)
    if (out / CHECKPOINT).is_file():
        load(state, out)
    elif start:
        _tell(start, begin_from(state, start), recipe, processes)
    steps = -(-recipe.images // recipe.batch)
    if state.step >= steps:
        _finish(out, state, recipe, processes)
        return
    if processes.rank == 0:
        (out / DONE).unlink(missing_ok=True)  # of fewer images
    trainer = Trainer(recipe, state, pictures, processes, micro)
    every = max(recipe.snapshot_images // recipe.batch, 1)
    rows = _Rows(out, state, steps, recipe.batch) if processes.rank == 0 else None
    with interrupted(signal.SIGTERM) as stop:
        while state.step < steps:
            figures = trainer.step()
            stopping = processes.any(stop.is_set())
            ends = state.step == steps or stopping
            if rows:
                rows.say(state.step, figures, ends)
            if rows and (ends or state.step % every == 0):
                _snapshot(out, state, recipe)
            if stopping and state.step < steps:
                raise Stopped(
                    f"stopped after {state.step * recipe.batch} of {recipe.images} images; "
                    "the same command goes on"
                )
    if rows:
        rows.close()
    _finish(out, state, recipe, processes)


def _tell(start: Path, missing: str, recipe: Recipe, processes: Processes) -> None:
    """Say in one line what a generator to begin from lacks."""
    if missing and processes.rank == 0:
        alone = f"; it learns alone from the first {recipe.warm_images} images"
        line = f"--begin {start.name}: {missing}" + alone * bool(recipe.warm_images)
        print(line, file=sys.stderr, flush=True)


def _finish(out: Path, state: State, recipe: Recipe, processes: Processes) -> None:
    if processes.rank == 0:
        write_atomic(out / DONE, json.dumps({"images": state.step * recipe.batch}) + "\n")


def _open(
    out: Path, sizes: Architecture, recipe: Recipe, data: str, processes: Processes,
    start: Path | None,
) -> None:  # fmt: skip
    """Make the folder with gan.json, or see that it is of the same training."""
    options = asdict(recipe) | {
        "begin": start.resolve().name if start else "", "data": Path(data).resolve().name,
    }  # fmt: skip
    if (out / CARD).is_file():
        card = read_card(out)
        if not card.options:
            raise ValueError(f"--out {out}: an imported generator; choose a new folder")
        if card.sizes != sizes:
            want = f"{card.sizes.size_px} px of another size of networks than asked for"
            raise ValueError(f"--out {out}: a run of {want}; give its --like or a new folder")
        for name, value in options.items():
            was = card.options.get(name, OLD.get(name))
            if was != value and name not in MAY_CHANGE:
                raise ValueError(f"--out {out}: a run with {name} = {was}, not {value}; choose "
                                 "a new folder or the same options")  # fmt: skip
        if processes.rank == 0 and card.options != options:
            write_card(out, replace(card, options=options))
        return
    if processes.rank == 0:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise ValueError(f"--out {out}: already there and no run; choose a new folder")
        out.mkdir(parents=True, exist_ok=True)
        source = f"trained on {Path(data).resolve().name}"
        write_card(out, Card(sizes, source, "", data, options))


def _snapshot(out: Path, state: State, recipe: Recipe) -> None:
    save(state, out)
    (out / "sheets").mkdir(exist_ok=True)
    pictures = sample(state.average, recipe.seed, SHEET, truncation=1.0)
    path = out / "sheets" / f"{state.step * recipe.batch:09d}.png"
    write_picture(path, sheet(pictures, 4), recipe.seed)


class _Rows:
    """Progress for people and rows of stats.jsonl, about fifty in a whole run."""

    def __init__(self, out: Path, state: State, steps: int, batch: int) -> None:
        self.path, self.batch, self.first = out / STATS, batch, state.step
        self.every, self.begun = max(steps // 50, 1), time.monotonic()
        self.progress = Progress((steps - state.step) * batch, "train gan", "image")
        text = self.path.read_text() if self.path.exists() else ""
        lines = text[: text.rfind("\n") + 1].splitlines()  # a kill may leave half a row
        kept = [line for line in lines if json.loads(line)["images"] <= state.step * batch]
        write_atomic(self.path, "".join(line + "\n" for line in kept))

    def say(self, step: int, figures: dict[str, float], ends: bool) -> None:
        """Figures of one step."""
        if ends or step % self.every == 0:
            row: dict[str, Any] = {"images": step * self.batch}
            row |= {name: round(value, 5) for name, value in figures.items()}
            row["seconds"] = round(time.monotonic() - self.begun, 2)
            with open(self.path, "a") as file:
                file.write(json.dumps(row) + "\n")
            both = f"G {row['loss_generator']:.2f}" if "loss_generator" in row else "G waits"
            rest = f"D {row['loss_discriminator']:.2f}, p {row['p']:.2f}"
            self.progress.what = f"train gan, {both}, {rest}"
        self.progress.update((step - self.first) * self.batch)

    def close(self) -> None:
        """End the bar."""
        self.progress.close()
