"""Compare the asset with anny itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.people.bake_source import FIXED, Source, kit_axes
from generate.people.codec import unpack_shapes
from generate.people.coefficients import phenotype_weights
from generate.spec import ARKIT


def largest_error_mm(
    source: Source, arrays: dict[str, NDArray[Any]], used: NDArray[np.int64], trials: int = 12
) -> float:
    """Return the largest distance between asset and anny over random persons and faces."""
    rng = np.random.default_rng(20)
    shapes, worst = unpack_shapes(arrays), 0.0
    count, names = len(source.mask), source.local_names
    acting = len(shapes) - count - 2 * len(names)  # the body has no facial actions
    for _ in range(trials):
        race = rng.dirichlet([1, 1, 1])
        free = {k: float(rng.uniform(0, 1)) for k in ("gender", "age", "muscle", "weight")}
        chosen = {str(k): float(rng.uniform(-0.5, 0.5)) for k in rng.choice(names, 30, False)}
        face = {str(k): float(rng.uniform(0, 1)) for k in rng.choice(ARKIT, 6, False)}
        weights = np.zeros(len(shapes))
        weights[:count] = phenotype_weights(source.mask, race, **free)
        for name, value in face.items():
            weights[count + ARKIT.index(name)] = value * bool(acting)
        for name, value in chosen.items():
            weights[count + acting + 2 * names.index(name) + (value < 0)] = abs(value)
        mine = shapes.add(arrays["template"].copy(), weights)
        theirs = source.model(
            phenotype_kwargs=free | FIXED | dict(zip(RACES, map(float, race), strict=True)),
            local_changes_kwargs=chosen,
            facial_actions=face,
        )["rest_vertices"][0]
        gap = np.linalg.norm(mine - kit_axes(theirs.numpy())[used], axis=1).max()
        worst = max(worst, float(gap) * 1000)
    return worst


RACES = ("african", "asian", "caucasian")
