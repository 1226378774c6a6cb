"""The targets of an export, by name."""

from __future__ import annotations

from collections.abc import Sequence

from generate.options import choose

TARGETS = ("onnx", "onnx-int8", "tflite-int8", "c")
"""What `collodi export` makes unless told otherwise."""
NOTES = {
    "onnx": "float32, for ONNX Runtime",
    "onnx-int8": "int8 (QDQ), for ONNX Runtime on a board with Linux",
    "onnx-raw": "float32 with its front end: sound in, answer out (keywords only)",
    "tflite-int8": "int8, for LiteRT and TFLite Micro",
    "c": "the int8 TFLite file and its front end as C, for a microcontroller",
    "tensorrt": "an engine; only on the NVIDIA machine that will run it",
}


def check_targets(names: Sequence[str]) -> tuple[str, ...]:
    """Targets without repeats, in the order of NOTES; ValueError with the nearest known name."""
    if not names:
        raise ValueError(f"no target given; known: {', '.join(NOTES)}")
    chosen = {choose(name.strip(), NOTES, "target") for name in names}
    return tuple(name for name in NOTES if name in chosen)
