"""Comparing reports: false alarms come at their rate, a true shift is found, apples stay apples."""

import json
import random
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.compare import compare
from device.compare_cli import comparison_text
from device.main import main
from device.report import Report, write_report
from device.shift import LEAST_BLOCKS, blocks_of, compare_runs, correlation, holm, permuted

MAKE = runpy.run_path(str(Path(__file__).with_name("make_report.py")))
row, absent, report = MAKE["make_row"], MAKE["make_absent"], MAKE["make_report"]
latencies = MAKE["make_latencies"]


def slower(values: tuple[int, ...], factor: float) -> tuple[int, ...]:
    return tuple(int(value * factor) for value in values)


def share_found(factor: float, times: int, **how: Any) -> float:
    """Share of pairs of measurements that are called different at 5 %."""
    found = 0
    for seed in range(times):
        old, rounds = latencies(2 * seed, **how)
        new = slower(latencies(2 * seed + 1, **how)[0], factor)
        shift = compare_runs(blocks_of(old, rounds), blocks_of(new, rounds), seed, draws=100)
        found += shift is not None and shift.p <= 0.05
    return found / times


@pytest.mark.parametrize(
    "how",
    [
        {"round_spread": 0.0}, {"round_spread": 0.02},
        {"round_spread": 0.0, "rounds": 1}, {"round_spread": 0.0, "rounds": 1, "lean": 0.6},
        {"round_spread": 0.0, "rounds": 1, "lean": 0.9},
    ],
    ids=["rounds alike", "rounds differ", "one round", "runs lean", "runs lean much"],
)  # fmt: skip
def test_equal_measurements_raise_false_alarms_at_the_level(how: dict[str, Any]) -> None:
    """Of 100 pairs: a rate of 0.05 gives over 0.13 once in 1,700 times."""
    assert share_found(1.0, 100, **how) <= 0.13


def test_runs_taken_for_independent_would_raise_many_false_alarms() -> None:
    """The level above is an achievement: without blocks the same pairs fail it by far."""
    found = 0
    for seed in range(15):
        sides = [latencies(2 * seed + i, rounds=1, lean=0.9)[0] for i in (0, 1)]
        shift = compare_runs(*([[value] for value in side] for side in sides), seed, draws=60)
        found += shift is not None and shift.p <= 0.05
    assert found / 15 > 0.3


def test_a_true_shift_of_5_per_cent_is_found_in_both_directions() -> None:
    assert share_found(1.05, 40, round_spread=0.01) >= 0.9
    assert share_found(1 / 1.05, 40, round_spread=0.01) >= 0.9


def test_the_interval_covers_the_true_ratio() -> None:
    covered = 0
    for seed in range(100):
        old, rounds = latencies(2 * seed, round_spread=0.02)
        new = slower(latencies(2 * seed + 1, round_spread=0.02)[0], 1.05)
        shift = compare_runs(blocks_of(old, rounds), blocks_of(new, rounds), seed, draws=200)
        assert shift is not None and shift.low <= shift.ratio <= shift.high
        covered += shift.low <= 1.05 <= shift.high
    assert covered >= 88  # of 100 at 95 %


def test_many_equal_rows_together_raise_false_alarms_at_the_level() -> None:
    rng = random.Random(0)
    single = family = 0
    for _ in range(1000):
        values = [rng.random() for _ in range(10)]
        single += min(values) <= 0.05
        family += min(holm(values)) <= 0.05
    assert family / 1000 < 0.075 < 0.3 < single / 1000


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_and_keeps_the_order(values: list[float]) -> None:
    corrected = holm(values)
    assert all(a <= b <= 1 for a, b in zip(values, corrected, strict=True))
    order = sorted(range(len(values)), key=values.__getitem__)
    assert [corrected[i] for i in order] == sorted(corrected)


def test_blocks_keep_every_run_in_order_and_end_at_few() -> None:
    values, rounds = latencies(3, runs=1000, rounds=1, lean=0.95)
    blocks = blocks_of(values, rounds)
    assert [value for block in blocks for value in block] == list(values[: sum(map(len, blocks))])
    assert LEAST_BLOCKS <= len(blocks) < 40
    assert [len(block) for block in blocks_of(tuple(range(50, 74)), (2,) * 12)] == []  # drift
    assert blocks_of((), ()) == [] and len(blocks_of((7,) * 3, (3,))) == 3


def test_permutation_is_exact_where_it_can_be_counted() -> None:
    p = permuted([1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 10.0], random.Random(0), 8000)
    assert p == pytest.approx(2 / 252, rel=0.3)
    assert permuted([1.0] * 5, [1.0] * 5, random.Random(0), 50) == 1.0
    assert abs(correlation([random.Random(1).random() for _ in range(4)])) <= 1.5


def changed(about: Report, **more: Any) -> Report:
    return replace(about, board=replace(about.board, **more))


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"model": "Raspberry Pi 4"}, "different board"), ({"power_mode": "15W"}, "power mode"),
        ({"emulation": "qemu"}, "emulated"), ({"virtual": "kvm"}, "hypervisor"),
    ],
)  # fmt: skip
def test_different_boards_are_refused_unless_asked(more: dict[str, str], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        compare(report(), changed(report(), **more), 0.05)
    assert word in comparison_text(compare(report(), changed(report(), **more), 0.05, anyway=True))


def test_different_models_are_refused_unless_asked() -> None:
    other = report(bundles=(replace(report().bundles[0], manifest_sha256="ab" * 32),))
    with pytest.raises(ValueError, match="different models: the manifest of 'kws-en'"):
        compare(report(), other, 0.05)
    assert not compare(report(), other, 0.05, anyway=True).failed


def run(tmp_path: Path, old: Report, new: Report, *words: str) -> int:
    write_report(tmp_path / "old.json", old)
    write_report(tmp_path / "new.json", new)
    paths = [str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    return main(["bench", "--compare", *paths, *words])


def test_the_command_fails_where_a_row_is_slower_by_more_than_the_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = report(row(1), row(2, "b.onnx"))
    values = slower(row(3).latency_ns, 1.08)
    new = report(row(3, latency_ns=values, runtime="onnxruntime 1.32"), row(4, "b.onnx"))
    assert run(tmp_path, old, new, "--json", str(tmp_path / "c.json")) == 1
    shown = capsys.readouterr().out
    assert "slower" in shown and "failed: slower by more than 5.0%" in shown
    assert "onnxruntime 1.31.1 is now onnxruntime 1.32" in shown
    rows = json.loads((tmp_path / "c.json").read_text())["rows"]
    assert [one["outcome"] for one in rows] == ["slower", "no difference shown"]
    assert run(tmp_path, old, new, "--limit", "15%") == 0
    assert run(tmp_path, new, old) == 0 and "faster" in capsys.readouterr().out


def test_a_row_that_is_gone_fails_and_a_new_one_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = report(row(1), row(2, "b.onnx"))
    assert run(tmp_path, both, report(row(3))) == 1 and "gone" in capsys.readouterr().out
    assert run(tmp_path, report(row(3)), both) == 0 and "only in new" in capsys.readouterr().out
    lost = report(row(3), absent("b.onnx", "onnx", "onnxruntime", "crashed", status="failed"))
    assert run(tmp_path, both, lost) == 1


def test_nothing_to_compare_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = row(1, latency_ns=(2000000,) * 4, rounds=(4,), started_s=(), took_s=())
    assert run(tmp_path, report(few), report(few)) == 1
    shown = capsys.readouterr().out
    assert "too few independent rounds" in shown and "no row could be compared" in shown


@pytest.mark.parametrize("words", [["--limit", "x"], ["--limit", "-1"], ["--limit", "nan%"]])
def test_a_wrong_limit_is_wrong_use(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        run(tmp_path, report(), report(), *words)
    assert end.value.code == 2 and "not a percentage" in capsys.readouterr().err


def test_a_file_that_is_no_report_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.json").write_text("{}")
    write_report(tmp_path / "y.json", report())
    assert main(["bench", "--compare", str(tmp_path / "y.json"), str(tmp_path / "x.json")]) == 2
    assert main(["bench", "--compare", str(tmp_path / "no"), str(tmp_path / "y.json")]) == 1
    assert capsys.readouterr().err.count("\n") == 2


def test_help_shows_examples_and_too_few_files_are_wrong_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for words, status in ((["--help"], 0), (["one.json"], 2)):
        with pytest.raises(SystemExit) as end:
            main(["bench", "--compare", *words])
        assert end.value.code == status
    shown = capsys.readouterr()
    assert "--anyway" in shown.out and "monday.json" in shown.out and "NEW" in shown.err


def test_a_pass_says_what_it_leaves_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = report(row(1), row(2, "b.onnx"))
    assert run(tmp_path, about, about, "--limit", "0.1%") == 0
    assert "is not excluded" in capsys.readouterr().out
    assert run(tmp_path, about, about, "--limit", "50%") == 0
    assert "is not excluded" not in capsys.readouterr().out


def pair(count: int, rounds: int, factor: float) -> tuple[Report, Report]:
    """Return two reports of `count` rows, the first of them slower by a factor in the new one."""
    sides = []
    for side in (0, 1):
        made = []
        for i in range(count):
            values, sizes = latencies(97 * side + i, runs=100, rounds=rounds)
            values = slower(values, factor if side and not i else 1.0)
            times = {"rounds": sizes, "started_s": (), "took_s": ()}
            made.append(row(1, f"{i}0.onnx", latency_ns=values, **times))
        sides.append(report(*made))
    return sides[0], sides[1]


def test_rounds_too_few_for_so_many_rows_are_not_called_equal() -> None:
    """Five rounds a side give no p under 2 / 252: among 12 rows not even twice the time shows."""
    slow = compare(*pair(12, 5, 2.0), 0.05)
    assert slow.rows[0].outcome == "not compared" and slow.rows[0].over_limit and slow.failed
    assert "rounds show nothing among 1" in str(slow.rows[0].reason)
    assert [one.row for one in slow.rows if one.over_limit] == [slow.rows[0].row]
    few = compare(*pair(3, 5, 2.0), 0.05)
    assert few.rows[0].outcome == "slower" and few.failed


def test_a_row_that_cannot_be_compared_passes_only_inside_the_limit() -> None:
    old, new = report(row(1), row(2, "b.onnx")), report(row(3), row(4, "b.onnx"))
    for factor, over in ((1.5, True), (0.9, False)):
        times = tuple(int(2e6 * factor * (1 + i / 2000)) for i in range(200))
        drifts = replace(new.runs[1], latency_ns=times)
        found = compare(old, report(new.runs[0], drifts), 0.05)
        assert found.rows[1].outcome == "not compared" and found.rows[1].over_limit is over
        assert found.failed is over
        said = comparison_text(found).splitlines()[-1]
        assert said.endswith("b.onnx (onnxruntime 1.31.1)" if over else "1 could not be compared")


def test_a_limit_of_nothing_leaves_the_names_of_rows_alone() -> None:
    said = comparison_text(compare(*pair(2, 10, 2.0), 0.0)).splitlines()[-1]
    assert said.startswith("failed: slower by more than 0.0%, or gone: 00.onnx (")


def test_rows_of_two_bundles_say_which() -> None:
    two = (report().bundles[0], replace(report().bundles[0], label="kws-en#2"))
    both = report(row(1), row(2, bundle="kws-en#2"), bundles=two)
    found = compare(both, both, 0.05)
    assert [one.row[:10] for one in found.rows] == ["kws-en/a.o", "kws-en#2/a"]


def test_an_accuracy_that_is_no_longer_measured_is_said() -> None:
    found = compare(report(row(1)), report(row(2, accuracy=None)), 0.05)
    assert "accuracy is no longer measured" in found.rows[0].also


def test_a_lower_throughput_is_slower_whatever_the_latency() -> None:
    """With more in flight than cores the median of a run stays, and fewer of them end."""
    few, many = (
        row(seed, mode="throughput", in_flight=4,
            took_s=tuple(took * (1 + i % 3 / 100) for i in range(10)))
        for seed, took in ((1, 0.010), (2, 0.013))
    )  # fmt: skip
    found = compare(report(few), report(many), 0.05)
    assert found.failed and found.rows[0].outcome == "slower"
    assert found.rows[0].shift is not None
    assert found.rows[0].shift.ratio == pytest.approx(1.3, rel=0.02)
    assert found.rows[0].old_p50_ms == pytest.approx(0.5, rel=0.02)
    assert not compare(report(many), report(many), 0.05).failed
