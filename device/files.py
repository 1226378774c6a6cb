"""Files and folders that are either whole or absent, also after a kill or a power cut; hashes.

What is written goes to `.NAME.N.part` beside its place, to the disk, and only then to its name;
the folder follows to the disk, or a power cut could undo the rename. A lock tells what is under way
from what a killed process left, which the next writer takes over.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import itertools
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POSIX = os.name == "posix"
NO_SUCH_THING = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)
"""What file systems answer that cannot bring a folder to the disk."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 lowercase hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part.

    It is on the disk when this returns. Text is written as UTF-8. Raises OSError that names `path`
    (disk full, no such folder) and then leaves nothing.
    """
    raw = data.encode("utf-8") if isinstance(data, str) else data
    try:
        handle, part = _claimed_file(path)
        with os.fdopen(handle, "wb") as stream:
            try:
                stream.write(raw)
                stream.flush()
                os.fsync(handle)
                if not POSIX:  # Windows renames no open file
                    stream.close()
                os.replace(part, path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        sync_folder(path.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def check_writable(path: Path) -> None:
    """Raise the OSError that writing `path` would raise, before long work is done for it."""
    try:
        handle, part = _claimed_file(path)
        part.unlink()
        os.close(handle)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def replace(part: Path, path: Path) -> None:
    """Give a finished file, whose data is on the disk, its final name for good."""
    os.replace(part, path)
    sync_folder(path.parent)


def install(folder: Path, out: Path) -> None:
    """Give a finished folder its final name for good, its content brought to the disk first."""
    sync_tree(folder)
    folder.rename(out)
    sync_folder(out.parent)


def make_folder(folder: Path) -> None:
    """Make a folder with those above it, all of them on the disk; nothing where it is there."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: until then a power cut may undo what was renamed."""
    if POSIX:
        with contextlib.suppress(PermissionError):  # a folder to write to, not to look into
            _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_tree(folder: Path) -> None:
    """Bring all files below a folder and their names to the disk."""
    for place, _, files in os.walk(folder, topdown=False):
        for name in files:
            _sync(Path(place, name), os.O_RDONLY if POSIX else os.O_RDWR)
        sync_folder(Path(place))


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_SUCH_THING:
            raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(handle)


@contextmanager
def workplace(out: Path) -> Iterator[Path]:
    """Give an empty folder beside `out` to this process alone; it may become `out` by `install`.

    What a killed process left in it is removed first, what is left of it goes at the end. OSError
    names `out` where its disk is full or cannot be written.
    """
    handle = -1
    try:
        make_folder(out.parent)
        handle, room = _claimed_folder(out)
        for left in room.iterdir():
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        yield room
    except OSError as error:
        if error.errno in NO_ROOM:
            raise OSError(error.errno, error.strerror, str(out)) from error
        raise
    finally:
        if handle >= 0:
            if _is_still(handle, room):
                shutil.rmtree(room, ignore_errors=True)
            os.close(handle)


def _claimed_folder(out: Path) -> tuple[int, Path]:
    """Open a folder beside `out` that no other process works in."""
    for number in itertools.count():
        room = out.with_name(f".{out.name}.{number}.part")
        room.mkdir(exist_ok=True)
        handle = os.open(room, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        if lock(handle) and _is_still(handle, room):
            return handle, room
        os.close(handle)
    raise AssertionError("numbers do not end")


def sweep(out: Path) -> None:
    """Remove the workplaces of `out` that killed processes left."""
    for room in out.parent.glob(f".{glob.escape(out.name)}.*.part"):
        if room.is_symlink() or not room.is_dir():
            continue
        with contextlib.suppress(FileNotFoundError):  # another process may end it just now
            handle = os.open(room, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            if lock(handle):
                shutil.rmtree(room, ignore_errors=True)
            os.close(handle)


def lock(handle: int) -> bool:
    """Take the lock of an open file or folder; False where another process has it.

    It ends with the process, whatever happens. Where the system has no such locks, it is taken.
    """
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _claimed_file(path: Path) -> tuple[int, Path]:
    """Open an empty temporary file beside `path` that no other process writes."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    for number in itertools.count():
        part = path.with_name(f".{path.name}.{number}.part")
        handle = os.open(part, flags, 0o666)
        if lock(handle) and _is_still(handle, part):
            os.ftruncate(handle, 0)
            return handle, part
        os.close(handle)
    raise AssertionError("numbers do not end")


def _is_still(handle: int, path: Path) -> bool:
    """Whether an open file still has its name, and no second one: its owner may just have ended."""
    try:
        named, opened = path.lstat(), os.fstat(handle)
    except FileNotFoundError:
        return False
    plain = stat.S_ISDIR(opened.st_mode) or opened.st_nlink == 1
    return plain and (named.st_ino, named.st_dev) == (opened.st_ino, opened.st_dev)
