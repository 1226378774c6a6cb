"""Ctrl-C as an event that is looked at between two pieces of work, so that no lock is left held."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SAME_S = 2.0
"""A second Ctrl-C so soon is the first one: torchrun hands on to its processes what the terminal
told them already."""


@contextmanager
def interrupted(*others: signal.Signals) -> Iterator[threading.Event]:
    """An event that Ctrl-C sets; a second Ctrl-C, SAME_S later, interrupts at once.

    others: signals that set it too, such as the SIGTERM of torchrun and Slurm.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    asked = [float("inf")]

    def ask(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and time.monotonic() - asked[0] > SAME_S:
            signal.default_int_handler(number, frame)
        asked[0] = min(asked[0], time.monotonic())
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, *others)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
