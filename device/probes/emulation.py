"""Is this real hardware? Times under an emulator mean nothing and are never reported."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from device.probes.sysfs import read_text

BINFMT = {"aarch64": "qemu-aarch64", "armv7l": "qemu-arm", "armv6l": "qemu-arm",
          "riscv64": "qemu-riscv64", "x86_64": "qemu-x86_64"}  # fmt: skip


def emulation(root: Path = Path("/"), machine: str | None = None) -> str | None:
    """Return which emulator runs this program, None on real hardware.

    COLLODI_EMULATION names it outright (a harness that starts the emulator sets it). Otherwise:
    an Arm program that sees an x86 CPU or an enabled qemu handler for its own instructions, the
    made-up CPU of `qemu -cpu max`, or Linux without /proc (how arm64 roots are run here). An Arm
    program that sees interrupts of an x86 chipset (newer qemus make up the rest of /proc), or a
    whole machine that qemu's firmware calls `QEMU Virtual Machine` (with KVM it says `KVM`).
    """
    told = os.environ.get("COLLODI_EMULATION")
    if told:
        return told
    machine = machine or platform.machine()
    if platform.system() != "Linux":
        return None
    try:
        info = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "unknown: there is no /proc/cpuinfo"
    arm = machine.startswith(("arm", "aarch64"))
    if arm and re.search(r"GenuineIntel|AuthenticAMD", info):
        return "qemu user mode"
    if arm and re.search(r"^CPU implementer\s*:\s*0x0?0$", info, re.MULTILINE):
        return "qemu"
    if arm and re.search(r"IO-APIC|^ *LOC:", read_text(root / "proc/interrupts"), re.MULTILINE):
        return "qemu user mode"
    if arm and "QEMU Virtual Machine" in read_text(root / "sys/class/dmi/id/product_name"):
        return "qemu"
    if machine.startswith("x86") and "QEMU TCG" in info:
        return "qemu"
    if machine in BINFMT and (root / "proc/sys/fs/binfmt_misc" / BINFMT[machine]).exists():
        return "qemu user mode"
    return None


def virtual(root: Path = Path("/")) -> str | None:
    """Return what shows of a hypervisor (its times are real, its cores are shared), or None."""
    for name in ("sys/hypervisor/type", "proc/device-tree/hypervisor/compatible"):
        text = read_text(root / name)
        if text:
            return text
    if re.search(r"^flags\s*:.*\bhypervisor\b", read_text(root / "proc/cpuinfo"), re.MULTILINE):
        return "hypervisor flag of the CPU"
    compatible = read_text(root / "proc/device-tree/compatible")
    return "virtual board" if "dummy-virt" in compatible else None
