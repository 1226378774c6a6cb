"""Light of a scene: three lamps, the surroundings' ambient light, and the key's shadow map.

World axes: x to the image right, y up, z towards the camera. Colours are linear RGB; a white
surface that faces the key squarely, with all else dark, has the radiance of the key's colour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generate.render.camera import about_y
from generate.render.environment import COLUMNS, environment_map, harmonics

F32 = NDArray[np.float32]
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


class Lamps(NamedTuple):
    """What the shading kernels read of the light."""

    direction: F32
    """(3, 3) unit vectors towards key, fill and rim."""
    color: F32
    """(3, 3) linear RGB of each."""
    window: F32
    """(3, 2) half width and half height of each as seen from the face (sine of the angle)."""
    ambient: F32
    """(9, 3) harmonics with the cosine lobe in them, as `shade_math.irradiance` sums them."""
    environment: F32
    """(8, 16, 3) radiance by direction, as `environment.py` has it: what shiny things mirror."""


class Shadow(NamedTuple):
    """Depth of the scene as the key sees it."""

    depth: F32
    """(S, S), larger is nearer to the light."""
    matrix: F32
    """(3, 4) world -> column, row, depth."""
    radius: float
    """Texels between the taps of the soft edge."""
    bias: float


@dataclass(frozen=True)
class Light:
    """The light of one scene."""

    name: str
    """One of KINDS."""
    lamps: Lamps
    softness: float
    """0 hard shadows to 1 soft ones."""
    tint: F32
    """(3,) mean colour of the ambient light, luminance 1: what the backdrop is lit with."""
    level: float
    """Brightness of the backdrop relative to the face's light."""
    ambient: float
    """Mean luminance of what surrounds the face."""
    glow: float
    """How much of the ambient light comes from about the key: walls beside a window, a sky."""


@dataclass(frozen=True)
class Kind:
    """Ranges of one sort of light; angles in degrees, warmth -1 (blue) to 1 (amber)."""

    share: float
    azimuth: tuple[float, float]
    elevation: tuple[float, float]
    key: tuple[float, float]
    """Irradiance of the key on a surface facing it."""
    fill: tuple[float, float]
    """Fill as a share of the key."""
    rim: tuple[float, float]
    ambient: tuple[float, float]
    key_warmth: tuple[float, float]
    ambient_warmth: tuple[float, float]
    softness: tuple[float, float]
    window: tuple[float, float]
    level: tuple[float, float]
    places: tuple[str, ...]
    """Backdrops that suit it, by name; one named twice comes twice as often."""


HOME = ("wall", "room", "room", "shelf", "curtain", "kitchen", "bed")
INDOORS = (*HOME, "classroom", "studio")
OUTDOORS = ("garden", "garden", "street", "playground", "sky", "wall")
KINDS: dict[str, Kind] = {
    "room": Kind(
        *(0.25, (-60, 60), (30, 70), (0.5, 0.85), (0.05, 0.28), (0, 0.2), (0.20, 0.42)),
        *((0.1, 0.6), (0.0, 0.4), (0.6, 1.0), (0.15, 0.35), (0.5, 1.1), INDOORS),
    ),
    "window": Kind(
        *(0.22, (30, 80), (5, 35), (0.65, 1.05), (0.0, 0.12), (0, 0.15), (0.10, 0.30)),
        *((-0.35, 0.15), (-0.1, 0.4), (0.6, 1.0), (0.25, 0.5), (0.4, 1.0), INDOORS),
    ),
    "shade": Kind(
        *(0.16, (-70, 70), (40, 75), (0.2, 0.45), (0.1, 0.4), (0, 0.25), (0.55, 0.8)),
        *((-0.2, 0.2), (-0.35, 0.1), (0.8, 1.0), (0.35, 0.6), (0.8, 1.4), OUTDOORS),
    ),
    "sun": Kind(
        *(0.10, (-75, 75), (20, 60), (0.8, 1.2), (0.0, 0.12), (0, 0.3), (0.18, 0.34)),
        *((0.15, 0.45), (-0.5, -0.1), (0.0, 0.25), (0.08, 0.12), (0.8, 1.3), OUTDOORS),
    ),
    "dusk": Kind(
        *(0.07, (-80, 80), (3, 20), (0.45, 0.8), (0.05, 0.25), (0.1, 0.4), (0.16, 0.32)),
        *((0.5, 1.0), (-0.6, -0.1), (0.4, 1.0), (0.12, 0.35), (0.3, 0.9)),
        (*OUTDOORS, "street", "room", "curtain"),
    ),
    "back": Kind(
        *(0.05, (105, 150), (15, 45), (0.7, 1.1), (0.05, 0.25), (0.2, 0.7), (0.4, 0.6)),
        *((0.0, 0.5), (-0.3, 0.2), (0.5, 1.0), (0.2, 0.4), (1.2, 2.0)),
        ("garden", "street", "playground", "sky", "room", "curtain"),
    ),
    "lamp": Kind(
        *(0.05, (-70, 70), (-5, 60), (0.8, 1.1), (0.0, 0.10), (0, 0.1), (0.06, 0.16)),
        *((0.3, 0.9), (0.1, 0.6), (0.0, 0.3), (0.10, 0.16), (0.15, 0.5), HOME),
    ),
    "hard": Kind(
        *(0.04, (-80, 80), (-20, 70), (0.9, 1.3), (0.0, 0.03), (0, 0.05), (0.03, 0.08)),
        *((0.0, 0.5), (0.0, 0.4), (0.0, 0.1), (0.03, 0.07), (0.08, 0.35), INDOORS),
    ),
    "screen": Kind(
        *(0.02, (-25, 25), (-35, 0), (0.5, 0.8), (0.0, 0.05), (0, 0.1), (0.05, 0.12)),
        *((-1.0, -0.4), (-0.5, 0.5), (0.7, 1.0), (0.2, 0.35), (0.06, 0.25)),
        ("bed", "room", "wall", "car", "shelf"),
    ),
    "car": Kind(
        *(0.04, (50, 100), (5, 40), (0.5, 1.0), (0.1, 0.5), (0, 0.3), (0.15, 0.32)),
        *((-0.3, 0.3), (-0.3, 0.2), (0.3, 0.9), (0.3, 0.6), (0.6, 1.2), ("car",)),
    ),
}
ANY = "any"


def tinted(warmth: float) -> F32:
    """White moved towards amber (1) or blue (-1), luminance kept."""
    rgb = np.array([1 + 0.24 * warmth, 1.0, 1 - 0.34 * warmth])
    return (rgb / (rgb @ LUMINANCE)).astype(np.float32)


def towards(azimuth_deg: float, elevation_deg: float) -> NDArray[np.float64]:
    """Unit vector; azimuth 0 is the camera's side, 90 the image right."""
    a, e = np.deg2rad([azimuth_deg, elevation_deg])
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])


def make_light(seed: int, name: str = ANY, place: str = ANY) -> Light:
    """Draw the light of a scene from its seed; "any" draws a kind that suits the place.

    Raises ValueError for an unknown kind.
    """
    if name != ANY and name not in KINDS:
        raise ValueError(f"light {name!r} is not one of {', '.join((ANY, *KINDS))}")
    kinds = KINDS if name == ANY else {name: KINDS[name]}
    fit = {n: k.share for n, k in kinds.items() if place == ANY or place in k.places}
    fit = fit or {n: k.share for n, k in kinds.items()}
    draw = np.random.default_rng([seed, 0x11]).uniform() * sum(fit.values())
    choice = list(fit)[int(np.searchsorted(np.cumsum(list(fit.values())), draw, side="right"))]
    return light_of_kind(choice, np.random.default_rng([seed, 0x12]))


def light_of_kind(name: str, rng: np.random.Generator) -> Light:
    """Draw one light of a given kind, named in KINDS, in grey surroundings."""
    kind = KINDS[name]
    side = rng.choice([-1.0, 1.0])
    azimuth = side * rng.uniform(*kind.azimuth)
    key = rng.uniform(*kind.key)
    directions = [
        towards(azimuth, rng.uniform(*kind.elevation)),
        towards(-azimuth * 0.7 + rng.uniform(-30, 30), rng.uniform(0, 40)),
        towards(180 + rng.uniform(-70, 70), rng.uniform(10, 60)),
    ]
    tint, key_tint = (
        tinted(rng.uniform(*kind.ambient_warmth)),
        tinted(rng.uniform(*kind.key_warmth)),
    )
    fill, rim = key * rng.uniform(*kind.fill), rng.uniform(*kind.rim)
    half, softness = rng.uniform(*kind.window), rng.uniform(*kind.softness)
    lamps = Lamps(
        np.array(directions, np.float32),
        np.array([key * key_tint, fill * (key_tint + tint) / 2, rim * key_tint], np.float32),
        np.array([[half, half * rng.uniform(0.8, 1.8)], [half, half], [0.1, 0.1]], np.float32),
        np.zeros((9, 3), np.float32),
        np.zeros((8, 16, 3), np.float32),
    )
    light = Light(
        *(name, lamps, softness, tint, rng.uniform(*kind.level), rng.uniform(*kind.ambient)),
        glow=rng.uniform(0.3, 0.9) * softness,
    )
    return within(light, GREY_SIDES)


GREY_SIDES = np.repeat(np.array([0.5, 0.5, 0.8, 0.3, 0.5, 0.5], np.float32)[:, None], 3, 1)


def within(light: Light, sides: F32) -> Light:
    """The light in surroundings whose six sides (6, 3) have these colours and relative radiances.

    The surroundings' mean luminance becomes `light.ambient`; the key's wide glow is part of it,
    so that soft light is brightest on the side it comes from.
    """
    level = float((sides @ LUMINANCE).mean())
    key = light.lamps.color[0] / max(float(light.lamps.color[0] @ LUMINANCE), 1e-6)
    glow = np.asarray(key * (level * 3 * light.glow), np.float32)
    env = environment_map(sides, glow, light.lamps.direction[0], 0.3)
    ambient = harmonics(env)
    scale = np.float32(light.ambient / max(float(ambient[0] @ LUMINANCE), 1e-6))
    lamps = light.lamps._replace(ambient=ambient * scale, environment=env * scale)
    return replace(light, lamps=lamps)


def turned_light(light: Light, turn_deg: float) -> Light:
    """The light that stays with the camera when it goes round the person (`camera.turned`).

    The surroundings turn by whole columns of their map.
    """
    turn = about_y(np.deg2rad(turn_deg)).astype(np.float32)
    columns = round(turn_deg / 360 * COLUMNS)
    environment = np.roll(light.lamps.environment, columns, axis=1)
    lamps = light.lamps._replace(
        direction=light.lamps.direction @ turn,
        environment=environment,
        ambient=harmonics(environment),
    )
    return replace(light, lamps=lamps)


def shadow_frame(direction: F32, center: NDArray[np.float64], half_m: float, size: int) -> F32:
    """Matrix (3, 4) of an orthographic view from the key: world m -> column, row, depth in m."""
    forward = np.asarray(direction, np.float64)
    helper = np.array([0.0, 1.0, 0.0]) if abs(forward[1]) < 0.95 else np.array([1.0, 0.0, 0.0])
    right = np.cross(helper, forward)
    right /= np.linalg.norm(right)
    up = np.cross(forward, right)
    scale = size / (2 * half_m)
    rows = np.stack([right * scale, -up * scale, forward])
    shift = -rows @ center + np.array([size / 2, size / 2, 2.0])
    return np.concatenate([rows, shift[:, None]], 1).astype(np.float32)
