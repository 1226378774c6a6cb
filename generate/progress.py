"""Progress of long work: a bar on a terminal, a line every ten seconds otherwise."""

from __future__ import annotations

import sys
import time
from typing import Any


class Progress:
    """Rate and time left: a tqdm bar on a terminal, a line every ten seconds otherwise."""

    def __init__(self, total: int, what: str, unit: str = "clip") -> None:
        self.total, self.what = total, what
        self.units = unit + ("es" if unit.endswith("ch") else "s")
        self.count, self.begun, self.spoke = 0, time.monotonic(), time.monotonic()
        self.bar: Any = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=total, desc=what, unit=unit, smoothing=0.1)
            self.bar._time = time.monotonic  # a clock that is set back would stop the bar
            self.bar.start_t = self.bar.last_print_t = time.monotonic()

    def update(self, count: int) -> None:
        """Say that `count` of `total` are done."""
        if self.bar is not None:
            self.bar.update(count - self.count)
        self.count = count
        now = time.monotonic()
        if self.bar is None and now - self.spoke >= 10:
            self.spoke = now
            print(self._line(now), file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the bar."""
        if self.bar is not None:
            self.bar.close()

    def _line(self, now: float) -> str:
        rate = self.count / max(now - self.begun, 1e-9)
        left = (self.total - self.count) / rate if rate else float("inf")
        text = f"{self.what}: {self.count}/{self.total} {self.units}, {rate:.1f}/s"
        return text + (f", {left:.0f} s left" if self.count else "")
