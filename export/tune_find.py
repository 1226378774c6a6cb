"""The threshold of a face detector: `collodi tune` on pictures without a face."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from device.bundle import Bundle
from device.find import Face, Finder
from train_edge.data import open_clips
from train_edge.evaluate_find import asked, score_find, show_clips
from train_edge.find_score import FALSE_PER_100, THRESHOLDS, threshold_for
from train_edge.predictor import Predictor, load_model

FEWEST = 100
"""Pictures without a face: among fewer one in a hundred cannot be told."""


def tuned_finder(folder: Path, bundle: Bundle, data: str | Path, file: str | None) -> Finder:
    """The bundle's settings with the threshold that the pictures of a data set ask for, printed."""
    settings = bundle.finder or Finder()
    lowest = replace(settings, threshold=THRESHOLDS[0])
    empty = false_faces(folder, bundle, data, file, lowest)
    threshold, alarms = threshold_for(empty)
    print(f"a face from a logit of {threshold:.2f} on: {alarms:.2f} false ones in 100 of "
          f"{len(empty)} pictures of {data}; asked for {FALSE_PER_100:g}")  # fmt: skip
    return replace(
        settings, threshold=threshold, false_per_100=round(alarms, 4), negatives=len(empty),
        tested_false_per_100=None, tested_negatives=None, tested_recall=None, tested_faces=None,
    )  # fmt: skip


def tested_finder(
    folder: Path, bundle: Bundle, data: str | Path, file: str | None, people: str | Path | None
) -> Finder:
    """The bundle's settings with the false faces on other pictures, printed, and how many faces of
    other people are found where there is a data set of them."""
    settings = bundle.finder
    if settings is None or settings.false_per_100 is None:
        raise ValueError(f"{folder}: no threshold to test; tune it first, without --test")
    empty = false_faces(folder, bundle, data, file, settings)
    alarms = 100 * sum(map(len, empty)) / len(empty)
    print(f"{alarms:.2f} false faces in 100 of {len(empty)} pictures of {data}")
    settings = replace(settings, tested_false_per_100=round(alarms, 4), tested_negatives=len(empty))
    if not people:
        return settings
    dataset = open_clips(people, "frames")
    model = _model(folder, bundle, file, settings)
    found = score_find(model, show_clips(dataset, list(range(len(dataset)))))
    if "recall" not in found:
        raise ValueError(f"--positives {people}: no picture shows a face")
    print(f"{found['recall']:.1%} of {found['faces']} faces found in {people}")
    return replace(settings, tested_recall=round(found["recall"], 4), tested_faces=found["faces"])


def false_faces(
    folder: Path, bundle: Bundle, data: str | Path, file: str | None, settings: Finder
) -> list[list[Face]]:
    """What the settings find in each picture without a face of a data set."""
    model = _model(folder, bundle, file, settings)
    dataset = open_clips(data, "frames")
    none = (one for one in show_clips(dataset, list(range(len(dataset)))) if one.face is None)
    found = [faces for _, faces in asked(model, none)]
    if len(found) < FEWEST:
        raise ValueError(f"data set {data}: {len(found)} pictures without a face, want {FEWEST} "
                         "or more; make them with `collodi generate places`")  # fmt: skip
    return found


def _model(folder: Path, bundle: Bundle, file: str | None, settings: Finder) -> Predictor:
    """The file to tune with: tflite-int8 if it is there and no other is named."""
    targets = [entry.target for entry in bundle.files]
    name = file or ("tflite-int8" if "tflite-int8" in targets else None)
    return replace(load_model(folder, name), finder=settings)
