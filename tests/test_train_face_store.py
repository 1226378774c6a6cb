"""Faces come out the same from shards and from the folder kept beside them."""

import os
import runpy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generate.face_outputs import AGE_YEARS, truth_columns
from generate.shards import Dataset, open_dataset
from train_edge import face_store
from train_edge.face_store import folder_of, load_faces
from train_edge.faces import Faces, openness

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setattr(face_store, "WORTH_CLIPS", 10)
    return open_dataset(CLIPS["faces_data"](tmp_path / "stills", clips=12))


def same(one: Faces, other: Faces) -> bool:
    pairs: list[tuple[Any, Any]] = [(one.points, other.points), (one.truth, other.truth)]
    pairs += [(list(one.crops), list(other.crops)), (list(one.others), list(other.others))]
    return all(np.array_equal(a, b, equal_nan=len(np.shape(a)) < 4) for a, b in pairs)


def unread(_self: Dataset, number: int, want: object = ()) -> None:
    raise AssertionError(f"clip {number} was read ({want})")


def test_kept_faces_equal_read_ones_and_no_clip_is_read_again(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [1, 4, 5, 11]
    read = load_faces(data, some)
    assert not folder_of(data).exists() and len(read) == 4 and len(read.others) == 4
    load_faces(data, range(10))
    assert folder_of(data).is_dir()
    monkeypatch.setattr(Dataset, "clip", unread)
    assert same(load_faces(data, some), read)
    with pytest.raises(ValueError, match="no frame shows a face"):
        load_faces(data, [])


def test_other_contents_have_another_folder_and_the_old_one_goes(data: Dataset) -> None:
    load_faces(data, range(12))
    old = folder_of(data)
    header = data.folder / "dataset.json"
    header.write_text(header.read_text() + "\n")
    assert folder_of(data) != old
    load_faces(data, range(12))
    assert [path.name for path in data.folder.glob("*faces-*")] == [folder_of(data).name]


def test_a_folder_of_the_user_stays_and_that_of_a_dead_process_goes(data: Dataset) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    names = {f".faces-{'0' * 16}.{pid}.part": pid != gone.pid for pid in (gone.pid, os.getpid())}
    names |= {"faces-real": True, f"faces-{'1' * 16}": False}
    for name in names:
        (data.folder / name).mkdir()
    load_faces(data, range(12))
    assert {name: (data.folder / name).exists() for name in names} == names


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("fault", [_interrupt, _full])
def test_a_folder_is_whole_or_absent(
    data: Dataset, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., None]
) -> None:
    monkeypatch.setattr(face_store.np, "save", fault)
    if fault is _interrupt:
        with pytest.raises(KeyboardInterrupt):
            load_faces(data, range(12))
    else:
        assert len(load_faces(data, range(12))) == 12
    assert not list(data.folder.glob("*faces-*"))


def test_openness_is_the_gap_over_the_width_however_the_head_is_turned() -> None:
    points = np.zeros((68, 3), np.float32)
    points[:, :2] = 60 * CLIPS["shape"]()
    turn = np.array([[0.6, 0, 0.8], [0, 1, 0], [-0.8, 0, 0.6]])
    found = openness(points)
    assert found[0] == pytest.approx(found[1], abs=1e-3) and found[0] == pytest.approx(0.375, 0.02)
    assert np.allclose(openness((points @ turn.T).astype(np.float32)), found, atol=1e-4)
    shut = points.copy()
    shut[[43, 44]] = shut[[47, 46]]
    assert openness(shut)[0] == 0 and openness(shut)[1] == found[1]
    assert np.isnan(openness(np.zeros((68, 3), np.float32))).all()


def test_truth_is_that_of_the_labels(data: Dataset) -> None:
    faces = load_faces(data, [3])
    clip = data.clip(3)
    assert np.array_equal(faces.truth[0, truth_columns("pose")], clip.labels["head_pose_deg"][0])
    assert faces.truth[0, AGE_YEARS] == clip.facts["age_years"]
