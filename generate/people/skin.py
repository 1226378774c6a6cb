"""How a person looks: skin tone, hair, eyes, lips, clothes, as the numbers that shading reads.

All colours are linear RGB reflectance, 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generate.people.cloth import ClothLook, cloth_look
from generate.people.hair_colors import hair_color, variety
from generate.people.skin_atlas import BLOOD, MELANIN, Pigment, paint_atlas
from generate.people.skin_canvas import halve
from generate.people.skin_folds import Folding, FoldMap, Mood, fold_map, folding, halve_folds
from generate.people.skin_hand import HandLook, hand_look
from generate.people.skin_paint import Coat, coat_of
from generate.people.teeth import MouthLook, mouth_look
from generate.spec import Person

F32 = NDArray[np.float32]

MONK_HEX = (
    *("#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96"),
    *("#a07e56", "#825c43", "#604134", "#3a312a", "#292420"),
)
"""sRGB swatches of the Monk Skin Tone scale, 1 to 10 (E. Monk, 2019; skintone.google)."""
SWATCH_SHARE = 0.25
"""Chroma: this much of the swatch, the rest of living skin. The swatches are flatter than living
skin, and alone look like porcelain (1-3) or ash (9, 10)."""
SWATCH_GAIN = 0.51
"""Reflectance of skin over that of its swatch: a swatch is seen on a white page, fully lit."""
DARKEST = 0.022
"""Luminance added to every tone: the darkest skin reflects more than its swatch."""
LIVING = np.array(
    [(0.024, 1.95, 0.58), (0.05, 2.15, 0.54), (0.10, 2.12, 0.55), (0.17, 2.0, 0.58),
     (0.30, 1.80, 0.64), (0.38, 1.74, 0.67), (0.46, 1.66, 0.71)]
)  # fmt: skip
"""Luminance, red over green and blue over green of living skin, near patches 1 and 2 of the
ColorChecker chart (0.10: 2.0, 0.69; 0.35: 1.77, 0.73)."""

EYE_COLORS = {
    "dark": ((0.022, 0.011, 0.006), (0.040, 0.018, 0.008)),
    "brown": ((0.070, 0.032, 0.014), (0.115, 0.052, 0.019)),
    "hazel": ((0.13, 0.10, 0.045), (0.21, 0.11, 0.035)),
    "green": ((0.10, 0.14, 0.075), (0.20, 0.16, 0.060)),
    "blue": ((0.085, 0.14, 0.205), (0.20, 0.21, 0.19)),
    "grey": ((0.13, 0.16, 0.18), (0.26, 0.26, 0.22)),
}
"""Iris: outer colour, colour round the pupil."""
GREY = (0.40, 0.39, 0.37)
"""Hair without pigment."""
BROW_GROWTH = ([0.5, 2, 6, 14], [0.4, 0.7, 0.85, 1.15])
"""Age (years) and how much of the brows has grown."""
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
LIP_BLOOD = BLOOD + np.array([0.08, 0, 0])
"""Absorption of blood through the thin skin of lips."""


class SkinLook(NamedTuple):
    atlas: F32
    """(H, W, ATLAS_CHANNELS), see skin_atlas.py."""
    folds: FoldMap
    lips: F32
    """(2, 3): upper lip, lower lip."""
    hair: F32
    roughness: float


class EyeLook(NamedTuple):
    white: F32
    iris: F32
    iris_inner: F32
    pupil: float
    """Radius of the pupil over that of the iris, in middling light."""
    veins: float
    """0 to 1: how red the vessels of the white are."""
    glint: float
    """Share of a lamp's mirror image that is shown: beside dark skin it would burn out."""
    seed: float


class HairLook(NamedTuple):
    color: F32
    fine: F32
    """What fine hair on the skin looks like from afar."""
    sheen: F32
    """The colour of the second highlight: `color` at full brightness."""
    lash: F32
    gloss: float
    variety: float
    """How far the hairs differ in lightness, 0 to 1."""


@dataclass(frozen=True)
class Look:
    """All that shading reads of one person; the atlas comes at three sizes."""

    skins: tuple[SkinLook, SkinLook, SkinLook]
    """Full, half and quarter atlas."""
    eye: EyeLook
    mouth: MouthLook
    hair: HairLook
    cloth: ClothLook
    albedo: float
    """Luminance of the bare cheek."""
    folding: Folding
    hand: HandLook

    def mood(self, arkit: NDArray[np.floating]) -> Mood:
        """What the amounts (52,) of an expression do to this skin."""
        return self.folding.mood(arkit)


def look(person: Person) -> Look:
    """Colours and skin of a person, a pure function of the spec; 0.1 s on one core.

    Raises ValueError on an unknown hair colour, eye colour, face paint or garment pattern.
    """
    hair_rgb = hair_color(person)
    coat = coat_of(person.face_paint, person.face_seed)
    pigment = pigment_of(person, hair_rgb, coat)
    skins = _skins(person, pigment, hair_rgb)
    return Look(
        skins,
        _eye(person, _stream(person, 3)),
        mouth_look(person.age_years, person.skin_tone, person.face_seed),
        _hair(hair_rgb, pigment.tone, variety(person.hair_color), _stream(person, 5)),
        cloth_look(person, _stream(person, 6)),
        float(pigment.tone @ LUMINANCE),
        folding(person.wrinkling, person.age_years),
        hand_look(skins[2].atlas, person.skin_tone, tone_color(4, 0.5), _stream(person, 8)),
    )


def _stream(person: Person, number: int) -> np.random.Generator:
    """One stream for each thing, so that none shifts another."""
    return np.random.default_rng([person.face_seed, 0x5C1, number])


def _skins(person: Person, pigment: Pigment, hair_rgb: F32) -> tuple[SkinLook, SkinLook, SkinLook]:
    atlas = paint_atlas(pigment, person.face_seed)
    folds = fold_map(_stream(person, 7))
    rng = _stream(person, 2)
    lips, rough = lip_colors(pigment, rng), float(rng.uniform(0.44, 0.55))
    rough += 0.05 * float(np.clip((person.age_years - 40) / 40, 0, 1))
    skins = []
    for _ in range(3):
        skins.append(SkinLook(atlas, folds, lips, hair_rgb, rough))
        atlas, folds = halve(atlas), halve_folds(folds)
    return skins[0], skins[1], skins[2]


def tone_color(monk: int, redness: float = 0.32) -> F32:
    """Reflectance (3,) of the cheek of Monk tone 1 to 10: the swatch's lightness, living chroma.

    redness: 0.32 is the mean; blood absorbs green and blue.
    """
    digits = MONK_HEX[monk - 1][1:]
    swatch = srgb_to_linear(np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255)
    target = SWATCH_GAIN * float(swatch @ LUMINANCE) + DARKEST
    red, blue = (np.interp(target, LIVING[:, 0], LIVING[:, k]) for k in (1, 2))
    living = np.array([red, 1.0, blue]) * np.exp((0.32 - redness) * BLOOD)
    mixed = (swatch / swatch[1]) ** SWATCH_SHARE * living ** (1 - SWATCH_SHARE)
    return np.asarray(mixed * target / (mixed @ LUMINANCE), np.float32)


def srgb_to_linear(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """IEC 61966-2-1, 0 to 1."""
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def pigment_of(person: Person, hair_rgb: F32, coat: Coat | None) -> Pigment:
    """What the atlas is painted with."""
    rng = _stream(person, 1)
    fair = float(np.clip((6.5 - person.skin_tone) / 4, 0, 1))
    young = float(np.clip((14 - person.age_years) / 8, 0, 1))
    redness, blush, brows, beard = rng.uniform((0.2, 0.5, 0.6, -0.3), (0.44, 1.4, 1.0, 0.9))
    return Pigment(
        tone=tone_color(person.skin_tone, redness),
        blush=float(blush * (0.4 + 0.6 * fair) * (0.75 + 0.4 * young)),
        freckles=person.freckles,
        birthmarks=person.birthmarks,
        brow_color=np.asarray(_greyed(hair_rgb, person) * 0.6 + 0.002, np.float32),
        brow_weight=float(brows * np.interp(person.age_years, *BROW_GROWTH)),
        beard=float(max(0.0, beard)) * _is_grown_man(person),
        age_years=person.age_years,
        coat=coat,
    )


def lip_colors(pigment: Pigment, rng: np.random.Generator) -> F32:
    """(2, 3) upper and lower lip: more blood than the cheek; on dark skin the upper one is darker
    and the lower one often pink."""
    dark = float(np.clip((0.16 - pigment.tone @ LUMINANCE) / 0.13, 0, 1))
    blood = rng.uniform(0.30, 0.62) * np.array([1.0, 0.9 + 0.35 * dark])
    melanin = rng.uniform(-0.06, 0.10) + dark * np.array([0.10, -0.38 * rng.uniform(0.2, 1)])
    absorbed = melanin[:, None] * MELANIN + blood[:, None] * LIP_BLOOD
    lips = np.asarray(pigment.tone * np.exp(-absorbed), np.float32)
    if pigment.coat is not None and pigment.coat.lips is not None:
        lips[:] = pigment.coat.lips
    return lips


def _greyed(hair_rgb: F32, person: Person) -> F32:
    """Brows and beard lose their pigment from an age of the person's own."""
    onset = _stream(person, 9).uniform(36, 60)
    grey = float(np.clip((person.age_years - onset) / 28, 0, 0.93))
    return np.asarray(hair_rgb + grey * (np.array(GREY) - hair_rgb), np.float32)


def _is_grown_man(person: Person) -> float:
    return float(person.sex == "male" and person.age_years > 16)


def _eye(person: Person, rng: np.random.Generator) -> EyeLook:
    outer, inner = _named(EYE_COLORS, person.eye_color, "eye_color")
    seed, light, warm, pupil, veins = rng.uniform((0, -1, -1, 0.34, 0.1), (50, 1, 1, 0.54, 1))
    # Pupils are widest in youth and narrow with age (Winn et al. 1994).
    pupil *= np.interp(person.age_years, [0.5, 15, 80], [1.0, 1.03, 0.72])
    dark = float(np.clip((person.skin_tone - 4) / 6, 0, 1))
    shade = np.exp(0.2 * light + 0.12 * warm * np.array([1, 0, -1]))
    return EyeLook(
        _white(dark, person.age_years),
        np.asarray(outer * shade, np.float32),
        np.asarray(inner * shade, np.float32),
        float(pupil),
        float(veins * np.interp(person.age_years, [8, 30, 80], [0.0, 0.5, 1.0])),
        1 - 0.4 * dark,
        float(seed),
    )


def _white(dark: float, age_years: float) -> F32:
    """Sclera: thin and bluish in small children, yellowish in age; on dark skin it is pigmented,
    and a camera that meters the skin would burn it out."""
    blue = float(np.interp(age_years, [0.5, 6, 30, 80], [0.035, 0.015, 0.0, -0.02]))
    white = np.array([0.42 - blue, 0.405 - 0.02 * dark, 0.39 - 0.05 * dark + 1.4 * blue])
    return np.asarray(white * (1 - 0.5 * dark), np.float32)


def _hair(hair_rgb: F32, skin_rgb: F32, spread: float, rng: np.random.Generator) -> HairLook:
    fine = np.asarray(hair_rgb**0.45 * skin_rgb**0.55, np.float32)
    gloss = rng.uniform(0.035, 0.075)
    return HairLook(hair_rgb, fine, _sheen(hair_rgb), _lash(hair_rgb), gloss, spread)


def _sheen(hair_rgb: F32) -> F32:
    return np.asarray(hair_rgb / (hair_rgb.max() + 0.03), np.float32)


def _lash(hair_rgb: F32) -> F32:
    return np.asarray(np.minimum(hair_rgb * 0.35, 0.03), np.float32)


def _named(table: dict[str, tuple], name: str, what: str) -> tuple:  # type: ignore[type-arg]
    if name not in table:
        raise ValueError(f"{what} {name!r} is not one of {', '.join(table)}")
    return table[name]
