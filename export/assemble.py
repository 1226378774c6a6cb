"""One network -> one bundle folder: make each file, hold it to the gate, write the manifest."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import nn

from device.backends.frontend import logmel
from device.bundle import (
    CARD,
    Accuracy,
    Bundle,
    ModelFile,
    Quantization,
    Target,
    describe,
    read_bundle,
    write_bundle,
)
from device.stamp import make_stamp
from export.calibrate import Calibration, split
from export.card import card
from export.equalize import equalized
from export.layout import ChannelsLast, run_torch
from export.presets import TARGETS, check_targets
from export.quantize import METHOD, quantize_onnx
from export.staging import staged
from export.tensors import float_tensors, int8_tensors, raw_tensors
from export.to_c import c_name, to_c
from export.to_c_frontend import to_c_frontend
from export.to_c_golden import to_golden
from export.to_onnx import onnx_ops, to_onnx
from export.to_onnx_raw import to_onnx_raw
from export.to_tensorrt import to_tensorrt
from export.to_tflite import tflite_ops, to_tflite
from export.verify import FLOATS, Reference, check, strays

ONNX, ONNX_RAW = "model.onnx", "model.raw.onnx"
ONNX_INT8, TFLITE_INT8 = "model.int8.onnx", "model.int8.tflite"
C_FOLDER = "c"


@dataclass(frozen=True)
class Source:
    """What is exported."""

    name: str
    """Name of the bundle, and prefix of its C symbols."""
    task: Literal["kws", "face", "find", "voice", "talking"]
    network: nn.Module
    """Trained, channels first."""
    labels: tuple[str, ...]
    """Name of each output."""
    front_end: dict[str, Any]
    """As in device/front_end.py."""
    inputs: NDArray[np.float32]
    """Model inputs (B, H, W, C) from the run's data set: a quarter calibrates, the rest tests."""
    sounds: NDArray[np.float32] | None = None
    """(B, N) in -1..1, to test a file that has its front end inside; null where none is made."""
    licence: str = "Apache-2.0"
    accuracy: Accuracy = field(default_factory=Accuracy)
    pseudo_labels: str = ""
    """Networks that told the labels it was trained on; empty where those are exact."""


@dataclass(frozen=True)
class Made:
    """A finished bundle."""

    bundle: Bundle
    not_run: dict[str, str]
    """Target to the reason why it was not made."""


def assemble(
    source: Source,
    out: Path,
    targets: Sequence[str] = TARGETS,
    force: bool = False,
    draft: bool = False,
) -> Made:
    """Export to the folder `out`, which appears only when every file has passed the gate.

    `draft` keeps files that stray from a network that is hardly trained; manifest and card show it.
    Raises ValueError for a wrong target or a folder that is there, ExportError for a failed gate.
    """
    chosen = check_targets(targets)
    with staged(out, force) as folder, tempfile.TemporaryDirectory() as workshop:
        maker = _Maker(source, folder, Path(workshop), draft)
        maker.make(chosen)
        bundle = _manifest(source, maker)
        write_bundle(folder, bundle)
        (folder / CARD).write_text(card(bundle, maker.not_run), encoding="utf-8")
    return Made(read_bundle(out), maker.not_run)


class _Maker:
    """Makes files in the workshop and moves those that were asked for, and pass, to the folder."""

    def __init__(self, source: Source, folder: Path, workshop: Path, draft: bool) -> None:
        self.draft = draft
        self.source, self.folder, self.workshop = source, folder, workshop
        self.calibration: Calibration = split(source.inputs)
        held_out, clips = self.calibration.held_out, self.calibration.clips
        self.network = ChannelsLast(equalized(source.network, clips))
        trained = ChannelsLast(source.network)
        self.reference = Reference(
            source.task,
            held_out,
            run_torch(trained, held_out),
            run_torch(trained, clips).mean(axis=0),
        )
        if self.reference.answers.shape[-1] != len(source.labels):
            n_outputs = self.reference.answers.shape[-1]
            raise ValueError(f"the network has {n_outputs} outputs, {len(source.labels)} labels")
        self.shape = (1, *source.inputs.shape[1:])
        self.floats = float_tensors(source.task, self.shape, self.reference.answers.shape[1:])
        self.files: list[ModelFile] = []
        self.not_run: dict[str, str] = {}

    def make(self, targets: Sequence[str]) -> None:
        """Make all targets; one file may be the source of the next."""
        if {"onnx", "onnx-int8", "onnx-raw", "tensorrt"} & set(targets):
            to_onnx(self.network, self.shape, self.workshop / ONNX)
        if "onnx" in targets:
            self._float_onnx()
        if "onnx-int8" in targets:
            self._int8_onnx()
        if "onnx-raw" in targets:
            self._raw_onnx()
        if {"tflite-int8", "c"} & set(targets):
            self._tflite(targets)
        if "tensorrt" in targets:
            self._tensorrt()

    def _float_onnx(self) -> None:
        self._keep(self._passed(ONNX, "onnx", onnx_ops(self.workshop / ONNX)))

    def _int8_onnx(self) -> None:
        path = self.workshop / ONNX_INT8
        quantize_onnx(self.workshop / ONNX, path, self.calibration.clips, self.source.task)
        self._keep(self._passed(ONNX_INT8, "onnx-int8", onnx_ops(path)))

    def _raw_onnx(self) -> None:
        """Gate: front end and trained network in their own code, on the same sounds."""
        spec, sounds = self.source.front_end, self.source.sounds
        if spec["name"] != "logmel" or sounds is None:
            raise ValueError("target onnx-raw: takes a model of sound, and sounds to test it with")
        to_onnx_raw(self.workshop / ONNX, spec, self.workshop / ONNX_RAW)
        answers = run_torch(ChannelsLast(self.source.network), logmel(sounds, spec)[..., None])
        reference = Reference(self.source.task, sounds, answers, answers.mean(axis=0))
        self._keep(
            self._passed(ONNX_RAW, "onnx-raw", onnx_ops(self.workshop / ONNX_RAW), reference)
        )

    def _tflite(self, targets: Sequence[str]) -> None:
        path = self.workshop / TFLITE_INT8
        to_tflite(self.network, self.source.task, self.calibration.clips, path, not self.draft)
        entry = self._passed(TFLITE_INT8, "tflite-int8", tflite_ops(path))
        if "tflite-int8" in targets:
            self._keep(entry)
        if "c" in targets:
            self._c(path, entry)

    def _c(self, path: Path, entry: ModelFile) -> None:
        (self.workshop / C_FOLDER).mkdir()
        name, folder = c_name(self.source.name), self.workshop / C_FOLDER
        written = to_c(path, entry, self.source.labels, folder, name)
        if self.source.front_end["name"] == "logmel":
            written += to_c_frontend(self.source.front_end, entry.inputs[0], folder, name)
        written.append(to_golden(path, entry, self.source.front_end, folder, name))
        for made in written:
            inside = made.relative_to(self.workshop).as_posix()
            sha256, size = describe(self.workshop, inside)
            as_c = replace(entry, path=inside, target="c", sha256=sha256, bytes=size)
            if made != written[0]:
                as_c = replace(as_c, runtime="", parity=None, arena_bytes=None, ops=None)
            self._keep(replace(as_c, runtime=as_c.runtime.split(", ")[-1]))

    def _tensorrt(self) -> None:
        made = to_tensorrt(self.workshop / ONNX, self.calibration.clips, self.workshop)
        reason = made if isinstance(made, str) else "built, but no backend here can check it"
        self.not_run["tensorrt"] = reason
        _say(f"tensorrt: {reason}")

    def _passed(
        self, path: str, target: Target, ops: tuple[str, ...], reference: Reference | None = None
    ) -> ModelFile:
        """Describe a file and hold it to the gate."""
        sha256, size = describe(self.workshop, path)
        ends = self.floats
        if target == "tflite-int8":
            ends = int8_tensors(self.workshop / path, self.source.task)
        elif target == "onnx-raw":
            ends = raw_tensors(self.source.task, self.source.front_end, len(self.source.labels))
        entry = ModelFile(path, sha256, size, target, "", (ends[0],), (ends[1],), ops=ops)
        entry = check(self.workshop, entry, reference or self.reference, self.draft)
        assert entry.parity is not None
        parity = f"{entry.parity.sqnr_db:.1f} dB, {entry.parity.flips or 0:.1%} flips"
        _say(f"{path}: {size:,} bytes, {parity}{', strays: draft' if strays(entry) else ''}")
        return entry

    def _keep(self, entry: ModelFile) -> None:
        target = self.folder / entry.path
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(self.workshop / entry.path, target)
        self.files.append(entry)


def _manifest(source: Source, maker: _Maker) -> Bundle:
    calibration = maker.calibration
    int8 = any(entry.target not in FLOATS for entry in maker.files)
    return Bundle(
        name=source.name,
        task=source.task,
        licence=source.licence,
        created=make_stamp(),
        front_end=source.front_end,
        labels=source.labels,
        files=tuple(maker.files),
        quantization=Quantization(METHOD, calibration.sha256, len(calibration.clips))
        if int8
        else None,
        accuracy=source.accuracy,
        pseudo_labels=source.pseudo_labels,
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
