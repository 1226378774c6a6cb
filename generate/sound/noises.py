"""Noises of a home, made from seeds: machines, cloth, kitchen, street, voices, music, television.

A house has a few of each, 16 s long, made when first asked for and kept: thousands of clips cut
theirs from anywhere in one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ as RATE_HZ
from generate.sound.music import music
from generate.sound.textures import COUNT, clicks, coloured, motor, swelling, tune
from generate.voice.speech import speak
from generate.voice.text import SENTENCES
from generate.voice.voices import sample_voice

VARIANTS = 3
"""Noises of each kind in a house."""
BABBLERS = 5
QUIETEST = 0.5
"""A cut softer than this (the noise's RMS is 1) is not made louder: pauses stay pauses."""


def fan(rng: np.random.Generator) -> NDArray[np.float64]:
    """Air that the blades chop at 20 to 120 Hz, and some of the motor's tone."""
    time_s = np.arange(COUNT) / RATE_HZ
    chopped = 1 + rng.uniform(0.05, 0.4) * np.sin(2 * np.pi * rng.uniform(20, 120) * time_s)
    tone = motor(rng)
    air = coloured(rng, rng.uniform(0.8, 1.8)) * chopped
    return air + rng.uniform(0.05, 0.5) * tone / tone.std()


def rustle(rng: np.random.Generator) -> NDArray[np.float64]:
    """Cloth that rubs over the toy: bursts of tenths of a second, mostly 1 to 6 kHz."""
    knots = np.arange(0, COUNT + 800, 800)
    rubs = np.convolve(rng.random(len(knots)) < 0.06, np.hanning(9), "same")
    envelope = np.interp(np.arange(COUNT), knots, rubs * np.exp(rng.normal(0, 0.5, len(knots))))
    high = np.diff(coloured(rng, rng.uniform(0.6, 1.4)), prepend=0.0)
    thump = coloured(rng, 2.0)
    return (high / high.std() + rng.uniform(0, 0.7) * thump) * (envelope + 0.02)


def kitchen(rng: np.random.Generator) -> NDArray[np.float64]:
    """Plates and pans that ring, water that runs for a while, a fridge that hums."""
    hum = motor(rng)
    wave = 0.01 * hum / hum.std()
    start, length = int(rng.integers(COUNT)), int(rng.uniform(2, 9) * RATE_HZ)
    water = coloured(rng, 0.3) * np.roll(
        np.hanning(COUNT) ** 0.2 * (np.arange(COUNT) < length), start
    )
    wave += rng.uniform(0, 0.12) * water
    for at in rng.integers(0, COUNT - RATE_HZ // 2, int(rng.integers(12, 45))):
        struck = ring(rng)
        wave[at : at + len(struck)] += struck * rng.uniform(0.1, 1)
    return wave


def ring(rng: np.random.Generator) -> NDArray[np.float64]:
    """(N,) half a second of something struck: three to eight modes from 600 to 7000 Hz."""
    time_s = np.arange(RATE_HZ // 2) / RATE_HZ
    modes = np.exp(rng.uniform(np.log(600), np.log(7000), int(rng.integers(3, 9))))
    fall_1_s = np.exp(rng.uniform(np.log(12), np.log(120), len(modes)))
    parts = np.sin(2 * np.pi * modes[:, None] * time_s) * np.exp(-fall_1_s[:, None] * time_s)
    click = rng.standard_normal(len(time_s)) * np.exp(-time_s * 400)
    total: NDArray[np.float64] = (rng.uniform(0.2, 1, len(modes)) @ parts) + click
    return total


def street(rng: np.random.Generator) -> NDArray[np.float64]:
    """Traffic through a window: a far hum, cars that pass in two to six seconds."""
    wave = coloured(rng, 1.8) * 0.3
    for _ in range(int(rng.integers(2, 7))):
        width, middle = rng.uniform(0.6, 2) * RATE_HZ, rng.integers(COUNT)
        away = (np.arange(COUNT) - middle + COUNT / 2) % COUNT - COUNT / 2
        wave += coloured(rng, rng.uniform(0.8, 1.5)) * np.exp(-0.5 * (away / width) ** 2)
    return wave


def chatter(rng: np.random.Generator, talkers: int) -> NDArray[np.float64]:
    """People who talk at once, each from 3 to 70 years old, from anywhere in what they say."""
    wave = np.zeros(COUNT)
    for _ in range(talkers):
        sex, age_years = ("female", "male")[int(rng.integers(2))], float(rng.uniform(3, 70))
        voice = sample_voice(rng, age_years, sex, child=False)  # type: ignore[arg-type]
        said: list[NDArray[np.float32]] = []
        while sum(map(len, said)) < COUNT:
            said.append(speak(SENTENCES[int(rng.integers(len(SENTENCES)))], voice, rng).audio)
        one = np.roll(np.concatenate(said)[:COUNT].astype(np.float64), int(rng.integers(COUNT)))
        wave += one / one.std() * rng.uniform(0.3, 1)
    return wave


def babble(rng: np.random.Generator) -> NDArray[np.float64]:
    """A few people in the background."""
    return chatter(rng, BABBLERS)


def television(rng: np.random.Generator) -> NDArray[np.float64]:
    """One or two voices over music from small loudspeakers: 150 Hz to 7 kHz."""
    voices, song = chatter(rng, int(rng.integers(1, 3))), music(rng)
    both = voices / voices.std() + rng.uniform(0.05, 0.6) * song / song.std()
    spectrum = np.fft.rfft(both)
    spectrum[np.fft.rfftfreq(COUNT, 1 / RATE_HZ) < 150] *= 0.05
    return np.fft.irfft(spectrum, COUNT)


def quiet(rng: np.random.Generator) -> NDArray[np.float64]:
    """A quiet room."""
    return coloured(rng, rng.uniform(0.5, 2))


KINDS: dict[str, Callable[[np.random.Generator], NDArray[np.float64]]] = {
    "quiet": quiet, "motor": motor, "fan": fan, "rustle": rustle, "kitchen": kitchen,
    "clatter": clicks, "street": street, "wind": swelling, "music": music, "toy tune": tune,
    "babble": babble, "television": television,
}  # fmt: skip
SPEECH = ("babble", "television")
"""Kinds in which somebody speaks: single words may be any of the bundled sentences'."""


@lru_cache(maxsize=48)
def noise(house: int, kind: str, variant: int) -> NDArray[np.float32]:
    """(N,) 16 s of noise `variant` of a kind, RMS 1."""
    key = (list(KINDS).index(kind), variant)
    wave = KINDS[kind](np.random.default_rng(np.random.SeedSequence(house, spawn_key=key)))
    return (wave / max(float(wave.std()), 1e-9)).astype(np.float32)


def excerpt(house: int, kind: str, rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """(count,) of a noise from anywhere in it, again from its start where it ends."""
    whole = noise(house, kind, int(rng.integers(VARIANTS)))
    start = int(rng.integers(len(whole)))
    return (
        np.resize(np.roll(whole, -start), count)
        if count > len(whole) - start
        else (whole[start : start + count])
    )


def active_rms(audio: NDArray[np.float32]) -> float:
    """RMS of the 20 ms blocks within 30 dB of the loudest: pauses do not count."""
    block = RATE_HZ // 50
    padded = np.pad(audio, (0, -len(audio) % block)).reshape(-1, block)
    power = np.mean(np.square(padded, dtype=np.float64), axis=1)
    loudest = float(power.max(initial=0.0))
    return float(np.sqrt(power[power >= loudest * 1e-3].mean())) if loudest > 0 else 0.0


def at_snr(
    voice: NDArray[np.float32], noise_: NDArray[np.float32], snr_db: float
) -> NDArray[np.float32]:
    """The noise (N,) scaled to lie `snr_db` under the active RMS of the voice (or of full scale
    / 10 where nobody speaks); its own RMS counts as QUIETEST at least."""
    speech = active_rms(voice) or 0.1
    level = max(float(np.sqrt(np.mean(np.square(noise_, dtype=np.float64)))), QUIETEST)
    return noise_ * np.float32(speech / level * 10 ** (-snr_db / 20))
