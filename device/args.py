"""Arguments and output of the commands that run on a board."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import NoReturn

from device.redact import without_secrets


class Parser(argparse.ArgumentParser):
    """argparse without abbreviations, whose errors are one line and exit 2."""

    def __init__(self, prog: str, description: str, examples: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=f"examples:\n{examples}",
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        """Print one line and exit 2."""
        self.exit(2, f"{self.prog}: {without_secrets(message)}; see {self.prog} --help\n")


def positive_int(text: str) -> int:
    """Read a whole number >= 1."""
    value = int(text) if text.isascii() and text.isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number >= 1")
    return value


def positive_seconds(text: str) -> float:
    """Read a number of seconds, > 0 and at most a day."""
    value = to_float(text)
    if not 0 < value <= 86400:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds > 0")
    return value


def to_float(text: str) -> float:
    """Read a number; nan, which is in no range, where it is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def one_or_more_of(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Return what reads a comma list of known words, each at most once."""
    names = list(known)

    def read(text: str) -> list[str]:
        words = text.split(",")
        for word in words:
            if word not in names:
                raise argparse.ArgumentTypeError(f"'{word}' is none of {', '.join(names)}")
        return list(dict.fromkeys(words))

    return read


def shown(text: str) -> str:
    """Return text for a terminal: what it might obey is written as an escape, lines stay."""
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode()
        for char in text
    )


def one_line(text: str) -> str:
    """Return text as `shown`, on one line."""
    return shown(text).replace("\n", "\\n")


def on_a_terminal() -> Callable[[str], None]:
    """Return what shows one line of progress, which the next overwrites; nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None

    def say(text: str) -> None:
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    return say
