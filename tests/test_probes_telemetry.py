"""The sampler beside a measurement, on made-up boards; energy against closed forms."""

import math
import runpy
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.probes.energy import (
    curve,
    energy_mj,
    energy_of_spans,
    mean_power_mw,
    power_curve,
    total_of,
)
from device.probes.telemetry import Sampler
from device.report import Moment

BOARDS = runpy.run_path(str(Path(__file__).with_name("board_files.py")))


def sampled(root: Path, seconds: float = 0.3, period_s: float = 0.05) -> Sampler:
    with Sampler(period_s, root) as sampler:
        time.sleep(seconds)
    return sampler


def wave(power, step_s: float = 0.1, count: int = 101, rail: str = "VDD_IN") -> list[Moment]:
    return [Moment(i * step_s, {}, (), {rail: power(i * step_s)}, ()) for i in range(count)]


@pytest.mark.parametrize("name", [n for n in BOARDS["NAMES"] if not n.startswith("pi")])
def test_a_jetson_is_sampled_from_files(name: str, tmp_path: Path) -> None:
    sampler = sampled(BOARDS["build_tree"](name, tmp_path))
    moments, chosen = sampler.moments(), sampler.total()
    assert len(moments) >= 2 and all(m.temperatures_c and m.clocks_mhz for m in moments)
    assert all(a.at_s < b.at_s for a, b in pairwise(moments))
    assert sampler.source == "ina3221" and chosen is not None
    source = sampler.power_source()
    assert source is not None and source.startswith(f"ina3221: {' + '.join(chosen.rails)} (")
    assert 0 < sampler.cost() < 1


def test_a_jetson_without_monitors_is_read_from_tegrastats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = BOARDS["build_commands"]("agx-orin", tmp_path / "bin")
    monkeypatch.setattr("device.probes.ask.PLACES", (str(folder),))
    sampler = sampled(tmp_path, 0.8, 0.1)
    measured = [m for m in sampler.moments() if m.power_mw]
    assert sampler.source == "tegrastats" and measured
    assert measured[0].power_mw["VIN_SYS_5V0"] == 4024.0 and measured[0].temperatures_c
    chosen = sampler.total()
    assert chosen is not None and len(chosen.rails) == 3


def test_a_pi_5_is_read_from_its_firmware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = BOARDS["build_commands"]("pi5", tmp_path / "bin")
    monkeypatch.setattr("device.probes.ask.PLACES", (str(folder),))
    sampler = sampled(BOARDS["build_tree"]("pi5", tmp_path), 0.5)
    moments = sampler.moments()
    assert sampler.source == "pmic" and moments[0].power_mw["VDD_CORE"] == pytest.approx(2250)
    assert "soft temperature limit now" in moments[0].throttled
    assert "5 V" in (sampler.power_source() or "")


@pytest.mark.parametrize("name", ["pi-zero-2w", "pi3", "pi4"])
def test_an_older_pi_has_heat_and_no_power(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = BOARDS["build_commands"](name, tmp_path / "bin")
    monkeypatch.setattr("device.probes.ask.PLACES", (str(folder),))
    sampler = sampled(BOARDS["build_tree"](name, tmp_path))
    assert sampler.source is None and sampler.power_source() is None and sampler.total() is None
    assert all(m.temperatures_c and not m.power_mw for m in sampler.moments())
    real_mhz = {"pi-zero-2w": 1000.0, "pi3": 1200.126, "pi4": 1800.457088}[name]
    assert sampler.moments()[0].clocks_mhz == (real_mhz,) * 4, "the firmware's, not cpufreq's"


def test_a_board_that_tells_nothing_has_no_moments(tmp_path: Path) -> None:
    sampler = sampled(tmp_path, 0.1)
    assert sampler.moments() == () and sampler.power_source() is None


@pytest.mark.parametrize("program", ["vcgencmd", "tegrastats"])
def test_programs_that_hang_do_not_hold_the_end_up(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / program
    script.write_text("#!/bin/sh\ntrap '' TERM\nsleep 60\n")
    script.chmod(0o755)
    monkeypatch.setattr("device.probes.ask.PLACES", (str(tmp_path),))
    monkeypatch.setattr("device.probes.ask.LIMIT_S", 0.2)
    start = time.monotonic()
    sampled(tmp_path, 0.1)
    assert time.monotonic() - start < 20


def test_the_clock_begins_at_the_mark(tmp_path: Path) -> None:
    root = BOARDS["build_tree"]("orin-nx", tmp_path)
    with Sampler(0.05, root) as sampler:
        time.sleep(0.2)
        sampler.mark()
        assert sampler.zero_s <= time.monotonic()
        time.sleep(0.2)
    times = [m.at_s for m in sampler.moments()]
    assert times[0] < 0 < times[-1], "moments before the first run are kept, and one at the end"


def test_an_error_in_the_measurement_ends_the_sampler(tmp_path: Path) -> None:
    with pytest.raises(KeyError), Sampler(0.05, tmp_path) as sampler:
        raise KeyError("the measurement")
    assert sampler.moments() == ()


@pytest.mark.parametrize("period", [0.0, -1.0, math.nan, 100.0])
def test_periods_that_make_no_sense(period: float) -> None:
    with pytest.raises(ValueError, match="sampling period"):
        Sampler(period)


@pytest.mark.parametrize(
    ("power", "integral"),
    [
        (lambda _: 5000.0, lambda t: 5000 * t),
        (lambda t: 100 * t, lambda t: 50 * t * t),
        (lambda t: 3000 + 2000 * math.sin(t), lambda t: 3000 * t - 2000 * math.cos(t)),
    ],
)
@pytest.mark.parametrize(("start", "end"), [(0.0, 10.0), (1.0, 9.0), (2.34, 7.89)])
def test_energy_against_closed_forms(power, integral, start: float, end: float) -> None:
    found = energy_mj(wave(power), start, end, ["VDD_IN"])
    # The trapezoid rule is off by at most (end - start) step^2 max|f''| / 12.
    assert found == pytest.approx(integral(end) - integral(start), abs=10 * 0.01 * 2000 / 12)
    mean = mean_power_mw(wave(power), start, end, ["VDD_IN"])
    assert found is not None and mean == pytest.approx(found / (end - start))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 2), st.floats(0, 1e4)), min_size=4, max_size=30),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_energy_of_parts_is_that_of_the_whole(samples, one: float, two: float) -> None:
    times, now = [], 0.0
    for step, _ in samples:
        now += step
        times.append(now)
    found = curve(times, [power for _, power in samples])
    assert found is not None
    a, b = sorted(times[0] + share * (times[-1] - times[0]) for share in (one, two))
    parts = found.energy_mj(times[0], a) + found.energy_mj(a, b) + found.energy_mj(b, times[-1])
    assert parts == pytest.approx(found.energy_mj(times[0], times[-1]), rel=1e-9, abs=1e-6)


def test_rails_add_up_and_moments_without_one_are_left_out() -> None:
    both = [
        Moment(float(i), {}, (), {"A": 1000.0, "B": 500.0} if i != 3 else {"A": 9e5}, ())
        for i in range(10)
    ]
    assert energy_mj(both, 0, 9, ["A", "B"]) == pytest.approx(9 * 1500)
    assert energy_mj(both, 0, 9, ["A", "C"]) is None and energy_mj(both, 0, 9, []) is None
    assert power_curve(both[:1], ["A"]) is None


def test_what_is_not_covered_is_not_guessed() -> None:
    moments = wave(lambda _: 1000.0)
    assert energy_mj(moments, 2, 12, ["VDD_IN"]) is None, "after the last moment"
    assert energy_mj(moments, -3, 5, ["VDD_IN"]) is None, "before the first"
    assert energy_mj(moments, 2.01, 2.15, ["VDD_IN"]) is None, "two moments are no measurement"
    hole = [m for m in moments if not 4 < m.at_s < 6]
    assert energy_mj(hole, 3, 7, ["VDD_IN"]) is None and energy_mj(hole, 7, 9, ["VDD_IN"])
    assert energy_mj(moments, 1, 10.05, ["VDD_IN"]) == pytest.approx(9050), "within one step"


def test_short_rounds_count_together() -> None:
    moments = wave(lambda _: 2000.0)
    spans = [(1.0, 1.12), (3.0, 3.12), (5.0, 5.12)]
    assert energy_mj(moments, *spans[0], ["VDD_IN"]) is None
    assert energy_of_spans(moments, spans, ["VDD_IN"]) == pytest.approx(0.36 * 2000)
    assert energy_of_spans(moments, [], ["VDD_IN"]) is None


def test_a_rail_that_is_mostly_absent_is_not_asked_for() -> None:
    moments = [Moment(float(i), {}, (), {"VDD_CORE": 1.0}, ()) for i in range(5)]
    moments.append(Moment(9.0, {}, (), {"VDD_CORE": 1.0, "3V3_ADC": 2.0}, ()))
    found = total_of(moments, "pmic")
    assert found is not None and found.rails == ("VDD_CORE",)
    assert total_of([], "pmic") is None


@pytest.mark.parametrize("round_s", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("first_s", [0.0, 0.13, 0.31])
def test_rows_that_take_turns_keep_their_energy_apart(round_s: float, first_s: float) -> None:
    """Between two samples of half a second another row has run: its power is not this one's."""
    heavy = [(2 * n * round_s, (2 * n + 1) * round_s) for n in range(12)]
    light = [(end, end + round_s) for _, end in heavy]

    def power(at: float) -> float:
        return 8000.0 if any(start <= at < end for start, end in heavy) else 4000.0

    times = [first_s - 1 + 0.5 * (n + 0.3 * (n * 0.618 % 1)) for n in range(60)]
    moments = [Moment(at, {}, (), {"VIN": power(at)}, ()) for at in times]
    for spans, right in ((heavy, 8000.0), (light, 4000.0)):
        found = energy_of_spans(moments, spans, ["VIN"])
        assert found == pytest.approx(12 * round_s * right, rel=1e-6)
