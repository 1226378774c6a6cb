"""The baked head: loaded once, verified by its hash, numpy only."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.people.codec import Shapes, asset_path, read_archive, unpack_shapes
from generate.people.ids import CLOTH, HAND
from generate.people.kernels import rows_times

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]


@dataclass(frozen=True)
class Rows:
    """Sparse matrix (V, B): render points from base vertices."""

    start: I32
    index: I32
    weight: F32

    def take(self, first: int, last: int) -> Rows:
        """Return rows first to last."""
        a, b = int(self.start[first]), int(self.start[last])
        return Rows(self.start[first : last + 1] - a, self.index[a:b], self.weight[a:b])

    def then(self, other: Rows) -> Rows:
        """Return these rows followed by those of `other`."""
        start = np.concatenate([self.start, other.start[1:] + self.start[-1]])
        index = np.concatenate([self.index, other.index])
        return Rows(start, index, np.concatenate([self.weight, other.weight]))


@dataclass(frozen=True)
class Anchors:
    """Points on triangles: corner ids (..., 3) of render points and weights (..., 3)."""

    corner: I32
    weight: F32

    def at(self, points: F32) -> F32:
        """Return the anchored points (..., 3) of `points` (V, 3)."""
        return np.asarray((points[self.corner] * self.weight[..., None]).sum(-2), np.float32)


@dataclass(frozen=True)
class Topology:
    """What all persons in one garment share: render points, triangles and their facts."""

    tris: I32
    """(F, 3) counter-clockwise from outside. Renderers should cull the back faces of skin, eyes,
    teeth and tongue: inner lips and cheeks may come through the skin from behind."""
    material: I32
    """(V,) 0 skin 1 eye 2 teeth 3 tongue 4 lash 7 cloth 10 hand (6 is hair, in its own arrays)."""
    canon: F32
    """(V, 3) place on the template in mm (y up, z forward); for eyes the unit direction from the
    eyeball's centre in the eye's own frame, iris along +z."""
    aux: F32
    """(V, 4) ambient occlusion 0..1, then by material: skin lips, mouth cavity, scalp (0..1);
    teeth number along the arch, 0 edge to 1 root; lash place along the lid 0..1, root to tip 0..1;
    cloth 1 on the ribbed band, 1 on a second cloth such as trousers; hands 1 on the palm, 1 on the
    knuckles, 1 on nails."""
    parts: dict[str, tuple[slice, slice]]
    """Name to (points, triangles): skin, l-eye, r-eye, upper-teeth, lower-teeth, tongue,
    l-eyelashes-2, r-eyelashes-2, cloth."""
    rows: Rows
    normal_of: I32
    offset_m: F32
    """(V,) how far cloth stands off along the normal of the point `normal_of`."""
    shift_m: F32
    """(V, 3) fixed displacement of a hood on an adult; children's bodies scale it."""
    landmarks: Anchors
    """iBUG-68 on the skin."""
    contour: Anchors
    """(17, S) strips from each jaw point forward over the cheek, for `contour.contour`."""
    body: Rows | None = None
    """In the upper framing `rows` are those of the head alone; the points after them (parts
    "hands", then "cloth") are these rows over the base vertices of `BodyAsset`."""


@dataclass(frozen=True)
class Asset:
    """Base vertices, their shapes and bones."""

    template: F32
    """(B, 3) metres, kit axes: x the person's left, y up, z out of the face."""
    shapes: Shapes
    """Phenotype shapes, then 52 actions as ARKIT, then (increase, decrease) of each local name."""
    phenotype_mask: NDArray[np.uint8]
    local_names: tuple[str, ...]
    bone_heads: F32
    """(6, 3) neck01, neck02, neck03, head, left and right upper arm."""
    weights: F32
    """(B, 6) share of each bone with what hangs on it; the rest of a vertex stays put."""
    arrays: dict[str, NDArray[Any]]

    @property
    def first_action(self) -> int:
        """Index of the first ARKIT action among the shapes."""
        return len(self.phenotype_mask)

    @property
    def first_local(self) -> int:
        """Index of the first local change among the shapes."""
        return self.first_action + 52

    @property
    def garments(self) -> tuple[str, ...]:
        """Names of the garments in the asset."""
        names = [str(n) for n in self.arrays["part_names"]]
        return tuple(n.removeprefix("cloth-") for n in names if n.startswith("cloth-"))


@dataclass(frozen=True)
class BodyAsset:
    """Base vertices of garments and hands, their shapes and bones; axes as `Asset`."""

    template: F32
    shapes: Shapes
    """Phenotype shapes, then (increase, decrease) of each local name, in the head's order."""
    bone_heads: F32
    """(46, 3) neck01, neck02, neck03, head; the 21 of the left arm in the order of
    `arms.Arm.transforms`; the 21 of the right arm."""
    weights: F32
    """(B, 46) share of each bone; the rest of a vertex stays put."""
    index_tips: I32
    """(2,) base vertices at the tips of the left and the right index finger."""
    soft_edges: I32
    """(E, 2) edges of the cloth."""
    soft_share: F32
    """(B,) how much a vertex follows its neighbours where the trunk's cloth hangs."""
    arrays: dict[str, NDArray[Any]]


def load_asset(path: Path | None = None) -> Asset:
    """Read and verify the asset; the file of the package is read once.

    Raises ValueError if the bytes are not those of the recorded hash.
    """
    return _load(path or asset_path())


@cache
def load_body() -> BodyAsset:
    """Read and verify the body asset, once; a face alone does not need it."""
    arrays = _verified(asset_path().with_name("body.npz"))
    rows, place = arrays["row_start"], arrays["template"] * np.float32(1000)
    arrays["canon"] = np.empty((len(rows) - 1, 3), np.float32)
    index = arrays["row_index"].astype(np.int32)
    rows_times(rows, index, arrays["row_weight"], place, arrays["canon"])
    return BodyAsset(
        template=arrays["template"],
        shapes=unpack_shapes(arrays),
        bone_heads=arrays["bone_heads"],
        weights=np.ascontiguousarray(arrays["weights"]),
        index_tips=arrays["index_tips"].astype(np.int32),
        soft_edges=arrays["soft_edges"].astype(np.int32),
        soft_share=arrays["soft_share"],
        arrays=arrays,
    )


def _verified(path: Path) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise ValueError(f"{path} is missing: reinstall the package or run `collodi bake`")
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    expected = str(json.loads(path.with_suffix(".json").read_text())["sha256"])
    if digest != expected:
        raise ValueError(f"{path} has sha256 {digest[:12]}…, expected {expected[:12]}…")
    return read_archive(data)


@cache
def _load(path: Path) -> Asset:
    arrays = _verified(path)
    return Asset(
        template=arrays["template"],
        shapes=unpack_shapes(arrays),
        phenotype_mask=arrays["phenotype_mask"],
        local_names=tuple(str(name) for name in arrays["local_names"]),
        bone_heads=arrays["bone_heads"],
        weights=np.ascontiguousarray(arrays["weights"]),
        arrays=arrays,
    )


@cache
def load_topology(garment: str, framing: str = "face") -> Topology:
    """Return the render topology of persons who wear `garment`; there is no bare one.

    framing "face" has head and shoulders; "upper" has the whole garment and hands instead of the
    shoulders' cloth. Raises ValueError for an unknown garment.
    """
    face = _face(garment)
    return face if framing == "face" else _upper(_necked(face, garment), garment)


def _necked(face: Topology, garment: str) -> Topology:
    """Leave of the skin what shows above a whole garment."""
    arrays = load_body().arrays
    skin = face.parts["skin"][1]
    cloth = [str(name) for name in arrays["part_names"]].index(f"cloth-{garment}")
    kept = np.ones(len(face.tris), bool)
    kept[skin] = np.unpackbits(arrays["neck_faces"][cloth], count=skin.stop).astype(bool)
    gone = len(kept) - int(kept.sum())
    parts = {
        name: (points, slice(max(tris.start - gone, 0), tris.stop - gone))
        for name, (points, tris) in face.parts.items()
    }
    return replace(face, tris=face.tris[kept], parts=parts)


def _upper(face: Topology, garment: str) -> Topology:
    """Put hands and whole garment of the body asset in the place of the shoulders' cloth."""
    arrays = load_body().arrays
    names = [str(name) for name in arrays["part_names"]]
    cloth = names.index(f"cloth-{garment}")
    hands = names.index(f"hands-{arrays['sleeves'][cloth]}")
    where, cut = face.parts["cloth"]
    rows = Rows(arrays["row_start"], arrays["row_index"].astype(np.int32), arrays["row_weight"])
    spans = [slice(*arrays["part_points"][i : i + 2].tolist()) for i in (hands, cloth)]
    blocks = [arrays["tris"][slice(*arrays["part_tris"][i : i + 2])] for i in (hands, cloth)]
    middle = where.start + spans[0].stop - spans[0].start
    end = middle + spans[1].stop - spans[1].start
    body_tris = [b.astype(np.int32) + n for b, n in zip(blocks, (where.start, middle), strict=True)]
    inner = cut.start + len(blocks[0])
    parts = {name: part for name, part in face.parts.items() if name != "cloth"}
    parts["hands"] = (slice(where.start, middle), slice(cut.start, inner))
    parts["cloth"] = (slice(middle, end), slice(inner, inner + len(blocks[1])))

    def joined(old: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
        pair = [old[: where.start], *(new[span].astype(old.dtype) for span in spans)]
        return np.ascontiguousarray(np.concatenate(pair))

    normal_of = joined(face.normal_of, arrays["normal_of"])
    normal_of[where.start : middle] += where.start
    normal_of[middle:] += middle
    body_rows = [rows.take(span.start, span.stop) for span in spans]
    return Topology(
        tris=np.concatenate([face.tris[: cut.start], *body_tris]),
        material=np.concatenate(
            [
                face.material[: where.start],
                np.repeat([HAND, CLOTH], [middle - where.start, end - middle]),
            ]
        ).astype(np.int32),
        canon=joined(face.canon, arrays["canon"]),
        aux=joined(face.aux, arrays["aux"]),
        parts=parts,
        rows=face.rows.take(0, where.start),
        normal_of=normal_of,
        offset_m=joined(face.offset_m, arrays["offset_mm"] / np.float32(1000)),
        shift_m=joined(face.shift_m, arrays["shift_mm"] / np.float32(1000)),
        landmarks=face.landmarks,
        contour=face.contour,
        body=body_rows[0].then(body_rows[1]),
    )


def _face(garment: str) -> Topology:
    asset = load_asset()
    if garment not in asset.garments:
        raise ValueError(f"garment {garment!r} is not one of {', '.join(asset.garments)}")
    arrays = asset.arrays
    names = [str(name) for name in arrays["part_names"]]
    kept = [i for i, n in enumerate(names) if not n.startswith("cloth-") or n[6:] == garment]
    points, tris = arrays["part_points"], arrays["part_tris"]
    common, cloth = kept[-1], kept[-1]
    first_cloth = min(i for i, name in enumerate(names) if name.startswith("cloth-"))
    moved = int(points[cloth] - points[first_cloth])
    keep = np.concatenate([np.arange(points[i], points[i + 1]) for i in kept])
    rows = Rows(arrays["row_start"], arrays["row_index"].astype(np.int32), arrays["row_weight"])
    faces, parts, at = [], {}, 0
    for i in kept:
        shift = moved if i == common else 0
        block = arrays["tris"][tris[i] : tris[i + 1]].astype(np.int32) - shift
        name = "cloth" if i == cloth else names[i]
        span = slice(int(points[i]) - shift, int(points[i + 1]) - shift)
        parts[name] = (span, slice(at, at + len(block)))
        faces.append(block)
        at += len(block)
    normal_of = arrays["normal_of"].astype(np.int32)[keep]
    normal_of[parts["cloth"][0]] -= moved
    return Topology(
        tris=np.ascontiguousarray(np.concatenate(faces)),
        material=arrays["material"][keep].astype(np.int32),
        canon=arrays["canon"][keep],
        aux=arrays["aux"][keep],
        parts=parts,
        rows=rows.take(0, int(points[first_cloth])).then(
            rows.take(int(points[cloth]), int(points[cloth + 1]))
        ),
        normal_of=normal_of,
        offset_m=arrays["offset_mm"][keep] / np.float32(1000),
        shift_m=arrays["shift_mm"][keep] / np.float32(1000),
        landmarks=Anchors(arrays["landmark_point"].astype(np.int32), arrays["landmark_weight"]),
        contour=Anchors(arrays["contour_point"].astype(np.int32), arrays["contour_weight"]),
    )
