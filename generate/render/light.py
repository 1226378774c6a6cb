"""Light of a scene: three lamps, ambient light as spherical harmonics, and the key's shadow map.

World axes: x to the image right, y up, z towards the camera. Colours are linear RGB; a white
surface that faces the key squarely, with all else dark, has the radiance of the key's colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


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


KINDS: dict[str, Kind] = {
    "room": Kind(
        *(0.28, (-60, 60), (30, 70), (0.5, 0.85), (0.1, 0.4), (0, 0.25), (0.18, 0.40)),
        *((0.1, 0.6), (0.0, 0.4), (0.6, 1.0), (0.15, 0.35), (0.5, 1.1)),
    ),
    "window": Kind(
        *(0.26, (30, 80), (5, 35), (0.65, 1.05), (0.02, 0.2), (0, 0.2), (0.08, 0.26)),
        *((-0.35, 0.15), (-0.1, 0.4), (0.6, 1.0), (0.25, 0.5), (0.4, 1.0)),
    ),
    "shade": Kind(
        *(0.18, (-70, 70), (40, 75), (0.2, 0.45), (0.2, 0.6), (0, 0.3), (0.55, 0.8)),
        *((-0.2, 0.2), (-0.35, 0.1), (0.8, 1.0), (0.35, 0.6), (0.8, 1.5)),
    ),
    "sun": Kind(
        *(0.10, (-75, 75), (20, 60), (0.8, 1.2), (0.05, 0.2), (0, 0.4), (0.16, 0.32)),
        *((0.15, 0.45), (-0.5, -0.1), (0.0, 0.25), (0.08, 0.12), (0.8, 1.4)),
    ),
    "dusk": Kind(
        *(0.08, (-80, 80), (3, 20), (0.45, 0.8), (0.1, 0.35), (0.1, 0.5), (0.15, 0.3)),
        *((0.5, 1.0), (-0.6, -0.1), (0.4, 1.0), (0.12, 0.35), (0.3, 0.9)),
    ),
    "back": Kind(
        *(0.05, (105, 150), (15, 45), (0.7, 1.1), (0.1, 0.3), (0.3, 0.9), (0.4, 0.6)),
        *((0.0, 0.5), (-0.3, 0.2), (0.5, 1.0), (0.2, 0.4), (1.2, 2.2)),
    ),
    "lamp": Kind(
        *(0.05, (-70, 70), (-5, 60), (0.8, 1.1), (0.03, 0.15), (0, 0.1), (0.05, 0.15)),
        *((0.3, 0.9), (0.1, 0.6), (0.0, 0.3), (0.10, 0.16), (0.15, 0.5)),
    ),
}


def tinted(warmth: float) -> F32:
    """White moved towards amber (1) or blue (-1), luminance kept."""
    rgb = np.array([1 + 0.24 * warmth, 1.0, 1 - 0.34 * warmth])
    return (rgb / (rgb @ np.array([0.2126, 0.7152, 0.0722]))).astype(np.float32)


def towards(azimuth_deg: float, elevation_deg: float) -> NDArray[np.float64]:
    """Unit vector; azimuth 0 is the camera's side, 90 the image right."""
    a, e = np.deg2rad([azimuth_deg, elevation_deg])
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])


def make_light(seed: int) -> Light:
    """Draw the light of a scene from its seed."""
    rng = np.random.default_rng([seed, 0x11])
    shares = np.array([kind.share for kind in KINDS.values()])
    name = list(KINDS)[int(rng.choice(len(KINDS), p=shares / shares.sum()))]
    return light_of_kind(name, rng)


def light_of_kind(name: str, rng: np.random.Generator) -> Light:
    """Draw one light of a given kind, named in KINDS."""
    kind = KINDS[name]
    side = rng.choice([-1.0, 1.0])
    azimuth = side * rng.uniform(*kind.azimuth)
    key = rng.uniform(*kind.key)
    directions = [
        towards(azimuth, rng.uniform(*kind.elevation)),
        towards(-azimuth * 0.7 + rng.uniform(-30, 30), rng.uniform(0, 40)),
        towards(180 + rng.uniform(-70, 70), rng.uniform(10, 60)),
    ]
    ambient_tint = tinted(rng.uniform(*kind.ambient_warmth))
    key_tint = tinted(rng.uniform(*kind.key_warmth))
    fill, rim = key * rng.uniform(*kind.fill), rng.uniform(*kind.rim)
    half = rng.uniform(*kind.window)
    lamps = Lamps(
        np.array(directions, np.float32),
        np.array(
            [key * key_tint, fill * (key_tint + ambient_tint) / 2, rim * key_tint], np.float32
        ),
        np.array([[half, half * rng.uniform(0.8, 1.8)], [half, half], [0.1, 0.1]], np.float32),
        ambient_harmonics(ambient_tint * rng.uniform(*kind.ambient), directions[0], rng),
    )
    return Light(name, lamps, rng.uniform(*kind.softness), ambient_tint, rng.uniform(*kind.level))


def ambient_harmonics(mean: F32, key: NDArray[np.float64], rng: np.random.Generator) -> F32:
    """Harmonics (9, 3) of a room or a sky: bright above and on the key's side, dim floor bounce."""
    sh = np.zeros((9, 3), np.float32)
    sh[0] = mean
    up = rng.uniform(0.2, 0.55)
    aside = rng.uniform(0.15, 0.45)
    floor = tinted(rng.uniform(0.0, 0.8)) / tinted(0.0)
    sh[1] = mean * (up - 0.12 * (floor - 1))
    sh[2] = mean * (rng.uniform(-0.1, 0.2) + aside * key[2] * 0.4)
    sh[3] = mean * (aside * key[0] + rng.normal(0, 0.06))
    sh[4:] = mean * rng.normal(0, 0.035, (5, 1))
    return sh


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
