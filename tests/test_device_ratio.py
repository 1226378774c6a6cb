"""Ratios of rows that took turns: what drifts in both is in neither, and the interval is honest."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.ratio import LEAST_ROUNDS, Ratio, base_of, of_rounds, per_second, ratio
from device.report import Board, Conditions, FileRun, Report, Subject
from device.stamp import Host, Stamp
from device.table import report_text

ROW = FileRun(
    bundle="a", file="a.onnx", bytes=1, target="onnx", runtime="onnxruntime 1", status="ran",
    reason=None, threads=1, load_ms=1.0, warmup_ns=(), latency_ns=(), cpu_ns=None,
    runtime_rss_bytes=None, peak_rss_bytes=None, arena_bytes=None, energy_mj=None, doubts=(),
)  # fmt: skip


def row(rounds: list[list[int]], **changes: object) -> FileRun:
    flat = tuple(value for one in rounds for value in one)
    took = tuple(sum(one) / 1e9 for one in rounds)
    made = replace(ROW, latency_ns=flat, rounds=tuple(map(len, rounds)), took_s=took)
    return replace(made, **changes)  # type: ignore[arg-type]


def rounds(scale: float, seed: int, drift: float = 0.0) -> list[list[int]]:
    rng = random.Random(seed)
    return [
        [int(1e6 * scale * (1 + drift * n) * rng.uniform(0.98, 1.02)) for _ in range(20)]
        for n in range(10)
    ]


def test_a_drift_that_meets_both_leaves_the_ratio_alone() -> None:
    """The machine slows down threefold; the medians of all runs would be far apart in time."""
    found = ratio(row(rounds(1.3, 1, drift=0.2)), row(rounds(1.0, 2, drift=0.2)))
    assert found is not None and found.low is not None and found.high is not None
    assert found.value == pytest.approx(1.3, rel=0.02)
    assert found.low <= found.value <= found.high and found.high - found.low < 0.1


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    inside = 0
    for seed in range(60):
        found = ratio(row(rounds(1.1, seed)), row(rounds(1.0, 1000 + seed)))
        assert found is not None and found.low is not None and found.high is not None
        inside += found.low <= 1.1 <= found.high
    assert inside >= 48


@given(st.lists(st.lists(st.integers(1, 10**9), min_size=1, max_size=5), min_size=1, max_size=9))
@settings(max_examples=30, deadline=None)
def test_a_row_against_itself_is_one(times: list[list[int]]) -> None:
    one = row(times)
    found = ratio(one, one)
    assert found is not None and found.value == 1.0
    assert (found.low is None) == (len(times) < LEAST_ROUNDS)
    assert found.low in (None, 1.0) and found.high in (None, 1.0)


def test_rows_that_took_no_turns_have_no_ratio() -> None:
    assert ratio(row([]), row([])) is None
    assert ratio(row(rounds(1, 1)), row(rounds(1, 1)[:4])) is None


def test_rows_that_ran_one_after_the_other_have_no_interval() -> None:
    """For want of memory: what the machine did between them is in the ratio."""
    one, two = (row(rounds(scale, seed)) for scale, seed in ((1.3, 1), (1.0, 2)))
    turns = [tuple(i + late for i in range(10)) for late in (0.0, 0.4)]
    apart = replace(two, started_s=tuple(20.0 + i for i in range(10)))
    found = ratio(replace(one, started_s=turns[0]), replace(two, started_s=turns[1]))
    assert found is not None and found.low is not None
    found = ratio(replace(one, started_s=turns[0]), apart)
    assert found is not None and found.low is found.high is None


def test_throughput_counts_the_time_of_the_whole_round() -> None:
    one = row([[100] * 4, [100] * 2], mode="throughput", took_s=(2e-7, 1e-7))
    assert of_rounds(one) == pytest.approx([50.0, 50.0])
    assert per_second(one) == pytest.approx(6 / 3e-7)
    assert per_second(row([[1]], took_s=())) is None


def test_each_row_is_compared_with_its_like_of_the_first_bundle() -> None:
    first = row(rounds(1.0, 1))
    int8 = replace(first, file="a.int8", target="onnx-int8")
    later = replace(first, bundle="a#2")
    stranger = replace(first, bundle="a#2", runtime="onnxruntime 2")
    front = replace(first, file="front end: logmel", work="front end")
    runs = (front, first, int8, later, stranger)
    board = Board("local", "a board", "Linux", "Linux 6", None, None, None)
    now = Conditions(None, None, (), {}, ())
    stamp = Stamp("0", None, "x", "2026-01-31T12:00:00Z", "3.11", {}, Host("x", "Linux", "c", 1))
    subjects = tuple(Subject(label, "a", "0" * 64, "kws") for label in ("a", "a#2"))
    report = Report(stamp, subjects, board, now, now, runs)
    assert base_of(first, report) is None and base_of(front, report) is None
    assert base_of(int8, report) is first and base_of(later, report) is first
    assert base_of(stranger, report) is None
    wrong = replace(first, status="failed", reason="wrong answers")
    assert base_of(int8, replace(report, runs=(wrong, int8))) is None
    assert "1 (1-1)" in report_text(report)


def test_how_a_ratio_is_shown() -> None:
    assert str(Ratio(0.5234, 0.5, 0.6)) == "0.523 (0.5-0.6)" and str(Ratio(2.0, None, None)) == "2"
