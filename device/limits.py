"""How much a file from outside may ask for: readers refuse more than this before they decode it.

A few bytes can claim a picture of a million megapixels or hours of sound. What is decoded is
therefore held to these limits, by what the file declares; docs/hostile.md lists who uses which.
"""

from __future__ import annotations

from pathlib import Path

TEXT_BYTES = 32 << 20
"""Of a JSON, CSV, TOML or score file; as Python's values it takes up to 40 times as much."""
MEMBERS = 1000
"""Files in a zip archive."""
ARRAYS_BYTES = 1 << 30
"""All arrays of an npz, unpacked."""
PICTURE_PX = 1 << 26
"""8192 x 8192; decoding takes up to 12 bytes a pixel."""
SOUND_SAMPLES = 1 << 26
"""Of all channels: 70 minutes at 16 kHz mono, 11 at 48 kHz stereo; 4 bytes each."""
SOUND_RATES_HZ = (1000, 384_000)
"""Others are no sound, and a resampler would make very much or nothing of them."""
FILM_BYTES = 1 << 30
"""Frames x height x width x 3; twice as much while they are put together."""

MODEL_BYTES = 1 << 30
"""Of an ONNX or TFLite file; protobuf and FlatBuffers themselves end at 2 GiB."""
MODEL_PARTS = 1 << 20
"""Numbers of an ONNX or TFLite file that say what it is made of; weights do not count."""
TENSOR_BYTES = 1 << 30
"""Of one tensor of a TFLite file."""
RUNTIME_BYTES = 4 << 30
"""Memory of a process that holds a runtime on the CPU; the system refuses it more."""


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """Return a whole file of at most `most` bytes (TEXT_BYTES); ValueError where it is longer."""
    limit = TEXT_BYTES if most is None else most
    with path.open("rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"{path}: longer than the {limit} bytes that are read here")
    return data


def read_text(path: Path) -> str:
    """Return a UTF-8 text of at most TEXT_BYTES, without a byte order mark; ValueError names it."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text ({error.reason} at {error.start})") from None
