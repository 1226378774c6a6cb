"""Raspberry Pi: what `vcgencmd` tells. Parsers are pure and never raise: None where nothing fits.

Format of each answer: the "vcgencmd" page of Raspberry Pi's documentation.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from device.probes.ask import ask
from device.probes.plausible import megahertz, milliwatts

BITS = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}
"""Bits 0-3 hold now; 16 higher, they have held since boot."""
NUMBER = r"([-+]?\d{1,12}(?:\.\d{1,12})?|[-+]?nan)"
PMIC_LINE = re.compile(
    rf"\s*(\w+)_([AV])\s+(?:current|volt)\(\d{{1,3}}\)={NUMBER}([AV])\s*", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True)
class Pmic:
    """One answer of `vcgencmd pmic_read_adc` (Raspberry Pi 5)."""

    power_mw: dict[str, float] = field(default_factory=dict)
    """Rail to milliwatt, for each rail that has both a current and a voltage."""
    unpaired: tuple[str, ...] = ()
    """Rails with only one of the two, or with nan: EXT5V has no current, and so no power."""
    skipped: int = 0
    """Lines that are no reading."""


def read_throttled() -> tuple[str, ...]:
    """Ask the firmware; empty where there is no vcgencmd or nothing was held back."""
    return parse_throttled(ask("vcgencmd", "get_throttled").text) or ()


def read_arm_mhz() -> float | None:
    """Ask the firmware for the clock of the cores; cpufreq says what was asked for, not what is."""
    return parse_clock(ask("vcgencmd", "measure_clock", "arm").text)


def parse_throttled(text: str) -> tuple[str, ...] | None:
    """Read `throttled=0x50005`: what holds now first, then what has held since boot."""
    found = re.fullmatch(r"throttled=0x([0-9a-fA-F]{1,8})", text.strip())
    if not found:
        return None
    value = int(found.group(1), 16)
    now = [f"{name} now" for bit, name in BITS.items() if value >> bit & 1]
    past = [f"{name} since boot" for bit, name in BITS.items() if value >> (bit + 16) & 1]
    return (*now, *past)


def parse_clock(text: str) -> float | None:
    """Read `frequency(48)=1800457088` of `vcgencmd measure_clock arm`, MHz."""
    found = re.fullmatch(r"frequency\(\d{1,3}\)=(\d{1,12})", text.strip(), re.ASCII)
    return megahertz(int(found.group(1)) / 1e6) if found else None


def parse_pmic(text: str) -> Pmic:
    """Pair currents (A) and voltages (V) by the name of the rail: their numbers do not match."""
    read: dict[str, dict[str, float]] = {"A": {}, "V": {}}
    skipped = 0
    for line in text.splitlines():
        found = PMIC_LINE.fullmatch(line)
        if found and found.group(2).upper() == found.group(4).upper():
            read[found.group(2).upper()][found.group(1)] = float(found.group(3))
        elif line.strip():
            skipped += 1
    power: dict[str, float] = {}
    for rail, amps in read["A"].items():
        value = milliwatts(1e3 * amps * read["V"].get(rail, math.nan))
        if value is not None:
            power[rail] = value
    unpaired = sorted({*read["A"], *read["V"]} - set(power))
    return Pmic(power, tuple(unpaired), skipped)
