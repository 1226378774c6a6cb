"""The dispatcher: right exit codes, one line for people, and nothing heavy for help."""

import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from device.main import COMMANDS, main

HEAVY = ("numpy", "torch", "onnx", "onnxruntime", "ai_edge_litert", "tyro", "cv2", "numba")
ROOT = Path(__file__).resolve().parent.parent


def use(monkeypatch: pytest.MonkeyPatch, work: Callable[[list[str]], object]) -> None:
    """Put a fake command behind `collodi bench`."""
    module = types.ModuleType("device.bench_cli")
    module.main = work  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "device.bench_cli", module)


def fails_with(error: BaseException) -> Callable[[list[str]], object]:
    def work(_: list[str]) -> object:
        raise error

    return work


@pytest.mark.parametrize("words", ["['--help']", "['--version']", "['bench', '--help']", "['x']"])
def test_help_and_version_import_nothing_heavy(words: str) -> None:
    code = (
        "import sys; from device.main import main\n"
        f"try: status = main({words})\n"
        "except SystemExit as end: status = end.code\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules], status)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert f"LOADED [] {2 if 'x' in words else 0}" in done.stdout, done.stderr


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in COMMANDS)


def test_no_command_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(("word", "near"), [("trian", "train"), ("modles", "models")])
def test_unknown_command_names_the_nearest(
    capsys: pytest.CaptureFixture[str], word: str, near: str
) -> None:
    assert main([word]) == 2
    assert capsys.readouterr().err == f"collodi: no command '{word}'; did you mean '{near}'?\n"


@pytest.mark.parametrize("name", sorted({*COMMANDS} - {"train", "gan"}) + ["gan import"])
def test_torchrun_is_refused_where_each_process_would_do_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(name.split()) == 2
    said = capsys.readouterr().err
    assert "start it without torchrun" in said and said.count("\n") == 1


@pytest.mark.parametrize("words", ["train --help", "gan train --help", "--help", "--version"])
def test_torchrun_is_taken_where_processes_share_the_work(
    monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    try:
        assert main(words.split()) == 0
    except SystemExit as end:
        assert end.code == 0


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ValueError("clips is 0,\n use >= 1"), 2, "clips is 0, use >= 1"),
        (OSError(28, "No space left on device", "out/x"), 1, "No space left on device: out/x"),
        (RuntimeError("the worker died"), 1, "the worker died"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 1, "out of memory"),
        (ModuleNotFoundError("no", name="onnxruntime.capi"), 1, "pip install 'collodi[run]'"),
        (ModuleNotFoundError("no", name="ray"), 1, "pip install 'collodi[ray]'"),
        (ModuleNotFoundError("No module named 'export'", name="export.x"), 1, "install collodi"),
    ],
)
def test_each_failure_is_one_line_with_its_status(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    line: str,
) -> None:
    use(monkeypatch, fails_with(error))
    monkeypatch.delenv("COLLODI_DEBUG", raising=False)
    assert main(["bench"]) == status
    shown = capsys.readouterr()
    assert shown.err.startswith("collodi bench: ") and shown.err.count("\n") == 1
    assert line in shown.err and shown.out == ""


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, fails_with(KeyError("x")))
    with pytest.raises(KeyError):
        main(["bench"])


@pytest.mark.parametrize("by", ["word", "variable"])
def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    use(monkeypatch, fails_with(ValueError("wrong")))
    if by == "variable":
        monkeypatch.setenv("COLLODI_DEBUG", "1")
    with pytest.raises(ValueError, match="wrong"):
        main(["bench", "--debug"] if by == "word" else ["bench"])


def test_arguments_and_status_pass_through(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    use(monkeypatch, lambda argv: seen.append(argv))
    assert main(["bench", "a", "--debug", "--runs", "3"]) == 0
    assert seen == [["a", "--runs", "3"]]
    use(monkeypatch, lambda argv: len(argv) + 1)
    assert main(["bench"]) == 1


def test_a_closed_pipe_is_silent() -> None:
    """As in `collodi models | head` where head has gone already."""
    code = "import sys; from device.main import main; sys.exit(main(['models']))"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert done.returncode == 1 and done.stderr == ""
