"""A festival that dies is replaced, and the next one says the same."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from generate.voice import festival, festival_pipe
from generate.voice.festival_pipe import Festival
from generate.voice.festival_pipe import festival as process_of

pytestmark = pytest.mark.skipif(not festival.installed(), reason="festival is not installed")


@pytest.mark.parametrize("voice", festival.available())
def test_a_voice_says_the_same_after_its_process_was_killed(voice: str) -> None:
    before = festival.synth("seven", voice)
    festival._as_it_is.cache_clear()
    running = process_of(voice).process
    running.kill()
    running.wait()
    after = festival.synth("seven", voice)
    assert process_of(voice).process.pid != running.pid
    assert np.array_equal(before.pcm, after.pcm) and before.phonemes == after.phonemes


def test_one_that_has_grown_large_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(festival_pipe, "CHECK", 3)
    monkeypatch.setattr(festival_pipe, "LARGE_MIB", 10**6)
    running = Festival()
    first = running.process.pid
    assert all("7" in running.ask("(print (+ 3 4))") for _ in range(4))
    assert running.process.pid == first
    monkeypatch.setattr(festival_pipe, "LARGE_MIB", 1)
    assert all("7" in running.ask("(print (+ 3 4))") for _ in range(2))
    assert running.process.pid != first


@pytest.mark.skipif("ked_diphone" not in festival.available(), reason="no voice ked")
def test_a_low_voice_that_calls_out_is_said() -> None:
    said = festival.synth("no!", "ked_diphone", rate_wpm=149, pitch=0, pitch_range=10)
    assert [word.text for word in said.words] == ["no"]


def test_one_that_dies_of_the_question_is_named() -> None:
    with pytest.raises(RuntimeError, match=r"festival gave no answer to \(exit\)"):
        Festival().ask("(exit)")


def test_one_that_is_killed_leaves_no_file(tmp_path: Path) -> None:
    code = (
        "import os; from generate.voice import festival as f;"
        "print(len(f.synth('seven', f.available()[0]).pcm), flush=True); os.kill(os.getpid(), 9)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert int(said.stdout) > 1000 and said.returncode == -9
    assert list(tmp_path.iterdir()) == []
