"""What a person wears on the head and holds before the face, as pieces beside the hair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from generate.motion.gesture import HELD_HANDS
from generate.people.piece import Piece
from generate.people.things_face import Face
from generate.people.things_glasses import GLASSES, glasses
from generate.people.things_headwear import HEADWEAR, headwear
from generate.people.things_held import HELD, held
from generate.spec import Person

WORN: tuple[tuple[float, dict[str, float]], ...] = (
    (2.0, {"glasses": 0.03, "headwear": 0.20, "held": 0.20}),
    (6.0, {"glasses": 0.08, "headwear": 0.15, "held": 0.17}),
    (18.0, {"glasses": 0.12, "headwear": 0.14, "held": 0.12}),
    (90.1, {"glasses": 0.25, "headwear": 0.10, "held": 0.10}),
)
"""Up to which age (years) what share of people wears or holds something, for training data."""


def odds(control: str, age_years: float, garment: str) -> dict[str, float]:
    """How often each name of "glasses", "headwear" or "held" is drawn, "none" too; sum 1."""
    worn = next(shares[control] for limit, shares in WORN if age_years < limit)
    weights = {name: sort.share for name, sort in _tables()[control].items()}
    if garment != "hood":
        weights.pop("hood up", None)
    for name, sort in HELD.items():
        if age_years >= sort.under_years:
            weights.pop(name, None)
    total = sum(weights.values())
    return {"none": 1 - worn} | {name: worn * w / total for name, w in weights.items()}


def _tables() -> dict[str, Mapping[str, Shared]]:
    return {"glasses": GLASSES, "headwear": HEADWEAR, "held": {**HELD, **HELD_HANDS}}


class Shared(Protocol):
    """An entry of a table of things."""

    @property
    def share(self) -> float:
        """How often it is worn, relative to the others."""


def add_things(face: Face, person: Person, hair: Piece) -> list[Piece]:
    """The hair as it lies under what is worn, then all that is worn and held.

    Raises ValueError for an unknown name, and for a hood that is up on a garment without one.
    """
    _known(person.glasses, GLASSES, "glasses")
    _known(person.headwear, HEADWEAR, "headwear")
    if person.headwear == "hood up" and person.garment != "hood":
        raise ValueError(f"headwear 'hood up' needs garment 'hood', not {person.garment!r}")
    pieces = [hair]
    if person.headwear != "none":
        rng = np.random.default_rng([person.face_seed, 0x62])
        made, hair = headwear(person.headwear, face, hair, rng, person.garment_color)
        pieces = [hair, *made]
    if person.glasses != "none":
        rng = np.random.default_rng([person.face_seed, 0x61])
        pieces += glasses(person.glasses, face, rng)
    _known(person.held, _tables()["held"], "held")
    if person.held in HELD:
        _young_enough(person)
        pieces += held(person.held, face, person)
    return pieces


def _young_enough(person: Person) -> None:
    limit = HELD[person.held].under_years
    if person.age_years >= limit:
        raise ValueError(
            f"held {person.held!r} is for children under {limit:g}, not for {person.age_years:g}"
        )


def _known(name: str, table: Mapping[str, object], what: str) -> None:
    if name != "none" and name not in table:
        raise ValueError(f"{what} {name!r} is not one of none, {', '.join(table)}")
