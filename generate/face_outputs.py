"""What the face network answers: one table of named parts of its output vector, and their units.

real = divisor * output + center. The divisors keep all values near -0.5..0.5, because one int8
scale serves the whole vector. Truth (K, TRUTH) holds what `state_names` lists in real units; NaN is
not known, so that real pictures with landmarks alone train the same network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generate.spec import EMOTIONS

Floats = NDArray[np.float32]
POINTS = 68
CODE = (
    *("eyeBlinkLeft", "eyeBlinkRight", "eyeSquintLeft", "eyeSquintRight"),
    *("eyeWideLeft", "eyeWideRight", "jawOpen", "mouthFunnel", "mouthPucker"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft", "browDownRight"),
    *("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
)
"""ARKit blendshapes that a face of 48 px shows."""
AGE_BANDS = (0.0, 3.0, 6.0, 9.0, 13.0, 18.0)
"""Lower ends, years; the last band is adults."""
AGES = ("age_0_3", "age_3_6", "age_6_9", "age_9_13", "age_13_18", "adult")


@dataclass(frozen=True)
class Part:
    """Consecutive values of the output vector."""

    name: str
    values: tuple[str, ...]
    unit: str
    """Of the real value."""
    divisor: float = 1.0
    center: float = 0.0


PARTS = (
    Part("points", tuple(f"{axis}{k}" for k in range(POINTS) for axis in "xy"),
         "fraction of the crop from its top left", 1.0, 0.5),
    Part("spread", tuple(f"spread{k}" for k in range(POINTS)),
         "ln of the mean error to expect along one axis, fraction of the crop", 8.0, -4.0),
    Part("pose", ("yaw", "pitch", "roll"), "degrees, camera", 120.0),
    Part("gaze", ("gaze_yaw", "gaze_pitch"), "degrees, camera", 120.0),
    Part("open", ("eye_open_left", "eye_open_right", "mouth_open"),
         "gap of the lids over the eye's width; of the lips over that of the outer eye corners",
         1.0, 0.3),
    Part("code", CODE, "ARKit blendshape, 0 to 1", 1.0, 0.5),
    Part("expression", EMOTIONS, "logit", 32.0),
    Part("age", AGES, "logit", 32.0),
    Part("present", ("face",), "logit", 64.0),
)  # fmt: skip
LABELS: tuple[str, ...] = tuple(value for part in PARTS for value in part.values)


def _columns() -> dict[str, slice]:
    ends = np.cumsum([0, *(len(part.values) for part in PARTS)])
    pairs = zip(PARTS, ends[:-1], ends[1:], strict=True)
    return {part.name: slice(int(low), int(high)) for part, low, high in pairs}


COLUMNS = _columns()
"""Name of a part to its columns of the output."""
BY_NAME = {part.name: part for part in PARTS}
MEASURED = ("pose", "gaze", "open", "code")
"""Parts whose truth is a number for each value."""
MEASURES = tuple(value for name in MEASURED for value in BY_NAME[name].values)
TRUTH = len(MEASURES) + 2
"""Columns of truth: MEASURES in real units, number in EMOTIONS, age in years."""
EXPRESSION, AGE_YEARS = TRUTH - 2, TRUTH - 1


def truth_columns(name: str) -> list[int]:
    """Columns of truth of a part in MEASURED."""
    return [MEASURES.index(value) for value in BY_NAME[name].values]


def real(outputs: Floats, name: str) -> Floats:
    """A part (K, n) of outputs (K, len(LABELS)) in its unit."""
    part = BY_NAME[name]
    return outputs[:, COLUMNS[name]] * np.float32(part.divisor) + np.float32(part.center)


def points_of(outputs: Floats) -> Floats:
    """Landmarks (K, 68, 2), fractions of the crop 0..1 from its top left, of outputs."""
    return real(outputs, "points").reshape(-1, POINTS, 2)


def age_band(age_years: NDArray[np.floating]) -> NDArray[np.int64]:
    """Number in AGES of ages (K,); of NaN the last."""
    return np.searchsorted(AGE_BANDS, age_years, side="right") - 1


def _other_side(name: str) -> str:
    for one, other in (("Left", "Right"), ("_left", "_right")):
        if name.endswith(one):
            return name.removesuffix(one) + other
        if name.endswith(other):
            return name.removesuffix(other) + one
    return name


MIRROR = np.array(
    [*(MEASURES.index(_other_side(name)) for name in MEASURES), EXPRESSION, AGE_YEARS]
)
"""Column k of the truth of a mirrored face is column MIRROR[k] of the face's."""
