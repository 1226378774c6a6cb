"""A child's head that moves, as binary glTF: for animation programs and game engines.

Metres, y up, the face along +z, the child's left at +x, origin between the eyes: glTF's own axes.
Meshes "face" (skin, teeth, tongue, lashes) with one morph target for each ARKit blendshape, named
in `extras.targetNames`; "eyes"; "worn" (garment, hair, what else is worn: there is no head without
its clothes). Joints neck01, neck02, neck03 and head share the head's rotation as in people/head.py;
leftEye and rightEye follow the gaze. Frame i of the motion is the key at i / rate_hz.

Morph targets are the linear part of what `Child.pose` does; round the eyes, where lids slide over
the ball, they are the whole move at full amount. Not in the file: lips that cling, folds of skin.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from device.files import write_atomic
from device.version import VERSION
from generate.motion.glb import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, Glb
from generate.motion.head_colors import face_colors, part_colors, piece_colors
from generate.people.child import Child
from generate.people.head import NECK_SHARES
from generate.people.poser import neck_weights
from generate.people.rotation import head_rotation, power
from generate.people.skin import Look
from generate.provenance import ALGORITHMIC, CAPTURED_IN_PART, Provenance, to_json_ld
from generate.spec import ARKIT, Motion

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

NECK = ("neck01", "neck02", "neck03", "head")
JOINTS = ("shoulders", *NECK, "leftEye", "rightEye")
FACE_PARTS = ("skin", "upper-teeth", "lower-teeth", "tongue", "l-eyelashes-2", "r-eyelashes-2")
EYE_PARTS = ("l-eye", "r-eye")
XMP = "KHR_xmp_json_ld"
"""Khronos' extension for XMP in glTF."""
LEAST_M = 1e-5
"""Moves below this are left out of a morph target."""
_LIDS = [i for i, name in enumerate(ARKIT) if name.startswith("eye")]


def write_glb(
    path: Path, child: Child, look: Look, motion: Motion, about: dict[str, Any] | None = None
) -> None:
    """Write `head_glb`, whole or not at all."""
    write_atomic(path, head_glb(child, look, motion, about))


def head_glb(
    child: Child, look: Look, motion: Motion, about: dict[str, Any] | None = None
) -> bytes:
    """Bytes of a .glb of this child doing this motion.

    about: JSON added to `asset.extras`, beside synthetic = true; its `seed`, and whether the motion
    is a real person's (`motion_synthetic` false), are said once more as XMP (KHR_xmp_json_ld).
    Raises ValueError for a child of another framing than "face": only its head is exported.
    """
    if child.framing != "face":
        raise ValueError(f"glTF export of a child of framing {child.framing!r}: want 'face'")
    extras = {"synthetic": True, "kit": f"collodi {VERSION}", "rate_hz": motion.rate_hz}
    asset: dict[str, Any] = {"version": "2.0", "generator": f"collodi {VERSION}"}
    about = about or {}
    source = ALGORITHMIC if about.get("motion_synthetic", True) else CAPTURED_IN_PART
    asset |= {"extras": extras | about, "extensions": {XMP: {"packet": 0}}}
    xmp = {"packets": [to_json_ld(Provenance(source, about.get("seed")))]}
    body = {"asset": asset, "scene": 0, "extensionsUsed": [XMP], "extensions": {XMP: xmp}}
    glb = Glb(body)
    joints = _add_joints(glb, child)
    skin = glb.add(
        "skins",
        {"joints": joints, "skeleton": joints[0], "inverseBindMatrices": _inverse(glb, child)},
    )
    meshes = {"face": _face(glb, child, look), "eyes": _eyes(glb, child, look)}
    meshes["worn"] = _worn(glb, child, look)
    nodes = {n: glb.add("nodes", {"name": n, "mesh": m, "skin": skin}) for n, m in meshes.items()}
    glb.add("scenes", {"name": "child", "nodes": [joints[0], *nodes.values()]})
    _animate(glb, motion, joints, nodes["face"])
    return glb.to_bytes()


def morph_targets(child: Child) -> F32:
    """(52, V, 3) moves, metres, of the upright head's render points at each full blendshape."""
    head, neutral = child.head, np.asarray(child.neutral.points)
    still = head.amounts(np.zeros(len(ARKIT)), (0.0, 0.0))
    out = np.zeros((len(ARKIT), *neutral.shape), np.float32)
    moved = np.flatnonzero(head.slot >= 0)
    for column, one in enumerate(np.eye(len(ARKIT))):
        if column in _LIDS:
            posed = child.pose(one, (0.0, 0.0, 0.0), (0.0, 0.0))
            out[column] = np.asarray(posed.points) - neutral
        else:
            field = np.zeros_like(head.rest)
            amounts = head.amounts(one, (0.0, 0.0)) - still
            field[moved] = np.tensordot(amounts, head.shapes, 1)[head.slot[moved]]
            out[column] = head.render_points(field)
    out[np.linalg.norm(out, axis=2) < LEAST_M] = 0
    return out


def _points_of(
    child: Child, parts: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Render points of some parts, and their triangles in terms of these."""
    topology = child.topology
    ids = np.concatenate([np.r_[topology.parts[name][0]] for name in parts])
    tris = np.concatenate([topology.tris[topology.parts[name][1]] for name in parts])
    place = np.full(len(topology.material), -1, np.int64)
    place[ids] = np.arange(len(ids))
    return ids, place[tris].astype(np.uint32)


def _face(glb: Glb, child: Child, look: Look) -> int:
    ids, tris = _points_of(child, FACE_PARTS)
    first = _vertices(glb, child, ids, tris, _skinned(child, ids))
    colors = np.concatenate(
        [part_colors(child, look, name) if name != "skin" else face_colors(child, look)
         for name in FACE_PARTS]
    )  # fmt: skip
    targets = [{"POSITION": glb.sparse(t)} for t in morph_targets(child)[:, ids]]
    first |= {"targets": targets, "material": _material(glb, "face", 0.55)}
    first["attributes"]["COLOR_0"] = glb.accessor(colors, ARRAY_BUFFER)
    return glb.add(
        "meshes",
        {"name": "face", "primitives": [first], "weights": [0.0] * len(ARKIT),
         "extras": {"targetNames": list(ARKIT)}},
    )  # fmt: skip


def _eyes(glb: Glb, child: Child, look: Look) -> int:
    ids, tris = _points_of(child, EYE_PARTS)
    half = child.topology.parts["l-eye"][0]
    joints = np.zeros((len(ids), 4), np.uint8)
    joints[:, 0] = np.where(ids < half.stop, JOINTS.index("leftEye"), JOINTS.index("rightEye"))
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (len(ids), 1))
    only = _vertices(glb, child, ids, tris, (joints, weights))
    colors = np.concatenate([part_colors(child, look, name) for name in EYE_PARTS])
    only["attributes"]["COLOR_0"] = glb.accessor(colors, ARRAY_BUFFER)
    return glb.add(
        "meshes", {"name": "eyes", "primitives": [only | {"material": _material(glb, "eyes", 0.1)}]}
    )


def _worn(glb: Glb, child: Child, look: Look) -> int:
    """The garment and all pieces: hair, glasses, headwear, what is held."""
    ids, tris = _points_of(child, ("cloth",))
    cloth = _vertices(glb, child, ids, tris, _skinned(child, ids))
    cloth["attributes"]["COLOR_0"] = glb.accessor(part_colors(child, look, "cloth"), ARRAY_BUFFER)
    entries = [cloth | {"material": _material(glb, "cloth", 0.9, both_sides=True)}]
    for number, piece in enumerate(child.pieces):
        joints = np.zeros((len(piece.points), 4), np.uint8)
        joints[:, 0] = JOINTS.index("head")
        weights = np.zeros((len(piece.points), 4), np.float32)
        weights[:, 0], weights[:, 1] = piece.follow, 1 - piece.follow
        joints[weights == 0] = 0
        entry = _primitive(glb, piece.points, piece.normals, piece.tris, (joints, weights))
        colors = piece_colors(piece, look)
        entry["attributes"]["COLOR_0"] = glb.accessor(colors, ARRAY_BUFFER)
        clear = bool(colors[:, 3].min() < 1)
        material = _material(glb, f"piece-{number}", 0.5, both_sides=True, clear=clear)
        entries.append(entry | {"material": material})
    return glb.add("meshes", {"name": "worn", "primitives": entries})


def _vertices(
    glb: Glb, child: Child, ids: NDArray[np.int64], tris: NDArray[np.uint32],
    bound: tuple[NDArray[np.uint8], F32],
) -> dict[str, Any]:  # fmt: skip
    points, normals = (np.asarray(a)[ids] for a in (child.neutral.points, child.neutral.normals))
    return _primitive(glb, points, normals, tris, bound)


def _primitive(
    glb: Glb, points: F32, normals: F32, tris: NDArray[Any], bound: tuple[NDArray[np.uint8], F32]
) -> dict[str, Any]:
    unit = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    return {
        "attributes": {
            "POSITION": glb.accessor(points.astype(np.float32), ARRAY_BUFFER, bounds=True),
            "NORMAL": glb.accessor(unit.astype(np.float32), ARRAY_BUFFER),
            "JOINTS_0": glb.accessor(bound[0], ARRAY_BUFFER),
            "WEIGHTS_0": glb.accessor(bound[1], ARRAY_BUFFER),
        },
        "indices": glb.accessor(tris.astype(np.uint32).ravel(), ELEMENT_ARRAY_BUFFER),
    }


def _material(
    glb: Glb, name: str, roughness: float, both_sides: bool = False, clear: bool = False
) -> int:
    entry: dict[str, Any] = {
        "name": name,
        "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": roughness},
        "doubleSided": both_sides,
    }
    return glb.add("materials", entry | ({"alphaMode": "BLEND"} if clear else {}))


def _skinned(child: Child, ids: NDArray[np.int64]) -> tuple[NDArray[np.uint8], F32]:
    """The four heaviest joints (N, 4) of each point and their weights, sum 1."""
    neck = neck_weights(child.person.garment, "face")[ids]
    all_ = np.concatenate([np.clip(1 - neck.sum(1, keepdims=True), 0, 1), neck], axis=1)
    heavy = np.argsort(-all_, axis=1, kind="stable")[:, :4]
    weights = np.take_along_axis(all_, heavy, 1).astype(np.float32)
    weights /= weights.sum(1, keepdims=True)
    heavy[weights == 0] = 0
    return heavy.astype(np.uint8), weights


def _centres(child: Child) -> F64:
    """(7, 3) where each joint is while the head is upright."""
    eyes = [centre for _, centre, _ in child.head.eyes]
    return np.concatenate([np.zeros((1, 3)), child.head.bones[: len(NECK)], np.array(eyes)])


def _add_joints(glb: Glb, child: Child) -> list[int]:
    """Nodes of the joints: a chain to the head, on which the eyes sit."""
    centres, above = _centres(child), [-1, 0, 1, 2, 3, 4, 4]
    nodes = []
    for i, name in enumerate(JOINTS):
        base = centres[above[i]] if above[i] >= 0 else np.zeros(3)
        shift = (centres[i] - base).tolist()
        nodes.append(glb.add("nodes", {"name": name, "translation": shift}))
    for i in range(len(JOINTS)):
        children = [nodes[j] for j, parent in enumerate(above) if parent == i]
        if children:
            glb.body["nodes"][nodes[i]]["children"] = children
    return nodes


def _inverse(glb: Glb, child: Child) -> int:
    """Accessor of the inverse bind matrices, columns first."""
    matrices = np.tile(np.eye(4, dtype=np.float32), (len(JOINTS), 1, 1))
    matrices[:, 3, :3] = -_centres(child)
    return glb.accessor(matrices.reshape(len(JOINTS), 16))


def _animate(glb: Glb, motion: Motion, joints: list[int], face: int) -> None:
    times = glb.accessor((np.arange(len(motion)) / motion.rate_hz).astype(np.float32), bounds=True)
    turns = [head_rotation(*(float(v) for v in row)) for row in motion.head_deg]
    looks = [head_rotation(*(float(v) for v in row)) for row in motion.gaze_deg]
    tracks = [quaternions([power(turn, share) for turn in turns]) for share in NECK_SHARES] + [
        quaternions(looks)
    ] * 2
    channels: list[dict[str, Any]] = []
    samplers: list[dict[str, Any]] = []
    weights = np.ascontiguousarray(motion.arkit, np.float32).ravel()
    for node, path, values in (
        (face, "weights", weights),
        *((node, "rotation", v) for node, v in zip(joints[1:], tracks, strict=True)),
    ):
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": times, "output": glb.accessor(values), "interpolation": "LINEAR"})
    glb.add("animations", {"name": "motion", "channels": channels, "samplers": samplers})


def quaternions(rotations: list[F64]) -> F32:
    """(T, 4) unit x, y, z, w of rotation matrices (3, 3), each on the side of the one before."""
    out = Rotation.from_matrix(np.array(rotations)).as_quat()
    flips = np.cumsum((out[1:] * out[:-1]).sum(1) < 0) % 2
    out[1:][flips == 1] *= -1
    return np.asarray(out, np.float32)
