"""Seconds without keywords out of a stream, among what a keyword model learns from."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from generate.cli import Where, generate
from generate.presets import Stream, Words
from train_edge.background import SHARE, STEP, load_background
from train_edge.kws_task import synthetic_task
from train_edge.loop import resume, train
from train_edge.options import check_options
from train_edge.presets import PRESETS
from train_edge.spectra import FRAMES, gather

WORDS = ("stop", "go")
MINUTE_S = 8.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "stream"
    options = Stream(hours=2 * MINUTE_S / 3600, clip_s=MINUTE_S, words=WORDS, voices=("espeak",))
    generate(options, Where(out=folder, engine="loop"))
    return folder


def test_every_second_of_a_stream_is_unknown(home: Path) -> None:
    seconds = load_background(home, WORDS)
    of_each = (round(MINUTE_S * 50) - FRAMES) // STEP + 1
    assert len(seconds) == 2 * of_each
    assert set(seconds.classes) == {len(WORDS)}
    assert (seconds.lengths == FRAMES).all()
    assert seconds.starts.max() + FRAMES <= len(seconds.magnitude)
    assert len(load_background(home, ("go",))) == len(seconds)


def test_background_gets_its_share_of_the_unknown_and_words_keep_theirs(home: Path) -> None:
    rng = np.random.default_rng(0)
    sounds = [rng.normal(0, 0.1, 9600).astype(np.float32) for _ in range(6)]
    spectra = gather(sounds, [0, 0, 1, 1, 2, 2], ["a", "b"] * 3)
    options = replace(PRESETS["kws"], background=str(home), unknown_share=0.4)
    task = synthetic_task(options, WORDS, spectra, spectra)
    members, weights = task.members[2], task.weights[2]
    assert weights[members >= 6].sum() == pytest.approx(SHARE)
    assert task.weights[0].sum() == pytest.approx(1) and len(task.members[0]) == 2
    labels = np.concatenate([task.batch(rng, 64)["label"].numpy() for _ in range(16)])
    assert abs((labels == 2).mean() - 0.4) < 0.06


def test_a_background_that_may_hold_keywords_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="may say 'bear'; generate it with --words stop bear"):
        load_background(home, ("stop", "bear"))
    generate(Words(clips=12, words=WORDS, voices=("espeak",)), Where(tmp_path / "w", "loop"))
    with pytest.raises(ValueError, match="want a `stream` data set"):
        load_background(tmp_path / "w", WORDS)
    talk = Stream(hours=0.002, clip_s=7.2, words=WORDS, keywords_per_minute=9, voices=("espeak",))
    generate(talk, Where(tmp_path / "s", "loop"))
    with pytest.raises(ValueError, match="keywords are said in it"):
        load_background(tmp_path / "s", WORDS)
    with pytest.raises(ValueError, match="--unknown-share 1.0: want 0 to 0.9"):
        check_options(replace(PRESETS["kws"], unknown_share=1.0))


def test_a_run_goes_on_with_the_background_that_it_began_with_only(
    home: Path, tmp_path: Path
) -> None:
    around = Path(shutil.copytree(home, tmp_path / "home"))
    generate(Words(clips=24, words=WORDS, voices=("espeak",)), Where(tmp_path / "w", "loop"))
    options = replace(PRESETS["kws-tiny"], steps=3, batch=8, background=str(around))
    run = train("kws-tiny", options, tmp_path / "w", tmp_path / "runs")
    (run / "done").unlink()
    assert resume(run) == run
    (run / "done").unlink()
    header = around / "dataset.json"
    header.write_text(header.read_text() + "\n")
    with pytest.raises(ValueError, match=f"{around} is not the one that it began with"):
        resume(run)
