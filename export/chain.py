"""Commands in a row as a user would type them, gone on with where they stopped."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from device import bench_cli
from device.files import write_atomic
from export import cli as export_cli
from export import tune_cli
from generate import cli as generate_cli
from generate.gan import cli as gan_cli
from train_edge import cli as train_cli
from train_edge import evaluate_cli
from train_edge.run import CHECKPOINT, DONE

COMMANDS = {
    "generate": generate_cli.main,
    "gan": gan_cli.main,
    "train": train_cli.main,
    "evaluate": evaluate_cli.main,
    "export": export_cli.main,
    "tune": tune_cli.main,
    "bench": bench_cli.main,
}
OPTIONS = "options.json"


class Chain:
    """Runs commands as a user would type them, and remembers the lines."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.lines: list[str] = []

    def __call__(self, command: str, *words: Any) -> None:
        """Run one command in this process; a command that fails stops the chain."""
        argv = _flat(words)
        line = shlex.join(["collodi", command, *argv])
        self.lines.append(line)
        print(f"\n$ {line}", file=sys.stderr, flush=True)
        if COMMANDS[command](argv):
            raise RuntimeError(f"{command} failed; the line above says why")

    def once(self, result: Path, command: str, *words: Any) -> None:
        """Run the command unless its result is there (results appear only when whole)."""
        if result.exists():
            self.lines.append(shlex.join(["collodi", command, *_flat(words)]))
            return
        self(command, *words)

    def train(self, preset: str, root: Path, *words: Any) -> Path:
        """Train the one run of a preset below `root`, resume or skip it; returns its folder."""
        argv = _flat(("--out", root, *words))
        runs = sorted(root.glob(f"*-{preset}-*"))
        if runs and (runs[-1] / DONE).exists():
            self.lines.append(shlex.join(["collodi", "train", preset, *argv]))
        elif runs and (runs[-1] / CHECKPOINT).exists():
            self("train", "--resume", runs[-1])
        else:
            self("train", preset, *argv)
        return sorted(root.glob(f"*-{preset}-*"))[-1]


def _flat(words: Iterable[Any]) -> list[str]:
    """Words of a command line; a tuple stands for several."""
    return [str(w) for part in words for w in (part if isinstance(part, tuple) else (part,))]


def keep_options(out: Path, options: Mapping[str, Any]) -> None:
    """Write what a folder is made with; ValueError where it was begun with something else."""
    path, now = out / OPTIONS, json.loads(json.dumps(options))
    if path.exists():
        was = json.loads(path.read_text())
        for name, value in now.items():
            if was.get(name) != value:
                raise ValueError(f"{out} was made with {name} = {was.get(name)}, not "
                                 f"{value}; choose another --out or delete it")  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(now, indent=1) + "\n")
