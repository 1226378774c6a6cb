"""A folder that is whole or absent: filled under another name, renamed when it is complete."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device.bundle import MANIFEST


@contextmanager
def staged(out: Path, force: bool, mark: str = MANIFEST) -> Iterator[Path]:
    """Give an empty folder that becomes `out` when the block ends well, and goes when it fails.

    ValueError where `out` is there and `force` is not given, or where it has no file `mark`:
    `force` replaces what that is the mark of, never anything else.
    """
    check_free(out, force, mark)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as room:
        folder, old = Path(room) / "new", Path(room) / "old"
        folder.mkdir()
        yield folder
        if out.exists():
            out.rename(old)
        try:
            folder.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise


def check_free(out: Path, force: bool, mark: str = MANIFEST) -> None:
    """Raise the ValueError of `staged` before any work is done."""
    if not out.exists() and not out.is_symlink():
        return
    if not force:
        raise ValueError(f"{out} is already there; --force replaces it")
    if not out.is_dir() or out.is_symlink():
        raise ValueError(f"{out} is not a folder; --force replaces bundles only")
    if any(out.iterdir()) and not (out / mark).is_file():
        raise ValueError(f"{out} has no {mark}; --force replaces bundles only")
