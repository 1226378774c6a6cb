"""A fitted style as JSON: format, version, factors by name, bias by blendshape."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from device.files import write_atomic
from device.strict import load_json
from generate.motion.shapes import COLUMN
from generate.motion.style import PersonalStyle, Style
from generate.spec import ARKIT

FORMAT, VERSION = "collodi.style", 1


def write_style(path: Path, person: PersonalStyle) -> None:
    """Write a style; blendshapes without a bias are left out."""
    bias = {name: round(v, 6) for name, v in zip(ARKIT, person.bias, strict=True) if v}
    style = {name: round(value, 6) for name, value in asdict(person.style).items()}
    body = {"format": FORMAT, "version": VERSION, "style": style, "bias": bias}
    write_atomic(path, json.dumps(body, indent=1) + "\n")


def read_style(path: Path) -> PersonalStyle:
    """Read what `write_style` wrote, or a person by hand; factors that are not named are average.

    Raises ValueError with the file for other formats, unknown names and values out of range.
    """
    body = load_json(path)
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise ValueError(f"{path}: not a {FORMAT} file")
    if body.get("version") != VERSION:
        raise ValueError(f"{path}: version {body.get('version')}, this kit reads {VERSION}")
    style = _numbers(path, body.get("style", {}), [item.name for item in fields(Style)])
    bias = np.zeros(len(ARKIT))
    for name, value in _numbers(path, body.get("bias", {}), ARKIT).items():
        bias[COLUMN[name]] = value
    try:
        return PersonalStyle(Style(**style), tuple(bias.tolist()))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _numbers(path: Path, values: Any, known: Any) -> dict[str, float]:
    if not isinstance(values, dict):
        raise ValueError(f"{path}: {values!r:.60} is not a table of names and numbers")
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"{path}: unknown name {name!r}, known: {', '.join(known)}")
        if type(value) not in (int, float) or abs(value) > 1e300:
            raise ValueError(f"{path}: {name} {value!r:.40} is not a number")
    return {name: float(value) for name, value in values.items()}
