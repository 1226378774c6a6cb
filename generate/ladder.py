"""Ladders: the same child along one control, everything else held still, with exact labels."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generate.contents import of_sheet
from generate.controls import Shot, at_rest, framed
from generate.media import frame_to_png
from generate.motion.emotion import relaxed
from generate.motion.gesture import GESTURES
from generate.people.asset import load_asset
from generate.people.cloth import PATTERNS
from generate.people.hair_colors import HAIR_COLORS
from generate.people.hair_styles import STYLES
from generate.people.skin import EYE_COLORS
from generate.people.skin_paint import PAINTS
from generate.people.things_glasses import GLASSES
from generate.people.things_headwear import HEADWEAR
from generate.people.things_held import HELD
from generate.render.backdrop import PLACES
from generate.render.light import KINDS
from generate.render.sensor import CAMERAS
from generate.sample import ANCESTRY_NAMES, sample_person, sample_view, stream
from generate.shards import Dataset
from generate.spec import EMOTIONS, FRAMINGS, SEXES
from generate.store import prepare, write_whole

RANGES: dict[str, tuple[float, float]] = {
    "face_shape": (-1, 1),
    "freckles": (0, 1),
    "birthmarks": (0, 1),
    "wrinkling": (0, 1),
    "blink": (0, 1),
    "yaw": (-75, 75),
    "pitch": (-35, 30),
    "roll": (-30, 30),
    "gaze_yaw": (-30, 30),
    "gaze_pitch": (-20, 20),
    "distance_m": (0.2, 1.6),
    "aperture_mm": (0, 6),
    "distortion": (-0.2, 0.2),
}
"""Controls that are numbers, from the first rung to the last."""
AGES = ("0.5", "1", "2", "3", "4", "6", "8", "10", "12", "15", "20", "35", "55", "75")
NAMES: dict[str, tuple[str, ...]] = {
    "age_years": AGES,
    "sex": SEXES,
    "ancestry": ANCESTRY_NAMES,
    "skin_tone": tuple(str(tone) for tone in range(1, 11)),
    "face_seed": tuple(str(seed) for seed in range(1, 13)),
    "hair_style": tuple(STYLES),
    "hair_color": tuple(HAIR_COLORS),
    "eye_color": tuple(EYE_COLORS),
    "garment": tuple(load_asset().garments),
    "garment_pattern": tuple(PATTERNS),
    "emotion": EMOTIONS,
    "intensity": tuple(f"happy:{level:g}" for level in (0, 0.2, 0.4, 0.6, 0.8, 1)),
    "face_paint": tuple(PAINTS),
    "glasses": ("none", *GLASSES),
    "headwear": ("none", *HEADWEAR),
    "held": ("none", *HELD),
    "light": tuple(KINDS),
    "backdrop": tuple(PLACES),
    "camera": tuple(CAMERAS),
    "framing": FRAMINGS,
    "gesture": tuple(GESTURES),
}
"""Controls with names or fixed values for rungs."""
LADDERS = (*NAMES, *RANGES)
ALIAS = {"intensity": "emotion"}
"""Ladders that climb another control than the one of their name."""
BESIDE: dict[str, dict[str, str]] = {
    "freckles": {"skin_tone": "2", "hair_color": "red"},
    "wrinkling": {"emotion": "angry:1"},
    "eye_color": {"skin_tone": "2"},
    "headwear": {"garment": "hood"},
    "held": {"age_years": "3"},
    "framing": {"gesture": "rest"},
    "gesture": {"framing": "upper", "face_fraction": "0.14"},
}
"""What else is set on all rungs of a ladder, so that its control can be seen."""
AGE_YEARS = 6.0
SHARP = 85
"""Seed of a camera in focus, level and well exposed, so that small changes show."""


def rungs(control: str, steps: int) -> tuple[str, ...]:
    """Values of a ladder as text: its names, or `steps` numbers from end to end."""
    if control in NAMES:
        return NAMES[control]
    return tuple(f"{value:.4g}" for value in np.linspace(*RANGES[control], steps))


def all_rungs(controls: tuple[str, ...], steps: int) -> list[tuple[str, str]]:
    """(control, value) of every clip of a ladder data set."""
    return [(control, value) for control in controls for value in rungs(control, steps)]


@lru_cache(maxsize=1)
def base_shot(seed: int, size_px: int) -> Shot:
    """The child that climbs: six years old, facing the camera, at rest, in a room."""
    person = sample_person(seed, 0, (AGE_YEARS, AGE_YEARS))
    person = replace(person, glasses="none", headwear="none", held="none", face_paint="none")
    person = replace(person, freckles=0.0, birthmarks=0.0)
    view = sample_view(stream(seed, 0, "view"), size_px)
    view = replace(view, distance_m=0.8, face_fraction=0.44, offset=(0.0, 0.04), light="room")
    view = replace(
        view,
        camera="good",
        camera_seed=SHARP,
        backdrop_seed=seed,
        distortion=0.0,
        aperture_mm=0.0,
        shutter=0.0,
    )
    rest = relaxed(stream(seed, 0, "motion"))[None].astype(np.float32)
    return Shot(person, view, replace(at_rest(), arkit=rest))


def rung_shot(seed: int, size_px: int, control: str, value: str) -> Shot:
    """One rung."""
    fixed = BESIDE.get(control, {}) | {ALIAS.get(control, control): value}
    return framed(base_shot(seed, size_px), fixed, stream(seed, 0, "gesture"))


def draw_sheets(dataset: Dataset, controls: tuple[str, ...], steps: int, columns: int = 7) -> None:
    """Write sheets/CONTROL.png of a finished ladder data set: its rungs with their values."""
    number = 0
    for control in controls:
        cells = []
        for value in rungs(control, steps):
            cells.append(_cell(dataset, number, value))
            number += 1
        wide = min(columns, len(cells))
        cells += [np.full_like(cells[0], 255)] * (-len(cells) % wide)
        rows = [np.hstack(cells[i : i + wide]) for i in range(0, len(cells), wide)]
        folder = dataset.folder / "sheets"
        prepare(folder)
        write_whole(folder / f"{control}.png", frame_to_png(np.vstack(rows), of_sheet(dataset)))


def _cell(dataset: Dataset, number: int, caption: str) -> NDArray[np.uint8]:
    """(H + 20, W, 3) the picture over its value."""
    import cv2

    frames = dataset.clip(number, ("frames",)).frames
    assert frames is not None
    text = np.full((20, frames.shape[2], 3), 255, np.uint8)
    cv2.putText(
        text, caption, (4, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA
    )
    return np.vstack([frames[0], text])
