"""`collodi energy REPORT --meter FILE`: the energy of each row, by an external power meter."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from device.args import Parser, positive_seconds, shown
from device.probes.align import Alignment, align
from device.probes.energy import Curve, curve, spans_mj
from device.probes.meter import read_meter
from device.report import FileRun, Report, read_report, spans_of, write_report
from device.table import report_text

EXAMPLES = """\
  collodi bench my-bundle --pulse --runs 100000 --seconds 30 --json report.json
  collodi energy report.json --meter samples.csv
  collodi energy report.json --meter current.csv --supply-v 5.1 --json with-energy.json"""

OPEN = 0.05
"""Part of an energy that the clocks may leave open unmentioned."""


def main(argv: list[str]) -> int:
    """Run `collodi energy`; 0 where at least one row got its energy, else 1."""
    parser = Parser("collodi energy", "Add a power meter's samples to a report.", EXAMPLES)
    parser.add_argument("report", metavar="REPORT", type=Path, help="made with bench --pulse")
    parser.add_argument("--meter", metavar="FILE", type=Path, required=True, help="its CSV file")
    parser.add_argument(
        "--supply-v", type=positive_seconds, metavar="V", help="voltage, where it has only current"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write here, not over REPORT")
    words = parser.parse_args(argv)
    report = metered(read_report(words.report), words.meter, words.supply_v)
    print(shown(report_text(report)))
    write_report(words.json or words.report, report)
    return 0 if any(run.energy_mj is not None for run in report.runs) else 1


def metered(report: Report, meter: Path, supply_v: float | None = None) -> Report:
    """Return the report with the energy of each row that the meter's samples cover.

    Raises ValueError where the report has no patterns, the file cannot be read, or the patterns are
    not in it. Rows of emulated or failed runs, which have no times, get none.
    """
    if not report.pulses:
        raise ValueError("the report has no patterns to find in the samples: bench with --pulse")
    trace = read_meter(meter, supply_v)
    clocks = align(trace, report.pulses)
    power = curve(trace.times_s, trace.power_mw)
    assert power is not None
    first = report.pulses[0]
    source = (
        f"meter {meter.name}: clocks aligned to {1e3 * clocks.uncertainty_at(first.began_s):.1f} ms"
        + (f", {trace.skipped} lines skipped" if trace.skipped else "")
    )
    runs = tuple(_metered(run, power, clocks) for run in report.runs)
    return replace(report, runs=runs, power_source=source, idle_mw=None)


def _metered(run: FileRun, power: Curve, clocks: Alignment) -> FileRun:
    spans = [(clocks.meter_s(start), clocks.meter_s(end)) for start, end in spans_of(run)]
    energy = spans_mj(power, spans) if run.latency_ns else None
    doubts = tuple(text for text in run.doubts if not text.startswith("energy:"))
    if energy is None:
        none = ("energy: the meter's samples do not cover the rounds",) if run.latency_ns else ()
        return replace(run, energy_mj=None, doubts=(*doubts, *none))
    error = _uncertainty_mj(run, power, clocks)
    if error > OPEN * energy:
        doubts = (*doubts, f"energy: the clocks leave it open by {error / energy:.0%}")
    return replace(run, energy_mj=energy / len(run.latency_ns), doubts=doubts)


def _uncertainty_mj(run: FileRun, power: Curve, clocks: Alignment) -> float:
    """How far a shift of the clocks by its uncertainty moves the energy of all rounds, mJ."""
    moved = []
    for sign in (-1, 1):
        total = 0.0
        for start, end in spans_of(run):
            shift = sign * clocks.uncertainty_at(start)
            total += power.energy_mj(clocks.meter_s(start) + shift, clocks.meter_s(end) + shift)
        moved.append(total)
    return math.fabs(moved[1] - moved[0]) / 2
