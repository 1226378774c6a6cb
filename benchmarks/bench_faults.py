"""Faults put into runs on a board: does each end in the right error or a correct report, and clean?

    python benchmarks/bench_faults.py [NAME ...] [--json FILE]

The board is this machine through a real sshd on 127.0.0.1 (tests/make_loopback.py). Figure
`faults_clean`: the fraction of faults that ended as they should and left nothing on the board.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from common import finish

from device.bench import Options
from device.boards import board_named
from device.bundle import MANIFEST
from device.files import sha256_of
from device.remote import Remote
from device.report import Report
from device.ssh import BoardError

TESTS = Path(__file__).resolve().parent.parent / "tests"
SHORT = Options(file="onnx", runs=6, seconds=0.5, rounds=2)
LONG = Options(file="onnx", runs=10**7, seconds=6.0, rounds=3)
FAULTS: dict[str, Callable[[Case], None]] = {}


def fault(case: Callable[[Case], None]) -> Callable[[Case], None]:
    """Enter a fault under the name of its function."""
    FAULTS[case.__name__.replace("_", " ")] = case
    return case


class Case:
    """One fault: a fresh board, a bundle, and the host's side of a run."""

    def __init__(self, board: Any, folder: Path) -> None:
        self.board, self.folder = board, folder
        self.said: list[str] = []
        self.on_say: Callable[[str], None] = lambda _: None

    def remote(self, **entry: object) -> Remote:
        """Return the host's side, after a change of the board's entry."""
        if entry:
            self.board.write_configs(**entry)
        return Remote(board_named("desk"), self.say)

    def say(self, line: str) -> None:
        self.said.append(line)
        self.on_say(line)

    def right(self, report: Report, *doubts: str) -> None:
        """Check that a report is whole, about this bundle, and carries these doubts."""
        (row,) = report.runs
        assert report.bundles[0].manifest_sha256 == sha256_of(self.folder / MANIFEST)
        assert row.status == "ran" and len(row.latency_ns) >= 5 and min(row.latency_ns) > 0
        assert sum(row.rounds) == len(row.latency_ns) and report.board.name == "desk"
        for phrase in doubts:
            assert any(phrase in doubt for doubt in row.doubts), (phrase, row.doubts)

    def runs(self, remote: Remote | None = None, options: Options = SHORT) -> Report:
        """Measure."""
        return (remote or self.remote()).bench([self.folder], options)

    def when_running(self, act: Callable[[], object]) -> None:
        """Do something once, as soon as the run measures."""
        done: list[bool] = []

        def look(line: str) -> None:
            if "running" in line and not done:
                done.append(True)
                act()

        self.on_say = look

    def away(self, seconds: float) -> None:
        """Kill sshd with its connections; it is back after some seconds."""
        self.board.stop()
        threading.Timer(seconds, self.board.start).start()

    def run_folder(self) -> Path:
        """Return the folder of the run on the board."""
        (folder,) = self.board.scratch.glob("collodi-run-*")
        return folder


@contextlib.contextmanager
def ends_in(code: str, *words: str) -> Iterator[None]:
    """Expect a BoardError of this code, in one line with these words."""
    try:
        yield
    except BoardError as error:
        line = str(error)
        assert error.code == code, f"{error.code}, not {code}: {line}"
        assert "\n" not in line and line.startswith("board desk: "), line
        assert all(word in line for word in words), line
        return
    raise AssertionError(f"no error where '{code}' was due")


def before_call(remote: Remote, verb: str, act: Callable[[], object], times: int = 1) -> None:
    """Do something just before the first calls of a verb."""
    real, left = remote.ssh._call, [times]

    def call(what: str, job: dict[str, Any], payload: bytes = b"") -> bytes:
        if what == verb and left[0]:
            left[0] -= 1
            act()
        return real(what, job, payload)

    remote.ssh._call = call  # type: ignore[method-assign]


def damaged(remote: Remote, times: int) -> None:
    """Turn over a byte of the next files that are sent."""
    real, left = remote.ssh._call, [times]

    def call(what: str, job: dict[str, Any], payload: bytes = b"") -> bytes:
        if what == "receive" and left[0]:
            left[0] -= 1
            payload = payload[:100] + bytes([payload[100] ^ 1]) + payload[101:]
        return real(what, job, payload)

    remote.ssh._call = call  # type: ignore[method-assign]


@fault
def sshd_killed_before_the_upload(case: Case) -> None:
    remote = case.remote()
    before_call(remote, "receive", lambda: case.away(1.0))
    case.right(case.runs(remote))


@fault
def sshd_killed_in_the_upload(case: Case) -> None:
    remote, large = case.remote(), os.urandom(60 << 20)

    def kill() -> None:
        while not any(case.board.scratch.glob("*/large")):
            time.sleep(0.002)
        case.away(1.0)

    real = remote.send

    def send(run: Any, name: str, data: bytes) -> None:
        if name == "job.zip":
            threading.Thread(target=kill).start()
            real(run, "large", large)
        real(run, name, data)

    remote.send = send  # type: ignore[method-assign]
    case.right(case.runs(remote))
    assert any("trying again" in line for line in case.said)


@fault
def sshd_gone_after_the_upload(case: Case) -> None:
    remote = case.remote(patience_s=1.0)
    before_call(remote, "start", case.board.stop, times=99)
    with ends_in("connection"):
        case.runs(remote)
    assert remote.record.exists()
    case.board.start()
    case.remote().discard()


@fault
def sshd_killed_in_the_run(case: Case) -> None:
    case.when_running(lambda: case.away(1.5))
    case.right(case.runs(options=LONG))


@fault
def sshd_gone_until_resume(case: Case) -> None:
    case.when_running(case.board.stop)
    with ends_in("connection"):
        case.runs(case.remote(patience_s=1.0), LONG)
    assert "--resume" in case.said[-1]
    case.board.start()
    with ends_in("unfetched", "--resume", "--discard"):
        case.runs()
    case.right(case.remote(patience_s=90.0).resume())


@fault
def sshd_killed_before_the_fetch(case: Case) -> None:
    remote = case.remote()
    before_call(remote, "fetch", lambda: case.away(1.0))
    case.right(case.runs(remote))


@fault
def board_restarts_and_keeps_its_files(case: Case) -> None:
    case.when_running(lambda: restart(case))
    with ends_in("restarted", "restarted"):
        case.runs(options=LONG)


@fault
def board_restarts_and_empties_its_folder(case: Case) -> None:
    def act() -> None:
        restart(case)
        shutil.rmtree(case.run_folder())
        (case.board.place / "board.lock").unlink()

    case.when_running(act)
    with ends_in("restarted", "restarted"):
        case.runs(options=LONG)


def restart(case: Case) -> None:
    """Do to the board's processes and its boot id what a restart does."""
    case.board.stop()
    for pid in case.board.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    (case.board.faults / "boot_id").write_text("00000000-0000-0000-0000-000000000001\n")
    threading.Timer(1.0, case.board.start).start()


@fault
def disk_full_at_the_upload(case: Case) -> None:
    with small_disk(case, "64k"), ends_in("disk-full"):
        case.runs()


@fault
def disk_full_in_the_run(case: Case) -> None:
    def fill() -> None:
        with contextlib.suppress(OSError), (case.run_folder() / "filler").open("wb") as stream:
            while True:
                stream.write(bytes(4096))
                stream.flush()

    with small_disk(case, "4m"):
        case.when_running(fill)
        with ends_in("disk-full"):
            case.runs(options=LONG)
        assert not any(case.board.scratch.iterdir())


@contextlib.contextmanager
def small_disk(case: Case, size: str) -> Iterator[None]:
    """Give the board a small disk for its scratch folder; PermissionError where not root."""
    if os.geteuid() != 0:
        raise PermissionError("a small disk needs root")
    place = str(case.board.scratch)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@fault
def clock_jumps_forward(case: Case) -> None:
    case.when_running(lambda: (case.board.faults / "clock").write_text("86400"))
    case.right(case.runs(options=LONG), "clock was set by +86400 s")


@fault
def clock_jumps_back(case: Case) -> None:
    case.when_running(lambda: (case.board.faults / "clock").write_text("-3600"))
    case.right(case.runs(options=LONG), "clock was set by -3600 s")


def kill_process(case: Case, what: str) -> None:
    """Kill the processes of the run whose command line has this word."""
    for _ in range(200):
        found = [pid for pid, words in case.board.processes().items() if what in words]
        if found:
            os.kill(found[0], signal.SIGKILL)
            return
        time.sleep(0.05)


@fault
def runtime_killed(case: Case) -> None:
    case.when_running(lambda: kill_process(case, "device.worker"))
    (row,) = case.runs(options=LONG).runs
    assert row.status == "failed" and "SIGKILL" in (row.reason or "") and not row.latency_ns


@fault
def measuring_process_killed(case: Case) -> None:
    case.when_running(lambda: kill_process(case, "pyz measure"))
    with ends_in("killed", "SIGKILL"):
        case.runs(options=LONG)


@fault
def supervisor_killed(case: Case) -> None:
    case.when_running(lambda: kill_process(case, "pyz supervise"))
    with ends_in("died", "killed"):
        case.runs(options=LONG)


@fault
def upload_damaged_once(case: Case) -> None:
    remote = case.remote()
    damaged(remote, 1)
    case.right(case.runs(remote))
    assert any("arrived damaged" in line for line in case.said)


@fault
def upload_damaged_always(case: Case) -> None:
    remote = case.remote()
    damaged(remote, 99)
    with ends_in("damaged", "SHA-256"):
        case.runs(remote)


@fault
def report_damaged_on_its_disk(case: Case) -> None:
    remote = case.remote()

    def spoil() -> None:
        path = case.run_folder() / "report.json"
        path.write_text(path.read_text().replace("1", "2", 1))

    before_call(remote, "fetch", spoil)
    with ends_in("damaged", "changed on its disk"):
        case.runs(remote)


@fault
def host_key_changed(case: Case) -> None:
    MAKE["make_key"](case.board.place / "other")
    remote = case.remote()
    case.board.know(case.board.place / "other.pub")
    with ends_in("host-key", "not the known one"):
        case.runs(remote)


@fault
def host_key_unknown(case: Case) -> None:
    remote = case.remote()
    (case.board.place / "known").write_text("")
    with ends_in("host-key", "not known"):
        case.runs(remote)


@fault
def key_not_accepted(case: Case) -> None:
    (case.board.place / "authorized").write_text("")
    with ends_in("login"):
        case.runs()


@fault
def board_switched_off(case: Case) -> None:
    case.board.stop()
    with ends_in("connection", "refused"):
        case.runs()
    case.board.start()


@fault
def wrong_architecture(case: Case) -> None:
    with ends_in("machine", "its instruction set is"):
        case.runs(case.remote(machines=["mips"]))


@fault
def login_that_wraps_and_prints(case: Case) -> None:
    """A forced command, a shell that prints without a newline, a folder that hands on its group."""
    config = case.board.place / "sshd_config"
    command = 'ForceCommand printf title; /bin/sh -c "$SSH_ORIGINAL_COMMAND"\n'
    config.write_text(config.read_text() + command)
    case.board.scratch.chmod(0o2777)
    case.board.stop()
    case.board.start()
    case.right(case.runs())


@fault
def missing_runtime(case: Case) -> None:
    case.board.write_python("-S -s")
    with ends_in("runtime", "pip install onnxruntime"):
        case.runs(case.remote(runtimes=["onnxruntime"]))


@fault
def missing_python(case: Case) -> None:
    with ends_in("python", "no program 'python3.99'"):
        case.runs(case.remote(python="python3.99"))


@fault
def two_users_at_once(case: Case) -> None:
    errors: list[BaseException] = []

    def second() -> None:
        try:
            with ends_in("busy", "has been measuring on it for"):
                other = Remote(board_named("desk"), lambda _: None)
                other.record = case.board.place / "second.json"
                other.bench([case.folder], SHORT)
        except BaseException as error:
            errors.append(error)

    case.when_running(second)
    case.right(case.runs(options=LONG))
    assert not errors, errors


@fault
def lock_of_a_run_that_died(case: Case) -> None:
    (case.board.place / "board.lock").write_text('{"owner": "a", "dir": "b", "since_s": 1}')
    case.right(case.runs())


@fault
def too_hot_for_too_long(case: Case) -> None:
    (case.board.faults / "hot").write_text("91")
    with ends_in("hot", "91 C", "60 C"):
        case.runs(case.remote(cool_c=60.0, cool_wait_s=1.0))


@fault
def too_hot_at_first(case: Case) -> None:
    (case.board.faults / "hot").write_text("91")
    case.on_say = lambda line: (
        (case.board.faults / "hot").write_text("50") if "cooling" in line else None
    )
    case.right(case.runs(case.remote(cool_c=60.0, cool_wait_s=60.0)))
    assert any("cooling" in line for line in case.said)


@fault
def interrupted_by_the_user(case: Case) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    case.when_running(stop)
    try:
        case.runs(options=LONG)
    except KeyboardInterrupt:
        return
    raise AssertionError("it went on")


GRACE_S = 5.0
MAKE = runpy.run_path(str(TESTS / "make_loopback.py"))


def _left(board: Any) -> list[str]:
    """What is left on a board; a call whose connection was cut has GRACE_S to notice and end."""
    end = time.monotonic() + GRACE_S
    while (left := board.left()) and time.monotonic() < end:
        time.sleep(0.1)
    return list(left)


def try_fault(name: str, place: Path, bundle: Path) -> str | None:
    """Run one fault on a fresh board; None where it ended right and clean, else what was wrong."""
    with MAKE["loopback"](place) as board:
        try:
            FAULTS[name](Case(board, bundle))
        except PermissionError as error:
            return f"not run: {error}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        left = _left(board)
        records = list((place / "state").rglob("*.json"))
        return f"left behind: {left + records}" if left or records else None


def main() -> None:
    """Run the faults that are named, by default all."""
    parser = argparse.ArgumentParser(description="faults on a board")
    parser.add_argument("names", nargs="*", help="faults to try (all)")
    parser.add_argument("--json", type=Path)
    words = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="collodi-faults-") as folder:
        bundle = Path(folder) / "tiny"
        runpy.run_path(str(TESTS / "make_tiny_bundle.py"))["make_tiny_bundle"](bundle)
        for number, name in enumerate(words.names or FAULTS):
            began = time.monotonic()
            wrong = try_fault(name, Path(folder) / str(number), bundle)
            rows.append({"fault": name, "wrong": wrong})
            print(f"{time.monotonic() - began:6.1f} s  {name}: {wrong or 'clean'}", flush=True)
    ran = [row for row in rows if not (row["wrong"] or "").startswith("not run")]
    figures = {
        "faults": len(ran),
        "faults_clean": sum(row["wrong"] is None for row in ran) / max(1, len(ran)),
    }
    finish(rows, figures, words.json)


if __name__ == "__main__":
    sys.exit(main())
