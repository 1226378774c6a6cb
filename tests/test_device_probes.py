"""Probes on made-up file trees: what a Pi, a Jetson, a PC and an emulator show."""

from pathlib import Path

import pytest

from device.probes.emulation import emulation, virtual
from device.probes.linux import board, clocks_mhz, conditions, temperatures_c
from device.probes.pi import parse_throttled

ARM_INFO = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n\nModel\t\t: A Board\n"
X86_INFO = (
    "vendor_id\t: AuthenticAMD\nmodel name\t: A CPU\ncpu MHz\t\t: 2445.4\nflags\t\t: fpu sse\n"
)


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_pi_is_read(tmp_path: Path) -> None:
    cpu = "sys/devices/system/cpu/cpu{}/cpufreq/"
    root = tree(
        tmp_path,
        {
            "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
            "proc/cpuinfo": ARM_INFO,
            "proc/loadavg": "0.42 0.30 0.10 1/100 999\n",
            "etc/os-release": 'NAME="x"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
            cpu.format(0) + "scaling_governor": "ondemand\n",
            cpu.format(0) + "scaling_cur_freq": "2400000\n",
            cpu.format(10) + "scaling_cur_freq": "1500000\n",
            cpu.format(2) + "scaling_cur_freq": "1800000\n",
            "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
            "sys/class/thermal/thermal_zone0/temp": "51200\n",
        },
    )
    where, now = board("local", root), conditions(root)
    assert where.model == "Raspberry Pi 5 Model B Rev 1.0" and where.emulation is None
    assert where.os == "Debian GNU/Linux 12 (bookworm)"
    assert now.load_1min == 0.42 and now.governor == "ondemand"
    assert now.clocks_mhz == (2400.0, 1800.0, 1500.0)
    assert now.temperatures_c == {"cpu-thermal": 51.2}


def test_sensors_that_are_off_or_share_a_name(tmp_path: Path) -> None:
    zone = "sys/class/thermal/thermal_zone{}/"
    root = tree(
        tmp_path,
        {
            zone.format(0) + "type": "cpu", zone.format(0) + "temp": "40000",
            zone.format(1) + "type": "cpu", zone.format(1) + "temp": "41000",
            zone.format(2) + "type": "gpu", zone.format(2) + "temp": "-256000",
            zone.format(3) + "type": "soc", zone.format(3) + "temp": "",
            zone.format(4) + "type": "ice", zone.format(4) + "temp": "-5000",
        },
    )  # fmt: skip
    assert temperatures_c(root) == {"cpu": 40.0, "cpu thermal_zone1": 41.0, "ice": -5.0}


def test_an_empty_tree_gives_nothing_and_no_error(tmp_path: Path) -> None:
    now = conditions(tmp_path)
    assert now.load_1min is None and now.governor is None and now.temperatures_c == {}
    assert clocks_mhz(tmp_path) == ()


def test_clock_of_a_pc_comes_from_cpuinfo(tmp_path: Path) -> None:
    assert clocks_mhz(tree(tmp_path, {"proc/cpuinfo": X86_INFO})) == (2445.4,)


@pytest.mark.parametrize(
    ("machine", "files", "expected"),
    [
        ("aarch64", {"proc/cpuinfo": ARM_INFO}, None),
        ("x86_64", {"proc/cpuinfo": X86_INFO}, None),
        ("aarch64", {"proc/cpuinfo": X86_INFO}, "qemu user mode"),
        ("armv7l", {"proc/cpuinfo": X86_INFO}, "qemu user mode"),
        ("aarch64", {"proc/cpuinfo": "CPU implementer\t: 0x00\n"}, "qemu"),
        ("x86_64", {"proc/cpuinfo": "model name : QEMU TCG CPU version 2.5+\n"}, "qemu"),
        (
            "aarch64",
            {"proc/cpuinfo": ARM_INFO, "proc/sys/fs/binfmt_misc/qemu-aarch64": "enabled\n"},
            "qemu user mode",
        ),
        (
            "x86_64",
            {"proc/cpuinfo": X86_INFO, "proc/sys/fs/binfmt_misc/qemu-aarch64": "enabled\n"},
            None,
        ),
        (
            "aarch64",
            {"proc/cpuinfo": ARM_INFO, "proc/interrupts": " CPU0\n 24: 1 IO-APIC 5-edge ACPI\n"},
            "qemu user mode",
        ),
        (
            "aarch64",
            {"proc/cpuinfo": ARM_INFO, "proc/interrupts": " CPU0\n 11: 1 GICv2 30 arch_timer\n"},
            None,
        ),
        (
            "aarch64",
            {
                "proc/cpuinfo": ARM_INFO,
                "sys/class/dmi/id/product_name": "QEMU Virtual Machine\n",
            },
            "qemu",
        ),
        (
            "aarch64",
            {"proc/cpuinfo": ARM_INFO, "sys/class/dmi/id/product_name": "KVM Virtual Machine\n"},
            None,
        ),
        ("aarch64", {}, "unknown: there is no /proc/cpuinfo"),
    ],
)
def test_emulation(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    files: dict[str, str],
    expected: str | None,
) -> None:
    monkeypatch.delenv("COLLODI_EMULATION", raising=False)
    assert emulation(tree(tmp_path, files), machine) == expected


def test_a_harness_can_say_that_it_emulates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLODI_EMULATION", "qemu 7.2")
    assert emulation(tree(tmp_path, {"proc/cpuinfo": X86_INFO}), "x86_64") == "qemu 7.2"


def test_virtual_machines(tmp_path: Path) -> None:
    flag = X86_INFO.replace("fpu", "fpu hypervisor")
    assert virtual(tree(tmp_path / "a", {"proc/cpuinfo": flag})) is not None
    assert virtual(tree(tmp_path / "b", {"proc/cpuinfo": X86_INFO})) is None
    assert virtual(tree(tmp_path / "c", {"sys/hypervisor/type": "xen\n"})) == "xen"
    arm = {"proc/cpuinfo": ARM_INFO, "proc/device-tree/compatible": "linux,dummy-virt\0"}
    assert virtual(tree(tmp_path / "d", arm)) == "virtual board"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("throttled=0x0\n", ()),
        ("throttled=0x1", ("under-voltage now",)),
        ("throttled=0x50005", ("under-voltage now", "throttled now",
                               "under-voltage since boot", "throttled since boot")),
        ("throttled=0x80000", ("soft temperature limit since boot",)),
        ("throttled=0x20002", ("clock capped now", "clock capped since boot")),
    ],
)  # fmt: skip
def test_throttled_bits(text: str, expected: tuple[str, ...]) -> None:
    assert parse_throttled(text) == expected


def test_other_text_of_the_firmware_is_not_guessed() -> None:
    assert parse_throttled("error=1 VCHI initialization failed") is None
