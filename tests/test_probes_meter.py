"""An external meter: its file is read and the board's pattern found in it; nothing is guessed."""

import math
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from device.probes.align import LEAST_SCORE, align, find
from device.probes.energy import curve
from device.probes.meter import Trace, read_meter
from device.probes.pulse import CODES, Pulse, m_sequence, play

OFFSET, START, END = 1234.5678, 3.0, 50.0


def meter(
    seed: int = 0,
    rate_hz: float = 200.0,
    noise_mw: float = 100.0,
    apart: float = 0.0,
    lag_s: float = 0.0,
    heat_mw_s: float = 0.0,
    pulses: tuple[Pulse, ...] = (Pulse("start", START), Pulse("end", END)),
    length_s: float = 60.0,
) -> Trace:
    """Return what a meter sees: 2.5 W idle, 1.2 W more in a busy chip, work of 9 ms in between."""
    rng = np.random.default_rng(seed)
    board = np.arange(0, length_s, 0.0005)
    power = 2500 + heat_mw_s * board + 500 * ((board % 0.013 < 0.009) & (board > 12) & (board < 45))
    for pulse in pulses:
        chip = np.floor((board - pulse.began_s) / pulse.chip_s).astype(int)
        code = np.array(CODES[pulse.name])
        power = power + 1200 * np.where((chip >= 0) & (chip < 31), code[np.clip(chip, 0, 30)], 0)
    if lag_s:
        kernel = np.exp(-np.arange(0, 8 * lag_s, 0.0005) / lag_s)
        padded = np.concatenate([np.full(len(kernel), power[0]), power])
        power = np.convolve(padded, kernel / kernel.sum())[len(kernel) : len(padded)]
    times = OFFSET + (1 + apart) * board
    ticks = np.arange(times[0] + rng.uniform(0, 1 / rate_hz), times[-1], 1 / rate_hz)
    seen = np.interp(ticks, times, power) + rng.normal(0, noise_mw, len(ticks))
    return Trace(ticks.tolist(), seen.tolist(), 0)


def test_the_code_is_a_maximal_sequence() -> None:
    code = 2 * np.array(m_sequence()) - 1
    moved = [int(code @ np.roll(code, shift)) for shift in range(31)]
    assert moved == [31] + [-1] * 30
    other = 2 * np.array(CODES["end"]) - 1
    assert max(abs(int(code @ np.roll(other, shift))) for shift in range(31)) <= 11


@pytest.mark.parametrize(
    ("how", "most_s"),
    [
        ({}, 0.004),
        ({"noise_mw": 0.0}, 0.003),
        ({"noise_mw": 600.0}, 0.02),
        ({"rate_hz": 2000.0}, 0.002),
        ({"rate_hz": 20.0}, 0.03),
        ({"heat_mw_s": -30.0}, 0.004),
        ({"apart": 5e-5}, 0.004),
    ],
    ids=lambda value: str(value),
)
def test_clocks_are_aligned(how: dict[str, float], most_s: float) -> None:
    both = [Pulse("start", START), Pulse("end", END)]
    found = align(meter(1, **how), both)
    assert found.uncertainty_s < most_s
    for board_s in (START, 30.0, END):
        true = OFFSET + (1 + how.get("apart", 0.0)) * board_s
        assert abs(found.meter_s(board_s) - true) < 4 * found.uncertainty_at(board_s)
    assert found.rate == pytest.approx(1 + how.get("apart", 0.0), abs=most_s / 10)


def test_the_uncertainty_is_honest() -> None:
    score = []
    for seed in range(24):
        trace = meter(seed, rate_hz=50.0, noise_mw=300.0, length_s=12.0)
        found = align(trace, [Pulse("start", START)])
        score.append((found.meter_s(START) - OFFSET - START) / found.uncertainty_s)
    assert 0.3 < math.sqrt(np.mean(np.square(score))) < 1.5, score
    assert abs(np.mean(score)) < 0.8, "and not to one side"


def test_a_slow_meter_is_aligned_with_its_own_lag() -> None:
    found = align(meter(3, rate_hz=500.0, lag_s=0.02), [Pulse("start", START)])
    lag = found.meter_s(START) - OFFSET - START
    assert 0.01 < lag < 0.03, "the power of the work arrives just as late"


def test_one_pattern_leaves_the_drift_open() -> None:
    found = align(meter(4), [Pulse("start", START)])
    assert found.rate == 1.0 and found.uncertainty_at(1000.0) > 0.09
    assert found.uncertainty_at(START) == pytest.approx(found.uncertainty_s)


@pytest.mark.parametrize("seed", range(4))
def test_no_pattern_is_found_where_none_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    quiet = meter(seed, pulses=())
    walk = Trace(
        quiet.times_s, (3000 + np.cumsum(rng.normal(0, 30, len(quiet.times_s)))).tolist(), 0
    )
    flat = Trace(quiet.times_s, [2500.0] * len(quiet.times_s), 0)
    for trace in (quiet, walk, flat, meter(seed, pulses=(Pulse("end", START),))):
        with pytest.raises(ValueError, match="not in the meter's samples") as error:
            align(trace, [Pulse("start", START)])
        assert "\n" not in str(error.value)


def test_a_pattern_that_is_there_twice_is_not_chosen_from() -> None:
    twice = meter(9, pulses=(Pulse("start", START), Pulse("start", 30.0)))
    with pytest.raises(ValueError, match=r"twice, 27\.0 s apart") as error:
        align(twice, [Pulse("start", START)])
    assert "\n" not in str(error.value)


def test_a_pattern_cut_off_is_not_found() -> None:
    whole = meter(5)
    late = [i for i, at in enumerate(whole.times_s) if at > OFFSET + START + 2]
    cut = Trace([whole.times_s[i] for i in late], [whole.power_mw[i] for i in late], 0)
    with pytest.raises(ValueError, match="start pattern"):
        align(cut, [Pulse("start", START)])


def test_samples_too_far_apart_or_in_another_unit() -> None:
    with pytest.raises(ValueError, match=r"--pulse-chip 1\.5"):
        align(meter(6, rate_hz=2.0), [Pulse("start", START)])
    slow = meter(6, apart=0.01)
    with pytest.raises(ValueError, match="unit"):
        align(slow, [Pulse("start", START), Pulse("end", END)])
    with pytest.raises(ValueError, match="no pattern"):
        align(slow, [])
    with pytest.raises(ValueError, match="not in order"):
        align(meter(6), [Pulse("start", START), Pulse("end", START)])
    with pytest.raises(ValueError, match="hours"):
        align(Trace([0.0, 0.05, 0.1, 9e5], [1.0] * 4, 0), [Pulse("start", START)])
    for name, chip_s in [("middle", 0.2), ("start", math.nan), ("start", 0.0)]:
        with pytest.raises(ValueError, match="pattern|chips"):
            Pulse(name, START, chip_s)


def test_the_score_and_step_are_told() -> None:
    trace = meter(7, noise_mw=20.0)
    power = curve(trace.times_s, trace.power_mw)
    assert power is not None
    found = find(power, Pulse("start", START))
    assert found.score > 0.99 > LEAST_SCORE and found.step_mw == pytest.approx(1200, rel=0.02)


def test_the_board_plays_the_pattern() -> None:
    start = time.monotonic()
    cpu = time.process_time()
    pulse = play("start", chip_s=0.02, threads=1)
    took = time.monotonic() - start
    assert pulse.name == "start" and start <= pulse.began_s <= start + took
    assert took >= 31 * 0.02 and time.process_time() > cpu
    with pytest.raises(ValueError, match="chips of 100"):
        play("start", chip_s=100)


@pytest.mark.long  # needs a machine that is not busy otherwise
def test_the_load_that_is_played_is_found_again() -> None:
    """CPU time in place of power: the meter's clock is the board's, so the offset is known: 0."""
    times, spent, end = [], [], threading.Event()

    def watch() -> None:
        while not end.wait(0.004):
            times.append(time.monotonic())
            spent.append(time.process_time())

    watcher = threading.Thread(target=watch)
    watcher.start()
    pulse = play("start", chip_s=0.1)
    end.set()
    watcher.join()
    power = 1000 * np.diff(spent) / np.diff(times)
    middle = [(a + b) / 2 for a, b in pairwise(times)]
    found = align(Trace(middle, power.tolist(), 0), [pulse])
    assert abs(found.meter_s(pulse.began_s) - pulse.began_s) < 0.02


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


ROWS = range(60)
LAYOUTS = {
    "power": ["time (s),power (mW)", *(f"{i / 10},{1000 + i}" for i in ROWS)],
    "units in the name": ["Time_ms;Power_W", *(f"{100 * i};{(1000 + i) / 1000:.3f}" for i in ROWS)],
    "decimal commas": [
        "time (s);power (W)",
        *(f"{i / 10}".replace(".", ",") + f";1,{i:03d}" for i in ROWS),
    ],
    "current of a fixed supply": [
        "Timestamp(ms),Current(uA),D0-D7",
        *(f"{100 * i},{(1000 + i) * 200},00000000" for i in ROWS),
    ],
    "voltage and current": [
        "# a meter",
        "",
        "elapsed [s]\tvoltage [V]\tcurrent [mA]",
        *(f"{i / 10}\t4\t{(1000 + i) / 4}" for i in ROWS),
    ],
    "a column that is not needed has no unit": [
        "time (s),voltage,power (mW)",
        *(f"{i / 10},?,{1000 + i}" for i in ROWS),
    ],
    "ISO times": [
        "timestamp,Main power (mW)",
        *(f"2026-01-31T12:00:{i / 10:09.6f},{1000 + i}" for i in ROWS),
    ],
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_files_of_meters(name: str, tmp_path: Path) -> None:
    trace = read_meter(write(tmp_path / "meter.csv", LAYOUTS[name]), supply_v=5.0)
    assert len(trace.times_s) == 60 and trace.skipped == 0
    assert trace.times_s[-1] - trace.times_s[0] == pytest.approx(5.9)
    assert list(trace.power_mw) == pytest.approx([1000 + i for i in ROWS])


def test_damaged_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    lines = ["time (s),power (mW)", *(f"{i / 10},{1000 + i}" for i in range(200))]
    lines[50:50] = ["", "nonsense", "4.85,", "4.86,nan", "inf,3", "0.1,7"]
    trace = read_meter(write(tmp_path / "meter.csv", lines))
    assert len(trace.times_s) == 200 and trace.skipped == 6


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "no line like"),
        (["a,b,c", "1,2,3"], "no line like"),
        (["time (s),voltage (V)", "1,2"], "no column of power"),
        (["time (s),power", "1,2"], "states no unit"),
        (["time (s),current (mA)", "1,2"], "give the supply's"),
        (["time (s),power (mW)", "1,2"], "1 samples"),
        (["t,power (mW)", *(f"{i},1" for i in range(99))], "does not name them"),
        (["time (s),power (mW)", *(f"{i},{i if i % 3 else 'x'}" for i in range(99))], "no samples"),
    ],
)
def test_files_that_are_no_meters(lines: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=said) as error:
        read_meter(write(tmp_path / "meter.csv", lines))
    assert "\n" not in str(error.value) and "meter.csv" in str(error.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "meter.csv"
    path.write_bytes(np.random.default_rng(1).bytes(20_000))
    with pytest.raises(ValueError, match="meter.csv: "):
        read_meter(path)


def test_a_file_is_aligned_and_integrated(tmp_path: Path) -> None:
    trace = meter(8, rate_hz=100.0, noise_mw=10.0)
    lines = ["time (s),power (mW)"]
    lines += [f"{at:.6f},{mw:.3f}" for at, mw in zip(trace.times_s, trace.power_mw, strict=True)]
    read = read_meter(write(tmp_path / "meter.csv", lines))
    found = align(read, [Pulse("start", START), Pulse("end", END)])
    power = curve(read.times_s, read.power_mw)
    assert power is not None
    energy = power.energy_mj(found.meter_s(15.0), found.meter_s(40.0))
    assert energy == pytest.approx(25 * (2500 + 500 * 9 / 13), rel=0.005)
