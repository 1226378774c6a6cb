"""Faces of a generator that are asked for: by attribute, along a ladder, balanced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generate.gan.attribute_table import ATTRIBUTES, EXPRESSIONS
from generate.gan.edits import (
    Directions,
    Measure,
    closed_form,
    draw_w,
    measured,
    pictures_of,
    steer,
)
from generate.gan.networks import Generator
from generate.gan.sheet import sheet, to_pictures
from generate.options import choose

Pixels = NDArray[np.uint8]
TONES = (4.5, 7.5)
"""Borders of the three bands of skin tones that are drawn as often, Monk scale."""
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
    parts = [to_pictures(pictures_of(generator, part)) for part in torch.split(w, 16)]
    return Drawn(np.concatenate(parts), measured(generator, w, measure))


def ladder(
    generator: Generator, measure: Measure, directions: Directions | None, w: Tensor, name: str,
    rungs: int,
) -> Pixels:  # fmt: skip
    """A sheet: a row for each face of w, its attribute `name` rising from left to right.

    closedN goes along closed-form direction N by CLOSED_REACH standard deviations to both sides.
    """
    if name.startswith("closed"):
        along = closed_form(generator, int(name[6:]) + 1)[:, -1]
        reach = CLOSED_REACH * float(draw_w(generator, 0, 512).std(0).square().sum().sqrt())
        reach /= len(along) ** 0.5
        places = [w + float(t) * torch.from_numpy(along).to(w) for t in
                  np.linspace(-reach, reach, rungs)]  # fmt: skip
        columns = [draw(generator, measure, None, place, {}).pictures for place in places]
    else:
        kind = ATTRIBUTES[name]
        columns = [
            draw(generator, measure, directions, w, {name: float(value)}).pictures
            for value in np.linspace(kind.low, kind.high, rungs)
        ]
    return sheet(np.stack(columns, 1).reshape(-1, *columns[0].shape[1:]), rungs)


def balanced_w(
    generator: Generator, measure: Measure, seed: int, count: int, truncation: float
) -> Tensor:
    """w of `count` faces, girls and boys and three bands of tones as often as can be: (N, w_dim).

    By rejection: samples of the seed are looked at in order and taken while their cell has room.
    ValueError where a cell stays empty for too long.
    """
    names = list(ATTRIBUTES)
    cells = 2 * (len(TONES) + 1)
    room = np.array([count // cells + (cell < count % cells) for cell in range(cells)])
    w = draw_w(generator, seed, TRIES * count, truncation)
    taken = list[Tensor]()
    for part in torch.split(w, 64):
        for one, values in zip(part, measured(generator, part, measure), strict=True):
            tone = int(np.searchsorted(TONES, values[names.index("tone")]))
            cell = tone * 2 + int(values[names.index("male")] > 0.5)
            if room[cell]:
                room[cell] -= 1
                taken.append(one)
        if len(taken) == count:
            return torch.stack(taken)
    tone, male = divmod(int(np.flatnonzero(room)[0]), 2)
    who = f"{('girl', 'boy')[male]} of tone band {tone + 1} of {len(TONES) + 1}"
    raise ValueError(f"no {who} among {len(w)} samples; draw without --balanced or train longer")
