"""Measures of motion that need no pretrained network; each a pure function of arrays.

Frame i of T shows the moment (i + 0.5) / rate_hz. Places are mm in the upright head (x the
person's left, y up, z out of the face), as `shown.py` measures them on one person's geometry.
Mouth and sound are here; the rest of the face, head and blinks in `metrics_face.py`, whose
functions can be had from here too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generate.motion.metrics_face import (
    Blinks,
    beat_alignment,
    blink_statistics,
    diversity,
    drift_per_minute,
    kinematic_beats,
    style_distance,
    upper_face_dynamics_deviation,
)

__all__ = [
    "Blinks",
    "beat_alignment",
    "blink_statistics",
    "closure_rate",
    "diversity",
    "drift_per_minute",
    "envelope",
    "false_closure_rate",
    "kinematic_beats",
    "lag_ms",
    "lip_vertex_error_mm",
    "mouth_opening_error_mm",
    "style_distance",
    "upper_face_dynamics_deviation",
]

Floats = NDArray[np.floating]
Spans = Sequence[tuple[float, float]]
"""Times (start, end) in seconds."""

SHUT_MM = 1.0
"""A lip gap below this is a closure."""
SHORTEST_S = 0.04
"""Sounds shorter than this need not be seen to close."""
FLOOR_DB = 40.0
"""`envelope` ends this far below its loudest frame."""


def lip_vertex_error_mm(predicted: Floats, true: Floats) -> float:
    """Mean over frames of the largest distance of a lip point, mm.

    LVE = 1/T Σ_t max_v |p_tv − q_tv|, Richard et al., MeshTalk (ICCV 2021), as reported since by
    Fan et al., FaceFormer (CVPR 2022). predicted, true (T, V, 3). Raises ValueError where the
    shapes differ.
    """
    _same_shape("lip points", predicted, true, 3)
    return float(np.linalg.norm(predicted - true, axis=2).max(1).mean())


def mouth_opening_error_mm(predicted: Floats, true: Floats) -> float:
    """Mean absolute difference of the lip gaps (T,), mm.

    MOD = 1/T Σ_t |g_t − h_t|, Sun et al., DiffPoseTalk (SIGGRAPH 2024), mouth opening difference.
    """
    _same_shape("lip gaps", predicted, true, 1)
    return float(np.abs(predicted - true).mean())


def closure_rate(
    gap_mm: Floats, rate_hz: float, spans: Spans, shut_mm: float = SHUT_MM,
    shortest_s: float = SHORTEST_S,
) -> float:  # fmt: skip
    """Share, 0 to 1, of the spans (those of p, b, m) during which the lips come closer than
    `shut_mm`.

    The constraint of Edwards et al., JALI (SIGGRAPH 2016): "bilabials must close the lips".
    gap_mm (T,); a span owns the frames whose interval [i, i + 1) / rate_hz it meets by half of a
    frame or half of itself. Spans under `shortest_s` do not count; nan where none is left.
    """
    frames = [_frames(s, len(gap_mm), rate_hz) for s in spans if s[1] - s[0] >= shortest_s]
    shut = [bool(gap_mm[own].min() < shut_mm) for own in frames if own.stop > own.start]
    return float(np.mean(shut)) if shut else float("nan")


def false_closure_rate(
    gap_mm: Floats, rate_hz: float, open_spans: Spans, shut_spans: Spans,
    shut_mm: float = SHUT_MM, margin_s: float = 0.06,
) -> float:  # fmt: skip
    """Share, 0 to 1, of the frames of sounds that need an open mouth in which the lips are shut.

    The converse of `closure_rate`. gap_mm (T,); open_spans: vowels; frames nearer than `margin_s`
    to a span of p, b, m (where lips are on their way) do not count; nan where none is left.
    """
    middle_s = (np.arange(len(gap_mm)) + 0.5) / rate_hz
    counted = _within(middle_s, open_spans, 0.0) & ~_within(middle_s, shut_spans, margin_s)
    return float((gap_mm[counted] < shut_mm).mean()) if counted.any() else float("nan")


def envelope(audio: Floats, sample_rate_hz: int, n_frames: int, rate_hz: float) -> Floats:
    """Loudness (T,) 0 to 1 of the sound during each frame: RMS in dB over 40 dB below the loudest.

    audio (N,) any scale; the window is a frame's time, at least 20 ms, round its middle. Zeros for
    silence.
    """
    half = max(round(sample_rate_hz / rate_hz / 2), sample_rate_hz // 100)
    power = np.concatenate([[0.0], np.cumsum(np.asarray(audio, np.float64) ** 2)])
    middle = np.round((np.arange(n_frames) + 0.5) / rate_hz * sample_rate_hz).astype(int)
    first, last = (np.clip(middle + d, 0, len(audio)) for d in (-half, half))
    energy = (power[last] - power[first]) / (2 * half)
    if energy.max(initial=0.0) <= 0:
        return np.zeros(n_frames)
    level = 10 * np.log10(np.maximum(energy / energy.max(), 1e-12))
    return np.asarray(np.clip(1 + level / FLOOR_DB, 0, 1), np.float64)


def lag_ms(sound: Floats, mouth: Floats, rate_hz: float, longest_ms: float = 400.0) -> float:
    """Time by which the mouth follows the sound, ms; negative where the mouth leads.

    The lag of the greatest normalised cross-correlation r(k) = corr(sound[t], mouth[t + k]) within
    ± `longest_ms`, refined by a parabola through its neighbours; loudness and mouth area are
    correlated in speech, Chandrasekaran et al. (PLoS Computational Biology 5, 2009). sound, mouth
    (T,): loudness and opening. Raises ValueError where the two differ in length, are shorter than
    three frames, or one is constant.
    """
    _same_shape("sound and mouth", sound, mouth, 1)
    if len(sound) < 3:
        raise ValueError(f"lag of {len(sound)} frames: want at least 3")
    if np.ptp(sound) <= 0 or np.ptp(mouth) <= 0:
        raise ValueError("lag of a constant curve: want sound and a mouth that moves")
    longest = min(max(round(longest_ms / 1000 * rate_hz), 1), len(sound) - 2)
    lags = np.arange(-longest, longest + 1)
    score = np.array([_correlation(sound, mouth, int(lag)) for lag in lags])
    best = int(score.argmax())
    return float((lags[best] + _vertex(score, best)) / rate_hz * 1000)


def _correlation(a: Floats, b: Floats, lag: int) -> float:
    """Correlation of a[t] with b[t + lag] where both are, weighted by the share that is."""
    x = a[max(-lag, 0) : len(a) - max(lag, 0)] - np.mean(a)
    y = b[max(lag, 0) : len(b) - max(-lag, 0)] - np.mean(b)
    return float((x * y).sum() / (np.std(a) * np.std(b) * len(a)))


def _vertex(score: NDArray[np.float64], best: int) -> float:
    """Where the parabola through a maximum and its neighbours peaks, -0.5 to 0.5."""
    if not 0 < best < len(score) - 1:
        return 0.0
    left, middle, right = score[best - 1 : best + 2]
    bend = left - 2 * middle + right
    return float(0.5 * (left - right) / bend) if bend < 0 else 0.0


def _frames(span: tuple[float, float], n_frames: int, rate_hz: float) -> slice:
    """Frames that a span meets by half of a frame, or by half of itself where it is shorter."""
    start, end = span[0] * rate_hz, span[1] * rate_hz
    need = min(0.5, (end - start) / 2)
    first, last = int(np.floor(start + need)), int(np.ceil(end - need))
    return slice(max(first, 0), min(max(last, first + 1), n_frames))


def _within(times_s: Floats, spans: Spans, margin_s: float) -> NDArray[np.bool_]:
    inside = [(times_s >= a - margin_s) & (times_s < b + margin_s) for a, b in spans]
    return np.any(inside, axis=0) if inside else np.zeros(len(times_s), bool)


def _same_shape(what: str, a: Floats, b: Floats, ndim: int) -> None:
    if a.shape != b.shape or a.ndim != ndim or not len(a):
        raise ValueError(f"{what} of shapes {a.shape} and {b.shape}: want two alike, {ndim}-D")
