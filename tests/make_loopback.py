"""A board that is this machine: a real sshd on 127.0.0.1 with throw-away keys, as this user.

`faults/` beside the board's Python changes what that Python sees: see INJECT.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:/usr/bin")
WHY_NOT = (
    None if SSHD and shutil.which("ssh") and shutil.which("ssh-keygen") else "sshd is not installed"
)

INJECT = '''
"""Faults of a board: each file in FAULTS is one."""
import builtins, importlib.util, os, sys, time
FAULTS = os.environ["FAULTS"]
path = lambda name: os.path.join(FAULTS, name)
real_open, real_time = builtins.open, time.time

def faked_open(file, *more, **named):
    if file == "/proc/sys/kernel/random/boot_id" and os.path.exists(path("boot_id")):
        file = path("boot_id")
    return real_open(file, *more, **named)

def faked_time():
    try:
        with real_open(path("clock")) as stream:
            return real_time() + float(stream.read() or 0)
    except (OSError, ValueError):
        return real_time()

builtins.open, time.time = faked_open, faked_time

class Hot:
    def find_spec(self, name, where, target=None):
        if name != "device.probes.linux":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        spec.loader = Loader(spec.loader)
        return spec

class Loader:
    def __init__(self, loader): self.loader = loader
    def create_module(self, spec): return None
    def exec_module(self, module):
        self.loader.exec_module(module)
        module.temperatures_c = lambda *_: {"cpu": float(real_open(path("hot")).read())}

if os.path.exists(path("hot")):
    sys.meta_path.insert(0, Hot())
'''


class Loopback:
    """The board: its sshd, its entry in boards.toml, its scratch folder, its faults."""

    def __init__(self, place: Path, root: Path | None = None, cpu: str = "") -> None:
        self.place, self.root, self.cpu = place, root, cpu
        self.scratch = place / "scratch" if root is None else root / "tmp"
        self.faults = place / "faults"
        self.inject = place / "inject"
        for folder in (self.scratch, self.faults, self.inject, place / "state"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.inject / "sitecustomize.py").write_text(INJECT)
        for name in ("host", "user"):
            make_key(place / name)
        (place / "authorized").write_text((place / "user.pub").read_text())
        self.python = place / "python"
        self.write_python()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.write_configs()
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def write_python(self, flags: str = "") -> None:
        """Write the board's `python`, which sees the faults."""
        lines = [
            "#!/bin/sh",
            f"export FAULTS='{self.faults}' PYTHONPATH='{self.inject}'",
            f"exec '{sys.executable}' {flags} \"$@\"",
        ]
        self.python.write_text("\n".join(lines) + "\n")
        self.python.chmod(0o755)

    def write_configs(self, **entry: object) -> None:
        """Write the configurations of sshd and ssh, and boards.toml."""
        place = self.place
        self.know(place / "host.pub")
        (place / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {place}/host\n"
            f"AuthorizedKeysFile {place}/authorized\nPidFile none\nStrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nPermitRootLogin prohibit-password\nMaxStartups 100\n"
            + self.inside()
        )
        (place / "ssh_config").write_text(
            f"Host desk\n HostName 127.0.0.1\n Port {self.port}\n User {getpass.getuser()}\n"
            f" IdentityFile {place}/user\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {place}/known\n GlobalKnownHostsFile /dev/null\n"
        )
        here = {"scratch": self.scratch, "lock": f"{place}/board.lock", "python": self.python}
        there = {"scratch": "/tmp", "lock": "/tmp/board.lock"}
        values = {
            "host": "desk", "ssh_config": f"{place}/ssh_config", "patience_s": 90.0,
            **(there if self.root else here), **entry,
        }  # fmt: skip
        rows = [f"{key} = {_toml(value)}" for key, value in values.items()]
        (place / "boards.toml").write_text("\n".join(["[desk]", *rows]) + "\n")

    def inside(self) -> str:
        """Return what sends every command into the board's own root, where it has one."""
        if self.root is None:
            return ""
        enter = f"exec chroot '{self.root}' /bin/sh -c \"$SSH_ORIGINAL_COMMAND\""
        return f"ForceCommand cd / && {enter}\nSetEnv QEMU_CPU={self.cpu}\n"

    def know(self, public: Path) -> None:
        """Make this the host key that ssh knows."""
        kind, key, *_ = public.read_text().split()
        (self.place / "known").write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")

    def start(self) -> None:
        """Start sshd and wait until it listens."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        words = [str(SSHD), "-D", "-e", "-f", str(self.place / "sshd_config")]
        with (self.place / "sshd.log").open("ab") as log:
            self.process = subprocess.Popen(
                words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise RuntimeError("sshd does not listen: " + (self.place / "sshd.log").read_text()[-500:])

    def stop(self) -> None:
        """Kill sshd with all its connections; what a run detached goes on."""
        if self.process is None:
            return
        for pid in [*children(self.process.pid), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def processes(self) -> dict[int, str]:
        """Return the processes of runs on this board, pid to command line."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if f"{self.scratch}/collodi-run-" in words and "ssh" not in words.split()[0]:
                    found[int(entry.name)] = words
        return found

    def left(self) -> list[str]:
        """Return what is left on the board: files, lock, processes."""
        files = [str(path.name) for path in self.scratch.rglob("*")]
        lock = ["lock"] if (self.place / "board.lock").exists() else []
        return files + lock + list(self.processes().values())


def children(pid: int) -> list[int]:
    """Return the sshd processes below a process."""
    table = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            name, _, rest = (entry / "stat").read_text().partition(" (")[2].rpartition(") ")
            table[int(entry.name)] = (int(rest.split()[1]), name)
    found, todo = [], [pid]
    while todo:
        above = todo.pop()
        below = [p for p, (parent, name) in table.items() if parent == above and "sshd" in name]
        found += below
        todo += below
    return found


def make_key(path: Path) -> None:
    """Make a key pair without a passphrase."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "loopback", "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


def _toml(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value) if isinstance(value, (int, float)) else f'"{value}"'


@contextlib.contextmanager
def loopback(place: Path, root: Path | None = None, cpu: str = "") -> Iterator[Loopback]:
    """Start the board in a folder, work there, and stop it; `root`: that of a virtual board."""
    board = Loopback(place, root, cpu)
    before, state = Path.cwd(), os.environ.get("XDG_STATE_HOME")
    os.chdir(place)
    os.environ["XDG_STATE_HOME"] = str(place / "state")
    try:
        yield board
    finally:
        os.chdir(before)
        os.environ.pop("XDG_STATE_HOME")
        if state is not None:
            os.environ["XDG_STATE_HOME"] = state
        for pid in board.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        board.stop()
