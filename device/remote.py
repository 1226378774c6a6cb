"""A measurement on a board: send, start, follow, fetch, clean up.

The run itself is detached on the board: a connection that drops does not end it, and is made again
for a while; after that `--resume` fetches the run. What was begun is kept in a small file here
until the board is clean again.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import os
import platform
import secrets
import shlex
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from device.backends import MODULES
from device.bench import Options
from device.boards import Entry, board_named
from device.bundle import MANIFEST
from device.files import sha256_of, write_atomic
from device.onboard.agent import KIT, PREFIX
from device.pack import job, kit
from device.remote_report import Teller, at_home
from device.report import Report, read_report
from device.ssh import BoardError, Ssh, Unreachable
from device.stamp import Stamp, make_stamp
from device.strict import decode, dumps, encode, load_json

T = TypeVar("T")
Say = Callable[[str], None]
END = {"phase": "failed", "code": "answer", "message": "it did not say how the run ended",
       "sha256": "", "jumps_s": []}  # fmt: skip
"""What the last state of a run lacks, where a board does not say it."""
PERIOD_S = 1.0
"""Between two looks at the board beside a run: temperature, clocks, what is new."""
HELD_S = 40.0
"""A call that fails after this long had a connection; its failure is a new one."""
CLEAN_S = 20.0
"""How long to try to clean up after a failure."""


@dataclass(frozen=True)
class Run:
    """A run that this machine began and whose folder may still be on the board."""

    board: str
    """Name of the entry."""
    folder: str
    """The run's folder on the board."""
    boot_id: str
    """Start of the board that the run belongs to."""
    manifests: tuple[str, ...]
    """SHA-256 of each bundle's manifest as it was sent."""
    created: Stamp
    """Who asked."""
    started: bool = False
    """Was it started, so that there is something to fetch?"""


def bench_on(name: str, folders: list[Path], options: Options, say: Say, *, resume: bool) -> Report:
    """Measure bundles on a named board, or fetch the run that a dropped connection left there.

    Raises BoardError (one line), ValueError where the entry is wrong or, with `resume`, no run is
    known.
    """
    remote = Remote(board_named(name), say)
    with remote.alone():
        return remote.resume() if resume else remote.bench(folders, options)


def records() -> Path:
    """Return the folder of what was begun from here."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "collodi" / "runs"


class Remote:
    """One board, seen from here."""

    def __init__(self, entry: Entry, say: Say) -> None:
        self.entry, self.say, self.ssh = entry, say, Ssh(entry)
        self.record = records() / f"{entry.name}.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the record: to a second process of this account our upload looks left behind."""
        self.record.parent.mkdir(parents=True, exist_ok=True)
        with self.record.with_suffix(".lock").open("w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                text = "busy: another collodi of yours is at work on it"
                raise BoardError(self.entry.name, "busy", text) from None
            yield

    def hello(self) -> dict[str, Any]:
        """Return what the board says of itself."""
        modules = [name for _, packages in MODULES.values() for name in packages]
        scratch = {"scratch": self.entry.scratch, "lock": self.entry.lock}
        return self.ssh.ask("hello", {**scratch, "modules": ["numpy", *modules]})

    def plan(self) -> list[str]:
        """Return what a measurement would run, call by call, without running it."""
        told = {"dir": f"{self.entry.scratch or '/tmp'}/{PREFIX}RANDOM", "lock": self.entry.lock}
        size = len(kit())
        calls = [
            ("hello", "facts, lock, earlier runs", {"scratch": self.entry.scratch}),
            ("receive", f"{KIT}: the kit, {size} bytes", {**told, "name": KIT}),
            ("receive", "job.zip: bundles, samples, options", {**told, "name": "job.zip"}),
            ("start", f"take the lock; {self.entry.python} {KIT} supervise, detached", told),
            ("follow", "events and telemetry", told),
            ("fetch", "report.json, with its SHA-256", told),
            ("clean", "stop what is left, remove the folder and the lock", told),
        ]
        lines = [f"# on stdin of each: the agent's source ({len(self.ssh.source)} bytes)"]
        for verb, what, facts in calls:
            lines += ["", f"# {verb}: {what}", shlex.join(self.ssh.words(verb, facts))]
        return lines

    def bench(self, folders: list[Path], options: Options) -> Report:
        """Send, start, follow and fetch; whatever happens, leave nothing on the board."""
        facts = self.hello()
        self.settle(facts)
        self.check(facts)
        request = {
            "options": encode(replace(options, samples=())),
            "bundles": len(folders),
            "samples": len(options.samples),
            "cool_c": self.entry.cool_c,
            "cool_wait_s": self.entry.cool_wait_s,
            "period_s": PERIOD_S,
        }
        folder = f"{facts['scratch']}/{PREFIX}{secrets.token_hex(16)}"
        hashes = tuple(sha256_of(place / MANIFEST) for place in folders)
        run = Run(self.entry.name, folder, facts["boot_id"], hashes, make_stamp())
        files = {KIT: kit(), "job.zip": job(request, folders, options.samples)}
        self.keep(run)
        try:
            for file, data in files.items():
                self.send(run, file, data)
            run = replace(run, started=True)
            self.keep(run)
            owner = f"{getpass.getuser()}@{platform.node()}"
            self.insist(lambda: self.call(run, "start", owner=owner))
            return self.finish(run)
        except BaseException as error:
            self.give_up(run, error)
            raise

    def resume(self) -> Report:
        """Follow and fetch the run that is known from here."""
        run = self.known()
        if run is None or not run.started:
            raise ValueError(f"--resume: no run on board {self.entry.name} was begun from here")
        try:
            return self.finish(run)
        except BaseException as error:
            self.give_up(run, error)
            raise

    def discard(self) -> bool:
        """Stop and remove the run that is known from here."""
        run = self.known()
        if run is not None:
            self.clean(run)
        return run is not None

    def settle(self, facts: dict[str, Any]) -> None:
        """Clear what an earlier run left; BoardError where that is a run worth fetching."""
        run = self.known()
        if run is None:
            return
        if run.started and Path(run.folder).name in facts["runs"]:
            text = f"it still has your run of {run.created.created_utc}: fetch it with --resume"
            more = f", or drop it with: collodi boards {self.entry.name} --discard"
            raise BoardError(self.entry.name, "unfetched", text + more)
        self.clean(run)

    def check(self, facts: dict[str, Any]) -> None:
        """Raise BoardError where this board cannot give the numbers that its entry promises."""
        entry = self.entry
        if facts["busy"]:
            raise BoardError(entry.name, "busy", f"busy: {facts['busy']}")
        if entry.machines and facts["machine"] not in entry.machines:
            wanted = " or ".join(entry.machines)
            text = f"its instruction set is {facts['machine']}, its entry says {wanted}"
            raise BoardError(entry.name, "machine", text)
        if entry.power_mode is not None and facts["power_mode"] != entry.power_mode:
            text = f"its power mode is {facts['power_mode'] or 'unknown'}, its entry says "
            text += f"{entry.power_mode}: set it with nvpmodel on the board"
            raise BoardError(entry.name, "power-mode", text)
        for runtime in entry.runtimes:
            packages = MODULES[runtime][1]
            if not any(name in facts["modules"] for name in packages):
                wanted = packages[0].replace("_", "-")
                text = f"{runtime} is not installed for {entry.python} there: pip install {wanted}"
                raise BoardError(entry.name, "runtime", text)

    def finish(self, run: Run) -> Report:
        """Follow a started run to its end and bring its report home."""
        end = self.follow(run)
        if end["phase"] != "done":
            raise BoardError(self.entry.name, end["code"], end["message"])
        report = self.insist(lambda: self.fetch(run, end))
        home = at_home(report, self.entry, run.created, run.manifests, end)
        self.tidy(run)
        return home

    def follow(self, run: Run) -> dict[str, Any]:
        """Tell how the run goes on until it ends; returns its last state."""
        teller = Teller(self.entry.name, self.say)

        def watch() -> dict[str, Any]:
            job = {**self.job(run), "seen": teller.seen, "period_s": PERIOD_S}
            for event in self.ssh.stream("follow", job):
                if event["event"] == "end":
                    return END | event
                teller.tell(event)
            raise Unreachable(self.entry.name, "connection", "the connection was lost")

        try:
            return self.insist(watch)
        except BoardError as error:
            if error.code != "gone" or self.hello()["boot_id"] == run.boot_id:
                raise
            text = "it restarted during the run, and the run went with it"
            raise BoardError(self.entry.name, "restarted", text) from None

    def fetch(self, run: Run, end: dict[str, Any]) -> Report:
        """Return the report; Unreachable where it is not what the board hashed."""
        head, data = self.ssh.fetch({**self.job(run), "name": "report.json"})
        if len(data) != head["bytes"] or hashlib.sha256(data).hexdigest() != head["sha256"]:
            raise Unreachable(self.entry.name, "damaged", "the report arrived damaged")
        if head["sha256"] != end["sha256"]:
            raise BoardError(self.entry.name, "damaged", "the report changed on its disk")
        with tempfile.TemporaryDirectory(prefix="collodi-") as place:
            path = Path(place) / "report.json"
            path.write_bytes(data)
            return read_report(path)

    def send(self, run: Run, name: str, data: bytes) -> None:
        """Send one file; one that arrived damaged or cut is sent again."""
        digest = hashlib.sha256(data).hexdigest()
        facts = {"name": name, "bytes": len(data), "sha256": digest}

        for last in (False, False, True):
            try:
                self.insist(lambda: self.call(run, "receive", data, **facts))
                return
            except BoardError as error:
                if last or error.code not in ("cut", "damaged"):
                    raise
                self.say(f"{error}; sending it again")

    def insist(self, attempt: Callable[[], T], patience_s: float | None = None) -> T:
        """Call until the connection holds; Unreachable when it fails for the board's patience."""
        patience = self.entry.patience_s if patience_s is None else patience_s
        failing, pause = 0.0, 0.5
        while True:
            began = time.monotonic()
            try:
                return attempt()
            except Unreachable as error:
                now = time.monotonic()
                if not failing or now - began > HELD_S:
                    failing, pause = now, 0.5
                if now + pause > failing + patience:
                    raise
                self.say(f"{error}; trying again")
            time.sleep(pause)
            pause = min(2 * pause, 10.0)

    def give_up(self, run: Run, error: BaseException) -> None:
        """Clean the board after a failure, unless the run goes on there without a connection."""
        if isinstance(error, Unreachable) and run.started:
            self.say(f"the run goes on; fetch it later: --board {self.entry.name} --resume")
        else:
            self.tidy(run)

    def tidy(self, run: Run) -> None:
        """Clean the board; where that cannot be done, say what is left, and lose no report."""
        try:
            self.insist(lambda: self.clean(run), CLEAN_S)
        except BoardError as trouble:
            self.say(f"{trouble}; {run.folder} may be left there, the next run removes it")

    def clean(self, run: Run) -> None:
        """Stop the run, remove its folder on the board, and forget it."""
        if not self.call(run, "clean")["removed"]:
            raise BoardError(self.entry.name, "left", f"{run.folder} cannot be removed")
        self.record.unlink(missing_ok=True)

    def call(self, run: Run, verb: str, payload: bytes = b"", **more: object) -> dict[str, Any]:
        """Ask the agent about this run."""
        return self.ssh.ask(verb, {**self.job(run), **more}, payload)

    def job(self, run: Run) -> dict[str, Any]:
        """Return what every verb needs to know of a run."""
        return {"dir": run.folder, "lock": self.entry.lock}

    def known(self) -> Run | None:
        """Return the run that was begun from here, None where there is none."""
        if not self.record.exists():
            return None
        return decode(Run, load_json(self.record), str(self.record))

    def keep(self, run: Run) -> None:
        """Remember a run until the board is clean again."""
        self.record.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(self.record, dumps(run))
