"""A process in Coqui's Python, asked and answered over pipes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from generate.voice.coqui_protocol import receive, send

PYTHON_VARIABLE = "COLLODI_TTS_PYTHON"
CHILD = Path(__file__).with_name("coqui_child.py")
READY_S, ANSWER_S = 300.0, 120.0
"""Loading took 6 s and a sentence 0.3 s on a busy core; a cold disk is slower."""
_LOCK = threading.Lock()


def tts_python() -> str:
    """The Python that has Coqui's TTS: COLLODI_TTS_PYTHON, else this one if it has it.

    Raises ValueError where there is none: TTS conflicts with litert-torch, so it has an
    environment of its own.
    """
    named = os.environ.get(PYTHON_VARIABLE, "")
    if named:
        if not os.access(named, os.X_OK) or Path(named).is_dir():
            raise ValueError(f"{PYTHON_VARIABLE}={named} is not a Python that can be run")
        return named
    if find_spec("TTS") is None:
        raise ValueError(
            "a Coqui voice needs a Python with TTS: `make tts-venv`, "
            f"then {PYTHON_VARIABLE}=.tts-venv/bin/python"
        )
    return sys.executable


class Child:
    """A running child; `what` is speak or train, `path` its folder or job."""

    def __init__(self, what: str, path: str, command: tuple[str, ...] = ()) -> None:
        self.path = path
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        self.process = subprocess.Popen(
            [*(command or (tts_python(), "-I", str(CHILD))), what, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
        )

    def ask(self, header: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Send a request and wait for its answer; errors as `answer`."""
        assert self.process.stdin is not None
        try:
            send(self.process.stdin, header)
        except BrokenPipeError:
            raise self._gone() from None
        return self.answer(ANSWER_S)

    def answer(self, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        """The next message. ValueError with what the child refused, RuntimeError where it died."""
        assert self.process.stdout is not None
        watch = threading.Timer(timeout_s, self.process.kill)
        watch.start()
        try:
            header, sound = receive(self.process.stdout)
        except (EOFError, ValueError):
            raise self._gone() from None
        finally:
            watch.cancel()
        if "error" in header:
            raise ValueError(header["error"])
        return header, sound

    def close(self) -> None:
        """End the child; it stops by itself when nobody can ask any more."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        self.process.wait()
        self.said.close()

    def _gone(self) -> RuntimeError:
        """Why there is no answer: the last line on stderr says it best."""
        self.process.kill()
        self.process.wait()
        self.said.seek(0)
        lines = self.said.read().decode("utf-8", "replace").strip().splitlines()
        why = lines[-1][:200] if lines else f"exit status {self.process.returncode}"
        return RuntimeError(f"Coqui's process for {self.path} gave no answer: {why}")


@cache
def _one(process_id: int, folder: str) -> Child:
    """The speaker of this process: a forked worker starts its own."""
    del process_id
    child = Child("speak", folder)
    child.answer(READY_S)
    return child


def speaker_says(folder: str, header: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Ask the voice in `folder`, whose process is started on first use and again if it died."""
    with _LOCK:
        child = _one(os.getpid(), folder)
        try:
            return child.ask(header)
        except RuntimeError:
            _one.cache_clear()
            raise
