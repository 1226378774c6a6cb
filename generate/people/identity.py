"""What a person's seed, age, sex and ancestry make of the head's shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.people.asset import Asset
from generate.people.coefficients import age_value, phenotype_weights
from generate.spec import ARKIT, Person

LOCAL_SIGMA = 0.10
"""Spread of the local shape changes; 0.22 gave caricatures."""
SHIFT_SIGMA = 0.06
ASYMMETRY_SIGMA = 0.02
LOCAL_LIMIT = 0.3

CHILD_PRIOR = {
    "head-fat-incr": 0.18,
    "nose-scale-vert-incr": -0.15,
    "nose-volume-incr": -0.10,
    "chin-prominent-incr": -0.15,
    "eye-scale-incr": 0.22,
    "cheek-volume-incr": 0.16,
}
"""Local changes of a young child: rounder cheeks, larger eyes, less nose and chin than anny has."""
PRIOR_YEARS = (7.0, 13.0)
"""The child prior holds up to the first age and has gone at the second."""

REST_FACE = {
    "browInnerUp": (0.10, 0.26),
    "browOuterUp": (0.04, 0.16),
    "mouthSmile": (0.08, 0.16),
    "eyeWide": (0.00, 0.08),
    "mouthClose": (0.05, 0.10),
}
"""Range of each action in the relaxed face. anny's neutral face looks stern (brows low, mouth
corners down, lips a millimetre apart), so this much is part of every person's shape; the ARKit
labels do not count it."""

_STREAMS = {"local": 0, "body": 1, "rest": 2}


def _rng(person: Person, stream: str) -> np.random.Generator:
    seed = np.random.SeedSequence(person.face_seed, spawn_key=(_STREAMS[stream],))
    return np.random.default_rng(seed)


def shape_weights(asset: Asset, person: Person) -> NDArray[np.float64]:
    """Return the weight of every shape of the asset for this person at rest, actions at 0."""
    rng = _rng(person, "body")
    muscle, fat = rng.uniform(0.3, 0.6), rng.uniform(0.35, 0.75)
    lean = rng.uniform(0.25, 0.48) * (1 if person.sex == "male" else -1)
    weights = np.zeros(len(asset.shapes))
    weights[: asset.first_action] = phenotype_weights(
        asset.phenotype_mask,
        np.array(person.ancestry),
        gender=0.5 + lean,
        age=age_value(person.age_years),
        muscle=muscle,
        weight=fat,
    )
    amounts = local_amounts(asset, person)
    for i, amount in enumerate(amounts):
        weights[asset.first_local + 2 * i + int(amount < 0)] = abs(amount)
    return weights


def local_amounts(asset: Asset, person: Person) -> NDArray[np.float64]:
    """Return the signed amount of each local change: the identity, and what is childlike."""
    rng = _rng(person, "local")
    bare = [name[2:] if name[:2] in ("l-", "r-") else name for name in asset.local_names]
    drawn = {name: rng.normal() for name in sorted(set(bare))}
    young = float(np.interp(person.age_years, PRIOR_YEARS, (1.0, 0.0)))
    out = np.zeros(len(bare))
    for i, name in enumerate(bare):
        sigma = SHIFT_SIGMA if "trans" in name or "scale" in name else LOCAL_SIGMA
        own = np.clip(sigma * drawn[name], -LOCAL_LIMIT, LOCAL_LIMIT)
        side = rng.normal(0, ASYMMETRY_SIGMA) if bare[i] != asset.local_names[i] else 0.0
        out[i] = own + side + young * CHILD_PRIOR.get(name, 0.0)
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
