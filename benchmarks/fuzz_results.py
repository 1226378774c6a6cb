"""Kinds of hostile files: results, tables and arrays beside data sets and models."""

from __future__ import annotations

import io
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_bytes import mutated_binary, mutated_text, one_of
from fuzz_common import Kind, expect, mutated_bytes, mutated_json, put
from fuzz_formats import mutated_npz, reshaped

from device.backends.scoring import packed, read_samples
from device.samples import Samples
from device.strict import dumps
from export.evaluations import read_accuracy
from generate.gan.labels import read_labels
from generate.voice.coqui_folder import read_folder
from train_edge.face_store import stored
from train_edge.faces import CROP_PX


def read_table(place: Path, data: bytes) -> None:
    """A changed labels.csv of a generator's samples."""
    samples, values, names = read_labels(put(place, labels__csv=data) / "labels.csv")
    expect(values.shape == (len(samples), len(names)) and np.isfinite(values).all(), "not a table")


def read_sample_set(place: Path, data: bytes) -> None:
    """A changed sample set."""
    header, inputs, answers = read_samples(put(place, s__npz=data) / "s.npz")
    expect(len(inputs) == len(answers) == header.samples, "another number of samples")


def read_stored(place: Path, data: bytes) -> None:
    """A changed array of the faces that lie beside a data set."""
    for name, array in _faces().items():
        np.save(place / f"{name}.npy", array)
    (place / ("points.npy" if b"f4" in data[:128] else "crops.npy")).write_bytes(data)
    stored(place)


@cache
def _faces() -> dict[str, np.ndarray[Any, Any]]:
    crops = np.zeros((3, CROP_PX, CROP_PX, 3), np.uint8)
    return {
        "crops": crops,
        "others": crops[:1],
        "points": np.zeros((3, 68, 2), np.float32),
        "truth": np.zeros((3, 5), np.float32),
        "clip": np.arange(3),
        "others_clip": np.arange(1),
    }


def read_evaluation(place: Path, data: bytes) -> None:
    """A changed result of `collodi evaluate --json`."""
    found = read_accuracy([put(place, e__json=data) / "e.json"], "kws", {})
    dumps(found)


def read_voice(place: Path, data: bytes) -> None:
    """A changed config.json of a Coqui voice."""
    read_folder(put(place, config__json=data, model__safetensors=b""))


def _damaged_array(raw: bytes, rng: random.Random) -> bytes:
    return (reshaped if rng.random() < 0.6 else mutated_bytes)(raw, rng)


def _arrays() -> list[bytes]:
    made = []
    for name in ("crops", "points"):
        out = io.BytesIO()
        np.save(out, _faces()[name])
        made.append(out.getvalue())
    return made


def _sample_sets() -> list[bytes]:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    return [packed(Samples("tiny", "0" * 64, "kws", 2, {"a.tflite": 40.0}), values, values)]


def _labels() -> list[bytes]:
    rows = "".join(f"{n},{n % 7},{n / 3:.2f}\n" for n in range(24))
    return [f"sample,smile,age\n{rows}".encode()]


EVALUATION = {"task": "kws", "n": 10, "accuracy": 0.5, "data": "real", "heads": {"a": 1.0}}
CONFIG = {
    "model": "vits",
    "use_phonemes": True,
    "model_args": {},
    "characters": {"characters_class": ""},
}
KINDS = {
    "gan-labels": Kind(_labels, mutated_text, read_table, ("generate/gan/labels.py",)),
    "samples": Kind(
        _sample_sets,
        one_of(mutated_npz, mutated_binary),
        read_sample_set,
        ("device/samples.py", "device/backends/scoring.py", "device/zipped.py"),
    ),
    "faces": Kind(_arrays, _damaged_array, read_stored, ("train_edge/face_store.py",)),
    "evaluation": Kind(
        lambda: [json.dumps(EVALUATION).encode()],
        mutated_json,
        read_evaluation,
        ("export/evaluations.py",),
    ),
    "coqui": Kind(
        lambda: [json.dumps(CONFIG).encode()],
        mutated_json,
        read_voice,
        ("generate/voice/coqui_folder.py",),
    ),
}
