"""Budgets: kept, missed by how much, and never passed for what was not measured."""

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from device.budget import UNITS, judge, parse_budgets, table_budgets
from device.gates import verdict_lines
from device.report import Report

MAKE = runpy.run_path(str(Path(__file__).with_name("make_report.py")))
row, absent, report = MAKE["make_row"], MAKE["make_absent"], MAKE["make_report"]
MS = 1_000_000


def outcomes(text: str, about: Report) -> list[tuple[str, str]]:
    return [(v.row.split(" ")[0], v.outcome) for v in judge(about, parse_budgets(text))]


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("p50_ms", 2.0), ("p99_us", 2000.0), ("p100_ms", None), ("median_s", 0.002),
        ("cold_ms", 9.0), ("load_ms", 12.5), ("rss_mib", 48.0), ("rss_mb", 50.331648),
        ("arena_kib", 36.1328125), ("arena_kb", 37.0), ("bytes_kb", 53.936), ("energy_mj", 5.5),
        ("energy_uj", 5500.0), ("doubts", 1.0),
    ],
)  # fmt: skip
def test_each_quantity_is_judged_on_both_sides(name: str, most: float | None) -> None:
    steady = row(0, latency_ns=(2 * MS,) * 200, arena_bytes=37000, doubts=("hot: 81 C",))
    if most is None:
        with pytest.raises(ValueError, match="no quantity 'p100_ms'"):
            parse_budgets(f"{name}=1")
        return
    exact = judge(report(steady), parse_budgets(f"{name}={most:.12f}"))
    assert [v.outcome for v in exact] == ["kept"], exact
    tight = judge(report(steady), parse_budgets(f"{name}={most * 0.8:.12f}"))
    assert [v.outcome for v in tight] == ["missed"] and "(25.0%)" in tight[0].text


@pytest.mark.parametrize(
    ("name", "least"),
    [("accuracy", 42.5), ("agreement_percent", 98.0), ("throughput_per_s", 400.0)],
)
def test_more_is_better_has_a_floor(name: str, least: float) -> None:
    one = report(row(0, mode="throughput", in_flight=2))
    assert outcomes(f"{name}={least}", one) == [("a.onnx", "kept")]
    missed = judge(one, parse_budgets(f"{name}={least * 1.25}"))[0]
    assert missed.failed and "at least" in missed.text and "misses by" in missed.text


def test_a_miss_says_by_how_much() -> None:
    slow = row(0, latency_ns=(25 * MS,) * 200)
    lines = verdict_lines(judge(report(slow), parse_budgets("p99_ms=20,rss_mb=64")))
    assert lines[0] == (
        "budget missed: a.onnx (onnxruntime 1.31.1): p99_ms 25, at most 20: misses by 5 (25.0%)"
    )
    assert lines[1].startswith("budget kept: ")


def test_what_does_not_apply_is_one_line_a_reason() -> None:
    lines = verdict_lines(judge(report(), parse_budgets("p99_ms=20,rss_mb=64")))
    assert [line for line in lines if "does not apply" in line] == [
        "budget does not apply: p99_ms, rss_mb: a.c (-): "
        "not measured: source code: a compiler puts it in"
    ]


def test_what_was_not_measured_never_passes() -> None:
    bare = row(0, energy_mj=None, accuracy=None, cold_ns=None, peak_rss_bytes=None)
    for name in ("energy_mj", "accuracy", "agreement_percent", "cold_ms", "rss_mb",
                 "throughput_per_s", "arena_kb"):  # fmt: skip
        verdicts = judge(report(bare), parse_budgets(f"{name}=0.001"))
        assert [v.failed for v in verdicts if v.outcome != "does not apply"] == [True], name
        assert verdicts[-1].text


def test_emulated_times_never_keep_a_budget() -> None:
    emulated = replace(report(row(0)), board=replace(MAKE["BOARD"], emulation="qemu"))
    for name in ("p99_ms", "median_ms", "cold_ms", "load_ms", "energy_mj"):
        verdict = judge(emulated, parse_budgets(f"{name}=1000000"))[0]
        assert verdict.outcome == "not shown" and "emulated (qemu)" in verdict.text
    assert outcomes("bytes_kb=54,rss_mb=64", emulated) == [("a.onnx", "kept")] * 2


def test_few_runs_do_not_show_a_p99_but_show_a_miss() -> None:
    few = report(row(0, latency_ns=(2 * MS,) * 99, rounds=(99,)))
    assert outcomes("p99_ms=20,p90_ms=20", few) == [("a.onnx", "not shown"), ("a.onnx", "kept")]
    assert outcomes("p99_ms=1", few) == [("a.onnx", "missed")]
    assert outcomes("p99_ms=20", report(row(0, latency_ns=(MS,) * 100))) == [("a.onnx", "kept")]


def test_a_file_that_no_runtime_ran_fails_and_source_code_does_not_apply() -> None:
    found = outcomes("p99_ms=20", report())
    assert ("a.engine", "not shown") in found and ("a.c", "does not apply") in found
    assert outcomes("onnx:p99_ms=20", report()) == [("a.onnx", "kept")]
    assert outcomes("a.tflite:p99_ms=20", report()) == [("a.tflite", "kept")]
    assert outcomes("front-end:p99_ms=20", report()) == [("front", "kept")]
    assert outcomes("c:p99_ms=20", report()) == [("a.c", "not shown")]
    assert outcomes("b.onnx:p99_ms=20", report()) == [("", "not shown")]
    assert outcomes("c:arena_kib=40", report()) == [("a.c", "kept")]


def test_another_runtime_of_the_same_file_is_enough_and_a_failed_one_is_not() -> None:
    other = absent("a.onnx", "onnx", "onnxruntime:cuda", "no such provider")
    assert outcomes("p99_ms=20", report(row(0), other)) == [("a.onnx", "kept")]
    broken = replace(other, status="failed")
    assert ("a.onnx", "not shown") in outcomes("p99_ms=20", report(row(0), broken))


def test_a_microcontroller_is_not_timed_on_a_pc() -> None:
    estimate = row(0, "a.tflite", target="tflite-int8", runtime="tflite-micro 0.1", doubts=("x",))
    verdict = judge(report(estimate), parse_budgets("p99_ms=1000"))[0]
    assert verdict.outcome == "not shown" and "portable kernels" in verdict.text
    both = report(estimate, row(0, "a.tflite", target="tflite-int8", runtime="ai-edge-litert 2"))
    assert outcomes("p99_ms=20,doubts=0", both) == [("a.tflite", "kept")] * 2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "NAME=LIMIT"), ("p99_ms", "NAME=LIMIT"), ("=3", "NAME=LIMIT"), (",", "NAME=LIMIT"),
        ("p99=20", "p99_us, p99_ms, p99_s"), ("rss_ms=3", "rss_kb"), ("p9q_ms=20", "p90_ms"),
        ("p99_ms=abc", "'abc' is not a number"), ("p99_ms=-1", "not a number"), ("p0_ms=1", "p50"),
        ("p99_ms=nan", "not a number"), ("p99_ms=inf", "not a number"), ("energy_w=3", "energy_mj"),
        ("p99_ms=1,p99_ms=2", "second limit"), ("latency_ms=1", "names are p50_ms"),
    ],
)  # fmt: skip
def test_wrong_budgets_are_one_line_with_the_right_names(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=".") as error:
        parse_budgets(text)
    assert word in str(error.value) and "\n" not in str(error.value)


def test_a_boards_entry_reads_as_the_command_line_does() -> None:
    table: dict[str, Any] = {"p99_ms": 20, "tflite-int8:arena_kb": 40.5}
    assert table_budgets(table, "boards") == parse_budgets("p99_ms=20,tflite-int8:arena_kb=40.5")
    with pytest.raises(ValueError, match="boards.toml: budgets 'p99_m=20'"):
        table_budgets({"p99_m": 20.0}, "boards.toml: budgets")


def test_every_quantity_has_a_reader() -> None:
    for quantity, units in UNITS.items():
        name = "p99" if quantity == "p" else quantity
        unit = next(iter(units))
        budget = f"{name}_{unit}=1" if unit else f"{name}=1"
        assert judge(report(), parse_budgets(budget))


def test_a_percentile_is_shown_from_the_run_on_that_it_needs() -> None:
    """1000 runs show p99.9, the one before the largest; 999 do not."""
    for runs, outcome in ((1000, "kept"), (999, "not shown")):
        one = row(0, latency_ns=(2 * MS,) * (runs - 1) + (90 * MS,), rounds=(runs,))
        assert outcomes("p99.9_ms=95", report(one)) == [("a.onnx", outcome)]
        if runs == 1000:
            assert outcomes("p99.9_ms=2", report(one)) == [("a.onnx", "kept")]


def test_a_line_says_of_which_of_two_bundles_it_is() -> None:
    two = (report().bundles[0], replace(report().bundles[0], label="kws-en#2"))
    both = report(row(0), row(1, bundle="kws-en#2", peak_rss_bytes=90 << 20), bundles=two)
    lines = verdict_lines(judge(both, parse_budgets("rss_mb=64")))
    assert lines[0].startswith("budget missed: kws-en#2/a.onnx (") and "kws-en/a.onnx" in lines[1]


def test_source_code_does_not_shut_a_gate_on_throughput() -> None:
    ran = row(0, mode="throughput", in_flight=2)
    code = absent("a.c", "c", "-", "source code: a compiler puts it in", mode="throughput")
    assert outcomes("throughput_per_s=100", report(ran, code)) == [
        ("a.onnx", "kept"), ("a.c", "does not apply"),
    ]  # fmt: skip
    assert outcomes("throughput_per_s=100", report(code))[-1] == ("", "not shown")
