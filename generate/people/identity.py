"""What a person's seed, age, sex and ancestry make of the head's shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.people.asset import Asset
from generate.people.coefficients import age_value, phenotype_weights
from generate.people.identity_tables import (
    AGES,
    ANCESTRY,
    BEFORE_PUBERTY,
    FACE_SHAPE,
    MALE,
    MIXES,
    PUBERTY_YEARS,
    TRAIT_SHARE,
)
from generate.spec import ARKIT, Person

LOCAL_SIGMA = 0.05
"""Spread of each local change on its own; the traits of MIXES make most of the variety."""
SHIFT_SIGMA = 0.03
"""The same for shifts and scales."""
TRAIT_LIMIT = 2.0
"""Traits are drawn within this many standard deviations."""
ASYMMETRY_SIGMA = 0.025
AMOUNT_LIMIT = 0.9
"""Identity, age, sex and face shape together stay within this share of a slider."""
LEAN = ((0.08, 0.22), (0.34, 0.5))
"""How far from the middle towards one sex the phenotype is: young children, adults."""
FAT = ((0.35, 0.72), (0.25, 0.85))
"""Range of anny's weight: young children, adults."""

REST_FACE = {
    "browInnerUp": (0.04, 0.16),
    "browOuterUp": (0.00, 0.10),
    "mouthSmile": (0.10, 0.24),
    "mouthDimple": (0.00, 0.08),
    "cheekSquint": (0.00, 0.10),
    "eyeSquint": (0.00, 0.10),
    "mouthClose": (0.05, 0.10),
}
"""Range of each action in the relaxed face. anny's neutral face looks stern (brows low, mouth
corners down, lips a millimetre apart), so this much is part of every person's shape; the ARKit
labels do not count it."""

_STREAMS = {"local": 0, "body": 1, "rest": 2, "traits": 3}


def _rng(person: Person, stream: str) -> np.random.Generator:
    seed = np.random.SeedSequence(person.face_seed, spawn_key=(_STREAMS[stream],))
    return np.random.default_rng(seed)


def shape_weights(asset: Asset, person: Person) -> NDArray[np.float64]:
    """Return the weight of every shape of the asset for this person at rest, actions at 0."""
    rng = _rng(person, "body")
    muscle, fat, lean = rng.uniform(0.3, 0.6), rng.uniform(), rng.uniform()
    sign = 1 if person.sex == "male" else -1
    weights = np.zeros(len(asset.shapes))
    weights[: asset.first_action] = phenotype_weights(
        asset.phenotype_mask,
        np.array(person.ancestry),
        gender=0.5 + sign * _between(LEAN, lean, person.age_years),
        age=age_value(person.age_years),
        muscle=muscle,
        weight=_between(FAT, fat, person.age_years),
    )
    amounts = local_amounts(asset, person)
    for i, amount in enumerate(amounts):
        weights[asset.first_local + 2 * i + int(amount < 0)] = abs(amount)
    return weights


def _between(ranges: tuple[tuple[float, float], ...], place: float, years: float) -> float:
    """Value at `place` 0..1 of the range of this age, between a child's and an adult's."""
    young, grown = (low + place * (high - low) for low, high in ranges)
    return float(np.interp(years, PUBERTY_YEARS, (young, grown)))


def local_amounts(asset: Asset, person: Person) -> NDArray[np.float64]:
    """Return the signed amount of each local change: the identity, and what age and sex add."""
    rng = _rng(person, "local")
    bare = [name[2:] if name[:2] in ("l-", "r-") else name for name in asset.local_names]
    own = {name: rng.normal() for name in sorted(set(bare))}
    common = _common(person)
    out = np.zeros(len(bare))
    for i, name in enumerate(bare):
        sigma = SHIFT_SIGMA if "trans" in name or "scale" in name else LOCAL_SIGMA
        side = rng.normal(0, ASYMMETRY_SIGMA) if name != asset.local_names[i] else 0.0
        out[i] = sigma * np.clip(own[name], -2, 2) + side + common.get(name, 0.0)
    return np.clip(out, -AMOUNT_LIMIT, AMOUNT_LIMIT)


def _common(person: Person) -> dict[str, float]:
    """Amounts by local name from traits, ancestry, age, sex and face shape."""
    shows = float(np.interp(person.age_years, *TRAIT_SHARE))
    parts = [(shows * size, MIXES[name]) for name, size in traits(person).items()]
    for (start, full), shift in AGES:
        share = (person.age_years - start) / (full - start)
        parts.append((min(max(share, 0.0), 1.0), shift))
    grown = float(np.interp(person.age_years, PUBERTY_YEARS, (BEFORE_PUBERTY, 1.0)))
    parts.append((grown if person.sex == "male" else -grown, MALE))
    parts.append((person.face_shape, FACE_SHAPE))
    out: dict[str, float] = {}
    for share, amounts in parts:
        for name, amount in amounts.items():
            out[name] = out.get(name, 0.0) + share * amount
    return out


def traits(person: Person) -> dict[str, float]:
    """Return each trait of MIXES in standard deviations: the seed's, about the ancestry's mean."""
    drawn = np.clip(_rng(person, "traits").normal(size=len(MIXES)), -TRAIT_LIMIT, TRAIT_LIMIT)
    out = dict(zip(MIXES, drawn.tolist(), strict=True))
    for share, means in zip(person.ancestry, ANCESTRY, strict=True):
        for name, mean in means.items():
            out[name] += share * mean
    return out


def rest_face(person: Person) -> NDArray[np.float64]:
    """Return the amounts (52,) of the actions that belong to this person's relaxed face."""
    rng = _rng(person, "rest")
    out = np.zeros(len(ARKIT))
    for name, (low, high) in sorted(REST_FACE.items()):
        amount = rng.uniform(low, high)
        for i, action in enumerate(ARKIT):
            if action in (name, f"{name}Left", f"{name}Right"):
                out[i] = amount
    return out
