"""Bake the clothed upper body: whole garments, hands and forearms, the arms' bones.

Its base vertices are apart from the head's, so that a face alone need not load them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from generate.people.arms import FINGERS, SIDES
from generate.people.bake_clothes import CUTS, SLEEVE_MARGIN_MM, ArmLine, Cut, collar_level, garment
from generate.people.bake_masks import occlusion, texture_at
from generate.people.bake_mesh import Surface, subdivided
from generate.people.bake_source import Source, bone_weights
from generate.people.bake_topology import Piece, middle_child, new_piece
from generate.people.codec import pack_shapes, unpack_shapes
from generate.people.ids import CLOTH, HAND
from generate.people.kernels import vertex_normals

Arrays = dict[str, NDArray[Any]]
LOWEST_MM = -420.0
"""Template height where the trousers end, below every view of an upper body."""
NECK_MARGIN_MM = 13.0
"""Skin of the neck goes on this far below the collar line of a whole garment."""
SOFTEN_MM = (150.0, 90.0)
"""Half width of the trunk, and the height from which cloth is smoothed: it hangs, not clings."""
ARM_BONES = ("clavicle", "upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist")
NECK_BONES = ("neck01", "neck02", "neck03", "head")


def body_bones() -> list[str]:
    """Names of the bones: the neck's four, then all of the left arm, then all of the right."""
    fingers = [f"finger{f + 1}-{k}" for f in range(FINGERS) for k in (1, 2, 3)]
    return [*NECK_BONES, *(f"{n}.{s}" for s in SIDES for n in (*ARM_BONES, *fingers))]


def bake_body(source: Source, head: Arrays) -> Arrays:
    """Return the arrays of the body asset; head: those of the head asset, which shades it."""
    template = source.template.astype(np.float64) * 1000
    labels = list(source.model.bone_labels)
    bones = [labels.index(name) for name in body_bones()]
    heads = source.all_bones[bones]
    lines = arm_lines(heads.astype(np.float64) * 1000)
    parts = body_pieces(source, template, lines)
    used = np.unique(np.concatenate([p.surface.rows.indices for p in parts]))
    shapes = source.phenotype + source.local
    out = pack_shapes([field[used] for field in shapes], shared=len(source.phenotype))
    out["shape_bones"] = source.shape_bones[:, bones].astype(np.float32)
    out["template"], out["bone_heads"] = source.template[used], heads
    out["weights"] = np.round(bone_weights(source.model, bones)[used], 4).astype(np.float32)
    out |= _topology(parts, used)
    out |= _soften(source, used)
    out["sleeves"] = np.array([cut.sleeve for cut in CUTS.values()])
    out["index_tips"] = np.searchsorted(used, _index_tips(source, used, bones)).astype(np.uint16)
    out["used"] = used
    out["neck_faces"] = _neck_faces(head)
    out["aux"][:, 0] = _ambient(out, head)
    return out


def _neck_faces(head: Arrays) -> NDArray[np.uint8]:
    """Which triangles of the head's skin each whole garment leaves, as bits (G, ceil(F / 8)).

    Shoulders move under it: skin ends sooner than under the garment of a face alone.
    """
    tris = head["tris"][: head["part_tris"][1]].astype(np.int64)
    points = head["canon"][: head["part_points"][1]].astype(np.float64)
    kept = [
        (collar_level(points, cut)[tris] > -min(cut.band_mm + 2.0, NECK_MARGIN_MM)).all(1)
        for cut in CUTS.values()
    ]
    return np.packbits(np.array(kept), axis=1)


def arm_lines(heads_mm: NDArray[np.float64]) -> tuple[ArmLine, ArmLine]:
    """Shoulder, elbow and wrist of each arm on the template, mm."""
    names, out = body_bones(), []
    for side in SIDES:
        at = [names.index(f"{n}.{side}") for n in ("upperarm01", "lowerarm01", "wrist")]
        out.append(ArmLine(heads_mm[at]))
    return out[0], out[1]


def body_pieces(
    source: Source, template: NDArray[np.float64], lines: tuple[ArmLine, ArmLine]
) -> list[Piece]:
    """Every garment with its sleeves and trousers, then the hands that each sleeve leaves free."""
    quads = source.groups["helper-tights"].quads
    high = (template[quads][..., 1] > LOWEST_MM).all(1)
    tights = subdivided(quads[high], len(template))
    out = [_cloth(name, cut, tights, template, lines) for name, cut in CUTS.items()]
    return out + [_hands(source, template, lines, length) for length in ("long", "short")]


def _cloth(
    name: str,
    cut: Cut,
    tights: Surface,
    template: NDArray[np.float64],
    lines: tuple[ArmLine, ArmLine],
) -> Piece:
    cloth = garment(tights, template, cut, lines)
    piece = new_piece(f"cloth-{name}", cloth.surface, CLOTH, cloth.surface.rows @ template)
    piece.aux[:, 1], piece.aux[:, 2] = cloth.band, cloth.second
    piece.offset_mm[:] = cloth.offset_mm
    piece.normal_of[:] = cloth.normal_of
    piece.shift_mm[:] = cloth.shift_mm
    return piece


def _hands(
    source: Source, template: NDArray[np.float64], lines: tuple[ArmLine, ArmLine], length: str
) -> Piece:
    """Both arms from the margin under the sleeve to the finger tips, not subdivided."""
    group, count = source.groups["body"], len(template)
    level = np.max([line.beyond(template, length) for line in lines], 0)
    keep = (level[group.quads] > -SLEEVE_MARGIN_MM).all(1)
    quads = group.quads[keep]
    surface = Surface(
        sp.eye_array(count).tocsr(), np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    ).keep(np.ones(2 * len(quads), bool))
    uv = np.zeros((count, 2))
    uv[quads] = group.uv[keep]
    nails = texture_at(source.textures, "fingernails", uv[np.unique(quads)])
    piece = new_piece(f"hands-{length}", surface, HAND, surface.rows @ template)
    piece.aux[:, 3] = nails
    piece.aux[:, 1:3] = _palm_and_knuckles(source, np.unique(quads))
    return piece


def _palm_and_knuckles(source: Source, vertices: NDArray[np.int64]) -> NDArray[np.float64]:
    """(V, 2): 1 on the palm's side of the hand, 1 at the knuckles' backs."""
    labels = list(source.model.bone_labels)
    points = source.template[vertices].astype(np.float64) * 1000
    quads = source.groups["body"].quads
    tris = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    normals = vertex_normals(source.template, tris)
    out = np.zeros((len(vertices), 2))
    for side in SIDES:
        bone = {n: source.all_bones[labels.index(f"{n}.{side}")] * 1000.0 for n in _KNUCKLES}
        along = bone["finger3-1"] - bone["wrist"]
        across = bone["finger2-1"] - bone["finger5-1"]
        palm = np.cross(along, across) * (1 if side == "L" else -1)
        palm /= np.linalg.norm(palm)
        here = points[:, 0] > 0 if side == "L" else points[:, 0] < 0
        beyond = np.clip(((points - bone["wrist"]) @ along) / (along @ along) * 4, 0, 1)
        facing = normals[vertices] @ palm
        out[here, 0] = (np.clip(facing + 0.35, 0, 1) * beyond)[here]
        near = np.max(
            [
                np.exp(-(np.linalg.norm(points - bone[n], axis=1) ** 2) / 72.0)
                for n in _KNUCKLES[1:]
            ],
            0,
        )
        out[here, 1] = (near * np.clip(-facing + 0.3, 0, 1))[here]
    return out


_KNUCKLES = ("wrist", *(f"finger{f}-{k}" for f in (2, 3, 4, 5) for k in (1, 2, 3)))


def _topology(parts: list[Piece], used: NDArray[np.int64]) -> Arrays:
    rows = sp.vstack([p.surface.rows for p in parts]).tocsr()[:, used]
    rows.sort_indices()
    start = np.cumsum([0] + [p.surface.rows.shape[0] for p in parts])
    return {
        "row_start": rows.indptr.astype(np.int32),
        "row_index": rows.indices.astype(np.uint16),
        "row_weight": rows.data.astype(np.float32),
        "part_names": np.array([p.name for p in parts]),
        "part_points": start.astype(np.int32),
        "part_tris": np.cumsum([0] + [len(p.surface.tris) for p in parts]).astype(np.int32),
        "tris": np.concatenate([p.surface.tris for p in parts]).astype(np.uint16),
        "normal_of": np.concatenate([p.normal_of for p in parts]).astype(np.uint16),
        "aux": np.concatenate([p.aux for p in parts]).astype(np.float32),
        "shift_mm": np.concatenate([p.shift_mm for p in parts]).astype(np.float32),
        "offset_mm": np.concatenate([p.offset_mm for p in parts]).astype(np.float32),
    }


def _soften(source: Source, used: NDArray[np.int64]) -> Arrays:
    """Edges of the trunk's cloth between base vertices, for `body.hang`, and its share there."""
    quads = source.groups["helper-tights"].quads
    edges = np.concatenate([np.stack([quads[:, i], quads[:, (i + 1) % 4]], 1) for i in range(4)])
    edges = np.unique(np.sort(edges, 1), axis=0)
    edges = edges[np.isin(edges, used).all(1)]
    place = source.template[used].astype(np.float64) * 1000
    width, low = SOFTEN_MM
    x, y = np.abs(place[:, 0]), place[:, 1]
    share = np.clip((width + 40 - x) / 40, 0, 1) * np.clip((470 - y) / 80, 0, 1)
    share *= np.clip((y - low + 160) / 80, 0, 1)
    share[~np.isin(used, quads)] = 0
    return {
        "soft_edges": np.searchsorted(used, edges).astype(np.uint16),
        "soft_share": share.astype(np.float32),
    }


def _index_tips(source: Source, used: NDArray[np.int64], bones: list[int]) -> NDArray[np.int64]:
    """Base vertices at the tips of the left and the right index finger."""
    names, body = body_bones(), np.intersect1d(used, source.groups["body"].quads)
    weights = bone_weights(source.model, bones)[body]
    out = []
    for side in SIDES:
        last, before = (names.index(f"finger2-{k}.{side}") for k in (3, 2))
        along = source.all_bones[bones[last]] - source.all_bones[bones[before]]
        reach = np.where(weights[:, last] > 0.5, source.template[body] @ along, -np.inf)
        out.append(int(body[reach.argmax()]))
    return np.array(out)


def _ambient(out: Arrays, head: Arrays) -> NDArray[np.float64]:
    """Open sky of a child of about eight, garment by garment under the head's skin."""
    share = middle_child(head["phenotype_mask"])
    base = unpack_shapes(out).add(out["template"].copy(), share)
    rows = sp.csr_array(
        (out["row_weight"], out["row_index"], out["row_start"]),
        (len(out["aux"]), len(base)),
    )
    points = np.asarray(rows @ base, np.float32)
    above, above_tris = _head_skin(head)
    sky = np.ones(len(points))
    for i, name in enumerate(out["part_names"]):
        a, b = out["part_points"][i : i + 2]
        tris = out["tris"][slice(*out["part_tris"][i : i + 2])].astype(np.int64)
        mine = points[a:b].copy()
        normals = vertex_normals(mine, tris)
        mine += normals[out["normal_of"][a:b]] * out["offset_mm"][a:b, None] / 1000
        mine += out["shift_mm"][a:b] / 1000
        normals = vertex_normals(mine, tris)
        if str(name).startswith("hands"):
            joined, solid, facing = mine, tris, normals
        else:
            joined = np.concatenate([mine, above])
            facing = np.concatenate([normals, np.zeros_like(above)])
            solid = np.concatenate([tris, above_tris + len(mine)])
        sky[a:b] = occlusion(joined, facing, solid, 96)[: len(mine)]
    return np.round(sky * 255) / 255


def _head_skin(head: Arrays) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    share = middle_child(head["phenotype_mask"])
    base = unpack_shapes(head).add(head["template"].copy(), share)
    last = int(head["part_points"][1])
    end = int(head["row_start"][last])
    rows = sp.csr_array(
        (head["row_weight"][:end], head["row_index"][:end], head["row_start"][: last + 1]),
        (last, len(base)),
    )
    return np.asarray(rows @ base, np.float32), head["tris"][: head["part_tris"][1]].astype(
        np.int64
    )
