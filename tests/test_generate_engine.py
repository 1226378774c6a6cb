"""Loop and pool write the same bytes; interruptions and errors leave whole shards only."""

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from generate import engine_pool
from generate.cli import Where, generate
from generate.engine import run
from generate.presets import Stills, Talk, Words
from generate.shards import open_dataset

ROOT = Path(__file__).parent.parent
COLLODI = [sys.executable, "-c", "import sys; from device.main import main; sys.exit(main())"]
WORDS = Words(clips=24, shard_clips=8, words=("stop", "go"), seed=3)


def failing_job(bad: int, folder: str, shard: int, tick) -> None:  # type: ignore[no-untyped-def]
    if shard == bad:
        raise ValueError(f"shard {shard} is bad")
    (Path(folder) / f"{shard}").write_text("done")
    tick()


def test_loop_and_pool_give_the_same_labels_and_sound(tmp_path: Path) -> None:
    for how in ("loop", "pool"):
        generate(WORDS, Where(out=tmp_path / how, engine=how, workers=2))
    for path in sorted((tmp_path / "loop").glob("shard-*.tar")):
        assert path.read_bytes() == (tmp_path / "pool" / path.name).read_bytes(), path.name
    assert (tmp_path / "loop" / "index.jsonl").read_text() == (
        tmp_path / "pool" / "index.jsonl"
    ).read_text()


def test_pictures_have_the_same_labels_whatever_was_drawn_before(tmp_path: Path) -> None:
    small = {"clips": 4, "size_px": 64, "child_stills": 2, "seed": 5}
    generate(Stills(**small, shard_clips=4), Where(out=tmp_path / "one", engine="loop"))
    generate(Stills(**small, shard_clips=1), Where(out=tmp_path / "four", engine="loop"))
    one, four = open_dataset(tmp_path / "one"), open_dataset(tmp_path / "four")
    for number in reversed(range(4)):
        assert one.member(number, "labels.npz") == four.member(number, "labels.npz")
        assert one.member(number, "json") == four.member(number, "json")


def test_a_talking_clip_holds_together(tmp_path: Path) -> None:
    options = Talk(clips=1, size_px=64, max_s=1.5, sentences=("hello bear",))
    generate(options, Where(out=tmp_path, engine="loop"))
    clip = open_dataset(tmp_path).clip(0)
    assert clip.frames is not None
    assert clip.audio is not None
    assert len(clip.frames) == clip.facts["n_frames"] == len(clip.labels["arkit"])
    assert abs(len(clip.audio) / 16000 - len(clip.frames) / 25) < 0.05
    assert [word.lower() for word in clip.labels["word"]] == ["hello", "bear"]
    assert clip.labels["word_s"].max() <= len(clip.audio) / 16000 + 1e-3
    assert 0 < clip.labels["speaking"].sum() <= len(clip.frames)


def test_finished_shards_are_kept_and_missing_ones_made_again(tmp_path: Path) -> None:
    generate(WORDS, Where(out=tmp_path, engine="loop"))
    kept, lost = tmp_path / "shard-000000.tar", tmp_path / "shard-000001.tar"
    want, made_at = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    (tmp_path / "shard-000001.tar.part").write_bytes(b"half")
    header = json.loads((tmp_path / "dataset.json").read_text())
    (tmp_path / "dataset.json").write_text(json.dumps(header | {"complete": False}))
    generate(WORDS, Where(out=tmp_path, engine="loop"))
    assert lost.read_bytes() == want
    assert kept.stat().st_mtime_ns == made_at
    assert not list(tmp_path.glob("*.part"))


def test_other_options_do_not_mix_into_a_data_set(tmp_path: Path) -> None:
    generate(WORDS, Where(out=tmp_path, engine="loop"))
    with pytest.raises(ValueError, match="seed = 3, not 4"):
        generate(Words(clips=24, shard_clips=8, words=("stop", "go"), seed=4), Where(out=tmp_path))


@pytest.mark.parametrize("how", ["loop", "pool"])
def test_the_first_error_is_raised_and_whole_work_kept(tmp_path: Path, how: str) -> None:
    job = partial(failing_job, 2, str(tmp_path))
    with pytest.raises(ValueError, match="shard 2 is bad"):
        run(how, job, [0, 1, 2], 3, workers=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]


def test_ctrl_c_ends_in_one_line_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    words = ["generate", "words", "--out", str(tmp_path / "d"), "--clips", "100000"]
    process = subprocess.Popen(
        [*COLLODI, *words, "--shard-clips", "16"],
        cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(tmp_path.glob("d/shard-*.tar")):
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert list(tmp_path.glob("d/shard-*.tar"))
    assert not list(tmp_path.glob("d/*.part"))


def test_ctrl_c_while_the_pool_is_being_looked_at_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raised inside `wait` it left a lock behind, and the process waited for it for ever."""
    looked = engine_pool.wait

    def interrupted_wait(pending: set[Future[None]], **how: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return looked(pending, **how)

    monkeypatch.setattr(engine_pool, "wait", interrupted_wait)
    before = signal.getsignal(signal.SIGINT)
    told: list[str] = []
    monkeypatch.setattr(engine_pool.Progress, "update", lambda *_: told.append("looked"))
    with pytest.raises(KeyboardInterrupt):
        run("pool", partial(failing_job, 99, str(tmp_path)), [0, 1, 2], 3, workers=1)
    assert told  # what was begun to be looked at was looked at
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["still"], "did you mean 'stills'"),
        (["stills"], "--out"),
        (["stills", "--out", "x", "--clip", "3"], "--clip"),
        (["stills", "--out", "x", "--clips", "many"], "--clips"),
        (["stills", "--out", "x", "--clips", "0"], "at least 1"),
        (["words", "--out", "x", "--words"], "--words"),
        (["words", "--out", "x", "--words", "a", ""], "empty word"),
        (["words", "--out", "x", "--words", "stop", "stop"], "twice"),
        (["words", "--out", "x", "--words", "你好"], "你好"),
        (["stills", "--out", "x", "--engine", "pools"], "did you mean 'pool'"),
        (["stills", "--out", "x", "--age-years", "0", "5"], "0.5"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(words: list[str], said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [*COLLODI, "generate", *words],
        cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("engine", ["loop", "pool"])
def test_a_disk_that_takes_no_more_is_one_line_and_exit_1(tmp_path: Path, engine: str) -> None:
    """A limit on file size stands in for a full disk: the write fails in the same place."""
    limit = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000));"
        "from device.main import main; sys.exit(main())"
    )
    words = ["generate", "words", "--out", "d", "--clips", "20", "--shard-clips", "10"]
    done = subprocess.run(
        [sys.executable, "-c", limit, *words, "--engine", engine],
        cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "finished shards are kept" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["dataset.json"]
