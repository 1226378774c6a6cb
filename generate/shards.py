"""Data sets: WebDataset-compatible tar shards, index.jsonl, dataset.json, in a folder or a store.

A shard gets its final name when it is whole, so a file with that name is complete.
`dataset.json` is written first (`complete: false`) and last (`complete: true`, counts, sha256).
"""

from __future__ import annotations

import hashlib
import io
import json
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
    FORMAT,
    INDEX_FACTS,
    LINE_BYTES,
    VERSION,
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
from generate.shard_notes import Hashed, Note, index_line, note_path, read_note, write_note
from generate.spans import Span, spans
from generate.store import (
    AT_ONCE,
    Location,
    ahead,
    creating,
    locate,
    opened,
    read_part,
    replacing,
    sha256_at,
    sha256_in,
    sizes,
    write_whole,
)
from generate.store_cache import cached
from generate.store_remote import Remote

ALL = ("frames", "audio", "labels")
SUFFIXES = {"frames": ("jpg", "mp4"), "audio": ("flac",), "labels": ("labels.npz",)}
"""What is wanted of a clip to the members that hold it."""


def shard_name(number: int) -> str:
    """File name of shard `number`."""
    return f"shard-{number:06d}.tar"


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
    with creating(path, hashed.hexdigest) as draft:
        hashed.file = draft.file
        lines = [index_line(row) for row in _write_tar(hashed, path.name, clips)]
        if isinstance(path, Path):
            note_path(path).unlink(missing_ok=True)
    if draft.ours:
        write_note(path, Note(hashed.hexdigest(), hashed.bytes, lines))


def _write_tar(file: Hashed, shard: str, clips: Iterable[Clip]) -> Iterator[dict[str, Any]]:
    """Write the members of all clips; rows of index.jsonl."""
    with tarfile.open(fileobj=cast(IO[bytes], file), mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for clip in clips:
            row: dict[str, Any] = {"key": clip.key, "shard": shard, "members": {}}
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
        return _rows_in(file, path.name)


def _rows_in(file: BinaryIO, shard: str) -> list[dict[str, Any]]:
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


def write_header(folder: Location, options: dict[str, Any], stamp: dict[str, Any]) -> None:
    """Write dataset.json of a data set that is being made."""
    body = {"format": FORMAT, "version": VERSION, "complete": False, "options": options}
    write_whole(folder / "dataset.json", _pretty(body | {"stamp": stamp}))


def missing_shards(folder: Location, n_shards: int) -> list[int]:
    """Numbers of the shards that are not there."""
    there = sizes(folder)
    return [number for number in range(n_shards) if shard_name(number) not in there]


def finish(
    folder: Location, options: dict[str, Any], stamp: dict[str, Any], n_shards: int,
    pseudo: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write index.jsonl and the final dataset.json from the shards that are there.

    pseudo: who told the labels and what was rejected, where they are not exact.
    """
    count, hashes, there = 0, {}, sizes(folder)
    notes = ahead(partial(_noted, folder, there), map(shard_name, range(n_shards)), AT_ONCE)
    with replacing(folder / "index.jsonl") as index:
        for number, note in enumerate(notes):
            index.writelines(line.encode() + b"\n" for line in note.lines)
            hashes[shard_name(number)] = note.sha256
            count += len(note.lines)
    body = {"format": FORMAT, "version": VERSION, "complete": True, "options": options}
    body |= {"stamp": stamp, "clips": count, "shards": hashes}
    body |= {"pseudo": pseudo} if pseudo else {}
    write_whole(folder / "dataset.json", _pretty(body))
    drop_notes(folder)


def drop_notes(folder: Location) -> None:
    """Remove what the writers of shards noted, which a finished data set needs no more."""
    stale = [name for name in sizes(folder) if name.endswith(".tar.index")]
    for _ in ahead(lambda name: (folder / name).unlink(missing_ok=True), stale, AT_ONCE):
        pass


def _noted(folder: Location, there: dict[str, int], name: str) -> Note:
    """What the writer of a shard noted, else what a look through the shard tells."""
    if name not in there:
        raise ValueError(f"data set {folder}: shard {name} is missing; run again to go on")
    note = read_note(folder / name, there[name])
    if note:
        return note
    with opened(folder / name) as file:
        lines = [index_line(row) for row in _rows_in(file, name)]
        file.seek(0)
        return Note(sha256_in(iter(partial(file.read, 1 << 20), b"")), there[name], lines)


def _pretty(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=1, sort_keys=True) + "\n"


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


def same_and_complete(folder: Location, options: dict[str, Any]) -> bool:
    """Whether a folder holds the finished data set of these options; ValueError for another's."""
    if isinstance(folder, Path) and folder.is_file():
        raise ValueError(f"--out {folder} is a file; want a folder")
    if not folder.is_dir() or (isinstance(folder, Path) and _is_empty(folder)):
        return False
    header = read_header(folder)
    for name, value in options.items():
        if header["options"].get(name) != value:
            was = header["options"].get(name)
            raise ValueError(f"{folder} holds a data set with {name} = {was}, not {value}; "
                             "choose another --out")  # fmt: skip
    return bool(header["complete"])


def _is_empty(folder: Path) -> bool:
    """Whether nothing is there but what a process that was killed at its first write left."""
    return all(path.name.endswith(".part") for path in folder.iterdir())


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
