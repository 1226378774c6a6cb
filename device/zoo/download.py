"""One file of a registry -> the disk: resumed where it broke off, kept only with its hash right."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

from device.files import sha256_of
from device.table import size_text
from device.zoo.source import Lost, Refused, Source, read_some

TRIES = 4
"""Failures in a row, without one new byte, after which a download is given up."""
WAITS_S = (0.5, 1.0, 2.0)
BLOCK = 1 << 16


class Meter:
    """Shows on a terminal how much of `total` bytes has come, how fast, and how long it takes."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.label = total, 0, ""
        self._fresh, self._start, self._shown = 0, time.monotonic(), 0.0
        self._wide = sys.stderr.isatty()

    def add(self, count: int, *, fresh: bool = True) -> None:
        """Count bytes; `fresh` where they came now and not in an earlier run."""
        self.done += count
        self._fresh += count if fresh else 0
        now = time.monotonic()
        if self._wide and now - self._shown > 0.2:
            self._shown = now
            sys.stderr.write(f"\r\x1b[K{self.text(now - self._start)}")
            sys.stderr.flush()

    def text(self, seconds: float) -> str:
        """Return the line, e.g. `model.onnx  45 %, 1.2 MiB of 2.7 MiB, 3.1 MiB/s, 1 s left`."""
        rate = self._fresh / max(seconds, 1e-3)
        left = f", {(self.total - self.done) / rate:.0f} s left" if rate else ""
        share = 100 * self.done // max(self.total, 1)
        amount = f"{size_text(self.done)} of {size_text(self.total)}"
        return f"{self.label}  {share} %, {amount}, {size_text(int(rate))}/s{left}"

    def close(self) -> None:
        """Take the line away."""
        if self._wide:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def fetch(source: Source, path: str, target: Path, size: int, sha256: str, meter: Meter) -> None:
    """Bring a file of a registry to `target`, by way of `target`.part, where that is checked.

    Raises Refused, with the wrong bytes removed, or Lost, with what came kept for the next time.
    """
    meter.label = path.rsplit("/", 1)[-1]
    if _is_file(target) and target.stat().st_size == size and sha256_of(target) == sha256:
        meter.add(size, fresh=False)
        return
    part = target.with_name(target.name + ".part")
    for resumed in (_length(part) > 0, False):
        before = meter.done
        _complete(source, path, part, size, meter)
        if sha256_of(part) == sha256:
            break
        part.unlink()
        meter.done = before
        if not resumed:
            raise Refused(f"{source.place}/{path}: SHA-256 is not the signed one: refused, removed")
    os.replace(part, target)


def _complete(source: Source, path: str, part: Path, size: int, meter: Meter) -> None:
    """Ask until `part` has `size` bytes; gives up when nothing comes."""
    if _length(part) > size:
        part.unlink()
    meter.add(_length(part), fresh=False)
    part.touch()
    failures = 0
    while failures < TRIES:
        before = _length(part)
        try:
            _append(source, path, part, size, meter)
            if _length(part) == size:
                return
            raise Lost(f"{source.place}/{path}: ended after {_length(part)} of {size} bytes")
        except Lost as error:
            failures = 1 if _length(part) > before else failures + 1
            if failures >= TRIES:
                raise Lost(f"{error}; what came is kept, the same command goes on") from None
            time.sleep(WAITS_S[min(failures, len(WAITS_S)) - 1])


def _append(source: Source, path: str, part: Path, size: int, meter: Meter) -> None:
    where, start = f"{source.place}/{path}", _length(part)
    if start == size > 0:
        return
    with source.open(path, start) as body:
        if body.size is not None and body.size != size:
            part.unlink()
            raise Refused(f"{where} has {body.size} bytes, {size} are signed: refused")
        with part.open("r+b") as stream:
            stream.truncate(body.start)
            stream.seek(body.start)
            meter.add(body.start - start, fresh=False)
            while True:
                data = read_some(body.stream, min(BLOCK, size + 1 - stream.tell()), where)
                if not data:
                    return
                if stream.tell() + len(data) > size:
                    stream.close()
                    part.unlink()
                    raise Refused(f"{where} is longer than the {size} bytes signed: refused")
                stream.write(data)
                meter.add(len(data))


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _length(part: Path) -> int:
    """Size of an unfinished file, 0 where there is none; a link or another thing is taken away."""
    try:
        state = part.lstat()
    except FileNotFoundError:
        return 0
    if stat.S_ISREG(state.st_mode):
        return state.st_size
    part.unlink()
    return 0
