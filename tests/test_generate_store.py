"""Data sets in folders and in stores are the same bytes; URLs keep no secrets."""

import re
import runpy
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.main import reason
from device.redact import without_secrets
from device.stamp import shown_command
from generate import spans as spans_module
from generate.cli import Where, generate
from generate.clip import Clip
from generate.options import parse
from generate.presets import Words
from generate.shard_names import find_shard, shard_name
from generate.shards import open_dataset, verify, write_shard
from generate.spans import spans
from generate.store import Location, ahead, locate, sizes
from generate.store_remote import Remote

ROOT = Path(__file__).parent.parent
CLIPS = runpy.run_path(str(ROOT / "tests" / "make_tiny_clips.py"))
WORDS = Words(clips=6, shard_clips=2, words=("stop", "go"), seed=3)


def sound_clip(number: int) -> Clip:
    clip: Clip = CLIPS["word_clip"](number, "stop")
    return clip


@pytest.fixture
def memory(tmp_path: Path) -> Remote:
    place = locate(f"memory://{tmp_path.name}/data")
    assert isinstance(place, Remote)
    return place


def contents(place: Location) -> dict[str, bytes]:
    return {name: (place / name).read_bytes() for name in sizes(place)}


def plain(data: dict[str, bytes]) -> dict[str, bytes]:
    """Contents as they would be in a folder: the names of shards without their hashes."""
    hashed = re.compile(r"(shard-\d{6})-[0-9a-f]{16}")
    return {
        hashed.sub(r"\1", name): hashed.sub(r"\1", text.decode("latin-1")).encode("latin-1")
        for name, text in data.items()
    }


def test_a_store_gets_the_bytes_of_a_folder(tmp_path: Path, memory: Remote) -> None:
    generate(WORDS, Where(out=tmp_path / "d", engine="loop"))
    generate(WORDS, Where(out=str(memory), engine="loop"))
    want, found = contents(tmp_path / "d"), plain(contents(memory))
    assert want.keys() == found.keys()
    assert all(want[name] == found[name] for name in want if name != "dataset.json")
    here, there = open_dataset(tmp_path / "d"), open_dataset(memory)
    assert list(here.header["shards"].values()) == list(there.header["shards"].values())
    for one, other in zip(here.clips(), there.clips(), strict=True):
        assert one.facts == other.facts and np.array_equal(one.audio, other.audio)
    assert there.clip(5, ("audio",)).key == here.clip(5).key
    verify(there)


def test_a_lost_object_is_named_and_made_again(memory: Remote) -> None:
    generate(WORDS, Where(out=str(memory), engine="loop"))
    want = contents(memory)
    dataset = open_dataset(memory)
    lost = find_shard(memory, 1)
    assert lost
    lost.unlink()
    with pytest.raises(OSError, match="not in the store"):
        list(dataset.clips())
    with pytest.raises(ValueError, match=f"{lost.name} is missing"):
        open_dataset(memory)
    generate(WORDS, Where(out=str(memory), engine="loop"))
    assert contents(memory)[lost.name] == want[lost.name]


def test_an_error_in_the_middle_leaves_no_object(memory: Remote) -> None:
    def clips() -> Any:
        yield sound_clip(0)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        write_shard(memory / shard_name(0), clips())
    assert sizes(memory) == {}
    assert not memory.exists()


def test_an_object_is_named_by_what_it_holds_and_never_changes(memory: Remote) -> None:
    write_shard(memory / shard_name(0), [sound_clip(7)])
    first = contents(memory)
    write_shard(memory / shard_name(0), [sound_clip(7)])
    assert contents(memory) == first
    write_shard(memory / shard_name(0), [sound_clip(1)])
    assert contents(memory).items() > first.items() and len(sizes(memory)) == 4


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    assert locate(f"file://{tmp_path}/a%20b") == tmp_path / "a b"
    assert locate("data/words") == Path("data/words")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://key:hidden@bucket/d", "s3://bucket/d"),
        ("s3://hidden@bucket/d", "s3://bucket/d"),
        ("https://h/d?X-Amz-Signature=hidden", "https://h/d"),
        ("abfs://c@h/d?sig=hidden&x=1", "abfs://h/d"),
        ("https://h/d?x=1", "https://h/d"),
    ],
)
def test_secrets_in_an_url_are_refused_and_never_shown(url: str, shown: str) -> None:
    with pytest.raises(ValueError, match="credentials") as caught:
        locate(url)
    assert shown in str(caught.value)
    lines = [str(caught.value), reason("train", OSError(5, f"cannot read {url}", url))]
    lines += [shown_command(["collodi", "train", "--data", url]), without_secrets(f"'{url}' {url}")]
    assert not [line for line in lines if "hidden" in line]


@pytest.mark.parametrize("url", ["s3://", "s3:///d", "simplecache::s3://b/d", "s3:/bucket/d"])
def test_half_an_url_is_one_line(url: str) -> None:
    with pytest.raises(ValueError, match="want a folder or a URL"):
        locate(url)


def test_an_unknown_store_is_one_line() -> None:
    with pytest.raises(ValueError, match="no such kind of store"):
        open_dataset("nostore://bucket/d")


def test_an_url_where_a_local_path_is_wanted_is_refused() -> None:
    @dataclass
    class Options:
        out: Path

    with pytest.raises(ValueError, match="--out: want a local path"):
        parse(Options, ["--out", "s3://bucket/runs"], "collodi x")


def test_local_data_sets_need_no_fsspec(tmp_path: Path) -> None:
    write_shard(tmp_path / shard_name(0), [sound_clip(0)])
    code = (
        "import sys; from generate.shards import index_shard; from pathlib import Path;"
        "index_shard(Path(sys.argv[1])); assert 'fsspec' not in sys.modules"
    )
    path = str(tmp_path / shard_name(0))
    subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, check=True)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3000), st.integers(0, 900))),
       st.integers(0, 500))  # fmt: skip
def test_spans_hold_every_wanted_member(places: list[tuple[int, int, int]], gap: int) -> None:
    rows = [{"shard": str(shard), "members": {"flac": [offset, size], "mp4": [0, 9**9]}}
            for shard, offset, size in places]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spans_module, "GAP_BYTES", gap)
        patch.setattr(spans_module, "MOST_BYTES", 1000)
        found = list(spans(rows, {"flac", "jpg"}))
    assert [row for span in found for row in span.rows] == rows
    for span in found:
        assert len(span.rows) == 1 or span.size <= 1000
        for row in span.rows:
            offset, size = row["members"]["flac"]
            assert row["shard"] == span.shard
            assert span.offset <= offset and offset + size <= span.end


def test_ahead_keeps_the_order_and_the_limit() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        return item * item

    for count, square in enumerate(ahead(work, range(20), 3)):
        assert square == count * count
        assert max(begun) <= count + 4
