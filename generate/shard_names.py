"""Names of shards: by number, and by what they hold where a place cannot tell who was first.

A folder gives `shard-000007.tar` to the first of its writers. A store, and a file system without
hard links, let the last stay; there a shard is `shard-000007-HASH.tar` with the first digits of its
SHA-256. Who writes the same name writes the same bytes, and what a finished data set names never
changes. dataset.json says which of several is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from generate.store import Location, sizes

NAME = re.compile(r"shard-(\d{6,})(?:-([0-9a-f]{16}))?\.tar")
DIGITS = 16
"""Of the SHA-256 in a name."""


def shard_name(number: int) -> str:
    """File name of shard `number` where the first writer stays."""
    return f"shard-{number:06d}.tar"


def content_name(name: str, sha256: str) -> str:
    """File name of a shard where the last writer would stay."""
    return f"{name.removesuffix('.tar')}-{sha256[:DIGITS]}.tar"


def may_hold(name: str, sha256: str) -> bool:
    """Whether a shard of this name may hash to `sha256`."""
    found = NAME.fullmatch(name)
    return not (found and found[2]) or sha256.startswith(found[2])


def shards_in(names: Iterable[str]) -> dict[int, list[str]]:
    """Number of each shard to its names, the one that a data set takes first."""
    found: dict[int, list[str]] = {}
    for name in sorted(names, key=lambda name: (len(name), name)):
        if shard := NAME.fullmatch(name):
            found.setdefault(int(shard[1]), []).append(name)
    return found


def find_shard(folder: Location, number: int) -> Location | None:
    """Where shard `number` of a data set lies; None where it is missing."""
    stem = shard_name(number).removesuffix(".tar")
    names = shards_in(sizes(folder, stem)).get(number)
    return folder / names[0] if names else None


def missing_shards(folder: Location, n_shards: int) -> list[int]:
    """Numbers of the shards that are not there."""
    there = shards_in(sizes(folder))
    return [number for number in range(n_shards) if number not in there]
