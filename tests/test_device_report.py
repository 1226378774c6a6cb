"""Reports keep raw numbers; statistics are computed from them; the format does not drift."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.files import write_atomic
from device.report import (
    Board,
    Conditions,
    FileRun,
    Report,
    percentile_ms,
    read_report,
    write_report,
)
from device.stamp import Host, Stamp
from device.strict import FormatError, dumps
from device.table import report_text

GOLDEN = Path(__file__).with_name("data") / "device_report.json"
STAMP = Stamp(
    "0.1.0", "0123456789ab", "collodi bench kws-en", "2026-01-31T12:00:00Z", "3.11.7",
    {"numpy": "2.4.6"}, Host("aarch64", "Linux", "Raspberry Pi 5 Model B Rev 1.0", 4),
)  # fmt: skip
RAN = FileRun(
    file="a.onnx", bytes=53936, target="onnx", runtime="onnxruntime 1.31.1", status="ran",
    reason=None, threads=1, load_ms=12.5, warmup_ns=(900000, 700000),
    latency_ns=(500000, 510000, 490000), cpu_ns=1490000, runtime_rss_bytes=40 << 20,
    peak_rss_bytes=48 << 20, arena_bytes=None, energy_mj=None, doubts=("few runs: 3, under 30",),
)  # fmt: skip
ABSENT = replace(
    RAN, file="b.engine", target="tensorrt", runtime="tensorrt", status="not run",
    reason="tensorrt is not installed", load_ms=None, warmup_ns=(), latency_ns=(), cpu_ns=None,
    runtime_rss_bytes=None, peak_rss_bytes=None, doubts=(),
)  # fmt: skip
NOW = Conditions(0.1, "performance", (2400.0,) * 4, {"cpu-thermal": 51.2}, ())
BOARD = Board("local", "Raspberry Pi 5 Model B Rev 1.0", "Debian GNU/Linux 12", "Linux 6.6.20",
              None, None, None)  # fmt: skip
REPORT = Report(STAMP, "kws-en", "cd" * 32, "kws", BOARD, NOW, NOW, (RAN, ABSENT))


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
        ({"threads": True}, "threads"),
    ],
)  # fmt: skip
def test_wrong_rows_are_refused(tmp_path: Path, change: dict[str, object], word: str) -> None:
    data = json.loads(GOLDEN.read_text())
    data["runs"][0].update(change)
    (tmp_path / "r.json").write_text(json.dumps(data))
    with pytest.raises(FormatError) as caught:
        read_report(tmp_path / "r.json")
    assert word in str(caught.value) and "r.json" in str(caught.value)


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
