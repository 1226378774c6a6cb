"""The inner layer of hair: scalp triangles lifted into the mass, opaque, so that none shows bare.

It takes the place of all the locks that would lie hidden under others.
"""

from __future__ import annotations

import numpy as np

from generate.people.hair_ribbons import whole_aux
from generate.people.hair_scalp import Scalp, unit
from generate.people.hair_strands import comb_field, mass_height
from generate.people.hair_styles import Style
from generate.people.ids import HAIR
from generate.people.piece import Piece

SUNK_M = 0.0012
"""At the hairline the layer dips below the skin, so that its border does not show."""


def shell(rng: np.random.Generator, scalp: Scalp, style: Style) -> Piece:
    """Lift the scalp to `style.shell` of the hair's height; lumpy where hair is coily."""
    used, tris = np.unique(scalp.tris, return_inverse=True)
    canon, normal = scalp.canon[used], scalp.normals[used]
    density = scalp.density[used]
    height = mass_height(style, canon, np.clip(density * 1.8 - 0.8, 0, 1)) * style.shell
    lumps = rng.normal(0, 1, len(used))
    if style.loop_mm:
        height = height * (1 + 0.07 * lumps)
    lift = height * scalp.scale / 1000 - SUNK_M * (density < 0.95)
    coarse = 0.35 if style.loop_mm else 0.0
    light = np.clip((0.62 if style.loop_mm else 0.42) + 0.08 * lumps, 0, 1)
    return Piece(
        points=(scalp.points[used] + normal * lift[:, None]).astype(np.float32),
        normals=unit(normal + coarse * rng.normal(0, 1, normal.shape)).astype(np.float32),
        canon=comb_field(canon, normal, style).astype(np.float32),
        aux=whole_aux(light, 0.1),
        tris=tris.reshape(-1, 3).astype(np.int32),
        material=HAIR,
        follow=np.ones(len(used), np.float32),
    )
