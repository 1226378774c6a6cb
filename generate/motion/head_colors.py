"""Vertex colours of a head for exchange: what the renderer's shaders paint, at mesh detail.

All colours are linear RGB reflectance 0 to 1 and an alpha, (N, 4) float32, as glTF's COLOR_0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.people.child import Child
from generate.people.ids import (
    AUX_CAVITY,
    AUX_GUM,
    AUX_LIPS,
    HAIR,
    LENS,
)
from generate.people.lips import LINE_MM
from generate.people.piece import Piece
from generate.people.skin import Look
from generate.people.skin_canvas import to_texel

F32 = NDArray[np.float32]

IRIS_RAD = 0.53
"""Radius of the iris from the eyeball's centre, as render/shade_eye.py."""
GUM = (0.50, 0.20, 0.18)
TONGUE = (0.40, 0.135, 0.115)
CAVITY = (0.22, 0.06, 0.055)
PUPIL = (0.004, 0.004, 0.004)
GLASS_ALPHA = 0.15


def face_colors(child: Child, look: Look) -> F32:
    """Of the skin's points: atlas, lips, inside of the mouth, hair's shade on the scalp."""
    skin = child.topology.parts["skin"][0]
    canon, aux = child.topology.canon[skin].astype(np.float64), child.topology.aux[skin]
    atlas, lips = look.skins[1].atlas, look.skins[1].lips
    texel = to_texel(canon) * (atlas.shape[0] / look.skins[0].atlas.shape[0])
    column, row = (
        np.clip(np.round(texel[:, i] - 0.5), 0, atlas.shape[1 - i] - 1).astype(int) for i in (0, 1)
    )
    out = atlas[row, column, :3].copy()
    out = _mix(out, np.where(canon[:, 1:2] > LINE_MM, lips[0], lips[1]), aux[:, AUX_LIPS])
    out = _mix(out, np.array(CAVITY), aux[:, AUX_CAVITY])
    out = _mix(out, look.hair.fine, child.hair_cover[skin])
    return _opaque(out)


def part_colors(child: Child, look: Look, name: str) -> F32:
    """Of the points of a part of the topology other than the skin."""
    span = child.topology.parts[name][0]
    canon, aux = child.topology.canon[span], child.topology.aux[span]
    if name == "cloth":
        return _opaque(np.tile(look.cloth.color, (len(canon), 1)))
    if name == "tongue":
        return _opaque(np.tile(np.array(TONGUE), (len(canon), 1)))
    if name.endswith("teeth"):
        enamel = np.tile(look.mouth.teeth, (len(canon), 1))
        return _opaque(_mix(enamel, np.array(GUM), aux[:, AUX_GUM] > look.mouth.gum.mean()))
    if name.endswith("eye"):
        return _opaque(_eye(canon, look))
    return _opaque(np.tile(look.hair.lash, (len(canon), 1)))


def piece_colors(piece: Piece, look: Look) -> F32:
    """Of hair or of something worn or held; lenses are see-through."""
    if piece.material == HAIR:
        return _opaque(np.tile(look.hair.color, (len(piece.points), 1)))
    out = _opaque(np.clip(piece.canon, 0, 1))
    out[:, 3] = GLASS_ALPHA if piece.material == LENS else 1.0
    return out


def _eye(canon: F32, look: Look) -> NDArray[np.floating]:
    angle = np.arccos(np.clip(canon[:, 2] / np.linalg.norm(canon, axis=1), -1, 1)) / IRIS_RAD
    out = np.tile(look.eye.white, (len(canon), 1))
    out = _mix(out, look.eye.iris, angle < 1.0)
    return _mix(out, np.array(PUPIL), angle < look.eye.pupil)


def _mix(base: NDArray[np.floating], over: NDArray[np.floating], share: NDArray[np.generic]) -> F32:
    amount = np.clip(np.asarray(share, np.float32), 0, 1)[:, None]
    return np.asarray(base + amount * (over - base), np.float32)


def _opaque(rgb: NDArray[np.floating]) -> F32:
    return np.concatenate([rgb, np.ones((len(rgb), 1))], axis=1).astype(np.float32)
