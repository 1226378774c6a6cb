"""Board and conditions from /proc, /sys and /etc. Whatever is absent is None or empty."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from device.probes.ask import ask
from device.probes.emulation import emulation, virtual
from device.probes.family import this_family
from device.probes.jetson import PowerMode, parse_l4t, parse_nvpmodel, parse_nvpmodel_files
from device.probes.pi import read_arm_mhz, read_throttled
from device.probes.sysfs import (
    ROOT,
    core_clocks,
    read_celsius,
    read_megahertz,
    read_text,
    thermal_zones,
)
from device.report import Board, Conditions
from device.stamp import make_stamp


def board(name: str, root: Path = ROOT) -> Board:
    """Return what this machine is."""
    release = re.match(r"[\d.]*", platform.release())
    return Board(
        name=name,
        model=_model(root) or make_stamp().host.cpu_model,
        os=_os_name(root),
        kernel=f"{platform.system()} {release.group() if release else ''}".strip(),
        power_mode=power_mode(root),
        emulation=emulation(root),
        virtual=virtual(root),
    )


def conditions(root: Path = ROOT) -> Conditions:
    """Return load, clocks, temperatures and throttling at this moment."""
    load = read_text(root / "proc/loadavg").split()
    governor = read_text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return Conditions(
        load_1min=float(load[0]) if load and re.fullmatch(r"\d+(\.\d+)?", load[0]) else None,
        governor=governor or None,
        clocks_mhz=_real_clocks_mhz() if root == ROOT else clocks_mhz(root),
        temperatures_c=temperatures_c(root),
        throttled=read_throttled() if root == ROOT else (),
    )


def clocks_mhz(root: Path = ROOT) -> tuple[float, ...]:
    """Return the present clock of each core, MHz, from cpufreq or else from /proc/cpuinfo."""
    found = [read_megahertz(read_text(name)) for name in core_clocks(root)]
    clocks = tuple(clock for clock in found if clock is not None)
    return clocks or parse_cpuinfo(read_text(root / "proc/cpuinfo"))


def _real_clocks_mhz() -> tuple[float, ...]:
    """Return the clocks of this machine, on a Pi those that its firmware measures."""
    clocks, arm_mhz = clocks_mhz(), read_arm_mhz()
    return clocks if arm_mhz is None else (arm_mhz,) * max(1, len(clocks))


def parse_cpuinfo(text: str) -> tuple[float, ...]:
    """Return the `cpu MHz` of each core of an x86's /proc/cpuinfo."""
    lines = re.findall(r"^cpu MHz\s*:\s*(\d{1,6}(?:\.\d{1,6})?)$", text, re.MULTILINE | re.ASCII)
    return tuple(float(line) for line in lines)


def temperatures_c(root: Path = ROOT) -> dict[str, float]:
    """Return each thermal zone in degrees Celsius; sensors that are off are left out."""
    found = ((name, read_celsius(name, read_text(file))) for name, file in thermal_zones(root))
    return {name: value for name, value in found if value is not None}


def power_mode(root: Path = ROOT) -> str | None:
    """Return the power mode of a Jetson as nvpmodel names it, None elsewhere."""
    mode: PowerMode | None = None
    if root == ROOT:
        mode = parse_nvpmodel(ask("nvpmodel", "-q").text)
    if mode is None:
        status = read_text(root / "var/lib/nvpmodel/status")
        mode = parse_nvpmodel_files(status, read_text(root / "etc/nvpmodel.conf"))
    return mode.name if mode else None


def _model(root: Path) -> str:
    """Return the model of a board, with its family where the maker of the carrier hides it."""
    model, known = read_text(root / "proc/device-tree/model"), this_family(root)
    if known is None or re.search(known.model, model):
        return model
    return f"{model} ({known.title})".strip()


def _os_name(root: Path) -> str:
    text = read_text(root / "etc/os-release")
    pretty = re.search(r'^PRETTY_NAME="?([^"\n]+)"?$', text, re.MULTILINE)
    name = pretty.group(1) if pretty else platform.system()
    l4t = parse_l4t(read_text(root / "etc/nv_tegra_release"))
    return f"{name}, L4T {l4t}" if l4t else name
