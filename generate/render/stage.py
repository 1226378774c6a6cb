"""A place being drawn: boxes in metres behind the child, in perspective, with soft shadows.

World axes: x to the image right, y up, z towards the camera, origin between the child's eyes;
the floor lies `height_m` below. Colours are linear RGB reflectance; what shines is > 1.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from generate.render.camera import Camera
from generate.render.environment import irradiance_at
from generate.render.light import LUMINANCE, Light

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Rng = np.random.Generator
Color = NDArray[np.floating]
FAR_PX = 30000
AXES = ("x", "X", "y", "Y", "z", "Z")
"""What a surface may face, capitals for the positive direction."""
NEAR_M = 0.05
TILE_PX, TILES = 256, 2


def cloud(rng: Rng, size: int, power: float) -> F32:
    """Noise (size, size) of unit variance whose amplitude falls as 1/f**power (images: 1)."""
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    f[0, 0] = 1
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) / f**power, (size, size))
    return np.asarray((field - field.mean()) / field.std(), np.float32)


@cache
def _tile(power: float, number: int) -> F32:
    return cloud(np.random.default_rng([number, 0x71]), TILE_PX, power)


def noise(rng: Rng, size: int, power: float) -> F32:
    """A random, perhaps mirrored piece (size, size) of a few kept clouds; size <= 256."""
    tile = _tile(power, int(rng.integers(TILES)))
    i, j = rng.integers(0, TILE_PX - size + 1, 2)
    flip_x, flip_y, turn = (int(v) for v in rng.choice([-1, 1], 3))
    piece = tile[i : i + size, j : j + size][::flip_y, ::flip_x]
    return piece.T if turn > 0 else piece


class Stage:
    """Painter's canvas (n, n, 3) of one place."""

    def __init__(self, n: int, camera: Camera, reach: float, light: Light, rng: Rng) -> None:
        """reach: field that is drawn over the camera's own, for lenses that see wider."""
        self.n, self.rng, self.light = n, rng, light
        self.image = np.zeros((n, n, 3), np.float32)
        self.far_m = 8.0
        self.height_m = float(rng.uniform(0.6, 1.15))
        self.focal = camera.focal_px * n / camera.size_px / reach
        self.camera = camera
        self.key = light.lamps.direction[0].astype(np.float64)
        self._shadow = np.zeros((n, n), np.float32)
        self._boxes: list[tuple[float, ...]] = []
        self._lit = dict(zip(AXES, self._irradiance(), strict=True))

    def _irradiance(self) -> F64:
        """Light (6, 3) on surfaces that face each of AXES."""
        normals = np.repeat(np.eye(3), 2, 0) * np.tile([-1.0, 1.0], 3)[:, None]
        light, lamps = self.light, self.light.lamps
        hard = 0.3 + 0.45 * (1 - light.softness)
        color = lamps.color[0] / max(float(lamps.color[0] @ LUMINANCE), 1e-6)
        around = irradiance_at(lamps.ambient, normals) / max(float(light.ambient), 1e-6)
        direct = color * np.maximum(normals @ self.key, 0)[:, None]
        return np.asarray(light.level * ((1 - hard) * around * light.tint + hard * 1.4 * direct))

    def lit(self, color: Color, axis: str) -> F32:
        """The colour of a surface in the scene's light, by the axis it faces (capital: +)."""
        return np.asarray(color * self._lit[axis], np.float32)

    def half_m(self, z: float) -> float:
        """Half of the width that is in view at depth z, m."""
        return (float(self.camera.place[2]) - z) * self.n / 2 / self.focal

    def project(self, points: F64) -> tuple[F64, F64]:
        """World points (..., 3) -> pixels (..., 2) of the canvas, and distance along z, m."""
        at = self.camera.to_camera(points)
        depth = np.maximum(at[..., 2], NEAR_M)
        return at[..., :2] / depth[..., None] * self.focal + self.n / 2, at[..., 2]

    def row(self, y: float, z: float) -> float:
        """Image row, 0 top to 1 bottom, of height y above the eyes at depth z."""
        place, _ = self.project(np.array([0.0, y, z]))
        return float(place[1]) / self.n

    def floor(self, color: Color, far: float) -> None:
        """Ground from the child to depth `far`."""
        y = -self.height_m
        self._plane([[-30, y, far], [30, y, far], [30, y, 0.1], [-30, y, 0.1]], color, "Y")

    def back(self, color: Color, z: float) -> None:
        """A wall across the view."""
        self.far_m = -z
        self._plane([[-30, -9, z], [30, -9, z], [30, 9, z], [-30, 9, z]], color, "Z")

    def side(self, color: Color, x: float, far: float) -> None:
        """A wall along the view at x, from depth `far` to the child."""
        corners = [[x, -9, far], [x, 9, far], [x, 9, 0.1], [x, -9, 0.1]]
        self._plane(corners, color, "X" if x < 0 else "x")

    def ceiling(self, color: Color, y: float, far: float) -> None:
        """A ceiling at height y above the eyes."""
        self._plane([[-30, y, far], [30, y, far], [30, y, 0.1], [-30, y, 0.1]], color, "y")

    def _plane(self, corners: list[list[float]], color: Color, axis: str) -> None:
        place, _ = self.project(np.array(corners, np.float64))
        self.fill(place, self.lit(color, axis))

    def fill(self, place: F64, color: Color) -> None:
        """Fill a polygon (N, 2) of canvas pixels."""
        points = np.clip(place, -FAR_PX, FAR_PX).astype(np.int32)
        cv2.fillConvexPoly(self.image, points, [float(c) for c in color])

    def box(
        self, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], color: Color
    ) -> None:
        """A box by its ranges, m; drawn by `flush`, the farthest first."""
        r, g, b = (float(c) for c in color)
        self._boxes.append((x[0], y[0], z[0], x[1], y[1], z[1], r, g, b))

    def shine(self, x: tuple[float, float], y: tuple[float, float], z: float, color: Color) -> None:
        """A flat light: as bright as its colour whatever falls on it."""
        self.box(x, y, (z, z), -np.asarray(color))

    def ball(self, at: tuple[float, float, float], radius: float, color: Color) -> None:
        """A round thing, lit from the key's side; drawn at once."""
        place, depth = self.project(np.array(at))
        r = radius * self.focal / max(float(depth), NEAR_M)
        if not 0.5 < r < 2 * self.n or np.abs(place).max() > 4 * self.n:
            return
        light = self.key[:2] * [1, -1]
        for share, gain in zip(np.linspace(1, 0.2, 7), np.linspace(0.6, 1.15, 7), strict=True):
            x, y = place + light * r * (1 - share) * 0.6
            tone = self.lit(color, "Z") * 0.5 + self.lit(color, "Y") * 0.5
            cv2.circle(
                self.image, (int(x), int(y)), max(int(r * share), 1), (tone * gain).tolist(), -1
            )

    def darken(self, corners: F64, strength: float = 1.0) -> None:
        """Shade the world polygon (N, 3) before the boxes are drawn."""
        place, _ = self.project(corners)
        points = np.clip(place, -FAR_PX, FAR_PX).astype(np.int32)
        cv2.fillConvexPoly(self._shadow, points, strength)

    def flush(self, wall_z: float | None = None) -> None:
        """Draw the boxes so far, their shadows on the floor and the wall at `wall_z` first."""
        if not self._boxes:
            return
        boxes = np.array(self._boxes)
        self._boxes = []
        low, high, color = boxes[:, :3], boxes[:, 3:6], boxes[:, 6:]
        self._cast(low, high, wall_z)
        order = np.argsort((low[:, 2] + high[:, 2]) / 2, kind="stable")
        faces, axes = _faces(low, high, self.camera.place)
        place, depth = self.project(faces)
        shown = depth.min(-1) > NEAR_M
        shown &= (place.max(-2) > 0).all(-1) & (place.min(-2) < self.n).all(-1)
        shown &= axes
        points = np.clip(place, -FAR_PX, FAR_PX).astype(np.int32)
        lit = np.stack([self._lit[a] for a in ("y", "Y", "x", "X", "Z")])
        tones = np.where(color[:, None] < 0, -color[:, None], color[:, None] * lit)
        for i in order.tolist():
            for face in np.flatnonzero(shown[i]).tolist():
                cv2.fillConvexPoly(self.image, points[i, face], tones[i, face].tolist())

    def _cast(self, low: F64, high: F64, wall_z: float | None) -> None:
        """Contact shadows on the floor, thrown ones on the wall."""
        ground = -self.height_m
        for i in np.flatnonzero(low[:, 1] < ground + 0.06).tolist():
            (x0, _, z0), (x1, _, z1) = low[i] - 0.04, high[i] + 0.04
            y = ground
            self.darken(np.array([[x0, y, z0], [x1, y, z0], [x1, y, z1], [x0, y, z1]]), 0.8)
        if wall_z is not None:
            slope = -self.key[:2] / max(self.key[2], 0.35)
            for i in np.flatnonzero(low[:, 2] < wall_z + 0.5).tolist():
                off = slope * (0.02 + high[i, 2] - wall_z)
                (x0, y0), (x1, y1) = low[i, :2] + off - 0.01, high[i, :2] + off + 0.01
                z = wall_z
                self.darken(np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]]), 0.7)
        if self._shadow.any():
            sigma = self.n * (0.008 + 0.022 * self.light.softness)
            soft = cv2.GaussianBlur(self._shadow, (0, 0), sigma)
            self.image *= (1 - np.float32(0.55) * soft)[..., None]
            self._shadow[:] = 0

    def grain(self, strength: float, power: float = 1.0) -> None:
        """Multiply by a texture whose spectrum falls as photographs' do."""
        texture = np.exp(np.float32(strength) * noise(self.rng, self.n, power))
        self.image *= texture[..., None]


_FACES = np.array(
    [
        [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]],
        [[0, 1, 0], [1, 1, 0], [1, 1, 1], [0, 1, 1]],
        [[0, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]],
        [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]],
        [[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]],
    ]
)
"""Which end of a box along x, y, z: corners (5, 4, 3) of bottom, top, left, right and front."""


def _faces(low: F64, high: F64, eye: F64) -> tuple[F64, NDArray[np.bool_]]:
    """Corners (N, 5, 4, 3) of bottom, top, left, right and front, and which face the eye (N, 5)."""
    ends = np.stack([low, high])
    corners = ends[_FACES, :, np.arange(3)]  # (5, 4, 3, N)
    seen = np.stack(
        [
            *(eye[1] < low[:, 1], eye[1] > high[:, 1]),
            *(eye[0] < low[:, 0], eye[0] > high[:, 0], np.ones(len(low), bool)),
        ],
        1,
    )
    return np.moveaxis(corners, -1, 0), seen
