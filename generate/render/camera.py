"""A pinhole camera on a toy, and what its sensor makes of the light.

Camera axes: x right, y down, z forward. Image: pixel centres at +0.5, principal point at the
image's centre. World axes: x to the image right, y up, z towards the camera; m.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.render.film import TABLE_ROOT, TABLE_SIZE, print_film
from generate.spec import View

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

ELEVATION_SPREAD_DEG = 7.0
"""Toys stand below and above the eyes: spread of the camera's pitch over scenes."""
ROLL_SPREAD_DEG = 2.0


@dataclass(frozen=True)
class Camera:
    """Pinhole camera: pixel = focal * (x, y) / z + size / 2."""

    size_px: int
    focal_px: float
    rotation: F64
    """(3, 3) world -> camera axes."""
    shift: F64
    """(3,) m: camera = rotation @ world + shift."""

    @property
    def place(self) -> F64:
        """Where the camera is, m, world."""
        return np.asarray(-self.rotation.T @ self.shift)

    def to_camera(self, points: NDArray[np.floating]) -> F64:
        """World points (..., 3) m -> camera axes, m."""
        return np.asarray(points @ self.rotation.T + self.shift)

    def project(self, points_camera: NDArray[np.floating]) -> F64:
        """Camera points (..., 3), any unit -> pixels (..., 2)."""
        xy = points_camera[..., :2] / points_camera[..., 2:]
        return np.asarray(xy * self.focal_px + self.size_px / 2)


def make_camera(view: View, face_center: F64, face_height_m: float) -> Camera:
    """Place the camera of a view.

    face_center (3,) m, world: shown at the view's offset and distance. face_height_m: brow to
    chin, which spans `face_fraction` of the image when the face looks at the camera.
    """
    rng = np.random.default_rng([view.camera_seed, 0xCA])
    pitch, roll = np.deg2rad(rng.normal(0, (ELEVATION_SPREAD_DEG, ROLL_SPREAD_DEG)))
    flip = np.diag([1.0, -1.0, -1.0])
    rotation = _about_z(roll) @ _about_x(pitch) @ flip
    focal_px = view.face_fraction * view.size_px * view.distance_m / face_height_m
    aim = np.array([*np.array(view.offset) * view.size_px / focal_px, 1.0]) * view.distance_m
    return Camera(view.size_px, float(focal_px), rotation, aim - rotation @ face_center)


def _about_x(angle: float) -> F64:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _about_z(angle: float) -> F64:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def head_angles_deg(rotation: F64) -> F64:
    """Yaw, pitch, roll (3,) of a head whose axes are (x left, y up, z out of the face) columns.

    `rotation` (3, 3) takes head axes to upright camera axes (x right, y up, z to the camera) and
    is Ry(yaw) Rx(-pitch) Rz(-roll): + is the child's own left, up, clockwise in the image.
    """
    yaw = np.arctan2(rotation[0, 2], rotation[2, 2])
    pitch = np.arcsin(np.clip(rotation[1, 2], -1, 1))
    roll = np.arctan2(-rotation[1, 0], rotation[1, 1])
    return np.rad2deg([yaw, pitch, roll])


def direction_angles_deg(direction: F64) -> F64:
    """Yaw and pitch (2,) of a direction in upright camera axes (x right, y up, z to the camera)."""
    x, y, z = direction / np.linalg.norm(direction)
    return np.rad2deg([np.arctan2(x, z), np.arcsin(np.clip(y, -1, 1))])


@dataclass(frozen=True)
class Sensor:
    """What is fixed about the camera's picture over a clip."""

    exposure: float
    white: F32
    """(3,) error of the white balance."""
    contrast: float
    saturation: float
    blur_px: float
    read_noise: float
    shot_noise: float
    vignette: float


@lru_cache(maxsize=4)
def make_sensor(view: View) -> Sensor:
    """Draw the sensor of a view from its `camera_seed`."""
    rng = np.random.default_rng([view.camera_seed, 0x5E])
    sharp = rng.uniform() < 0.6
    noisy = rng.uniform() ** 3
    return Sensor(
        exposure=float(np.exp2(rng.normal(0, 0.28))),
        white=np.exp(rng.normal(0, (0.035, 0.012, 0.05))).astype(np.float32),
        contrast=float(rng.uniform(0.98, 1.22)),
        saturation=float(rng.uniform(0.85, 1.12)),
        blur_px=0.0 if sharp else float(rng.uniform(0.3, 0.8) * (view.size_px / 128) ** 0.6),
        read_noise=0.001 + 0.012 * noisy,
        shot_noise=0.006 + 0.030 * noisy,
        vignette=float(rng.uniform(0, 0.35)),
    )


def develop(linear: F32, view: View, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Expose, tone and add noise: linear RGB (H, W, 3), 1 = white paper -> sRGB (H, W, 3).

    The sensor follows from the view; `rng` is the noise of this frame alone.
    """
    sensor = make_sensor(view)
    light = cv2.GaussianBlur(linear, (0, 0), sensor.blur_px) if sensor.blur_px else linear
    return print_film(
        light,
        gain=sensor.white * np.float32(sensor.exposure),
        fall=_falloff(linear.shape[0], sensor.vignette),
        noise=np.array([sensor.read_noise**2, sensor.shot_noise**2], np.float32),
        table=_table(sensor.contrast),
        saturation=sensor.saturation,
        rng=rng,
    )


def tone(linear: F32, contrast: float = 1.0) -> F32:
    """Film-like curve: straight below mid grey, a soft shoulder above; 0..inf -> 0..1.

    contrast > 1 darkens the shadows and steepens the middle about 0.3.
    """
    x = np.maximum(linear, 0)
    if contrast != 1.0:
        x = np.float32(0.3) * (x / np.float32(0.3)) ** np.float32(contrast)
    knee = np.float32(0.45)
    over = np.maximum(x - knee, 0)
    return np.asarray(np.minimum(x, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee))))


@lru_cache(maxsize=4)
def _table(contrast: float) -> F32:
    """Toned and encoded light, 0 to 255, over the square root of the light."""
    steps = np.linspace(0, TABLE_ROOT, TABLE_SIZE, dtype=np.float32)
    return _encode(tone(np.square(steps, dtype=np.float32), contrast)) * np.float32(255)


def _encode(linear: F32) -> F32:
    """Linear to sRGB (IEC 61966-2-1), float32 0 to 1."""
    x = np.clip(linear, 0, 1)
    curve = np.float32(1.055) * x ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(x <= 0.0031308, x * np.float32(12.92), curve)


def _falloff(size: int, strength: float) -> F32:
    """Light left (S,) along the middle row: 1 at the centre."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    return np.asarray(1 - np.float32(strength / 2) * axis**2, np.float32)
