"""Reports keep raw numbers; statistics are computed from them; the format does not drift."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.files import write_atomic
from device.report import (
    Accuracy,
    Board,
    Conditions,
    FileRun,
    Moment,
    Report,
    Subject,
    labels_of,
    percentile_ms,
    read_report,
    write_report,
)
from device.stamp import Host, Stamp
from device.strict import FormatError, dumps
from device.table import report_text

GOLDEN = Path(__file__).with_name("data") / "device_report.json"
VERSION_1 = GOLDEN.with_name("device_report_1.json")
STAMP = Stamp(
    "0.1.0", "0123456789ab", "collodi bench kws-en", "2026-01-31T12:00:00Z", "3.11.7",
    {"numpy": "2.4.6"}, Host("aarch64", "Linux", "Raspberry Pi 5 Model B Rev 1.0", 4),
)  # fmt: skip
RAN = FileRun(
    bundle="kws-en", file="a.onnx",
    bytes=53936, target="onnx", runtime="onnxruntime 1.31.1", status="ran",
    reason=None, threads=1, load_ms=12.5, warmup_ns=(900000, 700000),
    latency_ns=(500000, 510000, 490000), cpu_ns=1490000, runtime_rss_bytes=40 << 20,
    peak_rss_bytes=48 << 20, arena_bytes=None, energy_mj=1.25, doubts=("few runs: 3, under 30",),
    cold_ns=2500000, rounds=(2, 1), started_s=(0.0, 0.5), took_s=(0.0011, 0.0005),
    accuracy=Accuracy("signal to noise, dB", 98.5, 99.0, 64, 1.0),
)  # fmt: skip
ABSENT = replace(
    RAN, file="b.engine", target="tensorrt", runtime="tensorrt", status="not run",
    reason="tensorrt is not installed", load_ms=None, warmup_ns=(), latency_ns=(), cpu_ns=None,
    runtime_rss_bytes=None, peak_rss_bytes=None, energy_mj=None, doubts=(), cold_ns=None,
    rounds=(), started_s=(), took_s=(), accuracy=None,
)  # fmt: skip
NOW = Conditions(0.1, "performance", (2400.0,) * 4, {"cpu-thermal": 51.2}, ())
BOARD = Board("local", "Raspberry Pi 5 Model B Rev 1.0", "Debian GNU/Linux 12", "Linux 6.6.20",
              None, None, None)  # fmt: skip
MOMENT = Moment(-0.1, {"cpu-thermal": 51.2}, (2400.0,) * 4, {"EXT5V": 3250.5}, ())
REPORT = Report(
    STAMP, (Subject("kws-en", "kws-en", "cd" * 32, "kws"),), BOARD, NOW, NOW, (RAN, ABSENT),
    overhead_ns=85, telemetry=(MOMENT,), power_source="pmic", idle_mw=2900.0,
)  # fmt: skip


def test_report_text_is_the_golden_one() -> None:
    """Whoever changes the format must change VERSION and this file."""
    assert dumps(REPORT) == GOLDEN.read_text(encoding="utf-8")


def test_report_reads_back(tmp_path: Path) -> None:
    write_report(tmp_path / "r.json", REPORT)
    assert read_report(tmp_path / "r.json") == REPORT == read_report(GOLDEN)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"status": "run"}, "did you mean 'ran'"), ({"reason": "but"}, "reason"),
        ({"latency_ns": [1.5]}, "latency_ns[0]"), ({"latencies": []}, "latencies"),
        ({"threads": True}, "threads"), ({"bundle": "kws-de"}, "one of kws-en"),
        ({"rounds": [3, 1]}, "'rounds' and 'latency_ns'"), ({"rounds": [4, -1]}, "disagree"),
        ({"latency_ns": [5, 0, 5]}, "1 ns or more"),
        ({"rounds": [3, 0]}, "disagree"), ({"took_s": [0.5, -0.5]}, "a round takes time"),
        ({"started_s": [0.0]}, "started_s"), ({"took_s": [0.1] * 3}, "took_s"),
        ({"work": "frontend"}, "did you mean 'front end'"), ({"mode": None}, "mode"),
    ],
)  # fmt: skip
def test_wrong_rows_are_refused(tmp_path: Path, change: dict[str, object], word: str) -> None:
    data = json.loads(GOLDEN.read_text())
    data["runs"][0].update(change)
    (tmp_path / "r.json").write_text(json.dumps(data))
    with pytest.raises(FormatError) as caught:
        read_report(tmp_path / "r.json")
    assert word in str(caught.value) and "r.json" in str(caught.value)


@pytest.mark.parametrize(
    "change", [{}, {"latency_ns": [], "rounds": [], "started_s": [], "took_s": []}]
)
def test_an_emulated_report_with_times_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    data = json.loads(GOLDEN.read_text())
    data["board"]["emulation"] = "qemu"
    data["runs"][0].update(change)
    (tmp_path / "r.json").write_text(json.dumps(data))
    with pytest.raises(FormatError, match="is emulated and has times"):
        read_report(tmp_path / "r.json")


def test_a_report_of_version_1_is_read(tmp_path: Path) -> None:
    """It knew one bundle and one round a row; a wrong key in it is still named."""
    report = read_report(VERSION_1)
    old = json.loads(VERSION_1.read_text())
    assert report.bundles == REPORT.bundles and report.version == REPORT.version
    assert [run.rounds for run in report.runs] == [(3,), ()]
    for run, row in zip(report.runs, old["runs"], strict=True):
        assert run.bundle == old["bundle"] and list(run.latency_ns) == row["latency_ns"]
        assert run.cold_ns is None and run.accuracy is None and run.work == "model"
    write_report(tmp_path / "r.json", report)
    assert read_report(tmp_path / "r.json") == report
    del old["runs"][0]["threads"], old["bundle"]
    (tmp_path / "r.json").write_text(json.dumps(old))
    with pytest.raises(FormatError, match="label"):
        read_report(tmp_path / "r.json")


@pytest.mark.parametrize("version", [0, 3, True, "2", None])
def test_other_versions_are_refused(tmp_path: Path, version: object) -> None:
    data = json.loads(GOLDEN.read_text())
    (tmp_path / "r.json").write_text(json.dumps({**data, "version": version}))
    with pytest.raises(FormatError, match="version"):
        read_report(tmp_path / "r.json")


def test_two_bundles_of_one_name_get_labels_of_their_own(tmp_path: Path) -> None:
    assert labels_of(["a", "b", "a", "a"]) == ["a", "b", "a#2", "a#3"]
    write_report(tmp_path / "r.json", replace(REPORT, bundles=REPORT.bundles * 2))
    with pytest.raises(FormatError, match="same label"):
        read_report(tmp_path / "r.json")


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=300), st.floats(0.01, 100))
def test_percentile_covers_its_share(values: list[int], percent: float) -> None:
    """At least `percent` of the values are not above it, and it is one of the values."""
    found = round(percentile_ms(values, percent) * 1e6)
    share = sum(value <= found for value in values) / len(values)
    below = sum(value < found for value in values) / len(values)
    assert found in values and below < percent / 100 + 1e-9 and share >= percent / 100 - 1e-9


def test_percentile_of_nothing_is_refused() -> None:
    for values, percent in (([], 50), ([1], 0), ([1], 101)):
        with pytest.raises(ValueError, match="percentile"):
            percentile_ms(values, percent)


def test_table_shows_what_ran_what_did_not_and_why_to_doubt() -> None:
    text = report_text(REPORT)
    assert "0.500" in text and "52.7 KiB" in text
    assert "not run: b.engine (tensorrt): tensorrt is not installed" in text
    assert "doubt: few runs" in text


def test_a_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.json"
    write_atomic(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("device.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
