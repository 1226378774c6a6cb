"""Rooms of a home as impulse responses, from a talker 0.3 to 3 m away to a toy.

Early echoes are the image sources of a box room (Allen and Berkley, JASA 65, 1979) by
pyroomacoustics. After some 20 ms a diffuse tail takes over: noise whose decay in each octave
follows Eyring's formula for the room's materials and whose level is that of the diffuse field, so
that the ratio of direct to late sound falls with the distance squared (Kuttruff, Room Acoustics,
ch. 5). A response begins with the direct sound at sample 0, level 1: times of words stay exact and
a voice keeps its level.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise, starmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ
from generate.sound.convolution import Taps, convolve

SOUND_M_S = 343.0
OCTAVES_HZ = (125, 250, 500, 1000, 2000, 4000, 8000)
AIR_1_M = np.array([0.0001, 0.0003, 0.0006, 0.0010, 0.0019, 0.0058, 0.0203])
"""Energy that a metre of air takes from each octave at 20 °C and 50 % (Vorlaender 2008)."""
ROOMS_A_BANK = 24
DISTANCES_M = (0.3, 0.55, 1.0, 1.75, 3.0)
"""Bounds of the four distances, log-uniform between them, at which a room is heard."""
ORDER = 8
"""Reflections that the images follow."""
MOUTH_DB = 3.0
"""A mouth that faces the toy sends it this much more than it sends around."""
_MID = slice(2, 4)
"""500 Hz and 1 kHz: what rt60_s is the mean of."""
_GAP_M = 0.15
"""Nobody and nothing is nearer to a wall than this."""


@dataclass(frozen=True)
class Kind:
    """Sizes (m) and materials (pyroomacoustics' names) that a kind of room has."""

    low_m: tuple[float, float, float]
    high_m: tuple[float, float, float]
    floors: tuple[str, ...]
    walls: tuple[str, ...]
    soft: tuple[float, float]
    """Area of cloth (beds, sofas, curtains, seats) as a share of the floor's: least and most."""


_CARPETS = ("carpet_cotton", "carpet_6mm_closed_cell_foam", "carpet_hairy")
_HARD = ("wood_16mm", "ceramic_tiles", "concrete_floor", "hard_surface")
_WALLS = ("plasterboard", "brickwork", "rough_concrete", "wooden_lining", "hard_surface")
KINDS: dict[str, Kind] = {
    "bedroom": Kind((2.4, 2.4, 2.3), (4.5, 4.2, 2.7), (*_CARPETS, "wood_16mm"), _WALLS, (0.4, 1.2)),
    "playroom": Kind((3, 3, 2.4), (6, 5, 3), (*_CARPETS, *_HARD), _WALLS, (0.2, 0.8)),
    "living room": Kind((3.4, 3.2, 2.3), (7, 6, 3), (*_CARPETS, *_HARD), _WALLS, (0.3, 0.9)),
    "kitchen": Kind((2.2, 2.2, 2.3), (5, 4, 2.7), _HARD, _WALLS, (0.25, 0.6)),
    "bathroom": Kind((1.6, 1.8, 2.2), (3, 3, 2.6), _HARD, ("ceramic_tiles", *_WALLS), (0.1, 0.4)),
    "class room": Kind((5, 5, 2.6), (9, 7, 3.5), (*_CARPETS, *_HARD), _WALLS, (0.2, 0.8)),
    "car": Kind((1.3, 1.9, 1.1), (1.6, 2.8, 1.35), _CARPETS, ("glass_3mm", "felt_5mm"), (0.8, 1.6)),
    "den": Kind((1.0, 1.3, 0.9), (2, 2, 1.4), _CARPETS, ("curtains_0.2",), (0.1, 0.5)),
}
"""A den is a tent of blankets."""


@dataclass(frozen=True)
class Response:
    """One talker and one toy in one room."""

    room: str
    """One of KINDS."""
    size_m: tuple[float, float, float]
    rt60_s: float
    """Time in which the sound of the octaves at 500 Hz and 1 kHz falls by 60 dB."""
    distance_m: float
    taps: NDArray[np.float32]
    """(L,) impulse response at 16 kHz; taps[0] is the direct sound, 1."""

    @cached_property
    def kept(self) -> Taps:
        """The taps with their spectrum, 0.2 MB at most."""
        return Taps(self.taps)


@lru_cache(maxsize=4)
def bank(seed: int) -> tuple[Response, ...]:
    """The responses of a house or of many: ROOMS_A_BANK rooms, each at four distances (1 s)."""
    rng = np.random.default_rng(seed)
    kinds = [list(KINDS)[number % len(KINDS)] for number in range(ROOMS_A_BANK)]
    return tuple(response for kind in kinds for response in _room(kind, rng))


def reverberate(audio: NDArray[Any], response: Response) -> NDArray[np.float32]:
    """Sound (N,) as the toy hears it, (N,): the tail after the last sample is cut off."""
    if len(audio) == 0:
        return np.zeros(0, np.float32)
    return convolve(np.asarray(audio, np.float32), response.kept)[: len(audio)]


def _room(kind: str, rng: np.random.Generator) -> list[Response]:
    about = KINDS[kind]
    size_m = rng.uniform(about.low_m, about.high_m)
    floor, walls = str(rng.choice(about.floors)), str(rng.choice(about.walls))
    soft = float(rng.uniform(*about.soft))
    absorbed = absorption(size_m, floor, walls, soft)
    bounds = pairwise(DISTANCES_M)
    wished_m = list(starmap(rng.uniform, bounds))
    made = [respond(size_m, absorbed, wish_m, rng) for wish_m in wished_m]
    middle_s = float(rt60(size_m, absorbed)[_MID].mean())
    width, depth, height = (round(float(side), 2) for side in size_m)
    return [
        Response(kind, (width, depth, height), round(middle_s, 3), round(m, 3), taps)
        for m, taps in made
    ]


def absorption(
    size_m: NDArray[np.float64], floor: str, walls: str, soft: float
) -> NDArray[np.float64]:
    """Mean absorption (octaves,) of a room with a plaster ceiling, 0.02 to 0.95.

    `soft` is the area of cloth as a share of the floor's.
    """
    from pyroomacoustics import Material

    width, depth, height = size_m
    area, sides = width * depth, 2 * height * (width + depth)
    seats = "chairs_upholstered_cloth"
    parts = ((floor, area), (walls, sides), ("plasterboard", area), (seats, soft * area))
    total = sum(np.asarray(Material(name).absorption_coeffs) * m2 for name, m2 in parts)
    return np.clip(total / (2 * area + sides), 0.02, 0.95)


def rt60(size_m: NDArray[np.float64], absorbed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eyring's decay times (octaves,) in s of a box room whose walls absorb `absorbed`."""
    volume, surface = float(np.prod(size_m)), _surface(size_m)
    area = -surface * np.log(1 - absorbed) + 4 * AIR_1_M * volume
    return 24 * np.log(10) / SOUND_M_S * volume / area


def absorption_for(size_m: NDArray[np.float64], rt60_s: float) -> NDArray[np.float64]:
    """Absorption (octaves,) with which a room decays by 60 dB in `rt60_s` at all frequencies.

    Raises ValueError where air alone, or walls that absorb all, would decay faster or slower.
    """
    volume, surface = float(np.prod(size_m)), _surface(size_m)
    area = 24 * np.log(10) / SOUND_M_S * volume / rt60_s - 4 * AIR_1_M * volume
    absorbed = 1 - np.exp(-area / surface)
    if absorbed.min() <= 0 or absorbed.max() > 0.99:
        raise ValueError(f"a room of {volume:.1f} m3 cannot have an RT60 of {rt60_s:g} s")
    return absorbed


def respond(
    size_m: NDArray[np.float64],
    absorbed: NDArray[np.float64],
    distance_m: float,
    rng: np.random.Generator,
) -> tuple[float, NDArray[np.float32]]:
    """A talker about `distance_m` from the toy at random places: the distance, and taps (L,).

    The distance is rounded to whole samples of travel, so that direct sound is one sample, and
    shortened where the room is too small.
    """
    toy, mouth, steps = _places(size_m, distance_m, rng)
    distance_m = steps * SOUND_M_S / SAMPLE_RATE_HZ
    early = _images(size_m, absorbed, toy, mouth)
    early = early[np.argmax(np.abs(early[: steps + 60])) :]
    early /= early[0]
    tail = _tail(size_m, absorbed, distance_m, rng)
    complete_s = 0.7 * ORDER * float(np.min(size_m)) / SOUND_M_S
    mixed_s = min(complete_s, 0.15 * float(rt60(size_m, absorbed)[_MID].mean()))
    taps = _joined(early, tail, round(mixed_s * SAMPLE_RATE_HZ)) * 10 ** (-MOUTH_DB / 20)
    taps[0] = 1.0
    return distance_m, taps.astype(np.float32)


def _joined(
    early: NDArray[np.float64], tail: NDArray[np.float64], mixed: int
) -> NDArray[np.float64]:
    """Cross-fade in energy from the images to the tail between half of `mixed` samples and all."""
    count = max(len(tail), mixed)
    fade = np.clip(np.arange(count) / mixed * 2 - 1, 0, 1) * np.pi / 2
    early, tail = (np.pad(x, (0, max(count - len(x), 0)))[:count] for x in (early, tail))
    return early * np.cos(fade) + tail * np.sin(fade)


def _images(
    size_m: NDArray[np.float64],
    absorbed: NDArray[np.float64],
    toy: NDArray[np.float64],
    mouth: NDArray[np.float64],
) -> NDArray[np.float64]:
    from pyroomacoustics import Material, ShoeBox, constants

    constants.set("rir_hpf_enable", False)
    material = Material(float(np.clip(absorbed[_MID].mean(), 0.02, 0.95)))
    room = ShoeBox(size_m, fs=SAMPLE_RATE_HZ, materials=material, max_order=ORDER)
    room.add_source(mouth)
    room.add_microphone(toy)
    room.compute_rir()
    return np.asarray(room.rir[0][0], np.float64)


def _tail(
    size_m: NDArray[np.float64],
    absorbed: NDArray[np.float64],
    distance_m: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """The diffuse field after a direct sound of 1 at `distance_m`, (L,) until 60 dB down.

    Its energy relative to the direct sound is 16 pi r^2 / A, spread over time by the decay.
    """
    decay_s = rt60(size_m, absorbed)
    area = 24 * np.log(10) / SOUND_M_S * float(np.prod(size_m)) / decay_s
    count = int(decay_s[_MID].max() * SAMPLE_RATE_HZ)
    time_s = np.arange(count) / SAMPLE_RATE_HZ
    noise = np.fft.rfft(rng.standard_normal(count))
    place = np.log2(np.maximum(np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ), 1) / OCTAVES_HZ[0])
    tail = np.zeros(count)
    for octave, (each_s, m2) in enumerate(zip(decay_s, area, strict=True)):
        share = np.interp(place, *_triangle(octave))
        energy = 16 * np.pi * distance_m**2 / m2 * 6 * np.log(10) / each_s / SAMPLE_RATE_HZ
        wave = np.fft.irfft(noise * np.sqrt(share), count)
        tail += wave * np.sqrt(energy) * 10 ** (-3 * time_s / each_s)
    return tail


def _triangle(octave: int) -> tuple[list[float], list[float]]:
    """Share of power over log2 of frequency; the shares of all octaves add up to 1."""
    last = len(OCTAVES_HZ) - 1
    at: list[float] = [octave - 1, octave, octave + 1]
    return at, [float(octave == 0), 1.0, float(octave == last)]


def _places(
    size_m: NDArray[np.float64], distance_m: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Toy, mouth (xyz, m) and the samples that sound takes between them."""
    low, high = np.full(3, _GAP_M), size_m - _GAP_M
    while True:
        for _ in range(40):
            steps = max(round(distance_m / SOUND_M_S * SAMPLE_RATE_HZ), 1)
            angle, rise = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.7)
            ahead = np.array([np.cos(rise) * np.cos(angle), np.cos(rise) * np.sin(angle),
                              np.sin(rise)])  # fmt: skip
            toy = rng.uniform(low, np.minimum(high, (np.inf, np.inf, 1.1)))
            mouth = toy + ahead * steps * SOUND_M_S / SAMPLE_RATE_HZ
            if np.all(mouth > low) and np.all(mouth < np.minimum(high, (np.inf, np.inf, 1.9))):
                return toy, mouth, steps
        distance_m *= 0.85


def _surface(size_m: NDArray[np.float64]) -> float:
    width, depth, height = size_m
    return float(2 * (width * depth + height * (width + depth)))
