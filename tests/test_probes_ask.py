"""Programs that hang, print for ever, fail or are absent never hold a measurement up."""

import time
from pathlib import Path

import pytest

from device.probes.ask import ask, where


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def make(text: str) -> str:
        path = tmp_path / "tool"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        monkeypatch.setattr("device.probes.ask.PLACES", (str(tmp_path),))
        return "tool"

    return make


def test_an_answer_comes_back(script) -> None:
    answer = ask(script('echo "said $1 $2"; exit 0\n'), "a b", "$HOME")
    assert answer.text == "said a b $HOME\n" and not answer.stuck and answer.cpu_s > 0


@pytest.mark.parametrize("text", ["echo half; exit 3\n", "kill -9 $$\n"])
def test_a_failure_is_empty(script, text: str) -> None:
    answer = ask(script(text))
    assert answer.text == "" and not answer.stuck


def test_an_absent_program_is_empty() -> None:
    assert where("no-such-program-here") is None
    assert ask("no-such-program-here").text == ""


@pytest.mark.parametrize(
    "text",
    [
        "sleep 60\n",
        "sleep 60 & echo started\n",  # a child holds the output open
        "trap '' TERM INT HUP\nwhile :; do sleep 1; done\n",
        "exec >&- 2>&-\nsleep 60\n",  # closes its output and stays
        "yes | head -c 100000000\n",  # more than anyone reads
    ],
)
def test_a_stuck_program_is_killed_in_time(script, text: str) -> None:
    name = script(text)
    start = time.monotonic()
    answer = ask(name, limit_s=0.3)
    assert answer.stuck and answer.text == ""
    assert time.monotonic() - start < 10


def test_bytes_that_are_no_text(script) -> None:
    assert ask(script("printf 'a\\377b'\n")).text == "a�b"
