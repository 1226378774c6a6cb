"""What a model file must be before a runtime is given it, by its target."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from device import limits
from device.onnx_file import check_onnx
from device.strict import FormatError
from device.tflite_file import check_tflite

CHECKS: dict[str, Callable[[Any, str], None]] = {
    "onnx": check_onnx,
    "onnx-int8": check_onnx,
    "onnx-raw": check_onnx,
    "tflite-int8": check_tflite,
}
"""Target to the check of its files; others are compiled elsewhere and only loaded."""


def check_model(path: Path, target: str) -> None:
    """Look at a model file before a runtime does; FormatError in one line, OSError.

    It cannot promise that the runtime lives: that is what processes of their own are for
    (backends/apart.py, worker.py).
    """
    check = CHECKS.get(target)
    if check is None:
        return
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        if not 0 < size <= limits.MODEL_BYTES:
            raise FormatError(f"{path}: {size} bytes; a model has 1 to {limits.MODEL_BYTES}")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            check(data, str(path))
