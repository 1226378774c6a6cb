"""A child's face over time: speech, emotion and life together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.motion.emotion import MOUTH, emotion_face, relaxed
from generate.motion.life import (
    blinks,
    drift,
    eye_shapes,
    frame_times,
    gaze,
    head_motion,
)
from generate.motion.shapes import columns
from generate.motion.speechmotion import activity, contacts, mouth_tracks
from generate.motion.still import still
from generate.spec import Motion
from generate.voice.speech import Utterance
from generate.voice.timed import Timed

__all__ = ["play", "still"]

HEAD_LIMIT_DEG = (55.0, 35.0, 25.0)


def play(
    utterance: Utterance | None,
    n_frames: int,
    rate_hz: float,
    rng: np.random.Generator,
    emotion: str = "neutral",
    intensity: float = 0.0,
) -> Motion:
    """`n_frames` of a child that says `utterance` (None: is silent) with an emotion.

    Frame i shows the moment (i + 0.5) / rate_hz of the sound. The lips close on every p, b and m.
    Raises ValueError for an unknown emotion, an intensity outside 0..1, no frames or no rate.
    """
    if n_frames < 1 or not 1 <= rate_hz <= 240:
        raise ValueError(f"{n_frames} frames at {rate_hz:g} Hz: at least 1 frame at 1 to 240 Hz")
    face = emotion_face(emotion, intensity, rng)
    times_s = frame_times(n_frames, rate_hz)
    phonemes = utterance.phonemes if utterance else ()
    arkit = _face(face, phonemes, times_s, rng)
    contacts(phonemes, arkit, rate_hz)
    head = _pose(rng) + head_motion(times_s, _beats(phonemes), rng)
    head = np.clip(head, -np.array(HEAD_LIMIT_DEG), HEAD_LIMIT_DEG)
    looks = gaze(times_s, head, rng)
    eye_shapes(looks, arkit)
    _blink(arkit, blinks(n_frames, rate_hz, rng))
    return Motion(
        rate_hz=float(rate_hz),
        arkit=np.clip(arkit, 0, 1).astype(np.float32),
        head_deg=head.astype(np.float32),
        gaze_deg=looks.astype(np.float32),
    )


def _face(
    emotion: NDArray[np.float64],
    phonemes: tuple[Timed, ...],
    times_s: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """(T, 52) speech over the emotion, whose mouth gives way to it, with a slow brow."""
    speech = mouth_tracks(phonemes, times_s, rng.uniform(0.8, 1.25), rng.uniform(0.8, 1.2))
    active = activity(phonemes, times_s)[:, None]
    breath = 1 + 0.2 * drift(times_s, 0.5, rng)[:, None]
    resting = (relaxed(rng) + emotion) * breath
    give_way = np.where(MOUTH, 0.45, 0.0)
    arkit = speech + resting * (1 - active * give_way)
    brow = np.maximum(0.06 * drift(times_s, 0.6, rng) * (1 + active[:, 0]), 0)
    for beat in _beats(phonemes):
        if rng.random() < 0.35:
            brow = brow + rng.uniform(0.05, 0.25) * np.exp(-(((times_s - beat) / 0.18) ** 2))
    for name in ("browInnerUp", "browOuterUp"):
        arkit[:, columns(name)] += brow[:, None]
    return np.clip(arkit, 0, 1)


def _blink(arkit: NDArray[np.float64], closure: NDArray[np.float64]) -> None:
    """Lids close in place, and neither widen nor look about while they are closed."""
    for column in columns("eyeBlink"):
        arkit[:, column] = np.maximum(arkit[:, column], closure)
    for column in columns("eyeWide", "eyeLookUp", "eyeSquint"):
        arkit[:, column] *= 1 - closure


def _beats(phonemes: tuple[Timed, ...]) -> list[float]:
    """Middles of the stressed vowels, s."""
    return [(p.start_s + p.end_s) / 2 for p in phonemes if p.text.startswith("ˈ")]


def _pose(rng: np.random.Generator) -> NDArray[np.float64]:
    """(3,) where the head points through the clip: mostly at the camera."""
    wide = 2.2 if rng.random() < 0.25 else 1.0
    return rng.normal(0, 1, 3) * (9.0 * wide, 5.0 * wide, 4.0) + (0.0, -2.0, 0.0)
