"""Board and conditions from /proc, /sys and /etc. Whatever is absent is None or empty."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

from device.probes.emulation import emulation, virtual
from device.probes.pi import read_throttled
from device.report import Board, Conditions
from device.stamp import make_stamp

ROOT = Path("/")


def read_text(path: Path) -> str:
    """Return the stripped text of a small file, empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0 \n\t")
    except OSError:
        return ""


def board(name: str, root: Path = ROOT) -> Board:
    """Return what this machine is."""
    model = read_text(root / "proc/device-tree/model")
    release = re.match(r"[\d.]*", platform.release())
    return Board(
        name=name,
        model=model or make_stamp().host.cpu_model,
        os=_os_name(root),
        kernel=f"{platform.system()} {release.group() if release else ''}".strip(),
        power_mode=_power_mode(),
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
        clocks_mhz=clocks_mhz(root),
        temperatures_c=temperatures_c(root),
        throttled=read_throttled() if root == ROOT else (),
    )


def clocks_mhz(root: Path = ROOT) -> tuple[float, ...]:
    """Return the present clock of each core, MHz, from cpufreq or else from /proc/cpuinfo."""
    cores = sorted(
        (root / "sys/devices/system/cpu").glob("cpu[0-9]*"), key=lambda p: int(p.name[3:])
    )
    found = [read_text(core / "cpufreq/scaling_cur_freq") for core in cores]
    clocks = tuple(int(text) / 1000 for text in found if text.isdigit())
    if clocks:
        return clocks
    info = read_text(root / "proc/cpuinfo")
    return tuple(
        float(text) for text in re.findall(r"^cpu MHz\s*:\s*([\d.]+)$", info, re.MULTILINE)
    )


def temperatures_c(root: Path = ROOT) -> dict[str, float]:
    """Return each thermal zone in degrees Celsius; sensors that are off are left out."""
    found: dict[str, float] = {}
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*")):
        text = read_text(zone / "temp")
        if not re.fullmatch(r"-?\d+", text) or int(text) <= -200_000:  # Jetson: -256 C is off
            continue
        name = read_text(zone / "type") or zone.name
        found[name if name not in found else f"{name} {zone.name}"] = int(text) / 1000
    return found


def _os_name(root: Path) -> str:
    text = read_text(root / "etc/os-release")
    pretty = re.search(r'^PRETTY_NAME="?([^"\n]+)"?$', text, re.MULTILINE)
    return pretty.group(1) if pretty else platform.system()


def _power_mode() -> str | None:
    """Return the power mode of a Jetson, as `nvpmodel -q` names it."""
    found = re.search(r"NV Power Mode:\s*(\S+)", ask("nvpmodel", "-q"))
    return found.group(1) if found else None


def ask(program: str, *words: str) -> str:
    """Return what a small program of the board prints, empty where it is absent or fails."""
    if not shutil.which(program):
        return ""
    try:
        done = subprocess.run([program, *words], capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
