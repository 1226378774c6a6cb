"""Which power rails are the whole board, and which would be counted twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PMIC = "pmic"
"""Name of the power source `vcgencmd pmic_read_adc`."""


@dataclass(frozen=True)
class Total:
    """The rails whose sum is the power that a report gives."""

    rails: tuple[str, ...]
    """Names of the rails to add up."""
    what: str
    """What that sum is, and what it leaves out; for people."""


MODULE = "the whole module; the carrier board is not in it"
NO_TOTAL = "this module has no rail for all, and the carrier board is not in it"
TOTALS = (
    Total(("VDD_IN",), MODULE),  # Xavier NX, Orin Nano, Orin NX; Nano with later kernels
    Total(("POM_5V_IN",), MODULE),  # Nano
    Total(("VIN",), "the whole developer kit: module, carrier board and fan"),  # Thor
    Total(
        ("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"),  # AGX Orin
        f"{NO_TOTAL}; VDDQ_VDD2_1V8AO is fed from VIN_SYS_5V0 and not added again",
    ),
    Total(("VDD_GPU", "VDD_CPU_SOC_MSS", "VIN_SYS_5V0"), NO_TOTAL),  # Thor without VIN
)
"""The first whose rails are all there holds. Rails: the power sections of the Jetson Linux
Developer Guide, and the labels in the device trees."""
PERIPHERAL = ("HDMI",)
"""Rail of the Pi 5's PMIC that only feeds a peripheral, the 5 V pin of the monitor."""


def total(names: Iterable[str], source: str) -> Total | None:
    """Return which of the rails `names` of a power source to add up; None where that is unknown.

    `source` is `ina3221`, `tegrastats` or `pmic`. Rails of a monitor that nobody labelled mean
    something only where there is one alone.
    """
    known = tuple(dict.fromkeys(names))
    if source == PMIC:
        inside = tuple(name for name in known if name not in PERIPHERAL)
        what = (
            "sum of the PMIC's rails; its losses and all that hangs on 5 V (USB, HATs, fan, HDMI)"
        )
        return Total(inside, f"{what} are not in it") if inside else None
    for entry in TOTALS:
        if set(entry.rails) <= set(known):
            return entry
    if len(known) == 1:
        return Total(known, "the only sensor there is: what it measures depends on its wiring")
    return None


def describe(chosen: Total, source: str) -> str:
    """Return source, rails and meaning in one line, for `power_source` of a report."""
    names = " + ".join(chosen.rails) if len(chosen.rails) < 5 else f"{len(chosen.rails)} rails"
    return f"{source}: {names} ({chosen.what})"
