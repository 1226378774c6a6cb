"""Shards are whole or absent, and a data set says what is wrong with it."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generate.clip import Clip
from generate.dataset_ends import finish, write_header
from generate.facts import blank_facts
from generate.media import frames_to_mp4, mp4_to_frames
from generate.shard_names import shard_name
from generate.shards import open_dataset, verify, write_shard


def sound_clip(number: int) -> Clip:
    rng = np.random.default_rng(number)
    facts: dict[str, Any] = blank_facts(0, "")
    facts |= {"key": f"w-{number:03d}", "n_frames": 0, "n_samples": 1600, "keyword": "stop"}
    facts |= {"provenance": {"synthetic": True}, "age_years": 5.0, "rate_hz": 0.0, "skin_tone": 0}
    labels = {
        "phoneme": np.array(["s", "t"]), "phoneme_s": np.zeros((2, 2), np.float32),
        "word": np.array(["stop"]), "word_s": np.zeros((1, 2), np.float32),
    }  # fmt: skip
    return Clip(facts["key"], facts, labels, None, rng.integers(-999, 999, 1600).astype(np.int16))


def make_dataset(folder: Path, clips: int = 5, per_shard: int = 2) -> None:
    folder.mkdir(exist_ok=True)
    write_header(folder, {"seed": 1}, {})
    shards = -(-clips // per_shard)
    for number in range(shards):
        rows = range(number * per_shard, min((number + 1) * per_shard, clips))
        write_shard(folder / shard_name(number), (sound_clip(i) for i in rows))
    finish(folder, {"seed": 1}, {}, shards)


def test_clips_come_back_equal_in_any_order(tmp_path: Path) -> None:
    make_dataset(tmp_path)
    dataset = open_dataset(tmp_path)
    assert len(dataset) == 5
    for number in (4, 0, 3):
        clip, want = dataset.clip(number), sound_clip(number)
        assert clip.facts == want.facts
        assert np.array_equal(clip.audio, want.audio)
        assert np.array_equal(clip.labels["phoneme"], want.labels["phoneme"])
    verify(dataset)


def test_the_same_clips_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_dataset(tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_shards_are_plain_webdataset_tars(tmp_path: Path) -> None:
    make_dataset(tmp_path)
    with tarfile.open(tmp_path / shard_name(0)) as tar:
        names = tar.getnames()
    assert names == [f"w-00{i}.{s}" for i in (0, 1) for s in ("flac", "labels.npz", "json")]


def test_an_error_in_the_middle_leaves_no_shard(tmp_path: Path) -> None:
    def clips() -> Iterator[Clip]:
        yield sound_clip(0)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError):
        write_shard(tmp_path / shard_name(0), clips())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lost", [False, True])
def test_the_index_is_the_same_with_and_without_the_writers_notes(
    tmp_path: Path, lost: bool
) -> None:
    make_dataset(tmp_path / "want")
    folder = tmp_path / "d"
    folder.mkdir()
    for number in (0, 1):
        write_shard(folder / shard_name(number), map(sound_clip, (2 * number, 2 * number + 1)))
    write_shard(folder / shard_name(2), [sound_clip(4)])
    if lost:
        (folder / "shard-000000.tar.index").unlink()
        (folder / "shard-000001.tar.index").write_text('{"sha256": "0", "bytes": 9}\n')
    finish(folder, {"seed": 1}, {}, 3)
    for path in (tmp_path / "want").iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()
    assert len(list(folder.iterdir())) == 5
    verify(open_dataset(folder))


def test_of_two_writers_of_a_shard_the_first_that_is_whole_stays(tmp_path: Path) -> None:
    path = tmp_path / shard_name(0)

    def overtaken() -> Iterator[Clip]:
        yield sound_clip(0)
        write_shard(path, [sound_clip(1)])
        yield sound_clip(2)

    write_shard(path, overtaken())
    finish(tmp_path, {}, {}, 1)
    assert [clip.key for clip in open_dataset(tmp_path).clips()] == [sound_clip(1).key]
    verify(open_dataset(tmp_path))
    assert len(list(tmp_path.iterdir())) == 3


def change_header(folder: Path, **changes: Any) -> None:
    path = folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 9}, "version 9, this kit reads 1"),
        ({"format": "other"}, "not a collodi.dataset"),
        ({"complete": False}, "not finished"),
        ({"clips": 7}, "5 of 7"),
        ({"mood": 1}, "unknown key 'mood'"),
        ({"shards": {"../../etc/passwd": "0"}}, "is no shard"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    make_dataset(tmp_path)
    change_header(tmp_path, **change)
    with pytest.raises(ValueError, match=said):
        open_dataset(tmp_path)


def test_missing_folder_header_shard_and_index_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such folder"):
        open_dataset(tmp_path / "none")
    with pytest.raises(ValueError, match="dataset.json is missing"):
        open_dataset(tmp_path)
    make_dataset(tmp_path)
    (tmp_path / shard_name(1)).unlink()
    with pytest.raises(ValueError, match="shard-000001.tar is missing"):
        open_dataset(tmp_path)
    (tmp_path / "index.jsonl").unlink()
    with pytest.raises(ValueError, match=r"index.jsonl"):
        open_dataset(tmp_path)


def test_a_truncated_or_changed_shard_is_named(tmp_path: Path) -> None:
    make_dataset(tmp_path)
    path = tmp_path / shard_name(2)
    whole = path.read_bytes()
    dataset = open_dataset(tmp_path)
    path.write_bytes(whole[:900])
    with pytest.raises(ValueError, match="shard-000002.tar"):
        dataset.clip(4)
    path.write_bytes(whole[:-1] + b"x")
    with pytest.raises(ValueError, match="does not match its sha256"):
        verify(dataset)


def test_video_survives_h264_within_a_few_levels() -> None:
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    frames = np.stack([np.stack([np.tile(ramp, (64, 1))] * 3, -1)] * 5)
    back = mp4_to_frames(frames_to_mp4(frames, 25), "here")
    assert back.shape == frames.shape
    assert np.abs(back.astype(int) - frames).mean() < 4
    with pytest.raises(ValueError, match="here"):
        mp4_to_frames(b"not a film", "here")
