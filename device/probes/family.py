"""Which family of boards this is, by what its device tree says.

The module's number in `compatible` comes first: the `model` text is that of the carrier board's
maker, and some rename it. Numbers: NVIDIA's "Jetson Modules" table; the kernel's device trees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from device.probes.sysfs import ROOT, read_text


@dataclass(frozen=True)
class Family:
    """A family of boards that the harness knows."""

    name: str
    """Short name, as boards are named in boards.toml."""
    title: str
    """Name for people."""
    compatible: str
    """Pattern of one entry of the device tree's `compatible`."""
    model: str
    """Pattern in the device tree's `model`."""


FAMILIES = (
    Family("pi-zero-2w", "Raspberry Pi Zero 2 W", r"raspberrypi,model-zero-2-w", r"Pi Zero 2"),
    Family("pi3", "Raspberry Pi 3", r"raspberrypi,3-.*", r"Raspberry Pi (Compute Module )?3\b"),
    Family("pi4", "Raspberry Pi 4", r"raspberrypi,4.*", r"Raspberry Pi (Compute Module )?4(00)?\b"),
    Family("pi5", "Raspberry Pi 5", r"raspberrypi,5.*", r"Raspberry Pi (Compute Module )?5(00)?\b"),
    Family("jetson-nano", "Jetson Nano", r"nvidia,(jetson-nano|.*p3448-.*)", r"Jetson Nano\b"),
    Family("xavier-nx", "Jetson Xavier NX", r"nvidia,.*p3668-.*", r"Jetson Xavier NX\b"),
    Family("orin-nano", "Jetson Orin Nano", r"nvidia,.*p3767-000[345].*", r"Jetson Orin Nano\b"),
    Family("orin-nx", "Jetson Orin NX", r"nvidia,.*p3767-000[01].*", r"Jetson Orin NX\b"),
    Family("agx-orin", "Jetson AGX Orin", r"nvidia,.*p3701-.*", r"Jetson AGX Orin\b"),
    Family("thor", "Jetson Thor", r"nvidia,.*p3834-.*", r"Jetson (AGX )?Thor\b"),
)


def family(model: str, compatible: str = "") -> Family | None:
    """Return the family of a board, None where it is another.

    `model` and `compatible` are the texts of /proc/device-tree, entries of the latter parted by
    NUL (white space does too).
    """
    entries = [entry for entry in re.split(r"[\0\s]+", compatible) if entry]
    for known in FAMILIES:
        if any(re.fullmatch(known.compatible, entry) for entry in entries):
            return known
    for known in FAMILIES:
        if re.search(known.model, model):
            return known
    return None


def this_family(root: Path = ROOT) -> Family | None:
    """Return the family of this board."""
    tree = root / "proc/device-tree"
    return family(read_text(tree / "model"), read_text(tree / "compatible"))
