"""Every listed family of boards, from the texts that its own tools and files give."""

import os
import runpy
from pathlib import Path

import pytest

from device.probes.family import FAMILIES, family, this_family
from device.probes.jetson import (
    PowerMode,
    parse_l4t,
    parse_nvpmodel,
    parse_nvpmodel_files,
    parse_tegrastats,
)
from device.probes.linux import board, clocks_mhz, power_mode, temperatures_c
from device.probes.pi import parse_clock, parse_pmic, parse_throttled
from device.probes.rails import PMIC, describe, total
from device.probes.sysfs import rails, read_milliwatts

BOARDS = runpy.run_path(str(Path(__file__).with_name("board_files.py")))
NAMES: list[str] = BOARDS["NAMES"]
PIS = [name for name in NAMES if name.startswith("pi")]
JETSONS = [name for name in NAMES if not name.startswith("pi")]
ON_BOARD = {
    "jetson-nano": {"POM_5V_IN": 3124.0, "POM_5V_GPU": 412.0, "POM_5V_CPU": 908.0},
    "xavier-nx": {"VDD_IN": 5336.0, "VDD_CPU_GPU_CV": 2617.0, "VDD_SOC": 1478.0},
    "orin-nano": {"VDD_IN": 6020.96, "VDD_CPU_GPU_CV": 1887.84, "VDD_SOC": 1343.52},
    "orin-nx": {"VDD_IN": 7724.64, "VDD_CPU_GPU_CV": 2263.616, "VDD_SOC": 1660.296},
    "agx-orin": {
        "VDD_GPU_SOC": 3150.112, "VDD_CPU_CV": 1172.176, "VIN_SYS_5V0": 4024.08,
        "VDDQ_VDD2_1V8AO": 447.12,
    },
    "thor": {
        "VDD_GPU": -390.4, "VDD_CPU_SOC_MSS": 7850.256, "VIN_SYS_5V0": 6493.68, "VIN": 28894.9,
    },
}  # fmt: skip
SUMMED = {
    "jetson-nano": ("POM_5V_IN",),
    "xavier-nx": ("VDD_IN",),
    "orin-nano": ("VDD_IN",),
    "orin-nx": ("VDD_IN",),
    "agx-orin": ("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"),
    "thor": ("VIN",),
}


def test_there_is_a_board_for_every_family() -> None:
    assert sorted(known.name for known in FAMILIES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_family_and_system(name: str, tmp_path: Path) -> None:
    root = BOARDS["build_tree"](name, tmp_path)
    found = this_family(root)
    assert found is not None and found.name == name
    model = board("desk", root).model
    assert "(" not in model and family(model) == found, "the model text alone says the same"
    compatible = BOARDS["read_board"](name)[0]["proc/device-tree/compatible"]
    assert family("A Carrier of Another Maker", compatible) == found
    (root / "proc/device-tree/model").write_text("A Carrier\0")
    assert board("desk", root).model == f"A Carrier ({found.title})"
    assert ("L4T" in board("desk", root).os) == (name in JETSONS)


@pytest.mark.parametrize("name", NAMES)
def test_heat_and_clocks(name: str, tmp_path: Path) -> None:
    root = BOARDS["build_tree"](name, tmp_path)
    heat, clocks = temperatures_c(root), clocks_mhz(root)
    assert heat and all(20 < value < 70 for value in heat.values())
    assert not any("PMIC" in zone for zone in heat), "the PMIC's zone is a placeholder"
    assert clocks and all(500 < clock < 3000 for clock in clocks)


@pytest.mark.parametrize("name", JETSONS)
def test_rails_from_sysfs(name: str, tmp_path: Path) -> None:
    found = rails(BOARDS["build_tree"](name, tmp_path))
    read = {rail.name: read_milliwatts(rail) for rail in found}
    assert read == pytest.approx(ON_BOARD[name])
    chosen = total(read, "ina3221")
    assert chosen is not None and chosen.rails == SUMMED[name]


@pytest.mark.parametrize("name", JETSONS)
def test_tegrastats_says_what_sysfs_says(name: str, tmp_path: Path) -> None:
    line = parse_tegrastats(BOARDS["read_board"](name)[1]["tegrastats --interval 500"])
    assert line is not None
    assert line.power_mw == pytest.approx(ON_BOARD[name], abs=1.0)
    assert line.temperatures_c and -256 not in line.temperatures_c.values()
    on_board = temperatures_c(BOARDS["build_tree"](name, tmp_path))
    assert max(line.temperatures_c.values()) == pytest.approx(max(on_board.values()), abs=0.01)
    assert line.clocks_mhz and min(line.clocks_mhz) > 500


def test_cores_that_are_off_have_no_clock() -> None:
    line = parse_tegrastats("RAM 1/2MB CPU [3%@1420,off,7%@729] GPU@40C")
    assert line is not None and line.clocks_mhz == (1420.0, 729.0)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("jetson-nano", PowerMode("MAXN", 0)),
        ("xavier-nx", PowerMode("MODE_15W_4CORE", 1)),
        ("orin-nano", PowerMode("MAXN_SUPER", 2)),
        ("orin-nx", PowerMode("15W", 2)),
        ("agx-orin", PowerMode("MODE_30W", 2)),
        ("thor", PowerMode("120W", 1)),
    ],
)
def test_power_mode(name: str, mode: PowerMode) -> None:
    assert parse_nvpmodel(BOARDS["read_board"](name)[1]["nvpmodel -q"]) == mode


def test_power_mode_of_a_program_outside_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = BOARDS["build_commands"]("orin-nano", tmp_path / "bin")
    monkeypatch.setattr("device.probes.ask.PLACES", (str(folder),))
    assert power_mode() == "MAXN_SUPER"


def test_power_mode_without_root_comes_from_the_files_of_nvpmodel(tmp_path: Path) -> None:
    config = "# modes\n< POWER_MODEL ID=0 NAME=MAXN >\nCPU 1\n< POWER_MODEL ID=3 NAME=MODE_7W >\n"
    assert parse_nvpmodel_files("pmode:0003 fmode:quiet", config) == PowerMode("MODE_7W", 3)
    assert parse_nvpmodel_files("pmode:0009", config) == PowerMode("mode 9", 9)
    assert parse_nvpmodel_files("", config) is None
    (tmp_path / "var/lib/nvpmodel").mkdir(parents=True)
    (tmp_path / "var/lib/nvpmodel/status").write_text("pmode:0003")
    assert power_mode(tmp_path) == "mode 3"


def test_release_of_a_jetson() -> None:
    assert parse_l4t("# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic") == "36.4.3"
    assert parse_l4t("Debian") is None


@pytest.mark.parametrize("name", PIS)
def test_a_pi_and_its_firmware(name: str, tmp_path: Path) -> None:
    answers = BOARDS["read_board"](name)[1]
    assert parse_throttled(answers["vcgencmd get_throttled"]) is not None
    clock = parse_clock(answers["vcgencmd measure_clock arm"])
    root = BOARDS["build_tree"](name, tmp_path)
    assert clock is not None and min(clocks_mhz(root)) == pytest.approx(clock, rel=0.01)
    assert rails(root) == ()


@pytest.mark.parametrize("name", PIS)
def test_only_the_pi_5_measures_power(name: str) -> None:
    found = parse_pmic(BOARDS["read_board"](name)[1]["vcgencmd pmic_read_adc"])
    assert bool(found.power_mw) == (name == "pi5")
    assert found.skipped == (0 if name == "pi5" else 1)


def test_pmic_of_the_pi_5() -> None:
    found = parse_pmic(BOARDS["read_board"]("pi5")[1]["vcgencmd pmic_read_adc"])
    assert found.power_mw["VDD_CORE"] == pytest.approx(2.5 * 0.9 * 1000)
    assert found.power_mw["HDMI"] == pytest.approx(0.014 * 5.07 * 1000)
    assert found.unpaired == ("3V3_ADC", "BATT", "EXT5V"), "nan, and rails without a current"
    chosen = total(found.power_mw, PMIC)
    assert chosen is not None and "HDMI" not in chosen.rails and len(chosen.rails) == 10
    said = describe(chosen, PMIC)
    assert "5 V" in said and "USB" in said and said.startswith("pmic: ")


def test_rails_that_are_not_understood_are_not_summed() -> None:
    assert total(["ina3221 1", "ina3221 2"], "ina3221") is None
    alone = total(["ina219 1"], "ina3221")
    assert alone is not None and "wiring" in alone.what
    assert total([], "ina3221") is None and total(["HDMI"], PMIC) is None
    thor = total(["VDD_GPU", "VDD_CPU_SOC_MSS", "VIN_SYS_5V0"], "tegrastats")
    assert thor is not None and len(thor.rails) == 3
    agx = total(ON_BOARD["agx-orin"], "ina3221")
    assert agx is not None and "VDDQ_VDD2_1V8AO" in agx.what and "not added" in agx.what


def test_a_line_that_is_cut_off_before_its_cores_is_none() -> None:
    line = BOARDS["read_board"]("thor")[1]["tegrastats --interval 500"]
    assert parse_tegrastats(line) and parse_tegrastats(line[:40]) is None
    assert parse_tegrastats("nonsense") is None


def test_boards_of_other_kinds() -> None:
    assert family("Raspberry Pi 2 Model B Rev 1.1", "raspberrypi,2-model-b\0brcm,bcm2836\0") is None
    assert family("Raspberry Pi Zero W Rev 1.1", "raspberrypi,model-zero-w\0brcm,bcm2835") is None
    assert family("", "") is None
    for model, name in [
        ("Raspberry Pi 400 Rev 1.0", "pi4"),
        ("Raspberry Pi Compute Module 4 Rev 1.1", "pi4"),
        ("Raspberry Pi 500 Rev 1.0", "pi5"),
        ("Raspberry Pi Compute Module 3 Plus Rev 1.0", "pi3"),
        ("Jetson AGX Orin", "agx-orin"),
    ]:
        found = family(model)
        assert found is not None and found.name == name, model


def test_the_scripts_of_the_test_boards_answer(tmp_path: Path) -> None:
    folder = BOARDS["build_commands"]("pi5", tmp_path)
    assert os.access(folder / "vcgencmd", os.X_OK)


def test_two_monitors_without_labels_are_two_rails(tmp_path: Path) -> None:
    """One of them alone would pass for the power of the board."""
    for number in (0, 1):
        chip = tmp_path / f"sys/class/hwmon/hwmon{number}"
        chip.mkdir(parents=True)
        (chip / "name").write_text("ina219\n")
        (chip / "power1_input").write_text("2500000\n")
    found = rails(tmp_path)
    assert [rail.name for rail in found] == ["ina219 1", "ina219 1 of #2"]
    assert total([rail.name for rail in found], "ina3221") is None
