"""A child process ends with the one that started it, also where that one is killed."""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>: the signal that the system sends when the parent's thread ends."""


def end_with_parent(parent: int | None = None) -> None:
    """Have the system kill this process when its parent is gone; on Linux, elsewhere nothing.

    parent: its process id where it is known, for a parent that is gone already.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)
