"""The system's own ssh as the only way to a board: the user's configuration, keys and known hosts.

Each call starts `ssh`, sends the agent's source on its stdin and reads JSON lines from its stdout.
No password is asked for, no unknown host key is taken, every word for the remote shell is quoted.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from device.boards import Entry

OPTIONS = {
    "BatchMode": "yes", "StrictHostKeyChecking": "yes", "ConnectTimeout": "10",
    "ServerAliveInterval": "5", "ServerAliveCountMax": "3", "ClearAllForwardings": "yes",
    "ForwardAgent": "no", "ForwardX11": "no", "RequestTTY": "no", "RemoteCommand": "none",
    "PermitLocalCommand": "no", "EscapeChar": "none", "LogLevel": "ERROR",
}  # fmt: skip
SOURCES = ("lock", "agent")
"""Modules of device/onboard that are sent with each call, in the order of their imports."""
MARK = b"collodi-agent\n"
"""Comes before the agent's answer, after whatever the board's shell prints at a login."""
BOOT = """\
import sys
if sys.version_info < (3, 8): sys.exit("Python %d.%d there; 3.8 is the oldest" % sys.version_info[:2])
sys.stdout.write("collodi-agent\\n"); sys.stdout.flush()
exec(sys.stdin.buffer.read(int(sys.argv[1])))"""  # noqa: E501
PATIENCE_S = 120.0
"""For one answer; a loaded board of the smallest kind takes seconds to start Python."""
LARGEST, LARGEST_LINE = 1 << 29, 1 << 20
"""Bytes of an answer, and of a line of events, beyond which nothing is read."""
NULL = type(None)
DUE: dict[str, dict[str, type | tuple[type, ...]]] = {
    "hello": {
        "machine": str, "boot_id": str, "scratch": str, "runs": list, "modules": list,
        "busy": (str, NULL), "power_mode": (str, NULL),
    },
    "receive": {"stored": str}, "start": {"started": bool}, "clean": {"removed": bool},
    "follow": {"event": str}, "fetch": {"bytes": int, "sha256": str},
}  # fmt: skip
"""Keys of each verb's answer that are relied on; one without them is none of ours."""
LEAST_RATE = 20_000
"""Bytes per second; a slower transfer counts as hung."""
STABLE = {
    r"REMOTE HOST IDENTIFICATION HAS CHANGED": (
        "host-key", "its host key is not the known one: another machine, or one set up anew"
    ),
    r"Host key verification failed|No .* host key is known": (
        "host-key", "its host key is not known: connect once by hand with ssh and check it"
    ),
    r"Permission denied": ("login", "it accepts none of your keys for this user"),
    r"Could not resolve hostname": ("address", "its address is not known"),
    r"Bad configuration option|Bad owner or permissions|terminating, \d+ bad config": (
        "ssh-config", "the SSH configuration is broken"
    ),
}  # fmt: skip
"""What ssh says, to the code and text of an error that trying again does not mend."""


class BoardError(RuntimeError):
    """A failure with a board: one line that names the board; `code` is for programs."""

    def __init__(self, board: str, code: str, text: str) -> None:
        super().__init__(f"board {board}: {' '.join(text.split())}")
        self.code, self.text = code, text


class Unreachable(BoardError):
    """The connection failed in a way that may pass."""


class Ssh:
    """Calls to the agent on one board."""

    def __init__(self, entry: Entry) -> None:
        if not shutil.which("ssh"):
            raise BoardError(entry.name, "no-ssh", "OpenSSH's ssh is not installed here")
        self.entry = entry
        self.source = agent_source()

    def words(self, verb: str, job: dict[str, Any]) -> list[str]:
        """Return the command line of a call."""
        entry = self.entry
        remote = [entry.python, "-c", BOOT, str(len(self.source)), verb, json.dumps(job)]
        options = [word for key, value in OPTIONS.items() for word in ("-o", f"{key}={value}")]
        return [
            "ssh",
            *(["-F", str(Path(entry.ssh_config).expanduser())] if entry.ssh_config else []),
            *options,
            *(["-l", entry.user] if entry.user else []),
            *(["-p", str(entry.port)] if entry.port else []),
            "--",
            str(entry.host),
            shlex.join(remote),
        ]

    def ask(self, verb: str, job: dict[str, Any], payload: bytes = b"") -> dict[str, Any]:
        """Return the agent's answer; BoardError where it fails, Unreachable where ssh does."""
        return self._answer(verb, self._call(verb, job, payload).split(b"\n")[0])

    def fetch(self, job: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Return (size and hash, the bytes) of a file of a run."""
        head, _, data = self._call("fetch", job).partition(b"\n")
        return self._answer("fetch", head), data

    def stream(self, verb: str, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the agent's lines as they come."""
        with tempfile.TemporaryFile() as errors, self._open(verb, job, errors) as process:
            try:
                out = process.stdout
                assert out
                self._feed(process)
                marked = False
                for line in iter(lambda: out.readline(LARGEST_LINE), b""):
                    if marked:
                        yield self._answer(verb, line)
                    marked = marked or line.endswith(MARK)
                status = process.wait()
            finally:
                process.kill()
            errors.seek(0)
            self._check(status, marked, errors.read())

    def _call(self, verb: str, job: dict[str, Any], payload: bytes = b"") -> bytes:
        patience = PATIENCE_S + len(payload) / LEAST_RATE
        with tempfile.TemporaryFile() as errors, self._open(verb, job, errors) as process:
            feeder = threading.Thread(target=self._feed, args=(process, payload))
            late: list[bool] = []

            def stop() -> None:
                late.append(True)
                process.kill()

            watch = threading.Timer(patience, stop)
            try:
                feeder.start()
                watch.start()
                assert process.stdout
                said = process.stdout.read(LARGEST + 1)
                if len(said) > LARGEST:
                    raise BoardError(self.entry.name, "answer", f"it sends over {LARGEST} bytes")
                status = process.wait()
            finally:
                process.kill()
                watch.cancel()
                feeder.join()
            errors.seek(0)
            reasons = errors.read()
        if late:
            raise self._unreachable(f"no answer to '{verb}' within {patience:.0f} s")
        _, mark, after = said.partition(MARK)
        self._check(status, bool(mark), reasons)
        return after

    def _open(self, verb: str, job: dict[str, Any], errors: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.words(verb, job),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is ours to handle: the run has to be stopped first
        )

    def _feed(self, process: subprocess.Popen[bytes], payload: bytes = b"") -> None:
        assert process.stdin
        try:
            process.stdin.write(self.source + payload)
            process.stdin.close()
        except BrokenPipeError:  # its reason is on stderr
            pass

    def _answer(self, verb: str, line: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(line)
        except ValueError:
            raise self._unreachable("the connection was lost in an answer") from None
        if not isinstance(answer, dict):
            raise BoardError(self.entry.name, "answer", f"it answered {line!r:.60}")
        if "error" in answer:
            raise BoardError(self.entry.name, str(answer["error"]), str(answer.get("message")))
        for key, kind in DUE[verb].items():
            if key not in answer or not isinstance(answer[key], kind):
                text = f"its answer to '{verb}' has no proper '{key}': not what was asked for"
                raise BoardError(self.entry.name, "answer", text)
        return answer

    def _check(self, status: int, marked: bool, errors: bytes) -> None:
        """Raise what a failed call means; status 3 is an error in the answer."""
        text = errors.decode("utf-8", "replace").strip()
        last = text.splitlines()[-1] if text else ""
        if status in (0, 3) and marked:
            return
        if status == 255 or status < 0:
            for pattern, (code, meaning) in STABLE.items():
                if re.search(pattern, text):
                    raise BoardError(self.entry.name, code, meaning)
            raise self._unreachable(last or "the connection was lost")
        if status in (126, 127) and not marked:
            reason = (
                f"no program '{self.entry.python}' there ({last}); name its Python in the entry"
            )
            raise BoardError(self.entry.name, "python", reason)
        raise BoardError(self.entry.name, "agent", last or f"the agent ended with status {status}")

    def _unreachable(self, text: str) -> Unreachable:
        return Unreachable(self.entry.name, "connection", text)


def agent_source() -> bytes:
    """Return the modules that a board runs without the kit, as one program."""
    folder = Path(__file__).resolve().parent / "onboard"
    lines = ["import sys, types"]
    for name in SOURCES:
        text = (folder / f"{name}.py").read_text(encoding="utf-8")
        full = f"device.onboard.{name}"
        lines += [
            f"module = sys.modules[{full!r}] = types.ModuleType({full!r})",
            f"exec(compile({text!r}, {full!r}, 'exec'), module.__dict__)",
        ]
    return "\n".join([*lines, "sys.exit(module.main(sys.argv[2:]))"]).encode()
