"""Jaw and lips of an utterance: coarticulation by dominance, and contacts that always happen."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from generate.motion.shapes import COLUMN, columns, shape
from generate.motion.visemes import closes_lips, effort, lip_to_teeth, visemes_of
from generate.spec import ARKIT
from generate.voice.timed import Timed

REST_RULE = 0.12
"""Dominance of the resting mouth: what the lips return to in pauses."""
CONTACT_RAMP_S = 0.045
_JAW = COLUMN["jawOpen"]
_CLOSE = COLUMN["mouthClose"]
_OPENERS = columns("mouthLowerDown", "mouthUpperUp", "mouthFunnel")
_LIPS = [i for i, name in enumerate(ARKIT) if name.startswith("mouth") and i != _CLOSE]
_TONGUE = COLUMN["tongueOut"]
_CLOSED = shape({"mouthPress": 0.22, "mouthRollLower": 0.14, "mouthRollUpper": 0.12})
_BITTEN = shape({"mouthRollLower": 0.6, "mouthUpperUp": 0.22, "mouthShrugLower": 0.1})
_JAW_CLOSED, _JAW_BITTEN = 0.06, 0.08


def mouth_tracks(
    phonemes: Iterable[Timed], times_s: NDArray[np.float64], jaw_gain: float, lip_gain: float
) -> NDArray[np.float64]:
    """(T, 52) coarticulated jaw and lips, before contacts.

    Every sound pulls with a dominance that falls off around its middle (Cohen and Massaro 1993:
    "Modeling coarticulation in synthetic visual speech"), jaw and lips each with their own.
    """
    jaw_pull, lip_pull = np.full(len(times_s), REST_RULE), np.full(len(times_s), REST_RULE)
    jaw, lips = np.zeros(len(times_s)), np.zeros((len(times_s), len(ARKIT)))
    for phoneme in phonemes:
        visemes = visemes_of(phoneme.text)
        for index, viseme in enumerate(visemes):
            share = (phoneme.end_s - phoneme.start_s) / len(visemes)
            middle = phoneme.start_s + (index + 0.5) * share
            near = np.exp(-(((times_s - middle) / (0.55 * share + 0.03)) ** 2))
            jaw_pull += viseme.jaw_rule * near
            lip_pull += viseme.lip_rule * near
            jaw += viseme.jaw_rule * near * viseme.jaw * effort(phoneme.text)
            lips += (viseme.lip_rule * near)[:, None] * viseme.lips
    tracks = lips / lip_pull[:, None] * lip_gain
    tracks[:, _JAW] = jaw / jaw_pull * jaw_gain
    return np.clip(tracks, 0, 1)


def activity(phonemes: Iterable[Timed], times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T,) 0..1: 1 while a sound is being made, fading over 0.15 s around it."""
    active = np.zeros(len(times_s))
    for phoneme in phonemes:
        distance = np.maximum(phoneme.start_s - times_s, times_s - phoneme.end_s)
        active = np.maximum(active, np.clip(1 - distance / 0.15, 0, 1))
    return active


def contacts(phonemes: Iterable[Timed], arkit: NDArray[np.float64], rate_hz: float) -> None:
    """Close the lips on p, b, m and bring lip to teeth on f, v, in `arkit` (T, 52), in place.

    Holds whatever emotion or neighbours asked for. ARKit's mouthClose takes the lips back by as
    much as jawOpen parted them, so equal values are a closed mouth.
    """
    spoken = list(phonemes)
    bite = _held([p for p in spoken if lip_to_teeth(p.text)], len(arkit), rate_hz)[:, None]
    close = _held([p for p in spoken if closes_lips(p.text)], len(arkit), rate_hz)[:, None]
    smiling = columns("mouthSmile", "mouthFrown", "mouthDimple")
    shaped = [column for column in _LIPS if column not in smiling]
    for weight, target, jaw in ((bite, _BITTEN, _JAW_BITTEN), (close, _CLOSED, _JAW_CLOSED)):
        arkit[:, shaped] += weight * (target[shaped] - arkit[:, shaped])
        lower = np.minimum(arkit[:, _JAW], jaw)
        arkit[:, _JAW] += weight[:, 0] * (lower - arkit[:, _JAW])
        arkit[:, _TONGUE] *= 1 - weight[:, 0]
        arkit[:, _CLOSE] *= 1 - weight[:, 0]
    arkit[:, _OPENERS] *= 1 - close
    arkit[:, _CLOSE] += close[:, 0] * (arkit[:, _JAW] - arkit[:, _CLOSE])


def _held(phonemes: list[Timed], n_frames: int, rate_hz: float) -> NDArray[np.float64]:
    """(T,) 1 on every frame that a sound touches with its start or middle, eased around it.

    The frame nearest to the sound's middle is always held, so that none falls between frames.
    """
    weight = np.zeros(n_frames)
    begin_s = np.arange(n_frames) / rate_hz
    middle_s = begin_s + 0.5 / rate_hz
    for phoneme in phonemes:
        distance = np.maximum(phoneme.start_s - middle_s, middle_s - phoneme.end_s)
        eased = 0.5 + 0.5 * np.cos(np.pi * np.clip(distance / CONTACT_RAMP_S, 0, 1))
        nearest = int(np.argmin(np.abs(middle_s - (phoneme.start_s + phoneme.end_s) / 2)))
        eased[nearest] = 1
        eased[(begin_s >= phoneme.start_s) & (begin_s < phoneme.end_s)] = 1
        weight = np.maximum(weight, eased)
    return weight
