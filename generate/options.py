"""Command-line options from frozen dataclasses: full help on request, one line on a mistake."""

from __future__ import annotations

import contextlib
import difflib
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro

from generate.store import is_url

T = TypeVar("T")
Place = Annotated[str | Path, tyro.conf.arg(metavar="FOLDER|URL", constructor=str)]
"""An option that takes a folder or an fsspec URL."""


def parse(kind: type[T], argv: Sequence[str], prog: str, description: str | None = None) -> T:
    """Parse `argv` into the dataclass `kind`; ValueError with one line where it does not fit.

    `--help` prints the fields with their docstrings and defaults, and exits 0. An option that is
    given twice is a mistake too: only its last values would count, without a word.
    """
    _check_once(argv)

    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            found = tyro.cli(kind, args=list(argv), prog=prog, description=description)
        _check_local(found)
        return found
    except SystemExit as stop:
        if not stop.code:
            raise
    raise ValueError(_one_line(errors.getvalue()) + f"; see {prog} --help")


def _check_once(argv: Sequence[str]) -> None:
    flags = [word.split("=")[0] for word in argv if word.startswith("--")]
    for flag in flags:
        if flags.count(flag) > 1:
            raise ValueError(f"{flag} is given twice; several values follow one {flag}: A B")


def _check_local(options: Any) -> None:
    """ValueError where a URL is given for what can only be a local file or folder."""
    for field in fields(options) if is_dataclass(options) else ():
        value = getattr(options, field.name)
        if isinstance(value, Path) and is_url(str(value)):
            flag = field.name.replace("_", "-")
            raise ValueError(f"--{flag}: want a local path here, not a URL")
        _check_local(value)


def choose(name: str, known: Iterable[str], what: str) -> str:
    """Return `name` if it is known, else raise ValueError with the nearest known name."""
    names = list(known)
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"unknown {what} {name!r}; {hint}known: {', '.join(names)}")


def _one_line(box: str) -> str:
    """The message of tyro's error box without frame, advice on help and option texts."""
    lines = [line.strip("│ ╭╮╰╯─") for line in box.splitlines()]
    kept: list[str] = []
    for line in lines[1:]:
        if line.startswith(("Argument helptext", "For full helptext")):
            break
        if line:
            kept.append(line)
    return " ".join(kept[:3]).replace("Perhaps you meant:", "perhaps you meant") or "wrong options"
