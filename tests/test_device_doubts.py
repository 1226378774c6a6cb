"""Every gate of the doubts, on both sides; emulated times are withheld."""

from dataclasses import replace

import pytest

from device.doubts import doubt, judged, of_board, of_latencies, of_moments
from device.report import Accuracy, Board, Conditions, FileRun, Moment, Report
from device.stamp import Host, Stamp

CALM = Conditions(0.1, "performance", (2000.0, 2000.0), {"cpu": 50.0}, ())
BOARD = Board("local", "a board", "Linux", "Linux 6", None, None, None)
MS = 1_000_000
STAMP = Stamp("0", None, "x", "2026-01-31T12:00:00Z", "3.11", {}, Host("x", "Linux", "c", 2))


def report(board: Board = BOARD, *moments: Moment, power: str | None = None) -> Report:
    return Report(STAMP, (), board, CALM, CALM, (), telemetry=moments, power_source=power)


def run(latency: list[int], cpu_share: float = 1.0, threads: int = 1) -> FileRun:
    return FileRun(
        bundle="kws", file="a.onnx",
        bytes=10, target="onnx", runtime="onnxruntime 1", status="ran", reason=None,
        threads=threads, load_ms=3.0, warmup_ns=(9,), latency_ns=tuple(latency),
        cpu_ns=int(sum(latency) * cpu_share), runtime_rss_bytes=1, peak_rss_bytes=2,
        arena_bytes=None, energy_mj=None, doubts=(),
    )  # fmt: skip


def test_steady_runs_on_a_calm_board_raise_no_doubt() -> None:
    assert doubt(run([MS] * 30), report(), 2).doubts == ()


@pytest.mark.parametrize(
    ("latency", "word"),
    [
        ([MS] * 29, "few runs"),
        ([MS, MS * 6 // 5] * 50, "deviation"),
        ([MS] * 98 + [3 * MS] * 2, "deviation"),
        ([MS] * 50 + [MS * 11 // 10] * 50, "drift"),
        ([MS] * 50 + [MS * 9 // 10] * 50, "drift"),
    ],
)
def test_latencies_give_themselves_away(latency: list[int], word: str) -> None:
    found = of_latencies(run(latency))
    assert len(found) == 1 and found[0].startswith(word)


@pytest.mark.parametrize(
    "latency",
    [
        [MS] * 30,
        [MS, MS * 11 // 10] * 50,
        [MS] * 98 + [2 * MS] * 2,
        [MS] * 50 + [MS * 107 // 100] * 50,
    ],
)
def test_just_inside_each_gate_is_silent(latency: list[int]) -> None:
    assert of_latencies(run(latency)) == []


def test_a_shared_core_shows_in_the_cpu_time() -> None:
    assert of_latencies(run([MS] * 30, 0.8))[0].startswith("interrupted: it had the core for 80%")
    assert of_latencies(run([MS] * 30, 0.95)) == []
    assert of_latencies(run([MS] * 30, 0.8, threads=2)) == []
    assert of_latencies(replace(run([MS] * 30, 0.8), in_flight=2)) == []


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_hardly_any_runs_do_not_break_the_arithmetic(count: int) -> None:
    assert any("few runs" in text for text in of_latencies(run([MS] * count)))


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ({"load_1min": 0.6}, {}, "other load"),
        ({"governor": "ondemand"}, {}, "governor 'ondemand'"),
        ({}, {"throttled": ("throttled now",)}, "throttled: throttled now"),
        ({"throttled": ("under-voltage since boot",)}, {}, "under-voltage"),
        ({}, {"clocks_mhz": (1500.0, 1500.0)}, "clock fell to 75%"),
        ({}, {"temperatures_c": {"cpu": 80.0, "gpu": 60.0}}, "hot: 80 C"),
        ({"temperatures_c": {"cpu": 60.0}}, {}, "hot start: 60 C"),
    ],
)
def test_the_board_gives_itself_away(
    before: dict[str, object], after: dict[str, object], word: str
) -> None:
    found = of_board(BOARD, replace(CALM, **before), replace(CALM, **after), 2)  # type: ignore[arg-type]
    assert len(found) == 1 and word in found[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"load_1min": 0.5}, {}), ({"load_1min": None, "governor": None}, {}),
        ({}, {"clocks_mhz": (1850.0, 1850.0)}), ({"clocks_mhz": ()}, {}),
        ({}, {"temperatures_c": {"cpu": 79.0}}), ({"temperatures_c": {"cpu": 59.9}}, {}),
        ({}, {"temperatures_c": {}}),
    ],
)  # fmt: skip
def test_a_board_inside_the_gates_is_silent(
    before: dict[str, object], after: dict[str, object]
) -> None:
    assert of_board(BOARD, replace(CALM, **before), replace(CALM, **after), 2) == []  # type: ignore[arg-type]


def test_a_virtual_machine_is_said() -> None:
    assert "virtual machine" in of_board(replace(BOARD, virtual="kvm"), CALM, CALM, 2)[0]


def test_emulated_times_are_withheld_and_memory_is_kept() -> None:
    timed = replace(run([MS] * 30), cold_ns=9, rounds=(30,), started_s=(0.0,), took_s=(0.1,),
                    energy_mj=1.0)  # fmt: skip
    out = doubt(timed, report(replace(BOARD, emulation="qemu")), 2)
    assert out.latency_ns == out.warmup_ns == () and out.load_ms is None and out.cpu_ns is None
    assert out.cold_ns is None and out.rounds == out.started_s == out.took_s == ()
    assert out.energy_mj is None and out.peak_rss_bytes == 2 and "emulation: qemu" in out.doubts[0]


def test_a_row_that_did_not_run_gets_no_doubt() -> None:
    absent = replace(run([]), status="not run", reason="absent")
    assert doubt(absent, report(), 2) == absent
    failed = replace(run([MS] * 9), status="failed", reason="wrong answers")
    out = doubt(failed, report(replace(BOARD, emulation="qemu")), 2)
    assert out.latency_ns == () and out.doubts == ()


def answers(value: float, reference: float | None) -> FileRun:
    return replace(run([MS] * 30), accuracy=Accuracy("signal to noise, dB", value, reference, 9))


@pytest.mark.parametrize(
    ("value", "reference", "status", "phrases"),
    [
        (30.0, 30.5, "ran", 0), (28.0, 30.0, "ran", 1), (26.9, 30.0, "failed", 0),
        (59.5, 120.0, "ran", 0), (58.0, 120.0, "ran", 1), (56.9, 120.0, "failed", 0),
        (10.1, None, "ran", 1), (9.9, None, "failed", 0), (-200.0, 30.0, "failed", 0),
    ],
)  # fmt: skip
def test_a_fast_wrong_model_is_caught(
    value: float, reference: float | None, status: str, phrases: int
) -> None:
    out = doubt(judged(answers(value, reference)), report(), 2)
    assert out.status == status and (out.reason is None) == (status == "ran")
    assert [phrase.split(":")[0] for phrase in out.doubts] == ["answers"] * phrases


ROUNDS = replace(run([MS] * 30), rounds=(15, 15), started_s=(0.0, 10.0), took_s=(1.0, 1.0))


def moment(at_s: float, clock: float = 2000.0, heat: float = 50.0, held: str = "") -> Moment:
    return Moment(at_s, {"cpu": heat}, (clock, 600.0), {}, (held,) if held else ())


@pytest.mark.parametrize(
    ("inside", "word"),
    [
        (moment(0.5, held="throttled now"), "throttled: throttled now, during"),
        (moment(10.5, clock=1500.0), "clock: the fastest core ran at 1500 to 2000 MHz"),
        (moment(10.9, heat=80.0), "hot: 80 C during"),
    ],
)
def test_the_telemetry_of_a_rows_own_rounds_gives_it_away(inside: Moment, word: str) -> None:
    """And the same moment between its rounds, when another row ran, does not."""
    calm = [moment(0.1), moment(10.1), moment(5.5)]
    found = of_moments(ROUNDS, report(BOARD, *calm, inside))
    assert len(found) == 1 and found[0].startswith(word)
    outside = replace(inside, at_s=5.0)
    assert of_moments(ROUNDS, report(BOARD, *calm, outside)) == []
    assert of_moments(ROUNDS, report(BOARD, moment(0.1, 1850.0), moment(10.1, 2000.0))) == []


def test_a_power_source_without_energy_is_said() -> None:
    assert of_moments(ROUNDS, report(power="ina3221"))[0].startswith("energy: too few samples")
    assert of_moments(replace(ROUNDS, energy_mj=1.0), report(power="ina3221")) == []
