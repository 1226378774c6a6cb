"""The text-to-speech engines behind one call: text and voice in, sound and timed phonemes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Protocol

from generate.options import choose
from generate.voice import coqui, espeak, festival, flite
from generate.voice.languages import speaking
from generate.voice.timed import Speech


class Synth(Protocol):
    """What every engine offers; the result depends on the arguments alone."""

    def __call__(
        self, text: str, voice: str, *, rate_wpm: int, pitch: int, pitch_range: int, seed: int
    ) -> Speech:
        """Say `text`; rate_wpm 80..450, pitch and pitch_range 0..99 (50 as the voice is)."""


ENGINES: dict[str, Synth] = {
    "espeak": espeak.synth,
    "flite": flite.synth,
    "festival": festival.synth,
    "coqui": coqui.synth,
}
_INSTALLED: dict[str, Callable[[], bool]] = {
    "espeak": lambda: True,
    "flite": flite.installed,
    "festival": festival.installed,
}
PACKAGES = {"flite": "libflite1", "festival": "festival and some festvox-* voices"}
"""What Debian and Ubuntu call the engines that no wheel brings."""


@cache
def installed_engines() -> tuple[str, ...]:
    """The engines of this machine, espeak first; Coqui speaks only where a voice of it is named."""
    return tuple(name for name in _INSTALLED if _INSTALLED[name]())


def check_engines(asked: Sequence[str], language: str = "en") -> tuple[str, ...]:
    """The engines to use: those asked for, or all installed that speak the language.

    A voice of Coqui is an engine of its own, coqui:FOLDER.
    Raises ValueError where one is missing or does not speak it.
    """
    for name in asked:
        engine, _, folder = name.partition(":")
        if choose(engine, ENGINES, "engine in --voices") == "coqui":
            if not folder:
                raise ValueError("--voices coqui: name its voice too, coqui:FOLDER")
            coqui.check_folder(folder)
        elif name not in installed_engines():
            raise ValueError(f"--voices {name}: not installed; Debian and Ubuntu have it in "
                             f"{PACKAGES[name]}")  # fmt: skip
        if not speaking((name,), language):
            raise ValueError(f"--voices {name}: speaks English, not {language!r}; espeak does")
    return tuple(asked) or speaking(installed_engines(), language)


def reads_phonemes(engine: str, voice: str) -> bool:
    """Whether a voice can say [[espeak mnemonics]]."""
    return engine != "festival" or festival.VOICES[voice].language != "english"


def is_moved_by_world(engine: str, voice: str) -> bool:
    """Whether the engine itself cannot move the pitch and tempo of a voice."""
    return engine == "festival" and festival.times_itself(voice)
