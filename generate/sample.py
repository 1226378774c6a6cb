"""Seed and clip number in, person and view out: balanced by construction, the same on any machine.

Every random draw comes from `SeedSequence(seed, spawn_key=(number, stage))`, one fixed number a
stage, so that one more draw in the renderer does not change the voice. Balance comes from blocks:
within a block each category appears exactly as often as the plan says, in a shuffled order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from generate.odds import draw
from generate.people.cloth import PATTERNS
from generate.people.hair_styles import STYLES
from generate.people.skin_paint import PAINTS
from generate.people.things import odds
from generate.render.sensor import CAMERAS
from generate.spec import ANCESTRIES, SEXES, Person, Sex, View

STAGES = {
    "person": 0,
    "view": 1,
    "voice": 2,
    "text": 3,
    "motion": 4,
    "camera": 5,
    "sound": 6,
    "emotion": 7,
    "skin": 8,
    "wear": 9,
    "world": 10,
    "gesture": 11,
    "room": 12,
    "take": 13,
    "style": 14,
    "vocal": 15,
    "order_sex": 16,
    "order_age": 17,
    "order_tone": 18,
    "order_class": 19,
    "order_emotion": 20,
    "aside": 21,
    "quiet": 22,
}
ANCESTRY_NAMES = (*ANCESTRIES, "mixed")
MAIN_SHARE = 0.75
"""Who has this much of one ancestry counts to it, all others as mixed."""
AGE_BANDS = 9
GARMENTS = ("tee", "collar", "hood", "turtleneck", "shirt", "dungarees")
PATTERN_SHARES = {name: 4.0 if name == "plain" else 1.0 for name in PATTERNS}
MOTIFS = tuple(name for name in PAINTS if name != "none")
PAINTED = 0.03
"""Share of children with a painted face."""
DISTANCE_M = (0.35, 3.0)
"""From the face to the camera, drawn by its logarithm: in the arms to across the room."""
OPEN_LENSES = 0.35
"""Share of lenses whose opening is wide enough to blur what is nearer or farther."""
BARREL = (-0.22, -0.04)
"""Distortion k1 of wide lenses."""
ANCESTRY_BY_TONE = {
    "african": (0, 0, 0, 0, 1, 1, 1, 2, 2, 3),
    "asian": (0, 0, 1, 2, 1, 2, 2, 1, 1, 0),
    "european": (3, 3, 2, 1, 1, 0, 0, 0, 0, 0),
    "mixed": (1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
}
"""Children per block of 40 by main ancestry and Monk tone 1 to 10: each row sums to 10 and each
column to 4, so both margins are flat while pairs stay plausible."""
PLAN = tuple(
    (name, tone + 1)
    for name, counts in ANCESTRY_BY_TONE.items()
    for tone, count in enumerate(counts)
    for _ in range(count)
)
_HAIR_DARK = {"black": 0.55, "dark": 0.35, "brown": 0.1}
_HAIR_ANY = {"black": 0.05, "dark": 0.2, "brown": 0.3, "light": 0.2, "blond": 0.2, "red": 0.05}
_HAIR_OLD = {"grey": 0.65, "white": 0.35}
_EYE_DARK = {"dark": 0.65, "brown": 0.3, "hazel": 0.05}
_EYE_ANY = {"dark": 0.1, "brown": 0.3, "hazel": 0.15, "green": 0.1, "blue": 0.25, "grey": 0.1}

T = TypeVar("T")


def stream(seed: int, number: int, stage: str) -> np.random.Generator:
    """The random stream of one stage of one clip (or child)."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, STAGES[stage])))


def from_block(plan: Sequence[T], seed: int, number: int, stage: str) -> T:
    """Entry `number` of the endless sequence of shuffled copies of `plan`."""
    block, place = divmod(number, len(plan))
    return plan[int(stream(seed, block, stage).permutation(len(plan))[place])]


@lru_cache(maxsize=8)
def sample_person(seed: int, child: int, age_years: tuple[float, float] = (3, 12)) -> Person:
    """Child number `child`: sex, age, Monk tone and ancestry balanced; the rest drawn.

    Ages are stratified in AGE_BANDS equal bands of `age_years`.
    """
    rng = stream(seed, child, "person")
    main, tone = from_block(PLAN, seed, child, "order_tone")
    band = from_block(range(AGE_BANDS), seed, child, "order_age")
    low, high = age_years
    ancestry = _ancestry(main, rng)
    sex = from_block(SEXES, seed, child, "order_sex")
    fair = ancestry[2] > 0.5 and tone <= 4
    age = float(low + (high - low) * (band + rng.uniform()) / AGE_BANDS)
    person = Person(
        age_years=age,
        sex=sex,
        ancestry=ancestry,
        skin_tone=tone,
        face_seed=int(rng.integers(2**31)),
        hair_style=_hair_style(ancestry, sex, age, rng),
        hair_color=_hair_color(fair, age, rng),
        eye_color=draw(_EYE_ANY if fair else _EYE_DARK, rng),
        garment=str(rng.choice(GARMENTS)),
        garment_color=_rgb(rng),
        garment_pattern=draw(PATTERN_SHARES, rng),
        freckles=float(rng.uniform(0.2, 1)) if fair and rng.uniform() < 0.35 else 0.0,
    )
    return _worn(_marked(person, stream(seed, child, "skin")), stream(seed, child, "wear"))


def _marked(person: Person, rng: np.random.Generator) -> Person:
    """Shape and skin beyond what the seed of the face gives."""
    painted = rng.uniform() < PAINTED
    return replace(
        person,
        face_shape=float(np.clip(rng.normal(0, 0.35), -1, 1)),
        birthmarks=float(rng.uniform(0.1, 0.8)) if rng.uniform() < 0.4 else 0.0,
        wrinkling=float(rng.uniform(0.2, 1.0)),
        face_paint=str(rng.choice(MOTIFS)) if painted and person.age_years < 14 else "none",
    )


def _worn(person: Person, rng: np.random.Generator) -> Person:
    """What is worn on the head and held before the face."""
    glasses, headwear, held = (
        draw(odds(control, person.age_years, person.garment), rng)
        for control in ("glasses", "headwear", "held")
    )
    seed = int(rng.integers(2**31))
    return replace(person, glasses=glasses, headwear=headwear, held=held, held_seed=seed)


def sample_view(rng: np.random.Generator, size_px: int) -> View:
    """Head and shoulders at a toy's distance, off centre, in any light, by any camera."""
    view = View(
        size_px=size_px,
        distance_m=float(np.exp(rng.uniform(*np.log(DISTANCE_M)))),
        face_fraction=float(rng.uniform(0.27, 0.47)),
        offset=(float(rng.normal(0, 0.05)), float(rng.normal(0.02, 0.04))),
        light_seed=int(rng.integers(2**31)),
        backdrop_seed=int(rng.integers(2**31)),
        camera_seed=int(rng.integers(2**31)),
    )
    kind = draw({name: camera.share for name, camera in CAMERAS.items()}, rng)
    aperture_mm = float(rng.uniform(0.5, 4)) if rng.uniform() < OPEN_LENSES else 0.0
    bent = float(rng.uniform(*BARREL)) if kind == "toy" or rng.uniform() < 0.1 else 0.0
    return replace(view, camera=kind, aperture_mm=aperture_mm, distortion=bent)


def upper_view(view: View) -> View:
    """The view from far enough to see head to waist: the face is a sixth of the image."""
    return replace(view, face_fraction=0.13 + 0.1 * view.face_fraction, offset=(0.0, 0.0))


def ancestry_group(shares: Sequence[float] | NDArray[np.float64]) -> str:
    """The name of ANCESTRY_NAMES that a mix counts to."""
    main = int(np.argmax(shares))
    return ANCESTRIES[main] if shares[main] >= MAIN_SHARE - 1e-9 else "mixed"


def _ancestry(main: str, rng: np.random.Generator) -> tuple[float, float, float]:
    """A mix that counts to `main`."""
    shares = rng.dirichlet([1.5, 1.5, 1.5])
    while main == "mixed" and ancestry_group(shares) != "mixed":
        shares = rng.dirichlet([1.5, 1.5, 1.5])
    if main != "mixed":
        shares = rng.dirichlet([1, 1, 1]) * (1 - MAIN_SHARE)
        shares[ANCESTRIES.index(main)] += MAIN_SHARE
    shares = shares / shares.sum()
    return float(shares[0]), float(shares[1]), float(shares[2])


def _hair_style(
    ancestry: Sequence[float], sex: Sex, age_years: float, rng: np.random.Generator
) -> str:
    index, coily = SEXES.index(sex), ancestry[0] > 0.6
    weights = {
        name: (style.coily_share if coily else style.share)[index]
        for name, style in STYLES.items()
        if style.ages[0] <= age_years <= style.ages[1]
    }
    return draw(weights, rng)


def _hair_color(fair: bool, age_years: float, rng: np.random.Generator) -> str:
    """Hair turns grey from 35 years on, nearly all of it by 75."""
    young, old = draw(_HAIR_ANY if fair else _HAIR_DARK, rng), draw(_HAIR_OLD, rng)
    return old if rng.uniform() < (age_years - 35) / 40 else young


def _rgb(rng: np.random.Generator) -> tuple[float, float, float]:
    value: NDArray[np.float64] = rng.uniform(0.03, 0.7) * rng.uniform(0.3, 1.0, 3)
    return float(value[0]), float(value[1]), float(value[2])
