"""NVIDIA Jetson: tegrastats, nvpmodel and the release file. Pure parsers that never raise.

Formats: "tegrastats Utility" and "nvpmodel" in the Jetson Linux Developer Guide; L4T 32 (Nano,
Xavier NX) prints `VDD_IN 3140/3208`, 35 and 36 (Orin) `VDD_IN 3140mW/3208mW`, 38 and 39 (Thor)
may add the maximum: `VIN 28906mW/14453mW/28906mW`, `cpu@49.75C/50.5C`. The first is the value now.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from device.probes.plausible import celsius, megahertz, milliwatts

NUMBER = r"-?\d{1,7}(?:\.\d{1,4})?"
TEMPERATURE = re.compile(rf"(?<!\S)([A-Za-z]\w*)@({NUMBER})C(?:/{NUMBER}C)*(?!\S)", re.ASCII)
RAIL = re.compile(
    rf"(?<!\S)([A-Z]\w*) ({NUMBER})(?:mW(?:/{NUMBER}mW){{0,2}}|/{NUMBER})(?!\S)", re.ASCII
)
CORES = re.compile(r"(?<!\S)CPU \[([^\[\]]*)\](?:@(\d{1,6}))?", re.ASCII)
CORE = re.compile(r"\d{1,3}%(?:@(\d{1,6}))?", re.ASCII)
NO_RAILS = ("NC", "RAM", "SWAP", "IRAM")
"""A channel of the power monitor that is not connected; memory, where a line lost its unit."""


@dataclass(frozen=True)
class Tegra:
    """One line of tegrastats."""

    clocks_mhz: tuple[float, ...]
    """Clock of each core that is on."""
    temperatures_c: dict[str, float]
    """Sensor to degrees Celsius; sensors that are off are left out."""
    power_mw: dict[str, float]
    """Rail to milliwatt, the value now (not the mean that follows it)."""


@dataclass(frozen=True)
class PowerMode:
    """Power mode of a Jetson."""

    name: str
    """As nvpmodel calls it, e.g. `MAXN` or `MODE_15W_6CORE`."""
    number: int | None
    """Its number; null where it was not printed."""


def parse_tegrastats(line: str) -> Tegra | None:
    """Read one line; None where it is no line of tegrastats (no CPU list in it)."""
    cores = CORES.search(line)
    if not cores:
        return None
    sensors = (
        (m.group(1), sensor(m.group(1), float(m.group(2)))) for m in TEMPERATURE.finditer(line)
    )
    rails = ((m.group(1), milliwatts(float(m.group(2)))) for m in RAIL.finditer(line))
    return Tegra(
        clocks_mhz=_clocks(cores.group(1), cores.group(2)),
        temperatures_c={name: value for name, value in sensors if value is not None},
        power_mw={n: value for n, value in rails if value is not None and n not in NO_RAILS},
    )


def sensor(name: str, value_c: float) -> float | None:
    """Return a temperature of a Jetson, degrees Celsius; None for a sensor that says nothing.

    The PMIC's zone is a placeholder: it says 100 (L4T 32) or 50 (later) whatever the heat.
    """
    if name.upper().startswith("PMIC") and value_c in (50.0, 100.0):
        return None
    return celsius(value_c)


def parse_nvpmodel(text: str) -> PowerMode | None:
    """Read `nvpmodel -q`: `NV Power Mode: NAME`, then its number on a line of its own."""
    found = re.search(r"NV Power Mode:[ \t]*(\S[^\r\n]{0,80})", text)
    if not found:
        return None
    number = re.search(r"^\s*(\d{1,4})\s*$", text[found.end() :], re.MULTILINE | re.ASCII)
    return PowerMode(found.group(1).strip(), int(number.group(1)) if number else None)


def parse_nvpmodel_files(status: str, config: str) -> PowerMode | None:
    """Read what nvpmodel keeps: `pmode:0002`, and `< POWER_MODEL ID=2 NAME=MODE_15W >` lines.

    Old versions of `nvpmodel -q` ask for root; these two files can be read by all.
    """
    found = re.search(r"pmode:\s*(\d{1,4})", status, re.ASCII)
    if not found:
        return None
    number = int(found.group(1))
    modes = re.finditer(r"<\s*POWER_MODEL\s+ID=(\d{1,4})\s+NAME=(\S+?)\s*>", config, re.ASCII)
    names = {int(mode.group(1)): mode.group(2) for mode in modes}
    return PowerMode(names.get(number, f"mode {number}"), number)


def parse_l4t(text: str) -> str | None:
    """Read `# R36 (release), REVISION: 4.3, ...` of /etc/nv_tegra_release: `36.4.3`."""
    found = re.search(r"#\s*R(\d{1,3})\s*\(release\),\s*REVISION:\s*(\d[\d.]{0,10})", text)
    return f"{found.group(1)}.{found.group(2).rstrip('.')}" if found else None


def _clocks(cores: str, shared: str | None) -> tuple[float, ...]:
    """Read `2%@102,off`, or `2%,off` with a clock for all; return MHz of the cores that are on."""
    found = []
    for core in cores.split(","):
        read = CORE.fullmatch(core.strip())
        text = (read.group(1) or shared) if read else None
        clock = megahertz(float(text)) if text else None
        if clock is not None:
            found.append(clock)
    return tuple(found)
