"""Telemetry of damaged lines: parsers never raise, and never give a number that cannot be."""

import math
import random
import runpy
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.probes.family import family
from device.probes.jetson import (
    parse_l4t,
    parse_nvpmodel,
    parse_nvpmodel_files,
    parse_tegrastats,
)
from device.probes.linux import parse_cpuinfo
from device.probes.meter import read_meter
from device.probes.pi import BITS, parse_clock, parse_pmic, parse_throttled
from device.probes.sysfs import read_celsius, read_megahertz

BOARDS = runpy.run_path(str(Path(__file__).with_name("board_files.py")))
ANSWERS = sorted(
    {text for name in BOARDS["NAMES"] for text in BOARDS["read_board"](name)[1].values()}
)
PIECES = [
    "",
    "\0",
    "nan",
    "-",
    "9" * 400,
    "1e999",
    "٣",
    "\x1b[2J",
    "@",
    "/",
    "=",
    "C",
    "mW",
    "[",
    "\n",
]


def damaged(rng: random.Random) -> str:
    """Return a real answer with pieces cut out, doubled, replaced by junk, or cut off."""
    text = rng.choice(ANSWERS)
    for _ in range(rng.randint(1, 6)):
        start = rng.randint(0, len(text))
        end = min(len(text), start + rng.randint(0, 12))
        junk = [rng.choice(PIECES), text[start:end] * 2, chr(rng.randrange(0x300)), ""]
        text = text[:start] + rng.choice(junk) + text[end:]
    return text[: rng.randint(0, len(text))] if rng.random() < 0.3 else text


def check_all(text: str) -> None:
    """Give `text` to every parser; assert that what comes back can be true."""
    for line in filter(None, map(parse_tegrastats, (text, *text.splitlines()))):
        assert all(1 <= clock < 20_000 for clock in line.clocks_mhz)
        assert all(-60 < value < 200 for value in line.temperatures_c.values())
        assert all(-1e4 < value < 1e6 for value in line.power_mw.values())
        assert "NC" not in line.power_mw and "RAM" not in line.power_mw
    pmic = parse_pmic(text)
    assert all(math.isfinite(value) and -1e4 < value < 1e6 for value in pmic.power_mw.values())
    assert not set(pmic.power_mw) & set(pmic.unpaired) and pmic.skipped >= 0
    held = parse_throttled(text)
    assert held is None or all(
        phrase.split(" now")[0].split(" since")[0] in BITS.values() for phrase in held
    )
    heat = read_celsius("cpu", text)
    assert heat is None or -60 < heat < 200
    clocks = [parse_clock(text), read_megahertz(text)]
    assert all(value is None or 1 <= value < 20_000 for value in clocks)
    mode = parse_nvpmodel(text)
    assert mode is None or (mode.name and "\n" not in mode.name and len(mode.name) < 100)
    parse_nvpmodel_files(text, text)
    assert (parse_l4t(text) or "1")[0].isdigit()
    assert all(math.isfinite(clock) for clock in parse_cpuinfo(text))
    family(text[:200], text[:200])


def test_damaged_answers() -> None:
    rng = random.Random(8)
    for _ in range(1_000):
        check_all(damaged(rng))


@settings(max_examples=100, deadline=None)
@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", errors="replace")))
def test_any_text(text: str) -> None:
    check_all(text)


METER = "preamble\ntime (s),current (mA),voltage [V]\n" + "".join(
    f"{i / 50:.2f},{400 + 90 * (i % 7)},5.{i % 10}\n" for i in range(120)
)


def test_damaged_files_of_meters(tmp_path: Path) -> None:
    rng, path, read = random.Random(10), tmp_path / "meter.csv", 0
    for _ in range(400):
        text = METER
        for _ in range(rng.randint(1, 8)):
            start = rng.randint(0, len(text) if rng.random() < 0.5 else 60)
            text = text[:start] + rng.choice(PIECES) + text[start + rng.randint(0, 9) :]
        path.write_text(text, encoding="utf-8")
        try:
            trace = read_meter(path, supply_v=5.0)
        except ValueError as error:
            assert "\n" not in str(error) and "meter.csv" in str(error)
            continue
        read += 1
        assert all(map(math.isfinite, (*trace.times_s, *trace.power_mw)))
        assert all(a < b for a, b in pairwise(trace.times_s))
    assert 40 < read < 400, "both ends are met"


@pytest.mark.long
def test_ten_thousand_damaged_answers() -> None:
    rng = random.Random(9)
    for _ in range(10_000):
        check_all(damaged(rng))


def test_a_cut_number_is_dropped_not_guessed() -> None:
    line = "CPU [5%@1420] CPU@43.5C VDD_IN 5336/4970"
    assert parse_tegrastats(line + " VDD_SOC 14") is not None
    whole = parse_tegrastats(line)
    cut = parse_tegrastats(line + " VDD_SOC 14")
    assert whole == cut
    assert parse_pmic("VDD_CORE_A current(7)=2.5").power_mw == {}
    swapped = "VDD_CORE_A current(7)=2.5V\nVDD_CORE_V volt(15)=0.9V"
    assert parse_pmic(swapped).power_mw == {} and parse_pmic(swapped).skipped == 1


def test_very_long_lines_take_no_very_long_time() -> None:
    for text in ("A" * 200_000, "VDD_IN " * 30_000, "1" * 200_000, "CPU [" + "1%@1," * 50_000):
        check_all(text)
