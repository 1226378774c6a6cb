"""What a generator is asked for and measured by: age, sex, tone, hair, pose, face, light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from generate.clip import Clip
from generate.people.hair_colors import HAIR_COLORS
from generate.spec import ARKIT


@dataclass(frozen=True)
class Attribute:
    """One number of a picture of a face."""

    unit: str
    """Unit, `1` where it has none."""
    low: float
    """Least value that an edit aims at."""
    high: float
    """Greatest."""
    read: Callable[[Clip], float]
    """Its exact value in a clip with one frame."""
    mirror: int = 1
    """-1 where a mirrored picture has the negative value."""

    @property
    def range(self) -> float:
        """`high` less `low`."""
        return self.high - self.low


def _pose(axis: int) -> Callable[[Clip], float]:
    return lambda clip: float(clip.labels["head_pose_deg"][0, axis])


def _shape(*names: str) -> Callable[[Clip], float]:
    columns = [ARKIT.index(name) for name in names]
    return lambda clip: float(clip.labels["arkit"][0, columns].mean())


def _hair(clip: Clip) -> float:
    look: dict[str, Any] = clip.facts["look"]
    return float(np.mean(HAIR_COLORS[look["hair_color"]]) ** (1 / 2.2))


ATTRIBUTES: dict[str, Attribute] = {
    "age": Attribute("years", 3, 12, lambda clip: float(clip.facts["age_years"])),
    "male": Attribute("1", 0, 1, lambda clip: float(clip.facts["sex"] == "male")),
    "tone": Attribute("Monk", 1, 10, lambda clip: float(clip.facts["skin_tone"])),
    "hair": Attribute("sRGB lightness", 0.1, 0.75, _hair),
    "yaw": Attribute("deg", -40, 40, _pose(0), mirror=-1),
    "pitch": Attribute("deg", -25, 25, _pose(1)),
    "smile": Attribute("1", 0, 1, _shape("mouthSmileLeft", "mouthSmileRight")),
    "mouth": Attribute("1", 0, 1, _shape("jawOpen")),
    "light": Attribute(
        "1, + from the picture's right", -1, 1,
        lambda clip: float(clip.facts["light"]["key_direction"][0]), mirror=-1,
    ),
}  # fmt: skip
"""In the order of an attribute network's outputs."""
EXPRESSIONS = {
    "neutral": {"smile": 0.0, "mouth": 0.0},
    "happy": {"smile": 0.7},
    "surprised": {"smile": 0.0, "mouth": 0.6},
}
"""Attributes that a word stands for."""


def attributes_of(clip: Clip) -> list[float] | None:
    """All attributes of a clip; None where it does not show one face in colour with its facts."""
    facts, labels = clip.facts, clip.labels
    if not ("head_pose_deg" in labels and facts["look"].get("hair_color") and facts["light"]):
        return None
    if facts["camera"].get("kind") == "infrared":
        return None
    return [attribute.read(clip) for attribute in ATTRIBUTES.values()]
