"""The six basic emotions as faces, added to whatever else the face does.

Action units of each after Ekman and Friesen's prototypes (FACS Investigator's Guide, 2002):
happy 6+12, sad 1+4+15, angry 4+5+7+23, afraid 1+2+4+5+20, disgusted 9+10+17, surprised 1+2+5+26.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.motion.shapes import COLUMN, shape
from generate.spec import ARKIT, EMOTIONS

REST = shape({"mouthSmile": 0.12, "browInnerUp": 0.1, "browOuterUp": 0.06, "eyeSquint": 0.04})
"""A relaxed child: the mesh's own neutral looks stern (low brows, corners of the mouth down)."""
_FACES: dict[str, NDArray[np.float64]] = {
    "neutral": shape({}),
    "happy": shape(
        {"mouthSmile": 0.75, "cheekSquint": 0.5, "eyeSquint": 0.3, "mouthDimple": 0.2}
        | {"mouthUpperUp": 0.18, "mouthLowerDown": 0.12, "jawOpen": 0.1, "browOuterUp": 0.1}
    ),
    "sad": shape(
        {"mouthFrown": 0.65, "browInnerUp": 0.7, "browDown": 0.15, "mouthShrugLower": 0.4}
        | {"eyeLookDown": 0.1, "eyeSquint": 0.15, "mouthPress": 0.1}
    ),
    "angry": shape(
        {"browDown": 0.8, "eyeSquint": 0.4, "eyeWide": 0.15, "noseSneer": 0.3}
        | {"mouthPress": 0.4, "mouthFrown": 0.3, "jawForward": 0.2, "mouthShrugLower": 0.2}
    ),
    "afraid": shape(
        {"browInnerUp": 0.8, "browOuterUp": 0.4, "browDown": 0.15, "eyeWide": 0.7}
        | {"mouthStretch": 0.5, "jawOpen": 0.15, "mouthLowerDown": 0.2, "mouthFrown": 0.15}
    ),
    "disgusted": shape(
        {"noseSneer": 0.75, "mouthUpperUp": 0.4, "browDown": 0.4, "eyeSquint": 0.4}
        | {"mouthShrugLower": 0.4, "mouthFrown": 0.3, "cheekSquint": 0.3}
    ),
    "surprised": shape(
        {"browInnerUp": 0.7, "browOuterUp": 0.8, "eyeWide": 0.65, "jawOpen": 0.4}
        | {"mouthFunnel": 0.2}
    ),
}
MOUTH = np.array([name.startswith(("mouth", "jaw", "tongue")) for name in ARKIT])
"""(52,) True for the shapes that speech needs."""


def emotion_face(emotion: str, intensity: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(52,) to add to a relaxed face; each shape varies by 15 %, sides by 8 %.

    Raises ValueError for an unknown emotion or an intensity outside 0 to 1.
    """
    if emotion not in EMOTIONS:
        raise ValueError(f"emotion {emotion!r} is not one of {', '.join(EMOTIONS)}")
    if not 0 <= intensity <= 1:
        raise ValueError(f"emotion intensity {intensity:g} is outside 0 to 1")
    stems = [name.removesuffix("Left").removesuffix("Right") for name in ARKIT]
    each = {stem: rng.normal(1, 0.15) for stem in dict.fromkeys(stems)}
    vary = np.array([each[stem] for stem in stems]) * rng.normal(1, 0.08, len(ARKIT))
    return np.clip(_FACES[emotion] * intensity * vary, 0, 1)


def relaxed(rng: np.random.Generator) -> NDArray[np.float64]:
    """(52,) a resting face, a little different each time and between its sides."""
    vary = rng.normal(1, 0.3, len(ARKIT))
    face: NDArray[np.float64] = np.clip(REST * vary, 0, 0.4)
    face[COLUMN["mouthPressLeft"]] = face[COLUMN["mouthPressRight"]] = rng.uniform(0, 0.05)
    return face
