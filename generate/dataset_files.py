"""What dataset.json, index.jsonl and a shard say, from their bytes: checked before it is believed.

A data set may come from anywhere. An index that is believed could name a file outside the folder,
or bytes that a shard does not have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from device.strict import loads
from generate.clip import check_fact

FORMAT = "collodi.dataset"
VERSION = 1
KEYS: dict[str, type] = {
    "format": str, "version": int, "complete": bool, "options": dict, "stamp": dict,
    "clips": int, "shards": dict, "pseudo": dict,
}  # fmt: skip
"""Of dataset.json."""
INDEX_FACTS = ("keyword", "emotion", "age_years", "sex", "ancestry", "skin_tone", "hair_style",
               "text", "n_frames", "n_samples")  # fmt: skip
"""Of a row of index.jsonl."""
COUNTS = ("child_stills", "takes")
"""Options that say how many clips in a row belong together."""
NAME = re.compile(r"[\w-][\w.-]{0,199}")
"""Of a shard and of a clip: no folder, no device, nothing that a terminal obeys."""
LINE_BYTES = 1 << 20
"""Of index.jsonl, and of the facts of a clip."""
BLOCK = 512
REGULAR = (b"0", b"\0")


def header_from_bytes(data: bytes, where: str) -> dict[str, Any]:
    """Return dataset.json; ValueError where it is foreign, of another version or untrue."""
    body = loads(data, where)
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise ValueError(f"{where}: not a {FORMAT} file")
    if body.get("version") != VERSION:
        raise ValueError(f"{where}: version {body.get('version')!r:.40}, this kit reads {VERSION}")
    for name, value in body.items():
        if name not in KEYS:
            raise ValueError(f"{where}: unknown key {name!r:.60}, known: {', '.join(sorted(KEYS))}")
        if type(value) is not KEYS[name]:
            raise ValueError(f"{where}: {name!r} is {value!r:.60}, not a {KEYS[name].__name__}")
    wanted = ("complete", "options", *(("clips", "shards") if body.get("complete") else ()))
    for name in wanted:
        if name not in body:
            raise ValueError(f"{where}: {name!r} is missing")
    _check_header(body, where)
    return body


def _check_header(body: dict[str, Any], where: str) -> None:
    for name, digest in body.get("shards", {}).items():
        if not NAME.fullmatch(name) or not isinstance(digest, str):
            raise ValueError(f"{where}: {name!r:.60} is no shard with a SHA-256")
    for name in COUNTS:
        value = body["options"].get(name, 1)
        if type(value) is not int or value < 1:
            raise ValueError(f"{where}: option {name} is {value!r:.40}; want a whole number >= 1")
    words = body["options"].get("words", [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{where}: option words is {words!r:.60}; want a list of texts")


def rows_from_bytes(data: bytes, shards: Sequence[str], where: str) -> list[dict[str, Any]]:
    """Return the rows of index.jsonl; ValueError names the line that is wrong."""
    return [
        row_from_bytes(line, shards, f"{where} line {number}")
        for number, line in enumerate(data.splitlines(), 1)
    ]


def row_from_bytes(line: bytes, shards: Sequence[str], where: str) -> dict[str, Any]:
    """Return one row: key, shard (one of `shards`), members with offset and size, facts."""
    if len(line) > LINE_BYTES:
        raise ValueError(f"{where}: longer than {LINE_BYTES} bytes")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: not JSON ({error})") from None
    if not isinstance(row, dict) or not isinstance(row.get("members"), dict):
        raise ValueError(f"{where}: no row with key, shard and members")
    if not isinstance(row.get("shard"), str) or row["shard"] not in shards:
        raise ValueError(f"{where}: {row.get('shard')!r:.60} is no shard of dataset.json")
    if not isinstance(row.get("key"), str) or not NAME.fullmatch(row["key"]):
        raise ValueError(f"{where}: {row.get('key')!r:.60} is no key of a clip")
    for suffix, place in row["members"].items():
        if not _is_place(place):
            raise ValueError(f"{where}: {suffix!r:.40} lies at {place!r:.60}; want offset and size")
    for name in INDEX_FACTS:
        if name not in row:
            raise ValueError(f"{where}: {name!r} is missing")
        check_fact(where, name, row[name])
    return row


def _is_place(place: Any) -> bool:
    whole = isinstance(place, list) and len(place) == 2
    return whole and all(type(number) is int and 0 <= number < 1 << 60 for number in place)


def tar_members(file: BinaryIO, bytes_: int, where: str) -> Iterator[tuple[str, int, int]]:
    """Yield (name, offset, size) of the members of a shard of `bytes_` bytes.

    The ustar header as `write_shard` has it written (POSIX.1-1988): plain files with short names.
    The standard library's reader follows links, extended headers and sparse maps as well, in which
    damage ends in endless loops (CVE-2025-8194). ValueError where the shard is not whole.
    """
    at, names = 0, set[str]()
    while True:
        file.seek(at)
        head = file.read(BLOCK)
        if len(head) == BLOCK and not any(head):
            return
        name, size = _member(head, f"{where}: not a whole tar shard; delete it to redo")
        at += BLOCK
        if name in names or at + size + BLOCK > bytes_:
            said = "is there twice" if name in names else "ends behind the shard's end"
            raise ValueError(f"{where}: {name!r} {said}; delete it to redo")
        names.add(name)
        yield name, at, size
        at += -(-size // BLOCK) * BLOCK


def _member(head: bytes, fault: str) -> tuple[str, int]:
    """Return (name, size) of a tar header."""
    try:
        plain = len(head) == BLOCK and head[257:262] == b"ustar" and head[156:157] in REGULAR
        name = head[:100].rstrip(b"\0").decode("ascii")
        size, said = (
            int(part.rstrip(b"\0 ") or b"x", 8) for part in (head[124:136], head[148:156])
        )
    except ValueError:
        raise ValueError(fault) from None
    if not plain or size < 0 or any(head[345:500]) or not NAME.fullmatch(name):
        raise ValueError(fault)
    if said != sum(head) - sum(head[148:156]) + 8 * ord(" "):
        raise ValueError(fault)
    return name, size
