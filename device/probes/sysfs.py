"""Sensors of Linux under /sys: found once, then read at little cost.

Thermal zones and cpufreq: the kernel's "thermal" and "cpu-freq" sysfs documents. Power monitors:
its "hwmon sysfs interface" (mV, mA, microwatt); the INA3221 of L4T 32 is an IIO device (mW).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from device.probes.jetson import NO_RAILS, sensor
from device.probes.plausible import megahertz, milliwatts

ROOT = Path("/")
MONITORS = re.compile(r"ina\d{3}\w*")
"""hwmon names of the power monitors: ina3221, ina238 (Thor's input), ina219 and ina226 (HATs)."""

WHOLE_CHIP = ("label", "device/of_node/label")
"""Where a monitor of one channel has its label."""


@dataclass(frozen=True)
class Rail:
    """One channel of a power monitor."""

    name: str
    """Label of the rail on the board, or `CHIP CHANNEL` where it has none."""
    files: tuple[str, ...]
    """One file of power, or voltage (mV) and current (mA)."""
    unit_mw: float
    """Milliwatts in one unit of the file, or of the product of the two."""


def read_text(path: Path | str) -> str:
    """Return the stripped text of a small file, empty where it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError):
        return ""
    try:
        parts: list[bytes] = []
        while len(parts) < 64:
            block = os.read(handle, 1 << 16)
            if not block:
                break
            parts.append(block)
        return b"".join(parts).decode("utf-8", errors="replace").strip("\0 \n\t")
    except OSError:
        return ""
    finally:
        os.close(handle)


def thermal_zones(root: Path = ROOT) -> tuple[tuple[str, str], ...]:
    """Return (name, file) of each thermal zone; a name used twice gets the zone's number."""
    found: dict[str, str] = {}
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*"), key=_number):
        name = read_text(zone / "type") or zone.name
        found[name if name not in found else f"{name} {zone.name}"] = str(zone / "temp")
    return tuple(found.items())


def read_celsius(name: str, text: str) -> float | None:
    """Return degrees Celsius of a thermal zone's `temp` (millidegrees); None where it is off."""
    if not re.fullmatch(r"-?\d{1,7}", text, re.ASCII):
        return None
    return sensor(name, int(text) / 1000)


def core_clocks(root: Path = ROOT) -> tuple[str, ...]:
    """Return the cpufreq file of each core's present clock, in the order of the cores."""
    cores = sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*"), key=_number)
    files = (str(core / "cpufreq/scaling_cur_freq") for core in cores)
    return tuple(name for name in files if Path(name).exists())


def read_megahertz(text: str) -> float | None:
    """Return the MHz of a cpufreq file (kHz); None where the core is off."""
    return megahertz(int(text) / 1000) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else None


def rails(root: Path = ROOT) -> tuple[Rail, ...]:
    """Return the channels of every power monitor, hwmon before IIO; unconnected ones left out."""
    found: dict[str, Rail] = {}
    for rail in (*_hwmon_rails(root), *_iio_rails(root)):
        found.setdefault(rail.name, rail)
    return tuple(found.values())


def read_milliwatts(rail: Rail) -> float | None:
    """Return the power of a rail now, mW; None where the monitor does not answer."""
    product = rail.unit_mw
    for name in rail.files:
        text = read_text(name)
        if not re.fullmatch(r"-?\d{1,12}", text, re.ASCII):
            return None
        product *= int(text)
    return milliwatts(product)


def _hwmon_rails(root: Path) -> list[Rail]:
    found: list[Rail] = []
    for chip in sorted((root / "sys/class/hwmon").glob("hwmon*"), key=_number):
        name = read_text(chip / "name")
        if not MONITORS.fullmatch(name):
            continue
        for channel in (1, 2, 3):
            labels = [f"in{channel}_label", *(WHOLE_CHIP if channel == 1 else ())]
            label = next(filter(None, (read_text(chip / file) for file in labels)), "")
            label = label or _unnamed(f"{name} {channel}", found)
            if label in NO_RAILS or read_text(chip / f"in{channel}_enable") == "0":
                continue
            rail = _channel(label, chip, channel)
            if rail:
                found.append(rail)
    return found


def _unnamed(name: str, found: list[Rail]) -> str:
    """Return a name that is not taken: two monitors without labels are two rails, not one."""
    taken = sum(rail.name.split(" of ")[0] == name for rail in found)
    return f"{name} of #{taken + 1}" if taken else name


def _channel(label: str, chip: Path, channel: int) -> Rail | None:
    power = chip / f"power{channel}_input"
    if power.exists():
        return Rail(label, (str(power),), 1e-3)
    volts, amps = chip / f"in{channel}_input", chip / f"curr{channel}_input"
    both = volts.exists() and amps.exists()
    return Rail(label, (str(volts), str(amps)), 1e-3) if both else None


def _iio_rails(root: Path) -> list[Rail]:
    found = []
    chips = (root / "sys/bus/i2c/drivers/ina3221x").glob("*-*/iio*device*")
    for chip in sorted(chips):
        for channel in (0, 1, 2):
            label = read_text(chip / f"rail_name_{channel}")
            power = chip / f"in_power{channel}_input"
            if label and label not in NO_RAILS and power.exists():
                found.append(Rail(label, (str(power),), 1.0))
    return found


def _number(path: Path) -> tuple[int, str]:
    digits = re.search(r"(\d+)$", path.name)
    return int(digits.group(1)) if digits else -1, path.name
