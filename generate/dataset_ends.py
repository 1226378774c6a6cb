"""How a data set begins and ends, whoever else makes the same one at the same time.

`dataset.json` is written first (`complete: false`) and last (`complete: true`, counts, sha256). The
shards that it names are never written again; an index of another choice of shards names one that it
does not, so readers refuse such a pair, and the next run mends it.
"""

from __future__ import annotations

import json
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

from generate.dataset_files import FORMAT, VERSION
from generate.shard_names import may_hold, shard_name, shards_in
from generate.shard_notes import Note, index_line, read_note
from generate.shards import read_header, rows_in
from generate.store import (
    AT_ONCE,
    Location,
    ahead,
    creating,
    opened,
    replacing,
    sha256_in,
    sizes,
    write_whole,
)

TRIES = 10
"""Of commands that end the same data set with other choices of its shards."""
SHARD_OF_ROW = re.compile(rb'"shard": "([^"\\]+)"')
"""In a line of index.jsonl; within a text of it, quotes have a backslash."""


def begin(folder: Location, options: dict[str, Any], stamp: dict[str, Any]) -> None:
    """Write dataset.json of a data set that is being made, unless it is there.

    ValueError where another command just began a data set of other options there.
    """
    with creating(folder / "dataset.json") as draft:
        draft.file.write(_header(options, stamp).encode())
    _own_header(folder, options)


def write_header(folder: Location, options: dict[str, Any], stamp: dict[str, Any]) -> None:
    """Write dataset.json of a data set that is being made, whatever is there."""
    write_whole(folder / "dataset.json", _header(options, stamp))


def is_done(folder: Location, options: dict[str, Any]) -> bool:
    """Whether a folder holds the finished data set of these options, its index and its shards.

    ValueError where it holds another's.
    """
    header = _own_header(folder, options)
    return header is not None and header["complete"] and _is_whole(folder, header)


def finish(
    folder: Location, options: dict[str, Any], stamp: dict[str, Any], n_shards: int,
    pseudo: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write index.jsonl and the final dataset.json from the shards that are there.

    pseudo: who told the labels and what was rejected, where they are not exact.
    Where another command has done so meanwhile, that stays. ValueError names a missing shard.
    """
    body = _body(options, stamp) | ({"pseudo": pseudo} if pseudo else {})
    for _ in range(TRIES):
        if (folder / "dataset.json").is_file() and is_done(folder, options):
            drop_notes(folder)
            return
        _write_end(folder, body, n_shards)
    raise OSError(f"{folder}: other commands write its index too; run again when they have ended")


def drop_notes(folder: Location) -> None:
    """Remove what the writers of shards noted, which a finished data set needs no more."""
    stale = [name for name in sizes(folder) if name.endswith(".tar.index")]
    for _ in ahead(lambda name: (folder / name).unlink(missing_ok=True), stale, AT_ONCE):
        pass


def _write_end(folder: Location, body: dict[str, Any], n_shards: int) -> None:
    count, hashes, there = 0, {}, sizes(folder)
    found = shards_in(there)
    _say_twice(folder, there, found)
    names = (found.get(number, [shard_name(number)])[0] for number in range(n_shards))
    with replacing(folder / "index.jsonl") as index:
        for name, note in ahead(partial(_noted, folder, there), names, AT_ONCE):
            index.writelines(line.encode() + b"\n" for line in note.lines)
            hashes[name] = note.sha256
            count += len(note.lines)
    body = body | {"complete": True, "clips": count, "shards": hashes}
    write_whole(folder / "dataset.json", _pretty(body))


def _say_twice(folder: Location, there: dict[str, int], found: dict[int, list[str]]) -> None:
    """One line on stderr where writers of the same shard did not write the same bytes."""
    twice = {number: names for number, names in found.items() if len(names) > 1}
    for number, names in list(twice.items())[:1]:
        notes = [read_note(folder / name, there[name]) for name in names]
        told = [f"{note.writer if note else 'a writer unknown'}: {name}"
                for name, note in zip(names, notes, strict=True)]  # fmt: skip
        more = f"; so do {len(twice) - 1} more shards" if len(twice) > 1 else ""
        print(f"{folder}: shard {number} differs between its writers ({', '.join(told)}); "
              f"the data set has the first{more}", file=sys.stderr)  # fmt: skip


def _noted(folder: Location, there: dict[str, int], name: str) -> tuple[str, Note]:
    """What the writer of a shard noted, else what a look through the shard tells."""
    if name not in there:
        raise ValueError(f"data set {folder}: shard {name} is missing; run again to go on")
    note = read_note(folder / name, there[name])
    if note:
        return name, note
    with opened(folder / name) as file:
        lines = [index_line(row) for row in rows_in(file, name)]
        file.seek(0)
        sha256 = sha256_in(iter(partial(file.read, 1 << 20), b""))
    if not may_hold(name, sha256):
        raise ValueError(f"data set {folder}: shard {name} does not hash to its name; delete it to "
                         "redo")  # fmt: skip
    return name, Note(sha256, there[name], lines)


def _is_whole(folder: Location, header: dict[str, Any]) -> bool:
    """Whether the shards that dataset.json names are there, and the index is of these."""
    there, count, named = sizes(folder), 0, set[str]()
    if "index.jsonl" not in there or not header["shards"].keys() <= there.keys():
        return False
    with opened(folder / "index.jsonl") as index:
        for line in index:
            count += 1
            named.update(found.decode("utf-8", "replace") for found in SHARD_OF_ROW.findall(line))
    return count == header["clips"] and named <= header["shards"].keys()


def _own_header(folder: Location, options: dict[str, Any]) -> dict[str, Any] | None:
    """dataset.json of a folder; None where nothing is there, ValueError where options differ."""
    if isinstance(folder, Path) and folder.is_file():
        raise ValueError(f"--out {folder} is a file; want a folder")
    if not folder.is_dir() or (isinstance(folder, Path) and _is_empty(folder)):
        return None
    header = read_header(folder)
    for name, value in options.items():
        if header["options"].get(name) != value:
            was = header["options"].get(name)
            raise ValueError(f"{folder} holds a data set with {name} = {was}, not {value}; "
                             "choose another --out")  # fmt: skip
    return header


def _is_empty(folder: Path) -> bool:
    """Whether nothing is there but what a process that was killed at its first write left."""
    return all(path.name.endswith(".part") for path in folder.iterdir())


def _header(options: dict[str, Any], stamp: dict[str, Any]) -> str:
    return _pretty(_body(options, stamp) | {"complete": False})


def _body(options: dict[str, Any], stamp: dict[str, Any]) -> dict[str, Any]:
    return {"format": FORMAT, "version": VERSION, "options": options, "stamp": stamp}


def _pretty(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=1, sort_keys=True) + "\n"
