"""A festival process that answers one Scheme expression at a time."""

from __future__ import annotations

import io
import os
import select
import shutil
import subprocess
import tempfile
import threading
import time
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_LOCK = threading.Lock()
_END = "collodi-end"
TIMEOUT_S = 60.0
"""A cold disk and two busy cores: the slowest voice takes 0.15 s on an idle machine."""


CHECK, LARGE_MIB = 200, 1024
"""After so many questions its memory is looked at: festival keeps some of all that it has said,
1 GiB after 13,000 words, and begins again from 0.3."""


class Festival:
    """`festival --pipe`, started when first asked, with a file for its sounds that has no name:
    a process that is killed leaves none behind."""

    def __init__(self) -> None:
        self.sound = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the process asks)
        self.asked = 0
        self.process = _started(self.sound.fileno())

    def ask(self, expression: str) -> str:
        """What festival prints for one expression, alone: none builds on another.

        A process that died or hangs is replaced once; RuntimeError where the next one is as mute.
        """
        self.asked += 1
        if self.asked % CHECK == 0 and _mib(self.process.pid) > LARGE_MIB:
            self._begin_again()
        try:
            return self._ask(expression)
        except (RuntimeError, BrokenPipeError):
            self._begin_again()
            return self._ask(expression)

    def _begin_again(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process = _started(self.sound.fileno())

    def _ask(self, expression: str) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        line = f'{expression}\n(format t "\\n{_END}\\n")\n(fflush nil)\n'
        self.process.stdin.write(line.encode("latin-1"))
        self.process.stdin.flush()
        said, until = b"", time.monotonic() + TIMEOUT_S
        out = self.process.stdout.fileno()
        while _END.encode() not in said:
            ready, _, _ = select.select([out], [], [], max(until - time.monotonic(), 0))
            more = os.read(out, 65536) if ready else b""
            if not more:
                raise RuntimeError(f"festival gave no answer to {expression[:80]}")
            said += more
        return said.decode("latin-1").split(_END)[0]

    def wave(self, utterance: str, setting: str) -> tuple[NDArray[np.int16], int, str]:
        """Sound (N,), its rate, and the segments printed, of an utterance expression, after the
        Scheme that chooses and sets the voice."""
        import soundfile

        self.sound.truncate(0)
        path = f"/dev/fd/{self.sound.fileno()}"
        said = self.ask(
            f'(begin {setting} (set! u (utt.synth {utterance})) (utt.save.wave u "{path}" \'riff)'
            '(mapcar (lambda (s) (format t "%s %f %s %s %s\\n" (item.name s) (item.feat s \'end)'
            ' (item.feat s "R:SylStructure.parent.stress")'
            ' (item.feat s "R:SylStructure.parent.parent.name")'
            ' (item.feat s "R:SylStructure.parent.parent.id")))'
            " (utt.relation.items u 'Segment)))"
        )
        self.sound.seek(0)
        wave = self.sound.read()
        if not wave:
            raise ValueError(f"festival cannot say {utterance[:80]}")
        pcm, rate_hz = soundfile.read(io.BytesIO(wave), dtype="int16")
        return np.asarray(pcm, np.int16), int(rate_hz), said


def _mib(process_id: int) -> float:
    """Memory of a process; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _started(sound: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["festival", "--pipe"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[sound],
    )


@cache
def _one(process_id: int, own: str) -> Festival:
    """A festival of this process: a forked worker starts its own."""
    del process_id, own
    return Festival()


def festival(voice: str = "") -> Festival:
    """The running festival of this process that says a voice.

    Hidden Markov models have one each: festival keeps the last such model that it spoke with, and
    reads another from its file in 0.03 to 0.1 s.
    """
    with _LOCK:
        return _one(os.getpid(), voice if voice.endswith("_hts") else "")


@cache
def installed() -> bool:
    """Whether the program is there."""
    return shutil.which("festival") is not None
