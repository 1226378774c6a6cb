"""`collodi boards`: list them, look at one, show what would be run on it."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from device.args import Parser, shown
from device.boards import Entry, boards
from device.table import table

EXAMPLES = """\
  collodi boards                    every board, and which have an address
  collodi boards pi5                the values of one
  collodi boards pi5 --check        connect and see whether it is ready
  collodi boards pi5 --dry-run      what `collodi bench BUNDLE --board pi5` would run on it
  collodi boards pi5 --discard      stop and remove a run that was not fetched"""
HOW = """\
To give a board an address, write into ./boards.toml or ~/.config/collodi/boards.toml:
  [pi5]
  host = "raspberrypi.local"        # or an alias of your SSH configuration
  user = "lab"
To add one under a name of its own:
  [desk]
  like = "pi5"
  host = "10.0.0.7"
  python = "venv/bin/python"        # where numpy and a runtime are installed"""


def main(argv: list[str]) -> int:
    """Run `collodi boards`; 0 done, 1 where a board is not ready."""
    parser = Parser("collodi boards", "List boards, or look at one of them.", EXAMPLES)
    parser.add_argument("name", metavar="NAME", nargs="?", help="one board")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="connect and see whether it is ready")
    what.add_argument("--dry-run", action="store_true", help="show what a bench would run there")
    what.add_argument("--discard", action="store_true", help="remove a run that was not fetched")
    words = parser.parse_args(argv)
    found = boards()
    if words.name is None:
        if words.check or words.dry_run or words.discard:
            parser.error("name the board")
        rows = [(entry.name, entry.host or "-", entry.about) for entry in found.values()]
        print(shown("\n".join([*table([("name", "host", "about"), *rows]), "", HOW])))
        return 0
    if words.name not in found or words.check or words.dry_run or words.discard:
        return _reached(words.name, words)
    print(shown("\n".join(_values(found[words.name]))))
    return 0


def _reached(name: str, words: Any) -> int:
    """Do what needs an address."""
    from device.boards import board_named
    from device.remote import Remote

    remote = Remote(board_named(name), lambda line: print(shown(line), file=sys.stderr))
    if words.dry_run:
        print(shown("\n".join(remote.plan())))
    elif words.discard:
        done = remote.discard()
        print(f"board {name}: " + ("the run is gone" if done else "no run was begun from here"))
    else:
        facts = remote.hello()
        rows = [(key, str(facts[key])) for key in facts]
        print(shown("\n".join(table([("what", "says"), *rows]))))
        remote.check(facts)
        print(f"board {name} is ready")
    return 0


def _values(entry: Entry) -> list[str]:
    """Return an entry as TOML-like lines, what is not set left out."""
    said = [(item.name, getattr(entry, item.name)) for item in fields(entry)]
    lines = [f"{key} = {_text(value)}" for key, value in said if value not in (None, "", (), {})]
    return [f"[{entry.name}]", *lines[1:]]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    return f'"{value}"' if isinstance(value, (str, Path)) else str(value)
