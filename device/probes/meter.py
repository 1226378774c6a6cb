"""Samples of an external power meter, from the CSV file that its program writes."""

from __future__ import annotations

import csv
import math
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

UNITS = {"n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3}
"""Prefixes, with both characters that are in use for micro."""
BASES = {"time": "s(?:ec(?:onds?)?)?", "power": "W", "voltage": "V", "current": "A"}
KINDS = {
    "time": r"#?\s*(time|timestamp|elapsed|t)\b",
    "power": r"(\w+\s+){0,3}(power|p)\b",
    "voltage": r"(\w+\s+){0,3}(voltage|volt|v|u)\b",
    "current": r"(\w+\s+){0,3}(current|i)\b",
}
"""How a header names a column; its unit follows in brackets or after the last space or `_`."""
PREAMBLE = 60
"""The header lies in one of the first lines."""
LEAST_SAMPLES = 50
MOST_SKIPPED = 0.05
"""A file of which more than this part cannot be read is not the one that was meant."""


@dataclass(frozen=True)
class Trace:
    """Power over the meter's own time."""

    times_s: Sequence[float]
    """Time of each sample on the meter's clock, rising."""
    power_mw: Sequence[float]
    """Power at that time."""
    skipped: int
    """Lines that were no sample, or not after the one before."""


@dataclass(frozen=True)
class Layout:
    """Where the columns that give the power are."""

    columns: dict[str, tuple[int, float]]
    """Kind to (column, factor to SI); NaN for times that state no unit, and so are ISO 8601."""
    delimiter: str
    supply_v: float
    """Voltage of the supply, 0 where the file has it."""


def read_meter(path: Path, supply_v: float | None = None) -> Trace:
    """Read time and power; or current, times the voltage of the file or `supply_v` (volt).

    Columns are found by their names, which must state units: `time (s)`, `Timestamp(ms)`,
    `power_mW`, `Current(uA)`, `voltage [V]`; time may also be ISO 8601. Raises ValueError with one
    line where columns or units are missing, or too much of the file is not samples.
    """
    times, power, skipped = array("d"), array("d"), 0
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        layout = _layout(stream, path, supply_v)
        for row in _rows(stream, layout.delimiter):
            sample = _sample(row, layout)
            if sample is None or (times and sample[0] <= times[-1]):
                skipped += 1
                continue
            times.append(sample[0])
            power.append(sample[1])
    if not times and math.isnan(layout.columns["time"][1]):
        raise ValueError(f"{path}: its times are not ISO 8601, and 'time (s)' does not name them")
    if len(times) < LEAST_SAMPLES:
        raise ValueError(f"{path}: {len(times)} samples, at least {LEAST_SAMPLES} are needed")
    if skipped > MOST_SKIPPED * len(times):
        raise ValueError(f"{path}: {skipped} lines of {skipped + len(times)} are no samples")
    return Trace(times, power, skipped)


def _layout(stream: Iterator[str], path: Path, supply_v: float | None) -> Layout:
    for _ in range(PREAMBLE):
        line = next(stream, None)
        if line is None:
            break
        for delimiter in (";", "\t", ","):
            cells = [cell.strip().strip('"') for cell in line.strip().split(delimiter)]
            columns = _columns(cells)
            if "time" in columns and len(columns) > 1:
                used = _used(columns, path, supply_v)
                for kind in used:
                    if kind != "time" and math.isnan(columns[kind][1]):
                        name = cells[columns[kind][0]]
                        raise ValueError(f"{path}: column '{name}' states no unit, like '(mW)'")
                return Layout({kind: columns[kind] for kind in used}, delimiter, supply_v or 0.0)
    raise ValueError(
        f"{path}: no line like 'time (s),power (mW)' or 'time (ms),current (uA)' names its columns"
    )


def _used(
    columns: dict[str, tuple[int, float]], path: Path, supply_v: float | None
) -> tuple[str, ...]:
    """Return the kinds of columns that give the power."""
    if "power" in columns:
        return ("time", "power")
    if "current" not in columns:
        raise ValueError(f"{path}: no column of power or current")
    if "voltage" in columns:
        return ("time", "current", "voltage")
    if supply_v is None:
        raise ValueError(f"{path}: it has current and no voltage: give the supply's, in volt")
    if not 0 < supply_v < 100:
        raise ValueError(f"a supply of {supply_v} V: it lies between 0 and 100")
    return ("time", "current")


def _columns(cells: Sequence[str]) -> dict[str, tuple[int, float]]:
    """Return (column, factor to SI) of each kind, the first of a kind; NaN without a unit."""
    found: dict[str, tuple[int, float]] = {}
    for number, cell in enumerate(cells):
        name = cell.replace("_", " ")
        for kind, pattern in KINDS.items():
            if kind not in found and re.match(pattern, name, re.IGNORECASE):
                unit = re.search(rf"[\s(\[]([numkµμ]?){BASES[kind]}[)\]]?$", name)
                found[kind] = (number, UNITS[unit.group(1)] if unit else math.nan)
                break
    return found


def _rows(stream: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    rows = csv.reader((line.replace("\0", "") for line in stream), delimiter=delimiter)
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:  # a field of over 128 kB
            yield []


def _sample(row: Sequence[str], layout: Layout) -> tuple[float, float] | None:
    """Return (time s, power mW) of a line, None where it is none."""
    read: dict[str, float] = {}
    for kind, (column, factor) in layout.columns.items():
        if column >= len(row):
            return None
        text = row[column].strip()
        value = _number(text, layout.delimiter == ";") * factor
        if kind == "time" and math.isnan(factor):
            value = _instant(text)
        if not math.isfinite(value):
            return None
        read[kind] = value
    watts = (
        read["power"] if "power" in read else read["current"] * read.get("voltage", layout.supply_v)
    )
    return read["time"], 1000 * watts


def _number(text: str, comma: bool) -> float:
    """Read a decimal number; files parted by semicolons may have decimal commas."""
    try:
        return float(text.replace(",", ".") if comma else text)
    except ValueError:
        return math.nan


def _instant(text: str) -> float:
    """Read an ISO 8601 time, with or without a zone, as seconds."""
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError, OSError):
        return math.nan
