"""Boards by name: the kit's own entries, and those of the user's boards.toml on top."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device.backends import MODULES
from device.strict import FormatError, decode, nearest

READY = Path(__file__).resolve().with_name("boards.toml")
USERS = (Path("boards.toml"), Path("~/.config/collodi/boards.toml"))
"""Where the user's own entries are; the first file that exists is the one."""
HOST = r"[A-Za-z0-9_\[][A-Za-z0-9_.:%\]-]*"
MOST_LIKES = 8


@dataclass(frozen=True)
class Entry:
    """One board: how to reach it, what must be there, when a measurement may begin."""

    name: str
    """Name for `--board`."""
    about: str = ""
    """What it is, for people."""
    host: str | None = None
    """Address, or an alias of the user's SSH configuration."""
    user: str | None = None
    """User on the board; null: as SSH is configured."""
    port: int | None = None
    """SSH port; null: as SSH is configured."""
    ssh_config: str | None = None
    """SSH configuration file in place of the user's own."""
    python: str = "python3"
    """Python 3.8 or later on the board: a name, or a path from `/` or from the user's home."""
    scratch: str = ""
    """Folder on the board for the run's own folder; empty: its temporary folder."""
    lock: str = ""
    """Lock file of the board; empty: /run/lock/collodi-board.lock."""
    model: str = ""
    """Part of what the board calls itself; another name is a doubt in the report."""
    machines: tuple[str, ...] = ()
    """Instruction sets, as `uname -m` names them; empty: any."""
    runtimes: tuple[str, ...] = ()
    """Runtimes that must be there: onnxruntime, litert, tflm, tensorrt."""
    power_mode: str | None = None
    """Power mode that `nvpmodel -q` must name; null: any."""
    budgets: dict[str, float] = field(default_factory=dict)
    """Budgets as `--budget` takes them, e.g. `p99_ms`."""
    cool_c: float | None = None
    """Hottest zone at which a measurement may begin, degrees Celsius; null: any."""
    cool_wait_s: float = 300.0
    """How long to wait for that."""
    patience_s: float = 180.0
    """How long a dropped connection is tried again, long enough for a restart."""

    def __post_init__(self) -> None:
        for key in ("host", "user"):
            value = getattr(self, key)
            if value is not None and not re.fullmatch(HOST, value):
                raise FormatError(f"board '{self.name}': {key} {value!r} is no name or address")
        if self.port is not None and not 0 < self.port < 65536:
            raise FormatError(f"board '{self.name}': port {self.port} is not in 1..65535")
        for runtime in self.runtimes:
            if runtime not in MODULES:
                hint = nearest(runtime, MODULES)
                raise FormatError(f"board '{self.name}': no runtime '{runtime}'{hint}")
        if not self.python or self.python.startswith("-"):
            raise FormatError(f"board '{self.name}': python {self.python!r} is no program")


def boards(user_file: Path | None = None) -> dict[str, Entry]:
    """Return every board by name; FormatError names file and key of whatever is wrong."""
    ready = read_toml(READY)
    path = user_file or next((p.expanduser() for p in USERS if p.expanduser().is_file()), None)
    own = read_toml(path) if path else {}
    found = {}
    for name in dict.fromkeys([*ready, *own]):
        where = str(path if name in own else READY)
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or name == "local":
            raise FormatError(f"{where}: {name!r} is no name of a board; use letters, digits, '-'")
        found[name] = decode(Entry, {"name": name, **_merged(name, own, ready, where)}, where, name)
    return found


def _merged(
    name: str, own: dict[str, Any], ready: dict[str, Any], where: str, depth: int = 0
) -> dict[str, Any]:
    """Return the values of an entry on top of those that it is `like`."""
    values = own.get(name, ready.get(name))
    if not isinstance(values, dict):
        raise FormatError(f"{where}: '{name}' should be a section [{name}] of a board")
    if "name" in values:
        raise FormatError(f"{where}: unknown key '{name}.name'; the section's title is the name")
    base: dict[str, Any] = ready.get(name, {}) if name in own else {}
    like = values.get("like")
    if like is not None:
        if like == name or depth > MOST_LIKES or like not in {**own, **ready}:
            hint = nearest(str(like), [*own, *ready])
            raise FormatError(f"{where}: '{name}.like' is {like!r}, no other board{hint}")
        base = _merged(like, own, ready, where, depth + 1)
    return {**base, **{key: value for key, value in values.items() if key != "like"}}


def board_named(name: str, user_file: Path | None = None) -> Entry:
    """Return a board that can be reached; ValueError says what its entry lacks."""
    found = boards(user_file)
    if name not in found:
        hint = nearest(name, found) or "; collodi boards lists them"
        raise ValueError(f"--board {name}: there is no such board{hint}")
    if found[name].host is None:
        line = f'[{name}] host = "..."'
        raise ValueError(f"--board {name}: no address is known; put {line} into ./boards.toml")
    return found[name]


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; FormatError names the file and the line that is broken."""
    try:
        import tomllib
    except ModuleNotFoundError:
        raise ValueError(f"{path}: reading TOML needs Python 3.11 on this machine") from None
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"{path}: not TOML: {error}") from None
