"""One hearing of a voice as plain facts, and what the toy then records.

voice -> room -> + noise of the room -> + the toy's own loudspeaker -> cloth, capsule, band ->
automatic gain -> clipping -> converter -> codec. A scene is drawn from a seed or held at what a
user asks; the recording follows from voice and scene alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.odds import draw
from generate.options import choose
from generate.sound import noises, rooms
from generate.sound.codecs import CODECS, through
from generate.sound.microphone import (
    BANDS,
    FREQUENCY_HZ,
    agc,
    band_gain,
    capsule_gain,
    clipped,
    cloth_gain,
    converted,
    filtered,
    loudspeaker,
)
from generate.sound.music import music

NO_ECHO_DB = 99.0
PROMPTS = 4
_NOISES = {
    "quiet": 3, "motor": 2, "fan": 2, "rustle": 1.5, "kitchen": 2, "clatter": 1, "street": 1.5,
    "wind": 1, "music": 2, "toy tune": 1, "babble": 2, "television": 2,
}  # fmt: skip
_CODECS = {"none": 8, "mulaw": 0.6, "adpcm": 0.5, "gsm": 0.4, "g721": 0.1, "opus": 0.1,
           "vorbis": 0.1, "mp3": 0.2}  # fmt: skip
"""Opus takes 45 ms and G.721 10 ms for a second of sound, as long as the rest of a clip."""
_BANDS = {"wide": 6, "8 kHz": 2.5, "telephone": 1.5}


@dataclass(frozen=True)
class Scene:
    """Where and through what a voice is heard; the defaults are a dry voice in a studio."""

    house: int = 0
    """Seed of the rooms and noises: many clips share them."""
    seed: int = 0
    """Seed of what is random in this recording: place in the noise, converter noise."""
    response: int = -1
    """Number in rooms.bank(house); -1 is no room."""
    room: str = "none"
    """One of rooms.KINDS; follows from `response`."""
    rt60_s: float = 0.0
    """Follows from `response`."""
    distance_m: float = 0.0
    """Mouth to toy; follows from `response`."""
    noise: str = "none"
    """One of noises.KINDS."""
    snr_db: float = 60.0
    """Voice above noise where the toy is."""
    echo_db: float = NO_ECHO_DB
    """Voice above what the toy itself says or plays; 99 is nothing."""
    cloth_db: float = 0.0
    """Lost at 4 kHz to cloth over the microphone."""
    low_hz: float = 20.0
    """Where the capsule's low end falls off."""
    peak_hz: float = 4000.0
    peak_db: float = 0.0
    """Broad resonance of the capsule and the hole before it."""
    band: str = "wide"
    """One of microphone.BANDS."""
    agc: float = 0.0
    """Automatic gain: 0 off, 1 holds every level."""
    clip: float = 0.0
    """Share of samples at the converter's limit."""
    level_db: float = -3.0
    """Peak in dB of full scale."""
    floor_db: float = -96.0
    """The converter's noise in dB of full scale."""
    codec: str = "none"
    """One of codecs.CODECS."""


def sample_scene(rng: np.random.Generator, house: int, held: Sequence[str] = ()) -> Scene:
    """A home, drawn at random; `held` facts, NAME=VALUE, are as asked.

    Raises ValueError as `parse_held` does.
    """
    responses = rooms.bank(house)
    seed, number = int(rng.integers(2**31)), int(rng.integers(len(responses)))
    noise, band, codec = (draw(odds, rng) for odds in (_NOISES, _BANDS, _CODECS))
    cloth_db, low_hz = rng.uniform(3, 18), np.exp(rng.uniform(np.log(40), np.log(350)))
    peak_hz, peak_db = np.exp(rng.uniform(np.log(2000), np.log(6500))), rng.uniform(0, 8)
    snr_db, echo_db = rng.uniform(0, 35), rng.uniform(-3, 25)
    gain, clip = rng.uniform(0.2, 1), np.exp(rng.uniform(np.log(0.0005), np.log(0.06)))
    level_db, floor_db = rng.uniform(-30, -1), rng.uniform(-90, -52)
    echoes, covered, automatic, overdriven = rng.random(4) < (0.08, 0.12, 0.3, 0.08)
    scene = Scene(
        house, seed, number, noise=noise, snr_db=round(float(snr_db), 1),
        echo_db=round(float(echo_db), 1) if echoes else NO_ECHO_DB,
        cloth_db=round(float(cloth_db), 1) if covered else 0.0,
        low_hz=round(float(low_hz), 1), peak_hz=round(float(peak_hz)),
        peak_db=round(float(peak_db), 1), band=band,
        agc=round(float(gain), 2) if automatic else 0.0,
        clip=round(float(clip), 4) if overdriven else 0.0,
        level_db=-0.1 if overdriven else round(float(level_db), 1),
        floor_db=round(float(floor_db), 1), codec=codec,
    )  # fmt: skip
    return _held(scene, parse_held(held), responses)


def parse_held(held: Sequence[str]) -> dict[str, Any]:
    """Facts of `Scene` from NAME=VALUE; ValueError with one line for what cannot be."""
    facts: dict[str, Any] = {}
    kinds = {field.name: str(field.type) for field in fields(Scene)}
    names = [name for name in kinds if name not in ("house", "seed", "response")]
    for text in held:
        name, equals, value = text.partition("=")
        choose(name, names, "fact in --scene")
        if not equals:
            raise ValueError(f"--scene {text}: want NAME=VALUE, such as snr_db=10")
        if kinds[name] == "str":
            facts[name] = choose(value, _CHOICES[name], f"{name} in --scene")
            continue
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"--scene {text}: {value!r} is no number") from None
        low, high = _LIMITS[name]
        if not low <= number <= high:
            raise ValueError(f"--scene {text}: want {low:g} to {high:g}")
        facts[name] = number
    return facts


def hear(audio: NDArray[np.float32], scene: Scene) -> NDArray[np.float32]:
    """What the toy records, (N,) in -1..1, of a voice (N,) at any level; words keep their times.

    Where nobody speaks (all zeros), noise is `snr_db` under a voice of RMS 0.1.
    """
    rng = np.random.default_rng(scene.seed)
    voice = np.asarray(audio, np.float32)
    heard = (
        rooms.reverberate(voice, rooms.bank(scene.house)[scene.response])
        if (scene.response >= 0)
        else voice
    )
    total = heard
    if scene.noise != "none":
        around = noises.excerpt(scene.house, scene.noise, rng, len(voice))
        total = total + noises.at_snr(heard, around, scene.snr_db)
    if scene.echo_db < NO_ECHO_DB:
        total = total + noises.at_snr(heard, _echo(scene, rng, len(voice)), scene.echo_db)
    return record(total, scene, rng)


def record(
    sound: NDArray[np.float32], scene: Scene, rng: np.random.Generator
) -> NDArray[np.float32]:
    """What the scene's microphone, converter and codec make of the sound (N,) around it."""
    gain = capsule_gain(FREQUENCY_HZ, scene.low_hz, scene.peak_hz, scene.peak_db)
    gain = gain * cloth_gain(FREQUENCY_HZ, scene.cloth_db) * band_gain(FREQUENCY_HZ, scene.band)
    recorded = clipped(agc(filtered(sound, gain), scene.agc), scene.clip)
    recorded = through(converted(recorded, scene.level_db, scene.floor_db, rng), scene.codec)
    return np.clip(recorded, -1, 1)


def _echo(scene: Scene, rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    played = prompt(scene.house, int(rng.integers(PROMPTS)))
    return np.resize(np.roll(played, -int(rng.integers(len(played)))), count)


@lru_cache(maxsize=8)
def prompt(house: int, number: int) -> NDArray[np.float32]:
    """(N,) 16 s that the toy itself plays: it talks, or it plays a tune."""
    rng = np.random.default_rng(np.random.SeedSequence(house, spawn_key=(99, number)))
    wave = noises.chatter(rng, 1) if number % 2 else music(rng)
    return loudspeaker(wave.astype(np.float32), float(rng.uniform(0.2, 2)))


def _held(scene: Scene, held: Mapping[str, Any], responses: Sequence[rooms.Response]) -> Scene:
    """The scene with facts as asked; of the responses the nearest that has the room asked for."""
    names = ("room", "rt60_s", "distance_m")
    asked = {name: held[name] for name in names if name in held}
    number = _nearest(scene.response, asked, responses) if asked else scene.response
    found = replace(scene, **{k: v for k, v in held.items() if k not in names}, response=number)
    if number < 0:
        return found
    chosen = responses[number]
    return replace(found, room=chosen.room, rt60_s=chosen.rt60_s, distance_m=chosen.distance_m)


def _nearest(drawn: int, asked: Mapping[str, Any], responses: Sequence[rooms.Response]) -> int:
    """The response nearest in log RT60 and distance to those asked; a tie goes to the one drawn
    or the next after it; -1 where room=none is asked."""
    if asked.get("room") == "none":
        return -1

    def apart(number: int) -> tuple[float, int]:
        found = responses[number]
        wrong = 0.0 if asked.get("room", found.room) == found.room else 1e3
        for name in ("rt60_s", "distance_m"):
            want = max(float(asked.get(name, getattr(found, name))), 0.01)
            wrong += abs(float(np.log(want / getattr(found, name))))
        return round(wrong, 1), (number - drawn) % len(responses)

    return min(range(len(responses)), key=apart)


_CHOICES: dict[str, tuple[str, ...]] = {
    "room": ("none", *rooms.KINDS),
    "noise": ("none", *noises.KINDS),
    "band": tuple(BANDS),
    "codec": ("none", *CODECS),
}
_LIMITS = {
    "rt60_s": (0.0, 2.0), "distance_m": (0.1, 5.0), "snr_db": (-20.0, 100.0),
    "echo_db": (-20.0, NO_ECHO_DB), "cloth_db": (0.0, 40.0), "low_hz": (10.0, 1000.0),
    "peak_hz": (500.0, 8000.0), "peak_db": (-20.0, 20.0), "agc": (0.0, 1.0), "clip": (0.0, 0.5),
    "level_db": (-60.0, 0.0), "floor_db": (-120.0, -10.0),
}  # fmt: skip
