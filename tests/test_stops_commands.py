"""Real commands, stopped hard at random moments: after a restart all is as undisturbed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

for library in ("onnxruntime", "cryptography"):
    pytest.importorskip(library)
if shutil.which("strace") is None:
    pytest.skip("no strace (Debian: apt install strace)", allow_module_level=True)
BENCHMARKS = str(Path(__file__).parent.parent / "benchmarks")


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> Any:
    """benchmarks/scale_stops.py."""
    monkeypatch.setattr(sys, "path", [BENCHMARKS, *sys.path])
    return import_module("scale_stops")


def wrong(stops: Any, *words: str) -> dict[str, str]:
    """What was wrong in the cases that these options ask for."""
    rows, figures = stops.measure(stops.parser().parse_args(words))
    assert figures["hard_stops_clean"] == sum(row["wrong"] is None for row in rows) / len(rows)
    return {f"--case {row['case']}, {row['how']}": row["wrong"] for row in rows if row["wrong"]}


def test_stops_of_pull_and_bench_leave_nothing_wrong(stops: Any) -> None:
    assert not wrong(stops, "--only", "pull", "bench", "--stops", "8", "--jobs", "2")


def test_a_power_cut_of_generate_leaves_nothing_wrong(stops: Any) -> None:
    assert not wrong(stops, "--only", "generate", "--case", "1")


@pytest.mark.long
def test_stops_of_every_command_leave_nothing_wrong(stops: Any) -> None:
    assert not wrong(stops, "--stops", "20", "--seed", "1")


WRITE = """
import os
os.mkdir("d")
with open("d/f.part", "w") as file:
    file.write("x" * 9000)
os.rename("d/f.part", "d/f")
"""
SYNC = """
for name in ("d/f", "d", "."):
    os.fsync(os.open(name, os.O_RDONLY))
"""


@pytest.mark.parametrize("sync", ["", SYNC])
@pytest.mark.usefixtures("stops")
def test_the_model_of_the_disk_loses_what_was_not_synced_only(sync: str, tmp_path: Path) -> None:
    disk, trace = import_module("stops_disk"), import_module("stops_trace")
    case = tmp_path / "case"
    case.mkdir()
    model = trace.Disk(case)
    words = [*trace.strace(tmp_path / "trace"), sys.executable, "-c", WRITE + sync]
    subprocess.run(words, cwd=case, check=True)
    model.read(tmp_path / "trace")
    found = set()
    for seed in range(60):
        place = tmp_path / str(seed)
        disk.write_out(disk.after_cut(model.before, model.ops, np.random.default_rng(seed)), place)
        file = place / "d" / "f"
        found.add(file.read_bytes() if file.exists() else None)
    whole = b"x" * 9000
    assert found == {whole} if sync else {None, b"", whole} < found
