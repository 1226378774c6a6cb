"""Named kinds of data set and their options."""

from __future__ import annotations

import math
from dataclasses import dataclass

from generate.spec import Speakers

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
class Places:
    """Pictures without a face: places that nobody is in, and people seen from behind.

    A detector of faces learns on them what none is, and is tested on them for false ones.

    Example: collodi generate places --out data/places --clips 2000 --seed 1
    """

    clips: int = 1000
    """Pictures."""
    seed: int = 0
    """The same seed gives the same labels on any machine and engine that has the same view."""
    shard_clips: int = 96
    """Clips in one shard; a shard is the unit of resume."""
    size_px: int = 128
    """Image side."""
    behind_share: float = 0.3
    """Share of the pictures that show a person's back, the rest show nobody."""
    age_years: tuple[float, float] = (3, 40)
    """Youngest and oldest of those people."""
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
    speakers: Speakers = "train"
    """Whose voices: train, or tune (thresholds) or test, which training never draws."""


@dataclass(frozen=True)
class Talk:
    """Talking children: H.264 video, sound, and labels for every frame.

    Examples: collodi generate talk --out data/talk --clips 50 --size-px 256
              collodi generate talk --out data/shy --direction "shyly, looking down, then nods"
              collodi generate talk --out data/voices --clips 4000 --no-pictures
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
    quiet_s: float = 0.0
    """Most seconds in which the child listens before it speaks, and again after; drawn a clip."""
    rooms: float = 0.0
    """Share of clips heard in a room with noise by a toy's microphone; 0 leaves all dry."""
    scene: tuple[str, ...] = ()
    """Facts of those rooms that are held, NAME=VALUE: room=kitchen snr_db=5 codec=opus."""
    voices: tuple[str, ...] = ()
    """Text-to-speech engines: espeak flite festival; empty takes all that are installed. A Coqui
    voice is coqui:FOLDER; see docs/voices.md."""
    speakers: Speakers = "train"
    """Whose voices: train, or tune or test, which training never draws."""
    sentences: tuple[str, ...] = ()
    """What is said; empty takes the bundled sentences."""
    emotion: str = ""
    """What is felt: sad, or sad:0.6 with an intensity; a mood in --direction comes first. Empty
    draws one for each clip."""
    direction: str = ""
    """How it is acted: "shyly, looking down, then nods twice"; words in docs/directions.md."""
    song: str = ""
    """Sung instead of said, words with a note for each vowel: "twinkle:C4,C4 star:G4*2"."""
    tempo_bpm: float = 108.0
    """Beats a minute of the song, 40 to 220."""
    age_years: tuple[float, float] = (3, 12)
    """Youngest and oldest."""
    pictures: bool = True
    """Without, a clip is sound, words and the score of how the face moves, at a twentieth of the
    time: voices for networks that see only some of those whom they hear."""
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

    Example: collodi generate stream --out data/stream --hours 10 --speakers test
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
    speakers: Speakers = "train"
    """Whose voices: train, or tune (thresholds) or test, which training never draws."""

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


Options = Stills | Places | Words | Talk | Stream | Ladder
PRESETS: dict[str, type[Options]] = {
    "stills": Stills,
    "places": Places,
    "words": Words,
    "talk": Talk,
    "stream": Stream,
    "ladder": Ladder,
}
EXTRA_LABELS = ("depth", "dense", "normals", "albedo", "flow")
