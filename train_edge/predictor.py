"""One way to ask any model, a run or any file of a bundle: board-layout inputs in, outputs out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from device.backends import why_not
from device.backends.apart import open_apart
from device.backends.frontend import image, logmel, scene
from device.bundle import MANIFEST, Bundle, ModelFile, read_bundle
from device.find import Face, Finder
from device.find import faces as faces_of
from device.zoo.store import find
from train_edge.run import OPTIONS, load_run, read_options

Floats = NDArray[np.float32]
RUNTIME = {
    "tflite-int8": "tflm",
    "onnx": "onnxruntime",
    "onnx-int8": "onnxruntime",
    "onnx-raw": "onnxruntime",
}
"""Target to the runtime that must be here, the preferred target first."""


@dataclass(frozen=True)
class Predictor:
    """A model that answers."""

    name: str
    """For people: folder, and file where it is a bundle."""
    task: str
    """kws, face, find, voice or talking."""
    labels: tuple[str, ...]
    """Name of each output."""
    front_end: dict[str, Any]
    """As in device/front_end.py."""
    run: Callable[[Floats], Floats]
    """(n, H, W, C) features, or sounds where `raw` -> (n, outputs)."""
    trained_on: str = ""
    """SHA-256 of the dataset.json it was trained on; empty where the model does not tell."""
    finder: Finder = field(default_factory=Finder)
    """find: when an answer is a face."""
    raw: bool = False
    """Whether the front end is inside the model."""

    def hear(self, sounds: Floats) -> Floats:
        """Outputs of sounds (n, 16000) in -1..1."""
        return self.run(sounds if self.raw else logmel(sounds, self.front_end)[..., None])

    def see(self, pictures: list[NDArray[np.uint8]]) -> Floats:
        """Outputs of square pictures (S, S, 3) RGB of any sizes."""
        return self.run(np.stack([image(picture, self.front_end) for picture in pictures]))

    def find(self, pictures: list[NDArray[np.uint8]], finder: Finder) -> list[list[Face]]:
        """Faces in pictures (H, W, 3) RGB of any sizes, each with its own px."""
        spec = self.front_end
        answers = self.run(np.stack([scene(picture, spec) for picture in pictures])).tolist()
        sizes = [(picture.shape[1], picture.shape[0]) for picture in pictures]
        return [faces_of(a, spec, finder, size) for a, size in zip(answers, sizes, strict=True)]


def load_model(model: str | Path, file: str | None = None) -> Predictor:
    """Open a run folder, a bundle folder or a packaged bundle by name.

    `file` names a file or target of a bundle; by default the first that runs here. ValueError
    says what MODEL lacks.
    """
    folder = Path(model)
    if folder.is_dir() and (folder / OPTIONS).is_file():
        if file:
            raise ValueError(f"--file {file}: {folder} is a run; only bundles have files")
        return _of_run(folder)
    if folder.is_dir() and not (folder / MANIFEST).is_file():
        raise ValueError(f"{folder}: neither a run ({OPTIONS}) nor a bundle ({MANIFEST})")
    return _of_bundle(find(model), file)


def _of_run(folder: Path) -> Predictor:
    run = load_run(folder)

    def answer(features: Floats) -> Floats:
        inputs = torch.from_numpy(np.ascontiguousarray(features.transpose(0, 3, 1, 2)))
        with torch.no_grad():
            return np.asarray(run.module(inputs).numpy())

    trained_on = read_options(folder).data_sha256
    return Predictor(str(folder), run.task, run.labels, run.front_end, answer, trained_on)


def _of_bundle(folder: Path, file: str | None) -> Predictor:
    bundle = read_bundle(folder)
    entry = bundle.file(file) if file else _first_that_runs(bundle)
    model = open_apart(folder, entry)

    def answer(features: Floats) -> Floats:
        return np.asarray(model.run([features])[0])

    name = f"{folder}/{entry.path} ({model.runtime})"
    raw = entry.target == "onnx-raw"
    return Predictor(
        name, bundle.task, bundle.labels, bundle.front_end, answer,
        finder=bundle.finder or Finder(), raw=raw,
    )  # fmt: skip


def _first_that_runs(bundle: Bundle) -> ModelFile:
    for target in RUNTIME:
        for entry in bundle.files:
            if entry.target == target and why_not(RUNTIME[target]) is None:
                return entry
    raise ValueError(f"bundle '{bundle.name}': no file of it runs here; name one with --file")
