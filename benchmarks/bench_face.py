"""How well toy vision works: one function a figure, each measured where its material is given.

Figures: ratio and nme_68 (of --transfer, the JSON of `collodi transfer face`: error of the
synthetic arm over that of the real-trained one, and as a fraction of the distance of the outer eye
corners), int8_loss (relative growth of the error by int8, on --real), face_bytes (int8 TFLite),
find_recall (share of the faces in --real that are found; null where a detector has more than one
false face in 100 pictures without a face, of which --scenes needs some), talking_accuracy (on
--talk, clips of other children and voices), face_vs_mlperf_latency (median time of the face network
over that of MLPerf Tiny's person detector in --reference, same runtime, turn by turn, one thread),
worst_group (how much worse than the mean the worst group of the synthetic people in --stills is,
relative). Bundles are those of the zoo unless others are named. What is not given is not measured,
and said so.

    collodi transfer face --data STILLS --real FACES --json transfer.json
    python benchmarks/bench_face.py --transfer transfer.json --real FACES --stills OTHER_STILLS
    python benchmarks/bench_face.py --face BUNDLE --reference FOLDER --json bench_face.json
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

from common import finish
from latency import against

from device.bundle import read_bundle
from device.zoo.store import BUNDLES, names
from train_edge.evaluate import evaluate
from train_edge.face_groups import worst_group
from train_edge.predictor import load_model

REFERENCE = "mlperf_tiny_vww_int8.tflite"
RUNS = 4
"""Calls of a network in one turn: it takes far longer than that of a keyword."""
MOST_FALSE = 1.0
"""False faces in 100 pictures without one, at which the recall counts."""

Measured = tuple[list[dict[str, Any]], dict[str, float | None]]
"""Raw rows, and figures by name."""


def transfer(args: argparse.Namespace) -> Measured:
    """What a transfer report says."""
    try:
        body = json.loads(args.transfer.read_text())
        task, ratio, error = body["task"], body["ratio"], body["synthetic"]["nme_68"]
    except (OSError, ValueError, KeyError, TypeError) as broken:
        want = "want the JSON of collodi transfer face"
        raise ValueError(f"--transfer {args.transfer}: {want} ({broken!r})") from broken
    if task != "face":
        raise ValueError(f"--transfer {args.transfer}: is of {task}, want collodi transfer face")
    keys = ("n", "people", "synthetic", "real", "ratio", "mixed", "translated", "options", "stamp")
    row = {"kind": "transfer"} | {key: body.get(key) for key in keys}
    return [row], {"ratio": ratio, "nme_68": error}


def size(args: argparse.Namespace) -> Measured:
    """Bytes of the face network's int8 TFLite file."""
    entry = read_bundle(args.face).file("tflite-int8")
    row = {"kind": "face size", "bytes": entry.bytes, "arena_bytes": entry.arena_bytes}
    return [row], {"face_bytes": entry.bytes}


def int8_loss(args: argparse.Namespace) -> Measured:
    """How much the error on real faces grows by int8."""
    rows = [_row("face", args.face, args.real, file) for file in ("onnx", "tflite-int8")]
    return rows, {"int8_loss": rows[1]["nme_68"] / rows[0]["nme_68"] - 1}


def latency(args: argparse.Namespace) -> Measured:
    """Time of a frame, beside MLPerf Tiny's person detector."""
    row, ratio = against(args.face, args.reference / REFERENCE, RUNS)
    return [{"kind": "face latency"} | row], {"face_vs_mlperf_latency": ratio}


def groups(args: argparse.Namespace) -> Measured:
    """The worst group of synthetic people that the network was not trained on."""
    row = _row("face groups", args.face, args.stills, "tflite-int8")
    found = worst_group(row["by_group"], row["nme_68"])
    return [row | {"worst": found and found[0]}], {"worst_group": found and found[1]}


def find(args: argparse.Namespace) -> Measured:
    """Real faces found, and false ones where there is none."""
    scenes = _row("find scenes", args.find, args.scenes, "tflite-int8")
    if "false_per_100" not in scenes:
        raise ValueError(f"--scenes {args.scenes}: every picture shows a face, want some without")
    real = _row("find", args.find, args.real, "tflite-int8")
    sure = scenes["false_per_100"] <= MOST_FALSE
    return [real, scenes], {"find_recall": real["recall"] if sure else None}


def talking(args: argparse.Namespace) -> Measured:
    """Who speaks to me, on clips that were not trained on."""
    row = _row("talking", args.talking, args.talk, "tflite-int8")
    return [row], {"talking_accuracy": row["accuracy"]}


STEPS: tuple[tuple[Callable[[argparse.Namespace], Measured], tuple[str, ...], tuple[str, ...]], ...]
STEPS = (
    (transfer, ("ratio", "nme_68"), ("transfer",)),
    (int8_loss, ("int8_loss",), ("face", "real")),
    (size, ("face_bytes",), ("face",)),
    (find, ("find_recall",), ("find", "real", "scenes")),
    (talking, ("talking_accuracy",), ("talking", "talk")),
    (latency, ("face_vs_mlperf_latency",), ("face", "reference")),
    (groups, ("worst_group",), ("face", "stills")),
)
"""What measures, its figures, the options that it needs."""


def _row(kind: str, bundle: Path, folder: Path, file: str) -> dict[str, Any]:
    """The figures of one file of a bundle on a folder."""
    found = evaluate(load_model(bundle, file), folder)
    return {"kind": kind, "file": file} | {k: v for k, v in found.items() if k != "stamp"}


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line; bundles of the zoo where none is named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter, allow_abbrev=False
    )
    for name in ("json", "transfer", "real", "stills", "scenes", "talk", "reference"):
        parser.add_argument(f"--{name}", type=Path)
    packaged = names()
    for name in ("face", "find", "talking"):
        there = BUNDLES / f"toy-{name}" if f"toy-{name}" in packaged else None
        parser.add_argument(f"--{name}", type=Path, default=there, help=f"bundle, or toy-{name}")
    args = parser.parse_args(argv)
    for name, value in vars(args).items():
        if value is not None and name != "json" and not value.exists():
            raise ValueError(f"--{name} {value}: not there")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    rows: list[dict[str, Any]] = []
    figures: dict[str, float | None] = {}
    skipped = []
    try:
        args = arguments(argv)
        for step, made, needs in STEPS:
            absent = [f"--{name}" for name in needs if getattr(args, name) is None]
            if absent:
                skipped += [
                    f"  {name:24s}   not run: needs {' and '.join(absent)}" for name in made
                ]
                continue
            more, found = step(args)
            rows += more
            figures |= found
    except ValueError as error:
        raise SystemExit(f"bench_face: {error}") from error
    finish(rows, figures, args.json)
    print("\n".join(skipped))
    return 0


if __name__ == "__main__":
    main()
