"""Bundle: a folder with model files and a manifest that tells a board all it must know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from device.detect import NOT_WORDS, Detector
from device.files import sha256_of, write_atomic
from device.find import Finder
from device.front_end import check_front_end
from device.stamp import Stamp
from device.strict import FormatError, check_format, decode, dumps, load_json, nearest

FORMAT = "collodi.bundle"
VERSION = 2
MANIFEST, CARD = "manifest.json", "MODEL_CARD.md"
Target = Literal["onnx", "onnx-int8", "onnx-raw", "tflite-int8", "c", "tensorrt"]
Dtype = Literal["float32", "float16", "int8", "uint8", "int16", "int32", "int64"]


@dataclass(frozen=True)
class Tensor:
    """One input or output of a model file."""

    name: str
    """Name in the file where the format keeps names; the order counts where it does not."""
    shape: tuple[int, ...]
    """Length of each axis, -1 for a free batch axis."""
    dtype: Dtype
    """Type at the file's border: int8 for TFLite int8, float32 for ONNX (also QDQ)."""
    unit: str
    """What a number means, e.g. `log-mel / 2`, `logit`, `fraction of the crop`."""
    axes: str
    """Axis letters of ARCHITECTURE, e.g. `B T L C`."""
    scale: float | None = None
    """real = scale * (stored - zero_point); null where the tensor is not quantized."""
    zero_point: int | None = None
    """Stored value of real 0; null where the tensor is not quantized."""


@dataclass(frozen=True)
class Parity:
    """How far a file is from the model that it was made from, on the calibration clips."""

    sqnr_db: float
    """Signal to quantization noise ratio of the outputs, dB, at most 200 (equal)."""
    flips: float | None
    """Fraction 0..1 of clips whose top label changes; null where there are no labels."""
    against: str
    """The reference, e.g. `torch float32`."""


@dataclass(frozen=True)
class ModelFile:
    """One model file of the bundle."""

    path: str
    """Path inside the bundle, `/` between folders."""
    sha256: str
    """64 lowercase hex digits of the file."""
    bytes: int
    """Size of the file."""
    target: Target
    """What the file is for."""
    runtime: str
    """Runtime and version that the export was checked with, e.g. `onnxruntime 1.31.1`."""
    inputs: tuple[Tensor, ...]
    """Inputs, in the order of the file."""
    outputs: tuple[Tensor, ...]
    """Outputs, in the order of the file."""
    parity: Parity | None = None
    """Measured distance from the trained model; null where it was not measured."""
    arena_bytes: int | None = None
    """Working memory that TFLite Micro or the C code needs; null where it does not apply."""
    ops: tuple[str, ...] | None = None
    """Operators that the runtime must know; null where nobody listed them."""


@dataclass(frozen=True)
class Quantization:
    """How int8 files were made."""

    method: str
    """Observer and granularity, e.g. `min-max, per channel`."""
    calibration_sha256: str | None
    """Hash of the calibration inputs."""
    calibration_clips: int
    """Number of calibration inputs."""


@dataclass(frozen=True)
class Accuracy:
    """Figures of `collodi evaluate`, as fractions: name to number."""

    synthetic: dict[str, float] | None = None
    """On held-out synthetic clips; null where it was not measured."""
    real: dict[str, float] | None = None
    """On recordings of real people; null where it was not measured."""


@dataclass(frozen=True)
class Bundle:
    """The manifest of a bundle folder."""

    name: str
    """Name of the bundle: letters, digits, `.`, `_`, `-`."""
    task: Literal["kws", "face", "find", "voice", "talking"]
    """What the model does: keywords; face landmarks with head pose; where faces are; who speaks and
    how; or whether the child that is seen speaks."""
    licence: str
    """SPDX expression of the weights, e.g. `Apache-2.0`."""
    created: Stamp
    """Who made it, with what."""
    front_end: dict[str, Any]
    """Name and all parameters of `device/front_end.py`."""
    labels: tuple[str, ...]
    """Label of each logit (kws, voice, talking), or the name of each value of the output (face)."""
    files: tuple[ModelFile, ...]
    """The model files."""
    quantization: Quantization | None = None
    """Of the int8 files; null where there are none."""
    accuracy: Accuracy = Accuracy()
    """What was measured."""
    detector: Detector | None = None
    """How a stream is heard (kws); null takes the defaults of device/detect.py."""
    finder: Finder | None = None
    """When an answer is a face (find); null takes the defaults of device/find.py."""
    pseudo_labels: str = ""
    """Networks that told the labels it was trained on; empty where those are exact."""
    format: str = FORMAT
    """Always `collodi.bundle`."""
    version: int = VERSION
    """Version of this format."""

    def file(self, name: str) -> ModelFile:
        """Return the file with this path or target; ValueError names the ones there are."""
        for entry in self.files:
            if name in (entry.path, entry.target):
                return entry
        known = ", ".join(entry.path for entry in self.files) or "none"
        raise ValueError(f"bundle '{self.name}' has no file '{name}'; it has {known}")


def describe(folder: Path, path: str) -> tuple[str, int]:
    """Return (sha256, size in bytes) of a file inside a bundle folder."""
    full = inside(folder, path, str(folder))
    return sha256_of(full), full.stat().st_size


def write_bundle(folder: Path, bundle: Bundle) -> Path:
    """Check the files and write the manifest atomically; returns the path of the manifest.

    Raises FormatError where a file is missing or its hash is not the one of the manifest.
    """
    manifest = folder / MANIFEST
    text = dumps(bundle)
    _check(folder, bundle, str(manifest))
    verify(folder, bundle)
    write_atomic(manifest, text)
    return manifest


def read_bundle(folder: Path, *, check_files: bool = True) -> Bundle:
    """Read and check a bundle folder, hashes included unless `check_files` is false.

    Raises FormatError (one line: file, key, what would be right), or OSError.
    """
    manifest = Path(folder) / MANIFEST
    if not manifest.is_file():
        raise FormatError(f"{folder}: no {MANIFEST}; a bundle is a folder that has one")
    data = load_json(manifest)
    where = str(manifest)
    check_format(data, FORMAT, VERSION, where)
    bundle = decode(Bundle, data, where)
    _check(Path(folder), bundle, where)
    if check_files:
        verify(Path(folder), bundle)
    return bundle


def verify(folder: Path, bundle: Bundle) -> None:
    """Compare size and hash of every file with the manifest; FormatError names the first wrong."""
    for entry in bundle.files:
        full = inside(folder, entry.path, str(folder / MANIFEST))
        if full.stat().st_size != entry.bytes:
            size = full.stat().st_size
            raise FormatError(f"{full}: {size} bytes, the manifest says {entry.bytes}; copy again")
        if sha256_of(full) != entry.sha256:
            raise FormatError(f"{full}: SHA-256 differs from the manifest; copy the bundle again")


def plain_path(path: str, where: str) -> PurePosixPath:
    """Return a path of the manifest; FormatError where it could lead out of the folder."""
    pure = PurePosixPath(path)
    plain = path and not re.search(r"[\\\0:]", path) and str(pure) == path
    if not plain or pure.is_absolute() or ".." in pure.parts or path in (".", MANIFEST):
        raise FormatError(f"{where}: path {path!r} is not a plain path inside the bundle")
    return pure


def inside(folder: Path, path: str, where: str) -> Path:
    """Return folder/path; FormatError where it is missing or leads out of the folder."""
    full = folder.joinpath(*plain_path(path, where).parts)
    root = folder.resolve()
    if root not in full.resolve().parents:
        raise FormatError(f"{where}: path {path!r} leads out of the bundle through a link")
    if not full.is_file():
        raise FormatError(f"{where}: file {path!r} is missing in {folder}")
    return full


def _check(folder: Path, bundle: Bundle, where: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", bundle.name):
        raise FormatError(f"{where}: 'name' is {bundle.name!r}; use letters, digits, '.', '_', '-'")
    check_front_end(bundle.front_end, where)
    _check_detector(bundle, where)
    seen: set[str] = set()
    for index, entry in enumerate(bundle.files):
        key = f"files[{index}]"
        if entry.path in seen:
            raise FormatError(f"{where}: '{key}.path' {entry.path!r} is listed twice")
        seen.add(entry.path)
        if not re.fullmatch(r"[0-9a-f]{64}", entry.sha256):
            raise FormatError(f"{where}: '{key}.sha256' is not 64 lowercase hex digits")
        inside(folder, entry.path, where)
        for tensor in (*entry.inputs, *entry.outputs):
            _check_tensor(tensor, f"{where}: '{key}' tensor '{tensor.name}'")


def _check_detector(bundle: Bundle, where: str) -> None:
    if bundle.finder is not None and bundle.task != "find":
        raise FormatError(f"{where}: 'finder' is for find, the task is {bundle.task}")
    if bundle.detector is None:
        return
    if bundle.task != "kws":
        raise FormatError(f"{where}: 'detector' is for keywords, the task is {bundle.task}")
    words = [label for label in bundle.labels if label not in NOT_WORDS]
    for word in bundle.detector.thresholds:
        if word not in words:
            raise FormatError(
                f"{where}: 'detector.thresholds' names '{word}', no keyword{nearest(word, words)}"
            )


def _check_tensor(tensor: Tensor, where: str) -> None:
    if not tensor.shape or any(size < 1 and size != -1 for size in tensor.shape):
        raise FormatError(f"{where}: shape {list(tensor.shape)} has an axis that is not >= 1 or -1")
    if (tensor.scale is None) != (tensor.zero_point is None):
        raise FormatError(f"{where}: give both 'scale' and 'zero_point' or neither")
    if tensor.scale is not None and tensor.scale <= 0:
        raise FormatError(f"{where}: scale {tensor.scale} should be > 0")
