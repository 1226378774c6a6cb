"""Faults that bench_faults.py puts into runs: connection, disk, clock, processes, keys, heat."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from board_case import LONG, MAKE, SHORT, Case, before_call, damaged, ends_in

from device.boards import board_named
from device.remote import Remote

FAULTS: dict[str, Callable[[Case], None]] = {}


def fault(case: Callable[[Case], None]) -> Callable[[Case], None]:
    """Enter a fault under the name of its function."""
    FAULTS[case.__name__.replace("_", " ")] = case
    return case


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
