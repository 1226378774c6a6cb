"""`collodi train PRESET --data DATA`: train a model, or go on with an interrupted run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import tyro

from generate.options import Place, parse
from train_edge.options import Options
from train_edge.presets import NOTES, preset

if TYPE_CHECKING:
    from generate.processes import Processes

T = TypeVar("T")
HELP = """usage: collodi train PRESET --data DATA [options]
       collodi train --resume RUN

presets:
{presets}

examples:
  collodi train kws --data data/words
  collodi train face --data data/stills --steps 4000 --batch 64 --out runs
  collodi train face --data data/stills --background data/gan
  collodi train find --data data/stills --background data/places
  collodi train talking --data data/talk --background data/stills --voices data/voices
  collodi train talking --data data/talk
  collodi train --resume runs/00003-face-stills
  torchrun --nproc-per-node 4 --no-python collodi train kws --data data/words
  torchrun --nproc-per-node 2 --no-python collodi train --resume runs/00004-kws-words

torchrun shares each batch out between processes; with any number of them --batch clips make a step,
and the weights are the same but for rounding. Ctrl-C and SIGTERM leave a checkpoint.

`collodi train PRESET --help` lists the options of a preset."""


@dataclass(frozen=True)
class Where:
    """What a run reads and where it goes."""

    data: Place
    """Data set, a folder or an fsspec URL: `words` for kws, `stills` or `talk` for face and
    find, `talk` for talking."""
    out: Path = Path("runs")
    """Folder of numbered run folders."""


@dataclass(frozen=True)
class Again:
    """Go on with a run that was interrupted, to the same numbers.

    Example: collodi train --resume runs/00003-face-stills
    """

    resume: Path
    """Run folder."""
    data: Place | None = None
    """The run's data set, if it has moved."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where it was used wrongly, Stopped after Ctrl-C."""
    if not argv or argv[0] in ("-h", "--help"):
        print(HELP.format(presets="\n".join(f"  {k:12s} {v}" for k, v in NOTES.items())))
        return 0
    if os.environ.get("WORLD_SIZE", "1") == "1":
        return _run(argv)
    from generate.processes import joined

    with joined(gpu=False) as processes:
        return _run(argv, processes)


def _run(argv: Sequence[str], *processes: Processes) -> int:
    if argv[0].startswith("-"):
        again = parse(Again, argv, "collodi train", Again.__doc__)
        from train_edge.loop import resume

        return _report(resume(again.resume, again.data, *processes), *processes)
    options, where = parse_recipe("train", argv, Where)
    from train_edge.loop import train

    return _report(train(argv[0], options, where.data, where.out, *processes), *processes)


def parse_recipe(command: str, argv: Sequence[str], kind: type[T]) -> tuple[Options, T]:
    """Options of the preset that is the first word, and the command's own, of the class `kind`."""
    name = argv[0]
    defaults = preset(name)
    flat = tyro.conf.arg(name="")
    own = Annotated[Options, flat, tyro.conf.SuppressFixed]
    fields: list[tuple[str, Any, Any]] = [("options", own, defaults)]
    both: Any = parse(
        make_dataclass("Both", [("where", Annotated[kind, flat]), *fields]),
        argv[1:],
        f"collodi {command} {name}",
        NOTES[name],
    )
    return both.options, both.where


def _report(folder: Path, *processes: Processes) -> int:
    if any(process.rank for process in processes):
        return 0  # process 0 has the figures
    from train_edge.run import read_metrics

    metrics = read_metrics(folder)
    shown = ", ".join(f"{name.removeprefix('val_')} {value:.4g}" for name, value in metrics.items())
    print(f"{folder}: held-out clips: {shown}")
    return 0
