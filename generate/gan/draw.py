"""Faces of a generator that are asked for: by attribute, along a ladder, balanced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generate.gan.attribute_table import ATTRIBUTES, EXPRESSIONS
from generate.gan.edit_steps import steer
from generate.gan.edits import (
    Directions,
    Measure,
    closed_form,
    draw_w,
    measured,
    pictures_of,
)
from generate.gan.networks import Generator
from generate.gan.sheet import sheet, to_pictures
from generate.options import choose
from generate.progress import Progress

Pixels = NDArray[np.uint8]
TONES = (4.5, 7.5)
"""Borders of the three bands of skin tones that are drawn as often, Monk scale."""
UNDECIDED = (0.4, 0.6)
"""Measured `male` between these tells no sex."""
CLOSED_REACH = 5.0
TRIES = 60
"""Samples looked at for each picture that is asked for, before giving up."""


@dataclass(frozen=True)
class Drawn:
    """Pictures and what they measure."""

    pictures: Pixels
    """(N, H, W, 3) RGB."""
    values: NDArray[np.float64]
    """(N, K) measured attributes: pseudo-labels, not exact ones."""


def targets_of(asked: Mapping[str, float | None], expression: str) -> dict[str, float]:
    """What an edit aims at; ValueError where a value is out of its range."""
    targets = dict(EXPRESSIONS[choose(expression, EXPRESSIONS, "expression")]) if expression else {}
    targets |= {name: value for name, value in asked.items() if value is not None}
    for name, value in targets.items():
        kind = ATTRIBUTES[name]
        if not kind.low <= value <= kind.high:
            want = f"want {kind.low:g} to {kind.high:g} ({kind.unit})"
            raise ValueError(f"--{name} {value:g}: {want}")
    return targets


def draw(
    generator: Generator, measure: Measure, directions: Directions | None, w: Tensor,
    targets: Mapping[str, float],
) -> Drawn:  # fmt: skip
    """Pictures of w (N, w_dim), moved to `targets`."""
    if targets:
        assert directions is not None
        w = steer(generator, measure, directions, w, targets)
    drawn = [pictures_of(generator, part) for part in torch.split(w, 16)]
    with torch.no_grad():
        values = torch.cat([measure(images).cpu() for images in drawn]).double().numpy()
    return Drawn(np.concatenate([to_pictures(images) for images in drawn]), values)


def closed_ladder(generator: Generator, w: Tensor, number: int, rungs: int) -> Pixels:
    """A sheet: a row for each face of w, along closed-form direction `number` from left to right,
    CLOSED_REACH standard deviations to both sides."""
    along = closed_form(generator, number + 1)[:, -1]
    reach = CLOSED_REACH * float(draw_w(generator, 0, 512).std(0).square().sum().sqrt())
    reach /= len(along) ** 0.5
    steps = np.linspace(-reach, reach, rungs)
    places = [w + float(step) * torch.from_numpy(along).to(w) for step in steps]
    return _columns([to_pictures(pictures_of(generator, place)) for place in places])


def ladder(
    generator: Generator, measure: Measure, directions: Directions, w: Tensor, name: str,
    rungs: int,
) -> Pixels:  # fmt: skip
    """A sheet: a row for each face of w, its attribute `name` rising from left to right."""
    kind = ATTRIBUTES[name]
    columns, progress = list[Pixels](), Progress(rungs, "climb", "rung")
    for value in np.linspace(kind.low, kind.high, rungs):
        columns.append(draw(generator, measure, directions, w, {name: float(value)}).pictures)
        progress.update(len(columns))
    progress.close()
    return _columns(columns)


def _columns(columns: list[Pixels]) -> Pixels:
    return sheet(np.stack(columns, 1).reshape(-1, *columns[0].shape[1:]), len(columns))


class Cells:
    """Room for girls and boys of three bands of tones, as often as can be."""

    def __init__(self, count: int, first: int = 0) -> None:
        """For `count` faces from number `first` of a set on: over its parts none is favoured."""
        size = 2 * (len(TONES) + 1)
        self.room = np.bincount(np.arange(first, first + count) % size, minlength=size)

    def fault(self, values: NDArray[np.float64]) -> str:
        """Why there is no room for a face of these measured attributes (K,); empty: it is taken."""
        names = list(ATTRIBUTES)
        sex = sex_of(float(values[names.index("male")]))
        if not sex:
            return "of no clear sex"
        tone = int(np.searchsorted(TONES, values[names.index("tone")]))
        cell = tone * 2 + int(sex == "male")
        if not self.room[cell]:
            return "of a group that is full"
        self.room[cell] -= 1
        return ""

    @property
    def empty(self) -> str:
        """Who is still looked for."""
        tone, male = divmod(int(np.flatnonzero(self.room)[0]), 2)
        return f"{('girl', 'boy')[male]} of tone band {tone + 1} of {len(TONES) + 1}"


def sex_of(male: float) -> str:
    """female or male by the measured attribute; empty where it tells none."""
    low, high = UNDECIDED
    return "male" if male > high else "female" if male < low else ""


def balanced_w(
    generator: Generator, measure: Measure, seed: int, count: int, truncation: float
) -> Tensor:
    """w of `count` faces, girls and boys and three bands of tones as often as can be: (N, w_dim).

    By rejection: samples of the seed are looked at in order and taken while their cell has room.
    ValueError where a cell stays empty for too long.
    """
    cells = Cells(count)
    w = draw_w(generator, seed, TRIES * count, truncation)
    taken = list[Tensor]()
    for part in torch.split(w, 64):
        measures = measured(generator, part, measure)
        taken += [
            one for one, values in zip(part, measures, strict=True) if not cells.fault(values)
        ]
        if len(taken) == count:
            return torch.stack(taken)
    many = f"no {cells.empty} among {len(w)} samples"
    raise ValueError(f"{many}; draw without --balanced or train longer")
