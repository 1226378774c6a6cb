"""A run that was stopped hard goes on, wherever that was."""

from __future__ import annotations

import json
import runpy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from train_edge.loop import resume, train
from train_edge.presets import PRESETS
from train_edge.run import CHECKPOINT, DONE, MODEL, STATS, new_folder

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))
TINY = replace(PRESETS["kws"], steps=4, batch=8, threads=1, checkpoint_steps=2)


def rows(run: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / STATS).read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def test_a_run_goes_on_from_every_state_that_a_stop_leaves(tmp_path: Path) -> None:
    data = CLIPS["words_data"](tmp_path / "words")
    run = train("kws", TINY, data, tmp_path)
    want, model = rows(run), (run / MODEL).read_bytes()

    def again() -> None:
        resume(run)
        assert rows(run) == want
        assert (run / MODEL).read_bytes() == model

    (run / DONE).unlink()  # figures were written, `done` was not
    again()
    (run / DONE).unlink()
    with open(run / STATS, "ab") as file:  # a torn row, and a page of zeros
        file.write(b'{"step": 4, "lo\xff\n' + bytes(100))
    again()
    for name in (DONE, CHECKPOINT, MODEL):  # before the first checkpoint
        (run / name).unlink()
    again()


def test_a_numbered_folder_has_its_first_files_from_the_start(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "options.json").write_text("half")
        raise OSError("killed")

    with pytest.raises(OSError, match="killed"):
        new_folder(tmp_path, "kws", "words", fail)
    assert list(tmp_path.iterdir()) == []
    folder = new_folder(tmp_path, "kws", "words", lambda new: (new / "a").touch())
    assert folder.name == "00000-kws-words" and [p.name for p in folder.iterdir()] == ["a"]


def test_trainings_that_start_at_once_get_numbers_of_their_own(tmp_path: Path) -> None:
    all_there = Barrier(8)

    def begin(preset: str) -> str:
        all_there.wait()
        return new_folder(tmp_path, preset, "words", lambda new: (new / "a").touch()).name

    with ThreadPoolExecutor(8) as pool:
        names = sorted(pool.map(begin, "abcdefgh"))
    assert [int(name[:5]) for name in names] == list(range(8))
    assert len(list(tmp_path.iterdir())) == 8
