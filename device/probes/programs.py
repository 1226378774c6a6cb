"""Programs of a board that tell what no file does: `vcgencmd` of a Pi, `tegrastats` of a Jetson."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from device.probes.ask import ask, start, stop, where
from device.probes.jetson import Tegra, parse_tegrastats
from device.probes.pi import parse_clock, parse_pmic, parse_throttled

T = TypeVar("T")
SLOW_S = 2.0
"""How often the firmware is asked for the clock and what held it back: that starts programs."""
STUCK_LIMIT = 2
"""A program that was stuck this often is not asked again."""
OLD_PERIODS = 3.0
"""A line of tegrastats older than this many periods says nothing about now."""


class Firmware:
    """The firmware of a Raspberry Pi; it says nothing where there is no `vcgencmd`."""

    def __init__(self) -> None:
        self.cpu_s = 0.0
        self.stuck = 0 if where("vcgencmd") else STUCK_LIMIT
        self._asked_s = -SLOW_S
        self._held: tuple[str, ...] = ()
        self._arm_mhz: float | None = None
        self._has_pmic = True

    def clock(self) -> tuple[float | None, tuple[str, ...]]:
        """Return the clock of the cores, MHz, and what held it back; at most SLOW_S old.

        cpufreq says what was asked of the firmware, which may run the cores slower.
        """
        now = time.monotonic()
        if now - self._asked_s >= SLOW_S:
            self._asked_s = now
            self._held = self._ask(parse_throttled, "get_throttled") or ()
            self._arm_mhz = self._ask(parse_clock, "measure_clock", "arm")
        return self._arm_mhz, self._held

    def power_mw(self) -> dict[str, float]:
        """Return the rails of the PMIC; empty on all but a Pi 5."""
        if not self._has_pmic:
            return {}
        read = self._ask(parse_pmic, "pmic_read_adc")
        if read is not None and not read.power_mw:
            self._has_pmic = False
        return read.power_mw if read is not None else {}

    def _ask(self, parse: Callable[[str], T | None], *words: str) -> T | None:
        if self.stuck >= STUCK_LIMIT:
            return None
        answer = ask("vcgencmd", *words)
        self.cpu_s += answer.cpu_s
        self.stuck += answer.stuck
        return None if answer.stuck else parse(answer.text)


class TegraStream:
    """A running tegrastats, of which the newest line is at hand."""

    def __init__(self, path: str, period_s: float) -> None:
        self._period_s = period_s
        self._newest: tuple[float, Tegra] | None = None
        interval_ms = str(max(100, round(1000 * period_s)))
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = start(path, "--interval", interval_ms)
        except OSError:
            return
        threading.Thread(target=self._read, name="tegrastats", daemon=True).start()

    def newest(self) -> tuple[float, Tegra] | None:
        """Return (`time.monotonic` of its arrival, line), each once; None without a new one."""
        found, self._newest = self._newest, None
        if found is None or time.monotonic() - found[0] > OLD_PERIODS * self._period_s:
            return None
        return found

    def close(self) -> float:
        """End the program and return its CPU time, seconds."""
        return 0.0 if self._process is None else stop(self._process)

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        try:
            while True:
                raw = self._process.stdout.readline(1 << 16)
                if not raw:
                    return
                line = parse_tegrastats(raw.decode("utf-8", errors="replace"))
                if line is not None:
                    self._newest = (time.monotonic(), line)
        except (OSError, ValueError):  # closed while it waited
            return
