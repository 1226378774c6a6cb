"""The integer log-mel front end -> C99, with the tables of device/backends/fixed.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from device.backends.fixed import LEVEL_BITS, feature_steps, tables
from device.bundle import Tensor

TEMPLATES = Path(__file__).parent / "templates"
TABLES = ("window", "cosine", "sine", "first", "count", "weight", "chord")
NUMBERS_PER_LINE = 12


def to_c_frontend(spec: Mapping[str, Any], given: Tensor, folder: Path, name: str) -> list[Path]:
    """Write NAME_frontend.c and .h for a `logmel` front end; returns both paths, .c first.

    given is the model's int8 input, whose scale and zero point the features have. ValueError where
    the front end does not fit 32-bit integers.
    """
    values = _values(dict(spec), given) | {"name": name, "NAME": name.upper()}
    paths = []
    for suffix in (".c", ".h"):
        text = (TEMPLATES / f"frontend{suffix}").read_text(encoding="utf-8")
        path = folder / f"{name}_frontend{suffix}"
        path.write_text(_filled(text, values), encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def _values(spec: dict[str, Any], given: Tensor) -> dict[str, str]:
    """What stands in the templates between two @."""
    assert given.scale is not None and given.zero_point is not None
    made = tables(spec)
    gain, offset = feature_steps(spec, given.scale, given.zero_point)
    numbers = {
        "rate": spec["sample_rate"], "samples": spec["samples"], "hop": spec["hop"],
        "window_samples": spec["window"], "frames": spec["samples"] // spec["hop"],
        "mels": spec["n_mels"], "n_fft": spec["n_fft"], "octave": 1 << LEVEL_BITS,
        "shift": made.shift, "power_shift": made.power_shift, "epsilon": made.epsilon,
        "depth": made.depth, "quietest": made.quietest, "gain": gain, "offset": offset,
    }  # fmt: skip
    return {key: str(value) for key, value in numbers.items()} | {
        key: _rows([int(value) for value in getattr(made, key)]) for key in TABLES
    }


def _rows(numbers: list[int]) -> str:
    lines = [
        "  " + ", ".join(map(str, numbers[i : i + NUMBERS_PER_LINE]))
        for i in range(0, len(numbers), NUMBERS_PER_LINE)
    ]
    return "\n" + ",\n".join(lines) + "\n"


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"@(\w+)@", lambda found: values[found[1]], text)
