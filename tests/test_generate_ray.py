"""A real Ray of this machine: the same bytes, one line for what fails, nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="ray is not installed: pip install 'collodi[ray]'")

from generate import engine_ray
from generate.cli import Where, generate
from generate.engine import run
from generate.engine_ray import Cluster
from generate.presets import Words
from generate.ray_start import started

ROOT = Path(__file__).parent.parent
COLLODI = [sys.executable, "-c", "import sys; from device.main import main; sys.exit(main())"]
WORDS = Words(clips=24, shard_clips=8, words=("stop", "go"), seed=3)


def failing_job(bad: int, folder: str, shard: int, tick: Callable[[], None]) -> None:
    if shard == bad:
        raise ValueError(f"shard {shard} is bad")
    with open(Path(folder) / f"{shard}", "a") as file:  # a second run of a shard would show
        file.write("done ")
    tick()


def ours(mark: str) -> list[int]:
    """Ids of the living processes whose environment holds `mark`."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (path / "environ").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return found


def said(errors: str) -> list[str]:
    """Lines of stderr without those of progress."""
    return [line for line in errors.splitlines() if not line.startswith("generate:")]


def until(holds: Callable[[], object], seconds: float = 200) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def long_run(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A run on Ray that has written its first shard; with the mark of its processes."""
    mark = f"COLLODI_TEST_MARK=ray-{os.getpid()}-{tmp_path.name}"
    name, value = mark.split("=")
    words = ["generate", "words", "--out", str(tmp_path / "d"), "--clips", "100000"]
    process = subprocess.Popen(
        [*COLLODI, *words, "--shard-clips", "16", "--engine", "ray", "--workers", "2"],
        cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {name: value}, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert until(lambda: list(tmp_path.glob("d/shard-*.tar"))), process.stderr
    yield process, mark
    for pid in ours(mark):
        os.kill(pid, signal.SIGKILL)


def test_ray_gives_the_same_bytes_as_the_loop(tmp_path: Path) -> None:
    for how in ("loop", "ray"):
        generate(WORDS, Where(out=tmp_path / how, engine=how, workers=2))
    names = sorted(path.name for path in (tmp_path / "loop").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "ray").iterdir())
    for name in names:
        if name != "dataset.json":
            assert (tmp_path / "loop" / name).read_bytes() == (tmp_path / "ray" / name).read_bytes()


def test_the_first_error_is_raised_as_it_was_and_nothing_is_done_twice(tmp_path: Path) -> None:
    job = partial(failing_job, 2, str(tmp_path))
    with pytest.raises(ValueError, match="^shard 2 is bad$"):
        run("ray", job, [0, 1, 2], 3, workers=1)
    assert sorted(path.read_text() for path in tmp_path.iterdir()) == ["done ", "done "]


def test_ctrl_c_to_all_processes_of_a_terminal_leaves_nothing(tmp_path: Path, long_run) -> None:  # type: ignore[no-untyped-def]
    process, mark = long_run
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert [line.split()[-1] for line in said(errors)] == ["0", "interrupted"], errors
    assert until(lambda: not ours(mark), 20), ours(mark)
    assert not list(tmp_path.glob("d/*.part"))


def test_a_killed_worker_is_one_line_and_the_next_run_goes_on(tmp_path: Path, long_run) -> None:  # type: ignore[no-untyped-def]
    process, mark = long_run
    at_work = [p for p in ours(mark) if b"ray::work" in Path(f"/proc/{p}/cmdline").read_bytes()]
    os.kill(at_work[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert "a worker process died" in said(errors)[-1] and len(said(errors)) == 2, errors
    assert until(lambda: not ours(mark), 20), ours(mark)
    assert not list(tmp_path.glob("d/*.part"))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "here"])
def test_a_cluster_that_is_not_there_is_one_line(tmp_path: Path, address: str) -> None:
    where = Where(out=tmp_path / "d", engine="ray", ray_address=address)
    with pytest.raises(ValueError, match=f"^Ray cluster {address}: "):
        generate(WORDS, where)


def test_a_node_with_another_kit_or_another_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is real; what the driver asks of it is what another machine would have."""
    job = partial(failing_job, 99, str(tmp_path))
    with started("", 1):
        for name, value, said in (
            ("kit_print", lambda: {"numpy": "0.1"}, r"^node \S+ has numpy \S+, not 0\.1; install"),
            ("header_print", lambda _: "other", r"^node \S+ does not see the folder "),
        ):
            with monkeypatch.context() as patch:
                patch.setattr(engine_ray, name, value)
                with pytest.raises(ValueError, match=said):
                    run("ray", job, [0], 1, 1, Cluster(out=str(tmp_path)))
    assert not list(tmp_path.iterdir())
