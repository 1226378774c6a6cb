"""The one front end: log-mel for sound, resize and scale for pictures. Needs numpy only.

Training, evaluation and boards call these functions, so what a model learned on is what it gets.
The parameters are those of `device/front_end.py`.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

from device.find import placed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[Any]

EPSILON = 1e-5
"""Added to the mel power (|FFT|^2 of samples in -1..1) before the logarithm."""


def logmel(audio: Floats, spec: dict[str, Any]) -> Floats:
    """Return log-mel features of sound, normalized per clip.

    audio: (..., N) float, -1..1, at spec["sample_rate"].
    Returns (..., T, L) float32 in -2..2, T = N // hop, L = n_mels; +2 is the loudest cell of the
    clip, -2 is floor_db below it or less. Digital silence, and all below about -50 dBFS, is -2.
    """
    return normalize(levels(audio, spec), spec)


def levels(audio: Floats, spec: dict[str, Any]) -> Floats:
    """Return the logarithm of mel power + EPSILON: audio (..., N) -> (..., T, L) float64.

    Of a frame alone, so that a stream computes each frame once; `normalize` takes a window of them.
    """
    import numpy as np

    return np.asarray(np.log(mel_power(power(audio, spec), spec) + EPSILON))


def mel_power(power_: Floats, spec: dict[str, Any]) -> Floats:
    """Return the mel power spectrum: |FFT|^2 (..., F) -> (..., L) float64, >= 0."""
    names = ("sample_rate", "n_fft", "n_mels", "fmin", "fmax")
    return power_ @ mel_bands(*(spec[name] for name in names)).T


def power(audio: Floats, spec: dict[str, Any]) -> Floats:
    """Return |FFT|^2 of Hann windows: audio (..., N) -> (..., T, F = n_fft // 2 + 1) float64.

    Frame t is centred in samples t*hop .. (t+1)*hop: the sound is padded with (window - hop) / 2
    zeros at both ends, so one second at 16 kHz gives exactly 50 frames.
    """
    import numpy as np

    window, hop = spec["window"], spec["hop"]
    audio = np.asarray(audio)
    frames = audio.shape[-1] // hop
    if frames < 1 or not np.issubdtype(audio.dtype, np.floating):
        raise ValueError(
            f"sound of shape {audio.shape} and type {audio.dtype}: the log-mel front end takes "
            f"floats in -1..1, at least {hop} samples"
        )
    side = (window - hop) // 2
    used = audio[..., : frames * hop].astype(np.float64)
    padded = np.pad(used, [(0, 0)] * (audio.ndim - 1) + [(side, window - hop - side)])
    pieces = np.lib.stride_tricks.sliding_window_view(padded, window, axis=-1)[..., ::hop, :]
    return frame_power(pieces, spec)


def frame_power(frames: Floats, spec: dict[str, Any]) -> Floats:
    """Return |FFT|^2 of frames (..., window) under the Hann window -> (..., F)."""
    import numpy as np

    spectrum = np.fft.rfft(frames * hann(spec["window"]), spec["n_fft"])
    return spectrum.real**2 + spectrum.imag**2


def frame_levels(frames: Floats, spec: dict[str, Any]) -> Floats:
    """Return what `levels` does for frames (..., window) cut already -> (..., L)."""
    import numpy as np

    return np.asarray(np.log(mel_power(frame_power(frames, spec), spec) + EPSILON))


def normalize(level: Floats, spec: dict[str, Any]) -> Floats:
    """Return levels below the loudest of the clip or window: (..., T, L) -> float32 in -2..2."""
    import numpy as np

    depth = spec["floor_db"] / 10 * math.log(10)
    loudest = level.max(axis=(-2, -1), keepdims=True)
    loudest = np.maximum(loudest, math.log(EPSILON) + depth)  # keeps silence at the floor
    return (4 * np.maximum((level - loudest) / depth, -1) + 2).astype(np.float32)


def fit(audio: Floats, samples: int) -> Floats:
    """Return sound (N,) cut or zero-padded to `samples`, both around its middle."""
    import numpy as np

    extra = samples - audio.shape[-1]
    if extra <= 0:
        start = -extra // 2
        return audio[..., start : start + samples]
    left = extra // 2
    return np.pad(audio, [(0, 0)] * (audio.ndim - 1) + [(left, extra - left)])


@functools.lru_cache(maxsize=8)
def hann(window: int) -> Floats:
    """Return the periodic Hann window, (window,) float64."""
    import numpy as np

    made: Floats = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    made.setflags(write=False)
    return made


@functools.lru_cache(maxsize=8)
def mel_bands(sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> Floats:
    """Return triangular mel bands of peak 1 (n_mels, n_fft // 2 + 1), HTK formula.

    mel = 2595 log10(1 + f / 700): Young et al., The HTK Book.
    """
    import numpy as np

    low, high = (2595 * math.log10(1 + edge / 700) for edge in (fmin, fmax))
    edges = 700 * (10 ** (np.linspace(low, high, n_mels + 2) / 2595) - 1)
    hz = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    rise = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    made: Floats = np.maximum(0, np.minimum(rise, fall))
    made.setflags(write=False)
    return made


def image(rgb: Floats, spec: dict[str, Any]) -> Floats:
    """Return what a vision model sees of a crop: (H, W, 3) uint8 RGB -> (S, S, 3) float32.

    S = spec["size_px"]. The crop is stretched to a square (crop square first), antialiased when it
    shrinks. Values are in -1..1, or mean 0 and deviation 1 with spec["standardize"].
    """
    import numpy as np

    rgb = np.asarray(rgb)
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise ValueError(
            f"image of shape {rgb.shape} and type {rgb.dtype}: the image front end takes "
            "(height, width, 3) uint8 RGB"
        )
    small = resize(rgb, spec["size_px"], spec["size_px"])
    if spec["standardize"]:
        return ((small - small.mean()) / max(float(small.std()), 1.0)).astype(np.float32)
    return (small / 127.5 - 1).astype(np.float32)


LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in grey (ITU-R BT.601)."""


def scene(picture: Floats, spec: dict[str, Any]) -> Floats:
    """Return what a detector sees of a camera picture: (h, w, 3) or (h, w) uint8 -> (H, W, 1).

    float32 in -1..1, grey. H, W = spec["height_px"], spec["width_px"]; the picture keeps its shape
    and lies in the middle, what it leaves free is 0. `device.find.placed` says where it lies.
    """
    import numpy as np

    picture = np.asarray(picture)
    grey = picture.ndim == 2
    if not (grey or picture.shape[2:] == (3,)) or picture.dtype != np.uint8 or 0 in picture.shape:
        raise ValueError(
            f"picture of shape {picture.shape} and type {picture.dtype}: the scene front end takes "
            "(height, width, 3) RGB or (height, width) grey, uint8"
        )
    light = picture if grey else picture @ np.array(LUMA, np.float32)
    height, width = spec["height_px"], spec["width_px"]
    at = placed(picture.shape[1], picture.shape[0], spec)
    if (at.width_px, at.height_px) != (picture.shape[1], picture.shape[0]):
        light = resize(light[..., None], at.height_px, at.width_px)[..., 0]
    seen = np.zeros((height, width, 1), np.float32)
    rows = slice(at.top_px, at.top_px + at.height_px)
    seen[rows, at.left_px : at.left_px + at.width_px, 0] = light / np.float32(127.5) - 1
    return seen


def resize(pixels: Floats, height: int, width: int) -> Floats:
    """Resize (H, W, C) to (height, width, C) float32, triangle filter, pixel centres at .5."""
    import numpy as np

    rows = _triangle(pixels.shape[0], height)
    columns = _triangle(pixels.shape[1], width)
    halfway = np.tensordot(rows, pixels.astype(np.float32), axes=(1, 0))
    return np.ascontiguousarray(np.matmul(columns, halfway))


@functools.lru_cache(maxsize=64)
def _triangle(size_in: int, size_out: int) -> Floats:
    """Return weights (size_out, size_in) float32, rows sum to 1; wider than 1 pixel to shrink."""
    import numpy as np

    ratio = size_in / size_out
    centre = (np.arange(size_out) + 0.5) * ratio - 0.5
    reach = max(ratio, 1.0)
    weight = np.maximum(0, 1 - np.abs(np.arange(size_in) - centre[:, None]) / reach)
    made: Floats = (weight / weight.sum(1, keepdims=True)).astype(np.float32)
    made.setflags(write=False)
    return made
