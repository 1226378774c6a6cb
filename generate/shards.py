"""Data sets on disk: WebDataset-compatible tar shards, index.jsonl, dataset.json.

A shard is written under `.part` and renamed when whole, so a file with its final name is complete.
`dataset.json` is written first (`complete: false`) and last (`complete: true`, counts, sha256).
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from device.files import sha256_of, write_atomic
from device.limits import read_bytes
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
from generate.shard_notes import (
    Hashed,
    Note,
    index_line,
    note_path,
    part_path,
    publish,
    read_note,
    replacing,
    write_note,
)

INDEX_FACTS = ("keyword", "emotion", "age_years", "sex", "ancestry", "skin_tone", "hair_style",
               "text", "n_frames", "n_samples")  # fmt: skip


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


def write_shard(path: Path, clips: Iterable[Clip]) -> None:
    """Write clips as one tar under its final name, or leave nothing there.

    Several processes may write the same shard: the first that is whole stays.
    """
    part = part_path(path)
    try:
        with open(part, "wb") as file:
            hashed = Hashed(file)
            lines = [index_line(row) for row in _write_tar(hashed, path.name, clips)]
            file.flush()
            os.fsync(file.fileno())
        note_path(path).unlink(missing_ok=True)
        if publish(part, path):
            write_note(path, Note(hashed.digest.hexdigest(), hashed.bytes, lines))
    finally:
        part.unlink(missing_ok=True)


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


def index_shard(path: Path) -> list[dict[str, Any]]:
    """Rows of index.jsonl for one shard: key, shard, members with byte offset and size, facts."""
    rows: dict[str, dict[str, Any]] = {}
    with open(path, "rb") as file:
        for name, offset, size in tar_members(file, path.stat().st_size, path.name):
            key, _, suffix = name.partition(".")
            row = rows.setdefault(key, {"key": key, "shard": path.name, "members": {}})
            row["members"][suffix] = [offset, size]
            if suffix == "json":
                file.seek(offset)
                facts = facts_from_bytes(file.read(min(size, LINE_BYTES)), name)
                row.update({name: facts[name] for name in INDEX_FACTS})
    return list(rows.values())


def write_header(folder: Path, options: dict[str, Any], stamp: dict[str, Any]) -> None:
    """Write dataset.json of a data set that is being made."""
    body = {"format": FORMAT, "version": VERSION, "complete": False, "options": options}
    write_atomic(folder / "dataset.json", _pretty(body | {"stamp": stamp}))


def finish(
    folder: Path, options: dict[str, Any], stamp: dict[str, Any], n_shards: int,
    pseudo: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write index.jsonl and the final dataset.json from the shards that are there.

    pseudo: who told the labels and what was rejected, where they are not exact.
    """
    count, hashes = 0, {}
    with replacing(folder / "index.jsonl") as index:
        for number in range(n_shards):
            note = _noted(folder / shard_name(number))
            index.writelines(line + "\n" for line in note.lines)
            hashes[shard_name(number)] = note.sha256
            count += len(note.lines)
    body = {"format": FORMAT, "version": VERSION, "complete": True, "options": options}
    body |= {"stamp": stamp, "clips": count, "shards": hashes}
    body |= {"pseudo": pseudo} if pseudo else {}
    write_atomic(folder / "dataset.json", _pretty(body))
    for name in hashes:
        note_path(folder / name).unlink(missing_ok=True)


def _noted(path: Path) -> Note:
    """What the writer of a shard noted, else what a look through the shard tells."""
    note = read_note(path)
    if note is None:
        lines = [index_line(row) for row in index_shard(path)]
        note = Note(sha256_of(path), path.stat().st_size, lines)
    return note


def _pretty(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=1, sort_keys=True) + "\n"


def read_header(folder: Path) -> dict[str, Any]:
    """Read dataset.json; ValueError where it is missing, foreign or of another version."""
    path = folder / "dataset.json"
    if not folder.is_dir():
        raise ValueError(f"data set {folder}: no such folder")
    if not path.is_file():
        raise ValueError(f"data set {folder}: dataset.json is missing; is it a data set?")
    return header_from_bytes(read_bytes(path), str(path))


def same_and_complete(folder: Path, options: dict[str, Any]) -> bool:
    """Whether a folder holds the finished data set of these options; ValueError for another's."""
    if not folder.exists() or (folder.is_dir() and _is_empty(folder)):
        return False
    if not folder.is_dir():
        raise ValueError(f"--out {folder} is a file; want a folder")
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
    """A finished data set; clips are read by number with one seek a member."""

    folder: Path
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

    def clip(self, number: int, want: Iterable[str] = ("frames", "audio", "labels")) -> Clip:
        """Read clip `number`; `want` leaves out what is not needed. ValueError if corrupt."""
        row, wanted = self.rows[number], set(want)
        members = row["members"]
        where = f"{row['shard']}:{row['key']}"
        facts = facts_from_bytes(self._read(row, "json"), where)
        labels = (
            labels_from_bytes(self._read(row, "labels.npz"), where) if "labels" in wanted else {}
        )
        audio = None
        if "audio" in wanted and "flac" in members:
            audio = flac_to_audio(self._read(row, "flac"), where)
        frames = self._frames(row, where) if "frames" in wanted else None
        clip = Clip(row["key"], facts, labels, frames, audio)
        check_read(clip, where)
        return clip

    def clips(self, want: Iterable[str] = ("frames", "audio", "labels")) -> Iterator[Clip]:
        """All clips in order."""
        wanted = tuple(want)
        return (self.clip(number, wanted) for number in range(len(self)))

    def member(self, number: int, suffix: str) -> bytes:
        """Raw bytes of one member, such as "mp4"."""
        return self._read(self.rows[number], suffix)

    def _frames(self, row: dict[str, Any], where: str) -> NDArray[np.uint8] | None:
        if "jpg" in row["members"]:
            return jpeg_to_frame(self._read(row, "jpg"), where)[None]
        if "mp4" in row["members"]:
            return mp4_to_frames(self._read(row, "mp4"), where)
        return None

    def _read(self, row: dict[str, Any], suffix: str) -> bytes:
        if suffix not in row["members"]:
            raise ValueError(f"{row['shard']}:{row['key']}: no {suffix} member")
        offset, size = row["members"][suffix]
        with open(self.folder / row["shard"], "rb") as file:
            whole = offset + size <= os.fstat(file.fileno()).st_size
            file.seek(offset)
            data = file.read(size) if whole else b""
        if len(data) != size:
            raise ValueError(f"{row['shard']}:{row['key']}: shard is truncated; make it again")
        return data


def open_dataset(folder: str | Path) -> Dataset:
    """Open a finished data set; ValueError names what is missing, unfinished or truncated."""
    folder = Path(folder)
    header = read_header(folder)
    if not header["complete"]:
        raise ValueError(f"data set {folder}: not finished; run the same generate command again")
    index = folder / "index.jsonl"
    if not index.is_file():
        raise ValueError(f"data set {folder}: index.jsonl is missing")
    rows = rows_from_bytes(index.read_bytes(), header["shards"], str(index))
    if len(rows) != header["clips"]:
        raise ValueError(
            f"data set {folder}: index.jsonl has {len(rows)} of {header['clips']} clips"
        )
    for name in header["shards"]:
        if not (folder / name).is_file():
            raise ValueError(f"data set {folder}: shard {name} is missing")
    return Dataset(folder, header, rows)


def verify(dataset: Dataset) -> None:
    """Re-hash every shard; ValueError names the first that differs from dataset.json."""
    for name, expected in dataset.header["shards"].items():
        if sha256_of(dataset.folder / name) != expected:
            raise ValueError(f"data set {dataset.folder}: shard {name} does not match its sha256")
