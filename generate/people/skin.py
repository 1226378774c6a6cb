"""How a person looks: skin tone, hair, eyes, lips, clothes, as the numbers that shading reads.

All colours are linear RGB reflectance, 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generate.people.hair_colors import hair_color, variety
from generate.people.skin_atlas import Pigment, halve, paint_atlas
from generate.spec import Person

F32 = NDArray[np.float32]

MONK_HEX = (
    *("#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96"),
    *("#a07e56", "#825c43", "#604134", "#3a312a", "#292420"),
)
"""sRGB swatches of the Monk Skin Tone scale, 1 to 10 (E. Monk, 2019; skintone.google)."""
SWATCH_SHARE = 0.4
"""Chroma: this much of the swatch, the rest of the chromophore model. The swatches are flatter
than living skin, and alone look like porcelain (1-3) or ash (9, 10)."""
SWATCH_GAIN = 0.60
"""Reflectance of skin over that of its swatch: a swatch is seen on a white page, fully lit."""
DARKEST = 0.013
"""Luminance added to every tone: the darkest skin reflects more than its swatch."""

EYE_COLORS = {
    "dark": ((0.022, 0.011, 0.006), (0.040, 0.018, 0.008)),
    "brown": ((0.10, 0.045, 0.018), (0.17, 0.075, 0.025)),
    "hazel": ((0.13, 0.10, 0.045), (0.21, 0.11, 0.035)),
    "green": ((0.10, 0.14, 0.075), (0.20, 0.16, 0.060)),
    "blue": ((0.085, 0.14, 0.205), (0.20, 0.21, 0.19)),
    "grey": ((0.13, 0.16, 0.18), (0.26, 0.26, 0.22)),
}
"""Iris: outer colour, colour round the pupil."""
PATTERNS = ("plain", "stripes", "bars", "dots")
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


class SkinLook(NamedTuple):
    atlas: F32
    """(H, W, ATLAS_CHANNELS), see skin_atlas.py."""
    lips: F32
    hair: F32
    roughness: float


class EyeLook(NamedTuple):
    white: F32
    iris: F32
    iris_inner: F32
    pupil: float
    """Radius of the pupil over that of the iris."""
    seed: float


class MouthLook(NamedTuple):
    teeth: F32


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


class ClothLook(NamedTuple):
    color: F32
    ink: F32
    pattern: int
    """Index in PATTERNS."""
    scale: float
    """Size of the pattern: 1 is two stripes in 45 mm, 2 is finer."""
    seed: float


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


def look(person: Person) -> Look:
    """Colours and skin of a person, a pure function of the spec; 0.1 s on one core.

    Raises ValueError on an unknown hair colour, eye colour or garment pattern.
    """
    rng = np.random.default_rng([person.face_seed, 0x5C1])
    hair_rgb = hair_color(person)
    pigment = pigment_of(person, hair_rgb, rng)
    atlas = paint_atlas(pigment, rng)
    small = halve(atlas)
    lips, roughness = lip_color(pigment, rng), rng.uniform(0.46, 0.57)
    skins = [SkinLook(a, lips, hair_rgb, roughness) for a in (atlas, small, halve(small))]
    return Look(
        (skins[0], skins[1], skins[2]),
        _eye(person, rng),
        MouthLook(_teeth(person.age_years, rng)),
        _hair(hair_rgb, pigment.tone, variety(person.hair_color), rng),
        _cloth(person, rng),
        float(pigment.tone @ LUMINANCE),
    )


def tone_color(monk: int, redness: float = 0.32) -> F32:
    """Reflectance (3,) of the cheek of Monk tone 1 to 10: the swatch's lightness, living chroma."""
    digits = MONK_HEX[monk - 1][1:]
    swatch = srgb_to_linear(np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255)
    target = SWATCH_GAIN * float(swatch @ LUMINANCE) + DARKEST
    living = _chromophores(target, redness)
    swatch = swatch * target / (swatch @ LUMINANCE)
    mixed = swatch**SWATCH_SHARE * living ** (1 - SWATCH_SHARE)
    return np.asarray(mixed * target / (mixed @ LUMINANCE), np.float32)


def _chromophores(luminance: float, redness: float) -> NDArray[np.float64]:
    """Skin of a given luminance: melanin and blood filter light scattered by the dermis."""
    base = np.array([0.86, 0.74, 0.66]) * np.exp(-redness * np.array([0.15, 1.0, 0.94]))
    low, high = -1.0, 5.0
    for _ in range(40):
        melanin = (low + high) / 2
        rgb = base * np.exp(-melanin * np.array([0.72, 1.0, 1.42]))
        low, high = (melanin, high) if rgb @ LUMINANCE > luminance else (low, melanin)
    return np.asarray(rgb)


def srgb_to_linear(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """IEC 61966-2-1, 0 to 1."""
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def pigment_of(person: Person, hair_rgb: F32, rng: np.random.Generator) -> Pigment:
    """What the atlas is painted with."""
    fair = float(np.clip((6.5 - person.skin_tone) / 4, 0, 1))
    young = float(np.clip((14 - person.age_years) / 8, 0, 1))
    return Pigment(
        tone=tone_color(person.skin_tone, rng.uniform(0.16, 0.28) + 0.24 * fair),
        blush=float(rng.uniform(0.5, 1.3) * (0.45 + 0.55 * fair) * (0.75 + 0.35 * young)),
        freckles=person.freckles,
        brow_color=np.asarray(hair_rgb * 0.7 + 0.004, np.float32),
        brow_weight=float(rng.uniform(0.6, 1.0) * (1.15 - 0.3 * young)),
        beard=float(max(0.0, rng.uniform(-0.3, 0.8))) * _is_grown_man(person),
        age_years=person.age_years,
    )


def lip_color(pigment: Pigment, rng: np.random.Generator) -> F32:
    """More blood and, on dark skin, a little more melanin than the cheek."""
    blood = rng.uniform(0.35, 0.62)
    dark = rng.uniform(-0.05, 0.12)
    filtered = np.exp(-blood * np.array([0.22, 1.0, 0.8]) - dark * np.array([0.7, 1.0, 1.3]))
    return np.asarray(pigment.tone * filtered, np.float32)


def _is_grown_man(person: Person) -> float:
    return float(person.sex == "male" and person.age_years > 16)


def _eye(person: Person, rng: np.random.Generator) -> EyeLook:
    outer, inner = _named(EYE_COLORS, person.eye_color, "eye_color")
    pupil = rng.uniform(0.36, 0.52)
    iris, inner = _vary(outer, rng, 0.12), _vary(inner, rng, 0.12)
    return EyeLook(_white(person.skin_tone), iris, inner, pupil, rng.uniform(0, 50))


def _white(skin_tone: int) -> F32:
    """Sclera: on dark skin it is pigmented, and a camera that meters the skin would burn it out."""
    dark = float(np.clip((skin_tone - 4) / 6, 0, 1))
    return np.array([0.42, 0.40 - 0.02 * dark, 0.385 - 0.05 * dark], np.float32) * (1 - 0.5 * dark)


def _hair(hair_rgb: F32, skin_rgb: F32, spread: float, rng: np.random.Generator) -> HairLook:
    fine = np.asarray(hair_rgb**0.45 * skin_rgb**0.55, np.float32)
    gloss = rng.uniform(0.035, 0.075)
    return HairLook(hair_rgb, fine, _sheen(hair_rgb), _lash(hair_rgb), gloss, spread)


def _teeth(age_years: float, rng: np.random.Generator) -> F32:
    """Milk teeth are whiter than the permanent ones that follow."""
    yellow = float(np.clip((age_years - 6) / 30, 0, 1)) * 0.12 + rng.uniform(0, 0.05)
    return np.array([0.62, 0.595 - 0.4 * yellow, 0.545 - 1.4 * yellow], np.float32)


def _sheen(hair_rgb: F32) -> F32:
    return np.asarray(hair_rgb / (hair_rgb.max() + 0.03), np.float32)


def _lash(hair_rgb: F32) -> F32:
    return np.asarray(np.minimum(hair_rgb * 0.35, 0.03), np.float32)


def _cloth(person: Person, rng: np.random.Generator) -> ClothLook:
    if person.garment_pattern not in PATTERNS:
        raise ValueError(
            f"garment_pattern {person.garment_pattern!r} is not one of {', '.join(PATTERNS)}"
        )
    color = np.array(person.garment_color, np.float32)
    light = float(color @ LUMINANCE) > 0.3
    ink = color * 0.25 if light else 0.72 - 0.2 * rng.uniform(0, 1, 3) * (1 - color)
    return ClothLook(
        color,
        np.asarray(ink, np.float32),
        PATTERNS.index(person.garment_pattern),
        rng.uniform(0.7, 2.2),
        rng.uniform(0, 50),
    )


def _vary(rgb: tuple[float, float, float], rng: np.random.Generator, spread: float) -> F32:
    return np.asarray(np.array(rgb) * np.exp(rng.normal(0, spread)), np.float32)


def _named(table: dict[str, tuple], name: str, what: str) -> tuple:  # type: ignore[type-arg]
    if name not in table:
        raise ValueError(f"{what} {name!r} is not one of {', '.join(table)}")
    return table[name]
