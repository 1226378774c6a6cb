"""Raspberry Pi: why the firmware held the clocks back."""

from __future__ import annotations

import re
import shutil
import subprocess

BITS = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}
"""Bits 0-3 hold now; 16 higher, they have held since boot."""


def read_throttled() -> tuple[str, ...]:
    """Ask the firmware; empty where there is no vcgencmd or nothing was held back."""
    if not shutil.which("vcgencmd"):
        return ()
    command = ["vcgencmd", "get_throttled"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return parse_throttled(done.stdout) if done.returncode == 0 else ()


def parse_throttled(text: str) -> tuple[str, ...]:
    """Read `throttled=0x50005`: what holds now first, then what has held since boot."""
    found = re.fullmatch(r"throttled=0x([0-9a-fA-F]+)", text.strip())
    if not found:
        raise ValueError(f"vcgencmd get_throttled printed {text.strip()!r}, not throttled=0x...")
    value = int(found.group(1), 16)
    now = [f"{name} now" for bit, name in BITS.items() if value >> bit & 1]
    past = [f"{name} since boot" for bit, name in BITS.items() if value >> (bit + 16) & 1]
    return (*now, *past)
