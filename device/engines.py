"""TensorRT engines kept on the board that built them: never one of another model or machine.

An engine fits one model file, one TensorRT, one GPU, and was tuned in one power mode. Its folder is
named by the hash of all of these, and says them again inside; a folder whose words or whose
engine's hash differ is not used. There is no way to take an engine by its name alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from device.files import sha256_of, write_atomic
from device.strict import FormatError, check_format, decode, dumps, load_json

FORMAT = "collodi.engine"
VERSION = 1
FACTS, ENGINE, TIMING = "facts.json", "engine.plan", "timing.cache"


@dataclass(frozen=True)
class Facts:
    """All that an engine depends on."""

    model_sha256: str
    """Hash of the model file that it was built from."""
    tensorrt: str
    """Version of TensorRT, all of it."""
    cuda: str
    """Versions of CUDA's driver and runtime."""
    gpu: str
    """Name and compute capability of the GPU."""
    power_mode: str | None
    """Power mode of the board, in which the kernels were timed; null where it has none."""
    recipe: str
    """How it is built: typing, batch, flags."""
    engine_sha256: str = ""
    """Hash of the engine; empty where it is looked for."""
    format: str = FORMAT
    """Always `collodi.engine`."""
    version: int = VERSION
    """Version of this format."""


def key(facts: Facts) -> str:
    """Return the name of the engine's folder, 64 hex digits: the hash of all but the engine."""
    return hashlib.sha256(dumps(replace(facts, engine_sha256="")).encode()).hexdigest()


def kept(folder: Path, facts: Facts) -> bytes | None:
    """Return the engine of exactly these facts, None where there is none or it is damaged."""
    place = folder / key(facts)
    try:
        data = load_json(place / FACTS)
        check_format(data, FORMAT, VERSION, str(place / FACTS))
        said = decode(Facts, data, str(place / FACTS))
        whole = said.engine_sha256 == sha256_of(place / ENGINE)
        same = replace(said, engine_sha256="") == replace(facts, engine_sha256="")
        return (place / ENGINE).read_bytes() if whole and same else None
    except (OSError, FormatError):
        return None


def keep(folder: Path, facts: Facts, engine: bytes) -> None:
    """Keep an engine under its facts, these last: without them it is not there."""
    place = folder / key(facts)
    place.mkdir(parents=True, exist_ok=True)
    (place / FACTS).unlink(missing_ok=True)
    write_atomic(place / ENGINE, engine)
    said = replace(facts, engine_sha256=hashlib.sha256(engine).hexdigest())
    write_atomic(place / FACTS, dumps(said))


def timing(folder: Path, facts: Facts) -> Path:
    """Return where the builder's timings of these facts lie; TensorRT checks them once more."""
    return folder / key(facts) / TIMING
