"""Whole shards of a store in a local folder, where COLLODI_CACHE names one: read once, checked."""

from __future__ import annotations

import os
from pathlib import Path

from generate.shard_notes import Hashed
from generate.store import creating
from generate.store_remote import Remote

VARIABLE = "COLLODI_CACHE"


def cache_folder() -> Path | None:
    """The folder that the user gave for it; made if missing."""
    named = os.environ.get(VARIABLE, "")
    if not named:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cached(shard: Remote, sha256: str) -> Path | None:
    """The shard as a local file named by its SHA-256; None without a folder for it.

    ValueError where what came does not hash to `sha256`.
    """
    folder = cache_folder()
    if folder is None:
        return None
    path = folder / f"{sha256}.tar"
    if not path.is_file():
        hashed = Hashed()
        with creating(path) as draft:
            hashed.file = draft.file
            for block in shard.blocks():
                hashed.write(block)
            if hashed.hexdigest() != sha256:
                raise ValueError(f"{shard} does not match its sha256; make it again")
    return path
