"""Dense points: fixed places on the skin of face, ears and neck, the same on every person.

Each point is an anchor, a triangle of the skin with three weights, so it keeps its anatomical
place through identity, age, expression and pose, as the dense landmarks of Wood et al. (ECCV
2022) do. Blue noise: points are drawn on the template in random order and kept where none is near
(Cook 1986), nearer at eyes, lips, nose and brows. The person's right half is drawn and mirrored;
points on the midline are their own mirrors. They are computed from the asset, the same each time,
and change only with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from generate.people.asset import Anchors, Asset, load_asset

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

SPACING_MM = {
    "lips": 3.4,
    "eyes": 3.2,
    "brows": 4.5,
    "nose": 4.5,
    "mouth": 5.5,
    "ears": 6.5,
    "chin": 7.0,
    "cheeks": 8.5,
    "forehead": 9.0,
    "neck": 11.0,
}
"""Regions, and the least distance of their points on an adult's head. "eyes" are the lids and what
is round them, "mouth" the skin round the lips."""
REGIONS = tuple(SPACING_MM)
CANDIDATES = 10000
SEED = 468
LOWEST_MM = 590.0
"""Template height of the lowest point of the neck: the lowest collar ends a little below."""
OPEN = 0.25
"""Least ambient occlusion: leaves out nostrils and the depth of the ear."""
MIDLINE_MM = 1.0
EAR_M = 0.016
"""What shifts the ears by 20 mm moves a point of them by at least this."""


@dataclass(frozen=True)
class Dense:
    """M points, sorted by region, then from the chin up."""

    anchors: Anchors
    """Corner ids (M, 3) of render points, weights (M, 3)."""
    region: I32
    """(M,) index into REGIONS."""
    mirror: I32
    """(M,) index of the same place on the other side; its own on the midline."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each point: its region and its number there, such as "nose-12"."""
        first = np.searchsorted(self.region, np.arange(len(REGIONS)))
        numbers = np.arange(len(self.region)) - first[self.region]
        return tuple(f"{REGIONS[r]}-{n}" for r, n in zip(self.region, numbers, strict=True))

    def at(self, points: F32, normals: F32) -> tuple[F32, F32]:
        """Return places and unit normals (M, 3) for the render points (V, 3) of a `Posed`."""
        around = self.anchors.at(normals)
        length = np.linalg.norm(around, axis=1, keepdims=True)
        return self.anchors.at(points), np.asarray(around / np.maximum(length, 1e-9), np.float32)


@cache
def dense_points() -> Dense:
    """Return the points, which the skins of all garments share."""
    asset = load_asset()
    skin, last = int(asset.arrays["part_points"][1]), int(asset.arrays["part_tris"][1])
    canon = asset.arrays["canon"][:skin].astype(np.float64)
    aux = asset.arrays["aux"][:skin].astype(np.float64)
    tris = asset.arrays["tris"][:last].astype(np.int64)
    regions = _regions(canon, aux, _ears(asset, skin))
    corner, weight = _candidates(canon, tris, regions)
    kept = _apart(canon, corner, weight, regions)
    return _mirrored(canon, corner[kept], weight[kept], regions)


def _regions(canon: F64, aux: F64, ears: NDArray[np.bool_]) -> I64:
    """Return the region of each skin point of the template, -1 where none is wanted."""
    (x, y, z), lips = (np.abs(canon[:, 0]), canon[:, 1], canon[:, 2]), aux[:, 1] > 0.5
    under_jaw = y < 614.0 + (120.0 - z) * 0.85
    tests = {
        "ears": ears,
        "lips": lips,
        "eyes": (y > 713) & (y < 739) & (x > 12) & (x < 52) & (z > 112),
        "brows": (y > 738) & (y < 757) & (x > 7) & (x < 62) & (z > 105),
        "nose": (y > 675) & (y < 738) & (x < 20) & (z > 135),
        "mouth": (y > 642) & (y < 677) & (x < 36) & (z > 125),
        "neck": under_jaw,
        "chin": (y < 643) & (x < 30),
        "forehead": y > 738,
        "cheeks": z > 45,
    }
    out = np.full(len(canon), REGIONS.index("neck"))
    for name, inside in reversed(tests.items()):
        out[inside] = REGIONS.index(name)
    hidden = (aux[:, 0] < OPEN) | (aux[:, 2] > 0.1) | (aux[:, 3] > 0.3)
    behind = (z < 0) & ~ears
    out[hidden | behind | (y < LOWEST_MM)] = -1
    return out


def _ears(asset: Asset, skin: int) -> NDArray[np.bool_]:
    """Return which skin points belong to the ears: those that move as ears move up."""
    moved = np.zeros_like(asset.template)
    for side in ("l", "r"):
        index = asset.local_names.index(f"{side}-ear-trans-up")
        asset.shapes.add(moved, np.ones(1), asset.first_local + 2 * index)
    size = np.linalg.norm(moved, axis=1)
    start = asset.arrays["row_start"][: skin + 1]
    of, weight = (asset.arrays[name][: start[-1]] for name in ("row_index", "row_weight"))
    owner = np.repeat(np.arange(skin), np.diff(start))
    return np.asarray(np.bincount(owner, weight * size[of], skin) > EAR_M)


def _candidates(canon: F64, tris: I64, regions: I64) -> tuple[I64, F64]:
    """Draw places on the right half, by area over spacing squared: corners and weights (N, 3)."""
    rng = np.random.default_rng(SEED)
    spacing = np.array([*SPACING_MM.values(), np.inf])[regions]
    tris = tris[(regions[tris] >= 0).all(1) & (canon[tris][..., 0] <= 1e-6).all(1)]
    sides = canon[tris[:, 1:]] - canon[tris[:, :1]]
    area = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    share = area / spacing[tris].mean(1) ** 2
    corner = tris[rng.choice(len(tris), CANDIDATES, p=share / share.sum())]
    a, b = np.sqrt(rng.uniform(size=CANDIDATES)), rng.uniform(size=CANDIDATES)
    return corner, np.stack([1 - a, a * (1 - b), a * b], 1)


def _apart(canon: F64, corner: I64, weight: F64, regions: I64) -> I64:
    """Return the candidates that stay: no earlier one, nor its mirror, is within its spacing."""
    place = (canon[corner] * weight[..., None]).sum(1)
    nearest = corner[np.arange(len(corner)), weight.argmax(1)]
    spacing = np.array(list(SPACING_MM.values()))[regions[nearest]]
    middle = -place[:, 0]
    free = (middle < MIDLINE_MM) | (middle > spacing / 2)
    around = cKDTree(place).query_ball_point(place, spacing)
    kept = []
    for i in range(len(place)):
        if free[i]:
            kept.append(i)
            free[around[i]] = False
    return np.array(kept)


def _mirrored(canon: F64, corner: I64, weight: F64, regions: I64) -> Dense:
    """Add the other side's points to those of the right half, and sort all."""
    other = cKDTree(canon).query(canon * (-1, 1, 1))[1]
    place = (canon[corner] * weight[..., None]).sum(1)
    middle = place[:, 0] > -MIDLINE_MM
    n, pairs = len(corner), np.flatnonzero(~middle)
    corners = np.concatenate([corner, other[corner[pairs]][:, ::-1]])
    weights = np.concatenate([weight, weight[pairs][:, ::-1]])
    mirror = np.arange(n + len(pairs))
    mirror[pairs], mirror[n:] = n + np.arange(len(pairs)), pairs
    place = np.concatenate([place, place[pairs] * (-1, 1, 1)])
    right = regions[corner[np.arange(n), weight.argmax(1)]]
    region = np.concatenate([right, right[pairs]])
    order = np.lexsort((place[:, 0], np.round(place[:, 1], 3), region))
    back = np.argsort(order)
    anchors = Anchors(corners[order].astype(np.int32), weights[order].astype(np.float32))
    return Dense(anchors, region[order].astype(np.int32), back[mirror[order]].astype(np.int32))
