"""Assemble the run-time topology: one list of render points over the base vertices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from generate.people.bake_clothes import CUTS, garment, skin_faces
from generate.people.bake_landmarks import contour_anchors, landmark_anchors
from generate.people.bake_masks import occlusion, scalp_mask, teeth_facts, texture_at
from generate.people.bake_mesh import Matrix, Surface, catmull_clark, subdivided
from generate.people.bake_source import Group, Source
from generate.people.codec import unpack_shapes
from generate.people.kernels import vertex_normals
from generate.spec import ARKIT

Arrays = dict[str, NDArray[Any]]
SKIN, EYE, TEETH, TONGUE, LASH, CLOTH = 0, 1, 2, 3, 4, 7
JAW_OPEN = ARKIT.index("jawOpen")
LASH_LENGTH = 0.62
"""Share of the lash helper's length, which is drawn for adults with mascara."""


@dataclass(frozen=True)
class Piece:
    """One part: points as rows over base vertices, material, canon (V, 3), aux (V, 4)."""

    name: str
    surface: Surface
    material: int
    canon: NDArray[np.float64]
    aux: NDArray[np.float64]
    offset_mm: NDArray[np.float64]
    normal_of: NDArray[np.int64]
    shift_mm: NDArray[np.float64]


def needed_vertices(source: Source) -> NDArray[np.int64]:
    """Return the sorted base vertices that the pieces depend on."""
    return np.unique(np.concatenate([p.surface.rows.indices for p in pieces(source)]))


def topology(source: Source, used: NDArray[np.int64], arrays: Arrays) -> Arrays:
    """Return the arrays of points, triangles, masks, landmarks over the vertices `used`."""
    parts = pieces(source)
    rows = sp.vstack([p.surface.rows for p in parts]).tocsr()[:, used]
    rows.sort_indices()
    start = np.cumsum([0] + [p.surface.rows.shape[0] for p in parts])
    tris = [p.surface.tris + first for p, first in zip(parts, start, strict=False)]
    aux = np.concatenate([p.aux for p in parts])
    out: Arrays = {
        "row_start": rows.indptr.astype(np.int32),
        "row_index": rows.indices.astype(np.uint16),
        "row_weight": rows.data.astype(np.float32),
        "part_names": np.array([p.name for p in parts]),
        "part_points": start.astype(np.int32),
        "part_tris": np.cumsum([0] + [len(t) for t in tris]).astype(np.int32),
        "tris": np.concatenate(tris).astype(np.uint16),
        "material": np.repeat([p.material for p in parts], np.diff(start)).astype(np.uint8),
        "canon": np.concatenate([p.canon for p in parts]).astype(np.float32),
        "normal_of": np.concatenate(
            [p.normal_of + first for p, first in zip(parts, start, strict=False)]
        ).astype(np.uint16),
        "shift_mm": np.concatenate([p.shift_mm for p in parts]).astype(np.float32),
        "offset_mm": np.concatenate([p.offset_mm for p in parts]).astype(np.float32),
    }
    aux[:, 0] = _ambient(arrays, out, rows)
    out["aux"] = aux.astype(np.float32)
    return out | _anchors(source, parts[0].surface)


def pieces(source: Source) -> list[Piece]:
    """Cut, subdivide and describe every part; the skin comes first, the garments last."""
    template = source.template.astype(np.float64) * 1000
    count = len(template)
    groups = source.groups
    skin = _skin(source, template)
    out = [skin]
    for side in "lr":
        surface = subdivided(groups[f"helper-{side}-eye"].quads, count)
        points = surface.rows @ template
        centre = (points.max(0) + points.min(0)) / 2
        ball = (points - centre) / np.linalg.norm(points - centre, axis=1, keepdims=True)
        out.append(new_piece(f"{side}-eye", surface, EYE, ball))
    for name in ("upper-teeth", "lower-teeth"):
        surface = subdivided(groups[f"helper-{name}"].quads, count)
        piece = new_piece(name, surface, TEETH, surface.rows @ template)
        piece.aux[:, 1:3] = teeth_facts(piece.canon, name == "upper-teeth")
        out.append(piece)
    surface = subdivided(groups["helper-tongue"].quads, count)
    out.append(new_piece("tongue", surface, TONGUE, surface.rows @ template))
    out += [_lashes(source, f"{side}-eyelashes-2", skin.surface) for side in "lr"]
    tights = subdivided(groups["helper-tights"].quads, count)
    for name, cut in CUTS.items():
        cloth = garment(tights, template, cut)
        piece = new_piece(f"cloth-{name}", cloth.surface, CLOTH, cloth.surface.rows @ template)
        piece.aux[:, 1] = cloth.band
        piece.offset_mm[:] = cloth.offset_mm
        piece.normal_of[:] = cloth.normal_of
        piece.shift_mm[:] = cloth.shift_mm
        out.append(piece)
    return out


def new_piece(name: str, surface: Surface, material: int, canon: NDArray[np.float64]) -> Piece:
    """A part in full light, with no offset, no shift and no facts of its own yet."""
    aux = np.zeros((len(canon), 4))
    aux[:, 0] = 1.0
    still = np.zeros((len(canon), 3))
    own = np.arange(len(canon))
    return Piece(name, surface, material, canon, aux, np.zeros(len(canon)), own, still)


def _skin(source: Source, template: NDArray[np.float64]) -> Piece:
    """Subdivide the whole body, then keep what lies above the collar line's margin."""
    group = source.groups["body"]
    rows, finer = catmull_clark(group.quads, len(template))
    uv = _corner_uv(group, rows.shape[0], finer)
    tris = np.concatenate([finer[:, [0, 1, 2]], finer[:, [0, 2, 3]]])
    faces = skin_faces(rows @ template, tris)
    used = np.unique(tris[faces])
    surface = Surface(rows, tris).keep(faces)
    piece = new_piece("skin", surface, SKIN, surface.rows @ template)
    ears = texture_at(source.textures, "ears", uv[used])
    piece.aux[:, 1] = texture_at(source.textures, "lips", uv[used])
    piece.aux[:, 2] = texture_at(source.textures, "inside-mouth", uv[used])
    piece.aux[:, 3] = scalp_mask(piece.canon, ears)
    return piece


def _corner_uv(group: Group, count: int, finer: NDArray[np.int64]) -> NDArray[np.float64]:
    """One texture coordinate a subdivided point: bilinear inside its quad (seams: any side)."""
    uv = np.zeros((count, 2))
    corner = group.uv
    edge = (corner + np.roll(corner, -1, 1)) / 2
    centre = corner.mean(1, keepdims=True)
    quads = finer.reshape(-1, 4, 4)
    for i in range(4):
        uv[quads[:, i, 0]] = corner[:, i]
        uv[quads[:, i, 1]] = edge[:, i]
        uv[quads[:, i, 2]] = centre[:, 0]
    return uv


def _lashes(source: Source, name: str, skin: Surface) -> Piece:
    """Shorten the lash helper towards its roots, the nearest points of the skin."""
    group = source.groups[f"helper-{name}"]
    template = source.template.astype(np.float64) * 1000
    rows, finer = catmull_clark(group.quads, len(template))
    uv = _corner_uv(group, rows.shape[0], finer)
    tris = np.concatenate([finer[:, [0, 1, 2]], finer[:, [0, 2, 3]]])
    used = np.unique(tris)
    surface = Surface(rows, tris).keep(np.ones(len(tris), bool))
    canon = surface.rows @ template
    gap, root = cKDTree(skin.rows @ template).query(canon)
    short = LASH_LENGTH * surface.rows + (1 - LASH_LENGTH) * skin.rows[root]
    piece = new_piece(name, Surface(short.tocsr(), surface.tris), LASH, canon)
    along = uv[used][:, 0]
    piece.aux[:, 1] = (along - along.min()) / np.ptp(along)
    piece.aux[:, 2] = np.clip(gap / np.percentile(gap, 98), 0, 1)
    return piece


def _ambient(arrays: Arrays, out: Arrays, rows: Matrix) -> NDArray[np.float64]:
    """Ambient occlusion of a child of about eight, rounded to 1/255.

    The lighter of a closed and an open mouth: renderers darken the mouth by depth, and inner lips
    must not stay black when they come out.
    """
    shares = middle_child(arrays["phenotype_mask"])
    base = arrays["template"].copy()
    unpack_shapes(arrays).add(base, shares)
    opened = unpack_shapes(arrays).add(base.copy(), np.array([0.5]), len(shares) + JAW_OPEN)
    light = [_open_sky(out, (rows @ shape).astype(np.float32)) for shape in (base, opened)]
    return np.round(np.maximum(*light) * 255) / 255


def middle_child(mask: NDArray[Any]) -> NDArray[np.float64]:
    """Weights (P,) of the phenotype shapes of a child of about eight, of any sex and ancestry."""
    weights = mask.astype(np.float64)
    third, half = np.full(3, 1 / 3), np.full(2, 0.5)
    age, middle = np.array([0, 0.02, 0.98, 0, 0]), np.array([0, 1.0, 0])
    anchors = np.concatenate([third, half, age, middle, middle])
    return np.asarray((anchors * weights + (1 - weights)).prod(1))


def _open_sky(out: Arrays, points: NDArray[np.float32]) -> NDArray[np.float64]:
    tris = out["tris"].astype(np.int64)
    normals = vertex_normals(points, tris)
    points += normals[out["normal_of"]] * out["offset_mm"][:, None] / 1000
    points += out["shift_mm"] / 1000
    normals = vertex_normals(points, tris)
    solid = np.isin(out["material"], (SKIN, EYE, TEETH, TONGUE))[tris[:, 0]]
    first = out["part_tris"][list(out["part_names"]).index("cloth-tee")]
    last = out["part_tris"][list(out["part_names"]).index("cloth-tee") + 1]
    solid[first:last] = True
    return occlusion(points, normals, tris[solid], 128)


def _anchors(source: Source, skin: Surface) -> Arrays:
    template = source.template.astype(np.float64) * 1000
    rows, _ = catmull_clark(source.groups["body"].quads, len(template))
    points = skin.rows @ template
    marks = landmark_anchors(points, skin.tris, rows[: len(template)] @ template)
    strips = contour_anchors(points, skin.tris, marks.at(points)[:17])
    return {
        "landmark_point": marks.corner.astype(np.uint16),
        "landmark_weight": marks.weight.astype(np.float32),
        "contour_point": strips.corner.astype(np.uint16),
        "contour_weight": strips.weight.astype(np.float32),
    }
