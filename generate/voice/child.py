"""Make a voice a child: move F0 and formants to an age's norms and roughen it like a young larynx.

The transform works on WORLD frames: F0 is moved to a median and its excursions are scaled, the
envelope is read at lower frequencies so that formants rise, and breath, jitter, shimmer, spectral
tilt and timing are changed. See generate/voice/norms.py for what the targets are drawn from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.voice.synthesis import synthesize
from generate.voice.world import BINS, FRAME_S, Analysis, analyse

_F0_SPAN_HZ = (55.0, 650.0)
_HZ = np.linspace(0, 12000, 601)
"""Where the map of frequencies is kept."""
_FORMANT_HZ = (0, 700, 1000, 2250, 2700, 12000)
"""First and last frequency of F1, of F2 and of F3 in adult voices; maps go over in between."""


@dataclass(frozen=True)
class Timbre:
    """What makes one voice differ from another of the same age; the defaults change nothing."""

    breath: float = 0.0
    """0 to 1: share of the periodic energy that becomes noise at the top of the band."""
    jitter: float = 0.0
    """Standard deviation of log F0 from frame to frame."""
    shimmer: float = 0.0
    """Standard deviation of log amplitude from frame to frame."""
    tilt_db: float = 0.0
    """Gain at half the sample rate relative to 0 Hz."""
    f0_range: float = 1.0
    """Excursions of log F0 around its median times this."""
    first_formant: float = 0.0
    """Extra formant scale at 0 Hz, fading by 900 Hz: first formants differ most between people."""


def sample_timbre(rng: np.random.Generator) -> Timbre:
    """A plausible timbre; about half of the voices are audibly breathy."""
    return Timbre(
        breath=float(rng.uniform(0.05, 0.5) * (rng.random() < 0.6)),
        jitter=float(abs(rng.normal(0, 0.01))),
        shimmer=float(abs(rng.normal(0, 0.04))),
        tilt_db=float(rng.uniform(-8, 6)),
        f0_range=float(np.exp(rng.normal(0, 0.3))),
        first_formant=float(rng.normal(0, 0.04)),
    )


def transform(
    audio: NDArray[Any],
    rate_hz: int,
    *,
    f0_hz: float,
    formant_scale: float,
    timbre: Timbre,
    rng: np.random.Generator,
    formant_bend: tuple[float, float, float] = (1.0, 1.0, 1.0),
    old_s: NDArray[np.float64] | None = None,
    new_s: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Speech (N,) with median F0 `f0_hz` and formants times `formant_scale`; (M,) float32.

    `formant_bend` multiplies F1, F2 and F3 besides.
    `old_s` -> `new_s` moves times along a piecewise linear map whose last knots are the two
    lengths. The level is kept (same peak). Same arguments and rng state give the same bytes.
    """
    source = np.asarray(audio, np.float64)
    bends = formant_scale * np.interp(_HZ, _FORMANT_HZ, np.repeat(formant_bend, 2))
    frames = _warp_formants(analyse(source, rate_hz), bends, timbre, rate_hz)
    frames = _move_f0(frames, f0_hz, timbre.f0_range)
    if old_s is not None and new_s is not None:
        frames = retimed(frames, old_s, new_s)
    length_s = len(source) / rate_hz if new_s is None else float(new_s[-1])
    frames = _roughen(frames, timbre, rng)
    hop = round(FRAME_S * rate_hz)
    voice = synthesize(frames.f0_hz, frames.log_power, frames.noise, rate_hz, hop, rng)
    voice = _fit(voice, round(length_s * rate_hz))
    gain = np.abs(source).max(initial=0.0) / max(np.abs(voice).max(initial=0.0), 1e-9)
    return (voice * gain).astype(np.float32)


def _fit(audio: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Synthesis makes whole frames: cut or pad with silence to `count` samples."""
    return np.pad(audio, (0, max(count - len(audio), 0)))[:count]


def _move_f0(frames: Analysis, f0_hz: float, excursion: float) -> Analysis:
    voiced = frames.f0_hz > 0
    if not voiced.any():
        return frames
    moved = np.zeros_like(frames.f0_hz)
    log_f0 = np.log(frames.f0_hz[voiced])
    moved[voiced] = f0_hz * np.exp((log_f0 - np.median(log_f0)) * excursion)
    moved[voiced] = np.clip(moved[voiced], *_F0_SPAN_HZ)
    return replace(frames, f0_hz=moved)


def _warp_formants(
    frames: Analysis, scale: NDArray[np.float64], timbre: Timbre, rate_hz: int
) -> Analysis:
    """Move what is at _HZ to `scale` times that; past the band's end the last bin repeats."""
    moved_hz = _HZ * (scale + timbre.first_formant * np.exp(-_HZ / 900))
    moved_hz = np.maximum.accumulate(moved_hz)
    frequency_hz = np.linspace(0, rate_hz / 2, BINS)
    from_hz = np.interp(frequency_hz, moved_hz, _HZ)
    place = np.clip(from_hz / (rate_hz / 2) * (BINS - 1), 0, BINS - 1)
    low = np.minimum(place.astype(np.intp), BINS - 2)
    part = (place - low).astype(np.float32)
    log_power = frames.log_power[:, low] * (1 - part) + frames.log_power[:, low + 1] * part
    noise = frames.noise[:, low] * (1 - part) + frames.noise[:, low + 1] * part
    return Analysis(frames.f0_hz, log_power, noise)


def retimed(frames: Analysis, old_s: NDArray[np.float64], new_s: NDArray[np.float64]) -> Analysis:
    """The frames with times moved along the piecewise linear map `old_s` -> `new_s`, s."""
    count = max(round(float(new_s[-1]) / FRAME_S) + 1, 4)
    place = np.interp(np.arange(count) * FRAME_S, new_s, old_s) / FRAME_S
    place = np.clip(place, 0, len(frames.f0_hz) - 1)
    low = np.minimum(place.astype(np.intp), max(len(frames.f0_hz) - 2, 0))
    high = np.minimum(low + 1, len(frames.f0_hz) - 1)
    part = (place - low)[:, None].astype(np.float32)
    f0 = np.where(part[:, 0] < 0.5, frames.f0_hz[low], frames.f0_hz[high])
    log_power = frames.log_power[low] * (1 - part) + frames.log_power[high] * part
    return Analysis(f0, log_power, frames.noise[low] * (1 - part) + frames.noise[high] * part)


def _roughen(frames: Analysis, timbre: Timbre, rng: np.random.Generator) -> Analysis:
    count = len(frames.f0_hz)
    height = np.linspace(0, 1, BINS, dtype=np.float32)
    f0 = frames.f0_hz * np.exp(timbre.jitter * rng.standard_normal(count))
    level = (2 * timbre.shimmer * rng.standard_normal(count)).astype(np.float32)[:, None]
    log_power = frames.log_power + level + height * (timbre.tilt_db / 10 * np.log(10))
    breath = timbre.breath * (0.15 + 0.85 * height)
    noise = np.clip(frames.noise + (1 - frames.noise) * breath, 0, 1)
    return Analysis(f0, log_power.astype(np.float32), noise)
