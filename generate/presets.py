"""Named kinds of data set and their options."""

from __future__ import annotations

import math
from dataclasses import dataclass

from generate.options import choose

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Stills:
    """Pictures of children with exact labels, for vision.

    Example: collodi generate stills --out data/stills --clips 4000 --seed 1
    """

    clips: int = 1000
    """Pictures."""
    seed: int = 0
    """The same seed gives the same labels and sound, on any machine and engine that has the same
    voices and view."""
    shard_clips: int = 96
    """Clips in one shard; a shard is the unit of resume."""
    size_px: int = 128
    """Image side."""
    child_stills: int = 3
    """Pictures of each child, each with another pose, light and place; a new child costs 0.2 s."""
    age_years: tuple[float, float] = (3, 12)
    """Youngest and oldest."""
    adult_share: float = 0.0
    """Share of the people who are adults (18 to 75), for tests on adults."""
    fix: tuple[str, ...] = ()
    """Controls held at a value in every clip, NAME=VALUE: glasses=round light=dusk."""
    labels: tuple[str, ...] = ()
    """More labels to write: depth dense normals albedo flow."""
    view: str = "auto"
    """Who draws: auto numba gl mitsuba; auto is gl where a GPU has a driver."""


@dataclass(frozen=True)
class Words:
    """Spoken words in many voices, for keyword spotting: your words, `unknown` and `silence`.

    Example: collodi generate words --out data/words --words hello "good night" stop
    """

    clips: int = 4000
    """Sounds."""
    seed: int = 0
    """The same seed gives the same labels and sound, on any machine and engine that has the same
    voices and view."""
    shard_clips: int = 256
    """Clips in one shard; a shard is the unit of resume."""
    words: tuple[str, ...] = DIGITS
    """The keywords: a word or a phrase each, or CLASS=SAYING|SAYING, such as yes=yes|yeah|yep."""
    language: str = "en"
    """Language or accent, by the name of espeak-ng's voice: en de fr es pt-br cmn."""
    unknown_share: float = 0.12
    """Share of clips that say another word."""
    silence_share: float = 0.03
    """Share of clips without speech."""
    near_share: float = 0.3
    """Share of the clips of another word that nearly say a keyword."""
    emotion_share: float = 0.3
    """Share of clips in a happy, sad, angry, afraid, disgusted or surprised voice."""
    takes: int = 1
    """Clips of each thing said; after the first they are faster or slower, in other rooms."""
    rooms: float = 0.0
    """Share of clips heard in a room with noise by a toy's microphone; 0 leaves all dry."""
    scene: tuple[str, ...] = ()
    """Facts of those rooms that are held, NAME=VALUE: room=kitchen snr_db=5 codec=opus."""
    voices: tuple[str, ...] = ()
    """Text-to-speech engines: espeak flite festival; empty takes all that are installed. A Coqui
    voice is coqui:FOLDER; see docs/voices.md."""
    held_out: bool = False
    """Only voices that are otherwise never drawn, for tests."""


@dataclass(frozen=True)
class Talk:
    """Talking children: H.264 video, sound, and labels for every frame.

    Example: collodi generate talk --out data/talk --clips 50 --size-px 256
    """

    clips: int = 16
    """Clips, one child each."""
    seed: int = 0
    """The same seed gives the same labels and sound, on any machine and engine that has the same
    voices and view."""
    shard_clips: int = 4
    """Clips in one shard; a shard is the unit of resume."""
    size_px: int = 256
    """Image side, even."""
    rate_hz: float = 25
    """Frames a second."""
    max_s: float = 6
    """Longest clip."""
    rooms: float = 0.0
    """Share of clips heard in a room with noise by a toy's microphone; 0 leaves all dry."""
    scene: tuple[str, ...] = ()
    """Facts of those rooms that are held, NAME=VALUE: room=kitchen snr_db=5 codec=opus."""
    voices: tuple[str, ...] = ()
    """Text-to-speech engines: espeak flite festival; empty takes all that are installed. A Coqui
    voice is coqui:FOLDER; see docs/voices.md."""
    sentences: tuple[str, ...] = ()
    """What is said; empty takes the bundled sentences."""
    age_years: tuple[float, float] = (3, 12)
    """Youngest and oldest."""
    fix: tuple[str, ...] = ()
    """Controls held at a value in every clip, NAME=VALUE: glasses=round light=dusk."""
    labels: tuple[str, ...] = ()
    """More labels to write: depth dense normals albedo flow."""
    view: str = "auto"
    """Who draws: auto numba gl mitsuba; auto is gl where a GPU has a driver."""


@dataclass(frozen=True)
class Stream:
    """Long streams of speech, music and household noise in rooms, for false accepts an hour.

    Nothing that is said sounds like a keyword, unless keywords are asked for; each is then among
    the words of its clip with its time.

    Example: collodi generate stream --out data/stream --hours 10 --held-out
    """

    hours: float = 1.0
    """Length of all clips."""
    seed: int = 0
    """The same seed gives the same labels and sound, on any machine that has the same voices."""
    shard_clips: int = 10
    """Clips in one shard; a shard is the unit of resume."""
    clip_s: float = 60.0
    """Length of each clip."""
    words: tuple[str, ...] = DIGITS
    """The keywords, as the preset words takes them."""
    keywords_per_minute: float = 0.0
    """Keywords placed on average; 0 leaves them all out."""
    scene: tuple[str, ...] = ()
    """Facts of the rooms that are held, NAME=VALUE: room=kitchen snr_db=5 codec=opus."""
    voices: tuple[str, ...] = ()
    """Text-to-speech engines: espeak flite festival; empty takes all that are installed."""
    held_out: bool = False
    """Only voices that are otherwise never drawn, for tests."""

    @property
    def clips(self) -> int:
        """Clips that make up the hours."""
        return max(math.ceil(self.hours * 3600 / self.clip_s - 1e-9), 1)


@dataclass(frozen=True)
class Ladder:
    """The same child along one control at a time, with a contact sheet for each.

    Example: collodi generate ladder --out data/ladder --controls age_years emotion
    """

    seed: int = 0
    """Another seed is another child."""
    shard_clips: int = 96
    """Clips in one shard; a shard is the unit of resume."""
    size_px: int = 192
    """Image side."""
    controls: tuple[str, ...] = ()
    """Ladders to climb; empty climbs all."""
    steps: int = 7
    """Rungs of a control that is a number."""
    labels: tuple[str, ...] = ()
    """More labels to write: depth dense normals albedo."""
    view: str = "auto"
    """Who draws: auto numba gl mitsuba; auto is gl where a GPU has a driver."""

    @property
    def clips(self) -> int:
        """Pictures: a rung each."""
        return len(self.all_rungs())

    def climbed(self) -> tuple[str, ...]:
        """The ladders by name."""
        from generate.ladder import LADDERS

        return self.controls or LADDERS

    def all_rungs(self) -> list[tuple[str, str]]:
        """(control, value) of every clip."""
        from generate.ladder import all_rungs

        return all_rungs(self.climbed(), self.steps)


Options = Stills | Words | Talk | Stream | Ladder
PRESETS: dict[str, type[Options]] = {
    "stills": Stills,
    "words": Words,
    "talk": Talk,
    "stream": Stream,
    "ladder": Ladder,
}
EXTRA_LABELS = ("depth", "dense", "normals", "albedo", "flow")


def check_options(options: Options) -> None:
    """Raise ValueError with one line where an option cannot be used."""
    if isinstance(options, Ladder):
        _check_ladder(options)
    if isinstance(options, Stream) and not 5 <= options.clip_s <= 600:
        raise ValueError(f"--clip-s {options.clip_s:g}: want 5 to 600 seconds")
    for name, low in (("clips", 1), ("shard_clips", 1), ("seed", 0)):
        if getattr(options, name) < low:
            raise ValueError(f"--{name.replace('_', '-')} {getattr(options, name)}: at least {low}")
    if isinstance(options, (Words, Talk)):
        _check_rooms(options)
    if isinstance(options, Stream):
        _check_stream(options)
        return
    if isinstance(options, Words):
        _check_words(options)
        return
    if not 32 <= options.size_px <= 2048 or options.size_px % 2:
        raise ValueError(f"--size-px {options.size_px}: want an even number from 32 to 2048")
    for name in options.labels:
        choose(name, EXTRA_LABELS, "label in --labels")
    if "flow" in options.labels and not isinstance(options, Talk):
        raise ValueError("--labels flow: a picture alone has none; want the preset talk")
    if isinstance(options, (Stills, Talk)):
        _check_people(options)


def _check_people(options: Stills | Talk) -> None:
    low_age, high_age = options.age_years
    if not 0.5 <= low_age <= high_age <= 90:
        want = "want 0.5 <= youngest <= oldest <= 90"
        raise ValueError(f"--age-years {low_age:g} {high_age:g}: {want}")
    if options.fix:
        from generate.make import check_fixed

        check_fixed(options)


def _check_ladder(options: Ladder) -> None:
    from generate.ladder import LADDERS

    for name in options.controls:
        choose(name, LADDERS, "control in --controls")
    if not 2 <= options.steps <= 100:
        raise ValueError(f"--steps {options.steps}: want 2 to 100")


def _check_rooms(options: Words | Talk) -> None:
    if not 0 <= options.rooms <= 1:
        raise ValueError(f"--rooms {options.rooms:g}: want a share from 0 to 1")
    if options.scene:
        from generate.sound.scene import parse_held

        parse_held(options.scene)
        if not options.rooms:
            raise ValueError("--scene holds facts of rooms, but --rooms is 0: want --rooms 1")


def _check_stream(options: Stream) -> None:
    from generate.sound.scene import parse_held
    from generate.voice.keywords import check_keywords

    if not 0 < options.hours <= 10000:
        raise ValueError(f"--hours {options.hours:g}: want more than 0, up to 10000")
    if not 0 <= options.keywords_per_minute <= 20:
        want = "want 0 to 20"
        raise ValueError(f"--keywords-per-minute {options.keywords_per_minute:g}: {want}")
    parse_held(options.scene)
    check_keywords(options.words)


def _check_words(options: Words) -> None:
    from generate.voice.keywords import check_keywords
    from generate.voice.languages import check_language

    if options.language != check_language(options.language):
        raise ValueError(f"--language {options.language}: want it in lower case")
    if not 0 <= options.unknown_share + options.silence_share < 1:
        raise ValueError("--unknown-share + --silence-share must be below 1")
    if not 1 <= options.takes <= 10:
        raise ValueError(f"--takes {options.takes}: want 1 to 10")
    for name in ("unknown_share", "silence_share", "near_share", "emotion_share"):
        if not 0 <= getattr(options, name) <= 1:
            flag = name.replace("_", "-")
            raise ValueError(f"--{flag} {getattr(options, name):g}: want 0 to 1")
    check_keywords(options.words, options.language)
