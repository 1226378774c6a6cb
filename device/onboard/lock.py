"""The lock of a board, and small questions to its system.

One file for the whole board that its holder keeps locked (flock), so that the kernel frees it
however the holder ends. Its text says who holds it, since when and for which run.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import tempfile
import time
from pathlib import Path
from typing import Any

LOCK_FOLDER = Path("/run/lock")
"""World-writable and emptied by a restart on Debian and its kin; the temporary folder elsewhere."""
LOCK = "collodi-board.lock"


class Trouble(Exception):
    """A failure on the board that the host turns into its own error by `code`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def lock_path(path: str) -> Path:
    """Return the file of the board's lock; `path` where the board's entry names one."""
    if path:
        return Path(path)
    usable = LOCK_FOLDER.is_dir() and os.access(LOCK_FOLDER, os.W_OK)
    return (LOCK_FOLDER if usable else Path(tempfile.gettempdir())) / LOCK


def take(path: str, owner: str, folder: str) -> int:
    """Return the descriptor of the held lock; Trouble `busy` says who has it, and how long."""
    file = lock_path(path)
    for _ in range(5):
        try:
            handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        except FileExistsError:
            if holder(path) is not None:
                break
            _remove_stale(file)
            continue
        except OSError as error:
            raise Trouble("lock", f"{file}: {error.strerror}") from None
        if _locked(handle, file):
            os.fchmod(handle, 0o644)  # whatever the umask: others shall read who has the board
            text = {"owner": owner, "dir": folder, "since_s": time.monotonic()}
            os.write(handle, json.dumps(text).encode())
            os.set_inheritable(handle, True)
            return handle
    raise busy(holder(path) or {})


def _locked(handle: int, file: Path) -> bool:
    """Lock an open file; False where another was faster, or the file is another one by now."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if file.stat().st_ino == os.fstat(handle).st_ino:
            return True
    except OSError:
        pass
    os.close(handle)
    return False


def busy(text: dict[str, Any]) -> Trouble:
    """Return the Trouble that says who has the board."""
    now, since = time.monotonic(), text.get("since_s")
    age = max(0.0, now - since) if isinstance(since, (int, float)) else 0.0
    who = text.get("owner", "another user")
    return Trouble("busy", f"{who} has been measuring on it for {age:.0f} s")


def holder(path: str) -> dict[str, Any] | None:
    """Return the text of the lock where a living run holds it, else None."""
    try:
        handle = os.open(lock_path(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Trouble("lock", f"{lock_path(path)}: {error.strerror}") from None
    with os.fdopen(handle, "rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except OSError:
            try:
                text = json.loads(stream.read(4096).decode("utf-8"))
            except ValueError:
                text = {}
            return text if isinstance(text, dict) else {}


def holds(path: str, folder: str) -> bool:
    """Is the board's lock held, and by the run of this folder?"""
    text = holder(path)
    return text is not None and text.get("dir") == folder


def _remove_stale(file: Path) -> None:
    """Remove a lock whose holder is gone; it is held meanwhile, for somebody may just take it."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        if _locked(handle, file):
            try:
                file.unlink()
            finally:
                os.close(handle)
    except FileNotFoundError:
        pass
    except OSError:
        text = f"an ended run of another user left {file}: that user or root has to remove it"
        raise Trouble("lock", text) from None


def drop(path: str, folder: str) -> None:
    """Remove the lock file where it is that of this folder."""
    file = lock_path(path)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if json.loads(file.read_text(encoding="utf-8")).get("dir") == folder:
            file.unlink()


def own(folder: Path) -> None:
    """Refuse a folder that is not this user's alone; a group that it inherits changes nothing."""
    try:
        info = folder.lstat()
    except FileNotFoundError:
        raise Trouble("gone", "the run's folder is not on the board any more") from None
    private = stat.S_ISDIR(info.st_mode) and info.st_mode & 0o777 == 0o700
    if not private or info.st_uid != os.geteuid():
        raise Trouble("folder", f"{folder} is not a private folder of this user")


def boot_id() -> str:
    """Return what Linux draws anew at each start, empty where it does not tell."""
    return first_line("/proc/sys/kernel/random/boot_id")


def first_line(path: str) -> str:
    """Return the first line of a small file, empty where there is none."""
    try:
        with open(path, errors="replace") as stream:
            return stream.readline().strip("\0 \n")
    except OSError:
        return ""
