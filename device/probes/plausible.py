"""Readings that a sensor can mean; anything else is None, as if the sensor had not answered."""

from __future__ import annotations

COLDEST_C, HOTTEST_C = -60.0, 200.0
"""A Jetson sensor that is off says -256."""


def celsius(value: float) -> float | None:
    """Return a temperature in degrees Celsius where it is one."""
    return value if COLDEST_C < value < HOTTEST_C else None


def megahertz(value: float) -> float | None:
    """Return a clock in MHz where it is one; a core that is off says 0."""
    return value if 1 <= value < 20_000 else None


def milliwatts(value: float) -> float | None:
    """Return a power in mW where it is one; a sensor's offset can make it a little negative."""
    return value if -10_000 < value < 1_000_000 else None
