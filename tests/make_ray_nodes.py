"""Hosts of a Ray cluster on one machine: network namespaces on a bridge, each with a node of Ray.

Needs root and iproute2. A host has its own address, loopback and folder of Ray; it shares the file
system but for what is mounted for it alone. `ended` leaves nothing of it.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PORT = 6391
OBJECTS_BYTES = 80 << 20
"""Ray wants 75 MiB at least."""
START_S = 200
ALONE = """
mkdir -p /tmp/ray
mount --bind "$1" /tmp/ray
shift
while [ "$1" != -- ]; do
    if [ "$2" = none ]; then mount -t tmpfs none "$1"; else mount --bind "$2" "$1"; fi
    shift 2
done
shift
exec "$@"
"""


def missing() -> str:
    """What this machine lacks for it; empty where nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux, for network namespaces"
    if not shutil.which("ip") or not shutil.which("unshare"):
        return "needs ip and unshare (Debian: apt install iproute2 util-linux)"
    name = f"collodi-try-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    subprocess.run(["ip", "netns", "delete", name], capture_output=True)
    return f"no network namespaces here: {tried.stderr.strip()}" if tried.returncode else ""


def ip(*words: str) -> None:
    """Change the network; CalledProcessError where it does not."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Host:
    """A network namespace with one cable to the bridge."""

    def __init__(self, net: "Net", number: int) -> None:
        self.name, self.cable = f"collodi-{net.mark}-{number}", f"col{net.mark}-{number}"
        self.address, self.ray_folder = f"{net.prefix}.{number}", net.folder / f"ray-{number}"
        self.bridge = net.bridge

    def begin(self) -> None:
        """Put it on the bridge."""
        self.ray_folder.mkdir()
        ip("netns", "add", self.name)
        ip("link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("link", "set", self.cable, "master", self.bridge, "up")
        ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", "eth0")
        ip("-n", self.name, "link", "set", "eth0", "up")
        ip("-n", self.name, "link", "set", "lo", "up")

    def start(
        self, words: Sequence[str], env: Mapping[str, str], mounts: Mapping[Path, Path | None]
    ) -> subprocess.Popen[str]:
        """Start a command here. mounts: what it sees in place of a folder; None is an empty one."""
        pairs = [str(part or "none") for pair in mounts.items() for part in pair]
        alone = ["unshare", "-m", "sh", "-ec", ALONE, "sh", str(self.ray_folder), *pairs, "--"]
        return subprocess.Popen(
            ["ip", "netns", "exec", self.name, *alone, *words],
            env=os.environ | env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def join(
        self, head: "Host", env: Mapping[str, str], mounts: Mapping[Path, Path | None] | None = None
    ) -> None:
        """Start a Ray node with one CPU here; the head begins a cluster."""
        first = ["--head", f"--port={PORT}", "--include-dashboard=false"]
        words = first if head is self else [f"--address={head.address}:{PORT}"]
        words += [f"--node-ip-address={self.address}", "--num-cpus=1", "--disable-usage-stats"]
        words += [f"--object-store-memory={OBJECTS_BYTES}"]
        ray = str(Path(sys.executable).with_name("ray"))
        process = self.start([ray, "start", *words], env, mounts or {})
        said, errors = process.communicate(timeout=START_S)
        assert process.returncode == 0, said + errors

    def at_work(self) -> bool:
        """Whether a worker of Ray makes a shard here."""
        for pid in self.processes():
            with suppress(OSError):
                if b"ray::work" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return True
        return False

    def processes(self) -> list[int]:
        """Ids of all that runs here."""
        found = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True)
        return [int(word) for word in found.stdout.split()]

    def kill(self) -> None:
        """kill -9 of all that runs here."""
        while pids := self.processes():
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)

    def cut(self) -> None:
        """Pull the cable."""
        ip("link", "set", self.cable, "down")

    def end(self) -> None:
        """Kill what runs here and take the host away."""
        self.kill()
        for what, name in (("link", self.cable), ("netns", self.name)):
            subprocess.run(["ip", what, "delete", name], capture_output=True)


class Net:
    """A bridge that hosts hang on, with the address .254 for this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mark, self.made = folder, os.getpid() % 10**6, 0
        self.prefix, self.bridge = f"10.77.{os.getpid() % 256}", f"colb{self.mark}"
        self.address, self.hosts = f"{self.prefix}.254", list[Host]()
        ip("link", "add", self.bridge, "type", "bridge")
        ip("addr", "add", f"{self.address}/24", "dev", self.bridge)
        ip("link", "set", self.bridge, "up")

    @contextmanager
    def host(self) -> Iterator[Host]:
        """A new host; it is taken away afterwards."""
        self.made += 1
        host = Host(self, self.made)
        try:
            host.begin()
            yield host
        finally:
            host.end()

    def end(self) -> None:
        """Take the bridge away."""
        ip("link", "delete", self.bridge)
