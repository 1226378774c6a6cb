"""Where a toy's camera stands, and how its lens maps the world to pixels.

Camera axes: x right, y down, z forward. Image: pixel centres at +0.5, principal point at the
image's centre. World axes: x to the image right, y up, z towards the camera; m.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from generate.spec import View

F64 = NDArray[np.float64]

ELEVATION_SPREAD_DEG = 7.0
"""Toys stand below and above the eyes: spread of the camera's pitch over scenes."""
ROLL_SPREAD_DEG = 2.0


@dataclass(frozen=True)
class Camera:
    """Pixel = focal * bent((x, y) / z) + size / 2; `bent` leaves a straight lens's rays alone."""

    size_px: int
    focal_px: float
    rotation: F64
    """(3, 3) world -> camera axes."""
    shift: F64
    """(3,) m: camera = rotation @ world + shift."""
    distortion: float = 0.0
    """Radial term k1 of the Brown-Conrady model, of rays (x, y) / z."""
    aperture_m: float = 0.0
    """Diameter of the lens opening; 0 is a pinhole, which has all in focus."""
    focus_m: float = 1.0
    """Distance along z that is in focus."""

    @property
    def place(self) -> F64:
        """Where the camera is, m, world."""
        return np.asarray(-self.rotation.T @ self.shift)

    def to_camera(self, points: NDArray[np.floating]) -> F64:
        """World points (..., 3) m -> camera axes, m."""
        return np.asarray(points @ self.rotation.T + self.shift)

    def project(self, points_camera: NDArray[np.floating]) -> F64:
        """Camera points (..., 3), any unit -> pixels (..., 2)."""
        rays = points_camera[..., :2] / points_camera[..., 2:]
        return np.asarray(bent(rays, self.distortion) * self.focal_px + self.size_px / 2)

    def rays(self, pixels: NDArray[np.floating]) -> F64:
        """Pixels (..., 2) -> rays (..., 2) = (x, y) / z, the inverse of `project`."""
        return straightened((pixels - self.size_px / 2) / self.focal_px, self.distortion)

    def blur_px(self, depth_m: NDArray[np.floating]) -> F64:
        """Radius of the circle of confusion at distances along z, of a thin lens far from it.

        A ray from (0, depth) through the lens's edge meets the sensor aperture / 2 times
        |1 / focus - 1 / depth| times the focal length off the axis.
        """
        off = np.abs(1 / self.focus_m - 1 / np.asarray(depth_m, np.float64))
        return np.asarray(self.aperture_m / 2 * self.focal_px * off)


NEWTON_STEPS = 8
"""Errors square with each step: six bring the strongest barrel below 1e-9."""


def bent(rays: NDArray[np.floating], k1: float) -> F64:
    """Rays (..., 2) as a lens of radial term k1 shows them: r -> r (1 + k1 r^2).

    Brown, "Decentering distortion of lenses" (1966), first term. Past the radius where a barrel
    would turn back, the factor stays: the lens sees no farther, and the map stays one to one.
    """
    if k1 == 0:
        return np.asarray(rays, np.float64)
    square = np.minimum((rays * rays).sum(-1, keepdims=True), turning_square(k1))
    return np.asarray(rays * (1 + k1 * square), np.float64)


def straightened(rays: NDArray[np.floating], k1: float) -> F64:
    """The inverse of `bent`, by Newton's method on the radius; exact to 1e-9."""
    if k1 == 0:
        return np.asarray(rays, np.float64)
    far, limit = np.linalg.norm(rays, axis=-1, keepdims=True), turning_square(k1)
    r = far.copy()
    for _ in range(NEWTON_STEPS):
        inside = r * r < limit
        square = np.where(inside, r * r, limit)
        slope = np.where(inside, 1 + 3 * k1 * square, 1 + k1 * square)
        r = np.maximum(r - (r * (1 + k1 * square) - far) / np.maximum(slope, 0.1), 0)
    return np.asarray(rays * (r / np.maximum(far, 1e-12)))


def turning_square(k1: float) -> float:
    """Square of the radius up to which r (1 + k1 r^2) grows, a little less to stay invertible."""
    return 0.8 / (3 * -k1) if k1 < 0 else np.inf


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
    shift = aim - rotation @ face_center
    aperture_m = view.aperture_mm / 1000
    return Camera(
        view.size_px, float(focal_px), rotation, shift, view.distortion, aperture_m, view.distance_m
    )


def turned(camera: Camera, turn_deg: float, center: F64) -> Camera:
    """The camera gone round the vertical through `center` (3,) m, as if what stands there turned.

    turn_deg > 0 turns it to its own left (image right).
    """
    turn = about_y(np.deg2rad(turn_deg))
    rotation = camera.rotation @ turn
    shift = camera.shift + camera.rotation @ center - rotation @ center
    return replace(camera, rotation=rotation, shift=shift)


def about_y(angle: float) -> F64:
    """Rotation (3, 3) of world axes about the vertical: z goes towards x."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


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
