"""Provenance of a whole data set: how many clips say theirs, and a signed copy."""

from __future__ import annotations

import io
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from device.files import install, workplace
from generate.dataset_ends import finish
from generate.dataset_files import tar_members
from generate.progress import Progress
from generate.provenance_files import read
from generate.provenance_sign import Credentials, credential, signed
from generate.shard_names import shard_name
from generate.shards import Dataset, verify
from generate.store import AT_ONCE, ahead, opened

MEDIA = ("jpg", "mp4", "flac")
SIGNED = ("jpg", "mp4")
"""Sound stays: its bytes are the same for the same options, and a signature's are not."""
LOOKED = 1000
"""Clips that are looked at, unless all are asked for: their pictures have to be read."""


@dataclass(frozen=True)
class Heard:
    """What clips of a data set say."""

    clips: int
    """Clips that were looked at."""
    files: Counter[str]
    """Pictures, films and sounds by their source."""
    silent: tuple[str, ...]
    """Keys of clips of which a file says nothing."""

    @property
    def line(self) -> str:
        """For people."""
        told = self.clips - len(self.silent)
        kinds = ", ".join(f"{count} files {name}" for name, count in sorted(self.files.items()))
        return f"provenance: {told} of {self.clips} clips say that they are synthetic" + (
            f" ({kinds})" if kinds else ""
        )


def hear(dataset: Dataset, most: int = LOOKED) -> Heard:
    """Look into the files of at most `most` clips, spread over the data set."""
    files, silent, count = Counter[str](), list[str](), 0
    for key, members in _looked(dataset, MEDIA, most):
        said = [read(data) for data in members]
        files.update(one.source for one in said if one)
        silent += [key] if None in said else []
        count += 1
    return Heard(count, files, tuple(silent))


def states(dataset: Dataset, trust: str, most: int = LOOKED) -> Counter[str]:
    """Content Credentials of pictures and films of at most `most` clips: none, invalid, valid (by
    signers who are not known), trusted."""
    found = Counter[str]()
    for _, members in _looked(dataset, SIGNED, most):
        told = [credential(data, trust) for data in members]
        found.update("none" if one is None else one.state.lower() for one in told)
    return found


def _looked(
    dataset: Dataset, suffixes: Sequence[str], most: int
) -> Iterator[tuple[str, list[bytes]]]:
    """Key and files of at most `most` clips, evenly; those of a store many at a time."""

    def load(number: int) -> tuple[str, list[bytes]]:
        row = dataset.rows[number]
        there = [suffix for suffix in suffixes if suffix in row["members"]]
        return row["key"], [dataset.member(number, suffix) for suffix in there]

    count = len(dataset)
    picks = sorted({round(i) for i in np.linspace(0, count - 1, min(most, count))})
    return ahead(load, picks, 1 if isinstance(dataset.folder, Path) else AT_ONCE)


def sign_dataset(dataset: Dataset, out: Path, by: Credentials) -> int:
    """Write a copy of a data set to `out` whose pictures are signed; how many there are.

    Sound, labels and facts are the same bytes. ValueError where `out` is there, the data set is not
    as it was made, has no picture, or one of its pictures cannot be signed.
    """
    if out.exists():
        raise ValueError(f"--out {out} is there already; name a new folder")
    count = sum(suffix in row["members"] for row in dataset.rows for suffix in SIGNED)
    if not count:
        raise ValueError(
            f"{dataset.folder}: no picture in it, and sound of data sets is not signed"
        )
    verify(dataset)
    header, progress = dataset.header, Progress(count, "sign", "picture")
    with workplace(out) as room:
        names = sorted(header["shards"])
        for number, name in enumerate(names):
            with opened(dataset.folder / name) as shard:
                _sign_shard(shard, room / shard_name(number), by, progress)
        finish(room, header["options"], header["stamp"], len(names), header.get("pseudo"))
        install(room, out)
    progress.close()
    return count


def _sign_shard(old: BinaryIO, out: Path, by: Credentials, progress: Progress) -> None:
    bytes_ = old.seek(0, io.SEEK_END)
    with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as new:
        for name, offset, size in tar_members(old, bytes_, out.name):
            old.seek(offset)
            data = old.read(size)
            if name.partition(".")[2] in SIGNED:
                data = _signed(data, name, out.name, by)
                progress.update(progress.count + 1)
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            new.addfile(info, io.BytesIO(data))


def _signed(data: bytes, name: str, shard: str, by: Credentials) -> bytes:
    try:
        return signed(data, name, by)
    except ValueError as error:
        raise ValueError(f"{shard}: {name} {error}") from error
