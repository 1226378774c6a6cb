"""A process of ours that holds a runtime: it may crash, hang or want all memory; that is a line."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from device.limits import RUNTIME_BYTES

C = TypeVar("C", bound="Child")
THREAD_BYTES = 16 << 20
"""Stack and small buffers of a thread."""
SHOWN = 400
"""Most characters of what it said last."""


class Child:
    """A Python process that runs `main` of a module on one argument; started when it is needed.

    Its errors are RuntimeErrors of one line.
    """

    def __init__(self, module: str, argument: str, folder: str, threads: int = 1) -> None:
        """folder: the bundle's, whose path no line needs; threads: of the libraries' own pools."""
        self._code = f"import sys; from {module} import main; sys.exit(main(sys.argv[1]))"
        self._argument, self._folder, self._threads = argument, folder, threads
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
        self._child: subprocess.Popen[bytes] | None = None
        self._rest = b""

    def __enter__(self: C) -> C:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, *parts: Any) -> None:
        """Write bytes, or anything that has some, to the process."""
        child = self._started()
        assert child.stdin is not None
        try:
            for part in parts:
                left = memoryview(part).cast("B")
                while left:
                    left = left[child.stdin.write(left) :]
        except BrokenPipeError:
            raise RuntimeError(self._why()) from None

    def line(self, patience_s: float) -> bytes:
        """Return its next line, without the end."""
        end = time.monotonic() + patience_s
        while b"\n" not in self._rest:
            self._rest += self._more(end, patience_s)
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def exactly(self, count: int, patience_s: float) -> bytearray:
        """Return the next `count` bytes."""
        end, made = time.monotonic() + patience_s, bytearray(self._rest)
        while len(made) < count:
            made += self._more(end, patience_s)
        self._rest = bytes(made[count:])
        del made[count:]
        return made

    def close(self) -> None:
        """End the process and wait for it."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    stream.close()
        self._errors.close()

    def shown(self, text: str) -> str:
        """Return a message without the path of the bundle."""
        for path in (str(Path(self._folder).resolve()), self._folder):
            text = text.replace(path.rstrip("/") + "/", "")
        return text[:SHOWN]

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-c", self._code, self._argument],
                env=_environment(self._threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
            )
        return self._child

    def _more(self, end: float, patience_s: float) -> bytes:
        stream = self._started().stdout
        assert stream is not None
        ready, _, _ = select.select([stream], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise RuntimeError(f"no answer after {patience_s:.0f} s")
        part = os.read(stream.fileno(), 1 << 16)
        if not part:
            raise RuntimeError(self._why())
        return part

    def _why(self) -> str:
        """Return one line on a child that has gone."""
        assert self._child is not None
        try:
            code = self._child.wait(10)
        except subprocess.TimeoutExpired:
            return "the measuring process closed its output"
        if code < 0:
            return f"the runtime crashed: {signal.Signals(-code).name}"
        self._errors.seek(0)
        text = self._errors.read().decode("utf-8", "replace")
        lines = [line for line in text.splitlines() if line.strip()]
        return self.shown(lines[-1] if lines else f"exit status {code}")


def bound_memory(runtime: str, threads: int = 1) -> None:
    """Have the system refuse this process more memory than a runtime on the CPU may take.

    What the system refuses becomes an error of the runtime, or its end. With a GPU nothing is
    bounded: drivers map more than the machine has.
    """
    import resource

    if runtime.startswith("tensorrt") or runtime.endswith((":cuda", ":tensorrt")):
        return
    most = RUNTIME_BYTES + threads * THREAD_BYTES
    if most <= sys.maxsize:
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash is expected, and told in a line


def _environment(threads: int) -> dict[str, Any]:
    home = str(Path(__file__).resolve().parent.parent)
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        **os.environ,
        **dict.fromkeys(pools, str(threads)),
        "PYTHONPATH": os.pathsep.join(paths),
    }
