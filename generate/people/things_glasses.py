"""Glasses: rims before the eyes, a bridge on the nose, temples over the ears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generate.people.ids import GLASSES_PART, LENS
from generate.people.piece import Piece, merged
from generate.people.things_face import EAR_MM, Face
from generate.people.things_mesh import Stuff, sheet, solid, tube

F64 = NDArray[np.float64]

CORNERS = 36
"""Points of a rim."""
CLEAR_M = 0.0018
"""Space between the rims and the skin behind them."""
NOSE_GAP_M = 0.0003
"""Space between the bridge and the nose."""
BASE_CURVE_M = 0.11
"""Radius of the lenses' front."""


@dataclass(frozen=True)
class Model:
    """One sort of glasses; lengths in mm on an adult's head."""

    share: float
    """How often it is worn, relative to the other models."""
    aspect: float
    """Height of a lens over its width."""
    corner: float
    """Exponent of the rim's superellipse: 2 is round, more is boxier."""
    rim_mm: float
    wrap_deg: float
    """How far each lens turns to the side."""
    colors: tuple[tuple[float, float, float], ...]
    tints: tuple[tuple[float, float, float], ...]
    """Share of the light that passes a lens, or a dark lens's own colour."""
    dark: bool = False
    """Nothing is seen through the lenses."""
    gloss: float = 0.6


_METAL = ((0.45, 0.42, 0.38), (0.62, 0.45, 0.22), (0.05, 0.05, 0.055), (0.55, 0.34, 0.28))
_PLASTIC = (
    *((0.015, 0.015, 0.017), (0.10, 0.04, 0.018), (0.03, 0.09, 0.32), (0.55, 0.03, 0.05)),
    *((0.5, 0.12, 0.28), (0.05, 0.25, 0.2), (0.30, 0.24, 0.20)),
)
_CLEAR = ((0.97, 0.975, 0.97), (0.95, 0.97, 0.98), (0.96, 0.95, 0.92))
GLASSES: dict[str, Model] = {
    "round": Model(0.35, 0.96, 2.0, 1.1, 5.0, _METAL + _PLASTIC[:2], _CLEAR),
    "rectangular": Model(0.4, 0.70, 3.6, 2.6, 5.0, _PLASTIC, _CLEAR, gloss=0.45),
    "oval": Model(0.15, 0.76, 2.3, 1.8, 6.0, _PLASTIC + _METAL, _CLEAR),
    "sunglasses": Model(
        0.2, 0.80, 2.8, 2.3, 7.0, _PLASTIC,
        ((0.012, 0.012, 0.013), (0.03, 0.017, 0.010), (0.012, 0.018, 0.028)), dark=True,
    ),
    "sport": Model(
        0.1, 0.74, 2.7, 2.9, 12.0, _PLASTIC,
        ((0.96, 0.96, 0.95), (0.95, 0.82, 0.45), (0.75, 0.86, 0.95)), gloss=0.3,
    ),
}  # fmt: skip


def glasses(name: str, face: Face, rng: np.random.Generator) -> list[Piece]:
    """Build a model of GLASSES for this face; colours from `rng`."""
    model = GLASSES[name]
    rgb = model.colors[int(rng.integers(len(model.colors)))]
    tint = model.tints[int(rng.integers(len(model.tints)))]
    frame = Stuff(rgb, GLASSES_PART, gloss=model.gloss)
    lens = Stuff(tint, GLASSES_PART, 1.0, material=LENS)
    if model.dark:
        lens = Stuff(tint, GLASSES_PART, 1.0)
    rims = _rims(model, face)
    rim = model.rim_mm / 2000 * face.scale
    pieces = [tube(path, rim, frame, sides=6, closed=True) for path in rims]
    pieces += [_lens(path, lens) for path in rims]
    pieces.append(tube(_bridge(rims, face, rim), rim, frame))
    for path, sign in zip(rims, (1.0, -1.0), strict=True):
        pieces += _temple(path, sign, face, rim, frame)
    return merged(pieces)


def _rims(model: Model, face: Face) -> list[F64]:
    """Paths (CORNERS, 3) of the left and the right rim, clear of lids, brows and cheeks."""
    scale, middle = face.scale, float(face.eyes[:, 1].mean())
    inner = 0.0085 * scale
    outer = 0.94 * float(face.marks[[0, 16], 0].max() - face.marks[[0, 16], 0].min()) / 2
    width = min((outer - inner) / 2, 0.026 * scale + 0.001)
    center = np.array([max(inner + width, float(face.eyes[0, 0]) - 0.001), middle - 0.002 * scale])
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    reach = (np.abs(c) ** model.corner + np.abs(s) ** model.corner) ** (-1 / model.corner)
    x = center[0] + width * reach * c
    # rims taper towards the nose below, where it is broad
    y = center[1] + width * model.aspect * reach * s
    x += 0.12 * np.maximum(center[1] - y, 0) * np.clip(-c, 0, 1)
    back = np.tan(np.radians(model.wrap_deg)) * (x - inner)
    lean = np.tan(np.radians(7.0)) * (y - middle)
    shape = lean - back
    grow = np.linspace(0.15, 1, 6)[:, None]
    px, py = center[0] + grow * (x - center[0]), center[1] + grow * (y - center[1])
    # the nose pads rest on the nose's flank: only what is further out must clear the skin
    free = px > 0.013 * scale
    skin = np.where(free, face.front(px, py) - (np.broadcast_to(shape, px.shape)), -np.inf)
    lash = face.eyes[0, 2] + 0.0235 * scale - shape.max()
    plane = max(float(skin.max()) + CLEAR_M, lash)
    left = np.stack([x, y, plane + shape], 1)
    return [left, left * [-1, 1, 1]]


def _lens(path: F64, stuff: Stuff) -> Piece:
    """A shallow dome in the rim."""
    middle = path.mean(0)
    reach = float(np.linalg.norm(path - middle, axis=1).max())
    rings = []
    for share in (1.0, 0.75, 0.45, 0.15, 1e-4):
        ring = middle + share * (path - middle)
        away = np.linalg.norm(ring - middle, axis=1)
        rings.append(ring + [0, 0, 1] * ((reach**2 - away**2) / (2 * BASE_CURVE_M))[:, None])
    return solid(np.stack(rings), sheet(len(rings), len(path), True), stuff)


def bridge_height(face: Face) -> float:
    """y at which glasses rest on the nose: a little under its root."""
    return float(0.65 * face.marks[27, 1] + 0.35 * face.marks[28, 1])


def _bridge(rims: list[F64], face: Face, rim: float) -> F64:
    """Path from the left rim over the nose to the right one."""
    y = bridge_height(face) + 0.002 * face.scale
    near = rims[0][(rims[0][:, 0] < rims[0][:, 0].mean())]
    start = near[np.abs(near[:, 1] - y - 0.002 * face.scale).argmin()]
    share = np.linspace(-1, 1, 11)
    x = start[0] * -share
    nose = float(face.front(np.array([0.0]), np.array([y]))[0]) + rim + NOSE_GAP_M
    rise = (1 - share**2) ** 0.8
    z = start[2] + (nose - start[2]) * rise
    height = start[1] + (y - start[1]) * rise
    flank = face.front(x, height) + rim + NOSE_GAP_M
    inside = np.abs(x) < 0.75 * start[0]
    return np.stack([x, height, np.where(inside, np.maximum(z, flank), z)], 1)


def _temple(path: F64, sign: float, face: Face, rim: float, stuff: Stuff) -> list[Piece]:
    """The arm from the rim's outer end past the temple to the ear, and what is behind it."""
    ear = face.at((sign * EAR_MM[0], *EAR_MM[1:]))
    top = path[:, 1].max()
    outer = path[sign * path[:, 0] > 0.82 * np.abs(path[:, 0]).max()]
    hinge = outer[np.abs(outer[:, 1] - (0.6 * top + 0.4 * path[:, 1].mean())).argmin()]
    share = np.linspace(0, 1, 12)
    spot = hinge + share[:, None] * (ear + np.array([0, 0.002, 0]) - hinge)
    skin = face.side(spot[:, 1], spot[:, 2], sign > 0) + 1.6 * rim
    bulge = np.maximum(np.abs(spot[:, 0]), np.where(share < 0.93, skin, -np.inf))
    spot[:, 0] = sign * np.maximum(bulge, np.abs(hinge[0]) - 0.02 * share)
    spot[0] = hinge
    arm = tube(spot, rim * np.interp(share, (0, 1), (1.25, 0.9)), stuff, flat=1.3)
    hook = spot[-1] + np.array([[0, 0, 0], [-sign * 0.001, -0.002, -0.005], [0, -0.012, -0.009]])
    return [arm, tube(hook * [1, 1, 1], rim * 0.9, stuff)]
