"""Energy of a row, from the board's own sensors and from an external meter's file."""

from dataclasses import replace
from pathlib import Path

import pytest

from device.beside import with_energy
from device.energy_cli import metered
from device.main import main
from device.probes.pulse import CODES, Pulse
from device.report import FileRun, Moment, Report, read_report, write_report

GOLDEN = Path(__file__).with_name("data") / "device_report.json"
IDLE_MW, BUSY_MW, WORK_MW = 2000.0, 4000.0, 5000.0
PULSES = (Pulse("start", -10.0), Pulse("end", 14.0))
OFFSET_S = 1234.5
"""The meter was switched on long before."""


def report(**changes: object) -> Report:
    made = read_report(GOLDEN)
    row = replace(
        made.runs[0], latency_ns=(10**7,) * 400, rounds=(200, 200), started_s=(0.0, 6.0),
        took_s=(2.0, 2.0), energy_mj=None, doubts=(), **changes,
    )  # fmt: skip
    return replace(made, runs=(row, made.runs[1]), pulses=PULSES, power_source=None, idle_mw=None)


def power_mw(at_s: float) -> float:
    for pulse in PULSES:
        chip = (at_s - pulse.began_s) / pulse.chip_s
        if 0 <= chip < 31:
            return BUSY_MW if CODES[pulse.name][int(chip)] else IDLE_MW
    working = any(start <= at_s < start + 2.0 for start in (0.0, 6.0))
    return WORK_MW if working else IDLE_MW


def meter(path: Path, step_s: float = 0.005, until_s: float = 22.0) -> Path:
    lines = ["time (s),power (mW)"]
    for n in range(int((until_s + 12.0) / step_s)):
        at = -12.0 + n * step_s
        lines.append(f"{at + OFFSET_S:.4f},{power_mw(at):.1f}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_meters_file_gives_each_row_its_energy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """5 W for 4 s in 400 runs are 50 mJ a run, whatever the meter's clock says."""
    write_report(tmp_path / "r.json", report())
    path = meter(tmp_path / "m.csv")
    words = ["energy", str(tmp_path / "r.json"), "--meter", str(path)]
    assert main([*words, "--json", str(tmp_path / "e.json")]) == 0
    shown = capsys.readouterr().out
    made = read_report(tmp_path / "e.json")
    assert made.runs[0].energy_mj == pytest.approx(WORK_MW * 4.0 / 400, rel=0.01)
    assert made.runs[1].energy_mj is None and "mJ" in shown and "meter m.csv" in shown
    assert read_report(tmp_path / "r.json").runs[0].energy_mj is None
    assert main(words) == 0 and read_report(tmp_path / "r.json").runs[0].energy_mj is not None


def test_rounds_that_the_meter_did_not_see_get_no_energy(tmp_path: Path) -> None:
    short = replace(report(), pulses=PULSES[:1])
    made = metered(short, meter(tmp_path / "m.csv", until_s=7.0))
    assert made.runs[0].energy_mj is None and "do not cover" in made.runs[0].doubts[0]


def test_a_meter_settles_what_the_boards_own_sensor_left_open(tmp_path: Path) -> None:
    doubts = ("energy: too few samples of power in the rounds", "hot: 81 C")
    first = report()
    first = replace(first, runs=(replace(first.runs[0], doubts=doubts), *first.runs[1:]))
    made = metered(first, meter(tmp_path / "m.csv"))
    assert made.runs[0].energy_mj is not None and made.runs[0].doubts == doubts[1:]


def test_short_rounds_say_how_much_the_clocks_leave_open(tmp_path: Path) -> None:
    brief = report()
    row = replace(brief.runs[0], started_s=(1.995, 7.995), took_s=(0.02, 0.02))
    made = metered(replace(brief, runs=(row,)), meter(tmp_path / "m.csv", step_s=0.02))
    assert made.runs[0].energy_mj is None or made.runs[0].doubts[0].startswith("energy: the clocks")


@pytest.mark.parametrize("broken", ["no pulses", "flat", "gone"])
def test_what_cannot_be_aligned_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    made = report()
    write_report(tmp_path / "r.json", replace(made, pulses=()) if broken == "no pulses" else made)
    path = meter(tmp_path / "m.csv")
    if broken == "flat":
        lines = [f"{n / 200},2000.0" for n in range(7000)]
        path.write_text("time (s),power (mW)\n" + "\n".join(lines) + "\n")
    if broken == "gone":
        path.unlink()
    assert main(["energy", str(tmp_path / "r.json"), "--meter", str(path)]) in (1, 2)
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1 and shown.out == ""
    assert read_report(tmp_path / "r.json").runs[0].energy_mj is None


def row(**changes: object) -> FileRun:
    return replace(report().runs[0], **changes)  # type: ignore[arg-type]


def test_the_boards_own_sensors_give_the_energy_of_the_rounds_alone() -> None:
    moments = [Moment(n / 10, {}, (), {"VDD_IN": power_mw(n / 10)}, ()) for n in range(-20, 100)]
    found = with_energy(row(), moments, ("VDD_IN",)).energy_mj
    assert found == pytest.approx(WORK_MW * 4.0 / 400, rel=0.06)
    assert with_energy(row(), moments, ("VIN",)).energy_mj is None
    assert with_energy(row(), moments, ()).energy_mj is None
    assert with_energy(row(latency_ns=(), rounds=()), moments, ("VDD_IN",)).energy_mj is None
    tiny = row(took_s=(0.01, 0.01))
    assert with_energy(tiny, moments, ("VDD_IN",)).energy_mj is None
