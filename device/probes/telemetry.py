"""The board beside a measurement: a thread that takes a Moment every half second.

It runs in the process that waits for the measuring one, at a low priority, and reads files that
the kernel keeps; a program is started only for what no file tells. `cost()` says what it took.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from types import TracebackType

from device.probes.ask import where
from device.probes.energy import total_of
from device.probes.linux import parse_cpuinfo
from device.probes.programs import Firmware, TegraStream
from device.probes.rails import PMIC, Total, describe
from device.probes.sysfs import (
    ROOT,
    core_clocks,
    rails,
    read_celsius,
    read_megahertz,
    read_milliwatts,
    read_text,
    thermal_zones,
)
from device.report import Moment

PERIOD_S = 0.5
NICE = 10
"""Priority of the thread: work that wants the core goes first."""
JITTER = 0.3
"""Part of a period by which samples move, so that work of the same rhythm is not always met
at the same point; multiples of the golden ratio spread them evenly (Weyl)."""


class Sampler:
    """Takes moments from `with` to its end; times count from `mark()`, or else from the start."""

    def __init__(self, period_s: float = PERIOD_S, root: Path = ROOT) -> None:
        if not 0.01 <= period_s <= 60:
            raise ValueError(f"a sampling period of {period_s} s: it lies between 0.01 and 60")
        self.period_s = period_s
        self.source: str | None = None
        self._root = root
        self._zones, self._cores, self._rails = thermal_zones(root), core_clocks(root), rails(root)
        self._firmware = Firmware()
        self._tegra: TegraStream | None = None
        self._taken: list[Moment] = []
        self._own_cpu_s = self._tegra_cpu_s = 0.0
        self._zero_s = self._began_s = time.monotonic()
        self._ended_s: float | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)

    def __enter__(self) -> Sampler:
        tegrastats = None if self._rails else where("tegrastats")
        if tegrastats:
            self._tegra = TegraStream(tegrastats, self.period_s)
        self._zero_s = self._began_s = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join(timeout=5.0)  # a sensor that holds the thread is left behind
        if self._tegra is not None:
            self._tegra_cpu_s = self._tegra.close()
        self._ended_s = time.monotonic()

    def mark(self) -> None:
        """Make now the zero of the clock: the first measured run begins."""
        self._zero_s = time.monotonic()

    @property
    def zero_s(self) -> float:
        """The zero of the clock, on `time.monotonic`, which all processes of a board share."""
        return self._zero_s

    def moments(self) -> tuple[Moment, ...]:
        """Return what was taken so far, in order; nothing where the board tells nothing."""
        zero = self._zero_s
        return tuple(
            Moment(m.at_s - zero, m.temperatures_c, m.clocks_mhz, m.power_mw, m.throttled)
            for m in list(self._taken)
        )

    def total(self) -> Total | None:
        """Return which rails are the power of the board, None where it measures none."""
        return total_of(list(self._taken), self.source) if self.source else None

    def power_source(self) -> str | None:
        """Return what measured the power, which rails are summed and what is not in the sum."""
        found = self.total()
        return describe(found, self.source) if found and self.source else None

    def cost(self) -> float:
        """Return the CPU time that sampling took, its programs too, as a fraction of one core."""
        until = self._ended_s or time.monotonic()
        spent = self._own_cpu_s + self._firmware.cpu_s + self._tegra_cpu_s
        return spent / max(until - self._began_s, 1e-9)

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # on Linux, of this thread alone
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        number, ended = 0, False
        while True:
            moment = self._take()
            if moment.temperatures_c or moment.clocks_mhz or moment.power_mw or moment.throttled:
                self._taken.append(moment)
            self._own_cpu_s = time.thread_time()
            if ended:
                return
            number += 1
            due = self.period_s * (number + JITTER * (number * 0.6180339887 % 1))
            ended = self._end.wait(max(self._began_s + due - time.monotonic(), self.period_s / 5))

    def _take(self) -> Moment:
        began = time.monotonic()
        power = self._power()
        at = (began + time.monotonic()) / 2
        heat = ((name, read_celsius(name, read_text(file))) for name, file in self._zones)
        temperatures = {name: value for name, value in heat if value is not None}
        arm_mhz, held = self._firmware.clock()
        clocks = self._clocks()
        if arm_mhz is not None:
            clocks = (arm_mhz,) * max(1, len(clocks))
        newest = self._tegra.newest() if self._tegra is not None else None
        if newest is not None:
            at, line = newest
            power, self.source = line.power_mw, "tegrastats" if line.power_mw else self.source
            temperatures, clocks = temperatures or line.temperatures_c, clocks or line.clocks_mhz
        return Moment(at, temperatures, clocks, power, held)

    def _power(self) -> dict[str, float]:
        """Return the rails of the monitors, or of the Pi's PMIC where there are none."""
        if self._rails:
            self.source = "ina3221"
            found = ((rail.name, read_milliwatts(rail)) for rail in self._rails)
            return {name: value for name, value in found if value is not None}
        power = self._firmware.power_mw()
        self.source = PMIC if power else self.source
        return power

    def _clocks(self) -> tuple[float, ...]:
        if not self._cores:
            return parse_cpuinfo(read_text(self._root / "proc/cpuinfo"))
        found = (read_megahertz(read_text(file)) for file in self._cores)
        return tuple(clock for clock in found if clock is not None)
