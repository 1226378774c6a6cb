"""A Ray cluster of two hosts (network namespaces): the bytes of the loop, a line for a fault."""

import os
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from device.main import main
from generate.shards import open_dataset, verify

pytest.importorskip("ray", reason="ray is not installed: pip install 'collodi[ray]'")
HERE = Path(__file__).parent
ROOT = HERE.parent
NODES = SimpleNamespace(**runpy.run_path(str(HERE / "make_ray_nodes.py")))
SERVER = SimpleNamespace(**runpy.run_path(str(HERE / "make_s3_server.py")))
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(NODES.missing()), reason=NODES.missing() or "-"),
]
COLLODI = [sys.executable, "-c", "import sys; from device.main import main; sys.exit(main())"]
WORDS = ["words", "--words", "stop", "go", "--voices", "espeak", "--shard-clips", "4"]
FEW, MANY = [*WORDS, "--clips", "24"], [*WORDS, "--clips", "240"]
STILLS = ["stills", "--clips", "4", "--shard-clips", "1", "--size-px", "64"]
STILLS += ["--view", "numba"]
ENV = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0",
       "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}  # fmt: skip
WAIT_S = 150


class Cluster:
    """A network with the head of a Ray cluster; `shared` is the folder that all hosts see."""

    def __init__(self, net: Any, head: Any, env: dict[str, str]) -> None:
        self.net, self.head, self.env = net, head, env
        self.shared = net.folder / "shared"
        self.shared.mkdir()

    @contextmanager
    def node(self, mounts: Mapping[Path, Path | None] | None = None) -> Iterator[Any]:
        """A second host with a node of the cluster."""
        with self.net.host() as host:
            host.join(self.head, self.env, mounts)
            yield host

    def start(self, out: str, words: list[str], address: str = "") -> subprocess.Popen[str]:
        """collodi generate on the head's host."""
        address = address or f"{self.head.address}:{NODES.PORT}"
        ray = ["--engine", "ray", "--ray-address", address]
        command = [*COLLODI, "generate", words[0], "--out", out, *words[1:], *ray]
        started: subprocess.Popen[str] = self.head.start(command, self.env, {})
        return started


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    root = tmp_path / "nodes"
    (root / "s3" / "bucket").mkdir(parents=True)
    net = NODES.Net(root)
    try:
        with SERVER.served(root / "s3", net.address) as port, net.host() as head:
            env = ENV | SERVER.environment(port, net.address)
            head.join(head, env)
            yield Cluster(net, head, env)
    finally:
        net.end()


def ended(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Exit status, and lines of stderr without those of progress."""
    _, errors = process.communicate(timeout=WAIT_S)
    assert "Traceback" not in errors, errors
    lines = [line for line in errors.splitlines() if not line.startswith("generate:")]
    return process.returncode, lines


def until(holds: Any) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def until_at_work(node: Any, process: subprocess.Popen[str]) -> None:
    until(lambda: node.at_work() or process.poll() is not None)
    assert process.poll() is None, process.communicate()


def shards(folder: Path) -> list[bytes]:
    """Bytes of the shards of a whole data set, in order."""
    dataset = open_dataset(folder)
    verify(dataset)
    return [(folder / name).read_bytes() for name in sorted(dataset.header["shards"])]


def loop(folder: Path, words: list[str]) -> list[bytes]:
    """The shards that the loop makes."""
    assert main(["generate", words[0], "--out", str(folder), *words[1:], "--engine", "loop"]) == 0
    return shards(folder)


def test_two_hosts_make_the_bytes_of_the_loop(cluster: Cluster, tmp_path: Path) -> None:
    words, stills = loop(tmp_path / "words", FEW), loop(tmp_path / "stills", STILLS)
    with cluster.node() as node:
        for name, options, want in (("words", FEW, words), ("stills", STILLS, stills)):
            process = cluster.start(str(cluster.shared / name), options)
            until_at_work(node, process)
            assert ended(process)[0] == 0
            assert shards(cluster.shared / name) == want
        process = cluster.start("s3://bucket/words", FEW, "auto")
        assert ended(process)[0] == 0
        assert shards(cluster.net.folder / "s3" / "bucket" / "words") == words


@pytest.mark.parametrize("how", ["kill", "cut"])
def test_a_host_that_is_lost_midway_is_one_line_and_the_next_run_goes_on(
    cluster: Cluster, tmp_path: Path, how: str
) -> None:
    out = cluster.shared / how
    with cluster.node() as node:
        process = cluster.start(str(out), MANY)
        until(lambda: process.poll() is not None or (
            node.at_work() and len(list(out.glob("*.tar"))) > 4))  # fmt: skip
        getattr(node, how)()
        status, said = ended(process)
    assert status == 1 and len(said) == 2 and "run again to go on" in said[1], said
    made = {path: path.stat().st_mtime_ns for path in out.glob("*.tar")}
    assert len(made) > 4
    status, said = ended(cluster.start(str(out), MANY))
    assert status == 0, said
    assert all(path.stat().st_mtime_ns == when for path, when in made.items())
    assert not list(out.glob("*.part"))
    assert shards(out) == loop(tmp_path / "loop", MANY)


def installed() -> list[Path]:
    """Folders from which Python here takes the kit."""
    ask = "import generate; print(generate.__path__[0])"
    places = {ROOT / "generate"}
    for env in (os.environ | ENV, {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}):
        done = subprocess.run([sys.executable, "-c", ask], env=env, cwd="/", capture_output=True,
                              text=True)  # fmt: skip
        places |= {Path(done.stdout.strip())} if done.returncode == 0 else set()
    return sorted(places)


def other_kit(folder: Path) -> Path:
    """A copy of the kit with another line in it."""
    shutil.copytree(ROOT / "generate", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "kit.py").write_text((folder / "kit.py").read_text() + "\n# another kit\n")
    return folder


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no kit", "has no Collodi, or another version of it"),
        ("other kit", "has Collodi "),
        ("other folder", "does not see the folder"),
    ],
)
def test_a_host_that_does_not_fit_is_named_in_one_line(
    cluster: Cluster, tmp_path: Path, fault: str, said: str
) -> None:
    out = cluster.shared / fault.replace(" ", "-")
    mounts: dict[Path, Path | None] = {cluster.shared: None}
    if fault == "no kit":
        mounts = dict.fromkeys(installed())
    elif fault == "other kit":
        other = other_kit(tmp_path / "generate")
        mounts = dict.fromkeys(installed(), other)
    with cluster.node(mounts) as node:
        status, lines = ended(cluster.start(str(out), MANY))
        assert status == 2 and len(lines) == 2, lines
        assert f"node {node.address} {said}" in lines[1]
    assert not list(out.glob("*.part"))
