"""Boards as text: builds the files and the commands of a board out of tests/data/boards/*.txt.

`@ PATH` begins a file, `$ COMMAND` what a command prints; the lines below are the text, with NUL
written as a backslash and 0.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).with_name("data") / "boards"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))


def read_board(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return (files, commands) of a board, path or command line to text."""
    files: dict[str, str] = {}
    commands: dict[str, str] = {}
    into, key = files, ""
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line[:2] in ("@ ", "$ "):
            into, key = (files if line[0] == "@" else commands), line[2:]
            into[key] = ""
        else:
            into[key] += line.replace("\\0", "\0") + "\n"
    return files, commands


def build_tree(name: str, root: Path) -> Path:
    """Write the files of a board below `root`."""
    for path, text in read_board(name)[0].items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def build_commands(name: str, folder: Path) -> Path:
    """Write a script for each program of a board into `folder`; tegrastats goes on for ever."""
    folder.mkdir(parents=True, exist_ok=True)
    programs: dict[str, list[str]] = {}
    for number, (command, text) in enumerate(read_board(name)[1].items()):
        program, _, words = command.partition(" ")
        answer = folder / f".answer{number}"
        answer.write_text(text, encoding="utf-8")
        show = f"cat '{answer}'"
        if program == "tegrastats":
            programs[program] = [f"while {show}; do sleep 0.05; done"]
        else:
            test = f'[ "$*" = "{words}" ] && exec {show}'
            programs.setdefault(program, []).append(test)
    for program, lines in programs.items():
        script = folder / program
        script.write_text("\n".join(["#!/bin/sh", *lines, "exit 1", ""]), encoding="utf-8")
        script.chmod(0o755)
    return folder
