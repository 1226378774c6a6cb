"""What happens on the board: its lock, private folders, whose process is whose, what ssh hears."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.boards import Entry
from device.onboard.agent import KIT, read_state, remains
from device.onboard.lock import Trouble, _remove_stale, busy, holder, own, take
from device.onboard.supervise import supervise
from device.remote_report import Teller
from device.ssh import BoardError, Ssh, Unreachable


def test_a_lock_that_was_just_taken_is_not_removed_as_stale(tmp_path: Path) -> None:
    """Another saw the file before it was locked, and comes to remove it after that."""
    lock = tmp_path / "lock"
    handle = take(str(lock), "a", "here")
    _remove_stale(lock)
    assert lock.exists()
    with pytest.raises(Trouble, match="a has been measuring"):
        take(str(lock), "b", "there")
    os.close(handle)
    _remove_stale(lock)
    assert not lock.exists()


def test_whatever_the_umask_others_read_who_has_the_board(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        os.close(take(str(tmp_path / "lock"), "a", "here"))
    finally:
        os.umask(before)
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("since", ["x", None, [], {}])
def test_a_damaged_lock_is_still_busy(since: object) -> None:
    assert str(busy({"owner": "a", "since_s": since})) == "a has been measuring on it for 0 s"


def test_a_pipe_in_the_place_of_the_lock_hangs_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")
    asked = threading.Thread(target=holder, args=(str(tmp_path / "lock"),), daemon=True)
    asked.start()
    asked.join(10)
    assert not asked.is_alive()


def test_a_folder_may_inherit_its_group_and_nothing_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o2700)
    own(tmp_path)
    for mode in (0o750, 0o701, 0o2710):
        tmp_path.chmod(mode)
        with pytest.raises(Trouble, match="not a private folder"):
            own(tmp_path)


def test_the_processes_of_a_run_are_those_of_its_kit(tmp_path: Path) -> None:
    folder = tmp_path / "collodi-run-0123456789"
    variables = {
        "PYTHONPATH": f"{folder}/{KIT}:/other",
        "SSH_ORIGINAL_COMMAND": f'{{"dir": "{folder}"}}',
    }
    words = [sys.executable, "-c", "import time; time.sleep(60)"]
    started = {
        name: subprocess.Popen(words, env={name: value}) for name, value in variables.items()
    }
    try:
        for _ in range(100):  # until exec has replaced the environment
            if remains(folder):
                break
            time.sleep(0.02)
        assert remains(folder) == [started["PYTHONPATH"].pid]
    finally:
        for process in started.values():
            process.kill()
            process.wait()


def test_what_a_shell_prints_before_the_answer_does_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ssh = Ssh(Entry("desk", host="desk"))
    for title in ("", "hello\n", "title"):
        script = f'printf \'{title}collodi-agent\n{{"event": "end"}}\n\'; cat >/dev/null'
        monkeypatch.setattr(ssh, "words", lambda *_, script=script: ["sh", "-c", script])
        assert list(ssh.stream("follow", {})) == [{"event": "end"}]
        assert ssh.ask("follow", {}) == {"event": "end"}


@pytest.mark.parametrize("answer", ["{}", '{"removed": "yes"}', '{"removed": null}', "[]"])
def test_an_answer_that_lacks_what_was_asked_for_is_one_line(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = Ssh(Entry("desk", host="desk"))
    script = f"cat > /dev/null; echo collodi-agent; echo '{answer}'"
    monkeypatch.setattr(ssh, "words", lambda *_: ["sh", "-c", script])
    with pytest.raises(BoardError, match="board desk: it"):
        ssh.ask("clean", {})


def test_events_of_a_hostile_board_are_told_as_far_as_they_say_something() -> None:
    said: list[str] = []
    teller = Teller("desk", said.append)
    odd = {"event": "phase", "name": "ok", "at_s": 10**400, "clock_mhz": None}
    for event in ({"event": "phase"}, {"event": "phase", "name": 7, "at_s": "soon"}, odd):
        teller.tell(event)
    assert said == ["board desk: None", "board desk: 7", "board desk: ok"]


def test_an_answer_without_end_is_refused_and_one_that_does_not_come_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ssh = Ssh(Entry("desk", host="desk"))
    monkeypatch.setattr("device.ssh.LARGEST", 1 << 20)
    monkeypatch.setattr(ssh, "words", lambda *_: ["yes"])
    with pytest.raises(BoardError, match="it sends over 1048576 bytes"):
        ssh.ask("hello", {})
    monkeypatch.setattr("device.ssh.PATIENCE_S", 0.2)
    monkeypatch.setattr(ssh, "words", lambda *_: ["sleep", "30"])
    with pytest.raises(Unreachable, match="no answer to 'hello'"):
        ssh.ask("hello", {}, bytes(1000))


@pytest.fixture
def _signals() -> Iterator[None]:
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals")
def test_a_disk_that_is_full_while_unpacking_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "job.zip", "w") as archive:
        archive.writestr("request.json", "{}")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "extractall", full)
    assert supervise(str(tmp_path), str(tmp_path / "lock")) == 1
    assert read_state(tmp_path)["code"] == "disk-full"
