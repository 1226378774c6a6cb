"""Keywords as a list of words gives them: names of classes, and what is said for each.

"good night" is a class with that name; "yes=yes|yeah|yep" is the class "yes", said in any of three
ways. A model hears LONGEST_S at a time, so a keyword must fit when it is said briskly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generate.voice.sayable import check_one_script, check_text

LONGEST_S = 0.95
"""Keywords are said faster until they are this short."""
BRISK_WPM = 230
"""The rate at which a keyword must fit LONGEST_S: faster than that, sounds are lost."""
MOST_WORDS = 200
OTHER_CLASSES = ("unknown", "silence")


@dataclass(frozen=True)
class Keyword:
    """One class of a keyword model."""

    name: str
    sayings: tuple[str, ...]
    """Words or phrases; each is said as often as the others."""


def parse_keyword(text: str) -> Keyword:
    """A keyword of "saying" or "class=saying|saying"; white space around each part is dropped."""
    name, given, sayings = text.partition("=")
    said = sayings.split("|") if given else [name]
    return Keyword(" ".join(name.split()), tuple(" ".join(one.split()) for one in said))


def class_of(text: str) -> str:
    """The class that a keyword stands for."""
    return parse_keyword(text).name


def all_sayings(texts: Sequence[str]) -> tuple[str, ...]:
    """Everything that is said for some keywords."""
    return tuple(saying for text in texts for saying in parse_keyword(text).sayings)


def check_keywords(texts: Sequence[str], language: str = "en") -> None:
    """Raise ValueError with one line unless a voice of `language` can say keywords apart."""
    if not texts:
        raise ValueError("--words is empty: name at least one keyword")
    if len(texts) > MOST_WORDS:
        raise ValueError(f"--words holds {len(texts)} keywords: at most {MOST_WORDS}")
    names: set[str] = set()
    for text in texts:
        if not text.strip():
            raise ValueError("--words holds an empty word: leave it out")
        name = class_of(text)
        if name in OTHER_CLASSES:
            raise ValueError(f"--words {name}: this class is always there, leave it out")
        if not name or "|" in name:
            raise ValueError(f"--words {text!r}: want CLASS=SAYING|SAYING, such as yes=yes|yeah")
        if name in names:
            raise ValueError(f"--words {name} is there twice")
        names.add(name)
    for saying in all_sayings(texts):
        check_saying(saying, language)
    _check_apart(texts, language)


def check_saying(saying: str, language: str = "en") -> None:
    """Raise ValueError unless a voice of `language` can say it as words within LONGEST_S."""
    from generate.voice.espeak import synth
    from generate.voice.languages import reader

    check_one_script(saying)
    check_text(saying, language)
    if "[[" in saying:
        raise ValueError(f"the keyword {saying!r} holds phonemes: write it as words")
    said = synth(saying, reader(language), rate_wpm=BRISK_WPM)
    if not said.words:
        raise ValueError(f"a voice of {language!r} finds no word in {saying!r}")
    length_s = said.phonemes[-1].end_s - said.phonemes[0].start_s
    if length_s > LONGEST_S:
        raise ValueError(
            f"the keyword {saying!r} takes {length_s:.1f} s even when said briskly: a model hears "
            "1 s at a time, choose a shorter one"
        )


def _check_apart(texts: Sequence[str], language: str) -> None:
    """No saying of one class may sound like one of another."""
    from generate.voice.languages import sound
    from generate.voice.phoneme_distance import sounds

    heard: dict[tuple[str, ...], tuple[str, str]] = {}
    for text in texts:
        word = parse_keyword(text)
        for saying in word.sayings:
            name, other = heard.setdefault(sounds(sound(saying, language)), (word.name, saying))
            if name != word.name:
                raise ValueError(f"--words {other!r} and {saying!r} sound the same: leave one out")
