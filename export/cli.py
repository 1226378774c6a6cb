"""`collodi export RUN --out BUNDLE`: a trained run becomes files for boards, or nothing."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, cast

import tyro

from export.evaluations import read_accuracy
from export.presets import NOTES, TARGETS, check_targets
from export.staging import check_free
from generate.options import Place, parse
from generate.store import Location, locate

GENERATOR_TARGETS = ("float32", "float16", "int8")


@dataclass(frozen=True)
class Options:
    """Turn a run into a bundle: model files, manifest.json, MODEL_CARD.md.

    Every file runs with the code of the board and is compared with the trained network; where one
    strays, nothing is written.

    A generator of `collodi gan` becomes ONNX files of its synthesis: docs/generator-export.md.

    Examples: collodi export runs/00000-kws-words --out bundles/digits
              collodi export toy-children-64 --out out/generator --targets float32,int8
    """

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run of `collodi train`; or a generator, by folder or packaged name."""
    out: Path
    """Folder of the bundle; its name becomes the name of the model."""
    targets: str = ",".join(TARGETS)
    """Comma-separated: onnx, onnx-int8, onnx-raw, tflite-int8, c, tensorrt; of a generator float32,
    float16, int8, tensorrt, by default the first three."""
    evaluation: tuple[Path, ...] = ()
    """JSON files of `collodi evaluate` whose figures go into manifest and card."""
    data: Place | None = None
    """Data set for calibration, a folder or an fsspec URL; the one the run was trained on if
    not given."""
    clips: int = 1024
    """Inputs drawn from it: a quarter sets the int8 ranges, the rest tests the files."""
    force: bool = False
    """Replace a bundle that is there."""
    draft: bool = False
    """Also keep int8 files that stray, for a network that is hardly trained; the card says so."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError for wrong use, ExportError where a file fails."""
    options = parse(Options, argv, "collodi export", Options.__doc__)
    from export.generator_cli import export_files, is_generator  # imports torch

    if is_generator(options.run):
        usual = options.targets == Options.targets
        wanted = GENERATOR_TARGETS if usual else tuple(options.targets.split(","))
        export_files(options.run, options.out, wanted, options.force)
        return 0
    targets = check_targets(options.targets.split(","))
    check_free(options.out, options.force)
    export(options, targets)
    return 0


def export(options: Options, targets: Sequence[str]) -> None:
    """Load the run, draw calibration inputs, assemble the bundle, say what came out."""
    begun = time.monotonic()
    from train_edge.run import load_run
    from train_edge.tasks import calibration_batch, calibration_sounds

    run = load_run(options.run)
    accuracy = read_accuracy(options.evaluation, run.task, run.metrics)
    data = _data(options, run.data)
    _say(f"{options.run}: {run.task}, calibrating on {options.clips} inputs from {data}")
    inputs = calibration_batch(run, data, options.clips)
    raw = "onnx-raw" in targets
    if raw and run.front_end["name"] != "logmel":
        reason = f"{options.run} is of task {run.task}; sound models only"
        raise ValueError(f"--targets onnx-raw: {reason}")

    from export.assemble import Source, assemble

    source = Source(
        name=bundle_name(options.out),
        task=cast("Literal['kws', 'face', 'find', 'voice', 'talking']", run.task),
        network=run.module,
        labels=run.labels,
        front_end=run.front_end,
        inputs=inputs,
        sounds=calibration_sounds(data, options.clips) if raw else None,
        accuracy=accuracy,
        pseudo_labels=run.pseudo_labels,
    )
    made = assemble(source, options.out, targets, options.force, options.draft)
    for entry in made.bundle.files:
        print(f"{entry.path:<20} {entry.bytes:>10,} bytes  {NOTES[entry.target]}")
    for target, reason in made.not_run.items():
        print(f"{target:<20} {reason}")
    print(f"{options.out}: {len(made.bundle.files)} files, {time.monotonic() - begun:.0f} s")


def bundle_name(out: Path) -> str:
    """Name of the folder, reduced to letters, digits, `.`, `_`, `-`."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", out.resolve().name).strip("-._")
    if not name:
        raise ValueError(f"--out {out}: give the folder a name with letters or digits")
    return name


def _data(options: Options, trained_on: str) -> Location:
    data = locate(options.data or trained_on)
    if not data.is_dir():
        raise ValueError(f"data set {data} is not there; name where it is now with --data")
    return data


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
