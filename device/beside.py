"""What runs beside a measurement: telemetry, idle power before it, patterns for a meter."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType

from device.probes.ask import where
from device.probes.energy import energy_of_spans, mean_power_mw
from device.probes.pulse import Pulse, play
from device.probes.telemetry import PERIOD_S, Sampler
from device.report import FileRun, Moment, Report, spans_of

IDLE_S = 5 * PERIOD_S
"""Rest before the first file is loaded, on a board that measures its power."""
FIRST_SAMPLE_S = 0.1
COSTLY = 0.02
"""Part of a core that telemetry may take unmentioned."""


class Beside:
    """Telemetry from `with` to its end; then `told` puts it into a report."""

    def __init__(self, chip_s: float | None = None) -> None:
        self._chip_s = chip_s
        self._pulses: list[Pulse] = []
        self._idle: tuple[float, float] = (0.0, 0.0)
        self._sampler = Sampler()

    def __enter__(self) -> Beside:
        self._sampler.__enter__()
        time.sleep(FIRST_SAMPLE_S)
        if self._sampler.total() is not None or where("tegrastats"):
            start = time.monotonic()
            time.sleep(IDLE_S)
            self._idle = (start, time.monotonic())
        if self._chip_s is not None:
            self._pulses.append(play("start", self._chip_s))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._chip_s is not None and error is None:
            self._pulses.append(play("end", self._chip_s))
        self._sampler.__exit__(kind, error, at)

    def begin(self) -> float:
        """Make now the zero of the clock; return it on the monotonic clock, s."""
        self._sampler.mark()
        return self._sampler.zero_s

    def told(self, report: Report) -> Report:
        """Return the report with telemetry, and with the energy of each row where it is known."""
        sampler, zero = self._sampler, self._sampler.zero_s
        moments, total = sampler.moments(), sampler.total()
        rails = total.rails if total else ()
        idle = mean_power_mw(moments, self._idle[0] - zero, self._idle[1] - zero, rails)
        runs = [with_energy(run, moments, rails) for run in report.runs]
        if sampler.cost() > COSTLY:
            phrase = f"telemetry: sampling took {sampler.cost():.0%} of a core"
            runs = [replace(run, doubts=(*run.doubts, phrase)) for run in runs]
        return replace(
            report,
            runs=tuple(runs),
            telemetry=moments,
            power_source=sampler.power_source(),
            idle_mw=idle,
            pulses=tuple(replace(pulse, began_s=pulse.began_s - zero) for pulse in self._pulses),
        )


def with_energy(run: FileRun, moments: Sequence[Moment], rails: Sequence[str]) -> FileRun:
    """Return the row with the total energy of one run, idle power included, where it is known."""
    energy = energy_of_spans(moments, spans_of(run), rails) if run.latency_ns else None
    return replace(run, energy_mj=None if energy is None else energy / len(run.latency_ns))
