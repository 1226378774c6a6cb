"""The measuring process and its turns, without a runtime: shell scripts and counters stand in."""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.measure import Absent, Effort, Process, Seat, measure
from device.report import Accuracy
from device.worker import (
    Ask,
    Job,
    Loaded,
    Memory,
    Round,
    Worker,
    crowd,
    overhead_ns,
    rate_of,
    time_runs,
)

JOB = Job("folder", "a.onnx", "onnxruntime", 1)


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    path = tmp_path / "child"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr("device.child.sys.executable", str(path))


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ("read line; kill -SEGV $$", "the runtime crashed: SIGSEGV"),
        ("read line; echo one >&2; echo the last line >&2; exit 3", "the last line"),
        ("exit 3", "exit status 3"),
        ('read line; echo \'{"failed": "folder/a.onnx is broken"}\'; read line', "a.onnx is br"),
    ],
)
def test_what_happens_to_the_child_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, word: str
) -> None:
    stand_in(tmp_path, monkeypatch, script)
    with Process(JOB) as process, pytest.raises(RuntimeError, match=word) as caught:
        process.ask(Ask("load"), Loaded)
    assert "\n" not in str(caught.value) and not str(caught.value).startswith("folder")


def test_a_child_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, f"echo $$ > {tmp_path}/pid; exec sleep 60")
    monkeypatch.setattr("device.measure.LOAD_PATIENCE_S", 0.3)
    with Process(JOB) as process, pytest.raises(RuntimeError, match="no answer after"):
        process.ask(Ask("load"), Loaded)
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/exe").exists()


def test_what_a_runtime_lacks_is_not_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, 'read line; echo \'{"absent": "no such provider"}\'; read l')
    with Process(JOB) as process, pytest.raises(Absent, match="no such provider"):
        process.ask(Ask("load"), Loaded)


class Fake:
    """A process that notes who was asked what, and can fail."""

    log: list[tuple[str, str, int]]

    def __init__(self, job: Job) -> None:
        self.job, self.rounds = job, 0

    def ask(self, ask: Ask, _kind: type) -> object:
        self.log.append((self.job.file, ask.what, ask.runs))
        if ask.what == "round":
            self.rounds += 1
            if self.job.file == "bad" and self.rounds == 2:
                raise RuntimeError("the runtime crashed: SIGKILL")
        return {
            "load": Loaded("a runtime", 1.0, 5, (4, 3), None),
            "round": Round((1,), (2,) * ask.runs, 2, 0, 0.1),
            "memory": Memory(7, None),
            "score": Accuracy("signal to noise, dB", 30.0, None, 4),
        }[ask.what]

    def close(self) -> None:
        self.log.append((self.job.file, "close", 0))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    Fake.log = []
    monkeypatch.setattr("device.measure.Process", Fake)
    return Fake.log


def test_the_jobs_take_turns_and_every_other_round_goes_backwards(
    log: list[tuple[str, str, int]],
) -> None:
    jobs = [Job("f", name, "r", 1) for name in "abc"]
    seen = measure(jobs, Effort(25, 9.0, 4), [None, Path("s.npz"), None])
    turns = [file for file, what, _ in log if what == "round"]
    assert "".join(turns) == "abccbaabccba"
    for one in seen:
        assert [len(r.latency_ns) for r in one.rounds] == [7, 7, 7, 4] and one.trouble is None
    assert [one.accuracy is not None for one in seen] == [False, True, False]
    assert log.index(("b", "memory", 0)) < log.index(("b", "score", 0))
    first_round = next(i for i, entry in enumerate(log) if entry[1] == "round")
    assert [file for file, what, _ in log[:first_round] if what == "load"] == ["a", "b", "c"]


def test_a_job_that_fails_in_the_middle_sits_the_rest_out(log: list[tuple[str, str, int]]) -> None:
    good, bad = measure([Job("f", name, "r", 1) for name in ("good", "bad")], Effort(12, 1.0, 4))
    assert len(good.rounds) == 4 and good.trouble is None
    assert "SIGKILL" in str(bad.trouble) and bad.memory is None
    after = log[log.index(("bad", "close", 0)) :]
    assert not any(file == "bad" and what != "close" for file, what, _ in after)


def test_an_interrupt_ends_every_process(
    log: list[tuple[str, str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_self: Seat, _ask: Ask) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("device.measure.Seat.round", interrupt)
    with pytest.raises(KeyboardInterrupt):
        measure([Job("f", name, "r", 1) for name in "ab"], Effort(5, 1.0, 2))
    assert {file for file, what, _ in log if what == "close"} == {"a", "b"}


@given(st.integers(1, 40), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_rounds_share_out_exactly_the_runs(runs: int, rounds: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        Fake.log = []
        patch.setattr("device.measure.Process", Fake)
        (one,) = measure([Job("f", "a", "r", 1)], Effort(runs, 1.0, rounds))
    assert sum(len(r.latency_ns) for r in one.rounds) == runs
    assert len(one.rounds) <= rounds


def test_time_runs_stops_by_count_and_by_time() -> None:
    assert len(time_runs(lambda: sum(range(1000)), 25, 60)) == 25
    assert len(time_runs(lambda: None, 10**9, 0.01)) >= 1
    assert len(time_runs(lambda: None, 10**9, 0.0, 5)) == 5
    assert len(time_runs(lambda: None, 1, 0.0)) == 1
    assert overhead_ns(50) >= 0


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_a_crowd_makes_the_runs_between_them_each_at_least_one(threads: int) -> None:
    counts = [0] * threads

    def work(number: int) -> Callable[[], None]:
        def once() -> None:
            counts[number] += 1
            time.sleep(0.0001)

        return once

    latency, took_s = crowd([work(n) for n in range(threads)], 40, 60.0)
    assert len(latency) == sum(counts) == 40 and min(counts) >= 1
    assert 0 < took_s <= sum(latency) / 1e9
    assert len(crowd([work(n) for n in range(threads)], 10**9, 0.0)[0]) == threads


def test_an_error_in_a_crowd_is_not_lost() -> None:
    calls = itertools.count()

    def fails() -> None:
        if next(calls) > 3:
            raise ValueError("a wrong shape")

    with pytest.raises(ValueError, match="a wrong shape"):
        crowd([fails, fails], 50, 60.0)


def test_the_time_to_load_is_that_of_one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four in flight load four models; a budget on `load_ms` is on one."""
    now = [0]
    worker = Worker(Job("folder", "a.onnx", "onnxruntime", 1, in_flight=4))

    def load() -> str:
        now[0] += 30_000_000
        worker._works.append(lambda: None)
        return "onnxruntime 1"

    monkeypatch.setattr("device.worker.read_bundle", lambda *_, **__: None)
    monkeypatch.setattr(worker, "_opener", lambda _: load)
    monkeypatch.setattr("device.worker.time.perf_counter_ns", lambda: now[0])
    made = worker.answer(Ask("load"))
    assert isinstance(made, Loaded) and made.load_ms == 30.0 and len(worker._works) == 4


@given(st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=9), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_threads_that_shared_one_core_make_no_more_runs_than_one(times: list[list[int]]) -> None:
    """One after the other on a core: their own rates would add up to that of several cores."""
    now, marks, taken = 0, [], [ns for one in times for ns in one]
    for one in times:
        marks.append([now, *(now := now + ns for ns in one)])
    fastest, slowest = 1 / min(taken), 1 / max(taken)
    assert slowest / 1.000001 <= rate_of(marks) <= fastest * 1.000001


def test_threads_with_a_core_each_add_up() -> None:
    assert rate_of([[0, 10, 20, 30], [0, 10, 20, 30]]) == pytest.approx(0.2)
    assert rate_of([[0, 10, 20], [0, 40]]) == pytest.approx((2 + 0.5) / 20), "half of a run"
    assert rate_of([[0, 10, 20], [15, 25]]) == pytest.approx((2 + 0.5) / 20), "it came late"
