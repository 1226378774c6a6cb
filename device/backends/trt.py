"""TensorRT: a place kept free. No engine has run in this kit, so none is claimed to."""

from __future__ import annotations

from pathlib import Path

from device.backends.model import Model
from device.bundle import ModelFile


def open(path: Path, entry: ModelFile, threads: int = 1, variant: str = "") -> Model:
    """Refuse: engines are built and run on the NVIDIA board itself."""
    del variant
    raise ValueError(
        f"{path}: not run: a TensorRT engine ('{entry.target}', {threads} threads) needs an "
        "NVIDIA board, and this version of the kit does not run it there yet"
    )
