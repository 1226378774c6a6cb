"""What laughter, gasps, sighs, coughs, yawns, sobs and hums sound like, in step with the mouth.

Sounds are made of WORLD frames (voice/synthesis.py): a track of F0, formants of an open or a
neutral tract, a share of noise and a level, as tables. Pulses are those that the face shows
(vocal.py). Laughs lie well above the speaking pitch and fall from call to call, with a breathy
onset (Bachorowski, Smoski and Owren, JASA 110, 2001: mean F0 1.8 times speech; children's reach
further); sighs and yawns fall (Teigen, Scand. J. Psychol. 49, 2008, for the shape of a sigh);
coughs are an explosive burst, noise, and a voiced end (Korpas, Sadlonova and Vrabec, Pulm.
Pharmacol. Ther. 9, 1996). T: one frame every FRAME_S seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generate.motion.cues import VocalCue
from generate.motion.envelope import bell
from generate.motion.vocal import PLAYED
from generate.voice.speech import LOUDEST, RATE_HZ
from generate.voice.synthesis import synthesize
from generate.voice.world import BINS, FRAME_S

F64 = NDArray[np.float64]

_OPEN = (800.0, 1300.0, 2700.0, 3700.0)
_NEUTRAL = (520.0, 1500.0, 2500.0, 3500.0)
_ROUND = (420.0, 950.0, 2450.0, 3300.0)
_NASAL = (270.0, 1050.0, 2200.0, 3200.0)
_WIDTH_HZ = (110.0, 140.0, 220.0, 300.0)
F0_SPAN_HZ = (90.0, 850.0)


@dataclass(frozen=True)
class Voiced:
    """One sound; knots are (share of the time, value), straight lines between them."""

    formants: tuple[float, ...]
    """Hz of a man's tract, scaled to the person's."""
    pitch: tuple[tuple[float, float], ...]
    """Factor of the speaking F0; 0 is unvoiced."""
    noise: tuple[tuple[float, float], ...]
    """Share of breath, 0 to 1."""
    level_db: float
    """Peak relative to full scale at amount 1."""
    depth: float = 0.0
    """How far the level falls between pulses: 1 to silence."""
    glide: float = 0.0
    """Log F0 from the top of a pulse to its end."""
    shape: tuple[tuple[float, float], ...] = ((0.0, 0.0), (0.15, 1.0), (0.75, 0.8), (1.0, 0.0))
    """Level over time, 0 to 1."""
    tilt_db: float = -10.0
    """An octave over 500 Hz, of voice; breath has half of it."""


SOUNDS: dict[str, Voiced] = {
    "laugh": Voiced(
        _OPEN, ((0.0, 1.5), (0.15, 1.9), (0.7, 1.5), (1.0, 1.15)), ((0.0, 0.5), (1.0, 0.45)),
        -5.0, 1.0, -0.22,
    ),
    "giggle": Voiced(
        _NEUTRAL, ((0.0, 1.8), (0.3, 2.1), (1.0, 1.7)), ((0.0, 0.45), (1.0, 0.55)),
        -9.0, 1.0, -0.15,
    ),
    "gasp": Voiced(
        _OPEN, ((0.0, 0.0), (1.0, 0.0)), ((0.0, 1.0), (1.0, 1.0)),
        -13.0, shape=((0.0, 0.0), (0.35, 1.0), (0.5, 0.5), (0.7, 0.0), (1.0, 0.0)),
    ),
    "sigh": Voiced(
        _NEUTRAL, ((0.0, 0.0), (0.3, 0.0), (0.31, 1.15), (0.8, 0.8), (0.81, 0.0), (1.0, 0.0)),
        ((0.0, 1.0), (0.3, 0.6), (1.0, 0.95)),
        -14.0, shape=((0.0, 0.0), (0.15, 0.35), (0.28, 0.1), (0.4, 1.0), (0.7, 0.5), (1.0, 0.0)),
    ),
    "cough": Voiced(
        _NEUTRAL, ((0.0, 1.1), (0.5, 1.0), (1.0, 0.9)), ((0.0, 0.85), (1.0, 0.75)),
        -5.0, 1.0, -0.3, tilt_db=-5.0,
    ),
    "yawn": Voiced(
        _OPEN, ((0.0, 0.0), (0.42, 0.0), (0.43, 1.3), (0.6, 1.4), (0.95, 0.75), (1.0, 0.7)),
        ((0.0, 1.0), (0.43, 0.5), (1.0, 0.7)),
        -10.0,
        shape=((0.0, 0.0), (0.25, 0.25), (0.4, 0.2), (0.5, 1.0), (0.8, 0.6), (1.0, 0.0)),
    ),
    "sob": Voiced(
        _ROUND, ((0.0, 1.4), (0.3, 1.7), (1.0, 1.1)), ((0.0, 0.5), (1.0, 0.6)),
        -8.0, 0.9, 0.12,
    ),
    "hum": Voiced(
        _NASAL, ((0.0, 1.0), (0.4, 1.2), (0.7, 1.05), (1.0, 0.95)), ((0.0, 0.08), (1.0, 0.1)),
        -13.0, tilt_db=-14.0,
    ),
}  # fmt: skip


def vocal_sound(
    sound: str, length_s: float, f0_hz: float, tract_scale: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A sound (N,) of `length_s` at RATE_HZ, at full amount, of a voice whose speaking F0 and
    formants (relative to a man's) are given."""
    made, shown = SOUNDS[sound], PLAYED[sound]
    count = max(round(length_s / FRAME_S), 4)
    part = (np.arange(count) + 0.5) / count
    turn = shown.pulse_hz * part * length_s
    beat = 0.5 - 0.5 * np.cos(2 * np.pi * turn)
    level = _track(made.shape, part)
    if made.depth:
        level *= bell(0, 1, part, shown.attack, shown.hold) ** 0.5
        level *= 1 - made.depth * (1 - beat**1.5)
        level *= 1 + 0.25 * rng.standard_normal(int(turn[-1]) + 2)[turn.astype(int)]
    f0 = f0_hz * _track(made.pitch, part)
    if shown.pulse_hz:
        f0 *= np.exp(made.glide * ((turn % 1) - 0.5))
    wander = np.cumsum(rng.standard_normal(count)) * 0.006
    voiced = (_track(made.pitch, part) > 0.5) & (level > 0.03)
    f0 = np.where(voiced, np.clip(f0 * np.exp(wander), *F0_SPAN_HZ), 0.0)
    noise = np.clip(_track(made.noise, part) + made.depth * 0.35 * (1 - beat), 0, 1)
    power = _envelope(made, tract_scale, voiced) + 2 * np.log(np.maximum(level, 1e-4))[:, None]
    height = np.linspace(0.35, 1.0, BINS)
    shares = np.clip(noise[:, None] * height, 0, 1).astype(np.float32)
    hop = round(FRAME_S * RATE_HZ)
    audio = synthesize(f0, power.astype(np.float32), shares, RATE_HZ, hop, rng)
    audio = np.pad(audio, (0, max(round(length_s * RATE_HZ) - len(audio), 0)))
    audio = audio[: round(length_s * RATE_HZ)]
    peak = 10 ** (made.level_db / 20)
    return (audio * (peak / max(float(np.abs(audio).max()), 1e-9))).astype(np.float32)


def _track(knots: Sequence[tuple[float, float]], part: F64) -> F64:
    at, value = np.array(knots).T
    return np.asarray(np.interp(part, at, value), np.float64)


def _envelope(made: Voiced, tract_scale: float, voiced: NDArray[np.bool_]) -> F64:
    """(T, BINS) log power of the formants with the source's tilt."""
    hz = np.linspace(0, RATE_HZ / 2, BINS)
    gain = np.zeros(BINS)
    for number, (formant, width) in enumerate(zip(made.formants, _WIDTH_HZ, strict=True)):
        at, half = formant * tract_scale, width * tract_scale / 2
        gain += 0.75**number / (1 + ((hz - at) / half) ** 2)
    octaves = np.log2(np.maximum(hz, 500.0) / 500.0)
    tilt = np.where(voiced, made.tilt_db, made.tilt_db / 2)[:, None] * octaves * np.log(10) / 10
    return np.asarray(np.log(gain + 1e-3) + tilt)


def with_vocals(
    audio: NDArray[np.float32],
    cues: Sequence[VocalCue],
    f0_hz: float,
    tract_scale: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """The sound (N,) with that of each cue at its time, as loud as its amount."""
    mixed = np.array(audio, np.float32)
    for cue in cues:
        length_s = cue.end_s - cue.start_s
        sound = cue.amount * vocal_sound(cue.sound, length_s, f0_hz, tract_scale, rng)
        first = round(cue.start_s * RATE_HZ)
        part = sound[: max(len(mixed) - first, 0)]
        mixed[first : first + len(part)] += part
    return np.clip(mixed, -LOUDEST, LOUDEST) if cues else mixed
