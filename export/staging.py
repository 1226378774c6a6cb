"""A folder that is whole or absent: filled under another name, renamed when it is complete."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device.bundle import MANIFEST
from device.files import install, sweep, sync_folder, workplace


@contextmanager
def staged(out: Path, force: bool, mark: str = MANIFEST) -> Iterator[Path]:
    """Give an empty folder that becomes `out` when the block ends well, and goes when it fails.

    Meanwhile temporary files of this process, those of libraries too, lie beside it and go with it;
    what a killed process left goes first. ValueError where `out` is there and `force` is not given,
    or where it has no file `mark`: `force` replaces what that is the mark of, never anything else.
    """
    with workplace(out) as room, _temporary_files_in(room):
        _put_back(out)
        _check(out, force, mark)
        folder = room / "new"
        folder.mkdir()
        yield folder
        if out.exists():
            out.rename(_old(out))
        try:
            install(folder, out)
        except OSError:
            _put_back(out)
            raise
        shutil.rmtree(_old(out), ignore_errors=True)


def _old(out: Path) -> Path:
    """Where a bundle waits that is being replaced."""
    return out.with_name(f".{out.name}.old")


def _put_back(out: Path) -> None:
    """Undo or end the replacement that another process was killed in."""
    old = _old(out)
    if out.exists():
        shutil.rmtree(old, ignore_errors=True)
    elif old.exists():
        old.rename(out)
        sync_folder(out.parent)


@contextmanager
def _temporary_files_in(room: Path) -> Iterator[None]:
    before, tempfile.tempdir = tempfile.tempdir, str(room.resolve())
    try:
        yield
    finally:
        tempfile.tempdir = before


def check_free(out: Path, force: bool, mark: str = MANIFEST) -> None:
    """Raise the ValueError of `staged` before any work is done."""
    sweep(out)
    _check(out, force, mark)


def _check(out: Path, force: bool, mark: str) -> None:
    if not out.exists() and not out.is_symlink():
        return
    if not force:
        raise ValueError(f"{out} is already there; --force replaces it")
    if not out.is_dir() or out.is_symlink():
        raise ValueError(f"{out} is not a folder; --force replaces bundles only")
    if any(out.iterdir()) and not (out / mark).is_file():
        raise ValueError(f"{out} has no {mark}; --force replaces bundles only")
