"""Data sets: WebDataset-compatible tar shards, index.jsonl, dataset.json, in a folder or a store.

A shard gets its final name when it is whole, so a file with that name is complete; how a data set
begins and ends stands in generate/dataset_ends.py.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from device.limits import TEXT_BYTES
from generate.clip import (
    Clip,
    check,
    check_read,
    facts_from_bytes,
    facts_to_bytes,
    labels_from_bytes,
    labels_to_bytes,
)
from generate.dataset_files import (
    INDEX_FACTS,
    LINE_BYTES,
    header_from_bytes,
    rows_from_bytes,
    tar_members,
)
from generate.media import (
    audio_to_flac,
    flac_to_audio,
    frame_to_jpeg,
    frames_to_mp4,
    jpeg_to_frame,
    mp4_to_frames,
)
from generate.provenance import of_picture, of_sound
from generate.shard_names import content_name
from generate.shard_notes import Hashed, Note, index_line, note_path, this_writer, write_note
from generate.spans import Span, spans
from generate.store import (
    Location,
    ahead,
    creating,
    locate,
    opened,
    read_part,
    sha256_at,
    sizes,
)
from generate.store_cache import cached
from generate.store_remote import Remote

ALL = ("frames", "audio", "labels")
SUFFIXES = {"frames": ("jpg", "mp4"), "audio": ("flac",), "labels": ("labels.npz",)}
"""What is wanted of a clip to the members that hold it."""


def clip_members(clip: Clip) -> dict[str, bytes]:
    """Tar members of a clip by suffix, in the order they are written."""
    check(clip)
    members: dict[str, bytes] = {}
    if clip.frames is not None and len(clip.frames) == 1:
        members["jpg"] = frame_to_jpeg(clip.frames[0], said=of_picture(clip.facts))
    elif clip.frames is not None:
        said = of_picture(clip.facts)
        members["mp4"] = frames_to_mp4(clip.frames, clip.facts["rate_hz"], said)
    if clip.audio is not None:
        members["flac"] = audio_to_flac(clip.audio, of_sound(clip.facts))
    members["labels.npz"] = labels_to_bytes(clip.labels)
    members["json"] = facts_to_bytes(clip.facts)
    return members


def write_shard(path: Location, clips: Iterable[Clip]) -> None:
    """Write clips as one tar under its final name, or leave nothing there.

    Several processes may write the same shard: the first that is whole stays.
    """
    hashed = Hashed()
    with creating(path, lambda: content_name(path.name, hashed.hexdigest())) as draft:
        hashed.file = draft.file
        rows = list(_write_tar(hashed, clips))
        if isinstance(path, Path):
            note_path(path).unlink(missing_ok=True)
    if draft.path:
        lines = [index_line(row | {"shard": draft.path.name}) for row in rows]
        write_note(draft.path, Note(hashed.hexdigest(), hashed.bytes, lines, this_writer()))


def _write_tar(file: Hashed, clips: Iterable[Clip]) -> Iterator[dict[str, Any]]:
    """Write the members of all clips; rows of index.jsonl without the name of the shard."""
    with tarfile.open(fileobj=cast(IO[bytes], file), mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for clip in clips:
            row: dict[str, Any] = {"key": clip.key, "members": {}}
            members = clip_members(clip)
            for suffix, data in members.items():
                info = tarfile.TarInfo(f"{clip.key}.{suffix}")
                info.size, info.mode = len(data), 0o644
                row["members"][suffix] = [tar.offset + tarfile.BLOCKSIZE, len(data)]
                tar.addfile(info, io.BytesIO(data))
            facts = facts_from_bytes(members["json"], clip.key)
            yield row | {name: facts[name] for name in INDEX_FACTS}


def index_shard(path: Location) -> list[dict[str, Any]]:
    """Rows of index.jsonl for one shard: key, shard, members with byte offset and size, facts."""
    with opened(path) as file:
        return rows_in(file, path.name)


def rows_in(file: BinaryIO, shard: str) -> list[dict[str, Any]]:
    """Rows of index.jsonl for an open shard of this name."""
    rows: dict[str, dict[str, Any]] = {}
    for name, offset, size in tar_members(file, file.seek(0, io.SEEK_END), shard):
        key, _, suffix = name.partition(".")
        row = rows.setdefault(key, {"key": key, "shard": shard, "members": {}})
        row["members"][suffix] = [offset, size]
        if suffix == "json":
            file.seek(offset)
            facts = facts_from_bytes(file.read(min(size, LINE_BYTES)), name)
            row.update({name: facts[name] for name in INDEX_FACTS})
    return list(rows.values())


def read_header(folder: Location) -> dict[str, Any]:
    """Read dataset.json; ValueError where it is missing, foreign or of another version."""
    path = folder / "dataset.json"
    try:
        raw = read_part(path, 0, TEXT_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        if not folder.is_dir():
            raise ValueError(f"data set {folder}: no such folder") from None
        told = "dataset.json is missing; is it a data set?"
        raise ValueError(f"data set {folder}: {told}") from None
    if len(raw) > TEXT_BYTES:
        raise ValueError(f"{path}: longer than the {TEXT_BYTES} bytes that are read here")
    return header_from_bytes(raw, str(path))


@dataclass(frozen=True)
class Dataset:
    """A finished data set; clips are read by number, those of a store some megabytes at a time."""

    folder: Location
    header: dict[str, Any]
    """dataset.json."""
    rows: list[dict[str, Any]] = field(repr=False)
    """index.jsonl, one dict a clip: key, shard, members, INDEX_FACTS."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def pseudo(self) -> str:
        """Who told the labels, in a line; empty where all are exact."""
        return str(self.header.get("pseudo", {}).get("told_by", ""))

    @property
    def passed_over(self) -> str:
        """How many pictures a generator made that are no clips, and why, in a line."""
        counts = self.header.get("pseudo", {}).get("rejected")
        found = counts.items() if isinstance(counts, dict) else ()
        return ", ".join(f"{count} {fault}" for fault, count in found) or "none"

    def clip(self, number: int, want: Iterable[str] = ALL) -> Clip:
        """Read clip `number`; `want` leaves out what is not needed. ValueError if corrupt."""
        return next(self.clips(want, [number]))

    def clips(self, want: Iterable[str] = ALL, numbers: Sequence[int] | None = None
              ) -> Iterator[Clip]:  # fmt: skip
        """All clips, or those of some numbers, in the order of the numbers.

        Neighbours are read together, those of a store while the ones before are used.
        """
        wanted = frozenset(want)
        picked = range(len(self)) if numbers is None else numbers
        suffixes = {"json"} | {suffix for name in wanted for suffix in SUFFIXES[name]}
        plan = spans([self.rows[number] for number in picked], suffixes)
        far = isinstance(self.folder, Remote) and len(picked) > 1
        for span, data in ahead(self._load, plan, 1) if far else map(self._load, plan):
            for row in span.rows:
                yield _clip_of(row, wanted, partial(_cut, span, data))

    def member(self, number: int, suffix: str) -> bytes:
        """Raw bytes of one member, such as "mp4"."""
        row = self.rows[number]
        for span in spans([row], {suffix}):
            return _cut(*self._load(span), row, suffix)
        raise AssertionError("one row has one span")

    def _load(self, span: Span) -> tuple[Span, bytes]:
        shard = self.folder / span.shard
        if isinstance(shard, Remote):
            shard = cached(shard, self.header["shards"][span.shard]) or shard
        return span, read_part(shard, span.offset, span.size)


def _clip_of(
    row: dict[str, Any], wanted: frozenset[str], read: Callable[[dict[str, Any], str], bytes]
) -> Clip:
    members, where = row["members"], f"{row['shard']}:{row['key']}"
    facts = facts_from_bytes(read(row, "json"), where)
    labels = labels_from_bytes(read(row, "labels.npz"), where) if "labels" in wanted else {}
    audio = None
    if "audio" in wanted and "flac" in members:
        audio = flac_to_audio(read(row, "flac"), where)
    frames: NDArray[np.uint8] | None = None
    if "frames" in wanted and "jpg" in members:
        frames = jpeg_to_frame(read(row, "jpg"), where)[None]
    elif "frames" in wanted and "mp4" in members:
        frames = mp4_to_frames(read(row, "mp4"), where)
    clip = Clip(row["key"], facts, labels, frames, audio)
    check_read(clip, where, "labels" in wanted)
    return clip


def _cut(span: Span, data: bytes, row: dict[str, Any], suffix: str) -> bytes:
    if suffix not in row["members"]:
        raise ValueError(f"{row['shard']}:{row['key']}: no {suffix} member")
    offset, size = row["members"][suffix]
    start = offset - span.offset
    if start + size > len(data):
        raise ValueError(f"{row['shard']}:{row['key']}: shard is truncated; make it again")
    return data[start : start + size]


def open_dataset(folder: str | Location) -> Dataset:
    """Open a finished data set; ValueError names what is missing, unfinished or truncated."""
    folder = locate(folder)
    header = read_header(folder)
    if not header["complete"]:
        raise ValueError(f"data set {folder}: not finished; run the same generate command again")
    index = folder / "index.jsonl"
    there = sizes(folder)
    if index.name not in there:
        raise ValueError(f"data set {folder}: index.jsonl is missing")
    rows = rows_from_bytes(index.read_bytes(), header["shards"], str(index))
    if len(rows) != header["clips"]:
        raise ValueError(
            f"data set {folder}: index.jsonl has {len(rows)} of {header['clips']} clips"
        )
    for name in header["shards"]:
        if name not in there:
            raise ValueError(f"data set {folder}: shard {name} is missing")
    return Dataset(folder, header, rows)


def digest_of(data: str | Location) -> str:
    """SHA-256 of a data set's dataset.json, which holds those of its shards."""
    return hashlib.sha256((locate(data) / "dataset.json").read_bytes()).hexdigest()


def verify(dataset: Dataset) -> None:
    """Re-hash every shard; ValueError names the first that differs from dataset.json."""
    for name, expected in dataset.header["shards"].items():
        if sha256_at(dataset.folder / name) != expected:
            raise ValueError(f"data set {dataset.folder}: shard {name} does not match its sha256")
