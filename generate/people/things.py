"""What a person wears on the head and holds before the face, as pieces beside the hair."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from generate.people.piece import Piece
from generate.people.things_face import Face
from generate.people.things_glasses import GLASSES, glasses
from generate.people.things_headwear import HEADWEAR, headwear
from generate.spec import Person


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
    return pieces


def _known(name: str, table: Mapping[str, object], what: str) -> None:
    if name != "none" and name not in table:
        raise ValueError(f"{what} {name!r} is not one of none, {', '.join(table)}")
