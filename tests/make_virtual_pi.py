"""Build the root of a virtual Raspberry Pi: Debian for Arm, numpy and the runtimes, run by qemu.

    sudo python tests/make_virtual_pi.py FOLDER [--bits 32]

64 bits: ONNX Runtime and LiteRT as constraints.txt pins them. 32 bits: tflite-runtime, with numpy 1
of Debian, for there is no wheel of numpy. Neither /proc nor /sys is mounted inside:
qemu 7.2 then crashes both runtimes. Its answers count, its times mean nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINFMT = Path("/proc/sys/fs/binfmt_misc")
DEBIAN = "http://deb.debian.org/debian"
PACKAGES = "dash,base-files,python3,libstdc++6,libgcc-s1,zlib1g"
BLAS = "usr/lib/arm-linux-gnueabihf"
DONE = "collodi-virtual-pi"


@dataclass(frozen=True)
class Kind:
    """What differs between the two roots."""

    arch: str
    """Debian's name of the architecture."""
    handler: str
    """Name of qemu's handler."""
    cpu: str
    """CPU that qemu plays."""
    platforms: tuple[str, ...]
    """Wheel platforms, the newest first."""
    wheels: tuple[str, ...]
    """What pip installs."""
    pinned: bool
    """Are they those of constraints.txt?"""


NEW = tuple(f"manylinux_2_{minor}_aarch64" for minor in (36, 35, 34, 31, 28, 27, 17))
KINDS = {
    64: Kind("arm64", "qemu-aarch64", "cortex-a72", NEW,
             ("numpy", "onnxruntime", "ai-edge-litert"), True),
    32: Kind("armhf", "qemu-arm", "cortex-a7",
             ("manylinux_2_34_armv7l", "manylinux2014_armv7l", "linux_armv7l"),
             ("tflite-runtime==2.14.0",), False),
}  # fmt: skip


def why_not(root: Path, bits: int = 64) -> str | None:
    """Return why this virtual board cannot be used here, None where it can."""
    if os.geteuid() != 0:
        return "a virtual board needs root"
    if not (root / DONE).is_file():
        return f"no virtual board in {root.name}: make virtual-pi builds it"
    if not register(KINDS[bits].handler):
        return "this kernel takes no handlers for foreign programs (binfmt_misc)"
    return None


def register(handler: str) -> bool:
    """Let the kernel run Arm programs through qemu; False where it does not take that."""
    if (BINFMT / handler).exists():
        return True
    line = Path(f"/usr/lib/binfmt.d/{handler}.conf")
    try:
        if not (BINFMT / "register").exists():
            words = ["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)]
            subprocess.run(words, check=True, capture_output=True)
        (BINFMT / "register").write_text(line.read_text().strip())
    except (OSError, subprocess.CalledProcessError):
        return False
    return (BINFMT / handler).exists()


def build(root: Path, bits: int) -> None:
    """Make the root, whole or not at all."""
    kind, part = KINDS[bits], root.with_name(root.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    words = ["mmdebstrap", "--variant=extract", f"--architectures={kind.arch}"]
    packages = PACKAGES + ("" if kind.pinned else ",python3-numpy")
    run([*words, f"--include={packages}", "bookworm", str(part), DEBIAN])
    for name in ("blas", "lapack"):  # links that a package makes when it is configured
        if (part / BLAS / name).is_dir():
            (part / BLAS / f"lib{name}.so.3").symlink_to(f"{name}/lib{name}.so.3")
    if not (part / "bin/sh").exists():  # dash makes it when it is configured, which needs no qemu
        (part / "bin/sh").symlink_to("dash")
    platforms = [word for name in kind.platforms for word in ("--platform", name)]
    pins = ["-c", str(ROOT / "constraints.txt")] if kind.pinned else []
    place = part / "usr/local/lib" / "python3.11" / "dist-packages"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target"]
    only = ["--only-binary=:all:", "--python-version", "3.11", *platforms, *pins]
    run([*pip, str(place), *only, *([] if kind.pinned else ["--no-deps"]), *kind.wheels])
    (part / "tmp").chmod(0o1777)
    (part / DONE).write_text(f"{kind.arch}\n")
    part.rename(root)


def run(words: list[str]) -> None:
    """Run a program; SystemExit with its last line where it fails."""
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SystemExit(f"{words[0]}: {last}")


def main() -> None:
    """Build a root unless it is there."""
    parser = argparse.ArgumentParser(description="build the root of a virtual Pi")
    parser.add_argument("root", type=Path)
    parser.add_argument("--bits", type=int, choices=(64, 32), default=64)
    words = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("a virtual board needs root: it is run by chroot")
    root = words.root.resolve()
    if not (root / DONE).is_file():
        shutil.rmtree(root, ignore_errors=True)
        build(root, words.bits)
    print(why_not(root, words.bits) or f"{root}: ready")


if __name__ == "__main__":
    main()
