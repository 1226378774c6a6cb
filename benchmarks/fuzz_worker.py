"""A process that reads hostile files: it may die, hang or fill the memory, which is watched."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from fuzz_common import Kind, Verdict, damaged, judged, outside_opens

SPARE_BYTES = 64 << 20
"""What a case may take beside twice its file: Python's objects, buffers of decoders."""
ROOM_BYTES = 3 << 30
"""A process that asks for so much more than it has gets a MemoryError, which is a fault."""
SMALL = {
    "PICTURE_PX": 1 << 20,
    "SOUND_SAMPLES": 1 << 20,
    "FILM_BYTES": 1 << 23,
    "ARRAYS_BYTES": 1 << 23,
}
"""device/limits.py while files are damaged: beyond them a few megabytes more would be a fault."""
Runner = Kind | Callable[[Path, Random], None]


def kinds() -> dict[str, Runner]:
    """All kinds by name, those of bench_fuzz.py among them."""
    import bench_fuzz
    import fuzz_data
    import fuzz_models
    import fuzz_provenance
    import fuzz_results
    import fuzz_text
    import fuzz_weights

    files = {**fuzz_data.KINDS, **fuzz_provenance.KINDS, **fuzz_models.KINDS}
    files |= fuzz_results.KINDS
    return {**files, **fuzz_weights.KINDS, **fuzz_text.KINDS, **bench_fuzz.KINDS}


def one_case(name: str, kind: Runner, number: int, place: Path, watch: Any) -> Verdict:
    """Return (whether it was read, what is wrong) of a case, memory included."""
    if not isinstance(kind, Kind):
        return judged(lambda: kind(place, Random(f"{name} {number}")), place, watch)
    return one_file(kind, damaged(kind, name, number), place, watch)


def one_file(kind: Kind, data: bytes, place: Path, watch: Any) -> Verdict:
    """Return (whether it was read, what is wrong) of a file."""
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    read, wrong = judged(lambda: kind.read(place, data), place, watch)
    grown = _memory("VmHWM") - before
    if wrong is None and grown > 2 * len(data) + SPARE_BYTES:
        wrong = f"took {grown >> 20} MiB for a file of {len(data)} bytes"
    return read, wrong


def _memory(field: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split(field + ":")[1].split()[0]) * 1024


class Bench:
    """A scratch folder, the watch and the lowered limits, in a process of its own."""

    def __init__(self) -> None:
        from device import limits

        for name, value in SMALL.items():
            setattr(limits, name, value)
        self.kinds, self.watch = kinds(), outside_opens()
        self.scratch = tempfile.TemporaryDirectory(prefix="collodi-fuzz-")

    def run(self, name: str, number: int) -> Verdict:
        """A case in an empty folder."""
        with _folder(Path(self.scratch.name)) as place:
            return one_case(name, self.kinds[name], number, place, self.watch)

    def replay(self, name: str, data: bytes) -> Verdict:
        """A file in an empty folder."""
        kind = self.kinds[name]
        assert isinstance(kind, Kind), name
        with _folder(Path(self.scratch.name)) as place:
            return one_file(kind, data, place, self.watch)

    def warm(self, names: Iterable[str]) -> None:
        """Read sound files and a few others: libraries are loaded by the first that needs them."""
        for name in names:
            kind = self.kinds[name]
            for data in kind.seeds() if isinstance(kind, Kind) else ():
                self.replay(name, data)
            for number in range(3):
                self.run(name, -1 - number)


class _folder:
    """An empty folder below another, gone afterwards."""

    def __init__(self, above: Path) -> None:
        self.place = above / "case"

    def __enter__(self) -> Path:
        self.place.mkdir()
        return self.place

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.place)


def work(names: list[str], numbers: range, pipe: Connection) -> None:
    """Read the cases; say each number before it is begun, and what became of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders complain there
    sys.setrecursionlimit(1000)
    bench = Bench()
    bench.warm(names)
    room = _memory("VmSize") + ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    for number in numbers:
        name = names[number % len(names)]
        pipe.send((number, None, None, 0.0))
        begun = time.monotonic()
        read, wrong = bench.run(name, number)
        pipe.send((number, read, wrong, time.monotonic() - begun))
    bench.scratch.cleanup()
    pipe.send(None)
