"""The six basic emotions as faces, added to whatever else the face does.

Action units after Ekman, Friesen and Hager, Facial Action Coding System: Investigator's Guide
(2002), table of prototypes, and Friesen and Ekman, EMFACS-7 (1983): happy 6+12+25, sad 1+4+15+17,
angry 4+5+7+23+24, afraid 1+2+4+5+20+25, disgusted 9+10+15+25, surprised 1+2+5+26. ARKit has shapes
for most of them: 1 browInnerUp, 2 browOuterUp, 4 browDown, 5 eyeWide, 6 cheekSquint, 7 eyeSquint,
9 noseSneer, 10 mouthUpperUp, 12 mouthSmile, 15 mouthFrown, 17 mouthShrugLower, 20 mouthStretch,
23 and 24 mouthPress and mouthRoll, 25 mouthLowerDown, 26 jawOpen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.motion.shapes import COLUMN, columns, shape
from generate.spec import ARKIT, EMOTIONS

REST = shape({"mouthSmile": 0.1, "browInnerUp": 0.06, "browOuterUp": 0.04, "eyeSquint": 0.06})
"""A relaxed child, on top of what the person's own resting face has (people/identity.py)."""
PARTED_SHARE = 0.22
"""Share of resting faces whose lips are a little apart, as children's often are."""
SIDE_SPREAD = 0.035
"""Difference of a resting face's sides, in units of each shape."""
_FACES: dict[str, NDArray[np.float64]] = {
    "neutral": shape({}),
    "happy": shape(
        {"mouthSmile": 0.8, "cheekSquint": 0.7, "eyeSquint": 0.35, "mouthDimple": 0.2}
        | {"mouthUpperUp": 0.45, "mouthLowerDown": 0.35, "jawOpen": 0.2, "browOuterUp": 0.1}
    ),
    "sad": shape(
        {"browInnerUp": 1.0, "browDown": 0.25, "mouthFrown": 0.85, "mouthShrugLower": 0.55}
        | {"eyeLookDown": 0.25, "eyeSquint": 0.25, "eyeBlink": 0.1, "mouthPucker": 0.1}
    ),
    "angry": shape(
        {"browDown": 1.0, "eyeSquint": 0.5, "eyeWide": 0.25, "noseSneer": 0.45}
        | {"mouthPress": 0.25, "mouthRollLower": 0.25, "mouthRollUpper": 0.2, "jawForward": 0.25}
        | {"mouthFrown": 0.55, "mouthShrugLower": 0.35, "mouthPucker": 0.2}
    ),
    "afraid": shape(
        {"browInnerUp": 1.0, "browOuterUp": 0.45, "browDown": 0.3, "eyeWide": 1.0}
        | {"mouthStretch": 0.75, "jawOpen": 0.28, "mouthLowerDown": 0.35, "mouthFrown": 0.2}
    ),
    "disgusted": shape(
        {"noseSneer": 1.0, "mouthUpperUp": 0.9, "browDown": 0.4, "eyeSquint": 0.7}
        | {"cheekSquint": 0.7, "mouthFrown": 0.45, "mouthLowerDown": 0.3, "jawOpen": 0.12}
        | {"mouthShrugLower": 0.2}
    ),
    "surprised": shape(
        {"browInnerUp": 1.0, "browOuterUp": 1.0, "eyeWide": 0.9, "jawOpen": 0.55}
        | {"mouthFunnel": 0.15}
    ),
}
MOUTH = np.array([name.startswith(("mouth", "jaw", "tongue")) for name in ARKIT])
"""(52,) True for the shapes that speech needs."""


CIRCUMPLEX: dict[str, tuple[float, float]] = {
    "neutral": (0.0, 0.0),
    "happy": (0.8, 0.4),
    "surprised": (0.2, 0.85),
    "afraid": (-0.5, 0.75),
    "angry": (-0.7, 0.5),
    "disgusted": (-0.75, 0.1),
    "sad": (-0.65, -0.45),
}
"""Valence and arousal of each, -1 to 1 (Russell, J. Pers. Soc. Psychol. 39, 1980, figure 2)."""
_NEAR = 0.3
"""Distance on the circumplex at which another emotion's share has fallen by exp(-1/2)."""
_SLEEPY = shape({"eyeBlink": 0.4, "mouthSmile": 0.1})


def prototype(emotion: str) -> NDArray[np.float64]:
    """(52,) an emotion's face at full intensity; raises ValueError for an unknown one."""
    if emotion not in EMOTIONS:
        raise ValueError(f"emotion {emotion!r} is not one of {', '.join(EMOTIONS)}")
    return _FACES[emotion]


def affect_face(valence: float, arousal: float) -> NDArray[np.float64]:
    """(52,) the face of a point of the circumplex, each -1 to 1: near emotions mixed by distance,
    as strong as the point is far from the middle relative to them; the lids droop when calm."""
    places = np.array(list(CIRCUMPLEX.values()))
    apart = ((places - (valence, arousal)) ** 2).sum(1)
    share = np.exp(-apart / (2 * _NEAR**2))
    mean = sum(s * f for s, f in zip(share, _FACES.values(), strict=True)) / (share.sum() + 1e-3)
    return np.asarray(mean + max(-arousal - 0.3, 0.0) * _SLEEPY)


def emotion_face(emotion: str, intensity: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(52,) to add to a relaxed face; each shape varies by 15 %, sides by 8 %.

    Raises ValueError for an unknown emotion or an intensity outside 0 to 1.
    """
    if not 0 <= intensity <= 1:
        raise ValueError(f"emotion intensity {intensity:g} is outside 0 to 1")
    face = prototype(emotion)
    stems = [name.removesuffix("Left").removesuffix("Right") for name in ARKIT]
    each = {stem: rng.normal(1, 0.15) for stem in dict.fromkeys(stems)}
    vary = np.array([each[stem] for stem in stems]) * rng.normal(1, 0.08, len(ARKIT))
    return np.clip(face * intensity * vary, 0, 1)


def relaxed(rng: np.random.Generator) -> NDArray[np.float64]:
    """(52,) a resting face: each a little different, its sides too, some with parted lips."""
    face = REST * np.clip(rng.normal(1, 0.45, len(ARKIT)), 0, 2.5)
    uneven = np.abs(rng.normal(0, SIDE_SPREAD, len(ARKIT)))
    for name in ("mouthSmile", "mouthDimple", "mouthFrown", "eyeSquint", "browOuterUp"):
        face[columns(name)] += uneven[columns(name)]
    face[columns("mouthPress")] = rng.uniform(0, 0.05)
    face[columns("mouthShrugLower")] = rng.uniform(0, 0.12)
    parted = rng.uniform(0.04, 0.11)
    if rng.random() < PARTED_SHARE:
        face[COLUMN["jawOpen"]] = parted
        face[columns("mouthLowerDown")] = rng.uniform(0, 0.12)
        face[columns("mouthPress", "mouthShrugLower")] = 0.0
    return np.asarray(np.clip(face, 0, 0.4), np.float64)
