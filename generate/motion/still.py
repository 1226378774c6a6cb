"""Single frames that cover what faces do: the variety that a landmark model must see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.motion.emotion import emotion_face, relaxed
from generate.motion.eyes import GAZE_LIMIT_DEG, eye_shapes, to_camera
from generate.motion.shapes import COLUMN, columns
from generate.motion.visemes import visemes_of
from generate.spec import EMOTIONS, Motion

GIVE_WAY = 0.75
"""Share of sounds, smiles and mixtures that a full emotion puts aside, so that it can be read."""
_SOUNDS = ("ɑː", "æ", "ɛ", "iː", "uː", "oʊ", "f", "s", "ʃ", "θ", "l", "w", "ʌ", "ɔː", "m")
_MIXED = (
    *("browDown", "browInnerUp", "browOuterUp", "eyeWide", "eyeSquint", "cheekSquint"),
    *("noseSneer", "cheekPuff", "jawForward", "jawLeft", "jawRight", "mouthLeft", "mouthRight"),
    *("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch", "mouthPress", "mouthUpperUp"),
    *("mouthPucker", "mouthFunnel", "mouthRollLower", "mouthShrugUpper"),
)


def still(
    rng: np.random.Generator, yaw_range: tuple[float, float] = (-60.0, 60.0)
) -> tuple[Motion, str, float]:
    """One frame with its emotion and intensity.

    Half of the heads are near frontal; the others are turned anywhere in `yaw_range` (degrees),
    bowed or thrown back. Expressions: emotions, smiles, sounds being said, open mouths, random
    mixtures; one in fourteen has the eyes closed or nearly.
    """
    emotion, intensity = "neutral", 0.0
    if rng.random() < 0.6:
        emotion = EMOTIONS[int(rng.integers(len(EMOTIONS)))]
        intensity = 0.0 if emotion == "neutral" else round(float(rng.uniform(0.3, 1.0)), 3)
    free = 1 - GIVE_WAY * intensity
    arkit = relaxed(rng) + emotion_face(emotion, intensity, rng)
    arkit = arkit + free * (_mouth(rng) + _mixture(rng))
    head = _head(rng, yaw_range)
    looks = _gaze(head, rng)
    face = np.clip(arkit, 0, 1)[None]
    _keep_lips_apart_from_chin(face[0])
    eye_shapes(looks, face)
    _lids(face[0], rng)
    motion = Motion(1.0, face.astype(np.float32), head.astype(np.float32), looks.astype(np.float32))
    return motion, emotion, intensity


def _mouth(rng: np.random.Generator) -> NDArray[np.float64]:
    """(52,) closed, smiling, saying something, or open (laughing, calling, yawning)."""
    kind = rng.random()
    mouth = np.zeros(52)
    if kind < 0.35:
        return mouth
    if kind < 0.55:
        mouth[columns("mouthSmile")] = rng.uniform(0.2, 0.75)
        mouth[columns("mouthUpperUp")] = rng.uniform(0, 0.35)
        mouth[COLUMN["jawOpen"]] = rng.uniform(0, 0.22)
        return mouth
    if kind < 0.85:
        visemes = visemes_of(_SOUNDS[int(rng.integers(len(_SOUNDS)))])
        viseme = visemes[int(rng.integers(len(visemes)))]
        mouth = viseme.lips * rng.uniform(0.5, 1.2)
        mouth[COLUMN["jawOpen"]] = viseme.jaw * rng.uniform(0.5, 1.4)
        return mouth
    mouth[COLUMN["jawOpen"]] = 0.12 + 0.78 * rng.beta(1.2, 2.0)
    for name in ("mouthLowerDown", "mouthUpperUp"):
        mouth[columns(name)] = rng.uniform(0, 0.35)
    return mouth


def _mixture(rng: np.random.Generator) -> NDArray[np.float64]:
    """(52,) up to three other shapes, weakly, sides on their own."""
    mixture = np.zeros(52)
    pool = columns(*_MIXED)
    for column in rng.choice(pool, int(rng.integers(0, 4)), replace=False):
        mixture[column] = rng.beta(1.2, 3.0)
    return mixture


def _head(rng: np.random.Generator, yaw_range: tuple[float, float]) -> NDArray[np.float64]:
    """(1, 3) degrees; large yaw tilts and nods less, as necks allow."""
    yaw, pitch, roll = rng.normal(0, 1, 3) * (11.0, 7.0, 6.0) + (0.0, -2.0, 0.0)
    kind = rng.random()
    if kind < 0.35:
        yaw = rng.uniform(*yaw_range)
    elif kind < 0.48:
        yaw, pitch = rng.normal(0, 20), rng.uniform(-35, -10)
    elif kind < 0.56:
        yaw, pitch = rng.normal(0, 20), rng.uniform(8, 25)
    if rng.random() < 0.15:
        roll = rng.uniform(-25, 25)
    angles = np.array([np.clip(yaw, *yaw_range), np.clip(pitch, -38, 28), np.clip(roll, -28, 28)])
    return angles[None]


def _gaze(head_deg: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """(1, 2): at the camera as far as eyes turn, or somewhere else."""
    target = to_camera(head_deg) * (rng.random() < 0.65)
    target = target + rng.normal(0, 1, (1, 2)) * ((9.0, 6.0) if rng.random() < 0.5 else 1.0)
    return np.clip(target, -np.array(GAZE_LIMIT_DEG), GAZE_LIMIT_DEG)


def _lids(arkit: NDArray[np.float64], rng: np.random.Generator) -> None:
    kind = rng.random()
    if kind > 0.19:
        return
    closure = rng.uniform(0.85, 1.0) if kind < 0.07 else rng.uniform(0.1, 0.5)
    arkit[columns("eyeBlink")] = closure
    arkit[columns("eyeWide", "eyeSquint")] *= 1 - closure


def _keep_lips_apart_from_chin(arkit: NDArray[np.float64]) -> None:
    """mouthClose may undo jawOpen but not more."""
    close, jaw = COLUMN["mouthClose"], COLUMN["jawOpen"]
    arkit[close] = min(arkit[close], arkit[jaw])
