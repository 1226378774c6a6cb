"""Who made a file, when, with what: the Stamp that every result carries.

A stamp holds no host name, no user name, no absolute path and no secret (device/redact.py).
"""

from __future__ import annotations

import functools
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from device.redact import hide_values
from device.version import VERSION

LIBRARIES = (
    "numpy", "numba", "torch", "onnx", "onnxscript", "onnxruntime", "ai-edge-litert",
    "ai-edge-quantizer", "litert-torch", "tflite-runtime", "tflite-micro", "tensorrt",
    "safetensors", "soundfile", "pyworld", "espeakng-loader", "ray",
)  # fmt: skip


@dataclass(frozen=True)
class Host:
    """The kind of machine, never its name."""

    machine: str
    """Instruction set as the kernel names it: x86_64, aarch64, armv7l."""
    system: str
    """Operating system: Linux, Darwin, Windows."""
    cpu_model: str
    """Model text of the CPU or board, empty when the system does not tell."""
    cores: int
    """Logical cores that this process may use."""


@dataclass(frozen=True)
class Stamp:
    """Version, commit, command, time, libraries and host of one run of the kit."""

    kit_version: str
    """Version of Collodi."""
    commit: str | None
    """Git commit of a source checkout, `+changed` appended with local changes; null elsewhere."""
    command: str
    """Command line as a shell would take it; absolute paths and URLs cut to `.../name`, secrets to
    `***`."""
    created_utc: str
    """Time of the stamp, UTC, ISO 8601 with seconds: 2026-01-31T12:00:00Z."""
    python: str
    """Version of the interpreter."""
    libraries: dict[str, str]
    """Distribution name to installed version, of those that can change a result."""
    host: Host
    """Machine that ran the command."""


def make_stamp(argv: Sequence[str] | None = None) -> Stamp:
    """Return the stamp of this process; `argv` defaults to the command line of the process."""
    return Stamp(
        kit_version=VERSION,
        commit=_commit(),
        command=shown_command(sys.argv if argv is None else argv),
        created_utc=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        python=platform.python_version(),
        libraries=dict(_libraries()),
        host=_host(),
    )


def shown_command(argv: Sequence[str]) -> str:
    """Return the command line with the program's base name, without absolute paths and secrets.

    Paths below the working directory become relative; others become `.../name`.
    """
    program = Path(argv[0]).name if argv else ""
    return shlex.join([program, *(_shown(argument) for argument in hide_values(argv[1:]))])


def _shown(argument: str) -> str:
    argument = re.sub(r"\w+://\S*", lambda m: _short_path(m.group()), argument)
    return "".join(_shown_piece(piece) for piece in re.split(r"([=,:;])", argument))


def _shown_piece(piece: str) -> str:
    if piece.startswith(("/", "~", "\\")):
        return _short_path(piece)
    return re.sub(r"(?<=[\s\"'(])[/~\\][^\s\"')]+", lambda m: _short_path(m.group()), piece)


def _short_path(path: str) -> str:
    here = str(Path.cwd())
    if here != os.sep and path.startswith(here + os.sep):
        inside = os.path.relpath(path, here)
        if not inside.startswith(".."):
            return inside
    if path == here:
        return "."
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    return ".../" + ("" if name.startswith("~") else name)


@functools.cache
def _libraries() -> tuple[tuple[str, str], ...]:
    found = []
    for name in LIBRARIES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)


@functools.cache
def _commit() -> str | None:
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():  # an installed kit: a repository further up is not ours
        return None
    head = _git(root, "rev-parse", "--short=12", "HEAD")
    if not head:
        return None
    return head + ("+changed" if _git(root, "status", "--porcelain", "-uno") else "")


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _host() -> Host:
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return Host(platform.machine(), platform.system(), _cpu_model(), cores)


def _cpu_model() -> str:
    """Return the model line of /proc/cpuinfo (x86), else that of the device tree (Arm boards)."""
    for path, pattern in (
        ("/proc/cpuinfo", r"^(?:model name|Model|cpu model)\s*:\s*(.+)$"),
        ("/proc/device-tree/model", r"^(.+?)\0*$"),
    ):
        try:
            text = Path(path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found = re.search(pattern, text, re.MULTILINE)
        if found:
            return found.group(1).strip()
    return platform.processor()
