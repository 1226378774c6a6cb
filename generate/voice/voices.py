"""The voices worth using, and how to draw one for a person.

data/espeak_voices.csv lists the variants: sex as it sounds, median F0 at pitch 50, formants
relative to plain en-us (a man's), both measured on ten hVd words, and whether the vowels are
natural enough to become a child's (envelopes correlate over 0.75 with en-us, clearly voiced).
Whispering, robot, novelty and effect variants are left out.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from generate.odds import draw
from generate.spec import Sex, Speakers, VoiceSpec
from generate.voice import coqui, festival, flite
from generate.voice.languages import accents, kind, speaking
from generate.voice.norms import f0_norm_hz, formant_bend, formant_scale

HELD_OUT: dict[Speakers, frozenset[str]] = {
    "tune": frozenset({"Annie", "Mike", "f4", "john", "m5", "pedro"}),
    "test": frozenset({"Reed", "aunty", "edward", "grandpa", "iven2", "klatt4", "linda", "steph2"}),
}
"""Variants that training never draws, to choose thresholds on and to test on."""
NEVER_TRAINED = frozenset().union(*HELD_OUT.values())
ADULT_YEARS = 16.0
RAW_SHARE = 0.5
"""Raw espeak voices among those for keywords. Alone, raw and WORLD voices reached the same on real
adults (73.9 and 74.1 %, 450 steps, one seed): the mix is for covering adults and children alike."""


@dataclass(frozen=True)
class Variant:
    """One row of the survey, or one voice of another engine."""

    name: str
    sex: Sex
    f0_hz: float
    """Median F0 at pitch 50."""
    tract_scale: float
    """Formants relative to an adult man's."""
    natural: bool
    """Good enough to become a child's voice."""
    engine: str = "espeak"


ENGINE_SHARES = {"espeak": 0.4, "flite": 0.2, "festival": 0.4, "coqui": 0.25}
"""How often each engine speaks where all are installed; the rest share what a missing one had."""


@cache
def variants_of(engine: str) -> tuple[Variant, ...]:
    """The voices of one engine that are installed here, in a fixed order; coqui:FOLDER is one."""
    if engine == "espeak":
        return usable_variants()
    if kind(engine) == "coqui":
        folder = engine.partition(":")[2]
        return (Variant(folder, *coqui.measured(folder), True, "coqui"),)
    known = flite.VOICES if engine == "flite" else festival.VOICES
    names = flite.VOICES if engine == "flite" else festival.available()
    found = ((name, known[name]) for name in names)
    return tuple(Variant(n, v.sex, v.f0_hz, v.tract_scale, True, engine) for n, v in found)


@cache
def usable_variants() -> tuple[Variant, ...]:
    """All surveyed variants of espeak-ng, in a fixed order."""
    text = files("generate.voice").joinpath("data/espeak_voices.csv").read_text("utf-8")
    return tuple(
        Variant(
            row["variant"],
            "female" if row["sex"] == "female" else "male",
            float(row["f0_hz"]),
            float(row["tract_scale"]),
            row["natural"] == "1",
        )
        for row in csv.DictReader(text.splitlines())
    )


def sample_voice(
    rng: np.random.Generator,
    age_years: float,
    sex: Sex,
    accent: str | None = None,
    child: bool | None = True,
    speakers: Speakers = "train",
    engines: Sequence[str] = ("espeak",),
    language: str = "en",
) -> VoiceSpec:
    """A voice for a person; with `child` the WORLD transform takes it to the norms of the age.

    The transform works for every age, so `child` at 40 years is a WORLD adult; False keeps the raw
    espeak voice (an adult's, whatever the age); None draws one of the two, as keyword training
    wants it. F0 varies by 12 % and formants by 4 % (one standard deviation) around the norm.
    `speakers` other than train draw from HELD_OUT (espeak-ng's), train from all others. `engines`
    are drawn by ENGINE_SHARES, none is espeak alone and those that do not speak `language` are left
    out; an accent is espeak-ng's matter.
    Raises ValueError for an unknown accent, age or sex.
    """
    if child is None:
        child = bool(rng.random() >= RAW_SHARE)
    norm_hz = f0_norm_hz(age_years, sex)
    accent = _accent(rng, accent, accents(language))
    engine = "espeak" if speakers in HELD_OUT else _engine(rng, speaking(engines, language))
    sounds: Sex = "female" if age_years < ADULT_YEARS else sex
    source = _variant(rng, engine, sounds, child, speakers)
    pitch = int(rng.integers(30, 75) if child else rng.integers(10, 96))
    f0_hz = source.f0_hz * float(np.exp((pitch - 50) * 0.009))
    scale, slower = 1.0, 1.0
    if child:
        spread_f0, spread_tract = np.exp(rng.normal(0, 1, 2) * (0.12, 0.04))
        f0_hz = float(np.clip(norm_hz * spread_f0, 75, 450))
        scale = formant_scale(age_years, sex, source.tract_scale) * float(spread_tract)
        slower = float(np.interp(age_years, (3, 6, 12), (0.78, 0.87, 1.0)))
    return VoiceSpec(
        engine=source.engine,
        voice=f"{accent}+{source.name}" if engine == "espeak" else source.name,
        age_years=float(age_years),
        sex=sex,
        rate_wpm=int(rng.uniform(125, 205) * slower),
        pitch=pitch,
        pitch_range=int(rng.integers(20, 91)),
        seed=int(rng.integers(2**31)),
        child=child,
        f0_hz=round(f0_hz, 1),
        formant_scale=round(scale, 3),
        formant_bend=formant_bend(age_years, sex),
        language=language,
    )


def sample_keyword_voice(
    rng: np.random.Generator,
    speakers: Speakers = "train",
    engines: Sequence[str] = ("espeak",),
    language: str = "en",
) -> VoiceSpec:
    """A voice for keyword training: raw adults, WORLD adults and WORLD children mixed.

    WORLD voices are split evenly into ages 14 to 70 and 3 to 12.
    """
    sex: Sex = "female" if rng.random() < 0.5 else "male"
    child = bool(rng.random() >= RAW_SHARE)
    low, high = (18, 70) if not child else (14, 70) if rng.random() < 0.5 else (3, 12)
    age_years = float(rng.uniform(low, high))
    return sample_voice(rng, age_years, sex, None, child, speakers, engines, language)


def _accent(rng: np.random.Generator, accent: str | None, known: dict[str, float]) -> str:
    if accent is None:
        return draw(known, rng)
    if accent not in known:
        raise ValueError(f"accent {accent!r} is not one of {', '.join(known)}")
    return accent


def _engine(rng: np.random.Generator, engines: Sequence[str]) -> str:
    known = list(engines) or ["espeak"]
    if len(known) == 1:
        return known[0]
    return draw({name: ENGINE_SHARES[kind(name)] for name in known}, rng)


def _variant(
    rng: np.random.Generator, engine: str, sex: Sex, natural: bool, speakers: Speakers
) -> Variant:
    """A variant of the sex; one in four of the natural ones is of the other, WORLD moves it.

    A single voice of Coqui speaks for both sexes.
    """
    other = natural and rng.random() < 0.25
    pool = [
        variant
        for variant in variants_of(engine)
        if _belongs(variant.name, speakers)
        and (variant.sex == sex) != other
        and (variant.natural or not natural)
    ]
    pool = pool or list(variants_of(engine))
    return pool[int(rng.integers(len(pool)))]


def _belongs(name: str, speakers: Speakers) -> bool:
    return name in HELD_OUT[speakers] if speakers in HELD_OUT else name not in NEVER_TRAINED
