"""`collodi evaluate MODEL --data DIR`: figures of a model, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from generate.options import Place, parse


@dataclass(frozen=True)
class Options:
    """Test a model on clips or on a folder of real recordings or faces.

    Example: collodi evaluate runs/00000-kws-words --data real/speech --json kws.json
    Example: collodi evaluate bundles/face --file tflite-int8 --data data/stills-test
    Example: collodi evaluate runs/00002-find-stills --data data/places-test
    Example: collodi evaluate runs/00003-talking-talk --data data/talk-test
    """

    model: Annotated[str, tyro.conf.Positional]
    """Run folder, bundle folder or name of a packaged bundle."""
    data: Place
    """Data set, a folder or an fsspec URL; or folder with manifest.csv (speech) or landmarks.csv
    and images/ (faces)."""
    file: str | None = None
    """File or target of a bundle, such as tflite-int8; the first that runs here if not given."""
    held_out: bool = False
    """Of a data set, only the clips that training with it would hold out."""
    json: Path | None = None
    """Write the figures here."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where model, folder or options do not fit."""
    options = parse(Options, argv, "collodi evaluate", Options.__doc__)
    if options.json and not options.json.resolve().parent.is_dir():
        raise ValueError(f"--json {options.json}: no folder {options.json.parent}")
    from device.files import write_atomic
    from device.strict import dumps
    from train_edge.evaluate import evaluate
    from train_edge.predictor import load_model

    model = load_model(options.model, options.file)
    result = evaluate(model, options.data, options.held_out)
    print(f"{model.name} on {options.data}")
    if result.get("pseudo_labels"):
        print(f"against pseudo-labels, none exact: told by {result['pseudo_labels']}")
    print(as_text(result))
    if options.json:
        write_atomic(options.json, dumps(result))
    return 0


HEADS = {
    "pose_deg": ("head pose, yaw pitch roll", 1, "degrees off"),
    "gaze_deg": ("gaze", 1, "degrees off"),
    "open_error": ("eyes and mouth open", 1, "off"),
    "code_error": ("expression code", 1, "off"),
    "expression": ("expression", 100, "% right"),
    "age_band": ("age band", 100, "% right"),
    "adult": ("adult or not", 100, "% right"),
    "present": ("face found", 100, "%"),
}
"""Figure to its name, factor and unit for people."""


def as_text(result: dict[str, Any]) -> str:
    """The figures of a result, a line each."""
    if result["task"] == "kws":
        lines = [f"accuracy {result['accuracy']:.1%} of {result['n']} clips"]
        lines += [f"  {name:12s} {value:.1%}" for name, value in result["by_speaker"].items()]
    elif result["task"] == "voice":
        lines = [f"balanced accuracy on {result['n']} seconds of speech and on noises:"]
        for name in ("speech", "child", "emotion"):
            if name in result:
                noisy = result["in_noise"][name]
                lines.append(f"  {name:12s} {result[name]:.1%}, in noise {noisy:.1%}")
        worst = max(result["false_alarms"], key=result["false_alarms"].get)
        lines.append(f"  false alarms {result['false_alarms'][worst]:.1%} at most, in {worst}")
    elif result["task"] == "find":
        lines = _find_lines(result)
    elif result["task"] == "talking":
        lines = [
            f"balanced accuracy {result['accuracy']:.1%} of {result['n']} pictures of "
            f"{result['clips']} clips, {result['behind_ms']:.0f} ms behind",
            f"  {'speaking':12s} {result['speaking']:.1%}",
            *(f"  {name:12s} {value:.1%} refused" for name, value in result["negatives"].items()),
        ]
        if result["facing"] is not None:
            lines.append(f"  {'facing':12s} {result['facing']:.1%}")
    else:
        lines = [
            f"landmark error {result['nme_68']:.2%} of the eye distance on {result['n']} images",
            f"  inner 51     {result['nme_51']:.2%}",
            f"  over 10 %    {result['failure_10']:.1%} of the images",
        ]
        for name, value in result.get("heads", {}).items():
            lines.append(f"  {HEADS[name][0]:26s} {value * HEADS[name][1]:.3g} {HEADS[name][2]}")
        for name, row in result.get("by_group", {}).items():
            more = row["nme_68"] / result["nme_68"] - 1
            lines.append(f"  {name:14s} {row['nme_68']:.2%} of {row['n']} images, {more:+.0%}")
    return "\n".join(lines)


def _find_lines(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['n']} pictures, a face from a logit of {result['threshold']:.2f} on"]
    if "recall" in result:
        lines.append(f"  found        {result['recall']:.1%} of {result['faces']} faces, "
                     f"overlap {result['mean_overlap']:.2f}")  # fmt: skip
        for name in ("by_size", "by_turn", "by_height"):
            bands = result.get(name, {}).items()
            lines += [f"    {band:17s} {recall:.1%}" for band, recall in bands]
    if "false_per_100" in result:
        lines.append(f"  false        {result['false_per_100']:.2f} in 100 of "
                     f"{result['empty']} pictures without a face")  # fmt: skip
    return lines
