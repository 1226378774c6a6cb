"""Several processes train as one does; a kill costs no number."""

import json
import multiprocessing
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from generate.processes import ALONE
from train_edge.loop import resume, train
from train_edge.options import Options
from train_edge.record import held

HERE = Path(__file__).parent
CLIPS = runpy.run_path(str(HERE / "make_tiny_clips.py"))
TRAININGS = runpy.run_path(str(HERE / "make_trainings.py"))
COLLODI = "import sys; from device.main import main; sys.exit(main(sys.argv[1:]))"
FORK = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    CLIPS["words_data"](folder / "words")
    CLIPS["faces_data"](folder / "stills")
    CLIPS["talks_data"](folder / "talk")
    return folder


def start(words: Sequence[str], size: int) -> list[subprocess.Popen[str]]:
    """Python with these words as `size` processes, with what torchrun tells each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        world = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    world |= {"WORLD_SIZE": str(size), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parent)}
    return [
        subprocess.Popen(
            [sys.executable, *words],
            env=os.environ | world | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(size)
    ]  # fmt: skip


def ended(processes: list[subprocess.Popen[str]]) -> tuple[list[int], list[str]]:
    """Status and all that was printed, of each process."""
    try:
        said = [process.communicate(timeout=300) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [process.returncode for process in processes], [out + err for out, err in said]


def test_two_processes_learn_what_one_does(data: Path, tmp_path: Path) -> None:
    two = start([str(HERE / "make_trainings.py"), str(data), str(tmp_path / "two")], 2)
    TRAININGS["learn"](data, tmp_path / "one", ALONE)
    assert ended(two)[0] == [0, 0]
    for name in TRAININGS["RUNS"]:
        one, both = (
            load_file(tmp_path / n / name / "checkpoint.safetensors") for n in ("one", "two")
        )
        assert one.keys() == both.keys()
        for key, tensor in one.items():
            torch.testing.assert_close(both[key], tensor, rtol=1e-7, atol=1e-9, msg=f"{name} {key}")


def rows(run: Path) -> list[dict[str, Any]]:
    """Rows of stats.jsonl without their times."""
    lines = [json.loads(line) for line in (run / "stats.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def work(run: Path | None, options: Options, data: Path, root: Path) -> None:
    """What a process does that will be killed."""
    torch.set_num_threads(1)  # a forked process has no other
    if run:
        resume(run)
    else:
        train("kws", options, data, root)


def kill_often(data: Path, root: Path, kills: int, every: int) -> None:
    """Training in one go and with many kill -9 between: the same files, bit for bit."""
    options = replace(
        TRAININGS["RUNS"]["dscnn"][1], steps=6 * kills + 9, batch=8, checkpoint_steps=every
    )
    begun = time.monotonic()
    straight = train("kws", options, data / "words", root / "straight")
    one_step = (time.monotonic() - begun) / options.steps
    rng, again = np.random.default_rng(3), root / "again"
    again.mkdir()
    for number in range(kills):
        run = next(again.glob("0*"), None)
        child = FORK.Process(target=work, args=(run, options, data / "words", again))
        child.start()
        if number % 4 or not run:  # others are killed as they start
            await_checkpoint(again, child)
        child.join(rng.uniform(0, 3 * one_step))
        child.kill()
        child.join()
    (killed,) = again.glob("0*")
    assert not (killed / "done").exists()
    resume(killed)
    assert rows(killed) == rows(straight)
    for name in ("model.safetensors", "checkpoint.safetensors", "done"):
        assert (killed / name).read_bytes() == (straight / name).read_bytes()


def await_checkpoint(root: Path, child: Any) -> None:
    """Wait until a process has saved once."""

    def saved() -> list[int]:
        return [path.stat().st_ino for path in root.glob("0*/checkpoint.safetensors")]

    before = saved()
    while saved() == before and child.is_alive():
        time.sleep(0.002)


def await_file(root: Path, name: str, process: subprocess.Popen[str]) -> None:
    """Wait until a run folder has a file; fail where the process has ended before."""
    while not [*root.glob(f"0*/{name}")]:
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)


@pytest.mark.parametrize("every", [0, 1])
def test_kills_change_no_bit(data: Path, tmp_path: Path, every: int) -> None:
    kill_often(data, tmp_path, 4, every)


@pytest.mark.long
def test_fifty_kills_change_no_bit(data: Path, tmp_path: Path) -> None:
    kill_often(data, tmp_path, 50, 1)


def test_two_at_once_in_one_folder_are_refused(data: Path, tmp_path: Path) -> None:
    options = replace(TRAININGS["RUNS"]["dscnn"][1], steps=2)
    run = train("kws", options, data / "words", tmp_path)
    (run / "done").unlink()
    with held(run), pytest.raises(ValueError, match="another process is training it"):
        resume(run)


@pytest.mark.long
def test_an_error_in_one_process_is_one_line_and_ends_all(data: Path, tmp_path: Path) -> None:
    words = ["-c", COLLODI, "train", "kws", "--out", str(tmp_path), "--data"]
    status, said = ended(start([*words, str(tmp_path / "none")], 2))
    assert status == [2, 2]
    assert len("".join(said).splitlines()) == 1, said
    running = start([*words, str(data / "words"), "--steps", "100000"], 2)
    await_file(tmp_path, "checkpoint.safetensors", running[0])
    running[1].kill()
    status, said = ended(running)
    assert status == [1, -signal.SIGKILL]
    assert "another process of this training has ended" in said[0].splitlines()[-1]


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_torchrun_stops_with_a_checkpoint(data: Path, tmp_path: Path, number: int) -> None:
    words = ["--nproc-per-node", "2", "--standalone", "--no-python", sys.executable, "-c"]
    words += [COLLODI, "train", "kws", "--data", str(data / "words"), "--out", str(tmp_path)]
    words += ["--steps", "100000", "--checkpoint-steps", "90000"]
    running = subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *words],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parent)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    await_file(tmp_path, "stats.jsonl", running)
    time.sleep(3)
    os.killpg(running.pid, number)  # what a terminal does; torchrun hands it on once more
    said = ended([running])[1][0]
    assert said.count("go on with: collodi train --resume") == 1, said
    assert [*tmp_path.glob("0*/checkpoint.safetensors")]
