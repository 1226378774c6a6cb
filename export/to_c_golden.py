"""What TFLite Micro answers to inputs that a formula gives: the golden test of the exported C.

The inputs cost no flash, for the C test computes them: vector 0 is a ramp, vector 1 noise of
xorshift32 (Marsaglia 2003), and a model of sound hears a sweep of triangles as well, through the
integer front end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.bundle import ModelFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

SEED = 0x9E3779B9
NUMBERS_PER_LINE = 20
FEATURES_BASIS, FEATURES_PRIME = 0x811C9DC5, 0x01000193
"""Of the 32-bit hash of Fowler, Noll and Vo (FNV-1a) that stands for the front end's features."""


def xorshift() -> Iterator[int]:
    """Yield 32-bit numbers, the same as the C test's."""
    state = SEED
    while True:
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        yield state


def vectors(size: int) -> list[Array]:
    """Return the two int8 inputs of `size` values each."""
    import numpy as np

    ramp = [(5 * k + k // 97) % 256 - 128 for k in range(size)]
    noise = [(number >> 24) - 128 for number in islice(xorshift(), size)]
    return [np.array(values, np.int8) for values in (ramp, noise)]


def sound(samples: int) -> Array:
    """Return the sweep: int16, a triangle that rises in pitch under a little noise."""
    import numpy as np

    made, phase = [], 0
    for n, number in enumerate(islice(xorshift(), samples)):
        phase = (phase + 600 + n // 4) & 0xFFFF
        height = (phase if phase < 0x8000 else 0xFFFF - phase) - 0x4000
        made.append(height // 4 * (n * 8 // samples % 2) + (number >> 24) - 128)
    return np.array(made, np.int16)


def fnv1a(data: bytes) -> int:
    """Return the 32-bit FNV-1a hash."""
    state = FEATURES_BASIS
    for byte in data:
        state = (state ^ byte) * FEATURES_PRIME & 0xFFFFFFFF
    return state


def to_golden(
    path: Path, entry: ModelFile, front_end: Mapping[str, Any], folder: Path, name: str
) -> Path:
    """Write NAME_golden.h, the answers of the TFLite file `path` by TFLite Micro; returns its path.

    entry describes the file; front_end is the bundle's. ValueError where it does not
    load.
    """
    from device.backends import tflm

    model = tflm.open(path, entry)
    given = entry.inputs[0]
    size = 1
    for length in given.shape:
        size *= length

    def answer(values: Array) -> list[int]:
        return [int(v) for v in model.invoke([values.reshape(given.shape)])[0].reshape(-1)]

    answers = [answer(values) for values in vectors(size)]
    features = _features(front_end, entry) if front_end["name"] == "logmel" else None
    heard = None if features is None else (fnv1a(features.tobytes()), answer(features))
    header = folder / f"{name}_golden.h"
    header.write_text(_header(name, answers, heard), encoding="utf-8", newline="\n")
    return header


def _features(front_end: Mapping[str, Any], entry: ModelFile) -> Array:
    from device.backends.fixed import features, levels

    spec, given = dict(front_end), entry.inputs[0]
    assert given.scale is not None and given.zero_point is not None
    level = levels(sound(spec["samples"]), spec)
    return features(level, spec, given.scale, given.zero_point)


def _header(name: str, answers: list[list[int]], heard: tuple[int, list[int]] | None) -> str:
    upper = name.upper()
    lines = [
        "/* Made by Collodi; do not edit. What TFLite Micro answers to the inputs of the test. */",
        f"#ifndef {upper}_GOLDEN_H",
        f"#define {upper}_GOLDEN_H",
        "",
        "#include <stdint.h>",
        "",
        f"#define {upper}_GOLDEN_VECTORS {len(answers)}",
        f"#define {upper}_GOLDEN_SOUND {int(heard is not None)} /* front end too */",
        "",
        "/* Outputs for input 0, a ramp, and input 1, noise. */",
        f"static const int8_t {name}_golden[{len(answers)}][{len(answers[0])}] = {{",
        *(f"  {{{_rows(values)}}}," for values in answers),
        "};",
    ]
    if heard is not None:
        lines += [
            "",
            "/* A second of sound: FNV-1a of the features of the front end, and the output. */",
            f"#define {upper}_GOLDEN_FEATURES 0x{heard[0]:08x}u",
            f"static const int8_t {name}_golden_heard[{len(heard[1])}] = {{{_rows(heard[1])}}};",
        ]
    return "\n".join([*lines, "", f"#endif /* {upper}_GOLDEN_H */"]) + "\n"


def _rows(values: Sequence[int]) -> str:
    rows = [values[i : i + NUMBERS_PER_LINE] for i in range(0, len(values), NUMBERS_PER_LINE)]
    return ",\n   ".join(", ".join(map(str, row)) for row in rows)
