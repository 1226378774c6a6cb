"""What a toy's camera makes of the light: exposure, lens faults, noise, tone and compression.

`CAMERAS` names the kinds of `View.camera`. Input is linear RGB (H, W, 3), 1 = white paper.
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
U8 = NDArray[np.uint8]
Range = tuple[float, float]


@dataclass(frozen=True)
class Kind:
    """Ranges of one sort of camera; lengths in px of a 128 px image. Amounts of
    noise are in shares of white paper."""

    share: float = 0.0
    """Recommended share of a mixed data set."""
    stops: float = 0.0
    """Mean error of the exposure, in stops."""
    cast: float = 1.0
    """Error of the white balance, 1 is that of a good camera."""
    sharp: float = 0.6
    """Share of lenses in focus."""
    blur: Range = (0.3, 0.8)
    read: Range = (0.001, 0.013)
    shot: Range = (0.006, 0.036)
    vignette: Range = (0.0, 0.35)
    contrast: Range = (0.98, 1.22)
    saturation: Range = (0.85, 1.12)
    fringe: Range = (0.0, 0.0)
    """How far red and blue part at the image's edge."""
    rows: Range = (0.0, 0.0)
    """Noise that whole rows share."""
    bands: Range = (0.0, 0.0)
    """Depth of the bands that mains light leaves on a rolling shutter."""
    smear: Range = (0.0, 0.0)
    """Strength of the noise filter, which takes detail with it."""
    jpeg: Range = (0.0, 0.0)
    """Quality; 0 keeps the picture as it is."""


CAMERAS: dict[str, Kind] = {
    "good": Kind(share=0.50),
    "toy": Kind(
        *(0.16, 0.0, 1.8, 0.0, (0.35, 0.9), (0.003, 0.012), (0.012, 0.035), (0.3, 0.8)),
        *((0.9, 1.3), (0.7, 1.2), (0.3, 1.1), (0.0, 0.002), (0.0, 0.0), (0.0, 0.5), (30, 70)),
    ),
    "cheap": Kind(
        *(0.10, 0.0, 2.2, 0.3, (0.3, 0.7), (0.008, 0.025), (0.03, 0.07), (0.0, 0.5)),
        *((0.95, 1.3), (0.6, 1.1), (0.0, 0.5), (0.003, 0.011), (0.0, 0.10), (0.0, 0.15), (70, 92)),
    ),
    "dark": Kind(
        *(0.07, -1.0, 2.2, 0.3, (0.3, 0.7), (0.010, 0.028), (0.05, 0.10), (0.1, 0.6)),
        *((0.95, 1.2), (0.5, 0.95), (0.0, 0.3), (0.001, 0.006), (0.0, 0.04), (0.4, 1.0), (45, 85)),
    ),
    "bright": Kind(share=0.05, stops=1.15, cast=1.5, contrast=(0.95, 1.15), jpeg=(60, 90)),
    "grey": Kind(share=0.05, saturation=(0.0, 0.0)),
    "infrared": Kind(
        *(0.04, 0.0, 0.0, 0.3, (0.3, 0.8), (0.004, 0.016), (0.015, 0.05), (0.2, 0.7)),
        *((0.95, 1.25), (0.0, 0.0), (0.0, 0.0), (0.0, 0.004), (0.0, 0.0), (0.0, 0.6), (50, 90)),
    ),
    "screen": Kind(
        *(0.03, -0.1, 1.6, 0.2, (0.3, 0.6), (0.002, 0.008), (0.008, 0.03), (0.0, 0.3)),
        *((1.0, 1.3), (0.8, 1.2), (0.0, 0.4), (0.0, 0.002), (0.02, 0.10), (0.0, 0.0), (50, 85)),
    ),
}


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
    fringe_px: float
    row_noise: float
    bands: float
    band_rows: float
    """Height of one band over that of the image."""
    smear: float
    jpeg: int
    moire: float
    """Cycles over the image of a screen's grid beating with the pixels; 0 is no screen."""


@lru_cache(maxsize=4)
def make_sensor(view: View) -> Sensor:
    """Draw the sensor of a view from its kind and `camera_seed`.

    The faults beyond a good camera's have their own stream, so that the kind changes alone.
    Raises ValueError for an unknown kind.
    """
    if view.camera not in CAMERAS:
        raise ValueError(f"camera {view.camera!r} is not one of {', '.join(CAMERAS)}")
    kind = CAMERAS[view.camera]
    rng = np.random.default_rng([view.camera_seed, 0x5E])
    extra = np.random.default_rng([view.camera_seed, 0x5F])
    scale = view.size_px / 128
    sharp, noisy = rng.uniform() < kind.sharp, rng.uniform() ** 3
    stops, cast = rng.normal(0, 0.28), rng.normal(0, (0.035, 0.012, 0.05))
    contrast, saturation = rng.uniform(*kind.contrast), rng.uniform(*kind.saturation)
    blur, vignette = rng.uniform(*kind.blur), rng.uniform(*kind.vignette)
    return Sensor(
        exposure=float(np.exp2(stops + kind.stops)),
        white=np.exp(cast * kind.cast).astype(np.float32),
        contrast=float(contrast),
        saturation=float(saturation),
        blur_px=0.0 if sharp else float(blur * scale**0.6),
        read_noise=_between(kind.read, noisy),
        shot_noise=_between(kind.shot, noisy),
        vignette=float(vignette),
        fringe_px=float(extra.uniform(*kind.fringe) * scale),
        row_noise=float(extra.uniform(*kind.rows)),
        bands=float(extra.uniform(*kind.bands)),
        band_rows=float(extra.uniform(0.25, 0.9)),
        smear=float(extra.uniform(*kind.smear)),
        jpeg=int(extra.uniform(*kind.jpeg)),
        moire=float(extra.uniform(9, 20)) if view.camera == "screen" else 0.0,
    )


def develop(linear: F32, view: View, rng: np.random.Generator) -> U8:
    """Expose, tone and add noise: linear RGB (H, W, 3), 1 = white paper -> sRGB (H, W, 3).

    The sensor follows from the view; `rng` is the noise of this frame alone.
    """
    sensor = make_sensor(view)
    light = fringed(linear, sensor.fringe_px) if sensor.fringe_px else linear
    if sensor.blur_px:
        light = cv2.GaussianBlur(light, (0, 0), sensor.blur_px)
    if sensor.moire:
        light = light * _moire(linear.shape[0], sensor.moire)
    if sensor.row_noise or sensor.bands:
        light = _rolled(light, sensor, rng)
    image = print_film(
        light,
        gain=sensor.white * np.float32(sensor.exposure),
        fall=_falloff(linear.shape[0], sensor.vignette),
        noise=np.array([sensor.read_noise**2, sensor.shot_noise**2], np.float32),
        table=_table(sensor.contrast),
        saturation=sensor.saturation,
        rng=rng,
    )
    if sensor.smear:
        image = _smeared(image, sensor)
    return _jpeg(image, sensor.jpeg) if sensor.jpeg else image


def _between(bounds: Range, share: float) -> float:
    return float(bounds[0] + (bounds[1] - bounds[0]) * share)


def fringed(light: F32, edge_px: float) -> F32:
    """Red a little larger and blue a little smaller: lateral colour of a one-piece lens."""
    size = light.shape[0]
    out = light.copy()
    for channel, sign in ((0, 1.0), (2, -1.0)):
        zoom = 1 + sign * edge_px / (size / 2)
        shift = (1 - zoom) * (size - 1) / 2
        matrix = np.array([[zoom, 0, shift], [0, zoom, shift]])
        plane = np.ascontiguousarray(light[..., channel])
        out[..., channel] = cv2.warpAffine(
            plane, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE
        )
    return out


def _rolled(light: F32, sensor: Sensor, rng: np.random.Generator) -> F32:
    """Rows read one after another: noise that a row shares, and bands of flickering light."""
    rows = np.arange(light.shape[0]) / light.shape[0]
    offset = sensor.row_noise * rng.standard_normal(len(rows))
    phase = rng.uniform(0, 2 * np.pi)
    gain = 1 + sensor.bands * np.sin(2 * np.pi * rows / sensor.band_rows + phase)
    offset /= sensor.exposure
    return np.asarray(light * gain[:, None, None] + offset[:, None, None], np.float32)


def _smeared(image: U8, sensor: Sensor) -> U8:
    """Edge-keeping noise filter: what differs by less than the noise is averaged away."""
    spread = (20 + 2000 * sensor.read_noise) * sensor.smear
    return np.asarray(cv2.bilateralFilter(image, 5, spread, 1.5), np.uint8)


def _moire(size: int, cycles: float) -> F32:
    """(H, W, 3) gain: a display's red, green and blue stripes beating with the pixel grid."""
    axis = np.arange(size, dtype=np.float32) / size * np.float32(2 * np.pi * cycles)
    slant = axis[None] + 0.35 * axis[:, None]
    phases = np.array([0.0, 2.1, 4.2], np.float32)
    waves = np.cos(slant[..., None] + phases)
    return np.asarray(1 + 0.05 * waves, np.float32)


def _jpeg(image: U8, quality: int) -> U8:
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])


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
    return encode_srgb(tone(np.square(steps, dtype=np.float32), contrast)) * np.float32(255)


def encode_srgb(linear: F32) -> F32:
    """Linear to sRGB (IEC 61966-2-1), float32 0 to 1."""
    x = np.clip(linear, 0, 1)
    curve = np.float32(1.055) * x ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(x <= 0.0031308, x * np.float32(12.92), curve)


def _falloff(size: int, strength: float) -> F32:
    """Light left (S,) along the middle row: 1 at the centre."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    return np.asarray(1 - np.float32(strength / 2) * axis**2, np.float32)
