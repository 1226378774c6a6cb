"""Minutes of a home, for false accepts: people talk, a television runs, music, work, quiet.

Nobody says a keyword or what sounds like one, except where keywords are placed on purpose; then
each is a word with its time. Words of other people and of the television have their times too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.presets import Stream
from generate.sample import from_block, stream
from generate.sound import rooms
from generate.sound.lines import SPEED, played, stock
from generate.sound.microphone import loudspeaker
from generate.sound.noises import SPEECH, at_snr, excerpt
from generate.sound.scene import NO_ECHO_DB, Scene, record, sample_scene
from generate.voice.keywords import parse_keyword
from generate.voice.speech import RATE_HZ, Utterance
from generate.voice.timed import Timed, later
from generate.voice.voices import sample_keyword_voice
from generate.voice.words import say_word


@dataclass(frozen=True)
class Program:
    """What goes on for one clip."""

    gap_s: float
    """Mean pause between what people near the toy say."""
    noises: tuple[str, ...]
    """Kinds to draw from; empty keeps the scene's."""
    snr_db: tuple[float, float]
    """People near the toy above the noise or the television: least and most."""
    television: bool = False


PROGRAMS: dict[str, Program] = {
    "talk": Program(0.7, (), (5, 35)),
    "television": Program(15, ("television",), (-3, 20), True),
    "music": Program(12, ("music", "toy tune"), (-3, 20)),
    "work": Program(8, ("motor", "fan", "rustle", "kitchen", "clatter", "street"), (-3, 20)),
    "quiet": Program(20, ("quiet",), (25, 45)),
}
PLAN = ("talk",) * 4 + ("television",) * 2 + ("music",) + ("work",) * 2 + ("quiet",)
"""Programs of ten clips in a row, shuffled."""
HOUSE_CLIPS = 60
"""Clips in one house: its rooms and noises are shared."""
APART_S = 1.0
"""Near people leave this much between a keyword and what they say before and after it."""


@dataclass(frozen=True)
class Said:
    """Something that sounds from `start_s` on."""

    start_s: float
    what: Utterance

    @property
    def end_s(self) -> float:
        return self.start_s + self.what.duration_s


def make_minute(options: Stream, number: int) -> tuple[Utterance, dict[str, Any]]:
    """Clip `number` of a stream: what is heard and said in it, and its scene with the program."""
    name = from_block(PLAN, options.seed, number, "order_class")
    scene = _scene(options, number, PROGRAMS[name])
    rng = stream(options.seed, number, "sound")
    lines = stock(
        options.seed, number // len(PLAN), options.words, options.voices, options.speakers
    )
    length_s, count = options.clip_s, round(options.clip_s * RATE_HZ)
    near = _keywords(options, rng)
    near += _talk(lines, PROGRAMS[name].gap_s, length_s, near, rng)
    far = _talk(lines, 0.4, length_s, [], rng) if PROGRAMS[name].television else []
    heard = _in_room(near, scene, count, rng)
    around = _around(far, scene, count, rng)
    audio = record(heard + at_snr(heard, around, scene.snr_db), scene, rng)
    words, phonemes = (_timed(near + far, kind, length_s) for kind in ("words", "phonemes"))
    return Utterance(audio, phonemes, words, _voices(lines)), asdict(scene) | {"program": name}


def _scene(options: Stream, number: int, program: Program) -> Scene:
    """A scene of the house in which the toy itself is silent and no noise speaks."""
    house = int(stream(options.seed, number // HOUSE_CLIPS, "world").integers(2**31))
    rng = stream(options.seed, number, "room")
    scene = sample_scene(rng, house, options.scene)
    held = [text.partition("=")[0] for text in options.scene]
    noise = str(rng.choice(program.noises or ("quiet",)))
    changed: dict[str, Any] = {
        "noise": noise if program.noises or scene.noise in SPEECH else scene.noise,
        "snr_db": round(float(rng.uniform(*program.snr_db)), 1),
    }
    kept = {name: value for name, value in changed.items() if name not in held}
    return replace(scene, echo_db=NO_ECHO_DB, **kept)


def _keywords(options: Stream, rng: np.random.Generator) -> list[Said]:
    """Keywords at random times, as many a minute as asked on average where they have room.

    Each is one word with the name of its class, however it is said.
    """
    found: list[Said] = []
    wished = rng.poisson(options.keywords_per_minute * options.clip_s / 60)
    for _ in range(int(wished)):
        keyword = parse_keyword(options.words[int(rng.integers(len(options.words)))])
        voice = sample_keyword_voice(rng, options.speakers, options.voices)
        saying = keyword.sayings[int(rng.integers(len(keyword.sayings)))]
        said = say_word(saying, voice, rng)
        named = tuple(replace(word, text=keyword.name) for word in said.words)
        said = replace(said, words=named)
        for _ in range(20):
            one = Said(float(rng.uniform(0.2, options.clip_s - said.duration_s - 0.2)), said)
            if not _touches(one, found):
                found.append(one)
                break
    return found


def _talk(
    lines: Sequence[Utterance],
    gap_s: float,
    length_s: float,
    taken: Sequence[Said],
    rng: np.random.Generator,
) -> list[Said]:
    """Lines one after the other with pauses of `gap_s` on average, clear of what is `taken`."""
    found: list[Said] = []
    now_s = float(rng.exponential(gap_s))
    while now_s < length_s:
        line = lines[int(rng.integers(len(lines)))]
        one = Said(now_s, played(line, float(rng.uniform(*SPEED)), float(rng.uniform(0.15, 0.8))))
        if not _touches(one, taken):
            found.append(one)
            now_s = one.end_s
        now_s += 0.1 + float(rng.exponential(gap_s))
    return found


def _touches(one: Said, others: Sequence[Said]) -> bool:
    return any(
        one.start_s < other.end_s + APART_S and other.start_s < one.end_s + APART_S
        for other in others
    )


def _track(said: Sequence[Said], count: int) -> NDArray[np.float32]:
    """(count,) of all that is said; what is past the end is cut off."""
    track = np.zeros(count, np.float32)
    for one in said:
        start = round(one.start_s * RATE_HZ)
        part = one.what.audio[: count - start]
        track[start : start + len(part)] += part
    return track


def _in_room(
    near: Sequence[Said], scene: Scene, count: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """(count,) people near the toy, each at one of two places of the room."""
    if scene.response < 0:
        return _track(near, count)
    responses = rooms.bank(scene.house)
    places = [scene.response, int(rng.choice(_same_room(responses, scene.response)))]
    side = rng.integers(0, 2, len(near))
    tracks = [
        _track([s for s, at in zip(near, side, strict=True) if at == k], count) for k in (0, 1)
    ]
    return sum(
        (
            rooms.reverberate(track, responses[place])
            for track, place in zip(tracks, places, strict=True)
        ),
        start=np.zeros(count, np.float32),
    )


def _around(
    far: Sequence[Said], scene: Scene, count: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """(count,) RMS about 1: the scene's noise, or a television that says `far` over music."""
    if scene.noise == "none":
        return np.zeros(count, np.float32)
    if not far:
        kind = "quiet" if scene.noise in SPEECH else scene.noise
        return excerpt(scene.house, kind, rng, count)
    voices, song = _track(far, count), excerpt(scene.house, "music", rng, count)
    loud = float(rng.uniform(0.05, 0.5))
    both = loudspeaker(voices / np.float32(voices.std()) + np.float32(loud) * song, 0.3)
    if scene.response < 0:
        return both
    responses = rooms.bank(scene.house)
    farthest = max(_same_room(responses, scene.response), key=lambda n: responses[n].distance_m)
    sound = rooms.reverberate(both, responses[farthest])
    return np.asarray(sound / sound.std(), np.float32)


def _same_room(responses: Sequence[rooms.Response], number: int) -> list[int]:
    size_m = responses[number].size_m
    return [n for n, response in enumerate(responses) if response.size_m == size_m]


def _timed(said: Sequence[Said], kind: str, length_s: float) -> tuple[Timed, ...]:
    """Words or phonemes in the order of their starts, clipped to the clip."""
    every = [item for one in said for item in later(getattr(one.what, kind), one.start_s)]
    inside = [replace(i, end_s=min(i.end_s, length_s)) for i in every if i.start_s < length_s]
    return tuple(sorted(inside, key=lambda item: item.start_s))


def _voices(lines: Sequence[Utterance]) -> dict[str, object]:
    names = dict.fromkeys(f"{line.facts['engine']}:{line.facts['voice']}" for line in lines)
    return {"engine": "many", "voice": " ".join(names)}
